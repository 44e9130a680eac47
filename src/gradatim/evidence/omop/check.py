"""Faults of a warehouse's data: found by counting, told by name, fatal only where they must be."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from gradatim.core.dates import EARLIEST
from gradatim.core.errors import UnusableInput
from gradatim.evidence.omop import columns
from gradatim.evidence.omop.columns import a_day
from gradatim.evidence.omop.concepts import Concepts
from gradatim.evidence.omop.not_known import NotKnown, not_known
from gradatim.evidence.omop.options import Options, Warehouse
from gradatim.evidence.omop.people import person_of, required_table, with_birth
from gradatim.evidence.omop.tables import DRUGS, SOURCES, VALUES, SourceTable
from gradatim.evidence.omop.understanding import KINDS
from gradatim.evidence.omop.unresolved_rows import unclear
from gradatim.evidence.omop.vocabulary import concepts
from gradatim.protocol.study import Study

if TYPE_CHECKING:
    from ibis.expr import types as ir

MOST_CODES = 20
"""Codes that are not understood are told as far as these, the most frequent first."""


class NotUnderstood(NamedTuple):
    """Records of one table that may be about what is asked, for all that is known of them.

    Args:
        people: how many people have any.
        codes: the most frequent of their codes.
    """

    people: int
    codes: tuple[NotKnown, ...]


@dataclass(frozen=True)
class Checked:
    """What was found.

    Args:
        notes: sentences for the run report.
        not_used: counts by table and reason, such as `condition_occurrence: without start date`.
        missing: tables that are not there, with the elements that are unknown for it.
        empty: likewise, tables without a row.
        unmapped: elements for which no concept was found.
        unrecognised: elements whose absence cannot be concluded of anybody, with why.
        not_understood: by table, records that keep elements from being absent in their people.
        rows: how many rows each table has.
        without_concept: how many of them have no concept.
    """

    notes: tuple[str, ...] = ()
    not_used: Mapping[str, int] = field(default_factory=dict)
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    empty: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unmapped: tuple[str, ...] = ()
    unrecognised: Mapping[str, str] = field(default_factory=dict)
    not_understood: Mapping[str, NotUnderstood] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    without_concept: Mapping[str, int] = field(default_factory=dict)


def check(
    warehouse: Warehouse, study: Study, options: Options, known: Concepts | None = None
) -> Checked:
    """Look for faults.

    Args:
        warehouse: the open warehouse.
        study: the protocol that asks.
        options: how the warehouse is to be read.
        known: what concepts mean, where that has been looked up already.

    Raises:
        UnusableInput: no people, people twice, a table without a column that each record needs, a
            column of the wrong type, or a date beyond the calendar.
    """
    counts = dict(_people(warehouse, options))
    if options.observation_period:
        required_table(warehouse, "observation_period", "coverage is to be tied to it")
    missing, empty, rows = {}, {}, {}
    for source in SOURCES:
        table = warehouse.table(source.name)
        if table is None:
            missing[source.name] = _elements_in(source, study)
            continue
        _columns(table, source)
        found = _records(warehouse, table, source, options)
        rows[source.name] = found.pop("rows")
        if not rows[source.name]:
            empty[source.name] = _elements_in(source, study)
        found["of people who are not in person"] = _orphans(warehouse, table)
        counts |= {f"{source.name}: {why}": n for why, n in found.items() if n}
    known = known or concepts(warehouse, study, options.coverage)
    mapped = {m.element for some in known.meanings.values() for m in some}
    coded = [
        name for name, one in study.elements.items() if one.codes or one.drugs or one.drug_classes
    ]
    unmapped = tuple(name for name in coded if name not in mapped)
    notes = (
        ()
        if warehouse.table("death") is not None
        else ("there is no table death: people who have died are not left out",)
    )
    return Checked(
        (*known.notes, *notes, *(f"the table {name} is empty" for name in empty)),
        counts,
        missing,
        empty,
        unmapped,
        known.understood.unrecognised,
        dict(_not_understood(warehouse, known)),
        rows,
        dict(_without_concept(known)),
    )


def _without_concept(known: Concepts) -> Iterator[tuple[str, int]]:
    """Count the rows of each table that have no concept."""
    for source, given in known.given.items():
        if number := sum(rows for one, rows in given.items() if one.concept is None):
            yield source.name, number


def _not_understood(warehouse: Warehouse, known: Concepts) -> Iterator[tuple[str, NotUnderstood]]:
    """Count the people with records of unknown meaning, and the codes of these."""
    for source in SOURCES:
        of = unclear(warehouse, source, known)
        if of is None:
            continue
        found = of.rows()
        people = warehouse.fetch(found.aggregate(n=found["person"].nunique()))["n"][0].as_py()
        if people:
            yield source.name, NotUnderstood(people, tuple(not_known(warehouse, of, MOST_CODES)))


def _elements_in(source: SourceTable, study: Study) -> tuple[str, ...]:
    return tuple(name for name, one in study.elements.items() if one.kind in KINDS[source])


def _people(warehouse: Warehouse, options: Options) -> dict[str, int]:
    t = with_birth(required_table(warehouse, "person", "nobody is known without it"), options)
    person, first, last = person_of(t), t["birth_first"], t["birth_last"]
    counted = t.aggregate(
        rows=person.count(),
        people=person.nunique(),
        nobody=person.isnull().sum(),
        unborn=(first == a_day(date.min)).sum(),
        partial=(first < last).sum(),
    )
    found = warehouse.fetch(counted).to_pylist()[0]
    if not found["rows"]:
        raise UnusableInput("the table person is empty", "person", todo="load some people")
    if found["rows"] != found["people"]:
        twice = found["rows"] - found["people"]
        raise UnusableInput(
            f"{twice} rows of person repeat a person_id",
            "person.person_id",
            "each person must have one row",
            "remove the doubles",
        )
    unborn = found["unborn"] or 0
    counts = {
        "person: without person_id": found["nobody"] or 0,
        "person: without a usable date of birth": unborn,
        "person: date of birth known in part": (found["partial"] or 0) - unborn,
    }
    return {why: n for why, n in counts.items() if n}


def _columns(table: "ir.Table", source: SourceTable) -> None:
    """Refuse a table without the columns that every record needs, or with one of a wrong type."""
    for column in source.required:
        if column not in table.columns:
            raise UnusableInput(
                f"there is no column {column}",
                f"{source.name}.{column}",
                f"every record of {source.name} needs it",
                "add the column, or leave the table out",
            )
    whole = [source.concept, source.source_concept]
    if source in VALUES:
        whole += ["unit_concept_id", "value_as_concept_id", "operator_concept_id"]
        columns.number(table, "value_as_number")
    if source is DRUGS:
        whole += ["route_concept_id", "days_supply"]
        columns.number(table, "quantity")
    for column in whole:
        columns.whole(table, column)
    if columns.day(table, source.start) is None:
        raise columns.wrong_type(source.start, str(table[source.start].type()), "dates")
    columns.day(table, source.end)


def _records(
    warehouse: Warehouse, table: "ir.Table", source: SourceTable, options: Options
) -> dict[str, int]:
    """Count the rows, those without dates and those with strange ones.

    Dates are taken as they stand, as long as a calendar has them.
    """
    start, end = columns.day(table, source.start), columns.day(table, source.end)
    assert start is not None
    late = a_day(options.on + timedelta(days=1))
    # The extremes stand in the statistics of most files, and mostly nothing need be counted.
    found = _one(
        warehouse,
        table,
        rows=table.count(),
        dated=start.count(),
        early=start.min() < a_day(EARLIEST),
        late=start.max() > late,
        beyond=_beyond(start.min()) | _beyond(start.max()),
        beyond_it=False if end is None else _beyond(end.min()) | _beyond(end.max()),
    )
    counts = {}
    if found["early"]:
        counts["that start before 1900"] = (start < a_day(EARLIEST)).sum()
    if found["late"]:
        counts["that start after the day of the evaluation"] = (start > late).sum()
    for name, column in (("beyond", start), ("beyond_it", end)):
        if column is not None and found[name]:
            many, place = _one(warehouse, table, n=_beyond(column).sum())["n"], column.get_name()
            raise UnusableInput(
                f"{many} dates lie outside the years 1 to 9999",
                f"{source.name}.{place}",
                todo="mend these dates",
            )
    if end is not None:
        counts["that end before they start"] = (end < start).sum()
    told = {"rows": found["rows"], "without start date": found["rows"] - found["dated"]}
    return told | (_one(warehouse, table, **counts) if counts else {})


def _beyond(day: "ir.Value") -> "ir.Value":
    return (day < a_day(date.min)) | (day > a_day(date.max))


def _one(warehouse: Warehouse, table: "ir.Table", **counts: Any) -> dict[str, int]:
    """Count; of no rows there is none."""
    found = warehouse.fetch(table.aggregate(**counts)).to_pylist()[0]
    return {name: n or 0 for name, n in found.items()}


def _orphans(warehouse: Warehouse, table: "ir.Table") -> int:
    """Count the people of whom there are records but who are not in `person`."""
    people = required_table(warehouse, "person", "nobody is known without it")
    mine = table.select(person=person_of(table)).distinct()
    lost = mine.anti_join(people.select(person=person_of(people)), "person")
    return int(warehouse.fetch(lost.aggregate(n=lost.count()))["n"][0].as_py())
