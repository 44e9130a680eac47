"""Courses of treatment: what a list of drug records says of one ingredient over time.

Consecutive records of one ingredient with one daily dose are one period of stable dose; records
that touch or overlap, whatever their dose, are one course.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from gradatim.core.quantity import same
from gradatim.core.verdict import Reason, foremost
from gradatim.evidence.facts import Fact

DOSING_GAP = 6
"""Days between two weekly doses, the longest usual interval: such a gap is no interruption."""


class Period(NamedTuple):
    """Days over which one ingredient was taken; `dose` is the daily dose, None if not recorded."""

    start: date
    end: date
    dose: float | None

    def on(self, day: date) -> bool:
        """Whether it was being taken on `day`."""
        return self.start <= day <= self.end


def by_ingredient(facts: Sequence[Fact]) -> dict[str, list[Fact]]:
    """Sort drug facts by ingredient."""
    grouped: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        grouped[fact.code].append(fact)
    return dict(grouped)


def surely(facts: Sequence[Fact]) -> list[Period]:
    """Give the days on which drugs were taken whatever the partial dates; no doubtful records."""
    spans = [Period(f.start.last, f.end.first, f.value) for f in facts if not f.doubtful]
    return [span for span in spans if span.start <= span.end]


def perhaps(facts: Sequence[Fact]) -> list[Period]:
    """Give every day on which drugs may have been taken."""
    return [Period(f.start.first, max(f.start.first, f.end.last), f.value) for f in facts]


def bridged(periods: Sequence[Period]) -> list[Period]:
    """Let a treatment run on between doses: over gaps of up to a week's dosing interval.

    A weekly injection is recorded on single days, a monthly prescription of it on four of them. The
    last of such single days covers the days until the next would be due.
    """
    ordered = sorted(periods, key=lambda p: (p.start, p.end))
    found = []
    for i, period in enumerate(ordered):
        latest = _later(period.end, DOSING_GAP + 1)
        following = [p.start for p in ordered[i + 1 :] if period.end < p.start <= latest]
        repeated = any(p.start < period.start <= _later(p.end, DOSING_GAP + 1) for p in ordered[:i])
        if following:
            period = period._replace(end=min(following) - timedelta(days=1))
        elif repeated and period.start == period.end:
            period = period._replace(end=_later(period.end, DOSING_GAP))
        found.append(period)
    return found


def blame(facts: Sequence[Fact]) -> Reason | None:
    """Say what about the records leaves a question open: their dates, or that they are doubtful.

    Of doubtful records the foremost reason, of which a contradiction is one.
    """
    if any(not (fact.start.exact and fact.end.exact) for fact in facts):
        return Reason.PARTIAL_DATE
    return foremost(fact.unsettled or Reason.JUDGEMENT for fact in facts if fact.doubtful)


def merged(periods: list[Period], same_dose: bool) -> list[Period]:
    """Join records that touch or overlap; with `same_dose` only those of one known daily dose."""
    joined: list[Period] = []
    for period in sorted(periods, key=lambda p: (p.start, p.end)):
        for i, earlier in enumerate(joined):
            touches = period.start <= _later(earlier.end, 1)
            if touches and (not same_dose or _alike(period, earlier)):
                joined[i] = earlier._replace(end=max(earlier.end, period.end))
                break
        else:
            joined.append(period)
    return joined


def _alike(a: Period, b: Period) -> bool:
    return a.dose is not None and b.dose is not None and same(a.dose, b.dose)


def _later(day: date, days: int) -> date:
    return date.max if (date.max - day).days < days else day + timedelta(days=days)
