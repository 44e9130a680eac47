"""The fold: what each event adds to the state. It never fails on a fact, whatever it says.

The events of visits add nothing here: `views` reads them.
"""

from collections.abc import Iterable

from gradatim.conduct.events.base import Event
from gradatim.conduct.folding import participants, product, review, trial
from gradatim.conduct.proposals import settle
from gradatim.conduct.state import State
from gradatim.conduct.transitions import PARTICIPANT, STEPS, act
from gradatim.core.collecting import collector_paused

_HANDLERS = {**trial.HANDLERS, **participants.HANDLERS, **product.HANDLERS, **review.HANDLERS}
_STEPS = frozenset(STEPS)


def fold(trial: str, events: Iterable[tuple[int, Event]], state: State | None = None) -> State:
    """Give the state after these events.

    Args:
        trial: the trial's name.
        events: position and event, in the order of the ledger.
        state: a state to go on from; it is changed.
    """
    state = State(trial) if state is None else state
    with collector_paused():
        for position, event in events:
            apply(state, position, event)
    return state


def apply(state: State, position: int, event: Event) -> None:
    """Let one event change the state."""
    state.position = position
    state.events[position] = event
    if state.recorded_at is not None and event.recorded_at < state.recorded_at:
        state.clock_went_back.append(position)
    else:
        state.recorded_at = event.recorded_at
    kind = type(event)
    handler = _HANDLERS.get(kind)
    if handler is not None:
        handler(state, position, event)
    if state.proposals and hasattr(event, "signers"):
        settle(state, event)
    participant = state.participants.get(getattr(event, "participant", None) or "")
    if participant is not None:
        participant.entries.append(position)
        participant.revision += 1
        if kind in _STEPS:
            step = (participant.status, act(event))
            participant.status = PARTICIPANT.get(step, participant.status)
