"""What a design looks at: the state of one trial or of many, as arrays.

A decision depends on how many participants each dose had, how many of them had a dose-limiting
toxicity (DLT), which dose was given last and which are barred. Trials that agree in these are one
state, however they came there. Doses count from 0 here and from 1 wherever a person reads them.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.integer[Any]]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


class StopReason(IntEnum):
    """Why a trial ended; GOING_ON while it has not."""

    GOING_ON = 0
    MAXIMUM = 1
    TOO_TOXIC = 2
    SETTLED = 3
    HOLD = 4

    @property
    def words(self) -> str:
        """As a person reads it."""
        return _WORDS[self]


_WORDS = {
    StopReason.GOING_ON: "the trial goes on",
    StopReason.MAXIMUM: "the planned number of participants was reached",
    StopReason.TOO_TOXIC: "no dose is left that may be given",
    StopReason.SETTLED: "the dose that would be next has had enough participants",
    StopReason.HOLD: "the committee has to decide",
}


@dataclass(frozen=True, slots=True)
class TrialStates:
    """S trials on D doses.

    Args:
        n: participants evaluated at each dose, (S, D).
        y: those of them with a DLT, (S, D).
        dose: the dose given last, (S,).
        barred: the lowest dose that may not be given again, D where there is none, (S,).
        cohort_n: how many participants the last cohort had, (S,).
        cohort_y: how many of them had a DLT, (S,).
    """

    n: Ints
    y: Ints
    dose: Ints
    barred: Ints
    cohort_n: Ints
    cohort_y: Ints

    def __len__(self) -> int:
        """How many trials these are."""
        return len(self.dose)

    def arrays(self) -> tuple[Ints, ...]:
        """Return the arrays in their order."""
        return (self.n, self.y, self.dose, self.barred, self.cohort_n, self.cohort_y)

    @property
    def doses(self) -> int:
        """How many doses there are."""
        return int(self.n.shape[1])

    def at_current_dose(self) -> tuple[Ints, Ints]:
        """Return participants and DLTs at the dose given last."""
        return self.at(self.dose)

    def at(self, dose: Ints) -> tuple[Ints, Ints]:
        """Return participants and DLTs at one dose of each trial."""
        row = np.arange(len(self))
        return self.n[row, dose], self.y[row, dose]

    def total(self) -> Ints:
        """How many participants each trial has had."""
        return np.asarray(self.n.sum(axis=1, dtype=np.int64))

    def highest(self) -> Ints:
        """The highest dose that anybody has been given; -1 before the first participant."""
        tried = self.n > 0
        last = self.doses - 1 - np.argmax(tried[:, ::-1], axis=1)
        return np.where(tried.any(axis=1), last, -1)

    def take(self, chosen: Bools | Ints) -> "TrialStates":
        """Return some of the trials, by a mask or by their places."""
        places = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
        return TrialStates(*(np.take(part, places, axis=0) for part in self.arrays()))

    def after(self, given: Ints, seen: Ints) -> "TrialStates":
        """Return the trials once a cohort at the present dose has been observed."""
        n, y, row = self.n.copy(), self.y.copy(), np.arange(len(self))
        n[row, self.dose] += given.astype(n.dtype)
        y[row, self.dose] += seen.astype(y.dtype)
        return TrialStates(n, y, self.dose, self.barred, given, seen)


class Decisions(NamedTuple):
    """What is decided for each of S trials.

    Args:
        dose: the dose to give next; for a trial that ends, the one it ended at.
        barred: the lowest dose that may not be given again.
        stop_reason: a `StopReason`; anything but GOING_ON ends the trial.
    """

    dose: Ints
    barred: Ints
    stop_reason: Ints


def initial_states(doses: int, start: int, maximum: int, trials: int = 1) -> TrialStates:
    """Return trials in which nobody has been treated yet.

    Args:
        doses: how many doses there are.
        start: the first dose to give, from 0.
        maximum: the most participants that a trial can have; it chooses the size of the counters.
        trials: how many trials.
    """
    counter: type[np.int8] | type[np.int16] = np.int8 if maximum < 120 else np.int16
    none, flat = np.zeros((trials, doses), dtype=counter), np.zeros(trials, dtype=counter)
    first, free = (np.full(trials, value, dtype=counter) for value in (start, doses))
    return TrialStates(none, none.copy(), first, free, flat, flat)


def one_trial(
    n: list[int], y: list[int], dose: int, barred: int, last: tuple[int, int]
) -> TrialStates:
    """Return the arrays of a single trial; `last` is the last cohort's size and DLTs."""
    counts = [np.array([part], dtype=np.int64) for part in (n, y)]
    flat = [np.array([part], dtype=np.int64) for part in (dose, barred, *last)]
    return TrialStates(*counts, *flat)
