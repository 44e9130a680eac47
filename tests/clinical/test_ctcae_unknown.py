"""CTCAE v5.0 where something is missing: every grade that could be, never a mere grade 0."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.clinical.ctcae.grade import GradingContext, MeasuredValue, grade
from gradatim.clinical.ctcae.table import analytes
from tests.clinical.ctcae_printed import (
    LADDERS,
    NONE,
    NORMAL,
    WARFARIN,
    Ladder,
    around,
    graded,
    name,
)


@pytest.mark.parametrize("analyte", [one.name for one in analytes()])
def test_missing_is_never_grade_0(analyte: str) -> None:
    """Without a value nothing is graded; every grade of the term stays possible."""
    unit = next(one for one in analytes() if one.name == analyte).units[0]
    for found in grade(analyte, MeasuredValue(None, unit)):
        assert found.grade is None
        assert found.needs.endswith("no value")
        assert max(found.possible) > 0


def _forgetting(one: Ladder) -> Iterator[tuple[Ladder, GradingContext]]:
    """Give a ladder with each thing that is known left out in turn."""
    yield one._replace(low=None), one.given
    yield one._replace(high=None), one.given
    yield one, one.given._replace(symptomatic=None)
    yield one, one.given._replace(bleeding=None)
    yield one, one.given._replace(life_threatening=None)
    yield one, one.given._replace(anticoagulated=None)
    yield one, one.given._replace(ionized=None)
    yield one, one.given._replace(hours_above_40=None)
    yield one, one.given._replace(repeated=None)
    yield one, one.given._replace(at_rest=None)
    yield one, one.given._replace(albumin=None)
    if one.given.at_baseline or one.given.baseline is None:
        return
    yield one, one.given._replace(baseline=None)
    yield one, one.given._replace(baseline=one.given.baseline._replace(high=None))
    yield one, one.given._replace(baseline=one.given.baseline._replace(value=None))


@pytest.mark.parametrize("one", LADDERS, ids=name)
def test_what_is_not_known_never_rules_the_true_grade_out(one: Ladder) -> None:
    """So a missing limit or baseline is grade 0 only where every possibility is 0."""
    for number, expected in around(one):
        for less, given_less in _forgetting(one):
            found = graded(less, number, given=given_less)
            assert expected in found.possible, (number, given_less, found)
            assert found.grade in (None, expected)
            assert (found.needs == "") is (found.grade is not None)


@pytest.mark.parametrize(
    ("analyte", "value", "expected"),
    [
        ("platelets", MeasuredValue(20, "10*9/L"), 4),  # whatever the lower limit
        ("platelets", MeasuredValue(100, "10*9/L"), None),  # 0 or 1: it depends on the limit
        ("platelets", MeasuredValue(0, "10*9/L"), 4),  # nought is a value
        ("platelets", MeasuredValue(0, "10*9/L", low=150), 4),
        ("eGFR", MeasuredValue(0, "mL/min/{1.73_m2}"), 4),
        ("LDH", MeasuredValue(0, "U/L", high=250), 0),
        ("LDH", MeasuredValue(5, "U/L", high=0), None),  # a limit of nought is no limit
        ("platelets", MeasuredValue(-3, "10*9/L", low=150), None),
        ("platelets", MeasuredValue(float("nan"), "10*9/L", low=150), None),
        ("sodium", MeasuredValue(165, "mmol/L"), 4),
        ("platelets", MeasuredValue(20, "10*9/L", "<", low=150), 4),
        ("platelets", MeasuredValue(25, "10*9/L", "<", low=150), 4),
        ("platelets", MeasuredValue(25, "10*9/L", "<=", low=150), None),
        ("platelets", MeasuredValue(60, "10*9/L", "<", low=150), None),
        ("platelets", MeasuredValue(150, "10*9/L", ">=", low=150), 0),
        ("platelets", MeasuredValue(140, "10*9/L", ">", low=150), None),
        ("LDH", MeasuredValue(20, "U/L", "<", high=250), 0),
        ("LDH", MeasuredValue(250, "U/L", ">", high=250), 1),
        ("LDH", MeasuredValue(250, "U/L", ">=", high=250), None),
    ],
)
def test_what_is_missing_matters_only_where_it_could(
    analyte: str, value: MeasuredValue, expected: int | None
) -> None:
    assert grade(analyte, value, NONE)[0].grade == expected


@pytest.mark.parametrize("bound", ["<", "<=", ">", ">="])
@given(one=st.sampled_from(LADDERS), a=st.floats(0.05, 30), away=st.floats(1e-3, 10))
def test_a_bound_leaves_every_grade_beyond_it_possible(
    bound: str, one: Ladder, a: float, away: float
) -> None:
    number = a * one.cuts[0][0]
    beyond = number + away if bound[0] == ">" else max(number - away, 0.0)
    known = graded(one, number, bound)
    assert set(graded(one, beyond).possible) <= set(known.possible)
    if bound[1:]:
        assert set(graded(one, number).possible) <= set(known.possible)


def test_needs_name_only_what_is_missing() -> None:
    below = grade("INR", MeasuredValue(9, "{INR}", "<"), WARFARIN)[0]
    assert below.needs == "only a bound of the value is known"
    assert (
        grade("ALT", MeasuredValue(50, "U/L", high=40), GradingContext())[0].needs == "no baseline"
    )
    assert (
        grade(
            "calcium",
            MeasuredValue(2.0, "mmol/L", low=2.2, high=2.6),
            GradingContext(albumin=MeasuredValue(40, "g/L")),
        )[0].needs
        == "whether ionized"
    )


def test_a_value_in_another_unit_is_not_graded() -> None:
    (found,) = grade("ALT", MeasuredValue(3, "mg/dL", high=40), NORMAL)
    assert found.grade is None
    assert found.needs == "unit mismatch"
    assert found.rule == "not graded"
    before = GradingContext(baseline=MeasuredValue(1.0, "g", high=2.0))
    assert (
        "of the baseline" in grade("creatinine", MeasuredValue(1, "mg/dL", high=2), before)[0].needs
    )


def test_a_baseline_of_nought_is_no_baseline_to_compare_with() -> None:
    before = GradingContext(baseline=MeasuredValue(0, "mg/dL", high=1.2))
    found = grade("creatinine", MeasuredValue(1.0, "mg/dL", high=1.2), before)[0]
    assert found.possible == (0, 2, 3)
    assert found.needs == "no baseline"
