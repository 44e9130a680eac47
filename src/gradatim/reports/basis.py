"""What a report rests on that the record does not state, and what awaits the sponsor's ruling."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gradatim.protocol.base import Basis
from gradatim.protocol.eligibility import EligibilityCriterion
from gradatim.protocol.questions import Question, questions
from gradatim.protocol.study import Study

BASES: Mapping[Basis, str] = {
    Basis.REGISTRY: "found in other copies of the registration",
    Basis.RULED: "settled by the sponsor's ruling",
    Basis.PROPOSED: "our reading, put to the sponsor",
    Basis.ASSUMED: "needed to screen and found nowhere",
    Basis.UNVERIFIED: "still to be checked at its source",
}
"""What a badge means; what the record states carries none."""


def unstated(criteria: Iterable[EligibilityCriterion]) -> list[tuple[Basis, str]]:
    """Give the bases of these criteria that carry a badge, with what each means."""
    shown = {criterion.basis for criterion in criteria}
    return [(basis, words) for basis, words in BASES.items() if basis in shown]


class _OpenQuestions(NamedTuple):
    """How many of a protocol's questions await the sponsor's ruling, and of which sort."""

    items: int
    safety: int
    criteria: int


def open_questions(study: Study) -> _OpenQuestions:
    """Count the questions that no ruling has settled."""
    left = [one for one in questions(study) if not one.settled]
    return _OpenQuestions(
        sum(not _on_criterion(one) for one in left),
        sum(one.safety for one in left),
        sum(_on_criterion(one) for one in left),
    )


def _on_criterion(question: Question) -> bool:
    return question.key.startswith("eligibility.")
