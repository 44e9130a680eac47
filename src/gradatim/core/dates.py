"""Partial dates as intervals, and calendar steps.

A date known only to the month (`2026-03`) is the interval of the days it may be. A comparison
whose outcome depends on which of those days it was is UNKNOWN. Source: HL7 FHIR R4, datatype
`date` (year, year-month or full date); CQL 1.5 Author's Guide, "Uncertainty".
"""

import calendar
import re
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from gradatim.core.message import ENGLISH, Argument, Pair, Template, Term, join
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth

_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2})?)?)?)?\Z")
_LENGTH = re.compile(r"(-?\d+) (day|week|month|year)s?\Z")


class Calendar(Template):
    """How days and lengths of time are written where no number alone says them."""

    UNKNOWN = "an unknown date"
    ONGOING = "ongoing"
    BETWEEN = "{date} to {date2}"
    UNTIL_NOW = "{date} to now"
    DAY = "{n} day"
    DAYS = "{n} days"
    MONTH = "{n} month"
    MONTHS = "{n} months"
    YEAR = "{n} year"
    YEARS = "{n} years"


class Day(NamedTuple):
    """A possibly partial date: it lies somewhere in the closed interval [first, last]."""

    first: date
    last: date

    @property
    def exact(self) -> bool:
        """Whether the day is known."""
        return self.first == self.last

    def __str__(self) -> str:
        """ISO 8601, as precise as it is known."""
        return ENGLISH.say(self.wording())

    def wording(self) -> Argument:
        """Return what it is written as: ISO 8601, as precise as it is known."""
        first, last = self
        if self.exact:
            return Calendar.ONGOING() if first == date.max else first
        if self == ANY_DAY:
            return Calendar.UNKNOWN()
        if (first.day, last) == (1, _month_end(first)):
            return Term(f"{first:%Y-%m}")
        if (first.month, first.day, last) == (1, 1, date(first.year, 12, 31)):
            return Term(f"{first:%Y}")
        if last == date.max:
            return Calendar.UNTIL_NOW(date=first)
        return Calendar.BETWEEN(date=first, date2=last)


EARLIEST = date(1900, 1, 1)
"""The first day that somebody who gives one can mean; an earlier one is a slip of the pen."""
ANY_DAY = Day(date.min, date.max)
NEVER_ENDED = Day(date.max, date.max)


def on(day: date) -> Day:
    """Give the exact Day of a calendar date."""
    return Day(day, day)


@lru_cache(maxsize=16_384)
def parse_day(text: str) -> Day:
    """Read an ISO 8601 date of any precision; of a date-time, the date as written there.

    Raises:
        ValueError: `text` is not such a date.
    """
    found = _PARTIAL.match(text)
    if not found:
        raise ValueError(f"{text!r} is not a date such as 2026-03-14, 2026-03 or 2026")
    year, month, day = (int(part) if part else 0 for part in found.groups())
    if day:
        return on(date(year, month, day))
    if month:
        first = date(year, month, 1)
        return Day(first, _month_end(first))
    return Day(date(year, 1, 1), date(year, 12, 31))


def not_after(day: Day, limit: date) -> Truth:
    """Whether `day` <= `limit`."""
    if day.last <= limit:
        return TRUE
    return FALSE if day.first > limit else UNKNOWN


def before(day: Day, limit: date) -> Truth:
    """Whether `day` < `limit`."""
    if day.last < limit:
        return TRUE
    return FALSE if day.first >= limit else UNKNOWN


class Duration(NamedTuple):
    """A signed calendar length: months and days (a week is 7 days, a year 12 months)."""

    months: int = 0
    days: int = 0

    def __str__(self) -> str:
        """The length in words."""
        return ENGLISH.say(self.wording())

    def wording(self) -> Argument:
        """Return what it is written as: `2 years`, `6 months 3 days`."""
        parts = [_counted(n, unit) for n, unit in ((self.months, "month"), (self.days, "day")) if n]
        return join(parts, Pair.SPACE) if parts else Calendar.DAYS(n=0)

    def __neg__(self) -> "Duration":
        """The same length the other way."""
        return Duration(-self.months, -self.days)


def _counted(n: int, unit: str) -> Argument:
    if unit == "month" and n % 12 == 0:
        n, unit = n // 12, "year"
    one, several = _UNITS[unit]
    return one(n=n) if abs(n) == 1 else several(n=n)


_UNITS = {
    "day": (Calendar.DAY, Calendar.DAYS),
    "month": (Calendar.MONTH, Calendar.MONTHS),
    "year": (Calendar.YEAR, Calendar.YEARS),
}


def parse_duration(text: str) -> Duration:
    """Read `28 days`, `4 weeks`, `3 months`, `5 years`, or a length back: `-28 days`.

    Raises:
        ValueError: `text` is not such a length.
    """
    found = _LENGTH.match(text)
    if not found:
        raise ValueError(f"{text!r} is not a length of time such as '28 days', '3 months'")
    n, unit = int(found[1]), found[2]
    return {
        "day": Duration(0, n),
        "week": Duration(0, 7 * n),
        "month": Duration(n),
        "year": Duration(12 * n),
    }[unit]


def step(day: date, length: Duration) -> date:
    """Move `day` by a signed length: months first, clamped to the month's end, then days.

    31 May moved by -3 months is 28 (or 29) February. Steps past the calendar stay at its end.
    """
    try:
        if length.months:
            year, month = divmod(day.year * 12 + day.month - 1 + length.months, 12)
            last = calendar.monthrange(year, month + 1)[1]
            day = date(year, month + 1, min(day.day, last))
        return day + timedelta(days=length.days) if length.days else day
    except (OverflowError, ValueError):
        return date.max if length > Duration() else date.min


def completed_years(birth: date, at: date) -> int:
    """Age in completed years at `at` of a person born on `birth`."""
    return at.year - birth.year - ((at.month, at.day) < (birth.month, birth.day))


def _month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])
