"""The erasure that was asked for and waits for a second person."""

from gradatim.conduct.events.participants import ErasureRequested
from gradatim.conduct.state import Participant, State


def requested_erasure(state: State, one: Participant) -> tuple[int, ErasureRequested] | None:
    """Return the request that counts and was not granted yet, with its entry; None without one."""
    asked = [] if one.erased else one.entries_of.get(ErasureRequested, [])
    for at in reversed(asked):
        event = state.events[at]
        if isinstance(event, ErasureRequested):
            return at, event
    return None
