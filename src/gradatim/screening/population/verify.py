"""The check of every run: a sample of people is evaluated again, one by one, by the specification.

The engine's verdicts and the specification's are made by different code from the rows on. Where
they differ the run stops, and nothing is written.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from gradatim.core.errors import Defect
from gradatim.core.truth import UNKNOWN, Truth
from gradatim.core.verdict import Reason, foremost
from gradatim.evidence.facts import Facts
from gradatim.protocol.base import Model
from gradatim.protocol.study import Study
from gradatim.rules.compile.arrays import Arrays
from gradatim.rules.compile.states import reason_of_state, truth_of_state
from gradatim.rules.evaluate import evaluate
from gradatim.rules.situation import Situation
from gradatim.screening.population.columns import VerdictColumn

Array = npt.NDArray[Any]


class Question(NamedTuple):
    """What is asked of everybody: a protocol, its anchors, the day."""

    study: Study
    anchors: Mapping[str, date]
    on: date


def chosen(persons: Array, size: int, seed: int) -> list[int]:
    """Choose the places of a sample of people, the same for the same seed."""
    if len(persons) <= size:
        return list(range(len(persons)))
    return sorted(random.Random(seed).sample(range(len(persons)), size))


def verify(question: Question, columns: Sequence[VerdictColumn], states: Mapping[str, Array],
           found: Arrays, people: Iterable[Facts]) -> int:  # fmt: skip
    """Evaluate people one by one and compare with the engine's states.

    Args:
        question: what was asked.
        columns: the columns of the protocol.
        states: the engine's state of everybody, by column.
        found: whose states they are.
        people: the facts of the sample.

    Returns:
        How many verdicts were compared.

    Raises:
        Defect: one differs; it names the person and the criterion.
    """
    places = {str(person): place for place, person in enumerate(found.persons["person"])}
    compared = 0
    for one in people:
        place = places[one.person]
        situation = Situation(question.study, one, question.anchors, question.on)
        for column in columns:
            _compare(column, one.person, expected(column.rule, situation),
                     int(states[column.name][place]))  # fmt: skip
            compared += 1
    return compared


def expected(rule: Model, situation: Situation) -> tuple[Truth, Reason | None]:
    """Give the specification's truth, and its reason where that is unknown."""
    verdict = evaluate(rule, situation)
    if verdict.truth is not UNKNOWN:
        return verdict.truth, None
    open_ = (leaf for leaf in verdict.deciding() if leaf.truth is UNKNOWN)
    return UNKNOWN, foremost(leaf.reason or Reason.JUDGEMENT for leaf in open_)


def _compare(column: VerdictColumn, person: str, want: tuple[Truth, Reason | None], state: int
             ) -> None:  # fmt: skip
    got = truth_of_state(state), reason_of_state(state)
    if got != want:
        said = [f"{truth.word}{f' ({reason})' if reason else ''}" for truth, reason in (want, got)]
        raise Defect(
            f"criterion {column.name} of person {person}: the specification says {said[0]}, the "
            f"engine {said[1]}. Nothing was written; please report this"
        )


def person_ids(found: Arrays, places: Sequence[int]) -> list[Any]:
    """Give the identifiers of people by their places."""
    ids: list[Any] = np.asarray(found.persons["person"])[list(places)].tolist()
    return ids
