"""What was observed, as a short text: `1NNN 2NNT` is no DLT in three, then one in three a level up.

A letter per participant in the order of treatment: N no DLT, T a DLT, P pending (the window is
open), C a DLT candidate that nobody has adjudicated, which counts as a DLT until somebody does. The
notation is that of the R packages trialr and escalation, with P and C added.
"""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from gradatim.core.errors import UnusableInput, shortened

DLTS = "TC"
"""Letters that count as a DLT: one that was adjudicated, and a candidate."""
LETTERS = {"N": "no DLT", "T": "a DLT", "P": "pending", "C": "a DLT candidate"}
_COHORT = re.compile(r"(\d{1,4})([A-Za-z]+)\Z", re.ASCII)
_EXAMPLE = 'write a level and a letter per participant, such as "1NNN 2NNT"'
WHERE = "OUTCOMES"
MOST = 1_000
"""Participants of one trial; a design can be planned for as many."""


class Cohort(NamedTuple):
    """Participants treated one after another at a level.

    Args:
        level: from 1.
        results: a letter of `LETTERS` each.
    """

    level: int
    results: str

    @property
    def dlts(self) -> int:
        """How many count as having had a DLT: those adjudicated, and candidates."""
        return sum(self.results.count(letter) for letter in DLTS)

    def __str__(self) -> str:
        """As it is written."""
        return f"{self.level}{self.results}"


def parse(text: str, doses: int, start: int = 1) -> list[Cohort]:
    """Read outcomes; neighbouring cohorts of one level are joined.

    Args:
        text: such as `1NNN 2NNT`; empty before the first participant.
        doses: how many levels there are.
        start: the level at which the trial starts.

    Raises:
        UnusableInput: not of that form, a level that does not exist, or one that was skipped; or
        more participants than a design can be planned for.
    """
    cohorts = [_cohort(part, doses) for part in text.split()]
    joined = [
        Cohort(level, "".join(one.results for one in some))
        for level, some in groupby(cohorts, key=lambda one: one.level)
    ]
    _no_skipping(joined, start)
    if (people := sum(len(one.results) for one in joined)) > MOST:
        raise UnusableInput(
            f"there are {people:,} participants",
            WHERE,
            f"a design is asked of up to {MOST:,}",
            "leave out what does not belong to the escalation",
        )
    return joined


def _cohort(part: str, doses: int) -> Cohort:
    found = _COHORT.match(part)
    if not found:
        raise UnusableInput(f"{shortened(part)} is not a cohort", WHERE, todo=_EXAMPLE)
    level, results = int(found[1]), found[2].upper()
    if strange := sorted(set(results) - set(LETTERS)):
        known = ", ".join(f"{letter} {words}" for letter, words in LETTERS.items())
        raise UnusableInput(
            f"{part!r} has the letter {strange[0]}", WHERE, f"a letter is one of {known}", _EXAMPLE
        )
    if not 1 <= level <= doses:
        raise UnusableInput(
            f"{part!r} is at level {level}", WHERE, f"there are {doses} levels", f"use 1 to {doses}"
        )
    return Cohort(level, results)


def _no_skipping(cohorts: Sequence[Cohort], start: int) -> None:
    highest = start - 1
    for one in cohorts:
        if one.level > highest + 1:
            first = (
                f"level {highest + 1} was never given"
                if highest >= start
                else (f"the trial starts at level {start}")
            )
            raise UnusableInput(
                f"{str(one)!r} skips a level",
                WHERE,
                first,
                "correct the level, or add the cohort that is missing",
            )
        highest = max(highest, one.level)
