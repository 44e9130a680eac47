"""Who judges an adverse event, and what was changed without the signature that it takes.

Grade, relation and seriousness are an investigator's judgement. Anybody at the site records that an
event became worse. That it is less than was judged counts only from an investigator, and under a
signature where the judgement was signed. Source: ICH E6(R3), 2.7.1; ICH E2A, III.A.1.
"""

from collections.abc import Iterator, Sequence

from gradatim.conduct.corrections import changed_after_signature, signings
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.findings import ClinicalSignificanceSigned
from gradatim.conduct.events.participants import EntryCorrected, HistoryDeclaredComplete
from gradatim.conduct.events.safety import (
    AdverseEventAssessed,
    AdverseEventReported,
    AdverseEventResolved,
    AdverseEventUpdated,
)
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import entries_of
from gradatim.safety.events import (
    DEATH,
    FATAL_OUTCOME,
    LIFE_THREATENING,
    AdverseEvent,
    causality_truth,
)

INVESTIGATOR = "investigator"
JUDGEMENTS = (AdverseEventReported, AdverseEventUpdated, AdverseEventResolved)
"""Entries that say how bad an adverse event is."""


def lessened(was: object, now: object) -> list[str]:
    """Return the fields by which a version of an entry makes an adverse event less than another.

    Args:
        was, now: two versions of an entry of `JUDGEMENTS`.
    """
    found = []
    before, after = getattr(was, "grade", None), getattr(now, "grade", None)
    if before is not None and (after is None or after < before):
        found.append("grade")
    if causality_truth(getattr(now, "relation", None) or "") < causality_truth(
        getattr(was, "relation", None) or ""
    ):
        found.append("relation")
    if _gravity(getattr(now, "serious", None)) < _gravity(getattr(was, "serious", None)):
        found.append("serious")
    outcomes = (getattr(was, "outcome", ""), getattr(now, "outcome", ""))
    if outcomes[0] == FATAL_OUTCOME != outcomes[1]:
        found.append("outcome")
    if set(getattr(was, "elements", None) or ()) - set(getattr(now, "elements", None) or ()):
        found.append("elements")
    return found


def _gravity(serious: Sequence[str] | None) -> int:
    """Return how grave criteria of seriousness are: none, any, life-threatening, death."""
    known = serious or ()
    return 3 if DEATH in known else 2 if LIFE_THREATENING in known else int(bool(known))


def lessened_by(event: AdverseEventUpdated, standing: AdverseEvent) -> list[str]:
    """Return the fields by which an update makes an adverse event less than what stands of it.

    Its grade is the worst it had, which no update makes less.
    """
    relation, serious = event.relation, event.serious
    found = []
    if relation is not None and causality_truth(relation) < causality_truth(
        standing.investigator_relation
    ):
        found.append("relation")
    if serious is not None and _gravity(serious) < _gravity(standing.serious):
        found.append("serious")
    if event.elements is not None and set(standing.elements) - set(event.elements):
        found.append("elements")
    return found


def judged(state: State, position: int) -> bool:
    """Whether the relation that an entry states is an investigator's: who wrote it last was one.

    Source: ICH E6(R3), 2.7.1; ICH E2A, III.A.1.
    """
    versions = [*state.earlier.get(position, ()), state.events[position]]
    relations = [getattr(one, "relation", None) for one in versions]
    written = max(
        (i for i in range(1, len(versions)) if relations[i] != relations[i - 1]), default=0
    )
    carrier = state.corrected_by[position][written - 1] if written else position
    return by_investigator(state, carrier, state.events[carrier])


def by_investigator(state: State, position: int, event: Event) -> bool:
    """Whether who recorded an entry was an investigator there when they recorded it."""
    return INVESTIGATOR in state.roles_at(event.recorded_by, event.site, position)


def signed_by_investigator(state: State, position: int) -> bool:
    """Whether an entry, as it stands, carries the signature of an investigator."""
    found = signings(state, position)
    return (
        bool(found)
        and found[-1].stands
        and by_investigator(state, found[-1].entry, state.events[found[-1].entry])
    )


def to_be_signed(state: State, participant: Participant) -> Iterator[tuple[int, Event]]:
    """Return the entries that were signed, say something else since, and are not signed anew.

    Signed anew are those whose last correction is signed, and those whose act was signed once more
    after it.
    """
    for position in participant.entries_of.get(EntryCorrected, ()):
        correction = state.events[position]
        assert isinstance(correction, EntryCorrected)
        of = correction.of
        if state.corrected_by[of][-1] != position or not changed_after_signature(state, of):
            continue
        event = state.events[of]
        if not any(at > position for at in _again(state, participant, event)):
            yield of, event


def _again(state: State, participant: Participant, event: Event) -> Iterator[int]:
    """Return where the act that an entry is was signed, the entry itself included."""
    judges = isinstance(event, JUDGEMENTS)
    for position, other in entries_of(
        state, participant, *(JUDGEMENTS if judges else (type(event),))
    ):
        if _matter(other) == _matter(event) and (
            signed_by_investigator(state, position) if judges else signings(state, position)
        ):
            yield position


def _matter(event: Event) -> object:
    """Return what an entry judges, so that a later one can judge the same anew."""
    match event:
        case (
            AdverseEventReported()
            | AdverseEventUpdated()
            | AdverseEventResolved()
            | AdverseEventAssessed()
        ):
            return event.adverse_event
        case ClinicalSignificanceSigned():
            return (event.of, event.element)
        case HistoryDeclaredComplete():
            return event.kinds
    return id(event)
