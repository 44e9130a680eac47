"""Which key a row has: its concept, or, where that says nothing, what its source wrote.

The source is looked at only for rows without a concept (of a warehouse without a vocabulary: of an
unknown one), and only if any of what it wrote there means something.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import ibis
import pyarrow as pa

from gradatim.evidence.relation import FIRST_DAY, LAST_DAY
from gradatim.evidence.sources.omop import columns
from gradatim.evidence.sources.omop.columns import chosen, one_of
from gradatim.evidence.sources.omop.concepts import Concepts, Meanings
from gradatim.evidence.sources.omop.options import Warehouse
from gradatim.evidence.sources.omop.tables import Source

if TYPE_CHECKING:
    from ibis.expr import types as ir


MOST_LISTED = 500
"""Longer lists of concepts are joined as a table instead of being written into the query."""
KEY, SINCE = "gradatim_key", "gradatim_since"
Days = tuple[date, date]
ALWAYS: Days = (FIRST_DAY, LAST_DAY)


class Scope(NamedTuple):
    """Which rows of a table mean something, and what.

    Args:
        source: the table.
        table: its rows.
        concepts: what concepts mean.
        meanings: what each key means; the keys that a source gave are below zero.
        used: of keys that a source gave, the concepts that it used for them.
        written: likewise, the texts that it wrote.
    """

    source: Source
    table: "ir.Table"
    concepts: Concepts
    meanings: Mapping[int, Meanings]
    used: Mapping[int, list[int]]
    written: Mapping[int, list[str]]

    def rows(self, days: Mapping[int, Days]) -> "ir.Table":
        """Give the rows of some keys, with `gradatim_key` and, by key, `gradatim_since`.

        Nearly every row of a warehouse is about something else. So rows are chosen first, by a
        plain column, and all else is computed of those that are left.

        Args:
            days: of each key wanted, the days of which its rows matter.
        """
        concept = columns.whole(self.table, self.source.concept)
        plain = columns.plain(self.table, self.source.concept)
        known = {key: one for key, one in days.items() if key not in self._given}
        parts = []
        if concept is not None and known:
            parts.append(self._of_concepts(concept, known))
        given = {key: one for key, one in days.items() if key in self._given}
        if given:
            parts.append(self._written(plain, given))
        if not parts:
            return _since(self.table.mutate(**{KEY: ibis.literal(0, "int64")}).limit(0), {})
        return ibis.union(*parts, distinct=False) if len(parts) > 1 else parts[0]

    def _of_concepts(self, concept: "ir.Value", days: Mapping[int, Days]) -> "ir.Table":
        """Choose the rows of some concepts."""
        if len(days) <= MOST_LISTED:
            plain = columns.plain(self.table, self.source.concept)
            assert plain is not None
            return _since(
                self.table.filter(plain.isin(sorted(days))).mutate(**{KEY: concept}), days
            )
        listed, table = _listed(days), self.table.mutate(**{KEY: concept})
        rows = table.inner_join(listed, table[KEY] == listed["known"])
        return rows.select(*table.columns, **{SINCE: rows["since"]})

    @property
    def _given(self) -> set[int]:
        return {*self.used, *self.written}

    def _written(self, concept: "ir.Value | None", days: Mapping[int, Days]) -> "ir.Table":
        """Choose the rows of which the concept says nothing and the source enough."""
        t = self.table
        branches, kept = [], []
        for column, found in (
            (columns.whole(t, self.source.source_concept), self.used),
            (columns.text(t, self.source.source_value), self.written),
        ):
            for number, values in found.items():
                assert column is not None
                branches.append((one_of(column, values), ibis.literal(number, "int64")))
                if number in days:
                    kept.append(one_of(column, values))
        key = chosen(branches, ibis.literal(0, "int64")).cast("int64")
        rows = t.filter(_unsettled(concept, self.source, self.concepts),
                        ibis.or_(*kept).fill_null(False)).mutate(**{KEY: key})  # fmt: skip
        return _since(rows.filter(rows[KEY].isin(sorted(days))), days)


def scope(warehouse: Warehouse, source: Source, concepts: Concepts) -> Scope | None:
    """Look up what a table's rows can mean; None if there is no such table, or nothing asked for.

    The one thing executed is a look-up of what the source wrote where no concept says anything.
    """
    table = warehouse.table(source.name)
    if table is None:
        return None
    known = concepts.in_table(source)
    concept = columns.plain(table, source.concept)
    by_concept, by_text = _resolved(warehouse, table, concept, source, concepts)
    numbers: dict[Meanings, int] = {}
    for found in (by_concept, by_text):
        for meanings in found:
            numbers.setdefault(meanings, -1 - len(numbers))
    meant = (known if concept is not None else {}) | {n: found for found, n in numbers.items()}
    if not meant:
        return None
    return Scope(source, table, concepts, meant,
                 {numbers[meanings]: ids for meanings, ids in by_concept.items()},
                 {numbers[meanings]: texts for meanings, texts in by_text.items()})  # fmt: skip


def _since(table: "ir.Table", days: Mapping[int, Days]) -> "ir.Table":
    """Add from when on rows of a key matter."""
    by_day: dict[date, list[int]] = {}
    for key, (since, _) in days.items():
        by_day.setdefault(since, []).append(key)
    if not by_day:
        return table.mutate(**{SINCE: columns.a_day(FIRST_DAY)})
    most = max(by_day, key=lambda day: len(by_day[day]))
    others = [(one_of(table[KEY], keys), columns.a_day(day))
              for day, keys in by_day.items() if day != most]  # fmt: skip
    return table.mutate(**{SINCE: chosen(others, columns.a_day(most))})


def _listed(days: Mapping[int, Days]) -> "ir.Table":
    keys = sorted(days)
    return ibis.memtable(pa.table({
        "known": pa.array(keys, pa.int64()),
        "since": pa.array([days[key][0] for key in keys], pa.date32())}))  # fmt: skip


def touching(rows: "ir.Table", days: Mapping[int, Days], start: "ir.Value", end: "ir.Value"
             ) -> "ir.Value | None":  # fmt: skip
    """Say whether rows may touch the days of which those of their key matter; None if all may.

    Args:
        rows: as `Scope.rows` gives them.
        days: as it was given.
        start: the first day it may have begun.
        end: the last day it may have ended.
    """
    found = []
    if (until := max((one[1] for one in days.values()), default=LAST_DAY)) < LAST_DAY:
        found.append(start <= columns.a_day(until))
    if any(one[0] > FIRST_DAY for one in days.values()):
        found.append(end >= rows[SINCE])
    return ibis.and_(*found) if found else None


def wanted(meanings: Mapping[int, Meanings], days: Mapping[str, Days] | None,
           dated: Collection[str]) -> dict[int, Days]:  # fmt: skip
    """Give the keys that are wanted, each with the days of which its rows matter.

    Args:
        meanings: what each key means.
        days: of each element wanted, its days; None if every row of every element is.
        dated: elements of which no more is asked than what rows of these days say.
    """
    known: dict[Meanings, Days | None] = {}
    for some in set(meanings.values()):
        names = {one.element for one in some if days is None or one.element in days}
        spans = [days[name] if days is not None and name in dated else ALWAYS for name in names]
        known[some] = (min(s[0] for s in spans), max(s[1] for s in spans)) if spans else None
    return {key: found for key, some in meanings.items() if (found := known[some]) is not None}


def _unsettled(concept: "ir.Value | None", source: Source, concepts: Concepts) -> "ir.Value":
    known = concepts.in_table(source)
    if concept is None:
        return ibis.literal(True)
    if concepts.vocabulary or not known:
        return concept.isnull() | (concept == 0)
    return concept.isnull() | ~concept.isin(sorted(known))


def _resolved(warehouse: Warehouse, table: "ir.Table", concept: "ir.Value | None", source: Source,
              concepts: Concepts
              ) -> "tuple[dict[Meanings, list[int]], dict[Meanings, list[str]]]":  # fmt: skip
    """Look up what sources wrote, as concepts and as text, and give what of it means something."""
    used, written = (columns.whole(table, source.source_concept),
                     columns.text(table, source.source_value))  # fmt: skip
    given = {name: column for name, column in (("used", used), ("written", written))
             if column is not None}  # fmt: skip
    by_concept: dict[Meanings, set[int]] = defaultdict(set)
    by_text: dict[Meanings, set[str]] = defaultdict(set)
    if given:
        unsettled = table.filter(_unsettled(concept, source, concepts))
        for row in warehouse.fetch(unsettled.select(**given).distinct()).to_pylist():
            one, text = row.get("used"), row.get("written")
            if one and (meanings := concepts.of(source, one)):
                by_concept[meanings].add(one)
            elif text and (meanings := concepts.resolve(source, text)):
                by_text[meanings].add(text)
    return ({meanings: sorted(some) for meanings, some in by_concept.items()},
            {meanings: sorted(some) for meanings, some in by_text.items()})  # fmt: skip
