"""Which key a row has: its concept, or, where that says nothing, what its source wrote.

The source is looked at only for rows without a concept (of a warehouse without a vocabulary: of an
unknown one), and only if any of what it wrote there means something.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import ibis
import pyarrow as pa

from gradatim.evidence.omop import columns
from gradatim.evidence.omop.columns import case_when
from gradatim.evidence.omop.concept_occurrence import VALUE, value_of
from gradatim.evidence.omop.concepts import Concepts, Meanings
from gradatim.evidence.omop.options import Warehouse
from gradatim.evidence.omop.tables import VALUES, SourceTable
from gradatim.evidence.relation import FIRST_DAY, LAST_DAY

if TYPE_CHECKING:
    from ibis.expr import types as ir

    Narrowed = Callable[[ir.Table], ir.Table]

MOST_LISTED = 500
"""Longer lists of concepts are not written into the query beside being joined."""
KEY, SINCE = "gradatim_key", "gradatim_since"
LISTED = ("said", KEY, SINCE)
DateRange = tuple[date, date]
ALWAYS: DateRange = (FIRST_DAY, LAST_DAY)


class Scope(NamedTuple):
    """Which rows of a table mean something, and what.

    Args:
        source: the table.
        table: its rows.
        concepts: what concepts mean.
        meanings: what each key means; the keys that a source gave are below zero.
        used: of keys that a source gave, the concepts that it used for them.
        written: likewise, the texts that it wrote.
        paired: of keys that a concept has only with a value, the concepts and values; what their
            records say is what the key means.
    """

    source: SourceTable
    table: "ir.Table"
    concepts: Concepts
    meanings: Mapping[int, Meanings]
    used: Mapping[int, list[int]]
    written: Mapping[int, list[str]]
    paired: Mapping[int, list[tuple[int, int]]]

    def rows(
        self, days: Mapping[int, DateRange], narrowed: "Narrowed" = lambda rows: rows
    ) -> "ir.Table":
        """Give the rows of some keys, with `gradatim_key` and, by key, `gradatim_since`.

        Nearly every row of a warehouse is about something else. So rows are chosen first, by a
        plain column, and all else is computed of those that are left.

        Args:
            days: of each key wanted, the days of which its rows matter.
            narrowed: leaves out more of the rows that were chosen, before their keys are found.
        """
        paired, known, *given = self._told(days)
        groups = [[paired, known], given] if known.is_long else [[paired, known, *given]]
        told = [[one for one in some if one.said] for some in groups]
        parts = [self._of(some, days, narrowed) for some in told if some]
        return ibis.union(*parts, distinct=False) if len(parts) > 1 else parts[0]

    def _of(
        self, told: "list[_Told]", days: Mapping[int, DateRange], narrowed: "Narrowed"
    ) -> "ir.Table":
        """Choose rows in one scan, and join their keys."""
        t = self.table
        rows = narrowed(t.filter(ibis.or_(*(self._tells(t, one) for one in told))))
        how = "left" if len(told) > 1 else "inner"
        keys, sinces = [], []
        for n, one in enumerate(told):
            listed = _listed(one, days).rename({f"{name}_{n}": name for name in LISTED})
            rows = rows.join(listed, one.read(rows) == listed[f"said_{n}"], how=how)
            keys.append(rows[f"{KEY}_{n}"])
            sinces.append((keys[-1].notnull(), rows[f"{SINCE}_{n}"]))
        found = {KEY: ibis.coalesce(*keys), SINCE: case_when(sinces, ibis.null("date"))}
        return rows.select(*t.columns, **found).filter(ibis._[SINCE].notnull())

    def _told(self, days: Mapping[int, DateRange]) -> "list[_Told]":
        """Give the columns that tell keys; each goes before those that follow."""
        source = self.source
        some = any(key < 0 for key in days)
        pairs = {
            key: [_pair(*one) for one in told] for key, told in self.paired.items() if key in days
        }
        return [
            _Told(source.concept, pairs, PAIR),
            _Told(source.concept, {key: [key] for key in days if key >= 0}),
            _Told(source.source_concept, self.used if some else {}),
            _Told(source.source_value, self.written if some else {}, _TEXT),
        ]

    def _tells(self, rows: "ir.Table", told: "_Told") -> "ir.BooleanValue":
        """Say of which rows a column may tell a key: the source's only where no concept says it.

        Of a long list, which is joined, it may be all.
        """
        if told.kind == PAIR:
            return told.read(rows).isin(sorted(one for some in told.said.values() for one in some))
        column = told.plain(rows)
        assert column is not None
        listed = sorted({one for some in told.said.values() for one in some})
        one_of_them = column.notnull() if told.is_long else column.isin(listed)
        if told.name == self.source.concept:
            return one_of_them
        here = unsettled_rows(rows, self.source, self.concepts) & one_of_them
        concept = columns.stored_whole(rows, self.source.concept)
        if not self.concepts.alone or concept is None:
            return here
        alone = concept.isin(sorted(self.concepts.alone)).fill_null(False)
        whole = sorted(self.concepts.whole)
        told_all = column.isin(whole) if told.kind == CONCEPT and whole else ibis.literal(False)
        return here & (~alone | told_all)


CONCEPT, _TEXT, PAIR = "concept", "text", "pair"


class _Told(NamedTuple):
    """A column that tells the key of a row.

    Args:
        name: the column.
        said: for each key what the column says.
        kind: whether that is a concept, a text, or a concept with its value.
    """

    name: str
    said: Mapping[int, Collection[Any]]
    kind: str = CONCEPT

    def read(self, rows: "ir.Table") -> "ir.Value":
        """Give the column of some rows, to be joined."""
        column = (columns.text if self.kind == _TEXT else columns.whole)(rows, self.name)
        assert column is not None
        if self.kind != PAIR:
            return column
        return column.cast("string") + "=" + rows[VALUE].cast("int64").cast("string")

    def plain(self, rows: "ir.Table") -> "ir.Value | None":
        """Give it as it is, to choose rows by."""
        return (columns.text if self.kind == _TEXT else columns.stored_whole)(rows, self.name)

    @property
    def is_long(self) -> bool:
        """Whether it is better joined than written into the query."""
        return sum(map(len, self.said.values())) > MOST_LISTED


def _pair(concept: int, value: int) -> str:
    """Write a concept with its value."""
    return f"{concept}={value}"


def or_none(column: "ir.Value | None", none: Any) -> "ir.Value":
    """Return a column with a value for NULL; that value alone, if it is not there."""
    return ibis.literal(none) if column is None else column.fill_null(none)


def table_of(types: Mapping[str, pa.DataType], rows: list[tuple[Any, ...]]) -> "ir.Table":
    """Return rows as a table whose columns have these names and types."""
    columns = zip(types.items(), zip(*rows, strict=True), strict=True)
    return ibis.memtable(pa.table({name: pa.array(some, of) for (name, of), some in columns}))


def scope(warehouse: Warehouse, source: SourceTable, concepts: Concepts) -> Scope | None:
    """Find what a table's rows can mean; None if there is no such table, or nothing asked for."""
    table = warehouse.table(source.name)
    if table is None:
        return None
    has_concept = columns.whole(table, source.concept) is not None
    numbers: dict[tuple[bool, Meanings], int] = {}
    used = _numbered(numbers, _by_concept(source, concepts))
    written = _numbered(numbers, _by_text(source, concepts))
    paired = _numbered(numbers, _by_pair(source, concepts), of_pairs=True)
    known = concepts.in_table(source) if has_concept else {}
    meant = known | {number: meanings for (_, meanings), number in numbers.items()}
    return Scope(source, table, concepts, meant, used, written, paired) if meant else None


def _by_concept(source: SourceTable, concepts: Concepts) -> Iterator[tuple[int, Meanings]]:
    """Give what sources used that means something."""
    for used in {one.used for one in concepts.given.get(source, ())}:
        if used and (meanings := concepts.of(source, used)):
            yield used, meanings


def _by_text(source: SourceTable, concepts: Concepts) -> Iterator[tuple[str, Meanings]]:
    """Give what sources wrote that means something."""
    for written in {one.written for one in concepts.given.get(source, ())}:
        if written and (meanings := concepts.resolve(source, written)):
            yield written, meanings


def _by_pair(source: SourceTable, concepts: Concepts) -> Iterator[tuple[tuple[int, int], Meanings]]:
    """Give concepts and values that mean something together."""
    if source in VALUES:
        for concept, value in concepts.understood.statuses.means:
            if concepts.with_value(source, concept, value):
                yield (concept, value), concepts.meanings_of(source, concept, None, None, value)


_Given = TypeVar("_Given", int, str, tuple[int, int])
"""What a source gave for a record: a concept, a text, or a concept with a value."""


def _numbered(
    numbers: dict[tuple[bool, Meanings], int],
    told: Iterable[tuple[_Given, Meanings]],
    of_pairs: bool = False,
) -> dict[int, list[_Given]]:
    """Return what a source gave by its key, which is a new number for each new meaning."""
    found: dict[int, set[_Given]] = {}
    for one, meanings in told:
        number = numbers.setdefault((of_pairs, meanings), -1 - len(numbers))
        found.setdefault(number, set()).add(one)
    return {number: sorted(some) for number, some in found.items()}


def _listed(told: _Told, days: Mapping[int, DateRange]) -> "ir.Table":
    """Give `said`, the key that it stands for, and since when its rows matter: NULL for never."""
    rows = [
        (one, key, days[key][0] if key in days else None)
        for key, some in told.said.items()
        for one in some
    ]
    kind = pa.int64() if told.kind == CONCEPT else pa.string()
    types = dict(zip(LISTED, (kind, pa.int64(), pa.date32()), strict=True))
    return table_of(types, rows)


def touching(
    rows: "ir.Table", days: Mapping[int, DateRange], start: "ir.Value", end: "ir.Value"
) -> "ir.Value | None":
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


def wanted(
    meanings: Mapping[int, Meanings], days: Mapping[str, DateRange] | None, dated: Collection[str]
) -> dict[int, DateRange]:
    """Give the keys that are wanted, each with the days of which its rows matter.

    Args:
        meanings: what each key means.
        days: of each element wanted, its days; None if every row of every element is.
        dated: elements of which no more is asked than what rows of these days say.
    """
    known: dict[Meanings, DateRange | None] = {}
    for some in set(meanings.values()):
        names = {one.element for one in some if days is None or one.element in days}
        spans = [days[name] if days is not None and name in dated else ALWAYS for name in names]
        known[some] = (min(s[0] for s in spans), max(s[1] for s in spans)) if spans else None
    return {key: found for key, some in meanings.items() if (found := known[some]) is not None}


def unsettled_rows(table: "ir.Table", source: SourceTable, concepts: Concepts) -> "ir.BooleanValue":
    """Say of which rows the concept does not tell what they mean; see `Concepts.settled`."""
    concept = columns.stored_whole(table, source.concept)
    if concept is None:
        return ibis.literal(True)
    if not concepts.vocabulary:
        known = concepts.in_table(source)
        return concept.isnull() | ~concept.isin(sorted(known)) if known else ibis.literal(True)
    found = concept.isnull() | (concept == 0)
    value = value_of(table, source)
    if concepts.silent:
        found = found | concept.isin(sorted(concepts.silent))
    if concepts.alone:
        alone = concept.isin(sorted(concepts.alone))
        found = found | (alone if value is None else alone & (value.isnull() | (value == 0)))
    return found
