"""Days and times that cannot be: to come, before a birth, in the wrong order, or of another day.

What happened lies before it is recorded. A time says that to the minute; a day, by the clocks of
the site.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from gradatim.conduct.catalogue import ACTS
from gradatim.conduct.days import (
    HALF_A_DAY,
    begun_at,
    believable,
    day_at,
    time_zones,
    zone_of,
)
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.product import DoseAdministered
from gradatim.conduct.events.safety import (
    AdverseEventReported,
    AdverseEventResolved,
    AdverseEventUpdated,
)
from gradatim.conduct.state import State
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.birth import birth_of
from gradatim.core.dates import EARLIEST, Day, parse_day
from gradatim.core.errors import UnusableInput

CLOCKS_APART = timedelta(minutes=5)
"""By how much the clock that something is timed by may be ahead of the one that records it."""
_DAYS = (
    *("onset", "resolved_on", "collected_on", "detected_on", "start", "end", "birth"),
    *("data_cut_on", "agreed_on"),
)
_OF_A_LIFE = ("onset", "resolved_on", "collected_on", "detected_on", "start")
_TIMES = (
    *("started_at", "ended_at", "taken_at", "sent_at", "site_aware_at", "sponsor_aware_at"),
    *("onset_at", "resolved_at", "consented_at", "withdrawn_at"),
)

_TIME_AND_DAY = (
    ("onset_at", "onset"),
    ("resolved_at", "resolved_on"),
    ("consented_at", "occurred_on"),
    ("withdrawn_at", "occurred_on"),
    ("taken_at", "collected_on"),
)
"""Times, each with the day of the same thing."""


def validate_days(state: State, event: Event) -> None:
    """Refuse days and times that cannot be.

    Raises:
        UnusableInput: which, why, and what to do.
    """
    # A clock that went backwards does not make what happened since impossible.
    now = max(event.recorded_at, state.recorded_at or event.recorded_at)
    latest = _latest(state, event, now)
    _known_zone(event)
    _occurred(event, latest)
    for name in _those_of(type(event), _DAYS):
        told = getattr(event, name)
        if isinstance(told, str | date) and told:
            _come(event, name, str(told), latest)
    for name, at in _moments(event):
        if at > now + CLOCKS_APART or at.year < EARLIEST.year:
            raise _unusable(
                event, f"{name} is {at}", f"it is recorded at {now}", "correct the time"
            )
    _began(state, event)
    _of_their_days(state, event)
    _in_order(event)
    _since_birth(state, event)
    _resolved_after_onset(state, event)


@lru_cache(maxsize=1_024)
def _those_of(kind: type[Event], names: tuple[str, ...]) -> tuple[str, ...]:
    """Return which of some fields a type of event has."""
    return tuple(name for name in names if name in kind.__struct_fields__)


def _unusable(event: Event, what: str, why: str = "", todo: str = "") -> UnusableInput:
    return UnusableInput(what, type(event).__name__, why, todo)


def _latest(state: State, event: Event, now: datetime) -> date:
    """Return the last day that has come at the site; where its zone is not known, anywhere."""
    here = day_at(state, event.site, now)
    if zone_of(state, event.site) is not None or now.utcoffset():
        return here
    return max(here, day_at(state, event.site, now + HALF_A_DAY))


def _known_zone(event: Event) -> None:
    name = getattr(event, "time_zone", "")
    if name and name not in time_zones():
        raise _unusable(
            event,
            f"there is no time zone {name!r}",
            todo="name it as the IANA database does, such as Asia/Shanghai",
        )


def _occurred(event: Event, latest: date) -> None:
    ahead = event.occurred_on > latest and not ACTS[type(event)].refusable  # else it is refused
    if ahead or event.occurred_on < EARLIEST:
        raise _unusable(
            event,
            f"it occurred on {event.occurred_on}",
            f"it is recorded at {event.recorded_at}",
            "give the day on which it happened",
        )


def _come(event: Event, name: str, text: str, latest: date) -> None:
    try:
        day = parse_day(text)
    except ValueError as error:
        raise _unusable(
            event, f"{name} cannot be read", str(error), "write it as 2026-03-14, 2026-03 or 2026"
        ) from error
    if day.first > latest:
        raise _unusable(
            event,
            f"{name} is {text}",
            f"it is recorded at {event.recorded_at}",
            "give a day that has come",
        )
    if day.last < EARLIEST:
        raise _unusable(event, f"{name} is {text}", f"it is before {EARLIEST}", "correct the day")


def _moments(event: Event) -> Iterator[tuple[str, datetime]]:
    """Yield the times at which something happened, with the names of their fields."""
    for name in _those_of(type(event), _TIMES):
        at: datetime | None = getattr(event, name)
        if at is not None:
            yield name, at
    if event.paper is not None:
        yield "signed on paper", event.paper.signed_at
    for pause in getattr(event, "interruptions", ()):
        yield "interruption", pause.from_
        yield "interruption", pause.to
    for one in getattr(event, "drawn", ()):
        if one.thawed_at is not None:
            yield "thawed_at", one.thawed_at


def _began(state: State, event: Event) -> None:
    """What began at a time occurred on that day."""
    at = begun_at(event)
    if at is not None and not believable(state, event, at):
        zone = zone_of(state, event.site)
        here = f", which is {day_at(state, event.site, at)} in {zone}" if zone else ""
        unknown = "" if zone else ", or record the time zone of the site"
        raise _unusable(
            event,
            f"it began at {at}{here}",
            f"it occurred on {event.occurred_on}",
            f"correct one of them{unknown}",
        )


def _of_their_days(state: State, event: Event) -> None:
    """A time and the day of the same thing do not contradict each other."""
    for name, other in _TIME_AND_DAY:
        at: datetime | None = getattr(event, name, None)
        day = _told_day(state, event, other) if at is not None else None
        if at is None or day is None or believable(state, event, at, day):
            continue
        raise _unusable(
            event, f"{name} is {at}", f"{other} is {day}", f"correct {name}, or the day"
        )


def _told_day(state: State, event: Event, name: str) -> Day | None:
    """Return a day as an event gives it; of more on an adverse event, as that was reported."""
    told = getattr(event, name, None)
    if told:
        return parse_day(str(told))
    if not isinstance(event, AdverseEventUpdated) or event.participant not in state.participants:
        return None
    known = courses(state, state.participants[event.participant]).get(event.adverse_event)
    return Day(*known.event.onset) if known else None


def _in_order(event: Event) -> None:
    """What ended ended after it began, and was interrupted in between."""
    if not isinstance(event, DoseAdministered):
        return
    if event.ended_at < event.started_at:
        raise _unusable(
            event, f"it ended at {event.ended_at}, before it began", todo="correct the times"
        )
    for pause in event.interruptions:
        if not event.started_at <= pause.from_ <= pause.to <= event.ended_at:
            raise _unusable(
                event,
                f"it was interrupted from {pause.from_} to {pause.to}",
                f"it went on from {event.started_at} to {event.ended_at}",
                "correct the times",
            )


def _since_birth(state: State, event: Event) -> None:
    """Nothing of a person is of a day before their birth."""
    one = state.participants.get(getattr(event, "participant", None) or "")
    if one is None:
        return
    birth = birth_of(state, one).day
    for name in _those_of(type(event), _OF_A_LIFE):
        text: Any = getattr(event, name)
        if isinstance(text, str) and text and parse_day(text).last < birth.first:
            raise _unusable(
                event,
                f"{name} is {text}",
                f"{one.id} was born in {birth.first.year}",
                "correct the day",
            )


def _resolved_after_onset(state: State, event: Event) -> None:
    """What came to its end began before, also once one of the two is corrected."""
    if not isinstance(event, AdverseEventReported | AdverseEventResolved):
        return
    if event.adverse_event not in state.adverse_events:
        return
    one = state.participants.get(event.participant)
    course = courses(state, one).get(event.adverse_event) if one else None
    if course is None:
        return
    known = course.event
    if isinstance(event, AdverseEventReported):
        onset, resolved = parse_day(event.onset), known.resolved
    else:
        onset, resolved = known.onset, parse_day(event.resolved_on)
    if resolved is not None and Day(*resolved).last < onset.first:
        raise _unusable(
            event,
            f"{event.adverse_event} ended on {Day(*resolved)}",
            f"it began on {onset}",
            "correct one of them",
        )
