"""Quantities: how many different drugs or records; and what is common to all that are counted."""

from collections.abc import Iterable, Iterator
from typing import Any

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from gradatim.evidence.relation import Stream
from gradatim.rules.population.leaf_queries import CountQuery
from gradatim.rules.population.sql.portable import as_whole, int64
from gradatim.rules.population.sql.records import (
    ColumnValue,
    case_when,
    column,
    dimension,
    has,
    joined,
    why_unsettled,
)
from gradatim.rules.population.states import JUDGEMENT, PARTIAL, YES

COUNT_SCHEMA = {
    "key": pa.int64(),
    "query": pa.int64(),
    "since": pa.date32(),
    "until": pa.date32(),
    "item": pa.int64(),
    "at_least": pa.int64(),
}


def happenings(table: ir.Table) -> ir.Table:
    """Leave out records that say that it did not happen, or that could not be read."""
    for flag in ("denies", "unreadable"):
        if has(table, flag):
            table = table.filter(~table[flag])
    return table


def count_states(stream: Stream, asked: Iterable[tuple[int, CountQuery]]) -> ir.Table | None:
    """Give the states of count queries: TRUE or UNKNOWN, where there are (perhaps) enough.

    Returns:
        Rows of `person`, `query`, `state` (one higher); None if the stream has nothing to say.
    """
    asked = list(asked)
    parts = [
        _counted(stream, [one for one in asked if one[1].by_ingredient is by], by)
        for by in (True, False)
    ]
    found = [part for part in parts if part is not None]
    return ibis.union(*found, distinct=False) if len(found) > 1 else next(iter(found), None)


def _counted(
    stream: Stream, asked: list[tuple[int, CountQuery]], by_ingredient: bool
) -> ir.Table | None:
    rows = list(_ask_count(stream, asked))
    if not rows:
        return None
    table = happenings(joined(stream, dimension(rows, COUNT_SCHEMA)))
    start_last = column(table, "start_last")
    inside = (table["start"] >= table["ask_since"]) & (start_last <= table["ask_until"])
    table = table.filter(
        (start_last >= table["ask_since"]) & (table["start"] <= table["ask_until"])
    )
    item = table["ask_item"] if by_ingredient else table["id"]
    sure = as_whole(inside & ~column(table, "doubtful"))
    table = table.mutate(item=item, sure=sure, **doubts(table))
    # Two groupings instead of counting distinct items, which takes twice as long.
    items = table.group_by("person", "item", query=table["ask_query"]).agg(
        surely=table["sure"].max(),
        at_least=table["ask_at_least"].max(),
        inexact=table["inexact"].max(),
        doubt=table["doubt"].max(),
    )
    found = items.group_by("person", "query").agg(
        surely=items["surely"].sum().cast("int64"),
        perhaps=items.count(),
        at_least=items["at_least"].max(),
        inexact=items["inexact"].max(),
        doubt=items["doubt"].max(),
    )
    return enough(found)


def _ask_count(stream: Stream, asked: Iterable[tuple[int, CountQuery]]) -> Iterator[dict[str, Any]]:
    for number, query in asked:
        keys = list(stream.keys_of(query.element))
        codes = sorted({meaning.code for _, meaning in keys})
        for key, meaning in keys:
            yield {
                "query": number,
                "key": key,
                "since": query.window.since,
                "until": query.window.until,
                "item": codes.index(meaning.code),
                "at_least": query.at_least,
            }


def doubts(table: ir.Table) -> dict[str, ColumnValue]:
    """Say of each record whether its dates are inexact (1 or 0), and why it is doubtful.

    `doubt` is 0 where it is not; else the state that says why, of several the foremost.
    """
    inexact = ibis.literal(False)
    if has(table, "start_last"):
        inexact = inexact | (table["start"] != table["start_last"])
    if has(table, "end_last"):
        inexact = inexact | (column(table, "end") != table["end_last"])
    return {"inexact": as_whole(inexact), "doubt": doubt(table)}


def doubt(table: ir.Table) -> ColumnValue:
    """Return the state that says why a record is doubtful; 0 where it is not."""
    doubtful = ibis.ifelse(column(table, "doubtful"), int64(JUDGEMENT), int64(0))
    return case_when(why_unsettled(table), doubtful).cast("int64")


def blamed(inexact: ColumnValue, doubt: ColumnValue, otherwise: int = JUDGEMENT) -> ColumnValue:
    """Say what leaves it open (`courses.blame`): the dates, else the records."""
    return ibis.cases((inexact > 0, int64(PARTIAL)), (doubt > 0, doubt), else_=int64(otherwise))


def enough(found: ir.Table) -> ir.Table:
    """Give the states of people who have (perhaps) as many as `at_least`; one higher."""
    found = found.filter(found["perhaps"] >= found["at_least"])
    state = ibis.ifelse(
        found["surely"] >= found["at_least"],
        ibis.literal(YES),
        blamed(found["inexact"], found["doubt"]),
    )
    return found.select("person", "query", state=state.cast("int64") + 1)


def reached_before(spans: ir.Table, keys: list[str]) -> ColumnValue:
    """Give the last day that earlier spans (`low`, `high`) of the same keys reach; NULL if none."""
    earlier = ibis.window(group_by=keys, order_by=["low", "high"], preceding=(None, 1))
    return spans["high"].max().over(earlier)


def newly_covered(spans: ir.Table, keys: list[str]) -> ir.Table:
    """Add to spans the `days` of each that no earlier one of the same keys covers."""
    spans = spans.mutate(reached=reached_before(spans, keys))
    first = ibis.greatest(spans["low"], spans["reached"].fill_null(spans["low"] - 1) + 1)
    return spans.mutate(days=ibis.greatest(spans["high"] - first + 1, 0).cast("int64"))
