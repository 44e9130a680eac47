"""Leverage: how much of the exclusion each criterion is answerable for."""

import numpy as np

from gradatim.screening.feasibility.patterns import Patterns


def shapley(patterns: Patterns) -> dict[str, float]:
    """Share the excluded people among the criteria by the Shapley value.

    In the game whose worth is the number of people excluded by a set of criteria, a person who
    fails k criteria adds 1/k to the value of each of them, since each is the first of the k in one
    of k orders. The values add up to the number excluded. Source: L. S. Shapley, A value for
    n-person games (1953).
    """
    failures = patterns.failures()
    shares = np.divide(patterns.counts, failures, out=np.zeros(len(failures)), where=failures > 0)
    return {
        id: float(shares[patterns.fails(place)].sum()) for place, id in enumerate(patterns.criteria)
    }
