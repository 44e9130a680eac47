"""Which reading of each criterion is used: the protocol's, a ruled one, or one asked for."""

from collections.abc import Mapping
from typing import NamedTuple

from gradatim.core.errors import UnusableInput
from gradatim.protocol.eligibility import EligibilityCriterion
from gradatim.protocol.nodes import Node
from gradatim.protocol.questions import ruled_reading
from gradatim.protocol.study import Study


class Reading(NamedTuple):
    """One way to understand a criterion."""

    name: str
    rule: Node


Plan = Mapping[str, tuple[Reading, ...]]
"""For each criterion the readings to evaluate; of several, the one that excludes counts."""


def plan(study: Study, chosen: Mapping[str, str] | None = None, strictest: bool = False) -> Plan:
    """Settle the reading of every criterion.

    Args:
        study: the protocol.
        chosen: reading asked for, by criterion id.
        strictest: for every ambiguity not ruled on, take the reading that excludes.

    Raises:
        UnusableInput: there is no such criterion, or it has no such reading.
    """
    wanted = {**_rulings(study), **(chosen or {})}
    settled = _settled(study, wanted)
    if not strictest:
        return {id: (reading,) for id, reading in settled.items()}
    return {
        one.id: (settled[one.id],) if one.id in wanted else _all_readings(study, one)
        for one in study.criteria
    }


def _rulings(study: Study) -> dict[str, str]:
    ruled = {one.id: ruled_reading(study, one) for one in study.criteria}
    return {id: name for id, name in ruled.items() if name}


def _settled(study: Study, wanted: Mapping[str, str]) -> dict[str, Reading]:
    settled = {one.id: Reading(one.reading_name, one.rule) for one in study.criteria}
    for id, name in wanted.items():
        criterion = study.criterion(id)
        if criterion is None:
            raise UnusableInput(
                f"there is no criterion {id!r}",
                "--reading",
                todo=f"use one of {', '.join(settled)}",
            )
        if name == criterion.reading_name:
            continue
        found = next((one for one in criterion.alternatives if one.name == name), None)
        if found is None:
            names = [criterion.reading_name, *(one.name for one in criterion.alternatives)]
            raise UnusableInput(
                f"criterion {id} has no reading {name!r}",
                "--reading",
                todo=f"use one of {', '.join(names)}",
            )
        settled[id] = Reading(name, found.rule)
        settled.update(
            {
                other: Reading(f"{id}@{name}", rule)
                for other, rule in found.also.items()
                if other not in wanted
            }
        )
    return settled


def _all_readings(study: Study, criterion: EligibilityCriterion) -> tuple[Reading, ...]:
    own = [Reading(one.name, one.rule) for one in criterion.alternatives]
    others = [
        Reading(f"{one.id}@{alternative.name}", alternative.also[criterion.id])
        for one in study.criteria
        for alternative in one.alternatives
        if criterion.id in alternative.also
    ]
    return (Reading(criterion.reading_name, criterion.rule), *own, *others)
