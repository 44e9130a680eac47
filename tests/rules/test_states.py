"""States of the population engine: their order, their negation, and the four bits they live in."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gradatim.core.verdict import Reason, foremost
from gradatim.rules.population.answers import NumpyColumns
from gradatim.rules.population.states import NO, STATES, YES, negated, unknown


def test_every_reason_has_a_state_between_false_and_true() -> None:
    between = [unknown(reason) for reason in Reason]
    assert sorted(between) == list(range(NO + 1, YES))
    assert between == sorted(between, reverse=True)


def test_a_state_that_is_one_higher_fits_into_four_bits() -> None:
    assert STATES < 16


@given(st.lists(st.sampled_from(Reason), min_size=1))
def test_the_larger_state_has_the_foremost_reason(reasons: list[Reason]) -> None:
    assert max(map(unknown, reasons)) == unknown(foremost(reasons) or reasons[0])


def test_arrays_negate_as_states_do() -> None:
    states = np.arange(STATES, dtype=np.int8)
    assert NumpyColumns.negated(states).tolist() == [negated(one) for one in range(STATES)]
    assert (negated(NO), negated(YES)) == (YES, NO)
