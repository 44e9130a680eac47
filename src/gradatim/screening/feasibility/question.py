"""What is asked of a prescreen's files: criteria left out, other readings, moved limits."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gradatim.core.errors import UnusableInput
from gradatim.protocol.study import Study
from gradatim.screening.feasibility.columns import CriterionColumn, columns
from gradatim.screening.feasibility.movable_limits import Movable, movable


class Relaxed(NamedTuple):
    """A limit moved to another number of its own terms."""

    limit: Movable
    number: float

    @property
    def move(self) -> float:
        """How far it moved, in units of the limit."""
        return self.number / self.limit.limit.number - 1


class FeasibilityQuestion(NamedTuple):
    """What to count: the columns that stand for the criteria, and the limits moved in them."""

    columns: tuple[CriterionColumn, ...]
    without: tuple[str, ...] = ()
    readings: Mapping[str, str] = {}
    relaxed: tuple[Relaxed, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether it asks for anything but the run as it was."""
        return bool(self.without or self.readings or self.relaxed)


def question(
    study: Study,
    run: Mapping[str, str],
    without: Sequence[str] = (),
    readings: Mapping[str, str] | None = None,
    relax: Mapping[str, str] | None = None,
) -> FeasibilityQuestion:
    """Put together what is asked.

    Args:
        study: the protocol.
        run: the readings the prescreen was run with, by criterion.
        without: ids of criteria to leave out.
        readings: other readings, by criterion.
        relax: new limits in the rules' own terms, by column of margins: `{"E11b1": "2.0"}`.

    Raises:
        UnusableInput: something asked for is not in the protocol, or cannot be told from the files.
    """
    for id in without:
        if study.criterion(id) is None:
            raise UnusableInput(
                f"there is no criterion {id!r}", "--without", todo=f"use one of {_listed(study)}"
            )
    used = [one for one in columns(study, run, readings) if one.criterion.id not in without]
    if not used:
        raise UnusableInput("no criterion is left", "--without", todo="keep at least one")
    moved = tuple(_relaxed(used, name, text) for name, text in (relax or {}).items())
    twice = [one.limit.criterion for one in moved]
    for id in twice:
        if twice.count(id) > 1:
            raise UnusableInput(
                f"two limits of {id} are moved at once",
                "--relax",
                "the margins say what moving one of them does",
                f"move one, or all that are alike with {id}=NUMBER",
            )
    return FeasibilityQuestion(tuple(used), tuple(without), dict(readings or {}), moved)


def _listed(study: Study) -> str:
    return ", ".join(one.id for one in study.criteria)


def _relaxed(used: Sequence[CriterionColumn], name: str, text: str) -> Relaxed:
    limit = _find(used, name)
    number = _number(text, limit)
    if (number > limit.limit.number) is not limit.upward or number == limit.limit.number:
        way = "above" if limit.upward else "below"
        raise UnusableInput(
            f"{text} does not relax {limit.column}, whose limit is {limit.limit}",
            "--relax",
            "what a stricter limit does to people who are unknown is not in the files",
            f"give a number {way} {limit.limit.number:g}, or run the prescreen anew",
        )
    return Relaxed(limit, number)


def _find(used: Sequence[CriterionColumn], name: str) -> Movable:
    known = [limit for column in used for limit in movable(column)]
    exact = [one for one in known if one.column == name]
    near = exact or [one for one in known if name in (one.criterion, one.column.rpartition(":")[0])]
    if len(near) != 1:
        raise UnusableInput(
            f"{name!r} is not {'one limit' if near else 'a limit that can be moved'}",
            "--relax",
            todo=f"use one of {', '.join(one.column for one in near or known)}",
        )
    owner = next(one for one in used if one.criterion.id == near[0].criterion)
    if owner.name != near[0].criterion:
        raise UnusableInput(
            f"{name} cannot be moved under another reading",
            "--relax",
            "the margins are those of the reading the prescreen was run with",
            f"run the prescreen with --reading {near[0].criterion}={owner.reading.name}",
        )
    return near[0]


def _number(text: str, limit: Movable) -> float:
    """Read `2.0`, or `2.0 x ULN` where that is what the rule says."""
    words = text.replace("×", "x").split()
    terms = ["x", limit.limit.times] if limit.limit.times else [limit.limit.unit]
    try:
        number = float(words[0]) if words and words[1:] in ([], terms) else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number < 0:
        raise UnusableInput(
            f"{text!r} is not a limit of {limit.column}",
            "--relax",
            todo=f"write a number in the terms of {limit.limit}",
        )
    return number
