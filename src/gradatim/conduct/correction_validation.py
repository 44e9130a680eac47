"""Corrections that cannot be meant: of what is not corrected, or that change nothing."""

import msgspec

from gradatim.conduct.corrections import (
    CORRECTABLE,
    correction_of,
    fixed_fields,
    unchanged_fields,
)
from gradatim.conduct.days import moved, zone_of
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.participants import EntryCorrected
from gradatim.conduct.state import State
from gradatim.conduct.transfers import site_of
from gradatim.conduct.views.adverse_events import DIED
from gradatim.core.errors import UnusableInput


def validate_correction(state: State, event: EntryCorrected) -> Event:
    """Return what an entry would say, as recorded when it is corrected.

    Raises:
        UnusableInput: the entry, or one of the fields, is not corrected, or would not be changed.
    """
    _can_be_corrected(state, event)
    try:
        was, now = correction_of(state, event)
    except msgspec.ValidationError as error:
        raise _unusable(event, f"entry {event.of} cannot say that", str(error)) from error
    if same := unchanged_fields(was, now, event.fields):
        raise _unusable(
            event,
            f"{same[0]} is not changed",
            f"entry {event.of} says that already",
            "name only the fields that are wrong",
        )
    _same_day(state, event, was, now)
    _deaths(event, was, now)
    return msgspec.structs.replace(now, recorded_at=event.recorded_at)


def _unusable(event: Event, what: str, why: str = "", todo: str = "") -> UnusableInput:
    return UnusableInput(what, type(event).__name__, why, todo)


def _can_be_corrected(state: State, event: EntryCorrected) -> None:
    was = state.events[event.of]
    if type(was) not in CORRECTABLE:
        raise _unusable(
            event,
            f"entry {event.of} is a {type(was).__name__}",
            "an authorisation is not corrected",
            "record the act that follows",
        )
    if event.site != (site := site_of(state, was)):
        where = f"site {site}" if site else "the trial as a whole"
        raise _unusable(
            event,
            f"entry {event.of} is of {where}",
            f"the correction names {event.site or 'no site'}",
            "record it where the entry was recorded, or where its participant is now",
        )
    if not event.fields:
        raise _unusable(event, "nothing is changed", "it names no field", "change what is wrong")
    if fixed := fixed_fields(was, event.fields):
        raise _unusable(
            event,
            f"{fixed[0]} cannot be corrected",
            "it says whose entry this is",
            "record another entry",
        )
    if "codes" in event.fields and getattr(was, "sealed", None) is not None:
        raise _unusable(
            event, "codes cannot be corrected", "they are sealed", "record another entry"
        )


def _same_day(state: State, event: EntryCorrected, was: Event, now: Event) -> None:
    """A time that is corrected to another day takes the day of the entry along."""
    if zone_of(state, was.site) is None and "occurred_on" not in event.fields and moved(was, now):
        raise _unusable(
            event,
            "the time is of another day than before",
            f"entry {event.of} is of {was.occurred_on}",
            "correct occurred_on too, or record the time zone of the site",
        )


def _deaths(event: EntryCorrected, was: Event, now: Event) -> None:
    if getattr(was, "status", "") == DIED != getattr(now, "status", DIED):
        raise _unusable(
            event,
            f"entry {event.of} says that somebody died",
            "that is not corrected into something else",
            "mark the entry as made in error, and record what happened",
        )
