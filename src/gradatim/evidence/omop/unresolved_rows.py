"""Rows of a table that are not understood: which elements they may be of, for all that is known.

What is told of a row is worked out once for everything that occurs, by `Concepts.may_be`, and
joined with the rows.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import ibis
import pyarrow as pa

from gradatim.evidence.omop import columns
from gradatim.evidence.omop.concept_occurrence import SourceWords, value_of
from gradatim.evidence.omop.concepts import Concepts
from gradatim.evidence.omop.keys import MOST_LISTED, or_none, table_of, unsettled_rows
from gradatim.evidence.omop.options import Warehouse
from gradatim.evidence.omop.people import person_of
from gradatim.evidence.omop.tables import VALUES, SourceTable

if TYPE_CHECKING:
    from ibis.expr import types as ir

TOLD = ("concept", "used", "written", "result")
"""What tells of a row what it may be of; 0 and empty for what is not there."""


class Unclear(NamedTuple):
    """Which rows of a table may be of elements that they are not known to lie outside of.

    Args:
        source: the table.
        table: its rows.
        concepts: what concepts mean.
        keys: the elements that each key stands for.
        by_concept: the key of the concepts that tell no more.
        by_pair: likewise of concepts with their values; None where nothing is open.
        by_source: the key of what sources gave where the concept tells nothing; None where nothing
            is open.
        otherwise: the key of the other rows whose concept tells nothing.
    """

    source: SourceTable
    table: "ir.Table"
    concepts: Concepts
    keys: Mapping[int, frozenset[str]]
    by_concept: Mapping[int, int]
    by_pair: Mapping[tuple[int, int], int | None]
    by_source: Mapping[SourceWords, int | None]
    otherwise: int | None

    def rows(self) -> "ir.Table":
        """Return `person` and `key` of these rows, each once."""
        return self._coded().select("person", "key").distinct()

    def codes(self) -> "ir.Table":
        """Count these `rows` and the `people` who have them, by `key` and what tells it (`TOLD`).

        What a source wrote is told where there is no concept at all.
        """
        found = self._coded()
        nothing = (found["concept"] == 0) & (found["used"] == 0)
        found = found.mutate(written=ibis.ifelse(nothing, found["written"], ""))
        return found.group_by("key", *TOLD).aggregate(
            rows=found.count(), people=found["person"].nunique()
        )

    def _coded(self) -> "ir.Table":
        """Return `person`, `key`, and what tells it."""
        t, source = self.table, self.source
        open_ = unsettled_rows(t, source, self.concepts)
        t = t.filter(open_ | self._listed(t))
        rows = t.select(
            person=person_of(t),
            open=unsettled_rows(t, source, self.concepts),
            concept=or_none(columns.whole(t, source.concept), 0),
            used=or_none(columns.whole(t, source.source_concept), 0),
            written=or_none(columns.text(t, source.source_value), ""),
            result=or_none(value_of(t, source), 0),
        )
        rows, key = self._settled(rows)
        rows, given = self._by_source(rows)
        found = rows.select("person", *TOLD, key=ibis.ifelse(rows["open"], given, key))
        return found.filter(found["key"].notnull())

    def _listed(self, t: "ir.Table") -> "ir.BooleanValue":
        """Say of which rows the concept, alone or with its value, tells what they may be of."""
        concept, value = columns.stored_whole(t, self.source.concept), value_of(t, self.source)
        pairs = [pair for pair, key in self.by_pair.items() if key is not None]
        found = ibis.literal(False)
        if concept is None:
            return found
        if self.by_concept:
            found = found | _is_one(concept, self.by_concept)
        if pairs and value is not None:
            of_pairs = _is_one(concept, {one for one, _ in pairs})
            found = found | (of_pairs & _is_one(value, {one for _, one in pairs}))
        return found

    def _settled(self, rows: "ir.Table") -> "tuple[ir.Table, ir.Value]":
        """Join the keys of concepts, and of concepts with their values."""
        by_concept = table_of(
            {"concept_": pa.int64(), "of_concept": pa.int64()},
            list(self.by_concept.items()) or [(-1, None)],
        )
        rows = rows.left_join(by_concept, rows["concept"] == by_concept["concept_"])
        if not self.by_pair:
            return rows, rows["of_concept"]
        by_pair = table_of(
            {
                "pair_concept": pa.int64(),
                "pair_value": pa.int64(),
                "of_pair": pa.int64(),
                "paired": pa.bool_(),
            },
            [(*pair, key, True) for pair, key in self.by_pair.items()],
        )
        rows = rows.left_join(
            by_pair,
            [rows["concept"] == by_pair["pair_concept"], rows["result"] == by_pair["pair_value"]],
        )
        return rows, ibis.ifelse(rows["paired"].notnull(), rows["of_pair"], rows["of_concept"])

    def _by_source(self, rows: "ir.Table") -> "tuple[ir.Table, ir.Value]":
        """Join the keys of what sources gave."""
        otherwise = (
            ibis.null("int64")
            if self.otherwise is None
            else ibis.literal(self.otherwise).cast("int64")
        )
        told = [
            (one.concept or 0, one.used or 0, one.written or "", one.value or 0, key, True)
            for one, key in self.by_source.items()
        ]
        if not told:
            return rows, otherwise
        types = {
            "given_concept": pa.int64(),
            "given_used": pa.int64(),
            "given_written": pa.string(),
            "given_result": pa.int64(),
            "of_source": pa.int64(),
            "told": pa.bool_(),
        }
        by_source = table_of(types, told)
        same = [rows[name] == by_source[f"given_{name}"] for name in TOLD]
        rows = rows.left_join(by_source, same)
        return rows, ibis.ifelse(rows["told"].notnull(), rows["of_source"], otherwise)


def _is_one(column: "ir.Value", listed: "Mapping[int, int] | set[int]") -> "ir.BooleanValue":
    """Say whether a column holds one of some concepts; perhaps, where these are many."""
    if len(listed) > MOST_LISTED:
        return column.notnull()
    return column.isin(sorted(listed)).fill_null(False)


def unclear(warehouse: Warehouse, source: SourceTable, concepts: Concepts) -> Unclear | None:
    """Find out which rows are not understood; None where there are none.

    Args:
        warehouse: the open warehouse.
        source: the table.
        concepts: what concepts mean.
    """
    table, understood = warehouse.table(source.name), concepts.understood
    if table is None or (source not in understood.elements and source not in VALUES):
        return None
    numbers: dict[frozenset[str], int] = {}

    def key_of_some(names: frozenset[str]) -> int | None:
        return numbers.setdefault(names, len(numbers)) if names else None

    given = concepts.given.get(source, {})
    names = concepts.may_be(source, None, None, None) if given else frozenset()
    otherwise = key_of_some(names)
    by_source = {one: key_of_some(concepts.may_be(source, *one)) for one in sorted(given, key=str)}
    listed = sorted({*understood.unplaced, *understood.statuses.speaks})
    by_concept = {
        id: key
        for id in listed
        if id not in concepts.silent | concepts.alone
        and (key := key_of_some(concepts.may_be(source, id, None, None))) is not None
    }
    by_pair = {}
    if source in VALUES:
        by_pair = {
            pair: key_of_some(concepts.may_be(source, pair[0], None, None, pair[1]))
            for pair in sorted(understood.statuses.seen.get(source, ()))
            if pair[0] not in concepts.silent and pair[0]
        }
    if not numbers:
        return None
    return Unclear(
        source,
        table,
        concepts,
        {key: names for names, key in numbers.items()},
        by_concept,
        by_pair,
        {one: key for one, key in by_source.items() if key != otherwise},
        otherwise,
    )
