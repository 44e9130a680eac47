"""The records behind the answers: which ones a query looked at and what they say."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from gradatim.evidence.relation import LAST_DAY, Relation, Stream
from gradatim.protocol.elements import Element
from gradatim.rules.population.leaf_queries import (
    DailyDoseQuery,
    LeafQuery,
    MeasurementQuery,
    StableDoseQuery,
)
from gradatim.rules.population.query import NumberedQueries, by_stream
from gradatim.rules.population.sql.measurements import (
    MARGIN_BOUND,
    MARGIN_SCALE,
    asked_of,
    said_by_each,
)
from gradatim.rules.population.sql.records import column, dimension, joined, perhaps_inside

_COLUMN_TYPES = {"key": pa.int64(), "query": pa.int64(), "since": pa.date32(), "until": pa.date32()}
_COLUMNS = ("person", "query", "id", "on", "value", "unit", "threshold", "margin")


def queried_records(
    relation: Relation, queries: NumberedQueries, elements: Mapping[str, Element]
) -> Iterator[ir.Table]:
    """Give the records that queries look at.

    Args:
        relation: the records that were taken out for the queries.
        queries: the queries with their numbers.
        elements: the elements by name.

    Returns:
        Tables of `person`, `query`, `id`, `on` (the day it began), and of values compared with a
        limit `value` and `threshold` (in the limit's unit, or as they were reported where the limit
        is a multiple of a reference limit), `unit` (its number among the relation's units) and
        `margin` (in units of the limit).
    """
    values = [(number, query) for number, query in queries if isinstance(query, MeasurementQuery)]
    for stream, some in by_stream(relation, values):
        found = _values(relation, stream, some, elements)
        if found is not None:
            yield found
    others = [
        (number, query) for number, query in queries if not isinstance(query, MeasurementQuery)
    ]
    for stream, some in by_stream(relation, others):
        found = _happenings(stream, some)
        if found is not None:
            yield found


def _values(
    relation: Relation, stream: Stream, asked: NumberedQueries, elements: Mapping[str, Element]
) -> ir.Table | None:
    """Give the values that counted: of the last day, or of those that say most."""
    table = asked_of(relation, stream, asked, elements)
    if table is None:
        return None
    table = said_by_each(relation, stream, table.filter(perhaps_inside(table)))
    group = {"group_by": [table["person"], table["ask_query"]]}
    last = table["start"].max().over(**group)
    most = table["state"].max().over(**group)
    table = table.mutate(last_=last, most_=most)
    counted = ibis.ifelse(
        table["ask_latest"] == 1,
        column(table, "start_last") >= table["last_"],
        table["state"] == table["most_"],
    )
    table = table.filter(counted)
    compared = table["ask_word"] == -1
    nothing = ibis.null("float64")
    distance = (table["q"] - MARGIN_BOUND) / float(MARGIN_SCALE) * table["ask_sign"]
    return table.select(
        "person",
        query=table["ask_query"],
        id=table["id"].cast("string"),
        on=table["start"],
        value=ibis.ifelse(compared, column(table, "value"), nothing),
        unit=column(table, "unit").cast("int64"),
        threshold=ibis.ifelse(compared, _reported(table), nothing),
        margin=ibis.ifelse(compared & (table["q"] > 0), distance, nothing),
    )


def _reported(table: ir.Table) -> Any:
    """Give the limit in the unit in which the value was reported."""
    own = (table["limit"] - table["ask_offset"]) / table["ask_factor"]
    return ibis.ifelse(table["ask_times"] > 0, table["limit"], own)


def _happenings(stream: Stream, asked: NumberedQueries) -> ir.Table | None:
    rows = [
        {"query": number, "key": key, "since": days[0], "until": days[1]}
        for number, query in asked
        if not getattr(query, "denials", False)
        for days in [_days(query)]
        for key, _ in stream.keys_of(query.element)
    ]
    if not rows:
        return None
    table = joined(stream, dimension(rows, _COLUMN_TYPES))
    table = table.filter(perhaps_inside(table))
    nothing = ibis.null("float64")
    return table.select(
        "person",
        query=table["ask_query"],
        id=table["id"].cast("string"),
        on=table["start"],
        value=nothing,
        unit=ibis.literal(0).cast("int64"),
        threshold=nothing,
        margin=nothing,
    )


def _days(query: LeafQuery) -> tuple[Any, Any]:
    """Give the days of which records are told; of a washout up to the last that could matter."""
    if isinstance(query, DailyDoseQuery):
        return query.records
    if isinstance(query, StableDoseQuery) and not query.spared:
        return min(query.started, query.unchanged), query.at
    washouts = getattr(query, "washouts", None)
    if washouts:
        known = [day for _, day in washouts if day is not None]
        return min(known, default=LAST_DAY), query.window.until
    return query.window


def used_queries(terms: Iterable[Any]) -> dict[int, list[int]]:
    """Give for each query the places of the terms that look at it."""
    found: dict[int, list[int]] = {}
    for place, term in enumerate(terms):
        for query in dict.fromkeys(_queries(term)):
            found.setdefault(query, []).append(place)
    return found


def _queries(term: Any) -> Iterator[int]:
    for part in getattr(term, "parts", ()):
        yield from _queries(part)
    if hasattr(term, "part"):
        yield from _queries(term.part)
    for visit in getattr(term, "visits", ()):
        yield from visit.queries
    if hasattr(term, "query"):
        yield term.query
