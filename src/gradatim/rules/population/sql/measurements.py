"""Measurements, results and answers: what the values of one element in one window say.

Each record is asked by one join; its state and day are packed into one number, whose maximum over
the records of a person and query is what the last (or the foremost) of them says. A second maximum
over the negated states tells whether those of the last day agree.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from gradatim.clinical.units import convert_for
from gradatim.core.quantity import RELATIVE_TOLERANCE
from gradatim.evidence.relation import FIRST_DAY, LAST_DAY, Relation, Stream
from gradatim.protocol.elements import Element
from gradatim.rules.measurements import DEFINITE, INDECISIVE
from gradatim.rules.population.leaf_queries import MeasurementQuery
from gradatim.rules.population.sql.concomitant_use import not_while
from gradatim.rules.population.sql.portable import EPOCH, as_whole, day_number, int64, rounded_down
from gradatim.rules.population.sql.records import (
    ColumnValue,
    TableStep,
    case_when,
    column,
    dimension,
    has,
    is_by,
    joined,
    number_of,
    perhaps_inside,
    surely_inside,
    why_unsettled,
)
from gradatim.rules.population.states import CONFLICT, JUDGEMENT, NO, NO_RANGE, PARTIAL, UNIT, YES

_NumberedQuery = tuple[int, MeasurementQuery]
_COLUMN_TYPES = {
    "key": pa.int64(),
    "unit": pa.int64(),
    "query": pa.int64(),
    "since": pa.date32(),
    "until": pa.date32(),
    "latest": pa.int64(),
    "method": pa.int64(),
    "word": pa.int64(),
    "answer": pa.bool_(),
    "undated": pa.bool_(),
    "derived": pa.bool_(),
    "times": pa.int64(),
    "factor": pa.float64(),
    "offset": pa.float64(),
    "number": pa.float64(),
    "holds": pa.int64(),
    "sign": pa.float64(),
}
HOLDS = {"<": 1, "<=": 3, ">": 4, ">=": 6, "=": 2}
"""The orders (1 below, 2 equal, 4 above) in which a comparison holds."""
SIGNS = {"<": -1.0, "<=": -1.0, ">": 1.0, ">=": 1.0, "=": 0.0}
"""On which side of the limit (1 above) a comparison holds."""
MARGIN_SCALE = 10_000_000
"""Margins are kept in ten-millionths of the limit,"""
MARGIN_BOUND = 1 << 30
"""at most about a hundred limits away; 0 marks a value without a margin."""
_DAY_ZERO = 719_163
"""Makes every day of the calendar a positive number."""


def measurement_states(
    relation: Relation,
    stream: Stream,
    asked: Iterable[_NumberedQuery],
    elements: Mapping[str, Element],
    step: TableStep,
) -> ir.Table | None:
    """Give the states of measurement queries that a stream's records answer.

    Returns:
        Rows of `person`, `query`, `state` (one higher than the state) and `margin`; None if the
        stream has nothing to say.
    """
    asked = list(asked)
    table = asked_of(relation, stream, asked, elements)
    if table is None:
        return None
    inside = _undated(table) | surely_inside(table)
    if not has(table, "start_last", "end", "end_last"):
        said = step(_said(relation, stream, table.filter(inside)))
        return _exact(_alongside(relation, said, asked, step))
    maybe = _undated(table) | perhaps_inside(table)
    said = step(_said(relation, stream, table.filter(maybe)))
    return _inexact(_alongside(relation, said, asked, step))


def asked_of(
    relation: Relation,
    stream: Stream,
    asked: Iterable[_NumberedQuery],
    elements: Mapping[str, Element],
) -> ir.Table | None:
    """Join records with what the queries ask of them; None if they ask nothing of this stream."""
    rows = list(_ask(relation, stream, asked, elements))
    on = ("key", "unit") if stream.has("unit") else ("key",)
    return joined(stream, dimension(rows, _COLUMN_TYPES), on) if rows else None


def _alongside(
    relation: Relation, said: ir.Table, asked: list[_NumberedQuery], step: TableStep
) -> ir.Table:
    """Let values of days on which certain drugs were taken not satisfy."""
    spared: dict[tuple[str, str, date], list[int]] = {}
    for number, query in asked:
        if query.not_while:
            spared.setdefault(query.not_while, []).append(number)
    others = [number for numbers in spared.values() for number in numbers]
    parts = [said.filter(said["ask_query"].notin(others))] if others else [said]
    for (name, kind, on), numbers in spared.items():
        some = said.filter(said["ask_query"].isin(numbers))
        parts.append(not_while(relation, some, name, kind, (on - EPOCH).days, step))
    return ibis.union(*parts, distinct=False) if len(parts) > 1 else said


def _undated(table: ir.Table) -> ColumnValue:
    if "start_last" not in table.columns:
        return ibis.literal(False)
    return table["ask_undated"] & (table["start"] == FIRST_DAY) & (table["start_last"] == LAST_DAY)


# --- what is asked --------------------------------------------------------------------------------


def _ask(
    relation: Relation,
    stream: Stream,
    asked: Iterable[_NumberedQuery],
    elements: Mapping[str, Element],
) -> Iterator[dict[str, Any]]:
    for number, query in asked:
        if query.derived and not stream.has("derived"):
            continue
        row = _row(relation, number, query)
        for key, _ in stream.keys_of(query.element):
            if not stream.has("unit"):
                yield {**row, "key": key, **_conversion(query, elements[query.element], "")}
                continue
            for place, unit in enumerate(relation.units):
                conversion = _conversion(query, elements[query.element], unit)
                yield {**row, "key": key, "unit": place, **conversion}


def _row(relation: Relation, number: int, query: MeasurementQuery) -> dict[str, Any]:
    limit = query.limit
    word = "true" if query.attested else query.word
    row = {
        "query": number,
        "since": query.window.since,
        "until": query.window.until,
        "latest": int(query.latest),
        "answer": query.attested,
        "undated": query.undated,
        "derived": query.derived,
        "method": number_of(relation.methods, query.method) if query.method else -1,
        "word": number_of(relation.words, word) if limit is None else -1,
        "times": 0,
        "number": 0.0,
        "holds": 0,
        "sign": 0.0,
    }
    if limit is not None:
        row |= {
            "times": {"": 0, "ULN": 1, "LLN": 2}[limit.times],
            "number": limit.number,
            "holds": HOLDS[limit.op],
            "sign": SIGNS[limit.op],
        }
    return row


def _conversion(query: MeasurementQuery, element: Element, unit: str) -> dict[str, float | None]:
    """Give factor and offset from a unit to the limit's; no factor where it does not convert."""
    if query.limit is None or query.limit.times:
        return {"factor": 1.0, "offset": 0.0}
    to = query.limit.unit or element.unit
    zero, one = (convert_for(element.analyte or None, x, unit, to) for x in (0.0, 1.0))
    if zero is None or one is None:
        return {"factor": None, "offset": None}
    return {"factor": one - zero, "offset": zero}


# --- what one record says -------------------------------------------------------------------------


def _said(relation: Relation, stream: Stream, table: ir.Table) -> ir.Table:
    """Give the state of each record, and its margin `q`."""
    table = said_by_each(relation, stream, table)
    kept = [
        "person",
        "start",
        "start_last",
        "end",
        "end_last",
        "state",
        "q",
        "ask_query",
        "ask_latest",
        "ask_undated",
        "ask_since",
        "ask_until",
    ]
    return table.select([name for name in kept if name in table.columns])


def said_by_each(relation: Relation, stream: Stream, table: ir.Table) -> ir.Table:
    """Add to records joined with what is asked what each says: `state`, `number`, `limit`, `q`.

    Step by step, each on columns of the step before, so that no expression is written twice.
    """
    table = table.filter(_counts(table))
    if has(table, "unreadable"):
        table = table.filter(~table["unreadable"])
    if has(table, "low", "high"):
        table = table.mutate(reference=_reference(table), other=_other(table))
    else:
        table = table.mutate(reference=ibis.null("float64"), other=ibis.literal(False))
    table = table.mutate(number=_number(table), limit=_limit(table))
    table = table.mutate(same=_same(table["number"], table["limit"]))
    table = table.mutate(order=_order(table))
    state = ibis.ifelse(table["ask_word"] == -1, _number_says(table), _word_says(relation, table))
    return table.mutate(state=state.cast("int64"), q=_margin(table))


def _counts(table: ir.Table) -> ColumnValue:
    """Leave out records of another method; computed facts are asked by queries of their own."""
    by = (table["ask_method"] == -1) | is_by(table, table["ask_method"])
    return by & (column(table, "derived") == table["ask_derived"])


def _reference(table: ir.Table) -> ColumnValue:
    return ibis.ifelse(table["ask_times"] == 1, column(table, "high"), column(table, "low"))


def _other(table: ir.Table) -> ColumnValue:
    if not has(table, "high_other", "low_other"):
        return ibis.literal(False)
    return ibis.ifelse(
        table["ask_times"] == 1, column(table, "high_other"), column(table, "low_other")
    )


def _number(table: ir.Table) -> ColumnValue:
    """Give the number compared, in the limit's unit; NULL where it does not convert."""
    return column(table, "value") * table["ask_factor"] + table["ask_offset"]


def _limit(table: ir.Table) -> ColumnValue:
    """Give the limit compared with; NULL where there is no usable reference limit."""
    times, nothing = table["ask_times"] > 0, ibis.null("float64")
    usable = (table["reference"] > 0) & ~table["other"]
    multiple = ibis.ifelse(usable, table["ask_number"] * table["reference"], nothing)
    return ibis.ifelse(times, multiple, table["ask_number"])


def _same(a: ColumnValue, b: ColumnValue) -> ColumnValue:
    return (a - b).abs() <= RELATIVE_TOLERANCE * ibis.greatest(a.abs(), b.abs())


def _number_says(table: ir.Table) -> ColumnValue:
    times, reference = table["ask_times"] > 0, table["reference"]
    order = table["order"]
    return case_when(
        [
            *_failed(table),
            *why_unsettled(table),
            (column(table, "value").isnull(), ibis.literal(JUDGEMENT)),
            (times & reference.isnull(), ibis.literal(NO_RANGE)),
            (times & table["other"], ibis.literal(UNIT)),
            (table["limit"].isnull(), ibis.literal(NO_RANGE)),
            (table["number"].isnull(), ibis.literal(UNIT)),
            ((table["ask_holds"] & order) == order, ibis.literal(YES)),
            ((table["ask_holds"] & order) == int64(0), ibis.literal(NO)),
        ],
        ibis.literal(JUDGEMENT),
    )


def _failed(table: ir.Table) -> list[tuple[ColumnValue, ColumnValue]]:
    """Give the state of what was computed without a result."""
    return [(table["failed"] > 0, table["failed"])] if has(table, "failed") else []


def _order(table: ir.Table) -> ColumnValue:
    """Give the orders that value and limit may have: of a bound there may be several."""
    same, less = table["same"], table["number"] < table["limit"]
    below, equal, above = (int64(n) for n in (1, 2, 4))
    if not has(table, "bound"):
        return ibis.cases((same, equal), (less, below), else_=above)
    bound = table["bound"]
    up, down, closed = bound >= 3, (bound == 1) | (bound == 2), (bound == 2) | (bound == 4)
    return ibis.cases(
        (bound == 0, ibis.cases((same, equal), (less, below), else_=above)),
        (same & up & closed, above | equal),
        (same & up, above),
        (same & down & closed, below | equal),
        (same & down, below),
        (up & ~less, above),
        (down & less, below),
        else_=int64(7),
    )


def _word_says(relation: Relation, table: ir.Table) -> ColumnValue:
    if not has(table, "word"):
        return ibis.literal(JUDGEMENT)
    word, answer = table["word"], table["ask_answer"]
    places = {
        name: [number_of(relation.words, one) for one in words]
        for name, words in (
            ("definite", DEFINITE),
            ("open", INDECISIVE),
            ("answers", ("true", "false")),
        )
    }
    definite = word.isin(places["definite"])
    if has(table, "derived"):
        definite = definite | (table["derived"] & ~word.isin(places["open"]))
    doubtful = column(table, "doubtful")
    known = ibis.ifelse(answer, word.isin(places["answers"]) & ~doubtful, definite)
    wanted = (word == table["ask_word"]) & ~(answer & doubtful)
    why = [*_failed(table), *why_unsettled(table)]
    return case_when(
        [*why, (wanted, ibis.literal(YES)), (known, ibis.literal(NO))], ibis.literal(JUDGEMENT)
    )


def _margin(table: ir.Table) -> ColumnValue:
    """Give how far a value is beyond the limit; a bound has no margin.

    The larger, the more the comparison holds.
    """
    number = packed_margin(table["ask_sign"], table["number"], table["limit"])
    return ibis.ifelse(table["bound"] > 0, int64(0), number) if has(table, "bound") else number


def packed_margin(sign: ColumnValue, value: ColumnValue, limit: ColumnValue) -> ColumnValue:
    """Pack how far a value is on the side where a comparison holds; 0 where there is no margin."""
    most = MARGIN_BOUND - 2.0
    beyond = sign * (value - limit) / limit.nullif(0.0) * MARGIN_SCALE
    # The engines pass over NULL in `least`: a value that is missing is told apart first.
    missing = value.isnull() | limit.isnull() | (limit == 0) | (sign == 0)
    number = rounded_down(ibis.greatest(ibis.least(beyond, most), -most) + (MARGIN_BOUND + 0.5))
    return ibis.ifelse(missing, int64(0), number)


# --- what they say together -----------------------------------------------------------------------


def _exact(table: ir.Table) -> ir.Table:
    """Settle records of known days by the largest of `day, state, margin`."""
    day = (day_number(table["start"]) + _DAY_ZERO) * table["ask_latest"]
    first = day * 16 + table["state"]
    packed = first * int64(1 << 32) + table["q"]
    table = table.mutate(packed=packed, last=day * 16 + _opposite(table["state"]))
    found = table.group_by("person", query=table["ask_query"]).agg(
        packed=table["packed"].max(), last=table["last"].max(), latest=table["ask_latest"].max()
    )
    fifteen = int64(15)
    top = (found["packed"] >> 32) & fifteen
    bottom = ibis.ifelse(found["latest"] == 1, found["last"] & fifteen, _opposite(top))
    margin = found["packed"] & int64((1 << 32) - 1)
    return found.select("person", "query", state=_agreed(top, bottom, None) + 1, margin=margin)


def _opposite(state: ColumnValue) -> ColumnValue:
    return ibis.cases((state == NO, int64(YES)), (state == YES, int64(NO)), else_=state)


def _agreed(top: ColumnValue, bottom: ColumnValue, exact: ColumnValue | None) -> ColumnValue:
    """Settle the states of those that may be the last, from the largest and its opposite."""
    yes, no = top == YES, bottom == YES
    one = (yes & (bottom == NO)) | (no & (top == NO)) | (~yes & ~no)
    cases = [(one, top)]
    if exact is not None:
        cases.append((exact == 0, ibis.literal(PARTIAL)))
    cases += [(yes & no, ibis.literal(CONFLICT)), (yes, bottom)]
    return ibis.cases(*cases, else_=top).cast("int64")


def _inexact(table: ir.Table) -> ir.Table:
    """Settle records of which some days are not known exactly (`pick`)."""
    table = table.mutate(
        sure=_undated(table) | surely_inside(table),
        known=table["start"] == column(table, "start_last"),
        last_possible=column(table, "start_last"),
    )
    last = ibis.ifelse(table["sure"], table["start"], ibis.null("date")).max()
    table = table.mutate(sure_last=last.over(group_by=[table["person"], table["ask_query"]]))
    latest = table["ask_latest"] == 1
    counts = ibis.ifelse(latest, table["last_possible"] >= table["sure_last"], table["sure"])
    table = table.mutate(counts=counts.fill_null(False))
    return _settled(table)


def _settled(table: ir.Table) -> ir.Table:
    nothing = ibis.null("int64")
    counts, state = table["counts"], table["state"]
    exact = as_whole(table["sure"] & table["known"])
    found = table.group_by("person", query=table["ask_query"]).agg(
        top=ibis.ifelse(counts, state, nothing).max(),
        bottom=ibis.ifelse(counts, _opposite(state), nothing).max(),
        exact=ibis.ifelse(counts, exact, nothing).min(),
        doubt=ibis.ifelse(table["sure"] | (state == NO), 0, 1).max(),
        latest=table["ask_latest"].max(),
        margin=ibis.ifelse(counts, table["q"], nothing).max(),
    )
    found = found.mutate(
        bottom=ibis.ifelse(found["latest"] == 1, found["bottom"], _opposite(found["top"]))
    )
    any_ = found["latest"] == 0
    settled = ibis.cases(
        (found["top"].isnull(), ibis.literal(PARTIAL)),
        (any_ & (found["top"] == NO) & (found["doubt"] == 1), ibis.literal(PARTIAL)),
        (any_, found["top"]),
        else_=_agreed(found["top"], found["bottom"], found["exact"]),
    ).cast("int64")
    return found.select(
        "person", "query", state=settled + 1, margin=found["margin"].fill_null(0).cast("int64")
    )
