"""Reference limits of values that came without their own, from a laboratory's dictionary."""

from typing import TYPE_CHECKING, Protocol

import ibis

from gradatim.clinical.units import convert_for
from gradatim.evidence.omop.columns import case_when
from gradatim.evidence.omop.concepts import Concepts, Meanings
from gradatim.evidence.omop.options import Options, ReferenceRange, Warehouse
from gradatim.evidence.omop.people import person_of, required_table, sex_column, with_birth

if TYPE_CHECKING:
    from ibis.expr import types as ir

SIDES = ("low", "high")


class Keyed(Protocol):
    """What is needed to know of a row: its meanings by key, its units by number."""

    @property
    def meanings(self) -> dict[int, Meanings]:
        """What each key means."""
        ...

    @property
    def units(self) -> dict[int, str]:
        """The texts of units, by number."""
        ...


def with_limits(
    warehouse: Warehouse, records: "ir.Table", row: Keyed, concepts: Concepts, options: Options
) -> "ir.Table":
    """Fill in the limits that the dictionary has, in the unit of the value.

    Args:
        warehouse: the open warehouse.
        records: the records with `base` (their key), `person`, `start`, `unit`, and their own
            `low` and `high` where the table has them.
        row: what keys and units mean.
        concepts: what concepts mean.
        options: with the dictionary.
    """
    by_element = keys_of(row, options)
    if not by_element:
        return records
    if any(not one.for_all for name in by_element for one in options.reference_ranges[name]):
        records = _with_people(warehouse, records, options)
    filled = {}
    for side in SIDES:
        limit = _limit(records, side, by_element, row, concepts, options)
        own = records[side] if side in records.columns else ibis.null("float64")
        filled[side] = ibis.coalesce(own, limit)
    kept = [name for name in records.columns if name not in (*SIDES, *_OF_PEOPLE)]
    return records.select(*kept, **filled)


def keys_of(row: Keyed, options: Options) -> dict[str, list[int]]:
    """Give the keys of each element in the dictionary; a key is the first such element's."""
    found: dict[str, list[int]] = {}
    for key, some in row.meanings.items():
        name = next((m.element for m in some if m.element in options.reference_ranges), None)
        if name:
            found.setdefault(name, []).append(key)
    return found


_OF_PEOPLE = ("born_first", "born_last", "of_sex")


def _with_people(warehouse: Warehouse, records: "ir.Table", options: Options) -> "ir.Table":
    t = with_birth(required_table(warehouse, "person", "nobody is known without it"), options)
    people = t.select(
        person=person_of(t),
        born_first=t["birth_first"],
        born_last=t["birth_last"],
        of_sex=sex_column(t),
    )
    joined = records.left_join(people, "person")
    return joined.select(*records.columns, *_OF_PEOPLE)


def _limit(
    t: "ir.Table",
    side: str,
    by_element: dict[str, list[int]],
    row: Keyed,
    concepts: Concepts,
    options: Options,
) -> "ir.Value":
    branches = []
    for name, keys in by_element.items():
        analyte = concepts.elements[name].analyte or None
        of_element = []
        for one in options.reference_ranges[name]:
            given = getattr(one, side)
            limits = {n: in_unit(analyte, given, one.unit, unit) for n, unit in row.units.items()}
            in_units = [(t["unit"] == n, limit) for n, limit in limits.items() if limit is not None]
            value = case_when(in_units, ibis.null("float64"))
            of_element.append((_holds(t, one), value.cast("float64")))
        branches.append((t["base"].isin(sorted(keys)), case_when(of_element, ibis.null("float64"))))
    return case_when(branches, ibis.null("float64"))


def in_unit(analyte: str | None, given: float | None, unit: str, to: str) -> float | None:
    """Give a limit in the unit of a value, None where it does not convert."""
    if given is None or unit == to:
        return given
    return convert_for(analyte, given, unit, to)


def _holds(t: "ir.Table", one: ReferenceRange) -> "ir.Value":
    """Say whether a range surely holds for the person on the day of the value."""
    if one.for_all:
        return ibis.literal(True)
    oldest, youngest = (_age(t["start"], t[name]) for name in ("born_first", "born_last"))
    holds = (youngest >= one.age_from) & (oldest <= one.age_to)
    if one.sex:
        holds = holds & (t["of_sex"] == one.sex)
    return holds.fill_null(False)


def _age(at: "ir.Value", born: "ir.Value") -> "ir.Value":
    """Give the completed years; who was born on 29 February has a birthday on 1 March."""
    day, birthday = (one.month() * 100 + one.day() for one in (at, born))
    return at.year() - born.year() - (day < birthday).cast("int32")
