"""Which key a row has: its concept, or, where that says nothing, what its source wrote.

The source is looked at only for rows without a concept (of a warehouse without a vocabulary: of an
unknown one), and only if any of what it wrote there means something.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import ibis
import pyarrow as pa

from gradatim.evidence.relation import FIRST_DAY, LAST_DAY
from gradatim.evidence.sources.omop import columns
from gradatim.evidence.sources.omop.columns import chosen
from gradatim.evidence.sources.omop.concepts import Concepts, Meanings
from gradatim.evidence.sources.omop.options import Warehouse
from gradatim.evidence.sources.omop.tables import Source

if TYPE_CHECKING:
    from ibis.expr import types as ir


MOST_LISTED = 500
"""Longer lists of concepts are not written into the query beside being joined."""
KEY, SINCE = "gradatim_key", "gradatim_since"
LISTED = ("said", KEY, SINCE)
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
        told = [one for one in self._told(days) if one.said]
        rows = own = self.table.filter(ibis.or_(*(one.where for one in told)))
        keys, sinces = [], []
        for n, one in enumerate(told):
            listed = _listed(one, days).rename({f"{name}_{n}": name for name in LISTED})
            rows = rows.left_join(listed, one.column == listed[f"said_{n}"])
            keys.append(rows[f"{KEY}_{n}"])
            sinces.append((keys[-1].notnull(), rows[f"{SINCE}_{n}"]))
        found = {KEY: ibis.coalesce(*keys), SINCE: chosen(sinces, ibis.null("date"))}
        return rows.select(*own.columns, **found).filter(ibis._[SINCE].notnull())

    def _told(self, days: Mapping[int, Days]) -> "Iterator[_Told]":
        """Give the columns by which rows are chosen, first those that go before the others."""
        t, source = self.table, self.source
        concept, plain = columns.whole(t, source.concept), columns.plain(t, source.concept)
        given = {*self.used, *self.written}
        if concept is not None and plain is not None:
            said = {key: [key] for key in days if key not in given}
            yield _Told(concept, said, pa.int64(), _in(plain, said))
        unsettled = _unsettled(plain, source, self.concepts)
        for column, some, kind in (
            (columns.whole(t, source.source_concept), self.used, pa.int64()),
            (columns.text(t, source.source_value), self.written, pa.string()),
        ):
            if column is not None and any(key in days for key in given):
                yield _Told(column, some, kind, unsettled & _in(column, some))


class _Told(NamedTuple):
    """A column that tells the key of a row.

    Args:
        column: the column.
        said: for each key what the column says.
        kind: the type of that.
        where: in which rows it may say so.
    """

    column: "ir.Value"
    said: Mapping[int, Iterable[Any]]
    kind: "pa.DataType"
    where: "ir.BooleanValue"


def _in(column: "ir.Value", said: Mapping[int, Collection[Any]]) -> "ir.BooleanValue":
    """Say of which rows a column may tell a key; of a long list, which is joined, of all."""
    some = sorted({one for every in said.values() for one in every})
    return column.isin(some) if len(some) <= MOST_LISTED else column.notnull()


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


def _listed(told: _Told, days: Mapping[int, Days]) -> "ir.Table":
    """Give `said`, the key that it stands for, and since when its rows matter: NULL for never."""
    rows = [(one, key, days[key][0] if key in days else None)
            for key, some in told.said.items() for one in some]  # fmt: skip
    types = dict(zip(LISTED, (told.kind, pa.int64(), pa.date32()), strict=True))
    columns = zip(types.items(), zip(*rows, strict=True), strict=True)
    return ibis.memtable(pa.table({name: pa.array(some, of) for (name, of), some in columns}))


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
