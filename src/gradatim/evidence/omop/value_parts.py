"""The parts of a value as expressions: unit, word, bound, and whether it can be true."""

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa

from gradatim.clinical import omop
from gradatim.clinical.units import convert_for
from gradatim.evidence.omop import columns
from gradatim.evidence.omop.columns import case_when, one_of
from gradatim.evidence.omop.concepts import ANOTHER, Concepts, Meanings, word_of
from gradatim.evidence.omop.keys import MOST_LISTED, DateRange, Scope
from gradatim.evidence.omop.limits import Keyed
from gradatim.evidence.omop.numbers import Numbers
from gradatim.evidence.omop.options import Warehouse
from gradatim.evidence.omop.tables import SourceTable
from gradatim.evidence.relation import BOUNDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ibis.expr import types as ir

    from gradatim.protocol.elements import Element

ANOTHER_UNIT = "another unit"
"""Every unit that converts to none in which the protocol compares."""
KNOWN_WORDS = frozenset(
    {
        "positive",
        "negative",
        "borderline",
        "indeterminate",
        "inconclusive",
        "invalid",
        "true",
        "false",
    }
)
"""Results that mean the same to every protocol."""


def unit_of(
    warehouse: Warehouse,
    table: "ir.Table",
    wanted: dict[str, set[str]],
    concepts: Concepts,
    numbers: Numbers,
) -> "tuple[ir.Value, dict[int, str]]":
    """Give the number of the unit, by what occurs: concepts first, then units as written."""
    concept, written = (
        columns.whole(table, "unit_concept_id"),
        columns.text(table, "unit_source_value"),
    )
    concept = ibis.literal(0, "int64") if concept is None else concept
    by_concept: dict[str, list[int]] = defaultdict(list)
    by_text: dict[str, list[str]] = defaultdict(list)
    for id in _distinct(warehouse, table, concept):
        by_concept[known_unit(concepts.elements, concepts.unit(id, ""), wanted)].append(id)
    none = concept.isnull() | (concept == 0)
    if written is not None and wanted:
        here = table.filter(none)
        for text in _distinct(warehouse, here, written):
            if unit := concepts.unit(0, text):
                by_text[known_unit(concepts.elements, unit, wanted)].append(text)
    branches = [(one_of(concept, ids), numbers.of(unit)) for unit, ids in by_concept.items()]
    branches += [(none & one_of(written, some), numbers.of(unit)) for unit, some in by_text.items()]
    units = {numbers.of(unit): unit for unit in ("", *by_concept, *by_text)}
    return case_when(branches, 0).cast("int32"), units


def known_unit(elements: "Mapping[str, Element]", unit: str, wanted: dict[str, set[str]]) -> str:
    """Give the unit if it converts to one in which an element is compared."""
    for name, some in wanted.items():
        analyte = elements[name].analyte or None
        if any(convert_for(analyte, 1.0, unit, one) is not None for one in some):
            return unit
    return ANOTHER_UNIT


def _distinct(warehouse: Warehouse, table: "ir.Table", column: "ir.Value") -> list[Any]:
    """Look up the values of a column that say something."""
    found = warehouse.fetch(table.select(one=column).distinct())["one"].to_pylist()
    return sorted(one for one in found if one)


def word_of_row(
    warehouse: Warehouse,
    table: "ir.Table",
    source: SourceTable,
    value: "ir.Value",
    concepts: Concepts,
    numbers: Numbers,
) -> "ir.Value":
    """Give the number of the result or answer: the concept's, else of the text without a number."""
    concept, written = columns.whole(table, "value_as_concept_id"), columns.text(table, source.text)
    concept = ibis.literal(0, "int64") if concept is None else concept
    by_word: dict[str, list[int]] = {}
    for id in _distinct(warehouse, table, concept):
        by_word.setdefault(concepts.word(id, "", False), []).append(id)
    branches = [(one_of(concept, ids), numbers.of(word)) for word, ids in by_word.items()]
    if written is not None:
        alone = (concept.isnull() | (concept == 0)) & value.isnull() & written.notnull()
        by_text: dict[str, list[str]] = {}
        for text in _distinct(warehouse, table.filter(alone), written):
            by_text.setdefault(known_word(concepts, word_of(text)), []).append(text)
        branches += [
            (alone & one_of(written, some), numbers.of(word))
            for word, some in by_text.items()
            if word and word != ANOTHER
        ]
        if ANOTHER in by_text:
            blank = ["", *by_text.get("", [])]
            branches.append((alone & ~written.isin(blank), numbers.of(ANOTHER)))
    return case_when(branches, 0).cast("int32")


def known_word(concepts: Concepts, word: str) -> str:
    """Give a word that the protocol may ask about; ANOTHER for every other text."""
    known = word in concepts.words or word in KNOWN_WORDS or not word
    return word if known else ANOTHER


def bound_of(table: "ir.Table") -> "dict[str, ir.Value]":
    """Give the column of the bound, if the table has operators."""
    operator = columns.whole(table, "operator_concept_id")
    if operator is None:
        return {}
    branches = [
        (operator == id, BOUNDS.index(bound)) for id, bound in omop.OPERATOR_BOUNDS.items() if bound
    ]
    return {"bound": case_when(branches, 0).cast("int32")}


def plausible(
    row: Keyed, key: "ir.Value", value: "ir.Value", unit: "ir.Value", concepts: Concepts
) -> "ir.Value | None":
    """Give whether a value can be true, None where every value can.

    It cannot if it is outside what any element of its concept says is plausible.
    """
    by_element: dict[str, list[int]] = {}
    for k, some in row.meanings.items():
        for m in some:
            if concepts.elements[m.element].plausible is not None:
                by_element.setdefault(m.element, []).append(k)
    found = None
    for name, keys in by_element.items():
        element = concepts.elements[name]
        branches = []
        for number, text in row.units.items():
            factor = _factor(element.analyte, text, element.unit)
            if factor is not None and element.plausible is not None:
                there = factor(value)
                branches.append((unit == number, there.between(*element.plausible)))
        if branches:
            here = key.isin(sorted(keys)).fill_null(False) & value.notnull()
            fits = ibis.ifelse(here, case_when(branches, True), True).fill_null(True)
            found = fits if found is None else found & fits
    return found


def ranged(
    rows: "ir.Table", of: Scope, days: "Mapping[int, DateRange]"
) -> "tuple[ir.Table, list[tuple[ir.Value, ir.Value]]]":
    """Say of which rows it is plain that they have a value that can be true.

    It is, without any look-up, if every value of the concept can, or if the unit is a known concept
    and the value is well inside of what is plausible. NULL is no.

    Args:
        rows: rows of the table.
        of: the table.
        days: the concepts looked at, with the days of which their rows matter.

    Returns:
        The rows, with the plausible limits where they are needed, and conditions, the first that
        holds, each with the day since when rows of these concepts matter.
    """
    if columns.number(rows, "value_as_number") is None:
        return rows, []
    limited = {key: names for key in days if (names := _limited(of.meanings[key], of.concepts))}
    plain = [
        (key, id, *limits, days[key][0])
        for key, names in limited.items()
        if len(names) == 1
        for id, limits in _limits_by_unit(of.concepts, names[0]).items()
    ]
    sure: list[tuple[ir.Value, ir.Value]] = []
    if plain and columns.whole(rows, "unit_concept_id") is not None:
        rows, within = _within(rows, of.source, plain)
        sure.append((within, rows[_LIMITS[-1]]))
    free = sorted(set(days).difference(limited))
    concept, value = (
        columns.stored_whole(rows, of.source.concept),
        columns.number(rows, "value_as_number"),
    )
    if free and len(free) <= MOST_LISTED and concept is not None and value is not None:
        least = min(days[key][0] for key in free)
        sure.append((concept.isin(free) & value.notnull(), columns.a_day(least)))
    return rows, sure


def _within(
    rows: "ir.Table", source: SourceTable, limits: list[tuple[Any, ...]]
) -> "tuple[ir.Table, ir.Value]":
    """Join the limits of concepts and units, and say of which rows the value is within."""
    given = ibis.memtable(pa.table(dict(zip(_LIMITS, zip(*limits, strict=True), strict=True))))
    concept, unit = columns.whole(rows, source.concept), columns.whole(rows, "unit_concept_id")
    rows = rows.left_join(given, [concept == given[_LIMITS[0]], unit == given[_LIMITS[1]]])
    # The column as it is: infinity lies in no limits, and NaN is told apart (`columns.number`).
    number = rows["value_as_number"]
    within = number.between(rows[_LIMITS[2]], rows[_LIMITS[3]])
    return rows, within & ~number.isnan() if number.type().is_floating() else within


_LIMITS = ("limits_of", "limits_unit", "limits_low", "limits_high", "limits_since")


def _limited(meanings: Meanings, concepts: Concepts) -> list[str]:
    """Give the elements that say which values are plausible."""
    names = {m.element for m in meanings}
    return sorted(name for name in names if concepts.elements[name].plausible is not None)


_INSIDE = 1e-9
"""How far inside, of its size, a limit is taken, for what rounding does to converted ones."""


def _limits_by_unit(concepts: Concepts, name: str) -> "dict[int, tuple[float, float]]":
    """Give, for the concepts of common units, between which values any is plausible."""
    element = concepts.elements[name]
    assert element.plausible is not None
    found = {}
    for id in omop.units():
        unit = concepts.units.get(id, "")
        there = [
            convert_for(element.analyte or None, one, element.unit, unit)
            for one in element.plausible
        ]
        if unit and _factor(element.analyte, unit, element.unit) and None not in there:
            low, high = sorted(one for one in there if one is not None)
            found[id] = (low + abs(low) * _INSIDE, high - abs(high) * _INSIDE)
    return found


def _factor(analyte: str, unit: str, to: str) -> "Callable[[Any], Any] | None":
    """Give the conversion of a column from one unit to another; None if they do not compare."""
    if unit == to:
        return lambda value: value
    one, none = (convert_for(analyte or None, n, unit, to) for n in (1.0, 0.0))
    if one is None or none is None:
        return None
    return lambda value: value * one if none == 0 else value * (one - none) + none
