"""Modifiers that lead a trial's first stage: until the first DLT."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gradatim.dosefinding.designs.base import DecisionReason
from gradatim.dosefinding.designs.modifiers import Modifier
from gradatim.dosefinding.trial_states import Bools, Decisions, Ints, StopReason, TrialStates


@dataclass(frozen=True)
class RunIn(Modifier):
    """Until the first DLT, go up by one level after so many participants: a two-stage design.

    Args:
        each: participants at each level of the first stage.
    """

    each: int
    rule: ClassVar[str] = "run-in"

    def change(self, trials: TrialStates, decisions: Decisions) -> Decisions:
        """Replace the advice as long as nobody had a DLT."""
        n, _ = trials.at_current_dose()
        quiet = (trials.y.sum(axis=1) == 0) & (decisions.stop_reason == StopReason.GOING_ON)
        up = np.minimum(
            trials.dose + (n >= self.each), np.minimum(trials.doses, decisions.barred) - 1
        )
        return decisions._replace(dose=np.where(quiet, up, decisions.dose))

    def rule_text(self) -> str:
        """State the rule."""
        return f"until the first DLT, goes up by one level after {self.each} participants"


@dataclass(frozen=True)
class Titration(Modifier):
    """Accelerated titration: one participant a level until the first DLT, then whole cohorts.

    The level of the first DLT, or the highest one, is filled up to a cohort. Simon R et al. (1997),
    Accelerated titration designs for phase I clinical trials in oncology, Journal of the National
    Cancer Institute 89:1138-1147; as in BOIN's get.oc(titration = TRUE).

    Args:
        fill: also fill lower levels that had one participant, when the trial comes back to them.
    """

    fill: bool = False
    rule: ClassVar[str] = "accelerated titration"

    def _titrating(self, trials: TrialStates) -> Bools:
        return np.asarray(trials.n.max(axis=1) < self.cohort)

    def size(self, trials: TrialStates) -> Ints:
        """One while titrating; then what makes the cohort whole."""
        n, _ = trials.at_current_dose()
        titrating = self._titrating(trials)
        single = titrating & (n == 0)
        filled = (titrating | self.fill) & (n > 0) & (n < self.cohort)
        size = np.where(single, 1, np.where(filled, self.cohort - n, self.inner.size(trials)))
        return np.minimum(size, self.maximum - trials.total())

    def decide(self, trials: TrialStates) -> Decisions:
        """While titrating go up after no DLT, and stay to fill the cohort otherwise.

        The inner design is asked of whole cohorts only.
        """
        titrating = self._titrating(trials)
        up = (trials.y.sum(axis=1) == 0) & (
            trials.dose + 1 < np.minimum(trials.doses, trials.barred)
        )
        dose, barred = trials.dose + up, trials.barred.copy()
        why = np.full(len(trials), int(StopReason.GOING_ON), dtype=np.int8)
        if not titrating.all():
            asked = self.inner.decide(trials.take(~titrating))
            dose[~titrating], barred[~titrating], why[~titrating] = asked
        return Decisions(dose, barred, why)

    def reasons(self, trials: TrialStates, decisions: Decisions) -> list[DecisionReason]:
        """Say so while titrating; then the inner design's reasons."""
        if not self._titrating(trials)[0]:
            return self.inner.reasons(trials, decisions)
        seen = (
            "no DLT so far: the next level"
            if decisions.dose[0] > trials.dose[0]
            else ("the cohort at this level is made whole")
        )
        return [DecisionReason(f"{self.rule_text()}; {seen}", self.rule)]

    def rule_text(self) -> str:
        """State the rule."""
        return f"one participant a level until the first DLT, then cohorts of {self.cohort}"
