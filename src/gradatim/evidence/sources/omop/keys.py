"""Which key a row has: its concept, or, where that says nothing, what its source wrote.

The source is looked at only for rows without a concept (of a warehouse without a vocabulary: of an
unknown one), and only if any of what it wrote there means something.
"""

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import ibis
import pyarrow as pa

from gradatim.evidence.sources.omop import columns
from gradatim.evidence.sources.omop.columns import chosen, one_of
from gradatim.evidence.sources.omop.concepts import Concepts, Meanings
from gradatim.evidence.sources.omop.options import Warehouse
from gradatim.evidence.sources.omop.tables import Source

if TYPE_CHECKING:
    from ibis.expr import types as ir


MOST_LISTED = 500
"""Longer lists of concepts are joined as a table instead of being written into the query."""
KEY = "gradatim_key"


class Keyed(NamedTuple):
    """The rows of a table that mean something.

    Args:
        table: these rows, with their key.
        key: the key (int64); those that the source gave are below zero.
        meanings: what each key means.
    """

    table: "ir.Table"
    key: "ir.Value"
    meanings: dict[int, Meanings]


def keyed(warehouse: Warehouse, table: "ir.Table", source: Source, concepts: Concepts) -> Keyed:
    """Give the rows of a table that mean something, with their keys.

    Nearly every row of a warehouse is about something else. So rows are chosen first, by a plain
    column, and all else is computed of those that are left.
    """
    known = concepts.in_table(source)
    concept = columns.whole(table, source.concept)
    parts = []
    if concept is not None and known:
        parts.append(_of_concepts(table.mutate(**{KEY: concept}), sorted(known)))
    written, given = _written(warehouse, table, source, concepts, concept)
    if written is not None:
        parts.append(written)
    if not parts:
        parts, known = [table.mutate(**{KEY: ibis.literal(0, "int64")}).limit(0)], {}
    rows = ibis.union(*parts, distinct=False) if len(parts) > 1 else parts[0]
    return Keyed(rows, rows[KEY], known | given)


def _of_concepts(table: "ir.Table", known: list[int]) -> "ir.Table":
    """Choose the rows of some concepts."""
    if len(known) <= MOST_LISTED:
        return table.filter(table[KEY].isin(known))
    listed = ibis.memtable(pa.table({"known": pa.array(known, pa.int64())}))
    return table.semi_join(listed, table[KEY] == listed["known"])


def _written(warehouse: Warehouse, table: "ir.Table", source: Source, concepts: Concepts,
             concept: "ir.Value | None") -> "tuple[ir.Table | None, dict[int, Meanings]]":  # fmt: skip
    """Choose the rows without a concept (or without a known one) of which the source said enough."""
    known = concepts.in_table(source)
    unsettled = ibis.literal(True) if concept is None else concept.isnull() | (concept == 0)
    if concept is not None and not concepts.vocabulary and known:
        unsettled = concept.isnull() | ~concept.isin(sorted(known))
    used, written = columns.whole(table, source.source_concept), columns.text(
        table, source.source_value)  # fmt: skip
    by_concept, by_text = _resolved(warehouse, table.filter(unsettled), source, concepts, used,
                                    written)  # fmt: skip
    numbers: dict[Meanings, int] = {}
    branches, kept = [], []
    for column, found in ((used, by_concept), (written, by_text)):
        for meanings, values in found.items():
            assert column is not None
            number = numbers.setdefault(meanings, -1 - len(numbers))
            branches.append((one_of(column, values), ibis.literal(number, "int64")))
            kept.append(one_of(column, values))
    if not branches:
        return None, {}
    key = chosen(branches, ibis.literal(0, "int64")).cast("int64")
    rows = table.filter(unsettled, ibis.or_(*kept).fill_null(False)).mutate(**{KEY: key})
    return rows, {number: found for found, number in numbers.items()}


_Found = dict[Meanings, list[int]] | dict[Meanings, list[str]]


def _resolved(warehouse: Warehouse, unsettled: "ir.Table", source: Source, concepts: Concepts,
              used: "ir.Value | None", written: "ir.Value | None") -> tuple[_Found, _Found]:  # fmt: skip
    """Look up what sources wrote, as concepts and as text, and give what of it means something."""
    given = {name: column for name, column in (("used", used), ("written", written))
             if column is not None}  # fmt: skip
    by_concept: dict[Meanings, set[int]] = defaultdict(set)
    by_text: dict[Meanings, set[str]] = defaultdict(set)
    if given:
        for row in warehouse.fetch(unsettled.select(**given).distinct()).to_pylist():
            one, text = row.get("used"), row.get("written")
            if one and (meanings := concepts.of(source, one)):
                by_concept[meanings].add(one)
            elif text and (meanings := concepts.resolve(source, text)):
                by_text[meanings].add(text)
    return ({meanings: sorted(some) for meanings, some in by_concept.items()},
            {meanings: sorted(some) for meanings, some in by_text.items()})  # fmt: skip
