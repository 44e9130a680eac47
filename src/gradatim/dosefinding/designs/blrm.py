"""The Bayesian logistic regression model with escalation under overdose control, by quadrature.

Neuenschwander B, Branson M, Gsponer T (2008), Critical aspects of the Bayesian approach to phase I
cancer trials, Statistics in Medicine 27:2420-2439; overdose control after Babb J, Rogatko A, Zacks
S (1998), Cancer phase I clinical trials, Statistics in Medicine 17:1103-1120.
"""

from dataclasses import dataclass

import numpy as np

from gradatim.dosefinding.designs.model import ModelDesign
from gradatim.dosefinding.designs.two_parameter_logistic import TwoParameter
from gradatim.dosefinding.trial_states import Floats, Ints, Moves, Trials

SOURCE = "Neuenschwander et al. 2008, Statistics in Medicine 27:2420-2439"


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
        """Give the rate above which a dose is too toxic."""
        return self.limit

    def preferred(self, n: Ints, y: Ints) -> Ints:
        """Give the dose; the lowest of those as likely on target; -1 if none is allowed."""
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

    def estimated(self, trials: Trials) -> Floats:
        """Give the posterior mean DLT rates of one trial."""
        return np.asarray(self.model.rates(trials.n, trials.y)[0])

    def chosen(self, trials: Trials, moves: Moves) -> str:
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
