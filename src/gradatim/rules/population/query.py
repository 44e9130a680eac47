"""The questions of a plan, put to a population's tables: one query for each kind of answer."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import count
from typing import Any, NamedTuple

import ibis
from ibis.expr import types as ir

from gradatim.evidence.relation import FIRST_DAY, LAST_DAY, Keep, Relation, Stream
from gradatim.protocol.elements import Element
from gradatim.rules.population.leaf_queries import (
    CountSlot,
    DaysSlot,
    DoseSlot,
    PointSlot,
    Slot,
    SpanSlot,
    StableSlot,
)
from gradatim.rules.population.plan import Plan
from gradatim.rules.population.sql.any_record import Masked, masked
from gradatim.rules.population.sql.counts import count_states
from gradatim.rules.population.sql.courses import stable_states
from gradatim.rules.population.sql.derive import Deriver, prepared
from gradatim.rules.population.sql.doses import dose_states
from gradatim.rules.population.sql.exposure_days import days_states
from gradatim.rules.population.sql.histories import span_states
from gradatim.rules.population.sql.measurements import point_states
from gradatim.rules.population.sql.portable import as_whole, day_number, whole
from gradatim.rules.population.sql.rows import Step
from gradatim.rules.population.sql.streams import together
from gradatim.rules.population.sql.washouts import washout_states

Asked = list[tuple[int, Any]]


class Questions(NamedTuple):
    """What an engine is asked.

    Args:
        persons: `person`, `born_first`, `born_last` (day numbers), `ymd_first`, `ymd_last` (numbers
            such as 20261116), `undated` (1 if no day of birth is known), `sex` (1 female, 2 male,
            else 0), `since_<kind>`, `until_<kind>`, and `site` if known.
        masks: for each stream the words of its masks.
        states: rows of `person`, `slot`, `state` (one higher than the state) and `margin`.
    """

    persons: ir.Table
    masks: tuple[Masked, ...]
    states: tuple[ir.Table, ...]


def questions(
    plan: Plan, relation: Relation, extract: Relation, elements: Mapping[str, Element], keep: Keep
) -> Questions:
    """Ask a population everything that a plan needs.

    Args:
        plan: the slots and masks.
        relation: the population.
        extract: of the same people, the records that the slots look at.
        elements: the elements by name.
        keep: materialises an expression under a name.
    """
    numbers = count()

    def step(table: ir.Table) -> ir.Table:
        return keep(table, f"step {next(numbers)}")

    extract = prepared(extract, elements)
    deriver = Deriver(extract, elements, step)
    slots = list(plan.slots.items())
    derived = {slot.element for _, slot in slots if isinstance(slot, PointSlot) and slot.derived}
    computed = {
        name: stream
        for name in sorted(derived)
        if elements[name].derived and (stream := deriver.stream(name))
    }
    found = _states(extract, slots, computed, elements, step)
    states = [table for table in found if table is not None]
    found_in = relation if extract.present is None else replace(extract, streams=extract.present)
    masks = tuple(_masks(plan, found_in, computed))
    return Questions(_persons(relation), masks, tuple(states))


def _states(
    relation: Relation,
    slots: Asked,
    computed: Mapping[str, Stream],
    elements: Mapping[str, Element],
    step: Step,
) -> Iterable[ir.Table | None]:
    asks: dict[type, Callable[[Stream, Asked], ir.Table | None]] = {
        PointSlot: lambda stream, some: point_states(relation, stream, some, elements, step),
        SpanSlot: span_states,
        CountSlot: count_states,
        DaysSlot: lambda stream, some: days_states(stream, some, step),
        StableSlot: lambda stream, some: _courses(stream, some, step),
        DoseSlot: lambda stream, some: dose_states(stream, some, step),
    }
    for kind, ask in asks.items():
        some = [(number, slot) for number, slot in slots if isinstance(slot, kind)]
        for stream, of_it in by_stream(relation, some):
            yield _complete(ask(stream, of_it))
    for name, stream in computed.items():
        points = [(number, slot) for number, slot in slots if isinstance(slot, PointSlot)]
        of_it = [(number, slot) for number, slot in points if slot.derived and slot.element == name]
        yield _complete(point_states(relation, stream, of_it, elements, step))


def _courses(stream: Stream, asked: Asked, step: Step) -> ir.Table | None:
    parts = [
        stable_states(stream, [one for one in asked if not one[1].spared], step),
        washout_states(stream, [one for one in asked if one[1].spared], step),
    ]
    found = [part for part in parts if part is not None]
    return ibis.union(*found, distinct=False) if len(found) == 2 else next(iter(found), None)


def _complete(table: ir.Table | None) -> ir.Table | None:
    if table is None:
        return None
    margin = table["margin"] if "margin" in table.columns else whole(0)
    return table.select(
        "person",
        slot=table["slot"].cast("int64"),
        state=table["state"].cast("int64"),
        margin=margin,
    )


def by_stream(relation: Relation, slots: Asked) -> Iterable[tuple[Stream, Asked]]:
    """Sort slots by the stream that answers them."""
    found: dict[tuple[str, ...], Asked] = {}
    for number, slot in slots:
        elements = _elements(slot)
        names = tuple(
            one.name
            for one in relation.streams
            if any(any(one.keys_of(element)) for element in elements)
        )
        found.setdefault(names, []).append((number, slot))
    for some in found.values():
        stream = together(relation, *sorted({name for _, slot in some for name in _elements(slot)}))
        if stream is not None:
            yield stream, some


def _elements(slot: Slot) -> list[str]:
    spared = getattr(slot, "spared", "")
    return [slot.element, *([spared] if isinstance(spared, str) and spared else [])]


def _masks(plan: Plan, relation: Relation, computed: Mapping[str, Stream]) -> Iterable[Masked]:
    wanted = [mask for _, mask in plan.masks.items()]
    unreadable = [mask for mask in wanted if mask.what == "unreadable"]
    asked = [
        *((one, wanted, False) for one in relation.streams),
        *((one, wanted, True) for one in computed.values()),
        *((one, unreadable, False) for one in relation.unclear),
    ]
    for number, (stream, of_it, is_computed) in enumerate(asked):
        found = masked(relation, stream, of_it, f"w{number}", is_computed)
        if found is not None:
            yield found


def _persons(relation: Relation) -> ir.Table:
    table = relation.persons
    columns: dict[str, Any] = {"person": table["person"]}
    for end in ("first", "last"):
        born = table[f"birth_{end}"]
        columns[f"born_{end}"] = day_number(born)
        columns[f"ymd_{end}"] = (
            born.year().cast("int64") * whole(10_000)
            + born.month().cast("int64") * whole(100)
            + born.day().cast("int64")
        )
    nobody = (table["birth_first"] == FIRST_DAY) & (table["birth_last"] == LAST_DAY)
    columns["undated"] = as_whole(nobody)
    columns["sex"] = ibis.cases((table["sex"] == "female", 1), (table["sex"] == "male", 2), else_=0)
    for kind in sorted(relation.covered):
        for end in ("since", "until"):
            columns[f"{end}_{kind}"] = day_number(table[f"{end}_{kind}"])
    if "site" in table.columns:
        columns["site"] = table["site"]
    return table.select(**columns)
