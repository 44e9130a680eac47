"""The forms of a visit: made from the activities that the protocol plans for it."""

from typing import NamedTuple

from gradatim.conduct.event_for_element import event_type_for
from gradatim.conduct.events.findings import (
    LaboratoryResultsRecorded,
    ScoresRecorded,
    VitalSignsRecorded,
)
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import entries_of
from gradatim.protocol.study import Study


class VisitForm(NamedTuple):
    """A form of a visit.

    Args:
        event: the act that fills it in.
        activities: labels of the activities it is of.
        planned: how many elements the protocol plans.
        entered: how many of them are recorded for this visit.
    """

    event: str
    activities: tuple[str, ...]
    planned: int
    entered: int


def visit_forms(state: State, study: Study, one: Participant, encounter: str) -> list[VisitForm]:
    """Return the forms of a visit, with how far each is filled in."""
    done = _entered(state, one, encounter)
    found: dict[str, tuple[list[str], set[str]]] = {}
    for activity in study.schedule.activities.values():
        if encounter not in activity.encounters:
            continue
        for name in activity.elements:
            element = study.elements[name]
            kind = event_type_for(element)
            if kind is None or element.derived is not None:
                continue
            labels, names = found.setdefault(kind.__name__, ([], set()))
            names.add(name)
            if activity.label not in labels:
                labels.append(activity.label)
    return [
        VisitForm(event, tuple(labels), len(names), len(names & done))
        for event, (labels, names) in found.items()
    ]


def _entered(state: State, one: Participant, encounter: str) -> set[str]:
    found = entries_of(state, one, LaboratoryResultsRecorded, VitalSignsRecorded, ScoresRecorded)
    return {
        result.element
        for _, event in found
        if event.encounter == encounter
        for result in event.results
    }
