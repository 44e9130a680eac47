"""Drug exposures as streams: what was taken, by which route, from when to when, how much a day."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import ibis

from gradatim.evidence.relation import LAST_DAY, Key, Stream
from gradatim.evidence.sources.omop import columns
from gradatim.evidence.sources.omop.columns import a_day, chosen, either, later, one_of
from gradatim.evidence.sources.omop.concepts import Concepts, Meanings
from gradatim.evidence.sources.omop.keys import KEY, Keyed, keyed
from gradatim.evidence.sources.omop.numbers import Numbers
from gradatim.evidence.sources.omop.occurrences import answering, record_of, span
from gradatim.evidence.sources.omop.options import Warehouse
from gradatim.evidence.sources.omop.persons import person_of
from gradatim.evidence.sources.omop.routes import Routes, counts, route_classes
from gradatim.evidence.sources.omop.tables import DRUGS

if TYPE_CHECKING:
    from ibis.expr import types as ir

LONGEST_SUPPLY = 36_525
"""Days; a longer supply is a slip of the pen."""
MILLIGRAMS = {8576: 1.0, 8504: 1000.0, 9655: 0.001}
"""How many mg each mass is: mg, g, ug."""


def exposures(warehouse: Warehouse, concepts: Concepts, words: Numbers, dosed: frozenset[str]
              ) -> list[Stream]:  # fmt: skip
    """Give the streams of drug exposures; none if there is no such table.

    Elements that want a route are a stream of their own: what was taken by a route that is not
    recorded is doubtful for them alone.

    Args:
        warehouse: the open warehouse.
        concepts: what concepts mean.
        words: the numbers of words.
        dosed: elements whose daily dose is asked about.
    """
    table = warehouse.table(DRUGS.name)
    if table is None:
        return []
    of_row = keyed(warehouse, table, DRUGS, concepts)
    if not of_row.meanings:
        return []
    table = of_row.table
    strengths = _strengths(warehouse, of_row, dosed)
    if strengths is not None:
        table = table.left_join(strengths, columns.whole(table, DRUGS.concept)
                                == strengths["strong"])  # fmt: skip
    routes = route_classes(concepts)
    route = columns.whole(table, "route_concept_id")
    key, size = table[KEY], len(routes.examples)
    if size > 2:
        key = key * size + _class(route, routes)
    selected = {"person": person_of(table), "key": key, "id": record_of(table, DRUGS)}
    selected |= _span(warehouse, table)
    if strengths is not None:
        selected["value"] = _dose(table)
    missing = ibis.literal(True) if route is None else route.isnull() | (route == 0)
    found = []
    for wanted in (False, True):
        keys = _keys(of_row.meanings, routes, concepts, lambda e, w=wanted: bool(e.routes) is w)
        if keys:
            more = {"doubtful": missing} if wanted else {}
            more |= answering(key, {k: set(one.record) for k, one in keys.items()}, concepts, words)
            name = f"{DRUGS.name} by route" if wanted else DRUGS.name
            found.append(Stream(name, table.select(**selected, **more), keys))
    return found


def _class(route: "ir.Value | None", routes: Routes) -> "ir.Value":
    if route is None:
        return ibis.literal(0)
    branches = [
        (one_of(route, list(ids)), number) for number, ids in routes.concepts.items() if ids
    ]
    other = len(routes.examples) - 1
    return chosen([*branches, (route.isnull() | (route == 0), 0)], other)


def _keys(meanings: dict[int, Meanings], routes: Routes, concepts: Concepts,
          wanted: Callable[..., bool]) -> dict[int, Key]:  # fmt: skip
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


def _span(warehouse: Warehouse, table: "ir.Table") -> "dict[str, ir.Value]":
    """Give the columns of when it was taken; without an end, as long as the supply lasted."""
    start, end = columns.day(table, DRUGS.start), columns.day(table, DRUGS.end)
    found = span(warehouse, table, start, end, open_ended=True)
    supply = _supply(table)
    if supply is not None and _lasting(warehouse, table, supply, end):
        over = later(found["start"], supply - 1)
        known = either(end, over)
        assert known is not None
        found["end"] = known.coalesce(found["start"])
        found["end_last"] = known.coalesce(a_day(LAST_DAY))
    return found


def _lasting(warehouse: Warehouse, table: "ir.Table", supply: "ir.Value", end: "ir.Value | None"
             ) -> bool:  # fmt: skip
    """Whether there is a record of which only the supply tells when it ended."""
    asked = supply.notnull() if end is None else supply.notnull() & end.isnull()
    return bool(warehouse.fetch(table.filter(asked).select(one=supply).limit(1)).num_rows)


def _supply(table: "ir.Table") -> "ir.Value | None":
    days = columns.whole(table, "days_supply")
    if days is None:
        return None
    usable = (days > 0) & (days <= LONGEST_SUPPLY)
    return ibis.ifelse(usable, days, ibis.null("int64"))


def _strengths(warehouse: Warehouse, of_row: Keyed, dosed: frozenset[str]) -> "ir.Table | None":
    """Give `strong`, `mg`: the drugs of one ingredient, with the mg of it in each unit."""
    t = warehouse.table("drug_strength")
    asked = [base for base, some in of_row.meanings.items()
             if base > 0 and any(m.element in dosed for m in some)]  # fmt: skip
    if t is None or not asked:
        return None
    drug, unit = columns.whole(t, "drug_concept_id"), columns.whole(t, "amount_unit_concept_id")
    amount = columns.number(t, "amount_value")
    if drug is None or unit is None or amount is None:
        return None
    kept = drug.isin(sorted(asked))
    if (gone := columns.text(t, "invalid_reason")) is not None:
        kept = kept & (gone.isnull() | (gone == ""))
    mg = amount * chosen([(unit == id, factor) for id, factor in MILLIGRAMS.items()],
                         ibis.null("float64"))  # fmt: skip
    grouped = t.filter(kept).select(strong=drug, mg=mg).group_by("strong").aggregate(
        mg=ibis._["mg"].max(), parts=ibis._.count())  # fmt: skip
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
        days = either(supply, ibis.ifelse(lasted > 0, lasted, ibis.null("int64")))
    if days is None:
        return ibis.null("float64")
    given = ibis.ifelse(quantity > 0, quantity, ibis.null("float64"))
    return given * table["mg"] / days.cast("float64")
