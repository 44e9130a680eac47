"""The rows of some people, fetched as plain dicts with short names."""

import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from gradatim.evidence.omop.options import Warehouse
from gradatim.evidence.omop.people import person_of, required_table
from gradatim.evidence.omop.tables import SourceTable

if TYPE_CHECKING:
    from ibis.expr import types as ir

RecordRow = dict[str, Any]
WHOLE, NUMBER, DAY, _TEXT = "whole", "number", "day", "text"
PERSON = {
    "gender": ("gender_concept_id", WHOLE),
    "year": ("year_of_birth", WHOLE),
    "month": ("month_of_birth", WHOLE),
    "day": ("day_of_birth", WHOLE),
    "birth": ("birth_datetime", DAY),
}
OF_RECORDS = {
    "status": ("condition_status_concept_id", WHOLE),
    "route": ("route_concept_id", WHOLE),
    "quantity": ("quantity", NUMBER),
    "supply": ("days_supply", WHOLE),
    "value": ("value_as_number", NUMBER),
    "result": ("value_as_concept_id", WHOLE),
    "unit": ("unit_concept_id", WHOLE),
    "unit_text": ("unit_source_value", _TEXT),
    "operator": ("operator_concept_id", WHOLE),
    "low": ("range_low", NUMBER),
    "high": ("range_high", NUMBER),
}


class Fetched:
    """The rows of some people.

    Args:
        warehouse: the open warehouse.
        person_ids: whose rows.
    """

    def __init__(self, warehouse: Warehouse, person_ids: Sequence[Any]) -> None:
        self._warehouse = warehouse
        self._ids = list(person_ids)

    def people(self) -> list[RecordRow]:
        """Give the people themselves."""
        return self._rows(
            required_table(self._warehouse, "person", "nobody is known without it"), PERSON
        )

    def records(self, source: SourceTable) -> list[RecordRow]:
        """Give the rows of a table of records; none if there is no such table."""
        table = self._warehouse.table(source.name)
        columns = OF_RECORDS | {
            "id": (source.id, ""),
            "concept": (source.concept, WHOLE),
            "used": (source.source_concept, WHOLE),
            "written": (source.source_value, _TEXT),
            "start": (source.start, DAY),
            "end": (source.end, DAY),
            "text": (source.text, _TEXT),
        }
        return [] if table is None else self._rows(table, columns)

    def deaths(self) -> dict[Any, list[date | None]]:
        """Give the days on which each person is said to have died."""
        found = defaultdict(list)
        table = self._warehouse.table("death")
        for row in [] if table is None else self._rows(table, {"at": ("death_date", DAY)}):
            found[row["person"]].append(row["at"])
        return found

    def periods(self) -> dict[Any, list[tuple[date, date]]]:
        """Give the observation periods of each person."""
        found = defaultdict(list)
        table = self._warehouse.table("observation_period")
        columns = {
            "start": ("observation_period_start_date", DAY),
            "end": ("observation_period_end_date", DAY),
        }
        for row in [] if table is None else self._rows(table, columns):
            if row["start"] and row["end"]:
                found[row["person"]].append((row["start"], row["end"]))
        return found

    def strengths(self) -> dict[int, list[tuple[float | None, int | None]]]:
        """Give of each drug these people took the amount and its unit, for each ingredient."""
        found: dict[int, list[tuple[float | None, int | None]]] = defaultdict(list)
        table, drugs = (
            self._warehouse.table("drug_strength"),
            self._warehouse.table("drug_exposure"),
        )
        if table is None or drugs is None:
            return found
        taken = drugs.filter(person_of(drugs).isin(self._ids)).select(id=drugs["drug_concept_id"])
        rows = table.semi_join(taken, table["drug_concept_id"] == taken["id"])
        columns = {
            "drug": ("drug_concept_id", WHOLE),
            "amount": ("amount_value", NUMBER),
            "unit": ("amount_unit_concept_id", WHOLE),
            "gone": ("invalid_reason", _TEXT),
        }
        for row in _plain(self._warehouse, rows, columns):
            if not row["gone"]:
                found[row["drug"]].append((row["amount"], row["unit"]))
        return found

    def _rows(self, table: "ir.Table", columns: dict[str, tuple[str, str]]) -> list[RecordRow]:
        person = person_of(table)
        own = table.filter(person.isin(self._ids))
        return _plain(self._warehouse, own, {"person": ("person_id", "")} | columns)


def _plain(
    warehouse: Warehouse, table: "ir.Table", columns: dict[str, tuple[str, str]]
) -> list[RecordRow]:
    """Fetch columns that are there; the others are None in every row."""
    there = {short: name for short, (name, _) in columns.items() if name in table.columns}
    fetched = warehouse.fetch(table.select(**{short: table[name] for short, name in there.items()}))
    return [
        {short: _known(row.get(short), kind) for short, (_, kind) in columns.items()}
        for row in fetched.to_pylist()
    ]


def _known(value: Any, kind: str) -> Any:
    """Give a value of its kind; None for what is none, such as NaN or an empty boolean column."""
    if value is None or isinstance(value, bool):
        return None
    if kind == NUMBER:
        value = float(value)
        return value if math.isfinite(value) else None
    if kind == DAY:
        return value.date() if isinstance(value, datetime) else value
    if kind == _TEXT:
        return value if isinstance(value, str) else str(int(value))
    return value if isinstance(value, str) else int(value)
