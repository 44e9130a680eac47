"""Derived elements: computed from other facts of the same day where nothing was reported."""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import islice, product

from gradatim.clinical.formulas import formula
from gradatim.clinical.units import convert_for
from gradatim.core.dates import ANY_DAY, Day, completed_years
from gradatim.core.expression import Value, calculate, inputs
from gradatim.core.message import Label, Measure, Text
from gradatim.core.verdict import Reason
from gradatim.evidence.facts import Fact
from gradatim.protocol.elements import Derived, Element
from gradatim.rules.context import Situation
from gradatim.rules.messages import Clause, Why
from gradatim.rules.value_selection import unsettled_reading

Inputs = Mapping[str, list[Fact]]
MOST_COMBINATIONS = 64
"""Several values of one input on one day give one result each, up to this many."""


def derived(s: Situation, element: str, since: date = date.min) -> list[Fact]:
    """Give the facts of an element that can be derived on days from `since` on.

    A day that has every input and yet no result gives a fact without a value: it is not passed over
    for an older one.
    """
    rule = s.study.elements[element].derived
    if rule is None:
        return []
    found: list[Fact] = []
    for day, given in _complete_days(s, element, rule):
        if day.last >= since:
            if (element, day) not in s.derived:
                s.derived[element, day] = tuple(_derive(s, element, rule, day, given))
            found += s.derived[element, day]
    return found


def missing_inputs(s: Situation, element: str) -> list[Label]:
    """Return the labels of the inputs of which there is no record at all."""
    rule = s.study.elements[element].derived
    names = rule.inputs.values() if rule else ()
    return [Label(s.study.elements[name].label, name) for name in names if not everything(s, name)]


def everything(s: Situation, element: str) -> list[Fact]:
    """Give recorded facts of an element, and derived ones of days on which none was recorded."""
    recorded = s.facts.of(element)
    days = {fact.start for fact in recorded}
    return [*recorded, *(fact for fact in derived(s, element) if fact.start not in days)]


def _complete_days(s: Situation, name: str, rule: Derived) -> list[tuple[Day, Inputs]]:
    """Give the days that have every input, with the facts of each input."""
    if name not in s.complete_days:
        by_day: dict[Day, dict[str, list[Fact]]] = {}
        for given, source in rule.inputs.items():
            for fact in everything(s, source):
                by_day.setdefault(fact.start, {}).setdefault(given, []).append(fact)
        complete = [(day, of) for day, of in by_day.items() if len(of) == len(rule.inputs)]
        s.complete_days[name] = sorted(complete, key=lambda item: item[0])
    return s.complete_days[name]


def _derive(s: Situation, name: str, rule: Derived, day: Day, given: Inputs) -> Iterable[Fact]:
    for facts in islice(product(*given.values()), MOST_COMBINATIONS):
        yield _compute(s, name, rule, day, dict(zip(given, facts, strict=True)))


def _compute(s: Situation, name: str, rule: Derived, day: Day, chosen: Mapping[str, Fact]) -> Fact:
    element = s.study.elements[name]
    given: dict[str, Value | None] = {"age": _age(s, day), "sex": s.facts.sex or None}
    for key, fact in chosen.items():
        given[key] = _input(s, rule, key, fact)
    result = _result(rule, given)
    number = result if isinstance(result, float) else None
    return Fact(
        name,
        " + ".join(fact.id for fact in chosen.values()),
        day,
        day,
        number,
        _unit(rule, element) if number is not None else "",
        code=result if isinstance(result, str) else "",
        derived=True,
        sources=tuple(chosen.values()),
    )


def _result(rule: Derived, given: Mapping[str, Value | None]) -> Value | None:
    if rule.formula:
        return formula(rule.formula).calculate(given).value
    return calculate(rule.expression or 0, given)


def _unit(rule: Derived, element: Element) -> str:
    return formula(rule.formula).unit if rule.formula else element.unit


def _input(s: Situation, rule: Derived, key: str, fact: Fact) -> Value | None:
    """Give an input's value in the unit the formula wants; a bound is no value to compute with."""
    if fact.value is None or fact.bound:
        return None
    source = s.study.elements[fact.element]
    unit = rule.units.get(key, source.unit)
    if rule.formula:
        unit = formula(rule.formula).inputs[key].unit
    return convert_for(source.analyte or None, fact.value, fact.unit, unit)


def _age(s: Situation, day: Day) -> float | None:
    years = {completed_years(birth, at) for birth in s.facts.birth for at in _dates(day)}
    return float(years.pop()) if len(years) == 1 else None


def _dates(day: Day) -> tuple[date, ...]:
    return (day.first,) if day.exact else tuple(day)


def not_computed(s: Situation, fact: Fact) -> tuple[Reason, Text]:
    """Return why a derived fact has no value."""
    rule = s.study.elements[fact.element].derived
    assert rule is not None, fact
    for key, source in zip(rule.inputs, fact.sources, strict=True):
        if _input(s, rule, key, source) is None:
            return _not_used(s, source)
    needed = formula(rule.formula).implicit if rule.formula else [*inputs(rule.expression or 0)]
    if "age" in needed and _age(s, fact.start) is None:
        if s.facts.birth_conflict:
            return Reason.CONFLICT, s.facts.birth_conflict
        if s.facts.birth == ANY_DAY:
            return Reason.NO_RECORD, Clause.NO_BIRTH()
        return Reason.PARTIAL_DATE, Why.AGE_NOT_EXACT(day=fact.start)
    if "sex" in needed and not s.facts.sex:
        return Reason.NO_RECORD, Why.NO_SEX()
    return Reason.JUDGEMENT, Why.NO_RESULT()


def _not_used(s: Situation, source: Fact) -> tuple[Reason, Text]:
    if source.derived and source.value is None:
        return not_computed(s, source)
    if source.unsettled:
        return source.unsettled, unsettled_reading(s.study.elements[source.element], source).message
    label = Label(s.study.elements[source.element].label, source.element)
    if source.value is None or source.bound:
        return Reason.JUDGEMENT, Why.NOT_EXACT(label=label)
    if not source.unit:
        return Reason.UNIT_MISMATCH, Why.NO_UNIT(label=label)
    return Reason.UNIT_MISMATCH, Why.UNIT(label=label, unit=Measure(source.unit))
