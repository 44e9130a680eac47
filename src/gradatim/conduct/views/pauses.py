"""Pauses of dosing, and its end: which stand now, and which stood when something was done."""

from datetime import datetime

from gradatim.conduct.days import holds_from
from gradatim.conduct.events.trial import TrialPaused, TrialResumed
from gradatim.conduct.state import State


def paused_at(state: State, moment: datetime) -> int | None:
    """Return the entry of the pause that stood, or may have stood, at a moment; None: none did."""
    found = None
    for at, event in state.events.of(TrialPaused, TrialResumed):
        if holds_from(state, event) <= moment:
            found = at if isinstance(event, TrialPaused) else None
    return found


def stopped_by(state: State, moment: datetime) -> bool:
    """Whether dosing had been stopped for good by a moment."""
    return state.stopped is not None and holds_from(state, state.events[state.stopped]) <= moment
