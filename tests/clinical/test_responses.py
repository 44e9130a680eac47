"""Response criteria: worked cases, and three-valued logic proved by filling every gap."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.clinical.responses import (
    Domains,
    asas20,
    asas40,
    asas56,
    basdai50,
    basdai50_or_2_units,
    partial_remission,
)
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, truth_of
from gradatim.core.verdict import Reason

from .published import ASAS, BASDAI50

BASELINE = Domains(6, 7, 5, 6)
value = st.floats(0, 10)
four = st.tuples(value, value, value, value)


@pytest.mark.parametrize(("before", "after", "r20", "r40", "at_most_2", "below_2"), ASAS)
def test_asas(before, after, r20, r40, at_most_2, below_2):
    baseline, followup = Domains(*before), Domains(*after)
    assert asas20(baseline, followup).truth is truth_of(r20)
    assert asas40(baseline, followup).truth is truth_of(r40)
    assert partial_remission(followup).truth is truth_of(at_most_2)
    assert partial_remission(followup, "<").truth is truth_of(below_2)


@pytest.mark.parametrize(("before", "after", "half", "half_or_two"), BASDAI50)
def test_basdai50(before, after, half, half_or_two):
    assert basdai50(before, after).truth is truth_of(half)
    assert basdai50_or_2_units(before, after).truth is truth_of(half_or_two)


@pytest.mark.parametrize(
    ("followup", "expected"),
    [
        (Domains(3, 4, 3, None), UNKNOWN),  # three better; the fourth may be worse
        (Domains(3, 4, None, 6), UNKNOWN),  # two better; the missing one may be the third
        (Domains(3, 7, None, 6), FALSE),  # one better, two not: three cannot be reached
        (Domains(None, 4, 3, 9), FALSE),  # worse in one: nothing can mend that
        (Domains(None, None, None, None), UNKNOWN),
    ],
)
def test_asas20_with_gaps(followup, expected):
    assert asas20(BASELINE, followup).truth is expected


@pytest.mark.parametrize(
    ("followup", "expected"),
    [
        (Domains(None, 2.5, 1, 1), FALSE),
        (Domains(None, 2, 1, 1), UNKNOWN),
        (Domains(0, 0, 0, 0), TRUE),
    ],
)
def test_partial_remission_with_gaps(followup, expected):
    assert partial_remission(followup).truth is expected


SIX = Domains(6, 7, 5, 6, crp=20, lateral_flexion=10)


@pytest.mark.parametrize(
    ("followup", "expected"),
    [
        (Domains(3, 4, 3, 3, 5, 10), TRUE),
        (Domains(3, 4, 3, 3, 20, 12), TRUE),  # mobility improves upwards: 12 is 20 % more than 10
        (Domains(3, 4, 3, 3, 20, 11.9), FALSE),
        (Domains(3, 4, 3, 3, 20, 8), FALSE),
        (Domains(3, 4, 3, 3, None, 12), TRUE),
        (Domains(3, 4, 3, 3, None, 10), UNKNOWN),
        (Domains(6, 4, 3, 3, None, 10), FALSE),
    ],
)
def test_asas56(followup, expected):
    assert asas56(SIX, followup).truth is expected


def test_a_baseline_of_zero_cannot_improve():
    assert basdai50(0, 0).truth is FALSE
    assert basdai50_or_2_units(0, 0).truth is FALSE
    zero = Domains(0, 0, 0, 0, 0, 0)
    assert asas56(zero, zero).truth is FALSE


def test_boundaries_hold_within_the_tolerance():
    """4 to 3.2 is 20 % although 4 - 3.2 is a little less than 0.8."""
    assert 4 - 3.2 < 0.8
    assert asas56(Domains(4, 4, 4, 4, 4, 10), Domains(3.2, 3.2, 3.2, 3.2, 3.2, 10)).truth is TRUE


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (None, Reason.NO_RECORD),
        (math.nan, Reason.JUDGEMENT),
        (11, Reason.JUDGEMENT),
        (-1, Reason.JUDGEMENT),
    ],
)
def test_an_unusable_value_is_unknown_and_says_why(odd, reason):
    for verdict in (basdai50(odd, 3), basdai50(6, odd)):
        assert verdict.truth is UNKNOWN
        assert verdict.reason is reason
    open_leaves = list(asas20(BASELINE, Domains(3, 4, 5, odd)).deciding())
    assert open_leaves
    assert all(leaf.reason is reason and "inflammation" in leaf.text for leaf in open_leaves)


def test_a_verdict_tells_each_domain():
    texts = [leaf.text for leaf in asas20(BASELINE, Domains(3, 4, 3, 6)).leaves()]
    assert texts[:4] == [
        "patient global 6 to 3",
        "pain 7 to 4",
        "function 5 to 3",
        "inflammation 6 to 6",
    ]


@given(four, four)
def test_the_stricter_response_implies_the_weaker(before, after):
    baseline, followup = Domains(*before), Domains(*after)
    assert asas40(baseline, followup).truth <= asas20(baseline, followup).truth
    assert partial_remission(followup, "<").truth <= partial_remission(followup).truth
    assert basdai50(before[0], after[0]).truth <= basdai50_or_2_units(before[0], after[0]).truth


@given(four, four, st.integers(0, 3), value)
def test_a_settled_verdict_stays_whatever_the_gap_holds(before, after, place, filled):
    gap = [None if i == place else x for i, x in enumerate(after)]
    full = [filled if i == place else x for i, x in enumerate(after)]
    for criterion in (asas20, asas40):
        told = criterion(Domains(*before), Domains(*gap)).truth
        assert told is UNKNOWN or told is criterion(Domains(*before), Domains(*full)).truth
    told = partial_remission(Domains(*gap)).truth
    assert told is UNKNOWN or told is partial_remission(Domains(*full)).truth
