"""Records of a stream joined with what the queries ask of them.

What a query asks is data in a small table: a row for each query and key, so that one join asks all
of them of each record. A column that the stream does not have has its default. Where an element
arrives in several streams, they are one.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from gradatim.evidence.relation import UNSETTLED, Key, Relation, Stream
from gradatim.rules.population.states import unknown

ColumnValue = Any
TableStep = Callable[[ir.Table], ir.Table]
"""Materialises a step of a query, so that the next ones neither compute nor write it again."""
_FALSE = ibis.literal(False)
_NUMBERS = {"bound": 0, "word": 0, "method": 0, "unit": 0, "failed": 0, "unsettled": 0}
_ONE = ("often", "often_of")
"""What is recorded is taken every day, unless it is said how often."""
_FLAGS = ("derived", "doubtful", "denies", "unreadable", "low_other", "high_other")


def dimension(rows: Iterable[Mapping[str, Any]], schema: Mapping[str, pa.DataType]) -> ir.Table:
    """Make a small table that every engine can join."""
    return ibis.memtable(pa.Table.from_pylist(list(rows), schema=pa.schema(list(schema.items()))))


def joined(stream: Stream, asked: ir.Table, on: tuple[str, ...] = ("key",)) -> ir.Table:
    """Join records with what is asked of their key; what is asked is named `ask_...`."""
    named = asked.rename({f"ask_{name}": name for name in asked.columns})
    return stream.table.inner_join(named, [stream.table[one] == named[f"ask_{one}"] for one in on])


def column(table: ir.Table, name: str) -> ColumnValue:
    """Give a column of records, or its default where the table has none."""
    if name in table.columns:
        return table[name]
    if name in _FLAGS:
        return _FALSE
    if name in _NUMBERS:
        return ibis.literal(_NUMBERS[name]).cast("int64")
    if name in _ONE:
        return ibis.literal(1).cast("int64")
    if name == "course":
        return table["id"]
    if name == "related":
        return ibis.literal(-1).cast("int64")
    return {"start_last": _start, "end": _start, "end_last": _end_last}.get(name, _null)(table)


def _start(table: ir.Table) -> ColumnValue:
    return table["start"]


def _end_last(table: ir.Table) -> ColumnValue:
    """Give the last day on which it may have ended; on a known end, that, else as it began."""
    return table["end"] if "end" in table.columns else column(table, "start_last")


def _null(_: ir.Table) -> ColumnValue:
    return ibis.null("float64")


def has(table: ir.Table, *names: str) -> bool:
    """Whether a table has any of these columns."""
    return any(name in table.columns for name in names)


def number_of(words: tuple[str, ...], word: str) -> int:
    """Return a word's number; one that never occurs has a number that nothing has."""
    return words.index(word) if word in words else -2


def is_by(table: ir.Table, method: ColumnValue | int) -> ColumnValue:
    """Say whether a record is by a method (its number), or may be (`measurements._is_by`)."""
    same = column(table, "method") == method
    if not has(table, "unsettled"):
        return same
    return same | ((table["unsettled"] > 0) & (column(table, "method") == 0))


def why_unsettled(table: ir.Table) -> list[tuple[ColumnValue, ColumnValue]]:
    """Return when a record is not settled, each with the state that says why."""
    if not has(table, "unsettled"):
        return []
    return [
        (table["unsettled"] == number, ibis.literal(unknown(reason)))
        for number, reason in enumerate(UNSETTLED)
        if reason is not None
    ]


def surely_inside(table: ir.Table) -> ColumnValue:
    """Whether the days of a record surely touch the days asked about."""
    return (column(table, "end") >= table["ask_since"]) & (
        column(table, "start_last") <= table["ask_until"]
    )


def perhaps_inside(table: ir.Table) -> ColumnValue:
    """Whether they may touch them."""
    return (column(table, "end_last") >= table["ask_since"]) & (
        table["start"] <= table["ask_until"]
    )


def case_when(
    cases: Iterable[tuple[ColumnValue, ColumnValue]], otherwise: ColumnValue
) -> ColumnValue:
    """Give the value of the first condition that holds; one that is plainly false is left out."""
    kept = [(condition, value) for condition, value in cases if condition is not _FALSE]
    return ibis.cases(*kept, else_=otherwise) if kept else otherwise


# --- streams -------------------------------------------------------------------------------------

_ALWAYS = ("person", "key", "id", "start")
_SPREAD = 64
"""Leaves room between keys, so that those of several streams can be told apart."""


def joint_stream(relation: Relation, *elements: str) -> Stream | None:
    """Give the stream of all records of some elements; None if there is none."""
    streams = [
        one for one in relation.streams if any(any(one.keys_of(element)) for element in elements)
    ]
    if len(streams) <= 1:
        return streams[0] if streams else None
    names = sorted({name for one in streams for name in one.table.columns} - set(_ALWAYS))
    tables, keys = [], dict[int, Key]()
    for place, one in enumerate(streams):
        keys |= {key * _SPREAD + place: means for key, means in one.keys.items()}
        columns = {name: _wide(column(one.table, name)) for name in names}
        tables.append(
            one.table.select(
                person=one.table["person"],
                key=one.table["key"].cast("int64") * _SPREAD + place,
                id=one.table["id"].cast("string"),
                start=one.table["start"],
                **columns,
            )
        )
    named = " and ".join(one.name for one in streams)
    return Stream(named, ibis.union(*tables, distinct=False), keys)


def _wide(value: ColumnValue) -> ColumnValue:
    """Give integers the same width in every table."""
    return value.cast("int64") if value.type().is_integer() else value
