"""The records behind the answers: which ones a slot looked at and what they say."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from gradatim.evidence.relation import LAST_DAY, Relation, Stream
from gradatim.protocol.elements import Element
from gradatim.rules.population.leaf_queries import DoseSlot, PointSlot, Slot, StableSlot
from gradatim.rules.population.query import Asked, by_stream
from gradatim.rules.population.sql.measurements import (
    MARGIN_BOUND,
    MARGIN_SCALE,
    asked_of,
    said_by_each,
)
from gradatim.rules.population.sql.rows import column, dimension, joined, perhaps_inside

SCHEMA = {"key": pa.int64(), "slot": pa.int64(), "since": pa.date32(), "until": pa.date32()}
COLUMNS = ("person", "slot", "id", "on", "value", "unit", "threshold", "margin")


def records(
    relation: Relation, slots: Asked, elements: Mapping[str, Element]
) -> Iterator[ir.Table]:
    """Give the records that slots look at.

    Args:
        relation: the records that were taken out for the slots.
        slots: the slots with their numbers.
        elements: the elements by name.

    Returns:
        Tables of `person`, `slot`, `id`, `on` (the day it began), and of values compared with a
        limit `value` and `threshold` (in the limit's unit, or as they were reported where the limit
        is a multiple of a reference limit), `unit` (its number among the relation's units) and
        `margin` (in units of the limit).
    """
    points = [(number, slot) for number, slot in slots if isinstance(slot, PointSlot)]
    for stream, some in by_stream(relation, points):
        found = _values(relation, stream, some, elements)
        if found is not None:
            yield found
    others = [(number, slot) for number, slot in slots if not isinstance(slot, PointSlot)]
    for stream, some in by_stream(relation, others):
        found = _happenings(stream, some)
        if found is not None:
            yield found


def _values(
    relation: Relation, stream: Stream, asked: Asked, elements: Mapping[str, Element]
) -> ir.Table | None:
    """Give the values that counted: of the last day, or of those that say most."""
    table = asked_of(relation, stream, asked, elements)
    if table is None:
        return None
    table = said_by_each(relation, stream, table.filter(perhaps_inside(table)))
    group = {"group_by": [table["person"], table["ask_slot"]]}
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
        slot=table["ask_slot"],
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


def _happenings(stream: Stream, asked: Asked) -> ir.Table | None:
    rows = [
        {"slot": number, "key": key, "since": days[0], "until": days[1]}
        for number, slot in asked
        if not getattr(slot, "denials", False)
        for days in [_days(slot)]
        for key, _ in stream.keys_of(slot.element)
    ]
    if not rows:
        return None
    table = joined(stream, dimension(rows, SCHEMA))
    table = table.filter(perhaps_inside(table))
    nothing = ibis.null("float64")
    return table.select(
        "person",
        slot=table["ask_slot"],
        id=table["id"].cast("string"),
        on=table["start"],
        value=nothing,
        unit=ibis.literal(0).cast("int64"),
        threshold=nothing,
        margin=nothing,
    )


def _days(slot: Slot) -> tuple[Any, Any]:
    """Give the days of which records are told; of a washout up to the last that could matter."""
    if isinstance(slot, DoseSlot):
        return slot.records
    if isinstance(slot, StableSlot) and not slot.spared:
        return min(slot.started, slot.unchanged), slot.at
    washouts = getattr(slot, "washouts", None)
    if washouts:
        known = [day for _, day in washouts if day is not None]
        return min(known, default=LAST_DAY), slot.window.until
    return slot.window


def used_slots(terms: Iterable[Any]) -> dict[int, list[int]]:
    """Give for each slot the places of the terms that look at it."""
    found: dict[int, list[int]] = {}
    for place, term in enumerate(terms):
        for slot in dict.fromkeys(_slots(term)):
            found.setdefault(slot, []).append(place)
    return found


def _slots(term: Any) -> Iterator[int]:
    for part in getattr(term, "parts", ()):
        yield from _slots(part)
    if hasattr(term, "part"):
        yield from _slots(term.part)
    for point in getattr(term, "points", ()):
        yield from point.slots
    if hasattr(term, "slot"):
        yield term.slot
