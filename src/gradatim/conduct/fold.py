"""The fold: what each event adds to the state. It never fails on a fact, whatever it says.

The events of visits add nothing here: `views` reads them.
"""

from collections.abc import Iterable
from datetime import datetime

from gradatim.conduct.event_log import decoded_at, peek
from gradatim.conduct.events import EVENTS, without_unknown_fields
from gradatim.conduct.events.base import Event
from gradatim.conduct.folding import participants, product, review, trial, voids
from gradatim.conduct.folding.anew import participant_named, take_step
from gradatim.conduct.proposed_acts import settle
from gradatim.conduct.state import Participant, State
from gradatim.conduct.transitions import STEPS
from gradatim.core.collecting import collector_paused

_HANDLERS = {
    **trial.HANDLERS,
    **participants.HANDLERS,
    **voids.HANDLERS,
    **product.HANDLERS,
    **review.HANDLERS,
}
_PLAIN = frozenset(
    kind
    for kind in EVENTS
    if kind not in _HANDLERS and kind not in STEPS and "signers" not in kind.__struct_fields__
)
"""Results, facts and the like: they add to the state only that they are there."""


def fold(
    trial: str,
    events: Iterable[tuple[int, Event | bytes]],
    state: State | None = None,
    *,
    leniently: bool = False,
) -> State:
    """Give the state after these events.

    Args:
        trial: the trial's name.
        events: position and event, or its bytes as they are stored, in the order of the ledger.
        state: a state to go on from; it is changed.
        leniently: leave out what cannot be read, and note it in `unread`: to look at the trial,
            never to act on it.

    Raises:
        UnreadableEntry: bytes are no event that is known here.
    """
    state = State(trial) if state is None else state
    with collector_paused():
        for position, event in events:
            if not isinstance(event, bytes):
                apply(state, position, event)
            elif leniently:
                _apply_readable(state, position, event)
            else:
                apply_stored(state, position, event)
    return state


def _apply_readable(state: State, position: int, body: bytes) -> None:
    event, why = without_unknown_fields(body)
    if why:
        state.unread[position] = why
    if event is None:
        state.position = position
        return
    apply(state, position, event)


def apply(state: State, position: int, event: Event) -> None:
    """Let one event change the state."""
    kind = type(event)
    state.events.put(position, kind, event)
    _passed(state, position, event.recorded_at, event.software)
    handler = _HANDLERS.get(kind)
    if handler is not None:
        handler(state, position, event)
    if state.proposals and hasattr(event, "signers"):
        settle(state, event)
    whom = getattr(event, "participant", None)
    participant = _concerned(state, position, kind, whom)
    if participant is not None and kind in STEPS and participant.id == whom:
        take_step(participant, event)


def apply_stored(state: State, position: int, body: bytes) -> None:
    """Let one event change the state, as it is stored: it is read only where its words count.

    Raises:
        UnreadableEntry: it is no event that is known here.
    """
    seen = peek(body)
    if seen is None or seen[0] not in _PLAIN:
        apply(state, position, decoded_at(position, body))
        return
    kind, header = seen
    state.events.put(position, kind, body)
    _passed(state, position, header.recorded_at, header.software)
    _concerned(state, position, kind, header.participant)


def _passed(state: State, position: int, recorded_at: datetime, software: str) -> None:
    state.position = position
    if state.unconfirmed:
        trial.let_lapse(state, position, recorded_at)
    if software:
        state.software.append((position, software))
    if state.recorded_at is not None and recorded_at < state.recorded_at:
        state.clock_went_back.append(position)
    else:
        state.recorded_at = recorded_at


def _concerned(
    state: State, position: int, kind: type[Event], whom: str | None
) -> Participant | None:
    participant = participant_named(state, whom or "")
    if participant is not None:
        participant.concerned(position, kind)
    return participant
