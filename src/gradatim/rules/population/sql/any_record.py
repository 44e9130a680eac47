"""Whether a person has any record of an element, all elements of a table in one scan.

Each key stands for a few bits; the bits of a person's records are joined.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from gradatim.evidence.relation import Relation, Stream
from gradatim.rules.population.leaf_queries import AnyRecord
from gradatim.rules.population.sql.portable import bit_or, int64
from gradatim.rules.population.sql.records import (
    ColumnValue,
    column,
    dimension,
    is_by,
    joined,
    number_of,
)

BITS = 62
"""Bits used of a 64-bit word: the sign stays free."""

SAID = "true"


class BitPlace(NamedTuple):
    """Where the bit of any record of an element is: in which word."""

    word: str
    bit: int


class RecordWords(NamedTuple):
    """The words of a stream: `person` and the words, and where in them each bit is."""

    table: ir.Table
    places: Mapping[AnyRecord, BitPlace]


def record_words(
    relation: Relation, stream: Stream, wanted: Iterable[AnyRecord], name: str, computed: bool
) -> RecordWords | None:
    """Give the words of the questions that a stream's records answer.

    Args:
        relation: for its words and methods.
        stream: the records.
        wanted: every question; those about elements that the stream lacks are left out.
        name: a prefix for the words, one for each stream.
        computed: whether the stream was computed from others: it answers those that ask for that.
    """
    asked = [record for record in wanted if _answers(relation, stream, record, computed)]
    if not asked:
        return None
    places = {record: BitPlace(f"{name}_{i // BITS}", i % BITS) for i, record in enumerate(asked)}
    whens: dict[tuple[str, str, bool | None], list[AnyRecord]] = {}
    for record in asked:
        whens.setdefault((record.what, record.method, record.derived), []).append(record)
    words = sorted({place.word for place in places.values()})
    rows, columns = _bits(stream, places, whens, words)
    schema = {"key": pa.int64(), **dict.fromkeys(columns, pa.int64())}
    table = joined(stream, dimension(rows, schema))
    return RecordWords(_joined(relation, table, words, whens, columns), places)


def _answers(relation: Relation, stream: Stream, record: AnyRecord, computed: bool) -> bool:
    if computed and not record.derived:
        return False
    needs = {"unreadable": "unreadable", "said": "word"}.get(record.what)
    if (needs and not stream.has(needs)) or (record.derived and not stream.has("derived")):
        return False
    if record.what == "said" and SAID not in relation.words:
        return False
    named = not record.method or (stream.has("method") and record.method in relation.methods)
    return (named or stream.has("unsettled")) and any(stream.keys_of(record.element))


def _bits(
    stream: Stream,
    places: Mapping[AnyRecord, BitPlace],
    whens: Mapping[tuple[str, str, bool | None], list[AnyRecord]],
    words: list[str],
) -> tuple[list[dict[str, int]], dict[str, tuple[int, str]]]:
    """Give for each key its bits, in a column for each condition and word."""
    rows: dict[int, dict[str, int]] = {}
    columns: dict[str, tuple[int, str]] = {}
    for n, some in enumerate(whens.values()):
        for record in some:
            place = places[record]
            name = f"bits_{n}_{words.index(place.word)}"
            columns[name] = (n, place.word)
            for key, _ in stream.keys_of(record.element):
                row = rows.setdefault(key, {})
                row[name] = row.get(name, 0) | (1 << place.bit)
    return [{"key": key, **dict.fromkeys(columns, 0), **row} for key, row in rows.items()], columns


def _joined(
    relation: Relation,
    table: ir.Table,
    words: list[str],
    whens: Mapping[tuple[str, str, bool | None], list[AnyRecord]],
    columns: Mapping[str, tuple[int, str]],
) -> ir.Table:
    conditions = [_holds(relation, table, *when) for when in whens]
    aggregates = {}
    for word in words:
        found: ColumnValue | None = None
        for name, (n, of) in columns.items():
            if of == word:
                condition = conditions[n]
                bits = table[f"ask_{name}"]
                bits = bits if condition is None else ibis.ifelse(condition, bits, int64(0))
                found = bits if found is None else found | bits
        aggregates[word] = bit_or(found)
    return table.group_by("person").agg(**aggregates)


def _holds(
    relation: Relation, table: ir.Table, what: str, method: str, derived: bool | None
) -> ColumnValue | None:
    """Give the condition on a record; None where every record counts."""
    conditions = []
    if "unreadable" in table.columns:
        unreadable = table["unreadable"]
        conditions.append(unreadable if what == "unreadable" else ~unreadable)
    if what == "said":
        conditions.append(table["word"] == relation.words.index(SAID))
    if method:
        conditions.append(is_by(table, number_of(relation.methods, method)))
    if derived is not None and "derived" in table.columns:
        conditions.append(column(table, "derived") == derived)
    return ibis.and_(*conditions) if conditions else None
