"""The forms of a visit: made from the activities that the protocol plans for it."""

from datetime import date
from typing import NamedTuple

from gradatim.conduct.event_for_element import event_type_for
from gradatim.conduct.events.findings import (
    LaboratoryResultsRecorded,
    ScoresRecorded,
    VitalSignsRecorded,
)
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import entries_of
from gradatim.conduct.views.facts import facts_of, position_of
from gradatim.conduct.views.visits import Visit
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


def visit_forms(state: State, study: Study, one: Participant, visit: Visit) -> list[VisitForm]:
    """Return the forms of a visit, with how far each is filled in: what came by records counts."""
    done = _entered(state, one, visit)
    found: dict[str, tuple[list[str], set[str]]] = {}
    for activity in study.schedule.activities.values():
        if visit.encounter not in activity.encounters:
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


def _entered(state: State, one: Participant, visit: Visit) -> set[str]:
    """Return the elements that are recorded as of a visit, or of no visit within its window."""
    found = entries_of(state, one, LaboratoryResultsRecorded, VitalSignsRecorded, ScoresRecorded)
    of_it = {
        result.element
        for _, event in found
        if event.encounter == visit.encounter
        for result in event.results
    }
    if visit.first is None and visit.last is None:
        return of_it
    first, last = visit.first or date.min, visit.last or date.max
    return of_it | {
        name
        for name, facts in facts_of(state, one).by_element.items()
        for fact in facts
        if first <= fact.start.first
        and fact.start.last <= last
        and getattr(state.events[position_of(fact)], "encounter", None) is None
    }
