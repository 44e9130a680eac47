"""Which key a row has: its concept, or, where that says nothing, what its source wrote.

The source is looked at only for rows without a concept (of a warehouse without a vocabulary: of an
unknown one), and only if any of what it wrote there means something.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import ibis
import pyarrow as pa

from gradatim.evidence.relation import FIRST_DAY, LAST_DAY
from gradatim.evidence.sources.omop import columns
from gradatim.evidence.sources.omop.columns import chosen
from gradatim.evidence.sources.omop.concepts import Concepts, Meanings
from gradatim.evidence.sources.omop.options import Warehouse
from gradatim.evidence.sources.omop.persons import person_of
from gradatim.evidence.sources.omop.tables import Source

if TYPE_CHECKING:
    from ibis.expr import types as ir

    Narrowed = Callable[[ir.Table], ir.Table]

MOST_LISTED = 500
"""Longer lists of concepts are not written into the query beside being joined."""
KEY, SINCE = "gradatim_key", "gradatim_since"
LISTED = ("said", KEY, SINCE)
Days = tuple[date, date]
ALWAYS: Days = (FIRST_DAY, LAST_DAY)


class Unclear(NamedTuple):
    """Which rows of a table may be of elements that they are not known to lie outside of.

    Args:
        keys: the elements that each key stands for.
        by_concept: the key of the concepts that tell no more.
        by_source: the key of what sources used and wrote where there is no concept, `(0, "")` for
            nothing; None where all is known of it.
        otherwise: the key of the other rows without a concept; None where all is known of them.
    """

    keys: Mapping[int, frozenset[str]]
    by_concept: Mapping[int, int]
    by_source: Mapping[tuple[int, str], int | None]
    otherwise: int | None


class Scope(NamedTuple):
    """Which rows of a table mean something, and what.

    Args:
        source: the table.
        table: its rows.
        concepts: what concepts mean.
        meanings: what each key means; the keys that a source gave are below zero.
        used: of keys that a source gave, the concepts that it used for them.
        written: likewise, the texts that it wrote.
        unclear: which rows may mean something that is not seen; None where that is asked of none.
    """

    source: Source
    table: "ir.Table"
    concepts: Concepts
    meanings: Mapping[int, Meanings]
    used: Mapping[int, list[int]]
    written: Mapping[int, list[str]]
    unclear: Unclear | None = None

    def rows(self, days: Mapping[int, Days], narrowed: "Narrowed" = lambda rows: rows
             ) -> "ir.Table":  # fmt: skip
        """Give the rows of some keys, with `gradatim_key` and, by key, `gradatim_since`.

        Nearly every row of a warehouse is about something else. So rows are chosen first, by a
        plain column, and all else is computed of those that are left.

        Args:
            days: of each key wanted, the days of which its rows matter.
            narrowed: leaves out more of the rows that were chosen, before their keys are found.
        """
        known, *given = self._told(days)
        groups = [[known], given] if known.is_long else [[known, *given]]
        told = [[one for one in some if one.said] for some in groups]
        parts = [self._of(some, days, narrowed) for some in told if some]
        return ibis.union(*parts, distinct=False) if len(parts) > 1 else parts[0]

    def _of(self, told: "list[_Told]", days: Mapping[int, Days],
            narrowed: "Narrowed") -> "ir.Table":  # fmt: skip
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
        found = {KEY: ibis.coalesce(*keys), SINCE: chosen(sinces, ibis.null("date"))}
        return rows.select(*t.columns, **found).filter(ibis._[SINCE].notnull())

    def _told(self, days: Mapping[int, Days]) -> "list[_Told]":
        """Give the columns that tell keys; each goes before those that follow."""
        source, given = self.source, {*self.used, *self.written}
        some = any(key in given for key in days)
        return [_Told(source.concept, {key: [key] for key in days if key not in given}),
                _Told(source.source_concept, self.used if some else {}),
                _Told(source.source_value, self.written if some else {}, is_text=True)]  # fmt: skip

    def _tells(self, rows: "ir.Table", told: "_Told") -> "ir.BooleanValue":
        """Say of which rows a column may tell a key: the source's only where no concept says it.

        Of a long list, which is joined, it may be all.
        """
        column = told.plain(rows)
        assert column is not None
        listed = sorted({one for some in told.said.values() for one in some})
        one_of_them = column.notnull() if told.is_long else column.isin(listed)
        if told.name == self.source.concept:
            return one_of_them
        concept = columns.plain(rows, self.source.concept)
        return _unsettled(concept, self.source, self.concepts) & one_of_them


class _Told(NamedTuple):
    """A column that tells the key of a row.

    Args:
        name: the column.
        said: for each key what the column says.
        is_text: whether it holds text, else whole numbers.
    """

    name: str
    said: Mapping[int, Collection[Any]]
    is_text: bool = False

    def read(self, rows: "ir.Table") -> "ir.Value":
        """Give the column of some rows, to be joined."""
        column = (columns.text if self.is_text else columns.whole)(rows, self.name)
        assert column is not None
        return column

    def plain(self, rows: "ir.Table") -> "ir.Value | None":
        """Give it as it is, to choose rows by."""
        return (columns.text if self.is_text else columns.plain)(rows, self.name)

    @property
    def is_long(self) -> bool:
        """Whether it is better joined than written into the query."""
        return sum(map(len, self.said.values())) > MOST_LISTED


def unclear_rows(of: Scope, unclear: Unclear) -> "ir.Table":
    """Give `person` and `key` of the rows of which it is not known what they mean.

    Args:
        of: the table.
        unclear: which these are.
    """
    return _unclear_coded(of, unclear).select("person", "key").distinct()


def unclear_codes(of: Scope, unclear: Unclear) -> "ir.Table":
    """Count the `rows` of which it is not known what they mean by `concept`, `used`, `written`."""
    found = _unclear_coded(of, unclear)
    return found.group_by("concept", "used", "written").aggregate(rows=found.count())


def _unclear_coded(of: Scope, unclear: Unclear) -> "ir.Table":
    """Give `person`, `key`, and what tells it: `concept`, `used`, `written`."""
    t, source = of.table, of.source
    concept = columns.plain(t, source.concept)
    listed = sorted(unclear.by_concept)
    here = _unsettled(concept, source, of.concepts)
    if listed and concept is not None:
        here = here | (concept.notnull() if len(listed) > MOST_LISTED else concept.isin(listed))
    used, written = (columns.whole(t, source.source_concept), columns.text(t, source.source_value))
    rows = t.filter(here).select(
        person=person_of(t),
        concept=_or_none(columns.whole(t, source.concept), 0),
        used=_or_none(used, 0),
        written=_or_none(written, ""),
    )
    by_concept = _table(
        {"concept_": pa.int64(), "of_concept": pa.int64()},
        list(unclear.by_concept.items()) or [(-1, None)],
    )
    told = [(*pair, key, True) for pair, key in unclear.by_source.items()] or [(-1, "", None, True)]
    by_source = _table(
        {"used_": pa.int64(), "written_": pa.string(), "of_source": pa.int64(), "told": pa.bool_()},
        told,
    )
    rows = rows.left_join(by_concept, rows["concept"] == by_concept["concept_"])
    rows = rows.left_join(
        by_source, [rows["used"] == by_source["used_"], rows["written"] == by_source["written_"]]
    )
    default = unclear.otherwise
    otherwise = ibis.null("int64") if default is None else ibis.literal(default).cast("int64")
    without = ibis.ifelse(rows["told"].notnull(), rows["of_source"], otherwise)
    found = rows.select(
        "person",
        "concept",
        "used",
        "written",
        key=ibis.ifelse(rows["concept"] == 0, without, rows["of_concept"]),
    )
    return found.filter(found["key"].notnull())


def _or_none(column: "ir.Value | None", none: Any) -> "ir.Value":
    return ibis.literal(none) if column is None else column.fill_null(none)


def _table(types: Mapping[str, pa.DataType], rows: list[tuple[Any, ...]]) -> "ir.Table":
    columns = zip(types.items(), zip(*rows, strict=True), strict=True)
    return ibis.memtable(pa.table({name: pa.array(some, of) for (name, of), some in columns}))


def scope(warehouse: Warehouse, source: Source, concepts: Concepts) -> Scope | None:
    """Look up what a table's rows can mean; None if there is no such table, or nothing asked for.

    The one thing executed is a look-up of what the source wrote where no concept says anything.
    """
    table = warehouse.table(source.name)
    if table is None:
        return None
    known = concepts.in_table(source)
    concept = columns.plain(table, source.concept)
    given = _given(warehouse, table, concept, source, concepts)
    by_concept, by_text = _resolved(given, source, concepts)
    numbers: dict[Meanings, int] = {}
    for found in (by_concept, by_text):
        for meanings in found:
            numbers.setdefault(meanings, -1 - len(numbers))
    meant = (known if concept is not None else {}) | {n: found for found, n in numbers.items()}
    unclear = _unclear(given, source, concepts)
    if not meant and unclear is None:
        return None
    return Scope(
        source,
        table,
        concepts,
        meant,
        {numbers[meanings]: ids for meanings, ids in by_concept.items()},
        {numbers[meanings]: texts for meanings, texts in by_text.items()},
        unclear,
    )


def _unclear(
    given: Iterable[tuple[int | None, str | None]], source: Source, concepts: Concepts
) -> Unclear | None:
    """Find out which rows are not understood, by their concepts and by what their source wrote."""
    understood = concepts.understood
    if source not in understood.elements:
        return None
    numbers: dict[frozenset[str], int] = {}

    def key_of_some(names: frozenset[str]) -> int | None:
        return numbers.setdefault(names, len(numbers)) if names else None

    otherwise = key_of_some(concepts.may_be(source, None, None, None))
    by_source = {
        (used or 0, written or ""): key_of_some(concepts.may_be(source, 0, used, written))
        for used, written in given
    }
    by_concept = {
        id: key
        for id in understood.unplaced
        if (key := key_of_some(concepts.may_be(source, id, None, None))) is not None
    }
    return Unclear(
        {key: names for names, key in numbers.items()},
        by_concept,
        {pair: key for pair, key in by_source.items() if key != otherwise},
        otherwise,
    )


def _listed(told: _Told, days: Mapping[int, Days]) -> "ir.Table":
    """Give `said`, the key that it stands for, and since when its rows matter: NULL for never."""
    rows = [(one, key, days[key][0] if key in days else None)
            for key, some in told.said.items() for one in some]  # fmt: skip
    kind = pa.string() if told.is_text else pa.int64()
    types = dict(zip(LISTED, (kind, pa.int64(), pa.date32()), strict=True))
    return _table(types, rows)


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
    """Say of which rows the concept does not tell what they mean (`read_records.meanings_of`)."""
    if concept is None:
        return ibis.literal(True)
    if concepts.vocabulary:
        return concept.isnull() | (concept == 0)
    known = concepts.in_table(source)
    return concept.isnull() | ~concept.isin(sorted(known)) if known else ibis.literal(True)


def _given(
    warehouse: Warehouse,
    table: "ir.Table",
    concept: "ir.Value | None",
    source: Source,
    concepts: Concepts,
) -> list[tuple[int | None, str | None]]:
    """Look up what sources used and wrote where no concept tells what it means."""
    used, written = (columns.whole(table, source.source_concept),
                     columns.text(table, source.source_value))  # fmt: skip
    given = {name: column for name, column in (("used", used), ("written", written))
             if column is not None}  # fmt: skip
    if not given:
        return []
    unsettled = table.filter(_unsettled(concept, source, concepts))
    found = warehouse.fetch(unsettled.select(**given).distinct()).to_pylist()
    return [(row.get("used"), row.get("written")) for row in found]


def _resolved(given: Iterable[tuple[int | None, str | None]], source: Source, concepts: Concepts
              ) -> "tuple[dict[Meanings, list[int]], dict[Meanings, list[str]]]":  # fmt: skip
    """Give what means something of what sources wrote, as concepts and as text."""
    by_concept: dict[Meanings, set[int]] = defaultdict(set)
    by_text: dict[Meanings, set[str]] = defaultdict(set)
    for one, text in given:
        if one and (meanings := concepts.of(source, one)):
            by_concept[meanings].add(one)
        elif text and (meanings := concepts.resolve(source, text)):
            by_text[meanings].add(text)
    return ({meanings: sorted(some) for meanings, some in by_concept.items()},
            {meanings: sorted(some) for meanings, some in by_text.items()})  # fmt: skip
