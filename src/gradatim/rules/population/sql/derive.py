"""Derived elements computed in the engine, from other facts of the same day (`rules/derive.py`)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from gradatim.clinical.formulas import AGE, SEXES, Input, formula
from gradatim.clinical.units import convert_for
from gradatim.core.dates import ANY_DAY
from gradatim.core.errors import Defect
from gradatim.core.expression import Expression, inputs
from gradatim.core.quantity import RELATIVE_TOLERANCE
from gradatim.evidence.relation import Key, Meaning, Relation, Stream
from gradatim.protocol.elements import Derived, Element
from gradatim.rules.population.sql.portable import int64, real, rounded_down
from gradatim.rules.population.sql.records import (
    ColumnValue,
    TableStep,
    case_when,
    column,
    dimension,
    has,
    joined,
    joint_stream,
    why_unsettled,
)
from gradatim.rules.population.states import JUDGEMENT, NO_RECORD, PARTIAL, UNIT

_Number = Any
"""A column of doubles, NULL where there is no value; of `sex`, a text."""
_DAY = ["person", "start", "start_last"]
_COLUMN_TYPES = {
    "key": pa.int64(),
    "unit": pa.int64(),
    "factor": pa.float64(),
    "offset": pa.float64(),
    "converts": pa.bool_(),
}
_KEY = 1


@dataclass(frozen=True)
class Deriver:
    """Computes the derived elements of a population.

    Args:
        relation: the population; its words and units hold those of every result.
        elements: the elements by name.
        step: materialises what was computed.
    """

    relation: Relation
    elements: Mapping[str, Element]
    step: TableStep
    _days: dict[tuple[tuple[str, str, str], ...], ir.Table] = field(default_factory=dict)

    def stream(self, name: str) -> Stream | None:
        """Give the computed facts of an element, one for each complete day and combination.

        `failed` is the state of a day that has every input and yet no result; else 0.
        """
        rule = self.elements[name].derived
        if rule is None:
            return None
        # Formulas of the same inputs, such as several of the eGFR, share the days that have them.
        asked = tuple(
            (given, source, _unit_wanted(rule, given, self.elements[source]))
            for given, source in rule.inputs.items()
        )
        if asked not in self._days:
            parts = [self._input(*one) for one in asked]
            if any(part is None for part in parts):
                return None
            table = self._complete([part for part in parts if part is not None])
            self._days[asked] = self.step(self._with_person(table))
        return self._computed(name, rule, self._days[asked])

    # --- inputs -----------------------------------------------------------------------------------

    def _input(self, given: str, source: str, unit: str) -> ir.Table | None:
        """Give the days of an input with its number `x_<given>`, or why it has none."""
        recorded = self._recorded(source, unit)
        computed = self._converted(source, unit)
        if recorded is not None and computed is not None:
            days = recorded.select(_DAY).distinct()
            others = computed.anti_join(days, _DAY)
            found: ir.Table | None = ibis.union(recorded, others, distinct=False)
        else:
            found = computed if recorded is None else recorded
        return None if found is None else found.rename({f"x_{given}": "x", f"bad_{given}": "bad"})

    def _recorded(self, source: str, unit: str) -> ir.Table | None:
        stream = joint_stream(self.relation, source)
        if stream is None:
            return None
        rows = [
            {"key": key, "unit": n, **_conversion(self.elements[source], have, unit)}
            for key, _ in stream.keys_of(source)
            for n, have in enumerate(self.relation.units)
        ]
        on = ("key", "unit") if stream.has("unit") else ("key",)
        rows = rows if stream.has("unit") else [row for row in rows if row["unit"] == 0]
        table = joined(stream, dimension(rows, _COLUMN_TYPES), on)
        if has(table, "unreadable"):
            table = table.filter(~table["unreadable"])
        return _as_input(
            table,
            column(table, "value"),
            table["ask_factor"],
            table["ask_offset"],
            table["ask_converts"],
        )

    def _converted(self, source: str, unit: str) -> ir.Table | None:
        """Give an input that is itself derived."""
        stream = self.stream(source)
        if stream is None:
            return None
        rule = self.elements[source].derived
        assert rule is not None, source
        found = _conversion(self.elements[source], _unit_of(rule, self.elements[source]), unit)
        return _as_input(
            stream.table,
            stream.table["value"],
            real(found["factor"]),
            real(found["offset"]),
            ibis.literal(found["converts"]),
        )

    @staticmethod
    def _complete(parts: list[ir.Table]) -> ir.Table:
        table = parts[0]
        for part in parts[1:]:
            table = table.inner_join(part, _DAY)
        return table

    # --- results ----------------------------------------------------------------------------------

    def _with_person(self, table: ir.Table) -> ir.Table:
        """Add the sex, and the age in completed years where it is known exactly."""
        persons = self.relation.persons.select("person", "birth_first", "birth_last", "sex")
        table = table.inner_join(persons, "person")
        ages = [
            _years(table[born], table[at])
            for born in ("birth_first", "birth_last")
            for at in ("start", "start_last")
        ]
        known = (ages[0] == ages[1]) & (ages[0] == ages[2]) & (ages[0] == ages[3])
        age = ibis.ifelse(known, ages[0].cast("float64"), ibis.null("float64"))
        return table.mutate(age=age)

    def _computed(self, name: str, rule: Derived, table: ir.Table) -> Stream:
        element = self.elements[name]
        given: dict[str, _Number] = {key: table[f"x_{key}"] for key in rule.inputs}
        tree = formula(rule.formula).expression if rule.formula else rule.expression or 0
        words = words_of(tree)
        result = compiled(
            tree, {**given, "age": table["age"], "sex": table["sex"]}, self.relation.words
        )
        usable = _usable(rule, given, table)
        table = table.mutate(result=ibis.ifelse(usable, result, ibis.null(result.type())))
        failed = ibis.ifelse(table["result"].isnull(), _why(rule, tree, table), 0)
        number = table["result"].cast("float64")
        nothing = ibis.null("float64")
        columns = {
            "person": table["person"],
            "key": int64(_KEY),
            "start": table["start"],
            "start_last": table["start_last"],
            "value": nothing if words else number,
            "unit": int64(self.relation.units.index("" if words else _unit_of(rule, element))),
            "word": table["result"].fill_null(0).cast("int64") if words else int64(0),
            "derived": ibis.literal(True),
            "failed": failed.cast("int64"),
        }
        key = Key((Meaning(name),), frozenset((name,)))
        return Stream(f"computed {name}", self.step(table.select(**columns)), {_KEY: key})


def prepared(relation: Relation, elements: Mapping[str, Element]) -> Relation:
    """Let the words and units of a relation hold those of every derived element."""
    words, units = list(relation.words), list(relation.units)
    for element in elements.values():
        if element.derived:
            tree = (
                formula(element.derived.formula).expression
                if element.derived.formula
                else element.derived.expression or 0
            )
            words += [one for one in words_of(tree) if one not in words]
            unit = _unit_of(element.derived, element)
            units += [unit] if unit not in units else []
    units += [""] if "" not in units else []
    return replace(relation, words=tuple(words), units=tuple(units))


def _unit_wanted(rule: Derived, given: str, source: Element) -> str:
    if rule.formula:
        return formula(rule.formula).inputs[given].unit
    return rule.units.get(given, source.unit)


def _unit_of(rule: Derived, element: Element) -> str:
    return formula(rule.formula).unit if rule.formula else element.unit


def _conversion(source: Element, have: str, want: str) -> dict[str, Any]:
    zero, one = (convert_for(source.analyte or None, x, have, want) for x in (0.0, 1.0))
    if zero is None or one is None:
        return {"factor": 1.0, "offset": 0.0, "converts": False}
    return {"factor": one - zero, "offset": zero, "converts": True}


def _as_input(
    table: ir.Table,
    value: ColumnValue,
    factor: ColumnValue,
    offset: ColumnValue,
    converts: ColumnValue,
) -> ir.Table:
    """Give day, number and fault of each record of an input."""
    bound = column(table, "bound") > 0 if has(table, "bound") else ibis.literal(False)
    number = value.isnull() | bound
    usable = ~number & converts
    failed = (
        [(column(table, "failed") > 0, column(table, "failed"))] if has(table, "failed") else []
    )
    failed += why_unsettled(table)
    bad = case_when(
        [*failed, (number, ibis.literal(JUDGEMENT)), (~converts, ibis.literal(UNIT))],
        ibis.literal(0),
    )
    x = ibis.ifelse(usable, value * factor + offset, ibis.null("float64"))
    return table.select(
        "person",
        start=table["start"],
        start_last=column(table, "start_last"),
        x=x,
        bad=bad.cast("int64"),
    )


def _years(birth: ColumnValue, at: ColumnValue) -> ColumnValue:
    """Give completed years: dates as numbers such as 20261116 tell them."""
    numbers = [day.year() * 10_000 + day.month() * 100 + day.day() for day in (at, birth)]
    return rounded_down((numbers[0] - numbers[1]) / 10_000.0)


def _usable(rule: Derived, given: Mapping[str, _Number], table: ir.Table) -> ColumnValue:
    """Say whether a formula's inputs lie within the instrument's scale."""
    if not rule.formula:
        return ibis.literal(True)
    known = formula(rule.formula)
    limits = [(given[name], item) for name, item in known.inputs.items()]
    found = [_within(x, item) for x, item in limits]
    if "age" in known.implicit:
        found.append(_within(table["age"], AGE))
    if "sex" in known.implicit:
        found.append(table["sex"].isin(SEXES))
    return ibis.and_(*found).fill_null(False)


def _within(x: ColumnValue, item: Input) -> ColumnValue:
    found = x.abs() < 1e300
    for limit, sign in ((item.minimum, 1), (item.maximum, -1)):
        if limit is not None:
            slack = RELATIVE_TOLERANCE * ibis.greatest(x.abs(), real(abs(limit)))
            found = found & ((x - limit) * sign >= -slack)
    return found


def _why(rule: Derived, tree: Expression, table: ir.Table) -> ColumnValue:
    """Say why there is no result (`not_computed`)."""
    cases = [(table[f"bad_{key}"] > 0, table[f"bad_{key}"]) for key in rule.inputs]
    needed = formula(rule.formula).implicit if rule.formula else tuple(inputs(tree))
    if "age" in needed:
        nobody = (table["birth_first"] == ANY_DAY.first) & (table["birth_last"] == ANY_DAY.last)
        cases += [
            (table["age"].isnull() & nobody, ibis.literal(NO_RECORD)),
            (table["age"].isnull(), ibis.literal(PARTIAL)),
        ]
    if "sex" in needed:
        cases.append((table["sex"] == "", ibis.literal(NO_RECORD)))
    return case_when(cases, ibis.literal(JUDGEMENT)).cast("int64")


# --- expression trees (`core/expression.py`) compiled to an engine's columns ---------------------

_LARGEST = 1e300


def words_of(tree: Expression) -> list[str]:
    """Give the words a tree can result in; none if it results in a number."""
    if isinstance(tree, Mapping) and "bands" in tree:
        spec = tree["bands"]
        return [spec["below"], *(band["is"] for band in spec["steps"])]
    return []


def compiled(tree: Expression, given: Mapping[str, _Number], words: Sequence[str]) -> _Number:
    """Compile a tree.

    Args:
        tree: the expression.
        given: a column for each input.
        words: the words that have numbers; `bands` results in such a number.

    Returns:
        A column; NULL where an input is missing or the arithmetic has no real result.
    """
    if isinstance(tree, Mapping) and "bands" in tree:
        return _band(tree["bands"], _compiled(tree["bands"]["of"], given), words)
    number = _compiled(tree, given)
    return ibis.ifelse(number.abs() < _LARGEST, number, ibis.null("float64"))


def _compiled(tree: Expression, given: Mapping[str, _Number]) -> _Number:
    if isinstance(tree, str):
        return given[tree]
    if not isinstance(tree, Mapping):
        return real(float(tree))
    operator, argument = next(iter(tree.items()))
    if operator == "choose":
        return _choice(argument, given)
    parts = argument if isinstance(argument, list) else [argument]
    if operator == "power":
        return _power(_compiled(parts[0], given), parts[1], _compiled(parts[1], given))
    if operator in ("min", "max"):
        return _extreme(
            operator,
            [_compiled(part, given) for part in parts],
            [isinstance(part, int | float) for part in parts],
        )
    if operator not in _OPERATORS:
        raise Defect(f"a population cannot compute {operator!r} within a formula")
    return _OPERATORS[operator](*(_compiled(part, given) for part in parts))


def _choice(spec: Mapping[str, Any], given: Mapping[str, _Number]) -> _Number:
    if spec["by"] != "sex":
        raise Defect(f"a population cannot choose by {spec['by']!r}: only by sex")
    cases = [
        (given["sex"] == name, _compiled(branch, given)) for name, branch in spec["among"].items()
    ]
    return ibis.cases(*cases, else_=ibis.null("float64"))


def _band(spec: Mapping[str, Any], value: _Number, words: Sequence[str]) -> _Number:
    """Give the number of the band's word; NULL without a value."""
    cases = []
    for band in reversed(spec["steps"]):
        limit = float(band["from"])
        slack = RELATIVE_TOLERANCE * ibis.greatest(value.abs(), real(abs(limit)))
        cases.append((value >= limit - slack, ibis.literal(words.index(band["is"]))))
    found = ibis.cases(*cases, else_=ibis.literal(words.index(spec["below"])))
    return ibis.ifelse(value.isnull(), ibis.null("int64"), found.cast("int64"))


def _power(base: _Number, written: Expression, exponent: _Number) -> _Number:
    """Raise to a power; the usual exponents are constants, of which it is known what they bear."""
    none = ibis.null("float64")
    if isinstance(written, int | float) and float(written).is_integer():
        return (base if written >= 0 else base.nullif(0.0)) ** exponent
    if isinstance(written, int | float):
        return ibis.ifelse(base > 0, base, none) ** exponent
    whole = exponent == exponent.floor()
    possible = (base > 0) | ((base < 0) & whole) | ((base == 0) & (exponent >= 0))
    return ibis.ifelse(possible, base, none) ** exponent


def _extreme(operator: str, numbers: Sequence[_Number], constant: Sequence[bool]) -> _Number:
    """Give the least or greatest, NULL where any is: the engines pass over NULL."""
    found = (ibis.least if operator == "min" else ibis.greatest)(*numbers)
    checked = [one.isnull() for one, fixed in zip(numbers, constant, strict=True) if not fixed]
    if not checked:
        return found
    return ibis.ifelse(reduce(lambda a, b: a | b, checked), ibis.null("float64"), found)


def _quotient(a: _Number, b: _Number) -> _Number:
    return a / b.nullif(0.0)


_OPERATORS: dict[str, Callable[..., _Number]] = {
    "add": lambda *xs: reduce(lambda a, b: a + b, xs),
    "subtract": lambda a, b: a - b,
    "multiply": lambda *xs: reduce(lambda a, b: a * b, xs),
    "divide": _quotient,
    "ln": lambda x: ibis.ifelse(x > 0, x, ibis.null("float64")).ln(),
    "sqrt": lambda x: ibis.ifelse(x >= 0, x, ibis.null("float64")).sqrt(),
}
