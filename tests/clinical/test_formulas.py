"""The formulas: their published values, their completeness, and what they do with bad input."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.clinical import load
from gradatim.clinical.formulas import FORMULAS, SEXES, Formula, formula
from gradatim.core.errors import UnusableInput
from gradatim.core.expression import inputs
from gradatim.core.quantity import scale

from .published import ADMIRAL, CKD_EPI_2009, CKD_EPI_2021, TSPOT

EVERY = pytest.mark.parametrize("name", list(FORMULAS))


def middling(one: Formula) -> dict[str, float | str | None]:
    """Usable values for every input of a formula."""
    values: dict[str, float | str | None] = {"age": 40, "sex": "female"}
    for name, item in one.inputs.items():
        values[name] = item.maximum / 2 if item.maximum else 1.0
    return values


def egfr(name: str, creatinine: float, age: float, sex: str) -> float:
    value = formula(name).calculate({"creatinine": creatinine, "age": age, "sex": sex}).value
    assert isinstance(value, float)
    return value


@pytest.mark.parametrize(("creatinine", "age", "sex", "expected"), CKD_EPI_2021)
def test_ckd_epi_2021(creatinine, age, sex, expected):
    assert egfr("ckd_epi_2021", creatinine, age, sex) == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize(("name", "creatinine", "age", "sex", "expected"), ADMIRAL)
def test_egfr_as_admiral_documents_it(name, creatinine, age, sex, expected):
    assert egfr(name, creatinine, age, sex) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("creatinine", "age", "sex", "expected"), CKD_EPI_2009)
def test_ckd_epi_2009(creatinine, age, sex, expected):
    assert round(egfr("ckd_epi_2009", creatinine, age, sex)) == expected


@pytest.mark.parametrize(
    ("sex", "creatinine", "constant"),
    [("female", 0.7, 144), ("male", 0.9, 141)],
)
def test_ckd_epi_2009_at_its_knot_is_the_constant_of_levey_2009_table_2(sex, creatinine, constant):
    """The paper prints 144 for women: 141 x 1.018, rounded."""
    at_birth = egfr("ckd_epi_2009", creatinine, 40, sex) / 0.993**40
    assert round(at_birth) == constant


@pytest.mark.parametrize(("esat6", "cfp10", "nil", "expected"), TSPOT)
def test_tspot(esat6, cfp10, nil, expected):
    spots = {"esat6": esat6, "cfp10": cfp10, "nil": nil}
    assert formula("tspot_interpretation").calculate(spots).value == expected
    wanted = None if expected is None else max(esat6 - nil, cfp10 - nil)
    assert formula("tspot_spots").calculate(spots).value == wanted


@EVERY
def test_a_missing_input_gives_no_score_and_is_named(name):
    one = formula(name)
    for missing in (*one.inputs, *one.implicit):
        score = one.calculate(middling(one) | {missing: None})
        assert score.value is None
        assert missing in score.why_missing
    assert one.calculate({}).why_missing.count(",") >= len(one.inputs) - 1


@EVERY
def test_zero_is_an_answer(name):
    one = formula(name)
    score = one.calculate({**dict.fromkeys(one.inputs, 0), "age": 40, "sex": "male"})
    # A creatinine of 0 does not occur and has no logarithm; it is unusable, but not missing.
    assert (score.value is not None) == ("creatinine" not in one.inputs)
    assert "no value for" not in score.why_missing


@EVERY
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, -1, True, "5", 10**400])
def test_what_is_no_measure_gives_no_score(name, bad):
    one = formula(name)
    for item in one.inputs:
        score = one.calculate(middling(one) | {item: bad})
        assert score.value is None
        assert item in score.why_missing


@EVERY
def test_a_value_above_the_scale_gives_no_score(name):
    one = formula(name)
    for item, spec in one.inputs.items():
        if spec.maximum is not None:
            assert one.calculate(middling(one) | {item: spec.maximum}).value is not None
            score = one.calculate(middling(one) | {item: spec.maximum + 1})
            assert score.value is None
            assert f"{item}: {spec.label} is" in score.why_missing


def test_messages_name_the_item():
    answers = {"q1": 11, "q2": 2, "q3": 3, "q4": 4, "q5": 5}
    basdai = formula("basdai")
    missing = basdai.calculate(answers).why_missing
    assert missing == "no value for q6 (duration of morning stiffness)"
    assert basdai.calculate(answers | {"q6": 6}).why_missing == "q1: fatigue is 11, above 10"


@pytest.mark.parametrize("sex", ["other", "F", 1])
def test_a_sex_the_equation_does_not_know_gives_no_score(sex):
    score = formula("mdrd_4").calculate({"creatinine": 1.0, "age": 40, "sex": sex})
    assert score.value is None
    assert "sex" in score.why_missing


def test_arithmetic_without_a_result_is_told():
    score = formula("mdrd_4").calculate({"creatinine": 0, "age": 40, "sex": "male"})
    assert score.value is None
    assert score.why_missing == "the formula has no result for creatinine 0, age 40, sex male"


def test_an_unknown_formula_is_refused_with_the_list():
    with pytest.raises(UnusableInput, match="basdai"):
        formula("basdia")


@EVERY
def test_every_formula_is_documented(name):
    one = formula(name)
    assert one.title
    assert one.source
    assert one.version
    assert scale(one.unit or "1") is not None
    assert all(item.label and scale(item.unit) for item in one.inputs.values())
    used = set(inputs(one.expression))
    assert used - {"age", "sex"} == set(one.inputs)
    assert set(one.implicit) == used & {"age", "sex"}


def test_the_table_has_no_aliases():
    """An alias would tie two formulas together that only look alike."""
    assert "&" not in load.table_text("formulas.yaml")


@given(st.floats(0.2, 10), st.floats(0.2, 10), st.integers(18, 90), st.sampled_from(SEXES))
def test_more_creatinine_or_age_never_means_more_filtration(low, high, age, sex):
    low, high = sorted((low, high))
    for name in ("ckd_epi_2021", "ckd_epi_2009", "mdrd_4"):
        assert egfr(name, low, age, sex) >= egfr(name, high, age, sex) > 0
        assert egfr(name, low, age, sex) > egfr(name, low, age + 1, sex)


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 10))
def test_tspot_words_follow_its_spots(esat6, cfp10, nil):
    spots = {"esat6": esat6, "cfp10": cfp10, "nil": nil}
    count = formula("tspot_spots").calculate(spots).value
    word = formula("tspot_interpretation").calculate(spots).value
    assert isinstance(count, int | float)
    assert word == ("negative" if count <= 4 else "borderline" if count <= 7 else "positive")
