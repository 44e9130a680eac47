"""The modified New York criteria: worked cases, and gaps proved by filling them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.clinical.mny import Classification, Findings, classify, definite
from gradatim.core.truth import FALSE, TRUE, UNKNOWN

from .published import MODIFIED_NEW_YORK

grade = st.integers(0, 4)


@pytest.mark.parametrize(
    ("left", "right", "pain", "motion", "chest", "expected"), MODIFIED_NEW_YORK
)
def test_classify(left, right, pain, motion, chest, expected):
    findings = Findings(left, right, pain, motion, chest)
    assert classify(findings) == expected
    assert definite(findings).truth is (TRUE if expected == "definite" else FALSE)


@pytest.mark.parametrize(
    ("findings", "expected", "is_definite"),
    [
        (Findings(3, None, True, None, None), "definite", TRUE),
        (Findings(2, None, True, False, False), "unknown", UNKNOWN),
        (Findings(2, 2, None, False, False), "unknown", UNKNOWN),
        (Findings(1, 1, None, True, True), "unknown", FALSE),
        (Findings(1, 1, None, False, True), "not met", FALSE),
        (Findings(None, None, False, False, False), "unknown", FALSE),
        (Findings(None, None, None, None, None), "unknown", UNKNOWN),
        (Findings(0, 1, False, None, None), "not met", FALSE),
    ],
)
def test_gaps_matter_only_where_they_can_change_the_answer(findings, expected, is_definite):
    assert classify(findings) == expected
    assert definite(findings).truth is is_definite


@pytest.mark.parametrize("impossible", [5, -1, 2.5])
def test_a_grade_that_does_not_exist_counts_as_not_made(impossible):
    assert classify(Findings(impossible, 1, True, True, False)) is Classification.UNKNOWN
    assert "unknown left" in definite(Findings(impossible, 1, True, True, False)).children[0].text


def test_a_grade_of_zero_is_a_grade():
    assert classify(Findings(0, 0, True, True, False)) is Classification.NOT_MET


def test_the_verdict_names_what_is_missing():
    verdict = definite(Findings(2, 2, None, False, False))
    texts = [leaf.text for leaf in verdict.deciding()]
    assert texts == ["inflammatory low back pain: not recorded"]


@given(grade, grade, st.lists(st.booleans(), min_size=3, max_size=3), st.integers(0, 4))
def test_a_settled_class_stays_whatever_the_gap_holds(left, right, clinical, place):
    full = [left, right, *clinical]
    gap = [None if i == place else x for i, x in enumerate(full)]
    told = classify(Findings(*gap))
    assert told is Classification.UNKNOWN or told is classify(Findings(*full))
    assert definite(Findings(*gap)).truth in (UNKNOWN, definite(Findings(*full)).truth)


@given(grade, grade, st.lists(st.booleans(), min_size=3, max_size=3))
def test_the_sides_are_alike(left, right, clinical):
    assert classify(Findings(left, right, *clinical)) is classify(Findings(right, left, *clinical))
