"""Histories: whether something happened in a window, and whether a drug was taken too recently."""

from collections.abc import Iterable, Iterator
from typing import Any

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from gradatim.core.quantity import RELATIVE_TOLERANCE
from gradatim.evidence.relation import Key, Meaning, Stream
from gradatim.rules.population.leaf_queries import HistoryQuery
from gradatim.rules.population.sql.measurements import HOLDS
from gradatim.rules.population.sql.portable import int64
from gradatim.rules.population.sql.records import (
    ColumnValue,
    case_when,
    column,
    dimension,
    has,
    joined,
    perhaps_inside,
    surely_inside,
    why_unsettled,
)
from gradatim.rules.population.states import JUDGEMENT, NO, PARTIAL, YES

_NumberedQuery = tuple[int, HistoryQuery]
_COLUMN_TYPES = {
    "key": pa.int64(),
    "query": pa.int64(),
    "since": pa.date32(),
    "until": pa.date32(),
    "by_start": pa.bool_(),
    "denials": pa.bool_(),
    "open": pa.bool_(),
    "holds": pa.int64(),
    "grade": pa.float64(),
    "related": pa.int64(),
}


def history_states(stream: Stream, asked: Iterable[_NumberedQuery]) -> ir.Table | None:
    """Give the states of history queries that a stream's records answer.

    Returns:
        Rows of `person`, `query`, `state` (one higher than the state), only where a record says
        TRUE or UNKNOWN; None if the stream has nothing to say.
    """
    rows = list(_ask(stream, asked))
    if not rows:
        return None
    table = joined(stream, dimension(rows, _COLUMN_TYPES))
    if has(table, "unreadable"):
        table = table.filter(~table["unreadable"])
    if has(table, "denies"):
        table = table.filter(table["denies"] == table["ask_denials"])
    by_start = any(row["by_start"] for row in rows)
    graded = any(row["holds"] or row["related"] >= 0 for row in rows)
    table = table.mutate(state=record_state(table, by_start, graded).cast("int64"))
    table = table.filter(table["state"] > NO)
    return table.group_by("person", query=table["ask_query"]).agg(state=table["state"].max() + 1)


def _ask(stream: Stream, asked: Iterable[_NumberedQuery]) -> Iterator[dict[str, Any]]:
    for number, query in asked:
        if query.denials and not stream.has("denies"):
            continue
        row = {
            "query": number,
            "until": query.window.until,
            "by_start": query.by_start,
            "denials": query.denials,
            "open": False,
            **_graded(query),
        }
        for key, meaning in stream.keys_of(query.element):
            if not _is_spared(stream.keys[key], query):
                yield from ({**row, "key": key, **since} for since in _since(query, meaning))


def _graded(query: HistoryQuery) -> dict[str, Any]:
    related = -1 if query.related is None else int(query.related)
    if query.grade is None:
        return {"holds": 0, "grade": 0.0, "related": related}
    return {"holds": HOLDS[query.grade.op], "grade": query.grade.number, "related": related}


def _is_spared(means: Key, query: HistoryQuery) -> bool:
    return any(name in means.record for name in query.spared)


def _since(query: HistoryQuery, meaning: Meaning) -> Iterator[dict[str, Any]]:
    """Give the first day asked about; for a washout the ingredient's own, and if it is unknown."""
    if query.washouts is None:
        yield {"since": query.window.since}
    for code, day in query.washouts or ():
        if code == meaning.code:
            yield {"since": query.window.since, "open": True} if day is None else {"since": day}


def record_state(table: ir.Table, by_start: bool, graded: bool) -> ColumnValue:
    """Say what one record says (`_happened`, `_recent`)."""
    surely, perhaps = surely_inside(table), perhaps_inside(table)
    if by_start:
        start = table["ask_by_start"]
        surely = ibis.ifelse(start, _start_surely(table), surely)
        perhaps = ibis.ifelse(start, _start_perhaps(table), perhaps)
    # Of a drug without an established half-life only the start is asked.
    begun = column(table, "start_last") <= table["ask_until"]
    open_ = table["ask_open"]
    dated = ibis.ifelse(open_, begun, surely)
    sure = ~open_ & ~column(table, "doubtful")
    if "ask_denials" in table.columns:
        sure = sure | table["ask_denials"]
    not_, maybe = _as_graded(table) if graded else (ibis.literal(False), ibis.literal(False))
    cases = [(not_, ibis.literal(NO))] if graded else []
    cases += [(~perhaps, ibis.literal(NO)), *why_unsettled(table), (~dated, ibis.literal(PARTIAL))]
    cases += [(maybe, ibis.literal(JUDGEMENT))] if graded else []
    return case_when([*cases, (sure, ibis.literal(YES))], ibis.literal(JUDGEMENT))


def _start_surely(table: ir.Table) -> ColumnValue:
    return (table["start"] >= table["ask_since"]) & (
        column(table, "start_last") <= table["ask_until"]
    )


def _start_perhaps(table: ir.Table) -> ColumnValue:
    return (column(table, "start_last") >= table["ask_since"]) & (
        table["start"] <= table["ask_until"]
    )


def _as_graded(table: ir.Table) -> tuple[ColumnValue, ColumnValue]:
    """Say whether a record is not of the grade and relation asked for, or perhaps not."""
    value, wanted = column(table, "value"), table["ask_grade"]
    same = (value - wanted).abs() <= RELATIVE_TOLERANCE * ibis.greatest(value.abs(), wanted.abs())
    below, equal, above = (int64(n) for n in (1, 2, 4))
    order = ibis.cases((same, equal), (value < wanted, below), else_=above)
    none = int64(0)
    asks_grade, asks_related = table["ask_holds"] > 0, table["ask_related"] >= 0
    related = column(table, "related")
    wrong_grade = asks_grade & value.notnull() & ((table["ask_holds"] & order) == none)
    wrong_related = asks_related & (related >= 0) & (related != table["ask_related"])
    open_ = (asks_grade & value.isnull()) | (asks_related & (related < 0))
    return (wrong_grade | wrong_related).fill_null(False), open_
