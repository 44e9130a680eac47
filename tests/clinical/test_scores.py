"""The scores of ankylosing spondylitis, against published values and as properties."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.clinical.asdas import asdas_improvement, asdas_state
from gradatim.clinical.formulas import Score, formula

from .published import ASDAS, ASDAS_CHANGES, ASDAS_STATES, BASDAI, BASFI, BASMI

answer = st.floats(0, 10)
length = st.floats(0, 150)
measures = st.tuples(length, length, length, length, length)


def score_of(name, values):
    """Compute a formula of the table from its inputs in their order."""
    return formula(name).calculate(dict(zip(formula(name).inputs, values, strict=True)))


def basdai(answers) -> Score:
    return score_of("basdai", answers)


def basfi(answers) -> Score:
    return score_of("basfi", answers)


def asdas_crp(*values) -> Score:
    return score_of("asdas_crp", values)


def asdas_esr(*values) -> Score:
    return score_of("asdas_esr", values)


def basmi_linear(*values) -> Score:
    return score_of("basmi_linear", values)


@pytest.mark.parametrize(("answers", "expected"), BASDAI)
def test_basdai(answers, expected):
    assert basdai(answers).value == pytest.approx(expected, rel=1e-9)


def test_basdai_is_not_rounded():
    value = basdai([4, 4, 4, 4, 4, 3.8]).value
    assert isinstance(value, float)
    assert value < 4


@pytest.mark.parametrize(("answers", "expected"), BASFI)
def test_basfi(answers, expected):
    assert basfi(answers).value == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("pain", "stiffness", "whole", "peripheral", "crp", "esr", "by_crp", "by_esr", "state"), ASDAS
)
def test_asdas(pain, stiffness, whole, peripheral, crp, esr, by_crp, by_esr, state):
    with_crp = asdas_crp(pain, stiffness, whole, peripheral, crp).value
    assert with_crp == pytest.approx(by_crp, abs=5.1e-5)
    assert asdas_esr(pain, stiffness, whole, peripheral, esr).value == pytest.approx(
        by_esr, abs=5.1e-5
    )
    assert isinstance(with_crp, float)
    assert asdas_state(with_crp) == state


@pytest.mark.parametrize(("x", "state"), ASDAS_STATES)
def test_asdas_state(x, state):
    assert asdas_state(x) == state


@pytest.mark.parametrize(("delta", "change"), [*ASDAS_CHANGES, (-3, "none"), (0, "none")])
def test_asdas_change(delta, change):
    assert asdas_improvement(delta) == change


def test_cut_offs_hold_within_the_tolerance():
    """3.3 - 2.2 is 1.1 less a rounding error, and counts as 1.1."""
    assert 3.3 - 2.2 < 1.1
    assert asdas_improvement(3.3 - 2.2) == "clinically important"


@pytest.mark.parametrize(("lateral", "tragus", "schober", "malleoli", "rotation", "linear"), BASMI)
def test_basmi(lateral, tragus, schober, malleoli, rotation, linear):
    measured = (lateral, tragus, schober, malleoli, rotation)
    assert basmi_linear(*measured).value == pytest.approx(linear, abs=5.1e-5)


@pytest.mark.parametrize("unusable", [None, math.nan, 11, -0.5])
def test_one_unusable_answer_gives_no_score(unusable):
    for place in range(6):
        answers = [0, 0, 0, 0, 0, 0]
        answers[place] = unusable
        assert basdai(answers).value is None
        assert f"q{place + 1}" in basdai(answers).why_missing
    assert basfi([*[0] * 9, unusable]).value is None


def test_crp_below_two_counts_as_two():
    assert asdas_crp(5, 5, 5, 5, 0) == asdas_crp(5, 5, 5, 5, 2) == asdas_crp(5, 5, 5, 5, 1.99)
    assert asdas_crp(5, 5, 5, 5, None).value is None
    assert asdas_crp(5, 5, 5, 5, -1).value is None


@given(st.lists(answer, min_size=6, max_size=6), st.integers(0, 5), answer)
def test_basdai_lies_in_its_range_and_never_falls_as_an_item_rises(answers, place, other):
    score = basdai(answers).value
    assert isinstance(score, float)
    assert 0 <= score <= 10 + 1e-9
    higher = [max(x, other) if i == place else x for i, x in enumerate(answers)]
    raised = basdai(higher).value
    assert isinstance(raised, float)
    assert raised >= score - 1e-12


@given(st.lists(answer, min_size=10, max_size=10))
def test_basfi_lies_between_its_items(answers):
    score = basfi(answers).value
    assert isinstance(score, float)
    assert min(answers) - 1e-9 <= score <= max(answers) + 1e-9


@given(measures, st.integers(0, 4), st.floats(0, 50))
def test_basmi_lies_in_its_range_and_never_falls_as_mobility_does(measured, place, loss):
    worse = list(measured)
    # A larger distance from tragus to wall is worse; of every other measure, less is worse.
    worse[place] = measured[place] + loss if place == 1 else max(0.0, measured[place] - loss)
    before, after = basmi_linear(*measured).value, basmi_linear(*worse).value
    assert isinstance(before, float)
    assert isinstance(after, float)
    assert 0 <= before <= 10
    assert after >= before - 1e-12


@given(answer, answer, answer, answer, st.floats(0, 500), st.floats(0, 500))
def test_asdas_never_falls_as_inflammation_rises(pain, stiffness, whole, peripheral, one, other):
    low, high = sorted((one, other))
    for version in (asdas_crp, asdas_esr):
        less = version(pain, stiffness, whole, peripheral, low).value
        more = version(pain, stiffness, whole, peripheral, high).value
        assert isinstance(less, float)
        assert isinstance(more, float)
        assert more >= less >= 0
