"""Daily doses of one ingredient in several records at once.

Records of one course of treatment tell of the same doses. Different doses of other records add up.
Equal ones may be one treatment told twice, as an order and a statement of it, or two: the total
lies between one of them and all. Where a record ends on the day on which another of the same dose
begins, the one takes over from the other.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from gradatim.core.quantity import same
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth
from gradatim.rules.courses import Period


class Total(NamedTuple):
    """A daily dose: the least and the most that it may be, None where that has no limit."""

    least: float
    most: float | None


class Totals(NamedTuple):
    """The total of a day where equal doses are one treatment, and where each is its own."""

    together: Total
    apart: Total

    def between(self) -> Total:
        """Return the least and the most of both."""
        return Total(self.together.least, self.apart.most)


def handed_over(periods: Sequence[Period]) -> list[Period]:
    """End a record a day earlier that ends when another of the same dose begins."""
    begins = {(p.dose, p.most, p.start) for p in periods}

    def last(one: Period) -> date:
        heir = one.start < one.end and (one.dose, one.most, one.end) in begins
        return one.end - timedelta(days=1) if heir else one.end

    return [one._replace(end=last(one)) for one in periods]


def totals(sure: Iterable[Period], maybe: Iterable[Period], day: date) -> Totals | None:
    """Return the total dose of a day; None where nothing may have been taken.

    Args:
        sure: when the ingredient was surely taken.
        maybe: when it may have been taken.
        day: the day.
    """
    surely = {one.course for one in sure if one.on(day)}
    courses: dict[str, list[Period]] = {}
    for one in (*sure, *maybe):
        if one.on(day):
            courses.setdefault(one.course, []).append(one)
    if not courses:
        return None
    alike: dict[Total, list[bool]] = {}
    for name, periods in courses.items():
        alike.setdefault(_of_course(periods), []).append(name in surely)
    return Totals(
        Total(sum(dose.least for dose, some in alike.items() if any(some)), _most(alike)),
        Total(sum(dose.least * sum(some) for dose, some in alike.items()), _most(alike, each=True)),
    )


def _of_course(periods: list[Period]) -> Total:
    """Return what the records of one course say; one without a dose says nothing."""
    known = [one for one in periods if one.dose is not None]
    least = min((one.dose for one in known if one.dose is not None), default=0.0)
    most = (one.dose if one.most is None else one.most for one in known)
    return Total(least, max((one for one in most if one is not None), default=None))


def _most(alike: dict[Total, list[bool]], each: bool = False) -> float | None:
    total = 0.0
    for dose, some in alike.items():
        if dose.most is None:
            return None
        total += dose.most * (len(some) if each else 1)
    return total


def unchanged(sure: list[Period], maybe: list[Period], first: date, last: date) -> Truth:
    """Say whether the total dose was one and the same on every day from `first` to `last`.

    Returns:
        TRUE where it was, however equal doses are meant; FALSE where it was not, or where nothing
        was taken on some day, however they are meant.
    """
    sure, maybe = (
        [p for p in handed_over(some) if p.start <= last and p.end >= first]
        for some in (sure, maybe)
    )
    steps = {first}
    for one in (*sure, *maybe):
        steps |= {day for day in (one.start, _next(one.end)) if first < day <= last}
    found = [totals(sure, maybe, day) for day in steps]
    known = [one for one in found if one is not None]
    if len(known) < len(found):
        return FALSE
    readings = [[one.together for one in known], [one.apart for one in known]]
    if all(map(_differ, readings)):
        return FALSE
    return TRUE if all(map(_agree, readings)) else UNKNOWN


def _differ(days: list[Total]) -> bool:
    """Whether the doses of two days cannot be the same."""
    least = max(one.least for one in days)
    most = min((one.most for one in days if one.most is not None), default=least)
    return least > most and not same(least, most)


def _agree(days: list[Total]) -> bool:
    """Whether the doses of all days are known, and the same."""
    most = [one.most for one in days if one.most is not None]
    return len(most) == len(days) and same(max(most), min(one.least for one in days))


def _next(day: date) -> date:
    return day if day == date.max else day + timedelta(days=1)
