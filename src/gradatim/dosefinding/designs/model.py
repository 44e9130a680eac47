"""What designs that fit a dose-toxicity model have in common."""

from dataclasses import dataclass
from math import pi
from typing import ClassVar, Literal

import numpy as np

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.designs.base import DecisionReason, Design
from gradatim.dosefinding.designs.settings import (
    OFF,
    DesignSettings,
    refuse_unless_pair,
    refuse_unless_positive,
    refuse_unless_rate,
    setting,
)
from gradatim.dosefinding.trial_states import Decisions, Floats, Ints, StopReason, TrialStates

SAFETY = 0.95
"""P(rate > target) from a level's own counts above which the hard safety rule closes it."""
NARROWEST, WIDEST = 0.001, 10.0
"""Prior standard deviations that the grids over the models' parameters are made for."""
FARTHEST_MEAN = 50.0
"""The prior mean farthest from 0, of a logit or of a logarithm, that the grid is made for."""


@dataclass(frozen=True)
class ModelSettings(DesignSettings):
    """Settings of designs that fit a dose-toxicity model to all levels.

    Args:
        prior_mean, prior_sds: of the two-parameter models.
        hard_safety: never again a dose, or one above it, where P(rate > target) from its own counts
            is above this; `off` for no such rule, as dfcrm has it.
        allow_untried: a level may be selected that nobody was given, as dfcrm does.
    """

    prior_mean: tuple[float, float] | None = None
    prior_sds: tuple[float, float] = (2.0, 1.0)
    hard_safety: float | Literal["off"] = setting(SAFETY, "safety")
    allow_untried: bool = setting(False, "untried")

    def check(self) -> None:
        """Check also the prior, that the grid over the parameters reaches it."""
        super().check()
        refuse_unless_rate("--set safety", None if self.hard_safety == OFF else self.hard_safety)
        refuse_unless_pair("prior_mean", self.prior_mean)
        refuse_unless_pair("prior_sds", self.prior_sds)
        refuse_beyond_grid("prior_sds", *self.prior_sds)
        for mean in self.prior_mean or ():
            if not abs(mean) <= FARTHEST_MEAN:
                raise UnusableInput(
                    f"{mean:g} is no prior mean",
                    "--set prior_mean",
                    "it is of a logit, or of a logarithm",
                    f"give two numbers from -{FARTHEST_MEAN:g} to {FARTHEST_MEAN:g}",
                )

    def without_rule(self) -> str:
        """Return what a design says of itself where it has no hard safety rule; else nothing."""
        off = self.hard_safety == OFF
        return "; no hard safety rule closes a level by its own counts" if off else ""


def refuse_beyond_grid(name: str, *sds: float) -> None:
    """Refuse prior standard deviations that the grids over the parameters do not reach."""
    refuse_unless_positive(name, sds)
    for value in sds:
        if not NARROWEST <= value <= WIDEST:
            how = "wide" if value > WIDEST else "narrow"
            raise UnusableInput(
                f"a prior standard deviation of {value:g} is too {how}",
                f"--set {name}",
                "it is of a logit, or of a logarithm",
                f"give a number from {NARROWEST:g} to {WIDEST:g}",
            )


class Posterior:
    """A dose-toxicity model, fitted to many trials at once."""

    def rates(self, n: Ints, y: Ints) -> Floats:
        """Return each dose's estimated DLT rate: (S, D)."""
        raise NotImplementedError

    def exceeding(self, n: Ints, y: Ints, threshold: float) -> Floats:
        """Return P(DLT rate > threshold) of each dose: (S, D)."""
        raise NotImplementedError


CHUNK = 4_096
"""Trials fitted at a time, so that the arrays between stay small."""


def sinc_tail(cut: Floats, grid: Floats, below: bool) -> Floats:
    """Return weights of a grid's nodes that integrate a density up to, or from, a cut.

    The integral of the density's sinc interpolant (Stenger 1993, Numerical Methods Based on Sinc
    and Analytic Functions, section 3.1), as accurate as the trapezoidal rule is for the whole;
    divided by the step, so that the weights of the whole line are 1.

    Args:
        cut: where the integral ends, (..., K).
        grid: evenly spaced nodes, (G,).
        below: integrate below the cut, or else above it.

    Returns:
        (..., G, K).
    """
    from scipy.special import sici

    at = (cut[..., None, :] - grid[:, None]) / (grid[1] - grid[0])
    part = sici(pi * at)[0] / pi
    return np.asarray(0.5 + part if below else 0.5 - part)


def distinct(n: Ints, y: Ints) -> tuple[Ints, Ints]:
    """Find the trials with counts of their own: a model is fitted once for equal counts.

    Returns:
        which trials to fit, and for every trial the place of its counts among those.
    """
    rows = np.ascontiguousarray(np.concatenate([n, y], axis=1))
    flat = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
    _, first, place = np.unique(flat, return_index=True, return_inverse=True)
    return first, place


@dataclass(frozen=True)
class ModelDesign(Design):
    """A design that gives the dose its model prefers.

    Without modifiers it may skip doses; see `modifiers`.

    Args:
        no_skipping_over: what it goes up by one level from at most: the highest level given so far,
            or the present one.
        coherent: whether it is kept from going up right after a cohort with many DLTs.
    """

    no_skipping_over: ClassVar[Literal["highest", "present"]] = "highest"
    coherent: ClassVar[bool] = True

    doses: int
    cohort: int
    maximum: int
    start: int
    target: float

    @property
    def too_toxic(self) -> float:
        """Return the rate above which a dose is too toxic."""
        return self.target

    def preferred(self, n: Ints, y: Ints) -> Ints:
        """Return the dose that the model prefers, from 0; -1 where none may be given: (S,)."""
        raise NotImplementedError

    def _preferred(self, trials: TrialStates) -> Ints:
        first, place = distinct(trials.n, trials.y)
        return np.asarray(self.preferred(trials.n[first], trials.y[first])[place])

    def decide(self, trials: TrialStates) -> Decisions:
        """Return the preferred dose; stop where there is none."""
        dose = self._preferred(trials)
        barred = np.where(dose < 0, 0, trials.barred)
        why = np.where(barred == 0, StopReason.TOO_TOXIC, StopReason.GOING_ON)
        return Decisions(np.where(dose < 0, trials.dose, dose), barred, why)

    def select(self, trials: TrialStates) -> Ints:
        """Select the preferred dose; none where the trial had to stop."""
        return np.where(trials.barred == 0, -1, self._preferred(trials))

    def reasons(self, trials: TrialStates, decisions: Decisions) -> list[DecisionReason]:
        """Say what the model makes of the counts."""
        told = ", ".join(
            f"level {i + 1} {rate:.1%}" for i, rate in enumerate(self.estimated_rates(trials))
        )
        n, y = (int(count[0]) for count in trials.at_current_dose())
        here = f"{y} of {n} participants at level {int(trials.dose[0]) + 1} had a DLT ({y / n:.1%})"
        return [
            DecisionReason(f"{here}; estimated DLT rates: {told}", self.name, self.source),
            DecisionReason(self.preference_text(trials, decisions), self.name, self.source),
        ]

    def estimated_rates(self, trials: TrialStates) -> Floats:
        """Return the estimated DLT rates of one trial: (D,)."""
        raise NotImplementedError

    def preference_text(self, trials: TrialStates, decisions: Decisions) -> str:
        """Say why the model prefers what it does, of one trial."""
        raise NotImplementedError
