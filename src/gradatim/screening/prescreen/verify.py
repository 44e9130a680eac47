"""The check of every run: a sample of people is evaluated again, one by one, by the specification.

The engine's verdicts and the specification's are made by different code from the rows on. Where
they differ the run stops, and nothing is written.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy.typing as npt
import pyarrow as pa

from gradatim.core.errors import Defect
from gradatim.core.truth import UNKNOWN, Truth
from gradatim.core.verdict import Reason, foremost
from gradatim.evidence.facts import Facts
from gradatim.protocol.nodes import Node
from gradatim.protocol.study import Study
from gradatim.rules.context import Situation
from gradatim.rules.evaluate import evaluate
from gradatim.screening.feasibility.reasons import REASONS
from gradatim.screening.prescreen.output_tables import VerdictColumn

_Array = npt.NDArray[Any]


class SampleQuestion(NamedTuple):
    """What is asked of everybody: a protocol, its anchors, the day."""

    study: Study
    anchors: Mapping[str, date]
    on: date


def choose_sample(persons: _Array, size: int, seed: int) -> list[int]:
    """Choose the places of a sample of people, the same for the same seed."""
    if len(persons) <= size:
        return list(range(len(persons)))
    return sorted(random.Random(seed).sample(range(len(persons)), size))


_Told = Callable[[str, str], tuple[Truth, Reason | None]]
"""What was told of a person (by id) under a column."""


def verify_sample(
    question: SampleQuestion, columns: Sequence[VerdictColumn], told: _Told, people: Iterable[Facts]
) -> None:
    """Evaluate people one by one and compare with what is told of them.

    Args:
        question: what was asked.
        columns: the columns of the protocol.
        told: the engine's verdicts.
        people: the facts of the sample.

    Raises:
        Defect: one differs; it names the person and the criterion.
    """
    for one in people:
        situation = Situation(question.study, one, question.anchors, question.on)
        for column in columns:
            _compare(
                column, one.person, expected(column.rule, situation), told(one.person, column.name)
            )


def told_in(verdicts: pa.Table, reasons: pa.Table) -> _Told:
    """Tell what the files say, of the people in both tables."""
    truths = {name: verdicts.column(name).to_pylist() for name in reasons.column_names}
    whys = {name: reasons.column(name).to_pylist() for name in reasons.column_names}
    places = {str(person): place for place, person in enumerate(truths["person_id"])}
    others = {str(person): place for place, person in enumerate(whys["person_id"])}

    def tell(person: str, column: str) -> tuple[Truth, Reason | None]:
        why = whys[column][others[person]]
        return Truth(truths[column][places[person]]), REASONS.get(why)

    return tell


def expected(rule: Node, situation: Situation) -> tuple[Truth, Reason | None]:
    """Give the specification's truth, and its reason where that is unknown."""
    verdict = evaluate(rule, situation)
    if verdict.truth is not UNKNOWN:
        return verdict.truth, None
    open_ = (leaf for leaf in verdict.deciding() if leaf.truth is UNKNOWN)
    return UNKNOWN, foremost(leaf.reason or Reason.JUDGEMENT for leaf in open_)


def _compare(
    column: VerdictColumn,
    person: str,
    want: tuple[Truth, Reason | None],
    got: tuple[Truth, Reason | None],
) -> None:
    if got != want:
        said = [f"{truth.word}{f' ({reason})' if reason else ''}" for truth, reason in (want, got)]
        raise Defect(
            f"criterion {column.name} of person {person}: the specification says {said[0]}, the "
            f"engine {said[1]}. Nothing was written; please report this"
        )
