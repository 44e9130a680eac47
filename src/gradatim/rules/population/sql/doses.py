"""Total daily doses: at least so much, at most so much, against a limit (`drugs.daily_dose`)."""

from collections.abc import Iterable, Iterator
from typing import Any

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from gradatim.clinical.glucocorticoids import prednisone_equivalent
from gradatim.evidence.relation import Stream
from gradatim.rules.population.leaf_queries import DailyDoseQuery
from gradatim.rules.population.sql.counts import blamed, doubts, happenings
from gradatim.rules.population.sql.measurements import HOLDS, SIGNS, packed_margin
from gradatim.rules.population.sql.portable import as_whole, day_number, int64
from gradatim.rules.population.sql.records import ColumnValue, TableStep, column, dimension, joined
from gradatim.rules.population.sql.totals import day_totals, doses_of, handed_over, nearly
from gradatim.rules.population.states import JUDGEMENT, NO, NO_RECORD, YES

_COLUMN_TYPES = {
    "key": pa.int64(),
    "query": pa.int64(),
    "part": pa.int64(),
    "low": pa.date32(),
    "high": pa.date32(),
    "since": pa.date32(),
    "until": pa.date32(),
    "factor": pa.float64(),
    "sign": pa.float64(),
    "holds": pa.int64(),
    "number": pa.float64(),
    "open": pa.bool_(),
}


def daily_dose_states(
    stream: Stream, asked: Iterable[tuple[int, DailyDoseQuery]], step: TableStep
) -> ir.Table | None:
    """Give the states of daily dose queries, of people of whom a record is looked at.

    Returns:
        Rows of `person`, `query`, `state` (one higher); None if the stream has nothing to say.
    """
    rows = list(_ask(stream, asked))
    if not rows:
        return None
    table = happenings(joined(stream, dimension(rows, _COLUMN_TYPES)))
    table = table.filter(
        (table["start"] <= table["ask_until"]) & (column(table, "end_last") >= table["ask_since"])
    )
    table = table.mutate(**doubts(table))
    about = table.group_by("person", query=table["ask_query"]).agg(
        inexact=table["inexact"].max(),
        doubt=table["doubt"].max(),
        days=(day_number(table["ask_high"]) - day_number(table["ask_low"]) + 1).max(),
        sign=table["ask_sign"].max(),
        holds=table["ask_holds"].max(),
        number=table["ask_number"].max(),
        open_=as_whole(table["ask_open"]).max(),
    )
    keys = ["person", "query"]
    totals = _totals(table, step)
    found = about.left_join(totals, keys).drop([f"{name}_right" for name in keys])
    return _settled(found)


def _ask(stream: Stream, asked: Iterable[tuple[int, DailyDoseQuery]]) -> Iterator[dict[str, Any]]:
    for number, query in asked:
        keys = list(stream.keys_of(query.element))
        codes = sorted({meaning.code for _, meaning in keys})
        row = {
            "query": number,
            "low": query.low,
            "high": query.high,
            "since": query.records.since,
            "until": query.records.until,
            "holds": HOLDS[query.limit.op],
            "sign": SIGNS[query.limit.op],
            "number": query.limit.number,
            "open": query.open_,
        }
        for key, meaning in keys:
            factor = prednisone_equivalent(meaning.code, 1.0) if query.prednisone else 1.0
            yield {**row, "key": key, "part": codes.index(meaning.code), "factor": factor}


def _totals(table: ir.Table, step: TableStep) -> ir.Table:
    """Give the dose-days of each person and query: the least, the most, and if one is unknown."""
    keys = ["person", "query", "part"]
    days = day_totals(step(handed_over(_spans(table), keys)), keys)
    return days.group_by("person", "query").agg(
        least=(days["together_least"] * days["days"]).sum(),
        most=(days["apart_most"] * days["days"]).sum(),
        unknown=days["unknown"].max(),
    )


def _spans(table: ir.Table) -> ir.Table:
    """Give the days of each record, the most and the fewest, and the days asked about."""
    start, start_last = table["start"], column(table, "start_last")
    end, end_last = column(table, "end"), column(table, "end_last")
    low = day_number(start)
    most = _asked_of(table, False, low, ibis.greatest(low, day_number(end_last)))
    sure = table.filter((start_last <= end) & ~column(table, "doubtful"))
    fewest = _asked_of(
        sure, True, day_number(column(sure, "start_last")), day_number(column(sure, "end"))
    )
    return ibis.union(most, fewest, distinct=True)


def _asked_of(table: ir.Table, surely: bool, low: ColumnValue, high: ColumnValue) -> ir.Table:
    return table.select(
        "person",
        query=table["ask_query"],
        part=table["ask_part"],
        since=day_number(table["ask_low"]),
        until=day_number(table["ask_high"]),
        **doses_of(table, table["ask_factor"]),
        surely=ibis.literal(surely),
        low=low,
        high=high,
    )


def _settled(found: ir.Table) -> ir.Table:
    """Compare the mean with the limit (`total_against`)."""
    least = found["least"].fill_null(0.0) / found["days"]
    most = found["most"].fill_null(0.0) / found["days"]
    open_end = (found["open_"] == 1) | (found["unknown"].fill_null(0) > 0)
    found = found.mutate(least=least, most=most, open_end=open_end)
    least, most, open_end = found["least"], found["most"], found["open_end"]
    number, holds = found["number"], found["holds"]
    cases = []
    for orders, when in (
        (_orders(least, number, True), None),
        (_orders(most, number, False), 0),
        (_order(least, number), 1),
    ):
        counts = ibis.literal(True) if when is None else ~open_end
        if when == 1:
            counts = counts & nearly(least, most)
        none = (holds & orders) == int64(0)
        cases += [
            (counts & ((holds & orders) == orders), ibis.literal(YES)),
            (counts & none, ibis.literal(NO)),
        ]
    reason = ibis.ifelse(
        open_end, ibis.literal(NO_RECORD), blamed(found["inexact"], found["doubt"], JUDGEMENT)
    )
    state = ibis.cases(*cases, else_=reason)
    exactly = ~open_end & nearly(least, most)
    margin = ibis.ifelse(exactly, packed_margin(found["sign"], least, number), int64(0))
    return found.select("person", "query", state=state.cast("int64") + 1, margin=margin)


def _order(value: ColumnValue, number: ColumnValue) -> ColumnValue:
    below, equal, above = (int64(n) for n in (1, 2, 4))
    return ibis.cases((nearly(value, number), equal), (value < number, below), else_=above)


def _orders(value: ColumnValue, number: ColumnValue, at_least: bool) -> ColumnValue:
    """Give the orders that a number may have that is at least, or at most, so large."""
    order = _order(value, number)
    below, equal, above, any_ = (int64(n) for n in (1, 2, 4, 7))
    beyond = above if at_least else below
    return ibis.cases((order == beyond, beyond), (order == equal, beyond | equal), else_=any_)
