"""Every laboratory value and vital sign of a participant, graded by CTCAE, with its baseline.

The baseline of an element is its last value before the first dose. On the day of the dose a value
before it is told by its time; one without a time counts as measured after. A grade stands
beside its rule, its arithmetic and the version of the scale; what numbers cannot settle keeps every
grade that it could be.
"""

from bisect import bisect_left
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from gradatim.clinical.ctcae.grade import (
    Grade,
    GradingContext,
    MeasuredValue,
    analyte_of_loinc,
    grade,
)
from gradatim.conduct.corrections import signings
from gradatim.conduct.days import day_of
from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.events.findings import ClinicalSignificanceSigned
from gradatim.conduct.events.product import DoseAdministered
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import entries_of, first_dose, first_dose_on
from gradatim.conduct.views.facts import facts_of, position_of
from gradatim.core.quantity import convert
from gradatim.evidence.facts import Fact
from gradatim.protocol.elements import Element

AT_BASELINE = GradingContext(at_baseline=True)


class Graded(NamedTuple):
    """One value with the grade of one term.

    Args:
        element: the protocol's element.
        fact: the value.
        grade: its grade.
        baseline: the grade of the baseline by the same term; None if it is the baseline itself or
            comes before it, or if there is none.
        after_dose: whether it was measured after the first dose.
        by_numbers: the worst grade that the numbers alone allow. Symptoms, bleeding and treatment,
            which raise a grade too, are reported as adverse events.
    """

    element: str
    fact: Fact
    grade: Grade
    baseline: Grade | None
    after_dose: bool
    by_numbers: int

    @property
    def position(self) -> int:
        """The entry that holds the value."""
        return position_of(self.fact)


def grades(state: State, participant: Participant) -> tuple[Graded, ...]:
    """Give every graded value of a participant, in the order of elements and days."""
    return participant.remembered("grades", lambda: _grades(state, participant))


def _grades(state: State, participant: Participant) -> tuple[Graded, ...]:
    if not state.versions:
        return ()
    elements = state.governing("elements", participant).elements
    dose = first_dose(state, participant)
    found: list[Graded] = []
    for name, facts in facts_of(state, participant).by_element.items():
        element = elements.get(name)
        analyte = analyte_of(element) if element else None
        if analyte is not None:
            after = frozenset(one.id for one in facts if dose and measured_after(state, one, dose))
            found += _of_element(name, analyte, facts, after if dose else None)
    return tuple(found)


def measured_after(state: State, fact: Fact, dose: DoseAdministered) -> bool:
    """Whether a value was taken after a dose; of one known to the day only, on its day or later."""
    taken: datetime | None = getattr(state.events[position_of(fact)], "taken_at", None)
    if taken is not None:
        return taken > dose.started_at
    return fact.start.last >= day_of(state, dose)


def analyte_of(element: Element) -> str | None:
    """Give the analyte by which an element's values are graded, found by its LOINC codes."""
    loinc = [group.codes for group in element.codes if group.system == "loinc"]
    return _analyte(tuple(code for codes in loinc for code in codes))


@lru_cache(maxsize=512)
def _analyte(codes: tuple[str, ...]) -> str | None:
    return next((found for code in codes if (found := analyte_of_loinc(code))), None)


def _of_element(
    name: str, analyte: str, facts: tuple[Fact, ...], after: frozenset[str] | None
) -> list[Graded]:
    numbers = [one for one in facts if one.value is not None]
    base = None if after is None else baseline([one for one in numbers if one.id not in after])
    before = () if base is None else grade(analyte, _value_of(base), AT_BASELINE)
    since = GradingContext(baseline=_value_of(base) if base else None)
    known: dict[
        tuple[MeasuredValue, bool], list[tuple[Grade, int]]
    ] = {}  # the same value, the same grade
    found = []
    for fact in numbers:
        later = after is not None and fact.id in after
        value = _value_of(fact)
        if (value, later) not in known:
            known[value, later] = _judged(analyte, value, since if later else AT_BASELINE)
        for i, (one, worst) in enumerate(known[value, later]):
            was = before[i] if before and later else None
            found.append(Graded(name, fact, one, was, later, worst))
    return found


def _judged(analyte: str, value: MeasuredValue, given: GradingContext) -> list[tuple[Grade, int]]:
    """Grade a value by each term, each with the worst grade that its number alone allows."""
    graded = grade(analyte, value, given)
    if given.at_baseline:
        return [(one, max(one.possible, default=0)) for one in graded]
    return [
        (one, _worst(bare))
        for one, bare in zip(graded, _without_signs(analyte, value, given, graded), strict=True)
    ]


def _without_signs(
    analyte: str, value: MeasuredValue, given: GradingContext, graded: tuple[Grade, ...]
) -> tuple[Grade, ...]:
    """Grade without signs; what is settled whether or not there are any stays as it is."""
    if all(one.grade is not None for one in graded):
        return graded
    bare = given._replace(symptomatic=False, bleeding=False, life_threatening=False)
    return grade(analyte, value, bare)


def _worst(one: Grade) -> int:
    """Give the worst grade; where only a clinician could tell more, what is certain."""
    return (min if one.needs_observation else max)(one.possible, default=0)


def baseline(before: list[Fact]) -> Fact | None:
    """Give the last of the values before the first dose; None if there is none.

    Source: CDISC ADaM Implementation Guide 1.3, section 3.3.8 (the last non-missing value before
    the first dose).
    """
    return max(before, key=lambda one: (one.start.last, position_of(one)), default=None)


def grade_value(
    state: State, participant: Participant, element: str, analyte: str, value: MeasuredValue
) -> tuple[Grade, ...]:
    """Return the grades of a value that is not recorded yet, by each term.

    It is graded against its limits and, after the first dose, the participant's baseline.

    Raises:
        UnusableInput: its unit cannot be converted.
    """
    return tuple(grade(analyte, value, _given_now(state, participant, element)))


def _given_now(state: State, participant: Participant, element: str) -> GradingContext:
    first = first_dose_on(state, participant)
    if first is None:
        return AT_BASELINE
    before = [
        fact
        for fact in facts_of(state, participant).of(element)
        if fact.value is not None and fact.start.first <= first
    ]
    base = baseline(before)
    return GradingContext(baseline=_value_of(base) if base else None)


def _value_of(fact: Fact) -> MeasuredValue:
    """Give a fact's value as grading takes it, with its limits in its own unit."""
    low = fact.low and convert(fact.low.value, fact.low.unit, fact.unit)
    high = fact.high and convert(fact.high.value, fact.high.unit, fact.unit)
    return MeasuredValue(fact.value, fact.unit, fact.bound, low, high)


def abnormal(one: Graded) -> bool:
    """Whether a value has a grade above 0, or may have: an investigator signs what it means."""
    return max(one.grade.possible, default=0) > 0


def unsigned(state: State, participant: Participant) -> list[Graded]:
    """Return the abnormal results whose clinical significance no investigator has signed.

    A judgement is of the value that was judged: of one corrected since it is to be signed anew.
    """
    signed = {
        (event.of, event.element)
        for position, event in entries_of(state, participant, ClinicalSignificanceSigned)
        if _judged_as_it_stands(state, position, event)
    }
    return [
        one
        for one in grades(state, participant)
        if abnormal(one) and (one.position, one.element) not in signed
    ]


def _judged_as_it_stands(state: State, position: int, event: ClinicalSignificanceSigned) -> bool:
    """Whether the value that was judged is the one that stands."""
    corrections = state.corrected_by.get(event.of)
    if not corrections:
        return True
    found = signings(state, position)
    signed_at = found[-1].entry if found else position
    versions = [*state.earlier[event.of], state.events[event.of]]
    then = versions[bisect_left(corrections, signed_at)]
    return _value(then, event.element) == _value(versions[-1], event.element)


def _value(entry: Event, element: str) -> list[Measured]:
    results: tuple[Measured, ...] = getattr(entry, "results", ())
    return [one for one in results if one.element == element]


def worsened(one: Graded) -> bool:
    """Whether a grade after the first dose is, or may be, worse than that of the baseline.

    Without a baseline it may be whatever it is now.
    """
    if not one.after_dose:
        return False
    best_before = min(one.baseline.possible, default=0) if one.baseline else 0
    return one.by_numbers > best_before
