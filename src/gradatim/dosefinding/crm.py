"""The continual reassessment method with one parameter: posterior by quadrature, no sampling.

O'Quigley J, Pepe M, Fisher L (1990), Continual reassessment method, Biometrics 46:33-48; the
empiric and logistic models, the plug-in estimate and the prior of N(0, 1.34) are those of dfcrm
(Cheung YK 2011, Dose Finding by the Continual Reassessment Method, section 3.2).
"""

from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import numpy as np

from gradatim.dosefinding.model import ModelDesign, Posterior
from gradatim.dosefinding.trials import Floats, Ints, Moves, Trials

SOURCE = "O'Quigley et al. 1990, Biometrics 46:33-48; as in dfcrm 0.2-2.1"
PRIOR_SD = sqrt(1.34)
INTERCEPT = 3.0
STEP, REACH = 0.125, 7.0
"""The quadrature's step and reach in prior standard deviations' units of the parameter: the
integrand is smooth and vanishes at both ends, where the trapezoidal rule converges geometrically
(Trefethen and Weideman 2014, SIAM Review 56:385-458)."""


@dataclass(frozen=True)
class OneParameter(Posterior):
    """A one-parameter dose-toxicity model.

    Args:
        skeleton: prior guess of each dose's DLT rate, rising.
        logistic: logit p = intercept + exp(a) x instead of p = skeleton ** exp(a).
        intercept: of the logistic model.
        prior_sd: of the normal prior of a, with mean 0.
    """

    skeleton: tuple[float, ...]
    logistic: bool = False
    intercept: float = INTERCEPT
    prior_sd: float = PRIOR_SD

    def rate(self, a: Floats) -> Floats:
        """Give each dose's DLT rate for values of the parameter: (len(a), D)."""
        slope = np.exp(np.asarray(a))[:, None]
        if self.logistic:
            return np.asarray(1.0 / (1.0 + np.exp(-self.intercept - slope * self._scaled)))
        return np.asarray(np.array(self.skeleton) ** slope)

    @cached_property
    def _scaled(self) -> Floats:
        """Doses on the logistic model's scale, at which the prior median gives the skeleton."""
        p = np.array(self.skeleton)
        return np.asarray(np.log(p / (1 - p)) - self.intercept)

    @cached_property
    def grid(self) -> Floats:
        """Values of the parameter."""
        reach = REACH * self.prior_sd
        return np.arange(-reach, reach + STEP / 2, STEP)

    @cached_property
    def _logs(self) -> tuple[Floats, Floats, Floats]:
        """Log-likelihood of a DLT and of none at each dose, and the log prior: at each node."""
        if self.logistic:
            eta = self.intercept + np.exp(self.grid)[:, None] * self._scaled
            some, none = -np.logaddexp(0, -eta), -np.logaddexp(0, eta)
        else:
            some = np.log(np.array(self.skeleton)) * np.exp(self.grid)[:, None]
            none = np.log(-np.expm1(np.minimum(some, -1e-300)))
        return some.T, none.T, -(self.grid**2) / (2 * self.prior_sd**2)

    def weights(self, n: Ints, y: Ints) -> Floats:
        """Give the posterior weight of each node: (S, nodes), each row adding up to 1."""
        some, none, prior = self._logs
        logs = y.astype(float) @ some + (n - y).astype(float) @ none + prior
        logs -= logs.max(axis=1, keepdims=True)
        np.exp(logs, out=logs)
        logs /= logs.sum(axis=1, keepdims=True)
        return logs

    def estimate(self, n: Ints, y: Ints) -> Floats:
        """Give the posterior mean of the parameter: (S,)."""
        return np.asarray(self.weights(n, y) @ self.grid)

    def rates(self, n: Ints, y: Ints) -> Floats:
        """Give each dose's estimated DLT rate: the model at the posterior mean: (S, D)."""
        return self.rate(self.estimate(n, y))

    def exceeding(self, n: Ints, y: Ints, threshold: float) -> Floats:
        """Give P(DLT rate > threshold) of each dose: (S, D)."""
        above = self.rate(self.grid) > threshold
        return np.asarray(self.weights(n, y) @ above)


@dataclass(frozen=True, kw_only=True)
class Crm(ModelDesign):
    """CRM: give the dose whose estimated DLT rate is nearest to the target.

    Args:
        model: the dose-toxicity model.
        words: what the model is, for the settings.
    """

    model: Posterior
    words: str
    name: str = "crm"
    source: str = SOURCE

    def preferred(self, n: Ints, y: Ints) -> Ints:
        """Give the nearest dose; of two as near the lower, as dfcrm does."""
        return nearest(self.model.rates(n, y), self.target)

    def estimated(self, trials: Trials) -> Floats:
        """Give the estimated DLT rates of one trial."""
        return self.model.rates(trials.n, trials.y)[0]

    def chosen(self, trials: Trials, moves: Moves) -> str:
        """Say which dose is nearest."""
        dose = int(moves.dose[0])
        rate = self.estimated(trials)[dose]
        return f"the rate at level {dose + 1}, {rate:.1%}, is nearest to the target of {self.target:.1%}"

    def describe(self) -> list[str]:
        """State the settings."""
        return [f"{self.doses} doses from level {self.start + 1}, cohorts of {self.cohort}, "
                f"at most {self.maximum} participants", self.words,
                f"gives the dose with the estimated DLT rate nearest to {self.target:g}"]  # fmt: skip


def nearest(rates: Floats, target: float) -> Ints:
    """Give the dose nearest to the target by estimated rate; of equal ones the lowest: (S,).

    Rates within a relative 1e-9 are equal, so that the last digits of a sum decide nothing.
    """
    distance = np.abs(rates - target)
    least = distance.min(axis=1, keepdims=True)
    return np.asarray(np.argmax(distance <= least + 1e-9 * target, axis=1))
