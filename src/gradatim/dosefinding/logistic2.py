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
from math import ceil, log, sqrt
from typing import NamedTuple

import numpy as np

from gradatim.dosefinding.model import CHUNK, Posterior, sinc_tail
from gradatim.dosefinding.trials import Floats, Ints

NODES, REACH, AT = 56, 6.0, 30
"""Nodes of each parameter that integrate to 1e-8 for `AT` participants, and their reach in standard
deviations of the prior; the posterior of more participants is narrower and takes more nodes."""


class Nodes(NamedTuple):
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
    def nodes(self, size: int) -> Nodes:
        """Give the nodes, `size` values of b and twice as many of a."""
        a = self.mean[0] + self.sd[0] * np.linspace(-REACH, REACH, 2 * size)
        b = self.mean[1] + self.sd[1] * np.linspace(-REACH, REACH, size)
        both, slope = np.tile(a, size), np.repeat(np.exp(b), 2 * size)
        eta = both + slope * np.array(self.x)[:, None]
        u, v = (both - self.mean[0]) / self.sd[0], (np.log(slope) - self.mean[1]) / self.sd[1]
        r = self.correlation
        prior = -(u**2 - 2 * r * u * v + v**2) / (2 * (1 - r**2))
        return Nodes(a, b, -np.logaddexp(0, -eta), -np.logaddexp(0, eta), prior)

    def rates(self, n: Ints, y: Ints) -> Floats:
        """Give each dose's posterior mean DLT rate: (S, D)."""
        return self.integrate(n, y, lambda at: np.exp(at.some).T)

    def exceeding(self, n: Ints, y: Ints, threshold: float) -> Floats:
        """Give P(DLT rate > threshold) of each dose: (S, D)."""
        return np.clip(self.integrate(n, y, lambda at: self.tail(at, threshold)), 0.0, 1.0)

    def integrate(self, n: Ints, y: Ints, values: Callable[[Nodes], Floats]) -> Floats:
        """Give posterior means of values at the nodes, (nodes, K), for each of S trials: (S, K)."""
        most = int(n.sum(axis=1, dtype=np.int64).max(initial=0))
        at = self.nodes(ceil(NODES * max(1.0, sqrt(most / AT))))
        wanted = values(at)
        found = np.empty((len(n), wanted.shape[1]))
        for i in range(0, len(n), CHUNK // 8):
            part = slice(i, i + CHUNK // 8)
            found[part] = self._weights(n[part], y[part], at) @ wanted
        return found

    def _weights(self, n: Ints, y: Ints, at: Nodes) -> Floats:
        """Give the posterior weight of each node: (S, nodes), each row adding up to 1."""
        logs = y.astype(float) @ at.some + (n - y).astype(float) @ at.none + at.prior
        logs -= logs.max(axis=1, keepdims=True)
        np.exp(logs, out=logs)
        logs /= logs.sum(axis=1, keepdims=True)
        return logs

    def tail(self, at: Nodes, threshold: float) -> Floats:
        """Give the weights that make the nodes' sum P(DLT rate > threshold): (nodes, D).

        For each b the rate exceeds the threshold where a exceeds a cut.
        """
        cut = log(threshold / (1 - threshold)) - np.exp(at.b)[:, None] * np.array(self.x)
        return sinc_tail(cut, at.a, below=False).reshape(-1, len(self.x))


def from_skeleton(skeleton: tuple[float, ...], mean: tuple[float, float] = (3.0, 0.0),
                  sd: tuple[float, float] = (2.0, 1.0)) -> TwoParameter:  # fmt: skip
    """Give the model whose rates at the prior means are the skeleton."""
    p = np.array(skeleton)
    x = (np.log(p / (1 - p)) - mean[0]) / np.exp(mean[1])
    return TwoParameter(tuple(float(one) for one in x), mean, sd)


def from_doses(doses: tuple[float, ...], reference: float, mean: tuple[float, float],
               sd: tuple[float, float], correlation: float) -> TwoParameter:  # fmt: skip
    """Give the model on the doses' own scale; a is the logit of the rate at the reference dose."""
    return TwoParameter(tuple(log(one / reference) for one in doses), mean, sd, correlation)
