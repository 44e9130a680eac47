"""The logistic model with two parameters, by quadrature over both.

logit p(x) = a + exp(b) x with (a, b) bivariate normal. With x = log(dose / reference dose) this is
the model of Neuenschwander B, Branson M, Gsponer T (2008), Critical aspects of the Bayesian approach
to phase I cancer trials, Statistics in Medicine 27:2420-2439, equation (1).

The trapezoidal rule is spectrally accurate for the posterior's smooth, vanishing density. So are the
probabilities of intervals here: for each b the rate exceeds a threshold where a exceeds a cut, and
the density is integrated up to the cut through its sinc interpolant (Stenger 1993, Numerical Methods
Based on Sinc and Analytic Functions, section 3.1), which makes each a fixed weight of the node.
"""

from dataclasses import dataclass
from functools import cached_property
from math import log, pi, sqrt

import numpy as np

from gradatim.dosefinding.model import Posterior
from gradatim.dosefinding.trials import Floats, Ints

NODES, REACH = 56, 6.0
CHUNK = 2_000


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

    @cached_property
    def _b(self) -> Floats:
        return self.mean[1] + self.sd[1] * np.linspace(-REACH, REACH, NODES)

    @cached_property
    def _a(self) -> Floats:
        return self.mean[0] + self.sd[0] * np.linspace(-REACH, REACH, 2 * NODES)

    @cached_property
    def _logs(self) -> tuple[Floats, Floats, Floats]:
        """Log-likelihood of a DLT and of none, (D, nodes), and the log prior, (nodes,)."""
        b, a = np.meshgrid(self._b, self._a, indexing="ij")
        eta = a.ravel() + np.exp(b.ravel()) * np.array(self.x)[:, None]
        u, v = (a - self.mean[0]) / self.sd[0], (b - self.mean[1]) / self.sd[1]
        r = self.correlation
        prior = -(u**2 - 2 * r * u * v + v**2) / (2 * (1 - r**2))
        return -np.logaddexp(0, -eta), -np.logaddexp(0, eta), prior.ravel()

    def weights(self, n: Ints, y: Ints) -> Floats:
        """Give the posterior weight of each node: (S, nodes), each row adding up to 1."""
        some, none, prior = self._logs
        logs = y.astype(float) @ some + (n - y).astype(float) @ none + prior
        logs -= logs.max(axis=1, keepdims=True)
        np.exp(logs, out=logs)
        logs /= logs.sum(axis=1, keepdims=True)
        return logs

    def rates(self, n: Ints, y: Ints) -> Floats:
        """Give each dose's posterior mean DLT rate: (S, D)."""
        return self.integrate(n, y, np.exp(self._logs[0]).T)

    def exceeding(self, n: Ints, y: Ints, threshold: float) -> Floats:
        """Give P(DLT rate > threshold) of each dose: (S, D)."""
        return np.clip(self.integrate(n, y, self.tail(threshold)), 0.0, 1.0)

    def integrate(self, n: Ints, y: Ints, values: Floats) -> Floats:
        """Give posterior means of values at the nodes, (nodes, K), for each of S trials: (S, K)."""
        parts = [self.weights(n[i : i + CHUNK], y[i : i + CHUNK]) @ values
                 for i in range(0, len(n), CHUNK)]  # fmt: skip
        return np.concatenate(parts) if parts else np.zeros((0, values.shape[1]))

    def tail(self, threshold: float) -> Floats:
        """Give the weights that make the nodes' sum P(DLT rate > threshold): (nodes, D)."""
        from scipy.special import sici

        step = self._a[1] - self._a[0]
        cut = log(threshold / (1 - threshold)) - np.exp(self._b)[:, None] * np.array(self.x)
        at = (cut[:, None, :] - self._a[None, :, None]) / step
        return np.asarray(0.5 - sici(pi * at)[0] / pi).reshape(-1, len(self.x))


def from_skeleton(skeleton: tuple[float, ...], mean: tuple[float, float] = (3.0, 0.0),
                  sd: tuple[float, float] = (2.0, 1.0)) -> TwoParameter:  # fmt: skip
    """Give the model whose rates at the prior means are the skeleton."""
    p = np.array(skeleton)
    x = (np.log(p / (1 - p)) - mean[0]) / np.exp(mean[1])
    return TwoParameter(tuple(float(one) for one in x), mean, sd)


def from_doses(doses: tuple[float, ...], reference: float, mean: tuple[float, float],
               sd: tuple[float, float], correlation: float) -> TwoParameter:  # fmt: skip
    """Give the model on the doses' own scale, with a the logit of the rate at the reference dose."""
    return TwoParameter(tuple(log(one / reference) for one in doses), mean, sd, correlation)
