"""Courses of treatment: what a list of drug records says of one ingredient over time.

Consecutive records of one ingredient with one daily dose are one period of stable dose; records
that touch or overlap, whatever their dose, are one course.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from gradatim.core.truth import UNKNOWN, Truth
from gradatim.evidence.facts import Fact


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


def whichever(facts: Sequence[Fact], ask: Callable[[list[Period]], Truth]) -> tuple[Truth, bool]:
    """Ask of every extreme of the partial dates.

    Returns:
        The truth if all agree, else UNKNOWN; and whether the dates are to blame for an UNKNOWN.
    """
    answers = {ask(periods) for periods in _resolutions(facts)}
    if len(answers) == 1:
        return answers.pop(), False
    return UNKNOWN, True


def _resolutions(facts: Sequence[Fact]) -> Iterator[list[Period]]:
    exact = all(fact.start.exact and fact.end.exact for fact in facts)
    for start, end in [(0, 0)] if exact else [(0, 0), (0, 1), (1, 0), (1, 1)]:
        yield [Period(f.start[start], max(f.start[start], f.end[end]), f.value) for f in facts]


def merged(periods: list[Period], same_dose: bool) -> list[Period]:
    """Join records that touch or overlap; with `same_dose` only those of one known daily dose."""
    joined: list[Period] = []
    for period in sorted(periods, key=lambda p: (p.start, p.end)):
        for i, earlier in enumerate(joined):
            alike = not same_dose or (period.dose is not None and period.dose == earlier.dose)
            if alike and period.start <= _day_after(earlier.end):
                joined[i] = earlier._replace(end=max(earlier.end, period.end))
                break
        else:
            joined.append(period)
    return joined


def _day_after(day: date) -> date:
    return day if day == date.max else day + timedelta(days=1)
