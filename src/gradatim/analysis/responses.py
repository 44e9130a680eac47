"""Values of the protocol's endpoints over time: of each participant, from before the first dose on.

A value is given in the unit of its element. One that is no exact number in it stays in the table
without one, with the reason. Baseline and derived values are those of `conduct.views.grades` and
`rules.derive`.
"""

from collections.abc import Iterator
from typing import NamedTuple

from gradatim.analysis.groups import dosed, level_label
from gradatim.analysis.rests_on import RestsOn, rests_on
from gradatim.clinical.units import convert_for
from gradatim.conduct.days import day_of
from gradatim.conduct.events.product import DoseAdministered
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.anchors import anchors_of
from gradatim.conduct.views.doses import first_dose
from gradatim.conduct.views.facts import facts_of, position_of
from gradatim.conduct.views.grades import baseline, measured_after
from gradatim.core.dates import Day
from gradatim.evidence.facts import Fact
from gradatim.protocol.elements import Element
from gradatim.protocol.study import Endpoint, Study
from gradatim.rules.context import Situation
from gradatim.rules.derive import everything, not_computed


class EndpointElement(NamedTuple):
    """An element whose numbers an endpoint is about, with the endpoints that name it."""

    element: str
    label: str
    unit: str
    endpoints: tuple[Endpoint, ...]

    @property
    def rests_on(self) -> tuple[RestsOn, ...]:
        """Where the endpoints come from."""
        return rests_on(*((f"{one.level} endpoint: {one.label}", one) for one in self.endpoints))


class Measure(NamedTuple):
    """A value of one participant.

    Args:
        day: when it was measured, as far as it is known.
        days: from the first dose, negative before it; None where the day is not known exactly.
        encounter: the visit it was recorded at; empty outside of visits.
        value: in the unit of the element; None where there is no exact number in it.
        why: why there is none.
        after_dose: whether it counts as measured after the first dose.
        baseline: whether it is the baseline.
        derived: computed from other values of that day.
    """

    day: Day
    days: int | None
    encounter: str
    value: float | None
    why: str
    after_dose: bool
    baseline: bool
    derived: bool


class Course(NamedTuple):
    """The values of one participant in the order of days."""

    participant: str
    level: int | None
    label: str
    measures: tuple[Measure, ...]

    @property
    def baseline(self) -> Measure | None:
        """The last value before the first dose; None if there is none."""
        return next((one for one in self.measures if one.baseline), None)

    @property
    def later(self) -> tuple[Measure, ...]:
        """The values after the first dose."""
        return tuple(one for one in self.measures if one.after_dose)


class Responses(NamedTuple):
    """The courses of an element of everybody dosed, those without any value too."""

    of: EndpointElement
    courses: tuple[Course, ...]


def endpoint_elements(study: Study) -> tuple[EndpointElement, ...]:
    """Give the elements of the endpoints that are numbers, in the protocol's order."""
    named = dict.fromkeys(name for one in study.endpoints for name in one.elements)
    return tuple(
        EndpointElement(
            name,
            study.elements[name].label,
            study.elements[name].unit,
            tuple(one for one in study.endpoints if name in one.elements),
        )
        for name in named
        if _numeric(study.elements[name])
    )


def _numeric(element: Element) -> bool:
    return element.kind == "measurement" and bool(element.unit or element.derived)


def responses(state: State, of: EndpointElement) -> Responses:
    """Give the values of an element of everybody dosed, in the order of first doses."""
    return Responses(
        of,
        tuple(
            Course(one.id, one.level, level_label(state, one.level), _measures(state, one, of))
            for one in dosed(state)
        ),
    )


def _measures(state: State, participant: Participant, of: EndpointElement) -> tuple[Measure, ...]:
    dose = first_dose(state, participant)
    study = state.governing("elements", participant)
    if dose is None or of.element not in study.elements:
        return ()
    anchors = anchors_of(state, participant, study) or {}
    zero = day_of(state, dose)
    s = Situation(study, facts_of(state, participant), anchors, zero)
    facts = sorted(everything(s, of.element), key=lambda one: (one.start, position_of(one)))
    before = [one for one in facts if one.value is not None and not _after(state, one, dose)]
    base = baseline(before)
    return tuple(_measure(state, s, one, of.unit, dose, one is base) for one in facts)


def _measure(
    state: State, s: Situation, fact: Fact, unit: str, dose: DoseAdministered, base: bool
) -> Measure:
    value, why = _number(s, fact, unit)
    days = (fact.start.first - day_of(state, dose)).days if fact.start.exact else None
    return Measure(
        fact.start,
        days,
        _encounter(state, fact),
        value,
        why,
        _after(state, fact, dose),
        base,
        fact.derived,
    )


def _number(s: Situation, fact: Fact, unit: str) -> tuple[float | None, str]:
    """Give a fact's number in a unit, or why there is none."""
    if fact.value is None:
        return None, str(not_computed(s, fact)[1]) if fact.derived else "not a number"
    if fact.bound:
        return None, "known only as a bound"
    analyte = s.study.elements[fact.element].analyte or None
    value = convert_for(analyte, fact.value, fact.unit, unit)
    return value, "" if value is not None else f"cannot be converted from {fact.unit or 'no unit'}"


def _after(state: State, fact: Fact, dose: DoseAdministered) -> bool:
    """Whether a value was measured after the first dose; a derived one, if any input was."""
    return any(measured_after(state, one, dose) for one in _recorded(fact))


def _recorded(fact: Fact) -> Iterator[Fact]:
    """Give the recorded facts that a fact rests on: itself, or its inputs' all the way down."""
    if not fact.derived:
        yield fact
    for source in fact.sources:
        yield from _recorded(source)


def _encounter(state: State, fact: Fact) -> str:
    named = (getattr(state.events[position_of(one)], "encounter", None) for one in _recorded(fact))
    return next((one for one in named if one), "")
