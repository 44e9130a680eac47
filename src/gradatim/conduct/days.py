"""The days of the trial: the day of a moment at a site, and the days of something that lasted.

A day is one of the site where something happened, however a time is stored: a dose at half past
midnight in Shanghai is of that day, though its time is written as of the evening before in UTC.
Nothing else makes a day of a stored time (`tests/house/test_days.py`).
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from gradatim.conduct.events.base import Event, Within
from gradatim.conduct.events.participants import FactRecorded, RecordNotUnderstood
from gradatim.conduct.events.records import RecordJudged, RecordRead
from gradatim.conduct.state import State
from gradatim.core.dates import ANY_DAY, NEVER_ENDED, Day, parse_day

Lasting = FactRecorded | RecordNotUnderstood | RecordRead | RecordJudged
"""What has days: a fact, a record that was read, what it was judged to be."""


@lru_cache(maxsize=1)
def time_zones() -> frozenset[str]:
    """Return the names of the time zones that are known, as the IANA database has them."""
    return frozenset(available_timezones())


def zone_of(state: State, site: str = "") -> ZoneInfo | None:
    """Return the time zone of a site, or else of the trial; None where neither is recorded."""
    name = state.zones.get(site) or state.zones.get("")
    return ZoneInfo(name) if name in time_zones() else None


def day_at(state: State, site: str, moment: datetime) -> date:
    """Return the day of a moment at a site, by its clocks; "" is the trial as a whole.

    Where no time zone is recorded, it is the day in the zone that the time is written in.
    """
    return moment.astimezone(zone_of(state, site) or moment.tzinfo).date()


def day_of(state: State, event: Event) -> date:
    """Return the day on which something happened, by the clocks of its site.

    A time says it, by the zone of the site; where no zone is recorded, it is the day that whoever
    recorded it gave.
    """
    moment = begun_at(event)
    zone = None if moment is None else zone_of(state, event.site)
    return event.occurred_on if moment is None or zone is None else moment.astimezone(zone).date()


def begun_at(event: Event) -> datetime | None:
    """Return the time at which something began, was taken or was signed on paper.

    None where only its day is known.
    """
    found: datetime | None = getattr(event, "started_at", None) or getattr(event, "taken_at", None)
    return found if found or event.paper is None else event.paper.signed_at


def happened_at(state: State, event: Event) -> datetime:
    """Return the latest time at which something can have happened.

    The time that is known; else when it was recorded; of what was recorded on a later day, the end
    of its own day at the site.
    """
    known = begun_at(event)
    if known is not None:
        return known
    if recorded_on(state, event) <= event.occurred_on or believable(
        state, event, event.recorded_at
    ):
        return event.recorded_at
    zone = zone_of(state, event.site) or event.recorded_at.tzinfo
    return datetime.combine(event.occurred_on, time.max, zone)


def holds_from(state: State, event: Event) -> datetime:
    """Return from when something holds doses: of what was recorded later, from its day on."""
    if recorded_on(state, event) <= event.occurred_on or event.paper is not None:
        return happened_at(state, event)
    zone = zone_of(state, event.site) or event.recorded_at.tzinfo
    return datetime.combine(event.occurred_on, time.min, zone)


def done_by(event: Event) -> str:
    """Return who did something: of what was written on paper, who signed there."""
    return event.recorded_by if event.paper is None else event.paper.signed_by


def recorded_on(state: State, event: Event) -> date:
    """Return the day on which something was recorded, by the clocks of its site."""
    return day_at(state, event.site, event.recorded_at)


def recorded_late(event: Event) -> bool:
    """Whether something was recorded on a later day than it happened, in whatever time zone."""
    day = event.occurred_on
    over = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    return event.recorded_at >= over + HALF_A_DAY


HALF_A_DAY = timedelta(hours=12)


def believable(state: State, event: Event, moment: datetime, within: Day | None = None) -> bool:
    """Whether a moment can be of the day that an event gives, or of another that it tells.

    With a time zone of the site, or written with one, it is that day or it is not. A time in UTC of
    a site whose zone is not recorded may be up to twelve hours off.
    """
    day = within or Day(event.occurred_on, event.occurred_on)
    if zone_of(state, event.site) is not None or moment.utcoffset():
        return day.first <= day_at(state, event.site, moment) <= day.last
    begin = datetime.combine(day.first, time.min, moment.tzinfo)
    end = datetime.combine(day.last, time.min, moment.tzinfo) + timedelta(days=1)
    return begin - HALF_A_DAY < moment < end + HALF_A_DAY


def moved(was: Event, now: Event) -> bool:
    """Whether the time of an entry is of another day than that of what it was before.

    Both are read in the zone that the earlier one was written in.
    """
    before, after = begun_at(was), begun_at(now)
    if before is None or after is None:
        return False
    return before.date() != after.astimezone(before.tzinfo).date()


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
