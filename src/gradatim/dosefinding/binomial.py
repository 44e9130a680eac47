"""Beta posteriors of whole counts, as finite binomial sums: exact, and without special functions.

For whole a and b, P(p <= t | Beta(a, b)) = P(Bin(a + b - 1, t) >= a) (Abramowitz and Stegun 1964,
26.5.24), so with a uniform prior, y of n with a DLT, P(p > t) = P(Bin(n + 1, t) <= y).
"""

from functools import lru_cache
from math import comb

import numpy as np

from gradatim.dosefinding.trial_states import Floats


def binomial_pmf(n: int, p: float) -> Floats:
    """Return the probability of 0 to n events in n trials of probability p."""
    k = np.arange(n + 1)
    ways = np.array([float(comb(n, i)) for i in range(n + 1)])
    return np.asarray(ways * p**k * (1.0 - p) ** (n - k))


@lru_cache(maxsize=512)
def probability_above(threshold: float, most: int) -> Floats:
    """Return P(p > threshold) for every y of n, with a uniform prior.

    Args:
        threshold: a rate in [0, 1].
        most: the greatest n.

    Returns:
        (most + 1, most + 1): element [n, y]; NaN where y > n.
    """
    table = np.full((most + 1, most + 1), np.nan)
    for n in range(most + 1):
        table[n, : n + 1] = np.minimum(np.cumsum(binomial_pmf(n + 1, threshold))[: n + 1], 1.0)
    table.setflags(write=False)
    return table


def probability_between(low: float, high: float, most: int) -> Floats:
    """Return P(low < p <= high) for every y of n, with a uniform prior; shape as above."""
    return np.asarray(probability_above(low, most) - probability_above(high, most))


def upper_bound(n: int, y: int, confidence: float = 0.95) -> float:
    """Return the one-sided upper confidence limit of a rate (Clopper and Pearson 1934, page 404).

    The greatest rate that y or fewer events in n would not contradict: P(Bin(n, p) <= y) equals
    1 - confidence there. With y = 0 it is 1 - (1 - confidence) ** (1 / n); with y = n it is 1.
    """
    if y >= n:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if binomial_pmf(n, middle)[: y + 1].sum() > 1.0 - confidence:
            low = middle
        else:
            high = middle
    return (low + high) / 2
