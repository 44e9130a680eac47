"""Looks up what occurs in the tables of records: concepts, values, and what their sources gave."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import ibis

from gradatim.evidence.omop import columns
from gradatim.evidence.omop.options import Warehouse
from gradatim.evidence.omop.tables import SOURCES, VALUES, SourceTable

if TYPE_CHECKING:
    from ibis.expr import types as ir

    Look = Callable[[ir.Table, SourceTable], "ir.Table | None"]


VALUE = "value_as_concept_id"
"""The column of a value that is a concept."""


class SourceWords(NamedTuple):
    """What a source gave of a record whose concept does not tell what it means.

    Args:
        concept: its concept; None for none.
        used: the concept that the source itself used, if any.
        written: what the source wrote, if anything.
        value: its value as a concept, of a table of values.
    """

    concept: int | None
    used: int | None
    written: str | None
    value: int | None


def concepts_in(warehouse: Warehouse) -> dict[SourceTable, frozenset[int]]:
    """Look up the concepts that the records of each table have."""
    found: dict[SourceTable, set[int]] = defaultdict(set)
    for source, id, _ in _of_all(warehouse, _concepts):
        if id:
            found[source].add(id)
    return {source: frozenset(some) for source, some in found.items()}


def pairs_in(
    warehouse: Warehouse, wanted: Mapping[SourceTable, frozenset[int] | None]
) -> dict[SourceTable, frozenset[tuple[int, int]]]:
    """Look up the values, as concepts, with the concepts (0 for none) of which they are values.

    Args:
        warehouse: the open warehouse.
        wanted: the tables, each with the concepts that are looked at; None for all.
    """

    def pairs(table: "ir.Table", source: SourceTable) -> "ir.Table | None":
        value, concept = value_of(table, source), columns.whole(table, source.concept)
        if value is None or concept is None or source not in wanted:
            return None
        here = value != 0
        if (some := wanted[source]) is not None:
            here = here & concept.isin(sorted(some)) if some else ibis.literal(False)
        return table.filter(here).select(concept=concept.fill_null(0), value=value)

    found: dict[SourceTable, set[tuple[int, int]]] = defaultdict(set)
    for source, concept, value, _ in _of_all(warehouse, pairs):
        found[source].add((concept, value))
    return {source: frozenset(some) for source, some in found.items()}


def given_in(
    warehouse: Warehouse, unsettled: "Mapping[SourceTable, ir.BooleanValue]"
) -> dict[SourceTable, dict[SourceWords, int]]:
    """Count what sources gave of records whose concepts do not tell what they mean.

    Args:
        warehouse: the open warehouse.
        unsettled: of each table, which rows those are.
    """

    def given(table: "ir.Table", source: SourceTable) -> "ir.Table | None":
        if source not in unsettled:
            return None
        found = {
            "concept": columns.whole(table, source.concept),
            "used": columns.whole(table, source.source_concept),
            "written": columns.text(table, source.source_value),
            "value": value_of(table, source),
        }
        told = {
            name: ibis.null("string" if name == "written" else "int64")
            if column is None
            else column
            for name, column in found.items()
        }
        return table.filter(unsettled[source]).select(**told)

    found: dict[SourceTable, Counter[SourceWords]] = defaultdict(Counter)
    for source, concept, used, written, value, rows in _of_all(warehouse, given):
        one = SourceWords(concept or None, used or None, written or None, value or None)
        found[source][one] += rows
    return {source: dict(some) for source, some in found.items()}


def value_of(table: "ir.Table", source: SourceTable) -> "ir.Value | None":
    """Return the column of values as concepts; None of a table that has none."""
    return columns.whole(table, VALUE) if source in VALUES else None


def _concepts(table: "ir.Table", source: SourceTable) -> "ir.Table | None":
    concept = columns.whole(table, source.concept)
    return None if concept is None else table.select(id=concept)


def _of_all(warehouse: Warehouse, look: "Look") -> Iterator[tuple[Any, ...]]:
    """Look up what occurs in all tables at once: the table, what it is, in how many rows."""
    parts = []
    for n, source in enumerate(SOURCES):
        table = warehouse.table(source.name)
        found = None if table is None else look(table, source)
        if found is not None:
            counted = found.group_by(*found.columns).aggregate(rows=found.count())
            parts.append(counted.mutate(table=ibis.literal(n, "int64")))
    if not parts:
        return
    union = ibis.union(*parts, distinct=False) if len(parts) > 1 else parts[0]
    fetched = warehouse.fetch(union).to_pydict()
    tables = fetched.pop("table")
    for n, row in zip(tables, zip(*fetched.values(), strict=True), strict=True):
        yield SOURCES[n], *row
