"""Relaxation told from margins is what judging everybody anew says."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.core.quantity import compare_numbers
from gradatim.protocol.eligibility import EligibilityCriterion
from gradatim.screening.feasibility.columns import CriterionColumn, columns
from gradatim.screening.feasibility.movable_limits import grid, movable
from gradatim.screening.feasibility.relaxation import Curve, relaxed
from gradatim.screening.readings import Reading
from tests.screening.written import trial


def column(category: str, rule: object) -> CriterionColumn:
    criterion = EligibilityCriterion.model_validate(
        {
            "id": "X",
            "category": category,
            "text": "",
            "reading": "",
            "knowable_at": "warehouse",
            "basis": "stated",
            "rule": rule,
        }
    )
    return CriterionColumn(criterion, Reading("literal", criterion.rule), "X")


def test_the_limits_of_the_trial_move_in_the_direction_that_lets_people_in():
    found = {one.column: one for used in columns(trial().study, {}) for one in movable(used)}
    ways = {name: (one.upward, one.inclusive) for name, one in found.items()}
    assert ways["I0:age:18"] == (False, True)
    assert ways["I0:age:65"] == (True, True)
    assert ways["I1b:basdai"] == (False, True)
    assert ways["I4:systemic_glucocorticoid"] == (True, True)
    assert ways["E11b1:creatinine"] == (True, True)
    assert ways["E11b2:egfr"] == (False, True)
    assert ways["E11d:lvef"] == (False, False)
    assert found["E11b1:creatinine"].others == ("E11b1:creatinine",)
    assert found["E11a:ast"].others == ("E11a:alt", "E11a:ast")
    assert found["E11a"].element == ""
    assert found["E7d:hbv_dna"].others == ("E7d:hbv_dna",)


def test_negation_turns_the_direction_and_equality_has_none():
    (one,) = movable(column("inclusion", {"not": {"compare": "ast", "is": "> 3 x ULN"}}))
    assert (one.upward, one.inclusive) == (True, True)
    assert movable(column("inclusion", {"compare": "ast", "is": "= 3"})) == []
    assert movable(column("inclusion", {"compare": "ast", "is": "> 0"})) == []
    both = {"any": [{"compare": "ast", "is": "> 3"}, {"compare": "ast", "is": "< 3"}]}
    assert movable(column("exclusion", both)) == []


def test_what_has_no_margin_leaves_the_verdict_open():
    rule = {"any": [{"compare": "ast", "is": "> 3"}, {"attested": "lactating"}]}
    (one,) = movable(column("exclusion", rule))
    assert one.others is None
    truths = np.array([2, 2, 0], np.int8)
    margins = {"X:ast": np.array([0.1, 0.9, -0.5])}
    moved = relaxed(truths, column("exclusion", rule), one, 0.5, margins)
    assert moved.tolist() == [1, 2, 0]


@pytest.mark.parametrize("used", columns(trial().study, {}), ids=lambda one: one.name)
def test_a_grid_begins_at_the_limit_and_goes_the_permissive_way(used):
    for limit in movable(used):
        numbers = grid(limit)
        assert numbers[0] == limit.limit.number
        assert all((b > a) is limit.upward for a, b in pairwise(numbers))
        assert 2 <= len(numbers) <= 25


LIMITS = st.sampled_from([1.2, 1.5, 2.5, 10.0, 45.0, 60.0, 1000.0])
STORED = st.sampled_from([np.float64, np.float32])
RATIOS = st.sampled_from([0.3, 0.5, 0.72, 0.9, 0.999, 1.0, 1.001, 1.1, 1.25, 4 / 3, 1.8, 2.0, 3.0])


@given(
    st.sampled_from(["inclusion", "exclusion"]),
    st.sampled_from([">", ">=", "<", "<="]),
    LIMITS,
    st.lists(RATIOS, min_size=1),
    RATIOS,
    STORED,
)
def test_one_moved_limit(category, op, number, ratios, to, stored):
    used = column(category, {"compare": "ast", "is": f"{op} {number:g}"})
    (limit,) = movable(used)
    to = max(to, 1 / to) if limit.upward else min(to, 1 / to)
    values = [ratio * number for ratio in ratios]
    truths = np.array([2 * compare_numbers(v, op, number) for v in values], np.int8)
    margins = np.array([(v - number) / number for v in values], stored)
    moved = relaxed(truths, used, limit, to - 1, {limit.column: margins})
    assert moved.tolist() == [2 * compare_numbers(v, op, number * to) for v in values]


def flip(fails: bool, others_fail: bool, margin: float) -> float:
    """The margin of one of several limits: out of reach where another excludes as well."""
    return margin if fails and not others_fail else math.inf


@given(
    st.lists(st.tuples(RATIOS, RATIOS), min_size=1),
    st.lists(st.booleans(), min_size=40, max_size=40),
)
def test_curves_count_whom_each_limit_lets_in(pairs, elsewhere):
    rule = {"any": [{"compare": "ast", "is": "> 2.5"}, {"compare": "alt", "is": "> 2.5"}]}
    used = column("exclusion", rule)
    limit = next(one for one in movable(used) if one.column == "X:ast")
    people = [(2.5 * ast, 2.5 * alt) for ast, alt in pairs][:40]
    fails = np.array([ast > 2.5 or alt > 2.5 for ast, alt in people])
    margins = np.array([flip(ast > 2.5, alt > 2.5, ast / 2.5 - 1) for ast, alt in people])
    alone = fails & ~np.array(elsewhere[: len(people)])
    curve = Curve(limit, grid(limit))
    for part in np.array_split(np.arange(len(people)), 2):
        curve.add(fails[part], alone[part], margins[part])
    for number, passing, everywhere in curve.points:
        lets_in = [
            fail and not (compare_numbers(ast, ">", number) or compare_numbers(alt, ">", 2.5))
            for fail, (ast, alt) in zip(fails, people, strict=True)
        ]
        assert passing == sum(lets_in)
        assert everywhere == sum(one and a for one, a in zip(lets_in, alone, strict=True))
