"""Courses of treatment: what a list of drug records says of one ingredient over time.

Consecutive records of one ingredient with one daily dose are one period of stable dose; records
that touch or overlap, whatever their dose, are one stretch of taking. How records of the same days
add up is said in `doses`.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from gradatim.core.verdict import Reason, foremost
from gradatim.evidence.facts import Fact

DOSING_GAP = 6
"""Days between two weekly doses, the longest usual interval: such a gap is no interruption."""


class Period(NamedTuple):
    """Days over which one ingredient was taken.

    Args:
        start: the first day.
        end: the last day.
        dose: the daily dose, or the least that it may be; None if not recorded.
        most: the most that it may be; None where that is `dose`.
        course: what tells records of one treatment from others.
    """

    start: date
    end: date
    dose: float | None
    most: float | None = None
    course: str = ""

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
    spans = [_period(f, f.start.last, f.end.first) for f in facts if not f.doubtful]
    return [span for span in spans if span.start <= span.end]


def perhaps(facts: Sequence[Fact]) -> list[Period]:
    """Give every day on which drugs may have been taken."""
    return [_period(f, f.start.first, max(f.start.first, f.end.last)) for f in facts]


def _period(fact: Fact, start: date, end: date) -> Period:
    return Period(start, end, fact.value, fact.most, fact.course or fact.id)


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


def covered(periods: Sequence[Period], first: date, last: date) -> bool:
    """Whether something was taken on every day from `first` to `last`."""
    reached = None
    for period in sorted(periods, key=lambda p: (p.start, p.end)):
        if reached is None or period.start > _later(reached, 1):
            if period.start > first:
                return False
            reached = period.end
        reached = max(reached, period.end)
        if reached >= last:
            return True
    return False


def _later(day: date, days: int) -> date:
    return date.max if (date.max - day).days < days else day + timedelta(days=days)
