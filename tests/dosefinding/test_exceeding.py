"""Posteriors of both model families against Gauss-Legendre panels that break at every cut.

The integrands are smooth on each side of a cut, so panels are exact to the last digits; nothing is
shared with the package but the models' definitions.
"""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial.legendre import leggauss

from gradatim.dosefinding.designs.blrm import Blrm
from gradatim.dosefinding.designs.crm import OneParameter
from gradatim.dosefinding.designs.modifiers import layers
from gradatim.dosefinding.designs.registry import build, settings_for
from gradatim.dosefinding.designs.two_parameter_logistic import TwoParameter

Numbers = np.ndarray
X = (-2.3, -1.4, -0.7, 0.0)
GUESS = (0.05, 0.12, 0.25, 0.40)
FAR = 9.0
"""Standard deviations of the prior that an integral reaches to, and more where it must."""


@st.composite
def boundary_counts(draw: st.DrawFn) -> tuple[Numbers, Numbers]:
    """Draw participants and DLTs at four levels: few or many, none or all of them toxic."""
    most = draw(st.sampled_from([1, 3, 9]))
    n = np.array([draw(st.integers(0, most)) for _ in range(4)])
    how = draw(st.sampled_from(["none", "all", "some", "some", "some"]))
    some = [draw(st.integers(0, int(k))) for k in n] if how == "some" else list(n * (how == "all"))
    return n, np.array(some)


def panels(low: Numbers, high: Numbers, many: int) -> tuple[Numbers, Numbers]:
    """Return nodes and weights of 16-point panels between two ends, (..., nodes)."""
    x, w = leggauss(16)
    edges = np.linspace(low, high, many + 1, axis=-1)
    middle, half = (edges[..., 1:] + edges[..., :-1]) / 2, (edges[..., 1:] - edges[..., :-1]) / 2
    shape = (*middle.shape[:-1], -1)
    at = (middle[..., None] + half[..., None] * x).reshape(shape)
    return at, (half[..., None] * w).reshape(shape)


# --- one parameter --------------------------------------------------------------------------------


def one_reference(
    model: OneParameter, n: Numbers, y: Numbers, threshold: float
) -> tuple[float, list[float]]:
    """Return the posterior mean of the parameter and P(rate > threshold) of each dose."""

    def logs(a: Numbers) -> Numbers:
        total = -(a**2) / (2 * model.prior_sd**2)
        for p, k, t in zip(model.skeleton, n, y, strict=True):
            if model.logistic:
                eta = 3 + np.exp(a) * (np.log(p / (1 - p)) - 3)
                some, none = -np.logaddexp(0, -eta), -np.logaddexp(0, eta)
            else:
                some = np.exp(a) * np.log(p)
                none = np.log(-np.expm1(np.minimum(some, -1e-300)))
            total = total + t * some + (k - t) * none
        return total

    end = 30 * model.prior_sd

    def area(high: float, of: Callable[[Numbers], Numbers], top: float) -> float:
        a, w = panels(np.array(-end), np.array(high), 400)
        return float((np.exp(logs(a) - top) * of(a) * w).sum())

    top = float(logs(np.linspace(-end, end, 20_001)).max())
    whole = area(end, np.ones_like, top)
    odds = np.log(threshold / (1 - threshold)) - 3
    cuts = [
        np.log(odds / (np.log(p / (1 - p)) - 3))
        if model.logistic
        else np.log(np.log(threshold) / np.log(p))
        for p in model.skeleton
    ]
    return area(end, lambda a: a, top) / whole, [
        area(float(cut), np.ones_like, top) / whole for cut in cuts
    ]


@pytest.mark.parametrize("logistic", [False, True], ids=["empiric", "logistic"])
@pytest.mark.parametrize("prior_sd", [0.5, 1.34**0.5, 3.0])
@given(data=boundary_counts(), threshold=st.sampled_from([0.16, 0.3, 0.5]))
@settings(max_examples=25)
def test_one_parameter(
    logistic: bool, prior_sd: float, data: tuple[Numbers, Numbers], threshold: float
) -> None:
    """Estimates to 1e-9, probabilities to 1e-8, for narrow and wide priors and extreme counts."""
    n, y = data
    model = OneParameter(GUESS, logistic, prior_sd=prior_sd)
    mean, over = one_reference(model, n, y, threshold)
    assert model.estimate(n[None], y[None])[0] == pytest.approx(mean, abs=1e-9)
    assert model.exceeding(n[None], y[None], threshold)[0] == pytest.approx(over, abs=1e-8)


# --- two parameters -------------------------------------------------------------------------------


def two_reference(
    model: TwoParameter, n: Numbers, y: Numbers, cuts: tuple[float, ...]
) -> tuple[list[float], list[list[float]]]:
    """Return the mean rate of each dose, and P(rate > cut) of each dose for each cut."""
    (ma, mb), (sa, sb), r = model.mean, model.sd, model.correlation
    b, wb = panels(np.array(mb - FAR * sb), np.array(mb + FAR * sb), 24)
    high = np.full_like(b, ma + (FAR + 3) * sa)
    bottom = np.full_like(b, ma - (FAR + 3) * sa)

    def area(low: Numbers, *of: Callable[[Numbers], Numbers]) -> list[float]:
        a, w = panels(np.clip(low, bottom, high), high, 48)
        u, v = (a - ma) / sa, ((b - mb) / sb)[:, None]
        logs = -(u**2 - 2 * r * u * v + v**2) / (2 * (1 - r**2))
        for x, k, t in zip(model.x, n, y, strict=True):
            eta = a + np.exp(b)[:, None] * x
            logs -= t * np.logaddexp(0, -eta) + (k - t) * np.logaddexp(0, eta)
        density = np.exp(logs) * w * wb[:, None]
        return [float((density * one(a)).sum()) for one in of]

    def rate(x: float) -> Callable[[Numbers], Numbers]:
        return lambda a: np.exp(-np.logaddexp(0, -a - np.exp(b)[:, None] * x))

    whole, *means = area(bottom, np.ones_like, *(rate(x) for x in model.x))
    over = [
        [area(np.log(c / (1 - c)) - np.exp(b) * x, np.ones_like)[0] / whole for x in model.x]
        for c in cuts
    ]
    return [one / whole for one in means], over


def check_two(
    model: TwoParameter, n: Numbers, y: Numbers, tight: float = 1e-7, loose: float = 1e-5
) -> None:
    """Compare rates and probabilities with the reference."""
    means, over = two_reference(model, n, y, (0.16, 0.33))
    assert model.rates(n[None], y[None])[0] == pytest.approx(means, abs=tight)
    for cut, wanted in zip((0.16, 0.33), over, strict=True):
        assert model.exceeding(n[None], y[None], cut)[0] == pytest.approx(wanted, abs=loose)


@given(data=boundary_counts(), correlation=st.sampled_from([-0.6, 0.0, 0.5]))
@settings(max_examples=12)
def test_two_parameters(data: tuple[Numbers, Numbers], correlation: float) -> None:
    """The usual prior of BLRM, sd 2 and 1: rates to 1e-7, interval probabilities to 1e-5."""
    check_two(TwoParameter(X, (-0.7, 0.0), (2.0, 1.0), correlation), *data)


@pytest.mark.parametrize("sd", [(3.0, 1.0), (5.0, 1.0), (5.0, 2.0), (10.0, 1.0)], ids=str)
@pytest.mark.parametrize(
    "data", [((3, 3, 3, 3), (0, 0, 1, 2)), ((3, 6, 6, 6), (0, 1, 1, 3))], ids=["12", "21"]
)
def test_two_parameters_with_a_wide_prior(
    sd: tuple[float, float], data: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    """Priors that say little are a user's to choose; the probability of an overdose must hold."""
    check_two(TwoParameter(X, (-0.7, 0.0), sd), np.array(data[0]), np.array(data[1]))


@pytest.mark.parametrize("n", [(3, 0, 0, 0), (6, 0, 0, 0), (3, 3, 3, 3), (12, 0, 0, 0)], ids=str)
def test_two_parameters_with_a_prior_that_the_data_contradict(n: tuple[int, ...]) -> None:
    """Everybody has a DLT where the prior expects few: the posterior leaves the prior's reach."""
    model = TwoParameter(X, (-2.2, 0.3), (1.0, 0.5), 0.5)
    check_two(model, np.array(n), np.array(n))


@given(data=boundary_counts())
@settings(max_examples=12)
def test_blrm_gives_the_likeliest_on_target_of_those_allowed(data: tuple[Numbers, Numbers]) -> None:
    """Neuenschwander et al. 2008, section 2.3: by the probabilities of the reference."""
    n, y = data
    design = layers(build(settings_for("blrm", 4, amounts=(1.0, 2.5, 5.0, 10.0))))[-1]
    assert isinstance(design, Blrm)
    _, (under, over) = two_reference(design.model, n, y, (design.low, design.high))
    allowed = [i for i in range(4) if over[i] <= design.overdose]
    best = max(allowed, key=lambda i: under[i] - over[i], default=-1)
    close = min([abs(one - design.overdose) for one in over]) < 1e-6
    assert close or design.preferred(n[None], y[None])[0] == best
