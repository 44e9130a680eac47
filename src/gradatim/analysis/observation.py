"""How long a participant is observed: the DLT window, how they left, and whether they died."""

from datetime import date
from typing import Literal, NamedTuple

from gradatim.conduct.days import day_of
from gradatim.conduct.events.participants import Disposition, InformedConsentWithdrawn
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.adverse_events import adverse_events
from gradatim.conduct.views.doses import entries_of, given
from gradatim.conduct.views.safety import left_on
from gradatim.safety import dlt
from gradatim.safety.events import AdverseEvent, fatal

WindowStatus = Literal["not begun", "open", "complete", "left early", "without end"]
ENDED = ("completed", "withdrawn", "lost to follow-up", "died")
"""Statuses in which a participant is no longer observed."""


class DltWindow(NamedTuple):
    """A participant's window for dose-limiting toxicity, as of a day.

    Args:
        status: `left early` of who was gone before its last day; `without end` where the protocol
            gives it none.
        first, last: its days, as they follow from the doses given so far; None before the first
            dose, and of a window without end.
    """

    status: WindowStatus
    first: date | None = None
    last: date | None = None


class Departure(NamedTuple):
    """An entry by which a participant left, or left off treatment.

    Args:
        position: the entry.
        on: the day it happened.
        how: `completed`, `withdrawn`, `lost to follow-up`, `died`, or `consent withdrawn` from
            `treatment` or `all`.
        reason: in the words of who recorded it.
        adverse_event: the number of the one that led to it; empty if none did.
    """

    position: int
    on: date
    how: str
    reason: str
    adverse_event: str


def dlt_window(state: State, participant: Participant, on: date) -> DltWindow:
    """Give a participant's window; it agrees with `conduct.views.safety.dlt_outcome`."""
    done = given(state, participant)
    if not done:
        return DltWindow("not begun")
    study = state.governing("safety", participant)
    days = day_of(state, done[0]), day_of(state, done[-1])
    first, last = dlt.window(study, *days)
    if last is None:
        return DltWindow("without end", first)
    left = left_on(state, participant)
    if left is not None and left < last:
        return DltWindow("left early", first, last)
    over = dlt.complete(study, *days, on)
    return DltWindow("complete" if over else "open", first, last)


def departures(state: State, participant: Participant) -> tuple[Departure, ...]:
    """Give the entries by which a participant left, in the order of the ledger."""
    found = []
    for position, event in entries_of(state, participant, Disposition, InformedConsentWithdrawn):
        how = (
            event.status if isinstance(event, Disposition) else f"consent withdrawn ({event.scope})"
        )
        found.append(
            Departure(position, event.occurred_on, how, event.reason, event.adverse_event or "")
        )
    return tuple(found)


def ended_on(state: State, participant: Participant) -> date | None:
    """Give the day from which a participant is no longer observed; None of who still is.

    Leaving off treatment alone does not end it. A death ends it, also while no disposition is
    recorded; None too while its day is not known.
    """
    if participant.status not in ENDED:
        return died_on(state, participant)
    days = [
        one.on
        for one in departures(state, participant)
        if one.how != "consent withdrawn (treatment)"
    ]
    return min(days, default=None)


def died(state: State, participant: Participant) -> bool:
    """Whether a participant died, as their disposition or a fatal adverse event tells."""
    left = any(one.how == "died" for one in departures(state, participant))
    return left or bool(fatal_events(state, participant))


def died_on(state: State, participant: Participant) -> date | None:
    """Give the day of the disposition, else the end of a fatal event; None if neither tells it."""
    said = [one.on for one in departures(state, participant) if one.how == "died"]
    ends = [one.resolved for one in fatal_events(state, participant) if one.resolved]
    return next(iter([*said, *(day.first for day in ends if day.exact)]), None)


def fatal_events(state: State, participant: Participant) -> tuple[AdverseEvent, ...]:
    """Give the adverse events that a participant died of, in the order they were reported."""
    return tuple(one for one in adverse_events(state, participant) if fatal(one))
