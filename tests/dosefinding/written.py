"""Paths of small trials as a person writes them down, and decisions after them."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from gradatim.dosefinding.decision import Advice, DoseDecision, decide
from gradatim.dosefinding.designs.base import Design
from gradatim.dosefinding.outcomes import parse_outcomes
from gradatim.dosefinding.trial_states import StopReason, TrialStates


class Written(NamedTuple):
    """A cohort that a design asked for: what was written before it, and who had a DLT in it."""

    before: str
    level: int
    size: int
    dlts: int

    def text(self, dlts: int | None = None) -> str:
        """Return all outcomes, this cohort's with so many DLTs."""
        k = self.dlts if dlts is None else dlts
        return f"{self.before} {self.level}{'N' * (self.size - k)}{'T' * k}".strip()


def ask(design: Design, text: str, **more: object) -> DoseDecision:
    """Decide after written outcomes."""
    return decide(design, parse_outcomes(text, design.doses, design.start + 1), **more)  # type: ignore[arg-type]


def said(decision: DoseDecision) -> Advice:
    """Return what was decided, without the reasons."""
    return Advice(decision.action, decision.dose)


def written(of: Design, trials: TrialStates | None = None, before: str = "") -> Iterator[Written]:
    """Return every cohort of every path."""
    trials = of.begin() if trials is None else trials
    size, level = int(of.size(trials)[0]), int(trials.dose[0]) + 1
    for dlts in range(size + 1):
        one = Written(before, level, size, dlts)
        yield one
        after = trials.after(np.array([size]), np.array([dlts]))
        decisions = of.decide(after)
        if decisions.stop_reason[0] == StopReason.GOING_ON and after.total()[0] < of.maximum:
            yield from written(
                of, replace(after, dose=decisions.dose, barred=decisions.barred), one.text()
            )
