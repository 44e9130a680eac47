"""The results of a participant by element: each value with its grades and what was judged of it."""

from typing import NamedTuple

from gradatim.conduct.event_for_element import event_type_for
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.findings import ClinicalSignificanceSigned
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.facts import facts_of, position_of
from gradatim.conduct.views.grades import Graded, abnormal, grades, significance
from gradatim.evidence.facts import Fact
from gradatim.protocol.elements import Element
from gradatim.protocol.study import Study


class Result(NamedTuple):
    """A value, its grades by each term, and what an investigator judged of it."""

    fact: Fact
    grades: list[Graded]
    judgement: ClinicalSignificanceSigned | None


class ElementResults(NamedTuple):
    """The results of one element.

    Args:
        name, element: the protocol's element.
        rows: its results, the latest last.
        worst: the worst grade that numbers alone allow.
        open_: how many results with a grade wait for a judgement.
    """

    name: str
    element: Element
    rows: list[Result]
    worst: int
    open_: int


def results_by_element(
    state: State, one: Participant, kinds: tuple[type[Event], ...]
) -> list[ElementResults]:
    """Return the elements that have values, those with the worst grades first.

    Args:
        state: the trial.
        one: the participant.
        kinds: the events whose elements are asked for.
    """
    by_fact: dict[str, list[Graded]] = {}
    for found in grades(state, one):
        by_fact.setdefault(found.fact.id, []).append(found)
    judged = significance(state, one)
    series = []
    for name, element in state.governing("elements", one).elements.items():
        facts = facts_of(state, one).of(name)
        if event_type_for(element) not in kinds or not facts:
            continue
        rows = [
            Result(fact, by_fact.get(fact.id, []), judged.get((position_of(fact), name)))
            for fact in sorted(facts, key=lambda fact: fact.start.first)
        ]
        worst = max((g.by_numbers for row in rows for g in row.grades), default=0)
        open_ = sum(row.judgement is None and any(map(abnormal, row.grades)) for row in rows)
        series.append(ElementResults(name, element, rows, worst, open_))
    return sorted(series, key=lambda one: -one.worst)


def planned_elements(study: Study, event: str, visit: str | None) -> dict[str, Element]:
    """Return the elements that an event of a visit is planned to hold; all, without a plan.

    Args:
        study: the protocol.
        event: name of the event's type.
        visit: the encounter; None where it is of none.
    """
    planned = {
        element
        for activity in study.schedule.activities.values()
        if visit in activity.encounters
        for element in activity.elements
    }
    return {
        name: one
        for name, one in study.elements.items()
        if getattr(event_type_for(one), "__name__", "") == event
        and one.derived is None
        and (not planned or name in planned)
    }
