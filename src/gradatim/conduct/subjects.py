"""What an event touches: whoever decides about these must have seen it."""

from gradatim.conduct.events.base import Event
from gradatim.conduct.events.participants import (
    EntryCorrected,
    ParticipantEnrolled,
    ParticipantReplaced,
)
from gradatim.conduct.events.product import DoseAdministered, PreDoseChecklistSigned
from gradatim.conduct.events.review import DoseDecision
from gradatim.conduct.state import State

_COHORT = (ParticipantEnrolled, ParticipantReplaced, DoseDecision, PreDoseChecklistSigned,
           DoseAdministered)  # fmt: skip


def whom(state: State, event: Event) -> str | None:
    """Give the participant whom an event is about; a correction is about whom its entry is."""
    of = state.events.get(event.of) if isinstance(event, EntryCorrected) else event
    name: str | None = getattr(of, "participant", None)
    return name


def subjects(state: State, event: Event) -> frozenset[str]:
    """Give the participant, cohort and lot that an event is about.

    A place, and the wait after the first participant of a level, are matters of the whole cohort.
    """
    known = {"participant": whom(state, event), "lot": getattr(event, "lot", None)}
    found = {f"{kind} {name}" for kind, name in known.items() if name is not None}
    if isinstance(event, _COHORT):
        one = state.participants.get(getattr(event, "participant", ""))
        level = getattr(event, "level", None) or (one.level if one else None)
        found.add(f"level {level}")
    return frozenset(found)


def touched(state: State, event: Event, since: int) -> tuple[int, ...]:
    """Give the entries after a position that touch what an event is about."""
    mine = subjects(state, event)
    return tuple(at for at in range(since + 1, state.position + 1)
                 if mine & subjects(state, state.events[at]))  # fmt: skip
