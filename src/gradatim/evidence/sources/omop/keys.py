"""Which key a row has: its concept, or, where that says nothing, what its source wrote.

The source is looked at only for rows without a concept (of a warehouse without a vocabulary: of an
unknown one), and only if any of what it wrote there means something.
"""

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import ibis

from gradatim.evidence.sources.omop import columns
from gradatim.evidence.sources.omop.columns import chosen, one_of
from gradatim.evidence.sources.omop.concepts import Concepts, Meanings
from gradatim.evidence.sources.omop.options import Warehouse
from gradatim.evidence.sources.omop.tables import Source

if TYPE_CHECKING:
    from ibis.expr import types as ir


class Keyed(NamedTuple):
    """The key of a table's rows as an expression (int64), and what each key means."""

    key: "ir.Value"
    meanings: dict[int, Meanings]


def keyed(warehouse: Warehouse, table: "ir.Table", source: Source, concepts: Concepts) -> Keyed:
    """Give the key of each row; those that its source gave are below zero."""
    known = concepts.in_table(source)
    concept = columns.whole(table, source.concept)
    if concept is None:
        concept = ibis.literal(0, "int64")
    unsettled = concept.isnull() | (concept == 0)
    if not concepts.vocabulary and known:
        unsettled = concept.isnull() | ~concept.isin(sorted(known))
    used, written = columns.whole(table, source.source_concept), columns.text(
        table, source.source_value)  # fmt: skip
    by_concept, by_text, where = _resolved(
        warehouse, table.filter(unsettled), source, concepts, concept, used, written
    )
    if not (by_concept or by_text):
        return Keyed(concept, known)
    numbers: dict[Meanings, int] = {}
    branches = []
    for column, found in ((used, by_concept), (written, by_text)):
        for meanings, values in found.items():
            assert column is not None
            number = numbers.setdefault(meanings, -1 - len(numbers))
            branches.append((one_of(column, values), ibis.literal(number, "int64")))
    here = concept.isnull() | one_of(concept, sorted(where | {0}))
    key = ibis.ifelse(here, chosen(branches, ibis.literal(0, "int64")), concept).cast("int64")
    return Keyed(key, known | {number: found for found, number in numbers.items()})


_Found = dict[Meanings, list[int]] | dict[Meanings, list[str]]


def _resolved(warehouse: Warehouse, unsettled: "ir.Table", source: Source, concepts: Concepts,
              concept: "ir.Value", used: "ir.Value | None", written: "ir.Value | None",
              ) -> tuple[_Found, _Found, set[int]]:  # fmt: skip
    """Look up what sources wrote, and give what of it means something; and under which concepts."""
    given = {name: column for name, column in (("used", used), ("written", written))
             if column is not None}  # fmt: skip
    by_concept: dict[Meanings, set[int]] = defaultdict(set)
    by_text: dict[Meanings, set[str]] = defaultdict(set)
    where: set[int] = set()
    if given:
        found = warehouse.fetch(unsettled.select(concept=concept, **given).distinct())
        for row in found.to_pylist():
            one, text = row.get("used"), row.get("written")
            if one and (meanings := concepts.of(source, one)):
                by_concept[meanings].add(one)
            elif text and (meanings := concepts.resolve(source, text)):
                by_text[meanings].add(text)
            else:
                continue
            where.add(row["concept"] or 0)
    return ({meanings: sorted(some) for meanings, some in by_concept.items()},
            {meanings: sorted(some) for meanings, some in by_text.items()}, where)  # fmt: skip
