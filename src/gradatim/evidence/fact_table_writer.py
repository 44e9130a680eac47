"""Write people's facts as a fact relation, so that an engine can be asked about them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from gradatim.clinical.units import convert_for
from gradatim.evidence.facts import RELATED, Fact, Facts
from gradatim.evidence.relation import (
    BOUNDS,
    FIRST_DAY,
    LAST_DAY,
    UNSETTLED,
    Key,
    Meaning,
    Relation,
    Stream,
)
from gradatim.protocol.elements import COVERABLE, Element

if TYPE_CHECKING:
    from ibis.expr import types as ir

_ARROW_SCHEMA = pa.schema(
    [
        ("person", pa.string()),
        ("key", pa.int64()),
        ("id", pa.string()),
        ("start", pa.date32()),
        ("start_last", pa.date32()),
        ("end", pa.date32()),
        ("end_last", pa.date32()),
        ("value", pa.float64()),
        ("unit", pa.int64()),
        ("bound", pa.int64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("low_other", pa.bool_()),
        ("high_other", pa.bool_()),
        ("word", pa.int64()),
        ("method", pa.int64()),
        ("derived", pa.bool_()),
        ("doubtful", pa.bool_()),
        ("denies", pa.bool_()),
        ("unreadable", pa.bool_()),
        ("related", pa.int64()),
        ("unsettled", pa.int64()),
        ("most", pa.float64()),
        ("course", pa.string()),
        ("often", pa.int64()),
        ("often_of", pa.int64()),
    ]
)
_NOT_OBSERVED = {"since": LAST_DAY, "until": FIRST_DAY}


class _Numbers(dict[Any, int]):
    """Numbers things in the order in which they are met."""

    def __missing__(self, one: Any) -> int:
        self[one] = len(self)
        return self[one]


@dataclass
class Tabulated:
    """People's facts as tables in memory.

    Args:
        persons: as `Relation.persons`.
        facts: as `Stream.table`.
        keys: what each key means.
        units: UCUM units by number; `words` and `methods` likewise.
        covered: the kinds of which somebody's coverage is declared.
    """

    persons: pa.Table
    facts: pa.Table
    keys: Mapping[int, Key]
    units: tuple[str, ...]
    words: tuple[str, ...]
    methods: tuple[str, ...]
    covered: frozenset[str]

    def relation(self, register: "Callable[[str, pa.Table], ir.Table]") -> Relation:
        """Give the relation of an engine's tables, which `register` makes."""
        persons, facts = register("persons", self.persons), register("facts", self.facts)
        return Relation(
            persons,
            (Stream("facts", facts, self.keys),),
            self.units,
            self.words,
            self.methods,
            self.covered,
        )


def tabulate(people: Iterable[Facts], elements: Mapping[str, Element]) -> Tabulated:
    """Write people's facts as tables.

    Args:
        people: their facts; people who died must have been left out.
        elements: the protocol's elements, for their analytes.
    """
    writer = _Writer(elements)
    persons, rows = [], []
    for one in people:
        persons.append(_person(one))
        rows += list(writer.rows(one))
    covered = frozenset(kind for kind in COVERABLE if any(f"since_{kind}" in p for p in persons))
    for person in persons:
        for kind in covered:
            for end, day in _NOT_OBSERVED.items():
                person.setdefault(f"{end}_{kind}", day)
    return Tabulated(
        pa.Table.from_pylist(persons, schema=_person_schema(covered)),
        pa.Table.from_pylist(rows, schema=_ARROW_SCHEMA),
        {number: Key((meaning,), record) for (meaning, record), number in writer.keys.items()},
        tuple(writer.units),
        tuple(writer.words),
        tuple(writer.methods),
        covered,
    )


def _person_schema(covered: Iterable[str]) -> pa.Schema:
    days = [(f"{end}_{kind}", pa.date32()) for kind in sorted(covered) for end in _NOT_OBSERVED]
    return pa.schema(
        [
            ("person", pa.string()),
            ("birth_first", pa.date32()),
            ("birth_last", pa.date32()),
            ("sex", pa.string()),
            *days,
        ]
    )


def _person(one: Facts) -> dict[str, Any]:
    row: dict[str, Any] = {
        "person": one.person,
        "birth_first": one.birth.first,
        "birth_last": one.birth.last,
        "sex": one.sex,
    }
    for kind, observed in one.coverage.items():
        row[f"since_{kind}"] = observed.since or FIRST_DAY
        row[f"until_{kind}"] = observed.until or LAST_DAY
    return row


class _Writer:
    def __init__(self, elements: Mapping[str, Element]) -> None:
        self.elements = elements
        self.keys, self.units = _Numbers(), _Numbers({"": 0})
        self.words, self.methods = _Numbers({"": 0}), _Numbers({"": 0})

    def rows(self, one: Facts) -> Iterator[dict[str, Any]]:
        records = _records(one)
        for facts in one.every.values():
            for fact in facts:
                yield {"person": one.person, **self._row(fact, records.get(fact.id, frozenset()))}
        for record in one.not_used:
            for name in record.elements:
                key = self.keys[Meaning(name), frozenset((name,))]
                yield {
                    "person": one.person,
                    "key": key,
                    "id": record.id,
                    "unreadable": True,
                    **dict.fromkeys(("start", "start_last", "end", "end_last"), FIRST_DAY),
                    **_EMPTY,
                }

    def _row(self, fact: Fact, record: frozenset[str]) -> dict[str, Any]:
        element = self.elements[fact.element]
        denies = fact.code == "false"
        code = fact.code if element.kind == "exposure" and not denies else ""
        low, low_other = self._limit(fact, element, "low")
        high, high_other = self._limit(fact, element, "high")
        known = fact.value is not None and not isnan(fact.value)
        return {
            "key": self.keys[Meaning(fact.element, code), record],
            "id": fact.id,
            "start": fact.start.first,
            "start_last": fact.start.last,
            "end": fact.end.first,
            "end_last": fact.end.last,
            "value": fact.value if known else None,
            "unit": self.units[fact.unit],
            "bound": BOUNDS.index(fact.bound),
            "low": low,
            "high": high,
            "low_other": low_other,
            "high_other": high_other,
            "word": self.words[fact.code],
            "method": self.methods[fact.method],
            "derived": fact.derived,
            "doubtful": bool(fact.doubtful),
            "denies": denies,
            "unreadable": False,
            "related": int(fact.method in RELATED) if fact.method else -1,
            "unsettled": UNSETTLED.index(fact.unsettled),
            "most": fact.most,
            "course": fact.course or fact.id,
            "often": fact.often.days,
            "often_of": fact.often.of,
        }

    @staticmethod
    def _limit(fact: Fact, element: Element, which: str) -> tuple[float | None, bool]:
        limit = fact.low if which == "low" else fact.high
        if limit is None:
            return None, False
        value = convert_for(element.analyte or None, limit.value, limit.unit, fact.unit)
        return (limit.value, True) if value is None else (value, False)


_EMPTY: dict[str, Any] = {
    "value": None,
    "unit": 0,
    "bound": 0,
    "low": None,
    "high": None,
    "low_other": False,
    "high_other": False,
    "word": 0,
    "method": 0,
    "derived": False,
    "doubtful": False,
    "denies": False,
    "related": -1,
    "unsettled": 0,
    "most": None,
    "course": "",
    "often": 1,
    "often_of": 1,
}


def _records(one: Facts) -> dict[str, frozenset[str]]:
    """Give for each record the elements that it says happened."""
    found: dict[str, set[str]] = {}
    for name, facts in one.every.items():
        for fact in facts:
            if fact.code != "false":
                found.setdefault(fact.id, set()).add(name)
    return {id_: frozenset(names) for id_, names in found.items()}
