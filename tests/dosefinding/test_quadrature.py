"""Posteriors and probabilities against scipy's adaptive quadrature and special functions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from gradatim.dosefinding.binomial import probability_above, upper_bound
from gradatim.dosefinding.designs.crm import OneParameter
from gradatim.dosefinding.designs.skeleton import spread_skeleton
from gradatim.dosefinding.designs.two_parameter_logistic import TwoParameter, from_doses
from gradatim.dosefinding.isotonic import isotonic_rates

MODELS = [
    OneParameter(spread_skeleton(0.05, 0.3, 2, 4)),
    OneParameter(spread_skeleton(0.05, 0.3, 2, 4, logistic=True), logistic=True),
]
BLRM = from_doses((1.0, 2.5, 5.0, 10.0), 10.0, (-0.7, 0.0), (2.0, 1.0), -0.3)


@st.composite
def boundary_counts(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Draw participants and DLTs at four levels, somebody at least."""
    n = draw(st.lists(st.integers(0, 9), min_size=4, max_size=4).filter(any))
    y = [draw(st.integers(0, k)) for k in n]
    return np.array([n]), np.array([y])


@pytest.mark.parametrize("model", MODELS, ids=["empiric", "logistic"])
@given(boundary_counts())
@settings(max_examples=40, deadline=None)
def test_the_one_parameter_posterior(
    model: OneParameter, data: tuple[np.ndarray, np.ndarray]
) -> None:
    """Mean of the parameter, and the probability of a rate above 0.3, by adaptive quadrature."""
    n, y = data

    def log_density(a: float) -> float:
        p = np.clip(model.rate(np.array([a]))[0], 1e-300, 1 - 1e-16)
        return float((y * np.log(p) + (n - y) * np.log1p(-p)).sum() - a**2 / (2 * 1.34))

    grid = np.linspace(-6, 6, 241)
    top = max(log_density(a) for a in grid)
    mode = grid[int(np.argmax([log_density(a) for a in grid]))]
    whole = _integral(lambda a: np.exp(log_density(a) - top), mode)
    mean = _integral(lambda a: a * np.exp(log_density(a) - top), mode) / whole
    assert model.estimate(n, y)[0] == pytest.approx(mean, abs=2e-7)
    inside = grid[[model.rate(np.array([a]))[0, 1] > 0.3 for a in grid]]
    if 0 < len(inside) < len(grid):
        cut = _cut(model, 1, 0.3)
        part = integrate.quad(
            lambda a: np.exp(log_density(a) - top), -8, cut, points=[min(mode, cut)], limit=400
        )[0]
        assert model.exceeding(n, y, 0.3)[0, 1] == pytest.approx(part / whole, abs=1e-6)


def _integral(function: object, mode: float) -> float:
    return float(
        integrate.quad(
            function,
            -8,
            8,
            points=[mode - 0.5, mode, mode + 0.5],
            limit=400,
            epsabs=1e-13,
            epsrel=1e-11,
        )[0]
    )


def _cut(model: OneParameter, dose: int, threshold: float) -> float:
    low, high = -8.0, 8.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (
            (middle, high) if model.rate(np.array([middle]))[0, dose] > threshold else (low, middle)
        )
    return low


@pytest.mark.parametrize(
    "data",
    [
        ([3, 0, 0, 0], [0, 0, 0, 0]),
        ([3, 3, 3, 3], [0, 0, 1, 2]),
        ([3, 6, 6, 3], [0, 1, 2, 2]),
        ([3, 0, 0, 0], [3, 0, 0, 0]),
        ([9, 9, 9, 3], [0, 1, 3, 3]),
    ],
)
def test_the_two_parameter_posterior(data: tuple[list[int], list[int]]) -> None:
    """Mean rates and interval probabilities, by a plain sum over a fine grid of both parameters."""
    n, y = np.array([data[0]]), np.array([data[1]])
    a = np.linspace(-0.7 - 14, -0.7 + 14, 2801)
    b = np.linspace(-7, 7, 701)
    u, v = np.meshgrid((a + 0.7) / 2, b, indexing="ij")
    logs = -(u**2 + 0.6 * u * v + v**2) / (2 * (1 - 0.09))
    for k, x in enumerate(BLRM.x):
        eta = a[:, None] + np.exp(b) * x
        logs += -y[0, k] * np.logaddexp(0, -eta) - (n - y)[0, k] * np.logaddexp(0, eta)
    weight = np.exp(logs - logs.max())
    weight /= weight.sum()
    for k, x in enumerate(BLRM.x):
        rate = 1 / (1 + np.exp(-(a[:, None] + np.exp(b) * x)))
        assert BLRM.rates(n, y)[0, k] == pytest.approx((weight * rate).sum(), abs=1e-7)
        # The sum over a grid has an error of half a step at the cut.
        assert BLRM.exceeding(n, y, 0.33)[0, k] == pytest.approx(
            weight[rate > 0.33].sum(), abs=2e-3
        )


def test_the_prior_alone_has_known_probabilities() -> None:
    """Without data, P(rate at the reference dose > c) is a normal tail."""
    model = TwoParameter((-1.0, 0.0), (-0.7, 0.2), (2.0, 1.0), 0.4)
    none = np.zeros((1, 2), dtype=int)
    for c in (0.1, 0.16, 0.33, 0.6):
        tail = stats.norm.sf((np.log(c / (1 - c)) + 0.7) / 2)
        assert model.exceeding(none, none, c)[0, 1] == pytest.approx(tail, abs=1e-8)


def test_beta_tails_are_binomial_sums() -> None:
    """For every y of n up to 60."""
    for target in (0.05, 0.3, 0.6):
        table = probability_above(target, 60)
        for n in range(61):
            y = np.arange(n + 1)
            assert table[n, : n + 1] == pytest.approx(
                stats.beta.sf(target, 1 + y, 1 + n - y), abs=1e-12
            )


@given(st.integers(1, 40), st.data())
def test_upper_limits_are_clopper_and_pearsons(n: int, data: st.DataObject) -> None:
    """One-sided 95 %."""
    y = data.draw(st.integers(0, n - 1))
    assert upper_bound(n, y) == pytest.approx(stats.beta.ppf(0.95, y + 1, n - y), abs=1e-9)
    assert upper_bound(n, n) == 1


@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.one_of(st.just(0.0), st.floats(0.1, 50))),
        min_size=1,
        max_size=8,
    ).filter(lambda some: any(w for _, w in some))
)
def test_isotonic_rates_are_what_pooling_gives(pairs: list[tuple[float, float]]) -> None:
    """Pool adjacent violators, one at a time; what has no weight does not count."""
    rate, weight = (np.array([part]) for part in zip(*pairs, strict=True))
    counted = [(r, w) for r, w in pairs if w]
    blocks = [[r, w, 1] for r, w in counted]
    i = 0
    while i < len(blocks) - 1:
        if blocks[i][0] > blocks[i + 1][0]:
            (a, wa, ka), (b, wb, kb) = blocks[i], blocks.pop(i + 1)
            blocks[i] = [(a * wa + b * wb) / (wa + wb), wa + wb, ka + kb]
            i = max(i - 1, 0)
        else:
            i += 1
    wanted = [mean for mean, _, size in blocks for _ in range(int(size))]
    assert isotonic_rates(rate, weight)[0][weight[0] > 0] == pytest.approx(wanted, abs=1e-9)
