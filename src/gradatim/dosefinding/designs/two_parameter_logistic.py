"""The logistic model with two parameters, by quadrature over both.

logit p(x) = a + exp(b) x with (a, b) bivariate normal. With x = log(dose / reference dose) this is
the model of Neuenschwander B, Branson M, Gsponer T (2008), Critical aspects of the Bayesian
approach to phase I cancer trials, Statistics in Medicine 27:2420-2439, equation (1).

The trapezoidal rule is spectrally accurate for the posterior's smooth, vanishing density, and so
are the probabilities of intervals (`model.sinc_tail`): no sampling, and one set of nodes for all
trials.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import log, sqrt
from typing import NamedTuple

import numpy as np

from gradatim.dosefinding.designs.model import CHUNK, Posterior, sinc_tail
from gradatim.dosefinding.trial_states import Floats, Ints

FINE, WIDE, REACH = 0.6, 0.21, 6.0
"""The step of a, in units of the smallest standard deviation its posterior can have; the step of b
for `AT` participants, in units of its prior's or of 1 if that is smaller; how far the nodes reach
at least, in standard deviations of the prior. With the usual prior the error is about 1e-8."""
AT, FEW, FARTHEST = 30, 20, 20.0


class QuadratureNodes(NamedTuple):
    """Values of both parameters, with the logs of what is integrated there.

    Args:
        a, b: the values of each, (A,) and (B,); a node is a pair, b by b.
        some, none: log-likelihood of a DLT and of none at each dose, (D, A x B).
        prior: log density of the prior, up to a constant, (A x B,).
    """

    a: Floats
    b: Floats
    some: Floats
    none: Floats
    prior: Floats


@dataclass(frozen=True)
class TwoParameter(Posterior):
    """A two-parameter logistic dose-toxicity model.

    Args:
        x: each dose on the model's scale, (D,).
        mean: prior means of a and b.
        sd: prior standard deviations of a and b.
        correlation: between a and b.
    """

    x: tuple[float, ...]
    mean: tuple[float, float]
    sd: tuple[float, float]
    correlation: float = 0.0

    @lru_cache(maxsize=8)  # noqa: B019 (models are few)
    def nodes(self, most: int) -> QuadratureNodes:
        """Return the nodes that are fine and far enough for so many participants."""
        (low_a, high_a), (low_b, high_b) = self._box(most)
        step_a = FINE * (self.sd[0] ** -2 + most / 4) ** -0.5
        step_b = WIDE * min(self.sd[1], 1.0) * min(1.0, sqrt(AT / most))
        return self._at(
            np.arange(low_a, high_a + step_a, step_a), np.arange(low_b, high_b + step_b, step_b)
        )

    def _at(self, a: Floats, b: Floats) -> QuadratureNodes:
        """Return the logs at every pair of these values."""
        both, slope = np.tile(a, len(b)), np.repeat(np.exp(b), len(a))
        eta = both + slope * np.array(self.x)[:, None]
        u, v = (both - self.mean[0]) / self.sd[0], (np.log(slope) - self.mean[1]) / self.sd[1]
        r = self.correlation
        prior = -(u**2 - 2 * r * u * v + v**2) / (2 * (1 - r**2))
        return QuadratureNodes(a, b, -np.logaddexp(0, -eta), -np.logaddexp(0, eta), prior)

    def _box(self, most: int) -> list[tuple[float, float]]:
        """Return how far each parameter must reach for the posteriors of the most extreme data.

        All with a DLT at the lowest dose, and none at the highest; there it is farthest from the
        prior.
        """
        spread = np.linspace(-FARTHEST, FARTHEST, 161)
        at = self._at(*(m + s * spread for m, s in zip(self.mean, self.sd, strict=True)))
        found = [(m - REACH * s, m + REACH * s) for m, s in zip(self.mean, self.sd, strict=True)]
        for logs in (at.some[0], at.none[-1]):
            for much in (3, most):
                density = (at.prior + much * logs).reshape(len(at.b), len(at.a))
                kept = density >= density.max() - REACH**2 / 2
                found = [
                    (min(low, nodes[some.any(axis=k)][0]), max(high, nodes[some.any(axis=k)][-1]))
                    for (low, high), nodes, some, k in zip(
                        found, (at.a, at.b), (kept, kept), (0, 1), strict=True
                    )
                ]
        return [(float(low), float(high)) for low, high in found]

    def rates(self, n: Ints, y: Ints) -> Floats:
        """Return each dose's posterior mean DLT rate: (S, D)."""
        return self.integrate(n, y, lambda at: np.exp(at.some).T)

    def exceeding(self, n: Ints, y: Ints, threshold: float) -> Floats:
        """Return P(DLT rate > threshold) of each dose: (S, D)."""
        return np.clip(self.integrate(n, y, lambda at: self.tail(at, threshold)), 0.0, 1.0)

    def integrate(self, n: Ints, y: Ints, values: Callable[[QuadratureNodes], Floats]) -> Floats:
        """Return posterior means of values at nodes, (nodes, K), of each of S trials: (S, K)."""
        most = int(n.sum(axis=1, dtype=np.int64).max(initial=0))
        at = self.nodes(max(FEW, most))
        wanted = values(at)
        found = np.empty((len(n), wanted.shape[1]))
        for i in range(0, len(n), CHUNK // 8):
            part = slice(i, i + CHUNK // 8)
            found[part] = self._weights(n[part], y[part], at) @ wanted
        return found

    def _weights(self, n: Ints, y: Ints, at: QuadratureNodes) -> Floats:
        """Return the posterior weight of each node: (S, nodes), each row adding up to 1."""
        logs = y.astype(float) @ at.some + (n - y).astype(float) @ at.none + at.prior
        logs -= logs.max(axis=1, keepdims=True)
        np.exp(logs, out=logs)
        logs /= logs.sum(axis=1, keepdims=True)
        return logs

    def tail(self, at: QuadratureNodes, threshold: float) -> Floats:
        """Return the weights that make the nodes' sum P(DLT rate > threshold): (nodes, D).

        For each b the rate exceeds the threshold where a exceeds a cut.
        """
        cut = log(threshold / (1 - threshold)) - np.exp(at.b)[:, None] * np.array(self.x)
        return sinc_tail(cut, at.a, below=False).reshape(-1, len(self.x))


def from_skeleton(
    skeleton: tuple[float, ...],
    mean: tuple[float, float] = (3.0, 0.0),
    sd: tuple[float, float] = (2.0, 1.0),
) -> TwoParameter:
    """Return the model whose rates at the prior means are the skeleton."""
    p = np.array(skeleton)
    x = (np.log(p / (1 - p)) - mean[0]) / np.exp(mean[1])
    return TwoParameter(tuple(float(value) for value in x), mean, sd)


def from_doses(
    doses: tuple[float, ...],
    reference: float,
    mean: tuple[float, float],
    sd: tuple[float, float],
    correlation: float,
) -> TwoParameter:
    """Return the model on the doses' own scale; a is the logit of the reference dose's rate."""
    return TwoParameter(tuple(log(dose) - log(reference) for dose in doses), mean, sd, correlation)
