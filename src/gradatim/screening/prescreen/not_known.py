"""Codes of a population that nobody knows, with the criteria that they leave open."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from gradatim.evidence.facts import NotUsed
from gradatim.screening.not_known import Tally
from gradatim.screening.prescreen.folder import write_json

SCHEMA = "gradatim.not_known/1"
_UNKNOWN = 1
"""How verdicts are written that are not known."""


def write_not_known(
    place: Path,
    people: Iterable[tuple[Any, Sequence[NotUsed]]] | None,
    tables: Mapping[str, Mapping[str, Any]],
    asking: Mapping[str, Sequence[str]],
) -> list[dict[str, Any]]:
    """Write `not_known.json`: the codes that nobody knows, those that leave most open first.

    Args:
        place: the folder with the verdicts of one protocol.
        people: everybody with records that are not understood, and these; None where a source tells
            of them by table only.
        tables: by table, the most frequent codes that are not understood, as `not_known`, each with
            the elements that it may be of.
        asking: of each element the criteria that ask about it.

    Returns:
        The codes, as they were written.
    """
    told = _by_table(tables, asking) if people is None else _by_person(place, people, asking)
    write_json(place / "not_known.json", {"schema": SCHEMA, "not_known": told})
    return told


def _by_table(
    tables: Mapping[str, Mapping[str, Any]], asking: Mapping[str, Sequence[str]]
) -> list[dict[str, Any]]:
    found = [
        {
            **{key: value for key, value in one.items() if key != "elements"},
            "table": table,
            "criteria": list(
                dict.fromkeys(id for name in one["elements"] for id in asking.get(name, ()))
            ),
        }
        for table, some in tables.items()
        for one in some["not_known"]
    ]
    return sorted(found, key=_foremost)


def _foremost(one: Mapping[str, Any]) -> tuple[Any, ...]:
    return -len(one["criteria"]) * one["people"], -one["records"], one["table"], one["code"]


def _by_person(
    place: Path,
    people: Iterable[tuple[Any, Sequence[NotUsed]]],
    asking: Mapping[str, Sequence[str]],
) -> list[dict[str, Any]]:
    records = dict(people)
    criteria = list(dict.fromkeys(id for some in asking.values() for id in some))
    tally = Tally()
    for person, unknown in _unknown(place, records.keys(), criteria):
        waiting = {
            name: left
            for name, some in asking.items()
            if (left := [i for i in some if i in unknown])
        }
        tally.add(records[person], waiting)
    return [one.document() for one in tally.ranked()]


def _unknown(
    place: Path, persons: Collection[Any], criteria: Sequence[str]
) -> Iterator[tuple[Any, frozenset[str]]]:
    """Give the criteria that are unknown for each of some people."""
    table = pq.read_table(place / "verdicts.parquet", columns=["person_id", *criteria])
    table = table.filter(pc.is_in(table["person_id"], pc.cast(list(persons), table.schema[0].type)))
    open_ = {id: table[id].to_pylist() for id in criteria}
    for number, person in enumerate(table["person_id"].to_pylist()):
        yield person, frozenset(id for id in criteria if open_[id][number] == _UNKNOWN)
