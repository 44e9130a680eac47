"""Derived elements in CQL: computed from other values of the same day, by a formula."""

from collections.abc import Mapping
from typing import Any

from gradatim.clinical.formulas import Formula, formula
from gradatim.core.expression import Expression
from gradatim.core.expression import inputs as inputs_of
from gradatim.exports.cql.elements import RecordedElements
from gradatim.exports.cql.library import CannotExpress, decimal, name, string
from gradatim.exports.cql.units import converted
from gradatim.protocol.elements import Derived

_SEX = "Patient.gender.value"
_JOINED = {"add": " + ", "subtract": " - ", "multiply": " * ", "divide": " / "}
_CALLED = {"min": "Min({{ {} }})", "max": "Max({{ {} }})", "power": "Power({})", "ln": "Ln({})"}


def computed(element: str, of: RecordedElements) -> str | None:
    """Define the computed values of an element; None if it is not derived.

    Raises:
        CannotExpress: an input is itself derived, or an operator has no counterpart.
    """
    rule = of.study.elements[element].derived
    if rule is None:
        return None
    if any(of.study.elements[one].derived for one in rule.inputs.values()):
        raise CannotExpress(f"{element} is computed from computed values")
    label = of.study.elements[element].label
    return of.library.define(f"{label} computed", _query(rule, element, of))


def _query(rule: Derived, element: str, of: RecordedElements) -> str:
    """Combine all values of one day, as many ways as there are."""
    rows = {key: f"V{n}" for n, key in enumerate(rule.inputs, 1)}
    values = [of.values(one) for one in rule.inputs.values()]
    lets = [f"{name(key)}: {_input(rule, key, rows[key], of)}" for key in rule.inputs]
    known = formula(rule.formula) if rule.formula else None
    tree = known.expression if known else rule.expression or 0
    lets += _implicit(tree, of)
    result = _sure(known, tree)
    words = isinstance(tree, Mapping) and "bands" in tree
    unit = known.unit if known else of.study.elements[element].unit
    value, word = ("null as Decimal", result) if words else (result, "null as String")
    made = (
        f"return all Tuple {{ first: V1.first, last: V1.last,\n"
        f"    value: {value}, unit: {string(unit)}, bound: '',\n    word: {word} }}"
    )
    let = ",\n    ".join(lets)
    if len(values) == 1:
        return f"{values[0]} V1\n  let {let}\n  {made}"
    others = ",\n    ".join(
        f"({one} O where O.first = V1.first and O.last = V1.last) V{n}"
        for n, one in enumerate(values[1:], 2)
    )
    inner = f"from ({{ V1 }}) W, {others}\n  let {let}\n  {made}"
    return f"flatten (\n  {values[0]} V1 return all (\n  {inner}))"


def _input(rule: Derived, key: str, row: str, of: RecordedElements) -> str:
    """Write an input in the formula's unit; a bound is no value to compute with."""
    source = of.study.elements[rule.inputs[key]]
    unit = rule.units.get(key, source.unit)
    if rule.formula:
        unit = formula(rule.formula).inputs[key].unit
    amount = converted(of.library, source.analyte, unit, f"{row}.value", f"{row}.unit")
    return f"if {row}.bound = '' then {amount} else null"


def _implicit(tree: Expression, of: RecordedElements) -> list[str]:
    """Write the age on the day of the values; null if it is not known exactly."""
    if "age" not in set(inputs_of(tree)):
        return []
    years, first, last = map(of.library.function, ("Completed years", "Born first", "Born last"))
    return [
        f"youngest: {years}({last}(), V1.first)",
        f"oldest: {years}({first}(), V1.last)",
        '"age": if youngest = oldest then ToDecimal(oldest) else null',
    ]


def _sure(known: Formula | None, tree: Expression) -> str:
    """Write the result, or null where an input is missing or lies off the instrument's scale."""
    written = _written(tree)
    tests = [f"{name(key)} is null" for key in dict.fromkeys(inputs_of(tree)) if key != "sex"]
    for key, one in (known.inputs if known else {}).items():
        if one.minimum is not None:
            tests.append(f"{name(key)} < {decimal(one.minimum)}")
        if one.maximum is not None:
            tests.append(f"{name(key)} > {decimal(one.maximum)}")
    return f"if {' or '.join(tests)} then null\n      else {written}"


def _written(tree: Expression) -> str:
    if isinstance(tree, str):
        return name(tree)
    if not isinstance(tree, Mapping):
        return decimal(float(tree)) if tree >= 0 else f"(-{decimal(-float(tree))})"
    operator, argument = next(iter(tree.items()))
    if operator == "choose":
        return _choice(argument)
    if operator == "bands":
        return _bands(argument)
    parts = [_written(part) for part in (argument if isinstance(argument, list) else [argument])]
    if operator in _JOINED:
        return f"({_JOINED[operator].join(parts)})"
    if operator == "sqrt":
        return f"Power({parts[0]}, 0.5)"
    if operator not in _CALLED:
        raise CannotExpress(f"the operator {operator} of a formula")
    return _CALLED[operator].format(", ".join(parts))


def _choice(argument: Mapping[str, Any]) -> str:
    by = _SEX if argument["by"] == "sex" else name(argument["by"])
    cases = " ".join(
        f"when {string(key)} then {_written(part)}" for key, part in argument["among"].items()
    )
    return f"(case {by} {cases} else null end)"


def _bands(argument: Mapping[str, Any]) -> str:
    of = _written(argument["of"])
    cases = " ".join(
        f"when {of} >= {decimal(step['from'])} then {string(step['is'])}"
        for step in reversed(argument["steps"])
    )
    return f"(case {cases} else {string(argument['below'])} end)"
