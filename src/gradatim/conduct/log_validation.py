"""Entries of the logs that cannot be meant: a number given twice, a visit that is none."""

from collections.abc import Iterator, Mapping

from gradatim.conduct.events import findings, logs, safety
from gradatim.conduct.events.base import Event
from gradatim.conduct.state import State
from gradatim.conduct.views.doses import entries_of
from gradatim.core.dates import parse_day
from gradatim.core.errors import UnusableInput

Numbered = logs.ConcomitantMedicationRecorded | logs.UnscheduledVisitDone
NUMBER_OF: Mapping[type[Numbered], str] = {
    logs.ConcomitantMedicationRecorded: "medication",
    logs.UnscheduledVisitDone: "visit",
}
"""Entries that others name by a number of their own, and the field that has it."""


def numbers_given(state: State, participant: str, kind: type[Numbered]) -> set[str]:
    """Return the numbers given in a log of a participant.

    Those of entries made in error are among them: such an entry may count again.
    """
    one = state.participants.get(participant)
    if one is None:
        return set()
    known = (state.events[at] for at in (*one.entries_of.get(kind, ()), *one.voided))
    return {getattr(each, NUMBER_OF[kind]) for each in known if isinstance(each, kind)}


def validate_logs(state: State, event: Event) -> None:
    """Refuse an entry of a log that cannot be meant.

    Raises:
        UnusableInput: it names a visit or a pregnancy that is none, an end before the beginning, or
            holds no value at all.
    """
    for what, todo in _faults(state, event):
        raise UnusableInput(what, type(event).__name__, todo=todo)


def validate_numbers(state: State, event: Event) -> None:
    """Refuse a new entry of a log under a number that is given.

    Raises:
        UnusableInput: it names the number.
    """
    if not isinstance(event, Numbered):
        return
    name = NUMBER_OF[type(event)]
    number = getattr(event, name)
    if number in numbers_given(state, event.participant, type(event)):
        raise UnusableInput(
            f"there is a {name} {number} already",
            type(event).__name__,
            todo="give it another number",
        )


def _faults(state: State, event: Event) -> Iterator[tuple[str, str]]:
    match event:
        case logs.ConcomitantMedicationRecorded() | logs.MedicalHistoryRecorded():
            yield from _lasting(event)
        case safety.PregnancyOutcomeReported():
            reported = state.events.get(event.of)
            mine = isinstance(reported, safety.PregnancyReported) and (
                reported.participant == event.participant
            )
            if not mine:
                what = f"entry {event.of} reports no pregnancy of {event.participant}"
                yield what, "name the entry that reported the pregnancy"
        case findings.ScoresRecorded():
            if not any(one.value is not None or one.code for one in event.results):
                yield "no question is answered", "give a value at least"
    yield from _attached(state, event)


def _lasting(
    event: logs.ConcomitantMedicationRecorded | logs.MedicalHistoryRecorded,
) -> Iterator[tuple[str, str]]:
    if event.elements and event.none_of_these:
        yield "it is of elements of the protocol, and of none", "choose one of the two"
    if event.end and event.ongoing:
        yield f"it ended in {event.end}, and goes on", "give an end, or that it goes on"
    if event.start and event.end and parse_day(event.end).last < parse_day(event.start).first:
        yield f"it ended on {event.end}, before it began", "correct the days"


def _attached(state: State, event: Event) -> Iterator[tuple[str, str]]:
    if not isinstance(
        event,
        findings.VitalSignsRecorded | findings.LaboratoryResultsRecorded | findings.ScoresRecorded,
    ):
        return
    if event.visit is None:
        return
    if event.encounter is not None:
        what = f"it is of the visit {event.encounter}, and of {event.visit}"
        yield what, "name one of them"
    one = state.participants[event.participant]
    known = entries_of(state, one, logs.UnscheduledVisitDone)
    if not any(visit.visit == event.visit for _, visit in known):
        yield f"{event.participant} has no visit {event.visit}", "record the visit first"
