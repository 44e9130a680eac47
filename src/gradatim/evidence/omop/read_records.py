"""Reads one row of conditions, drug exposures or procedures."""

from collections.abc import Mapping
from datetime import date, timedelta

from gradatim.clinical import omop
from gradatim.core.dates import Day, on
from gradatim.core.message import Text
from gradatim.evidence.doubts import Doubt
from gradatim.evidence.facts import Coding, Fact, NotUsed
from gradatim.evidence.fhir.dosages import DAILY_DOSE_UNIT
from gradatim.evidence.omop.concepts import Concepts
from gradatim.evidence.omop.person_rows import RecordRow
from gradatim.evidence.omop.tables import CONDITIONS, DRUGS, PROCEDURES, SourceTable
from gradatim.evidence.relation import Meaning

LONGEST_SUPPLY = 36_525
TO_MG = {8576: 1.0, 8504: 1000.0, 9655: 0.001}
Strengths = Mapping[int, list[tuple[float | None, int | None]]]


def facts_of_row(
    source: SourceTable, row: RecordRow, known: Concepts, strengths: Strengths
) -> list[Fact | NotUsed]:
    """Give the facts of a row, or why it gives none; nothing for one that is not asked about."""
    id = f"{source.name}/{row['id']}"
    meanings = known.meanings_of(source, *told_by(row))
    route = "" if source is not DRUGS else route_of(row, known)
    meanings = tuple(m for m in meanings if _route_counts(known, m, route))
    if not meanings:
        return []
    start, end = row["start"], row["end"]
    if start is None or (end is not None and end < start):
        why = "has no start" if start is None else f"ends ({end}) before it starts ({start})"
        return [NotUsed(id, why, tuple(dict.fromkeys(m.element for m in meanings)))]
    days = on(start), _end(source, row, start, end)
    return [_fact(source, row, id, one, days, route, known, strengths) for one in meanings]


def not_understood(source: SourceTable, row: RecordRow, known: Concepts) -> list[NotUsed]:
    """Return what a row may be about beside what it means; nothing where all of it is known."""
    names = known.may_be(source, *told_by(row))
    if not names:
        return []
    return [
        NotUsed(
            f"{source.name}/{row['id']}",
            "its code is not known here",
            tuple(sorted(names)),
            (Coding(coded_as(row)),),
        )
    ]


def coded_as(row: RecordRow) -> str:
    """Write the concepts and the source value of a row, as far as it has any."""
    concepts = [f"concept {row[name]}" for name in ("concept", "used") if row[name]]
    value = row.get("result")
    told = [
        *concepts,
        *([f"value {value}"] if value else []),
        *([repr(row["written"])] if row["written"] else []),
    ]
    return " ".join(told) or "no code"


def told_by(row: RecordRow) -> tuple[int | None, int | None, str | None, int | None]:
    """Return what tells what a row means: its concept, what its source gave, and its value."""
    return row["concept"], row["used"], row["written"], row["result"]


def route_of(row: RecordRow, known: Concepts) -> str:
    """Give the route (SNOMED CT), empty if none is recorded."""
    route = row["route"] or 0
    return known.routes.get(route, f"concept {route}") if route else ""


def _route_counts(known: Concepts, meaning: Meaning, route: str) -> bool:
    element = known.elements[meaning.element]
    if route in element.not_routes:
        return False
    return not (route and element.routes and route not in element.routes)


def _end(source: SourceTable, row: RecordRow, start: date, end: date | None) -> Day:
    if end is not None:
        return on(end)
    if source is PROCEDURES:
        return on(start)
    if source is DRUGS and (supply := _supply(row)):
        return on(start + timedelta(days=supply - 1))
    return Day(start, date.max)


def _supply(row: RecordRow) -> int:
    supply: int = row["supply"] or 0
    return supply if 0 < supply <= LONGEST_SUPPLY else 0


def _fact(
    source: SourceTable,
    row: RecordRow,
    id: str,
    meaning: Meaning,
    days: tuple[Day, Day],
    route: str,
    known: Concepts,
    strengths: Strengths,
) -> Fact:
    element = known.elements[meaning.element]
    doubtful: Text = ""
    if source is CONDITIONS and row["status"] in omop.UNCONFIRMED:
        doubtful = Doubt.UNCONFIRMED()
    if source is DRUGS and element.routes and not route:
        doubtful = Doubt.NO_ROUTE()
    if element.kind == "answer":
        return Fact(meaning.element, id, *days, code="true", derived=True, doubtful=doubtful)
    dose = _dose(row, strengths) if source is DRUGS else None
    unit = "" if dose is None else DAILY_DOSE_UNIT
    return Fact(
        meaning.element, id, *days, dose, unit, code=meaning.code, route=route, doubtful=doubtful
    )


def _dose(row: RecordRow, strengths: Strengths) -> float | None:
    """Give the daily dose in mg of a drug of one ingredient, if all it takes is known."""
    parts = strengths.get(row["concept"] or 0, [])
    if len(parts) != 1 or not row["quantity"] or row["quantity"] < 0:
        return None
    amount, unit = parts[0]
    days = _supply(row)
    if not days and row["end"] is not None:
        days = (row["end"] - row["start"]).days + 1
    if not amount or amount < 0 or unit not in TO_MG or days < 1:
        return None
    return float(row["quantity"] * (amount * TO_MG[unit]) / days)
