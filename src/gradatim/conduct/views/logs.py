"""The logs of a participant: medication beside the product, medical history, visits in between.

What a log says is a fact as any other: criteria, checklists and grading read it. A drug is known
by its name, where the table of drugs has it, or by what a person judged it to be; a condition by
what a person judged. What nobody can tell may be of any element of its kind: each is unknown.
"""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from gradatim.clinical.drug_names import drugs_named, names_more
from gradatim.conduct.events.findings import (
    LaboratoryResultsRecorded,
    ScoresRecorded,
    VitalSignsRecorded,
)
from gradatim.conduct.events.logs import (
    ConcomitantMedicationRecorded,
    MedicalHistoryRecorded,
    UnscheduledVisitDone,
)
from gradatim.conduct.events.safety import PregnancyOutcomeReported, PregnancyReported
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import entries_of
from gradatim.core.dates import ANY_DAY, NEVER_ENDED, Day, parse_day
from gradatim.core.same import Same
from gradatim.core.truth import TRUE, UNKNOWN, Truth
from gradatim.evidence.defined import drugs_of
from gradatim.evidence.doubts import Doubt
from gradatim.evidence.facts import Fact
from gradatim.evidence.fhir.dosages import DAILY_DOSE_UNIT
from gradatim.protocol.study import Study

Logged = ConcomitantMedicationRecorded | MedicalHistoryRecorded
A_DAY = {
    "once a day": 1.0,
    "twice a day": 2.0,
    "three times a day": 3.0,
    "four times a day": 4.0,
    "every other day": 0.5,
    "once a week": 1 / 7,
}
"""How often a day, by frequency."""


class LogLine(NamedTuple):
    """An entry of a log, with the elements that it is of.

    Args:
        position, event: the entry.
        elements: of the protocol; empty where it is of none.
        known: whether that is known.
    """

    position: int
    event: Logged
    elements: tuple[str, ...]
    known: bool


def medications(state: State, participant: Participant) -> list[LogLine]:
    """Return a participant's medication, in the order of the log."""
    study = state.governing("elements", participant)
    return [
        LogLine(at, event, of.surely, not of.perhaps)
        for at, event in entries_of(state, participant, ConcomitantMedicationRecorded)
        for of in (drug_elements(study, event),)
    ]


def medical_history(state: State, participant: Participant) -> list[LogLine]:
    """Return a participant's medical history, in the order of the log."""
    return [
        LogLine(at, event, event.elements, is_judged(event))
        for at, event in entries_of(state, participant, MedicalHistoryRecorded)
    ]


def unscheduled_visits(
    state: State, participant: Participant
) -> list[tuple[int, UnscheduledVisitDone, int]]:
    """Return the visits that the schedule does not have: entry, event, how many results it has."""
    kinds = (VitalSignsRecorded, LaboratoryResultsRecorded, ScoresRecorded)
    attached: dict[str, int] = {}
    for _, event in entries_of(state, participant, *kinds):
        if event.visit is not None:
            attached[event.visit] = attached.get(event.visit, 0) + len(event.results)
    return [
        (at, event, attached.get(event.visit, 0))
        for at, event in entries_of(state, participant, UnscheduledVisitDone)
    ]


def open_pregnancies(state: State, participant: Participant) -> list[tuple[int, PregnancyReported]]:
    """Return the pregnancies of which no outcome is recorded."""
    return [(at, event) for at, event, over in pregnancies(state, participant) if over is None]


def pregnancies(
    state: State, participant: Participant
) -> list[tuple[int, PregnancyReported, PregnancyOutcomeReported | None]]:
    """Return the pregnancies reported of a participant, each with its outcome; None if open."""
    over = {
        event.of: event for _, event in entries_of(state, participant, PregnancyOutcomeReported)
    }
    return [
        (at, event, over.get(at)) for at, event in entries_of(state, participant, PregnancyReported)
    ]


def pregnant_on(state: State, participant: Participant, day: date) -> Iterator[tuple[int, Truth]]:
    """Yield the entries by which a participant is, or may be, pregnant on a day: TRUE or UNKNOWN.

    That of a partner is none of theirs. Of one whose outcome nobody could follow it is not known.
    """
    for at, event, over in pregnancies(state, participant):
        if event.person != "participant" or parse_day(event.detected_on).first > day:
            continue
        if over is None:
            yield at, TRUE
        elif over.outcome == "lost to follow-up":
            yield at, UNKNOWN
        elif over.ended_on is None:
            if over.occurred_on > day:  # it ended some day before that
                yield at, UNKNOWN
        elif (ended := parse_day(over.ended_on)).last > day:
            yield at, TRUE if ended.first > day else UNKNOWN


class DrugElements(NamedTuple):
    """The elements that a medication is of.

    Args:
        surely: of these it is.
        perhaps: of these it may be beside them, for all that anybody has said.
    """

    surely: tuple[str, ...]
    perhaps: tuple[str, ...] = ()


def drug_elements(study: Study, event: ConcomitantMedicationRecorded) -> DrugElements:
    """Return the elements that a medication is, or may be, of.

    Of those that a person judged; else of those of the ingredients that its name holds, and where
    that has other words, perhaps of any. Who says that it is of none, though its name is of some,
    leaves these open.
    """
    if event.elements:
        return DrugElements(event.elements)
    named = {drug.name for drug, _ in drugs_named(event.drug)}
    exposures = _drugs_by_element(Same(study))
    found = tuple(name for name, held in exposures.items() if named & held)
    if event.none_of_these:
        return DrugElements((), found)
    if named and not names_more(event.drug):
        return DrugElements(found)
    return DrugElements(found, tuple(name for name in exposures if name not in found))


@lru_cache(maxsize=64)
def _drugs_by_element(of: Same[Study]) -> dict[str, frozenset[str]]:
    """Return the names of the drugs of each element of a protocol that is one or several."""
    return {
        name: frozenset(drug.name for drug in drugs_of(one))
        for name, one in of.it.elements.items()
        if one.kind == "exposure"
    }


def is_judged(event: Logged) -> bool:
    """Whether a person said of which elements it is, or that it is of none."""
    return bool(event.elements) or event.none_of_these


def logged_days(event: Logged) -> tuple[Day, Day]:
    """Return the first and the last day; of what may have ended at any time since, all of them."""
    start = parse_day(event.start) if event.start else ANY_DAY
    if event.ongoing:
        return start, NEVER_ENDED
    return start, parse_day(event.end) if event.end else Day(start.first, ANY_DAY.last)


def medication_facts(
    state: State, position: int, event: ConcomitantMedicationRecorded
) -> Iterator[Fact]:
    """Give a medication as facts of the elements that it is of, or may be of."""
    study = state.study
    found = drug_elements(study, event)
    doubtful = Doubt.AS_NEEDED() if event.frequency == "as needed" else ""
    drugs = [drug.name for drug, _ in drugs_named(event.drug)]
    for name in found.surely:
        of_it = _drugs_by_element(Same(study)).get(name, ())
        code = next((drug for drug in drugs if drug in of_it), "")
        yield _fact(position, event, name)._replace(code=code, doubtful=doubtful)
    for name in found.perhaps:
        fact = _fact(position, event, name)
        yield fact._replace(doubtful=Doubt.NOT_UNDERSTOOD(records=f"entry {position}"))


def _fact(position: int, event: ConcomitantMedicationRecorded, name: str) -> Fact:
    start, end = logged_days(event)
    often = A_DAY.get(event.frequency or "")
    daily = None if event.dose is None or often is None else event.dose * often
    in_mg = daily if event.unit == "mg" else None
    unit = "" if in_mg is None else DAILY_DOSE_UNIT
    id = f"entry:{position}#{name}"
    return Fact(name, id, start, end, in_mg, unit, route=event.route, entry=position)


def history_facts(state: State, position: int, event: MedicalHistoryRecorded) -> Iterator[Fact]:
    """Give what is of the medical history as facts of the elements that it is of, or may be of."""
    start, end = logged_days(event)
    kinds = ("condition", "procedure")
    elements = state.study.elements
    names = event.elements
    if not is_judged(event):
        names = tuple(name for name, one in elements.items() if one.kind in kinds)
    doubtful = "" if is_judged(event) else Doubt.NOT_UNDERSTOOD(records=f"entry {position}")
    for name in names:
        id = f"entry:{position}#{name}"
        yield Fact(name, id, start, end, doubtful=doubtful, entry=position)
