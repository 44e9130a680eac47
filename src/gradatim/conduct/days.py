"""The days of something that lasted, as the ledger keeps them: exact, partial, or within limits."""

from datetime import date
from typing import Any

from gradatim.conduct.events.base import Within
from gradatim.conduct.events.participants import FactRecorded, RecordNotUnderstood
from gradatim.conduct.events.records import RecordJudged, RecordRead
from gradatim.core.dates import ANY_DAY, NEVER_ENDED, Day, parse_day

Lasting = FactRecorded | RecordNotUnderstood | RecordRead | RecordJudged
"""What has days: a fact, a record that was read, what it was judged to be."""


def kept_days(start: Day, end: Day) -> dict[str, Any]:
    """Return the fields that keep the days of something; `days_of` reads them back as they were."""
    ongoing = end == NEVER_ENDED
    first, last = iso_date(start), None if ongoing or end == start else iso_date(end)
    return {
        "start": first,
        "end": last,
        "ongoing": ongoing,
        "start_within": None if first or start == ANY_DAY else _within(start),
        "end_within": None if last or ongoing or end == start else _within(end),
    }


def days_of(one: Lasting) -> tuple[Day, Day]:
    """Return the first and the last day; of what has no end, the last is the first.

    What a person has written as a date outranks the limits that stand beside it.
    """
    start = _day(one.start, getattr(one, "start_within", None)) or ANY_DAY
    if getattr(one, "ongoing", False):
        return start, NEVER_ENDED
    return start, _day(one.end, getattr(one, "end_within", None)) or start


def iso_date(day: Day) -> str | None:
    """Return a day as an ISO 8601 date of any precision; None where it cannot be written as one."""
    text = str(day)
    return text if text[0].isdigit() and len(text) <= len("2026-11-16") else None


def _day(written: str | None, within: Within | None) -> Day | None:
    if written:
        return parse_day(written)
    return None if within is None else Day(within.first or date.min, within.last or date.max)


def _within(day: Day) -> Within:
    first = None if day.first == date.min else day.first
    return Within(first=first, last=None if day.last == date.max else day.last)
