"""The Bayesian logistic regression model with escalation under overdose control, by quadrature.

Neuenschwander B, Branson M, Gsponer T (2008), Critical aspects of the Bayesian approach to phase I
cancer trials, Statistics in Medicine 27:2420-2439; overdose control after Babb J, Rogatko A, Zacks
S (1998), Cancer phase I clinical trials, Statistics in Medicine 17:1103-1120.
"""

from dataclasses import dataclass
from math import log
from typing import ClassVar

import numpy as np

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.designs.model import ModelDesign, ModelSettings
from gradatim.dosefinding.designs.settings import (
    refuse_unless_for_each_level,
    refuse_unless_pair,
    refuse_unless_positive,
    refuse_unless_rate,
    refuse_unless_rising,
    setting,
)
from gradatim.dosefinding.designs.two_parameter_logistic import TwoParameter, from_doses
from gradatim.dosefinding.trial_states import Decisions, Floats, Ints, TrialStates

SOURCE = "Neuenschwander et al. 2008, Statistics in Medicine 27:2420-2439"


MOST_CORRELATION = 0.99
"""Beyond it the grid over both parameters is too coarse: at 0.999 probabilities are off by 0.01."""


@dataclass(frozen=True)
class BlrmSettings(ModelSettings):
    """Settings of BLRM, by crmPack's names.

    Args:
        dose_grid: the doses themselves; 1, 2, 3, ... if not given.
        ref_dose: the reference dose; the highest one if not given.
        correlation: of the prior.
        target_interval: the rates that are on target; one above it is an overdose.
        max_overdose_prob: the greatest P(rate above the interval) that a dose may have.
    """

    dose_grid: tuple[float, ...] | None = setting(None, "amounts")
    ref_dose: float | None = setting(None, "reference")
    correlation: float = 0.0
    target_interval: tuple[float, float] = setting((0.16, 0.33), "on_target")
    max_overdose_prob: float = setting(0.25, "overdose")

    def check(self) -> None:
        """Check also the doses, the interval and the correlation."""
        super().check()
        refuse_unless_rate("--set overdose", self.max_overdose_prob)
        refuse_unless_rate("--set on_target", *self.target_interval)
        refuse_unless_for_each_level("amounts", self.dose_grid, self.doses)
        refuse_unless_rising("amounts", self.dose_grid)
        refuse_unless_rising("on_target", self.target_interval)
        refuse_unless_pair("on_target", self.target_interval)
        refuse_unless_positive("reference", [self.ref_dose])
        refuse_unless_positive("amounts", self.dose_grid or ())
        if not abs(self.correlation) < 1:
            raise UnusableInput(
                f"{self.correlation:g} is not a correlation",
                "--set correlation",
                todo="give a number between -1 and 1, neither included",
            )
        if abs(self.correlation) > MOST_CORRELATION:
            raise UnusableInput(
                f"a correlation of {self.correlation:g} is too close to one",
                "--set correlation",
                "the two parameters would be one, and probabilities inaccurate",
                f"give a number from -{MOST_CORRELATION} to {MOST_CORRELATION}",
            )


@dataclass(frozen=True, kw_only=True)
class Blrm(ModelDesign):
    """BLRM: of the doses that are not likely to be too toxic, the one most likely on target.

    Args:
        model: the two-parameter logistic model.
        low, high: the interval of rates that are on target; above `high` is an overdose.
        overdose: the greatest P(rate > high) that a dose may have.
        limit: a rate above it is too toxic: the target, or `high` where none is given.
        words: what the model is, for the settings.
    """

    coherent: ClassVar[bool] = False  # as published: overdose control is its own limit

    model: TwoParameter
    low: float
    high: float
    overdose: float
    limit: float
    words: str
    name: str = "blrm"
    source: str = SOURCE

    @property
    def too_toxic(self) -> float:
        """Return the rate above which a dose is too toxic."""
        return self.limit

    def preferred(self, n: Ints, y: Ints) -> Ints:
        """Return the dose; the lowest of those as likely on target; -1 if none is allowed."""
        beyond = self.model.integrate(
            n,
            y,
            lambda at: np.hstack([self.model.tail(at, self.low), self.model.tail(at, self.high)]),
        )
        under, over = beyond[:, : self.doses], beyond[:, self.doses :]
        allowed = over <= self.overdose * (1 + 1e-9)
        on = np.where(allowed, under - over, -1.0)
        best = np.argmax(on >= on.max(axis=1, keepdims=True) - 1e-12, axis=1)
        return np.where(allowed.any(axis=1), best, -1)

    def estimated_rates(self, trials: TrialStates) -> Floats:
        """Return the posterior mean DLT rates of one trial."""
        return np.asarray(self.model.rates(trials.n, trials.y)[0])

    def preference_text(self, trials: TrialStates, decisions: Decisions) -> str:
        """Say which doses are allowed and which of them is likeliest on target."""
        n, y = trials.n, trials.y
        over = self.model.exceeding(n, y, self.high)[0]
        told = ", ".join(f"level {i + 1} {p:.1%}" for i, p in enumerate(over))
        risk = f"P(DLT rate > {self.high:g}): {told}; at most {self.overdose:.0%} is allowed"
        dose = int(self.preferred(n, y)[0])
        if dose < 0:
            return f"{risk}, so no level may be given"
        on = self.model.exceeding(n, y, self.low)[0, dose] - over[dose]
        return (
            f"{risk}; of the levels allowed, level {dose + 1} is likeliest between "
            f"{self.low:g} and {self.high:g} ({on:.1%})"
        )

    def describe(self) -> list[str]:
        """State the settings."""
        return [
            self.plan(),
            self.words,
            f"rates of {self.low:g} to {self.high:g} are on target; a dose with P(rate > "
            f"{self.high:g}) > {self.overdose:g} is not given",
        ]


def blrm(settings: BlrmSettings) -> Blrm:
    """Return BLRM."""
    doses = settings.dose_grid or tuple(float(i + 1) for i in range(settings.doses))
    reference = settings.ref_dose or doses[-1]
    low, high = settings.target_interval
    mean, sds = settings.prior_mean or (log(high / (1 - high)), 0.0), settings.prior_sds
    words = (
        f"two-parameter logistic model in log(dose / {reference:g}) of doses "
        f"{', '.join(f'{dose:g}' for dose in doses)}; bivariate normal prior with means "
        f"{mean[0]:.4g}, {mean[1]:.4g}, sd {sds[0]:g}, {sds[1]:g}, "
        f"correlation {settings.correlation:g}{settings.without_rule()}"
    )
    return Blrm(
        doses=settings.doses,
        cohort=settings.cohort_size,
        maximum=settings.cohort_size * settings.cohorts,
        start=settings.start - 1,
        target=settings.target or (low + high) / 2,
        model=from_doses(doses, reference, mean, sds, settings.correlation),
        low=low,
        high=high,
        overdose=settings.max_overdose_prob,
        limit=settings.target or high,
        words=words,
    )
