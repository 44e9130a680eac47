"""What designs that fit a dose-toxicity model have in common."""

from dataclasses import dataclass
from math import pi

import numpy as np

from gradatim.dosefinding.designs.base import Design, Ground
from gradatim.dosefinding.trial_states import Floats, Ints, Moves, Trials, Why


class Posterior:
    """A dose-toxicity model, fitted to many trials at once."""

    def rates(self, n: Ints, y: Ints) -> Floats:
        """Give each dose's estimated DLT rate: (S, D)."""
        raise NotImplementedError

    def exceeding(self, n: Ints, y: Ints, threshold: float) -> Floats:
        """Give P(DLT rate > threshold) of each dose: (S, D)."""
        raise NotImplementedError


CHUNK = 4_096
"""Trials fitted at a time, so that the arrays between stay small."""


def sinc_tail(cut: Floats, grid: Floats, below: bool) -> Floats:
    """Give weights of a grid's nodes that integrate a density up to, or from, a cut.

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
    """

    doses: int
    cohort: int
    maximum: int
    start: int
    target: float

    @property
    def too_toxic(self) -> float:
        """Give the rate above which a dose is too toxic."""
        return self.target

    def preferred(self, n: Ints, y: Ints) -> Ints:
        """Give the dose that the model prefers, from 0; -1 where none may be given: (S,)."""
        raise NotImplementedError

    def _preferred(self, trials: Trials) -> Ints:
        first, place = distinct(trials.n, trials.y)
        return np.asarray(self.preferred(trials.n[first], trials.y[first])[place])

    def decide(self, trials: Trials) -> Moves:
        """Give the preferred dose; stop where there is none."""
        dose = self._preferred(trials)
        barred = np.where(dose < 0, 0, trials.barred)
        why = np.where(barred == 0, Why.TOO_TOXIC, Why.GOING_ON)
        return Moves(np.where(dose < 0, trials.dose, dose), barred, why)

    def select(self, trials: Trials) -> Ints:
        """Select the preferred dose; none where the trial had to stop."""
        return np.where(trials.barred == 0, -1, self._preferred(trials))

    def because(self, trials: Trials, moves: Moves) -> list[Ground]:
        """Say what the model makes of the counts."""
        told = ", ".join(
            f"level {i + 1} {rate:.1%}" for i, rate in enumerate(self.estimated(trials))
        )
        n, y = (int(one[0]) for one in trials.here())
        here = f"{y} of {n} participants at level {int(trials.dose[0]) + 1} had a DLT ({y / n:.1%})"
        return [
            Ground(f"{here}; estimated DLT rates: {told}", self.name, self.source),
            Ground(self.chosen(trials, moves), self.name, self.source),
        ]

    def estimated(self, trials: Trials) -> Floats:
        """Give the estimated DLT rates of one trial: (D,)."""
        raise NotImplementedError

    def chosen(self, trials: Trials, moves: Moves) -> str:
        """Say why the model prefers what it does, of one trial."""
        raise NotImplementedError
