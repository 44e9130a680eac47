"""What was observed of each participant, and how it is written: `1NNN 2NNT`.

A level, and a letter per participant in the order of treatment. The notation is that of the R
packages trialr and escalation, with P and C added. It is read and written here only; everything
else has outcomes and cohorts.
"""

import re
from collections.abc import Iterable, Sequence
from enum import Enum
from itertools import groupby
from typing import NamedTuple

from gradatim.core.errors import UnusableInput, shortened


class DoseOutcome(Enum):
    """What is known of a participant's dose-limiting toxicity (DLT).

    Args:
        letter: as it is written.
    """

    NO_DLT = "N"
    DLT = "T"
    PENDING = "P"  # the window is open
    CANDIDATE = "C"  # nobody has adjudicated it, and it counts as a DLT until somebody does

    def __init__(self, letter: str) -> None:
        self.letter = letter
        self.counts_as_dlt = letter in "TC"

    @property
    def words(self) -> str:
        """As a person reads it."""
        return _WORDS[self]


_WORDS = {
    DoseOutcome.NO_DLT: "no DLT",
    DoseOutcome.DLT: "a DLT",
    DoseOutcome.PENDING: "pending",
    DoseOutcome.CANDIDATE: "a DLT candidate",
}
_COHORT = re.compile(r"(\d{1,4})([A-Za-z]+)\Z", re.ASCII)
_EXAMPLE = 'write a level and a letter per participant, such as "1NNN 2NNT"'
WHERE = "OUTCOMES"
_MOST_PARTICIPANTS = 1_000
"""Participants of one trial; a design can be planned for as many."""


class Cohort(NamedTuple):
    """Participants treated one after another at a level.

    Args:
        level: from 1.
        outcomes: of each participant, in the order of treatment.
    """

    level: int
    outcomes: tuple[DoseOutcome, ...]

    @property
    def size(self) -> int:
        """How many participants it has."""
        return len(self.outcomes)

    @property
    def dlts(self) -> int:
        """How many count as having had a DLT: those adjudicated, and candidates."""
        return sum(outcome.counts_as_dlt for outcome in self.outcomes)

    @property
    def is_pending(self) -> bool:
        """Whether somebody's window is open."""
        return DoseOutcome.PENDING in self.outcomes

    def count(self, *kinds: DoseOutcome) -> int:
        """Return how many have one of these outcomes."""
        return sum(map(self.outcomes.count, kinds))

    def replaced(self, old: DoseOutcome, new: DoseOutcome) -> "Cohort":
        """Return the cohort with every outcome of one kind turned into another."""
        return Cohort(
            self.level, tuple(new if outcome is old else outcome for outcome in self.outcomes)
        )

    def extended(self, outcome: DoseOutcome, by: int) -> "Cohort":
        """Return the cohort with so many participants more, all with the same outcome."""
        return Cohort(self.level, self.outcomes + (outcome,) * by)

    def __str__(self) -> str:
        """As it is written."""
        return f"{self.level}{letters_of(self.outcomes)}"


def letters_of(outcomes: Sequence[DoseOutcome]) -> str:
    """Return outcomes as they are written, a letter each."""
    return "".join(outcome.letter for outcome in outcomes)


def letter_of(outcome: DoseOutcome | None) -> str:
    """Return an outcome as it is written; nothing for who does not count."""
    return "" if outcome is None else outcome.letter


def outcomes_of(letters: str) -> tuple[DoseOutcome, ...]:
    """Return the outcomes that letters stand for.

    Raises:
        ValueError: one stands for none.
    """
    return tuple(map(DoseOutcome, letters))


def parse_outcomes(text: str, doses: int, start: int = 1) -> list[Cohort]:
    """Read outcomes; neighbouring cohorts of one level are joined.

    Args:
        text: such as `1NNN 2NNT`; empty before the first participant.
        doses: how many levels there are.
        start: the level at which the trial starts.

    Raises:
        UnusableInput: not of that form, a level that does not exist, or one that was skipped; or
        more participants than a design can be planned for.
    """
    cohorts = joined(_cohort(part, doses) for part in text.split())
    _refuse_skipped_level(cohorts, start)
    if (people := sum(cohort.size for cohort in cohorts)) > _MOST_PARTICIPANTS:
        raise UnusableInput(
            f"there are {people:,} participants",
            WHERE,
            f"a design is asked of up to {_MOST_PARTICIPANTS:,}",
            "leave out what does not belong to the escalation",
        )
    return cohorts


def joined(cohorts: Iterable[Cohort]) -> list[Cohort]:
    """Return cohorts with neighbours of one level as one."""
    return [
        Cohort(level, tuple(outcome for cohort in some for outcome in cohort.outcomes))
        for level, some in groupby(cohorts, key=lambda cohort: cohort.level)
    ]


def dlts_written(text: str, level: int) -> int:
    """Return how many count as having had a DLT at a level, in outcomes as a ledger holds them.

    What is not a cohort, such as free text of an old entry, counts for nothing.
    """
    known = {outcome.letter for outcome in DoseOutcome}
    found = [match for part in text.split() if (match := _COHORT.match(part))]
    return sum(
        Cohort(level, outcomes_of(match[2])).dlts
        for match in found
        if match[1] == str(level) and known.issuperset(match[2])
    )


def _cohort(part: str, doses: int) -> Cohort:
    found = _COHORT.match(part)
    if not found:
        raise UnusableInput(f"{shortened(part)} is not a cohort", WHERE, todo=_EXAMPLE)
    level, letters = int(found[1]), found[2].upper()
    if strange := sorted(set(letters) - {outcome.letter for outcome in DoseOutcome}):
        known = ", ".join(f"{outcome.letter} {outcome.words}" for outcome in DoseOutcome)
        raise UnusableInput(
            f"{part!r} has the letter {strange[0]}", WHERE, f"a letter is one of {known}", _EXAMPLE
        )
    if not 1 <= level <= doses:
        raise UnusableInput(
            f"{part!r} is at level {level}", WHERE, f"there are {doses} levels", f"use 1 to {doses}"
        )
    return Cohort(level, outcomes_of(letters))


def _refuse_skipped_level(cohorts: Sequence[Cohort], start: int) -> None:
    highest = start - 1
    for cohort in cohorts:
        if cohort.level > highest + 1:
            first = (
                f"level {highest + 1} was never given"
                if highest >= start
                else (f"the trial starts at level {start}")
            )
            raise UnusableInput(
                f"{str(cohort)!r} skips a level",
                WHERE,
                first,
                "correct the level, or add the cohort that is missing",
            )
        highest = max(highest, cohort.level)
