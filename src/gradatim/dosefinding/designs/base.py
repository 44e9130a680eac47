"""What every design can do, and the reasons it gives."""

from typing import NamedTuple

import numpy as np

from gradatim.dosefinding.trial_states import Decisions, Ints, TrialStates, initial_states


class DecisionReason(NamedTuple):
    """One reason for a decision.

    Args:
        text: a clause a person can read, with the figures.
        rule: the rule's name.
        source: the paper, page or package it is from.
        overrides: the name of the rule whose advice it replaced; empty if none.
    """

    text: str
    rule: str
    source: str = ""
    overrides: str = ""


class Design:
    """A dose-escalation design: from what was observed to the next dose.

    The rule is asked of many trials at once, so that exact enumeration, simulation and one
    committee's question all run the same code.

    Args:
        name: as the command line calls it.
        source: where it was published.
        doses: how many doses there are.
        cohort: participants treated before each decision.
        maximum: participants in all.
        start: the first dose, from 0.
        target: the DLT rate that is aimed at, if the design has one.
    """

    name: str
    source: str
    doses: int
    cohort: int
    maximum: int
    start: int
    target: float | None

    def begin(self, trials: int = 1) -> TrialStates:
        """Return trials before their first participant."""
        return initial_states(self.doses, self.start, self.maximum, trials)

    def size(self, trials: TrialStates) -> Ints:
        """How many participants the next cohort has, at `trials.dose`; the maximum is kept."""
        return np.minimum(self.cohort, self.maximum - trials.total())

    def decide(self, trials: TrialStates) -> Decisions:
        """Say what follows once the cohorts in `trials` have been observed."""
        raise NotImplementedError

    def select(self, trials: TrialStates) -> Ints:
        """Name the dose that a trial which ends here selects, from 0; -1 for none."""
        raise NotImplementedError

    def reasons(self, trials: TrialStates, decisions: Decisions) -> list[DecisionReason]:
        """Say why, of one trial and what was decided for it."""
        raise NotImplementedError

    def plan(self) -> str:
        """State the trial's frame: doses, cohorts, participants."""
        doses = f"{self.doses} dose{'s' * (self.doses > 1)} from level {self.start + 1}"
        return f"{doses}, cohorts of {self.cohort}, at most {self.maximum} participants"

    def describe(self) -> list[str]:
        """State the design's settings, a line each, as a protocol's appendix would."""
        raise NotImplementedError
