"""Is every word of the record's eligibility text accounted for?"""

import re
from typing import NamedTuple

from gradatim.protocol.eligibility import Eligibility, EligibilityCriterion, TextNote


class Uncovered(NamedTuple):
    """Words of the record that belong to no criterion, note or connective, at a character."""

    at: int
    words: str


class NotFound(NamedTuple):
    """A criterion's or note's text that the record does not contain."""

    id: str
    text: str


def accounted(eligibility: Eligibility) -> tuple[list[Uncovered], list[NotFound]]:
    """Match every text to the record, in order where it can be.

    Returns:
        The words left over, and the texts that are not in the record.
    """
    record = eligibility.record_text
    free = [True] * len(record)
    missing = []
    texts = [(one.id, one.text) for one in _entries(eligibility) if one.text]
    for id, text in sorted(texts, key=lambda item: -len(item[1])):
        if not _claim(record, free, text.strip()):
            missing.append(NotFound(id, text))
    left = []
    connectives = {word for phrase in eligibility.connectives for word in phrase.split()}
    for run in re.finditer(r"\S+", record):
        unclaimed = "".join(c for i, c in enumerate(run[0]) if free[run.start() + i])
        if re.search(r"\w", unclaimed) and unclaimed not in connectives:
            left.append(Uncovered(run.start(), unclaimed))
    return left, missing


def _entries(eligibility: Eligibility) -> list[EligibilityCriterion | TextNote]:
    return [*eligibility.criteria, *eligibility.notes]


def _claim(record: str, free: list[bool], text: str) -> bool:
    at = record.find(text)
    while at >= 0:
        if all(free[at : at + len(text)]):
            free[at : at + len(text)] = [False] * len(text)
            return True
        at = record.find(text, at + 1)
    return False
