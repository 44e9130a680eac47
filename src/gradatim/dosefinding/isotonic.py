"""Selecting the dose at the end by isotonic regression of the observed rates.

Weighted least squares under the order of the doses (Barlow, Bartholomew, Bremner and Brunk 1972,
page 19: the max-min formula), of trials in arrays.
"""

from typing import NamedTuple

import numpy as np

from gradatim.dosefinding.binomial import probability_above
from gradatim.dosefinding.trial_states import Bools, Floats, Ints, TrialStates

TIE = 1e-10
"""Added once per dose to the fitted rates, as select.mtd of the BOIN package does: of equal rates
below the target the higher dose is nearer, of equal rates above it the lower one."""


class IsotonicSelection(NamedTuple):
    """Select the dose whose fitted rate is nearest to the target.

    Args:
        target: the DLT rate aimed at.
        cutoff_eli: a dose with P(rate > target) above it is not selected, nor one above that dose.
        fewest: participants that a dose needs before it can be so excluded.
        pseudo: added to the DLTs and to the others before rates are fitted.
        extra_safe: whether the lowest dose must also pass a stricter cutoff, by `offset`.
        offset: how much stricter.
        bound_mtd: select none but doses with a fitted rate of at most this.
    """

    target: float
    cutoff_eli: float = 0.95
    fewest: int = 3
    pseudo: float = 0.05
    extra_safe: bool = False
    offset: float = 0.05
    bound_mtd: float | None = None

    def select(self, trials: TrialStates) -> Ints:
        """Return the selected dose of each trial, -1 for none."""
        lowest = np.minimum(self.excluded(trials), trials.barred)
        open_ = (trials.n > 0) & (np.arange(trials.doses) < lowest[:, None])
        fitted = self.fit(trials, open_) + np.cumsum(open_, axis=1) * TIE
        distance = np.where(open_, np.abs(fitted - self.target), np.inf)
        if self.bound_mtd is not None:
            distance = np.where(fitted <= self.bound_mtd, distance, np.inf)
        best = np.argmin(distance, axis=1)
        return np.where(np.isfinite(distance.min(axis=1)), best, -1)

    def excluded(self, trials: TrialStates) -> Ints:
        """Return the lowest dose that is too toxic to be selected; D where there is none."""
        n, y = trials.n, trials.y
        exceeds = probability_above(self.target, int(n.max(initial=1)))[n, y]
        toxic = (exceeds > self.cutoff_eli) & (n >= self.fewest)
        if self.extra_safe:
            toxic[:, 0] |= (exceeds[:, 0] > self.cutoff_eli - self.offset) & (
                n[:, 0] >= self.fewest
            )
        return np.where(toxic.any(axis=1), np.argmax(toxic, axis=1), trials.doses)

    def fit(self, trials: TrialStates, among: Bools) -> Floats:
        """Fit rising rates to the doses in `among` (S, D); the others are given zero weight."""
        n, y, a = trials.n.astype(float), trials.y.astype(float), self.pseudo
        total = np.where(among, n + 2 * a, 1.0)
        rate = (y + a) / total
        weight = total**2 * (total + 1) / ((y + a) * (n - y + a)) if a else n
        return isotonic_rates(np.where(among, rate, 0.0), np.where(among, weight, 0.0))


def isotonic_rates(rate: Floats, weight: Floats) -> Floats:
    """Return the nearest rising rates, by weighted least squares.

    Args:
        rate: (S, D).
        weight: (S, D); zero for what does not count.

    Returns:
        (S, D); what has no weight takes its neighbours' value.
    """
    doses, trials = rate.shape[1], len(rate)
    sums, weights = (np.zeros((doses + 1, trials)) for _ in range(2))
    np.cumsum((rate * weight).T, axis=0, out=sums[1:])
    np.cumsum(weight.T, axis=0, out=weights[1:])
    fitted = np.full((doses, trials), -np.inf)
    with np.errstate(invalid="ignore", divide="ignore"):
        for low in range(doses):
            lowest = np.full(trials, np.nan)
            for high in range(doses - 1, low - 1, -1):
                mean = (sums[high + 1] - sums[low]) / (weights[high + 1] - weights[low])
                np.fmin(lowest, mean, out=lowest)
                np.fmax(fitted[high], lowest, out=fitted[high])
    return fitted.T
