"""Counts the concepts and source values that are not understood, and what they leave open."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import ibis

from gradatim.evidence.omop import columns
from gradatim.evidence.omop.options import Warehouse
from gradatim.evidence.omop.search import fetch_rows, ids_table
from gradatim.evidence.omop.unresolved_rows import Unclear


class NotKnown(NamedTuple):
    """A concept or a source value that is not understood.

    Args:
        concept: the concept, or the one that the source used; None where there is none.
        value: the concept of its value, of a history.
        vocabulary: its vocabulary; empty where the vocabulary tables do not hold it.
        code: its code; without a concept what the source wrote.
        name: its name; empty where it is not known.
        rows: how many records have it.
        people: how many people have such a record.
        elements: the elements that are open for it in these people.
    """

    concept: int | None
    value: int | None
    vocabulary: str
    code: str
    name: str
    rows: int
    people: int
    elements: frozenset[str]

    def __str__(self) -> str:
        """Write it as people do: `SNOMED 254837009 (Malignant neoplasm of breast)`."""
        if self.concept is None:
            return repr(self.code) if self.code else "no code"
        named = f"{self.vocabulary} {self.code} ({self.name})" if self.vocabulary else ""
        value = f" with value {self.value}" if self.value else ""
        return f"concept {self.concept}{named and ', ' + named}{value}"


def not_known(warehouse: Warehouse, of: Unclear, most: int) -> list[NotKnown]:
    """Count what is not understood in a table, the most frequent first.

    Args:
        warehouse: the open warehouse.
        of: the rows of the table that are not understood.
        most: how many are told at most.
    """
    codes = of.codes().order_by(ibis.desc("rows"), *("concept", "used", "written", "result"))
    found = warehouse.fetch(codes.limit(most)).to_pylist()
    named = _named(warehouse, {row["concept"] or row["used"] for row in found})
    told = (_told(row, named, of.keys[row["key"]]) for row in found)
    return sorted(told, key=lambda one: (-one.rows, str(one)))


def _told(
    row: Mapping[str, Any], named: Mapping[int, tuple[str, str, str]], elements: frozenset[str]
) -> NotKnown:
    concept = row["concept"] or row["used"] or None
    nothing = "", "" if concept else row["written"], ""
    vocabulary, code, name = named.get(concept or 0, nothing)
    value = row["result"] or None
    return NotKnown(concept, value, vocabulary, code, name, row["rows"], row["people"], elements)


def _named(warehouse: Warehouse, ids: Iterable[int]) -> dict[int, tuple[str, str, str]]:
    """Look up vocabulary, code and name of some concepts."""
    t, ids = warehouse.table("concept"), {id for id in ids if id}
    if t is None or not ids:
        return {}
    asked = ids_table(ids)
    concepts = t.select(
        known=columns.whole(t, "concept_id"),
        vocabulary=t["vocabulary_id"],
        code=columns.text(t, "concept_code"),
        name=t["concept_name"],
    )
    found = asked.join(concepts, asked["id"] == concepts["known"])
    names = ("vocabulary", "code", "name")
    return {
        id: (vocabulary or "", code or "", name or "")
        for id, vocabulary, code, name in fetch_rows(
            warehouse, found, id=found["id"], **{one: found[one] for one in names}
        )
    }
