"""The continual reassessment method with one parameter: posterior by quadrature, no sampling.

O'Quigley J, Pepe M, Fisher L (1990), Continual reassessment method, Biometrics 46:33-48; the
empiric and logistic models, the plug-in estimate and the prior of N(0, 1.34) are those of dfcrm
(Cheung YK 2011, Dose Finding by the Continual Reassessment Method, section 3.2).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import exp, log, sqrt
from typing import ClassVar, Literal, NamedTuple

import numpy as np

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.designs.model import (
    CHUNK,
    ModelDesign,
    ModelSettings,
    Posterior,
    refuse_beyond_grid,
    sinc_tail,
)
from gradatim.dosefinding.designs.settings import (
    refuse_unless_for_each_level,
    refuse_unless_positive,
    refuse_unless_rate,
    refuse_unless_rising,
    refuse_unless_whole,
    setting,
)
from gradatim.dosefinding.designs.skeleton import spread_skeleton
from gradatim.dosefinding.designs.two_parameter_logistic import from_skeleton
from gradatim.dosefinding.trial_states import Decisions, Floats, Ints, TrialStates

SOURCE = "O'Quigley et al. 1990, Biometrics 46:33-48; as in dfcrm 0.2-2.1"
PRIOR_SD = sqrt(1.34)
INTERCEPT = 3.0
MODELS = ("empiric", "logistic", "logistic2")
FINE, REACH = 0.75, 7.0
"""The quadrature's step in units of the smallest standard deviation the posterior can have, and
its reach in those of the prior. The integrand is smooth and vanishes at both ends, where the
trapezoidal rule converges geometrically (Trefethen and Weideman 2014, SIAM Review 56:385-458): for
a normal density this step's error is 2 exp(-2 (pi / 0.75)^2), 1e-15; posteriors are not quite
normal."""

FARTHEST = 30.0
"""How many standard deviations of the prior the search for the posterior's ends goes."""
FEW = 20
"""As fine as for so many participants at least: with fewer the posterior is far from normal."""


@dataclass(frozen=True)
class CrmSettings(ModelSettings):
    """Settings of CRM, by the names of dfcrm's arguments where it has them.

    Args:
        model: one of `MODELS`; `logistic2` has two parameters.
        skeleton: prior guesses of the DLT rates; else they are spread by `half_width` around the
            level `prior_mtd`.
        half_width: of the indifference interval (halfwidth of getprior).
        prior_mtd: the level guessed to be on target, from 1 (nu of getprior).
        prior_sd: of the one-parameter models.
    """

    model: str = "empiric"
    skeleton: tuple[float, ...] | None = None
    half_width: float | None = None
    prior_mtd: int | None = setting(None, "middle")
    prior_sd: float = PRIOR_SD

    def check(self) -> None:
        """Check also the skeleton and the prior."""
        super().check()
        refuse_unless_whole("--set middle", self.doses, self.prior_mtd)
        refuse_unless_rate("--set skeleton", *(self.skeleton or ()))
        refuse_unless_for_each_level("skeleton", self.skeleton, self.doses)
        refuse_unless_rising("skeleton", self.skeleton)
        refuse_unless_positive("half_width", [self.half_width])
        refuse_beyond_grid("prior_sd", self.prior_sd)
        if self.model not in MODELS:
            raise UnusableInput(
                f"there is no model {self.model!r}",
                "--set model",
                todo=f"use one of {', '.join(MODELS)}",
            )

    @classmethod
    def idle(
        cls, given: Mapping[str, object], cohort_size: int, target: float | None
    ) -> Iterator[tuple[str, str]]:
        """Yield how a skeleton is spread where it is given, and priors of the other models."""
        two = given.get("model") == "logistic2"
        for name, without, why in (
            ("half_width", "skeleton" in given, "the skeleton is given"),
            ("middle", "skeleton" in given, "the skeleton is given"),
            ("prior_sd", two, "it is of the one-parameter models"),
            ("prior_mean", not two, "it is of the two-parameter models"),
            ("prior_sds", not two, "it is of the two-parameter models"),
        ):
            if name in given and without:
                yield name, why
        yield from super().idle(given, cohort_size, target)


class QuadratureNodes(NamedTuple):
    """Values of the parameter, with the logs of what is integrated there.

    Args:
        a: the values, (nodes,).
        some, none: log-likelihood of a DLT and of none at each dose, (D, nodes).
        prior: log density of the prior, up to a constant, (nodes,).
    """

    a: Floats
    some: Floats
    none: Floats
    prior: Floats


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
        """Return each dose's DLT rate for values of the parameter: (len(a), D)."""
        slope = np.exp(np.asarray(a))[:, None]
        if self.logistic:
            return np.asarray(1.0 / (1.0 + np.exp(-self.intercept - slope * self._scaled)))
        return np.asarray(np.array(self.skeleton) ** slope)

    @cached_property
    def _scaled(self) -> Floats:
        """Doses on the logistic model's scale, at which the prior median gives the skeleton."""
        p = np.array(self.skeleton)
        return np.asarray(np.log(p / (1 - p)) - self.intercept)

    def information(self) -> float:
        """Return the greatest Fisher information on the parameter of one participant."""
        if self.logistic:
            eta = np.linspace(-12.0, self.intercept, 2_000)
            return float(np.max((eta - self.intercept) ** 2 / (2 + np.exp(eta) + np.exp(-eta))))
        p = np.linspace(0.001, 0.999, 2_000)
        return float(np.max(p * np.log(p) ** 2 / (1 - p)))

    def _log_likelihood(self, a: Floats) -> tuple[Floats, Floats]:
        """Return the log-likelihood of a DLT and of none: (len(a), D) each."""
        if self.logistic:
            eta = self.intercept + np.exp(a)[:, None] * self._scaled
            return -np.logaddexp(0, -eta), -np.logaddexp(0, eta)
        some = np.log(np.array(self.skeleton)) * np.exp(a)[:, None]
        return some, np.log(-np.expm1(np.minimum(some, -1e-300)))

    def _ends(self, most: int) -> tuple[float, float]:
        """Return where the posteriors of all DLTs at the lowest dose, and of none, vanish."""
        a = self.prior_sd * np.linspace(-FARTHEST, FARTHEST, 8_001)
        some, none = self._log_likelihood(a)
        prior, fallen = -(a**2) / (2 * self.prior_sd**2), REACH**2 / 2
        left, right = prior + most * some[:, 0], prior + most * none[:, -1]
        low = float(a[np.flatnonzero(left >= left.max() - fallen)[0]])
        high = float(a[np.flatnonzero(right >= right.max() - fallen)[-1]])
        return min(low, -REACH * self.prior_sd), max(high, REACH * self.prior_sd)

    @lru_cache(maxsize=256)  # noqa: B019 (models are few and small)
    def nodes(self, most: int) -> QuadratureNodes:
        """Return the nodes that are fine enough for so many participants."""
        least = (self.prior_sd**-2 + most * self.information()) ** -0.5
        low, high = self._ends(most)
        a = np.arange(low, high + FINE * least, FINE * least)
        some, none = self._log_likelihood(a)
        return QuadratureNodes(a, some.T, none.T, -(a**2) / (2 * self.prior_sd**2))

    def weights(self, n: Ints, y: Ints, finer: int = 1) -> tuple[Floats, QuadratureNodes]:
        """Return the posterior weight of each node, (S, nodes), each row adding up to 1."""
        most = max(FEW, int(n.sum(axis=1, dtype=np.int64).max(initial=0)))
        at = self.nodes(most * finer**2)
        logs = y.astype(float) @ at.some + (n - y).astype(float) @ at.none + at.prior
        logs -= logs.max(axis=1, keepdims=True)
        np.exp(logs, out=logs)
        logs /= logs.sum(axis=1, keepdims=True)
        return logs, at

    def estimate(self, n: Ints, y: Ints) -> Floats:
        """Return the posterior mean of the parameter: (S,)."""
        found = []
        for i in range(0, len(n), CHUNK):
            weights, at = self.weights(n[i : i + CHUNK], y[i : i + CHUNK])
            found.append(weights @ at.a)
        return np.concatenate(found) if found else np.zeros(0)

    def rates(self, n: Ints, y: Ints) -> Floats:
        """Return each dose's estimated DLT rate: the model at the posterior mean: (S, D)."""
        return self.rate(self.estimate(n, y))

    def exceeding(self, n: Ints, y: Ints, threshold: float) -> Floats:
        """Return P(DLT rate > threshold) of each dose: (S, D)."""
        weights, at = self.weights(n, y, finer=2)  # interpolation takes half the step
        return np.asarray(weights @ self._tail(at, threshold))

    def _tail(self, at: QuadratureNodes, threshold: float) -> Floats:
        """Return the weights that make the nodes' sum P(DLT rate > threshold): (nodes, D).

        A rate exceeds the threshold below a cut of the parameter; see
        `two_parameter_logistic` for the weights.
        """
        if self.logistic:
            slope = (log(threshold / (1 - threshold)) - self.intercept) / self._scaled
        else:
            slope = log(threshold) / np.log(np.array(self.skeleton))
        return sinc_tail(np.log(np.maximum(slope, 1e-300)), at.a, below=True)


@dataclass(frozen=True, kw_only=True)
class Crm(ModelDesign):
    """CRM: give the dose whose estimated DLT rate is nearest to the target.

    Args:
        model: the dose-toxicity model.
        words: what the model is, for the settings.
    """

    no_skipping_over: ClassVar[Literal["highest", "present"]] = "present"  # as dfcrm does

    model: Posterior
    words: str
    name: str = "crm"
    source: str = SOURCE

    def preferred(self, n: Ints, y: Ints) -> Ints:
        """Return the nearest dose; of two as near the lower, as dfcrm does."""
        return nearest(self.model.rates(n, y), self.target)

    def estimated_rates(self, trials: TrialStates) -> Floats:
        """Return the estimated DLT rates of one trial."""
        return np.asarray(self.model.rates(trials.n, trials.y)[0])

    def preference_text(self, trials: TrialStates, decisions: Decisions) -> str:
        """Say which dose is nearest."""
        dose = int(decisions.dose[0])
        rate = self.estimated_rates(trials)[dose]
        return (
            f"the rate at level {dose + 1}, {rate:.1%}, is nearest to the target of "
            f"{self.target:.1%}"
        )

    def describe(self) -> list[str]:
        """State the settings."""
        nearest_to = f"gives the dose with the estimated DLT rate nearest to {self.target:g}"
        return [self.plan(), self.words, nearest_to]


def nearest(rates: Floats, target: float) -> Ints:
    """Return the dose nearest to the target by estimated rate; of equal ones the lowest: (S,).

    Where every rate is at or below the target it is the highest dose, as in dfcrm. Distances within
    a relative 1e-9 are equal, so that the last digits of a sum decide nothing.
    """
    distance = np.abs(rates - target)
    least = distance.min(axis=1, keepdims=True)
    closest = np.argmax(distance <= least + 1e-9 * target, axis=1)
    return np.asarray(np.where((rates <= target).all(axis=1), rates.shape[1] - 1, closest))


def crm(settings: CrmSettings) -> Crm:
    """Return CRM.

    Raises:
        UnusableInput: no target, or a skeleton that the model cannot have.
    """
    target = settings.required_target()
    model, words = _model(settings, target)
    return Crm(
        doses=settings.doses,
        cohort=settings.cohort_size,
        maximum=settings.cohort_size * settings.cohorts,
        start=settings.start - 1,
        target=target,
        model=model,
        words=words + settings.without_rule(),
    )


def _model(settings: CrmSettings, target: float) -> tuple[Posterior, str]:
    """Return the dose-toxicity model, and what it is in words."""
    skeleton = _skeleton(settings, target)
    told = "prior guesses of the DLT rates " + ", ".join(f"{rate:.4g}" for rate in skeleton)
    if settings.model != "logistic2":
        logistic = settings.model == "logistic"
        return OneParameter(skeleton, logistic, INTERCEPT, settings.prior_sd), (
            f"{settings.model} one-parameter model, {told}; prior N(0, {settings.prior_sd**2:.4g})"
        )
    mean, sds = settings.prior_mean or (INTERCEPT, 0.0), settings.prior_sds
    return from_skeleton(skeleton, mean, sds), (
        f"two-parameter logistic model, {told}; normal priors of the intercept and the log "
        f"slope with means {mean[0]:g}, {mean[1]:g}, sd {sds[0]:g}, {sds[1]:g}"
    )


def _skeleton(settings: CrmSettings, target: float) -> tuple[float, ...]:
    half = target / 6 if settings.half_width is None else settings.half_width
    skeleton = settings.skeleton or spread_skeleton(
        half,
        target,
        settings.prior_mtd or (settings.doses + 1) // 2,
        settings.doses,
        logistic=settings.model != "empiric",
        intercept=INTERCEPT,
    )
    if settings.model == "logistic" and skeleton[-1] >= 1 / (1 + exp(-INTERCEPT)):
        raise UnusableInput(
            f"a guess of {skeleton[-1]:g} is too high for the logistic model",
            "--set skeleton",
            f"its intercept is {INTERCEPT:g}",
            "give lower guesses",
        )
    return skeleton
