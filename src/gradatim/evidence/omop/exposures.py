"""Drug exposures as streams: what was taken, by which route, from when to when, how much a day."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import ibis

from gradatim.evidence.omop import columns
from gradatim.evidence.omop.columns import case_when, coalesce, later, one_of
from gradatim.evidence.omop.concepts import Concepts, Meanings
from gradatim.evidence.omop.keys import KEY, DateRange, Scope
from gradatim.evidence.omop.numbers import Numbers
from gradatim.evidence.omop.occurrences import answering, in_days, record_of, span
from gradatim.evidence.omop.options import Warehouse
from gradatim.evidence.omop.people import person_of
from gradatim.evidence.omop.routes import Routes, counts, route_classes
from gradatim.evidence.omop.tables import DRUGS
from gradatim.evidence.relation import Key, Stream

if TYPE_CHECKING:
    from ibis.expr import types as ir

LONGEST_SUPPLY = 36_525
"""Days; a longer supply is a slip of the pen."""
MILLIGRAMS = {8576: 1.0, 8504: 1000.0, 9655: 0.001}
"""How many mg each mass is: mg, g, ug."""


def exposures(
    warehouse: Warehouse,
    of: Scope,
    days: Mapping[int, DateRange],
    words: Numbers,
    dosed: frozenset[str],
) -> list[Stream]:
    """Give the streams of drug exposures.

    Elements that want a route are a stream of their own: what was taken by a route that is not
    recorded is doubtful for them alone.

    Args:
        warehouse: the open warehouse.
        of: the table.
        days: the concepts (and what else is a key) that are wanted, with their days.
        words: the numbers of words.
        dosed: elements whose daily dose is asked about.
    """
    routes = route_classes(of.concepts)
    size = len(routes.examples)
    found = []
    for name, keys in keys_by_route({key: of.meanings[key] for key in days}, of.concepts):
        bases = {key // size if size > 2 else key for key in keys}
        own = {base: one for base, one in days.items() if base in bases}
        table = _stream(warehouse, of, own, keys, routes, words, dosed, name != DRUGS.name)
        found.append(Stream(name, table, keys))
    return found


def keys_by_route(
    meanings: Mapping[int, Meanings], concepts: Concepts
) -> list[tuple[str, dict[int, Key]]]:
    """Give the names of the streams, each with its keys."""
    routes = route_classes(concepts)
    found = []
    for name, by_route in ((DRUGS.name, False), (f"{DRUGS.name} by route", True)):
        keys = _keys(meanings, routes, concepts, lambda e, w=by_route: bool(e.routes) is w)
        if keys:
            found.append((name, keys))
    return found


def _stream(
    warehouse: Warehouse,
    of: Scope,
    days: Mapping[int, DateRange],
    keys: Mapping[int, Key],
    routes: Routes,
    words: Numbers,
    dosed: frozenset[str],
    by_route: bool,
) -> "ir.Table":
    rows = of.rows(days)
    strengths = _strengths(warehouse, of, days, dosed)
    if strengths is not None:
        rows = rows.left_join(strengths, rows[KEY] == strengths["strong"])
    route = columns.whole(rows, "route_concept_id")
    key, size = rows[KEY], len(routes.examples)
    if size > 2:
        key = key * size + _class(route, routes)
    selected = {"person": person_of(rows), "key": key, "id": record_of(rows, DRUGS)}
    selected |= _span(rows)
    if strengths is not None:
        selected["value"] = _dose(rows)
    if by_route:
        missing = ibis.literal(True) if route is None else route.isnull() | (route == 0)
        selected["doubtful"] = missing
    selected |= answering(key, keys, of.concepts, words)
    return in_days(rows, days, selected)


def _class(route: "ir.Value | None", routes: Routes) -> "ir.Value":
    if route is None:
        return ibis.literal(0)
    branches = [
        (one_of(route, list(ids)), number) for number, ids in routes.concepts.items() if ids
    ]
    other = len(routes.examples) - 1
    return case_when([*branches, (route.isnull() | (route == 0), 0)], other)


def _keys(
    meanings: Mapping[int, Meanings],
    routes: Routes,
    concepts: Concepts,
    wanted: Callable[..., bool],
) -> dict[int, Key]:
    """Give the keys of some elements, of each concept one for each class of routes."""
    size = len(routes.examples)
    examples = routes.examples if size > 2 else routes.examples[:1]
    found = {}
    known: dict[tuple[Meanings, str], Key] = {}
    for base, every in meanings.items():
        for number, route in enumerate(examples):
            if (every, route) not in known:
                counted = [m for m in every if counts(concepts.elements[m.element], route)]
                own = tuple(m for m in counted if wanted(concepts.elements[m.element]))
                known[every, route] = Key(own, frozenset(m.element for m in counted))
            if known[every, route].meanings:
                found[base * size + number if size > 2 else base] = known[every, route]
    return found


def _span(rows: "ir.Table") -> "dict[str, ir.Value]":
    """Give the columns of when it was taken; without an end, as long as the supply lasted."""
    end, supply = columns.day(rows, DRUGS.end), _supply(rows)
    if supply is not None:
        start = columns.day(rows, DRUGS.start)
        assert start is not None
        end = coalesce(end, later(start, supply - 1))
    return span(rows, DRUGS, end, open_ended=True)


def _supply(table: "ir.Table") -> "ir.Value | None":
    days = columns.whole(table, "days_supply")
    if days is None:
        return None
    usable = (days > 0) & (days <= LONGEST_SUPPLY)
    return ibis.ifelse(usable, days, ibis.null("int64"))


def _strengths(
    warehouse: Warehouse, of: Scope, days: Mapping[int, DateRange], dosed: frozenset[str]
) -> "ir.Table | None":
    """Give `strong`, `mg`: the drugs of one ingredient, with the mg of it in each unit."""
    t = warehouse.table("drug_strength")
    asked = [
        base for base in days if base > 0 and any(m.element in dosed for m in of.meanings[base])
    ]
    if t is None or not asked:
        return None
    drug, unit = columns.whole(t, "drug_concept_id"), columns.whole(t, "amount_unit_concept_id")
    amount = columns.number(t, "amount_value")
    if drug is None or unit is None or amount is None:
        return None
    kept = drug.isin(sorted(asked))
    if (gone := columns.text(t, "invalid_reason")) is not None:
        kept = kept & (gone.isnull() | (gone == ""))
    mg = amount * case_when(
        [(unit == id, factor) for id, factor in MILLIGRAMS.items()], ibis.null("float64")
    )
    grouped = (
        t.filter(kept)
        .select(strong=drug, mg=mg)
        .group_by("strong")
        .aggregate(mg=ibis._["mg"].max(), parts=ibis._.count())
    )
    single = grouped.filter((grouped["parts"] == 1) & (grouped["mg"] > 0))
    return single.select("strong", "mg")


def _dose(table: "ir.Table") -> "ir.Value":
    """Give the daily dose in mg; NULL unless quantity, strength and days are all known."""
    quantity, supply = columns.number(table, "quantity"), _supply(table)
    start, end = columns.day(table, DRUGS.start), columns.day(table, DRUGS.end)
    if quantity is None or start is None:
        return ibis.null("float64")
    days = supply
    if end is not None:
        lasted = end.delta(start, unit="day") + 1
        days = coalesce(supply, ibis.ifelse(lasted > 0, lasted, ibis.null("int64")))
    if days is None:
        return ibis.null("float64")
    given = ibis.ifelse(quantity > 0, quantity, ibis.null("float64"))
    return given * table["mg"] / days.cast("float64")
