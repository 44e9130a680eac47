"""CTCAE v5.0: every printed threshold at below, equal and above, in each unit and baseline state.

The cuts in `LADDERS` are written from the printed criteria, not read from the program's table.
"""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.clinical.ctcae import (
    Given,
    Grade,
    Value,
    analyte_of_loinc,
    clinical_terms,
    grade,
    highest_grade,
)
from gradatim.clinical.ctcae_table import analytes
from gradatim.core.errors import UnusableInput

NONE = Given(symptomatic=False, bleeding=False, life_threatening=False)
NORMAL = NONE._replace(baseline=Value(50.0, "U/L", high=100.0))
ABNORMAL = NONE._replace(baseline=Value(200.0, "U/L", high=100.0))


class Ladder(NamedTuple):
    """One term in one unit and one state: at each cut the grades just below, at and just above."""

    term: str
    analyte: str
    unit: str
    given: Given
    low: float | None
    high: float | None
    cuts: tuple[tuple[float, int, int, int], ...]


def up(*cuts: float) -> tuple[tuple[float, int, int, int], ...]:
    """Grades 1, 2, ... above each cut."""
    return tuple((cut, n, n, n + 1) for n, cut in enumerate(cuts))


def down(*cuts: float) -> tuple[tuple[float, int, int, int], ...]:
    """Grades 1, 2, ... below each cut."""
    return tuple((cut, n + 1, n, n) for n, cut in enumerate(cuts))


def enzymes(term: str, analyte: str, normal: tuple[float, ...], abnormal: tuple[float, ...]
            ) -> list[Ladder]:  # fmt: skip
    """A liver test: multiples of the upper limit, or of an abnormal baseline."""
    base = [cut * 200 for cut in abnormal]
    first = (base[0], 0, 1, 1) if abnormal[0] > 1 else (base[0], 0, 0, 1)
    return [
        Ladder(term, analyte, "U/L", NORMAL, None, 100, up(*(cut * 100 for cut in normal))),
        Ladder(term, analyte, "U/L", ABNORMAL, None, 100, (first, *up(*base)[1:])),
    ]


LADDERS = [
    *enzymes("Alanine aminotransferase increased", "ALT", (1, 3, 5, 20), (1.5, 3, 5, 20)),
    *enzymes("Aspartate aminotransferase increased", "AST", (1, 3, 5, 20), (1.5, 3, 5, 20)),
    *enzymes("Alkaline phosphatase increased", "ALP", (1, 2.5, 5, 20), (2, 2.5, 5, 20)),
    *enzymes("GGT increased", "GGT", (1, 2.5, 5, 20), (2, 2.5, 5, 20)),
    Ladder("Blood bilirubin increased", "total bilirubin", "umol/L",
           NONE._replace(baseline=Value(10, "umol/L", high=20)), None, 20, up(20, 30, 60, 200)),
    Ladder("Blood bilirubin increased", "total bilirubin", "mg/dL",
           NONE._replace(baseline=Value(2, "mg/dL", high=1)), None, 1, up(2, 3, 6, 20)),
    Ladder("Creatinine increased", "creatinine", "umol/L",
           NONE._replace(baseline=Value(100, "umol/L", high=100)), None, 100,
           up(100, 150, 300, 600)),
    Ladder("Creatinine increased", "creatinine", "mg/dL",
           NONE._replace(baseline=Value(0.5, "mg/dL", high=1.2)), None, 1.2,
           ((0.75, 0, 0, 2), (1.5, 2, 2, 3), (7.2, 3, 3, 4))),
    Ladder("Chronic kidney disease", "eGFR", "mL/min/{1.73_m2}", NONE, 90, None,
           down(90, 60, 30, 15)),
    Ladder("Activated partial thromboplastin time prolonged", "APTT", "s", NONE, None, 40,
           up(40, 60, 100)),
    Ladder("INR increased", "INR", "{INR}", NONE._replace(anticoagulated=False), None, None,
           up(1.2, 1.5, 2.5)),
    Ladder("INR increased", "INR", "{INR}",
           NONE._replace(anticoagulated=True, baseline=Value(2.0, "{INR}")), None, None,
           up(2.0, 3.0, 5.0)),
    Ladder("Anemia", "hemoglobin", "g/L", NONE, 120, 160, down(120, 100, 80)),
    Ladder("Anemia", "hemoglobin", "g/dL", NONE, 12, 16, down(12, 10, 8)),
    Ladder("Anemia", "hemoglobin", "mmol/L", NONE, 7.5, 10, down(7.5, 6.2, 4.9)),
    Ladder("Hemoglobin increased", "hemoglobin", "g/L", NONE, 120, 160, up(160, 180, 200)),
    Ladder("White blood cell decreased", "leukocytes", "10*9/L", NONE, 4, 10, down(4, 3, 2, 1)),
    Ladder("Leukocytosis", "leukocytes", "10*9/L", NONE, 4, 10, ((100, 0, 0, 3),)),
    Ladder("Neutrophil count decreased", "neutrophils", "10*9/L", NONE, 2, 7,
           down(2, 1.5, 1, 0.5)),
    Ladder("Neutrophil count decreased", "neutrophils", "/uL", NONE, 2000, 7000,
           down(2000, 1500, 1000, 500)),
    Ladder("Lymphocyte count decreased", "lymphocytes", "10*9/L", NONE, 1, 4,
           down(1, 0.8, 0.5, 0.2)),
    Ladder("Lymphocyte count increased", "lymphocytes", "10*9/L", NONE, 1, 4,
           ((4, 0, 0, 2), (20, 2, 2, 3))),
    Ladder("Platelet count decreased", "platelets", "10*9/L", NONE, 150, 400,
           down(150, 75, 50, 25)),
    Ladder("Hypoglycemia", "glucose", "mmol/L", NONE, 3.9, 6.1, down(3.9, 3.0, 2.2, 1.7)),
    Ladder("Hypoglycemia", "glucose", "mg/dL", NONE, 70, 110, down(70, 55, 40, 30)),
    Ladder("Hyperkalemia", "potassium", "mmol/L", NONE, 3.5, 5.1, up(5.1, 5.5, 6, 7)),
    Ladder("Hypokalemia", "potassium", "mmol/L", NONE, 3.5, 5.1,
           ((3.5, 1, 0, 0), (3.0, 3, 1, 1), (2.5, 4, 3, 3))),
    Ladder("Hypokalemia", "potassium", "mmol/L", NONE._replace(symptomatic=True), 3.5, 5.1,
           ((3.5, 2, 0, 0), (3.0, 3, 2, 2), (2.5, 4, 3, 3))),
    Ladder("Hypernatremia", "sodium", "mmol/L", NONE, 135, 145, up(145, 150, 155, 160)),
    Ladder("Hyponatremia", "sodium", "mmol/L", NONE, 135, 145, down(135, 130, 125, 120)),
    Ladder("Hyponatremia", "sodium", "mmol/L", NONE._replace(symptomatic=True), 135, 145,
           ((135, 1, 0, 0), (130, 3, 1, 1), (120, 4, 3, 3))),
    Ladder("Hypercalcemia", "calcium (corrected)", "mmol/L", NONE, 2.1, 2.6,
           up(2.6, 2.9, 3.1, 3.4)),
    Ladder("Hypercalcemia", "calcium (corrected)", "mg/dL", NONE, 8.5, 10.5,
           up(10.5, 11.5, 12.5, 13.5)),
    Ladder("Hypercalcemia", "calcium (ionized)", "mmol/L", NONE, 1.1, 1.3, up(1.3, 1.5, 1.6, 1.8)),
    Ladder("Hypocalcemia", "calcium (corrected)", "mmol/L", NONE, 2.1, 2.6,
           down(2.1, 2.0, 1.75, 1.5)),
    Ladder("Hypocalcemia", "calcium (corrected)", "mg/dL", NONE, 8.5, 10.5, down(8.5, 8, 7, 6)),
    Ladder("Hypocalcemia", "calcium (ionized)", "mmol/L", NONE, 1.1, 1.3, down(1.1, 1, 0.9, 0.8)),
    Ladder("Hypoalbuminemia", "albumin", "g/L", NONE, 35, 50, down(35, 30, 20)),
    Ladder("Hypoalbuminemia", "albumin", "g/dL", NONE, 3.5, 5, down(3.5, 3, 2)),
    Ladder("Ejection fraction decreased", "LVEF", "%", NONE._replace(at_baseline=True), None, None,
           ((50, 2, 2, 0), (40, 3, 2, 2), (20, 4, 3, 3))),
    Ladder("Ejection fraction decreased", "LVEF", "%", NONE._replace(baseline=Value(75, "%")),
           None, None, ((65, 2, 2, 0), (55, 3, 3, 2), (20, 4, 3, 3))),
    Ladder("Fever", "body temperature", "Cel", NONE._replace(hours_above_40=1), None, None,
           ((38, 0, 1, 1), (39, 1, 1, 2), (40, 2, 2, 3))),
    Ladder("Fever", "body temperature", "Cel", NONE._replace(hours_above_40=25), None, None,
           ((40, 2, 2, 4),)),
    Ladder("Fibrinogen decreased", "fibrinogen", "g/L", NONE._replace(at_baseline=True), 4, None,
           down(4, 3, 2, 1)),
    Ladder("Blood lactate dehydrogenase increased", "LDH", "U/L", NONE, None, 250, up(250)),
    Ladder("CPK increased", "CPK", "U/L", NONE, None, 200, up(200, 500, 1000, 2000)),
    Ladder("Hypermagnesemia", "magnesium", "mmol/L", NONE, 0.7, 1.0,
           ((1.0, 0, 0, 1), (1.23, 1, 1, 3), (3.3, 3, 3, 4))),
    Ladder("Hypomagnesemia", "magnesium", "mmol/L", NONE, 0.7, 1.0, down(0.7, 0.5, 0.4, 0.3)),
    Ladder("Hypomagnesemia", "magnesium", "mg/dL", NONE, 1.7, 2.4, down(1.7, 1.2, 0.9, 0.7)),
    Ladder("Cholesterol high", "cholesterol", "mg/dL", NONE, None, 200, up(200, 300, 400, 500)),
    Ladder("Hypertriglyceridemia", "triglycerides", "mg/dL", NONE, None, 150,
           ((150, 0, 1, 1), (300, 1, 1, 2), (500, 2, 2, 3), (1000, 3, 3, 4))),
    Ladder("CD4 lymphocytes decreased", "CD4 lymphocytes", "10*9/L", NONE, 0.6, None,
           down(0.6, 0.5, 0.2, 0.05)),
]  # fmt: skip


def of(term: str, found: tuple[Grade, ...]) -> Grade:
    """Give the grade of a term."""
    return next(one for one in found if one.term == term)


def name(one: Ladder) -> str:
    return f"{one.term} {one.unit}"


@pytest.mark.parametrize("one", LADDERS, ids=name)
def test_every_threshold_below_at_and_above(one: Ladder) -> None:
    for cut, below, at, above in one.cuts:
        for number, expected in ((cut * 0.999, below), (cut, at), (cut * 1.001, above)):
            value = Value(number, one.unit, low=one.low, high=one.high)
            found = of(one.term, grade(one.analyte, value, one.given))
            assert expected in found.possible, (number, found)
            if found.grade is None:  # treatment and admission raise a grade, never lower it
                assert min(found.possible) == expected
                assert found.needs.startswith("needs clinician")
            else:
                assert found.grade == expected, (number, found)


def test_every_term_that_numbers_grade_has_a_ladder() -> None:
    terms = {term.name for analyte in analytes() for term in analyte.terms}
    by_people = {"Hyperglycemia", "Hyperuricemia", "Acidosis", "Alkalosis"}
    others = {"Lipase increased", "Serum amylase increased", "Haptoglobin decreased"}
    assert terms - {one.term for one in LADDERS} == by_people | others


VECTORS = [
    ("ALT", Value(40, "U/L", high=40), Value(30, "U/L", high=40), 0),
    ("ALT", Value(41, "U/L", high=40), Value(30, "U/L", high=40), 1),
    ("ALT", Value(121, "U/L", high=40), Value(30, "U/L", high=40), 2),
    ("ALT", Value(801, "U/L", high=40), Value(30, "U/L", high=40), 4),
    ("ALT", Value(89, "U/L", high=40), Value(60, "U/L", high=40), 0),
    ("ALT", Value(90, "U/L", high=40), Value(60, "U/L", high=40), 1),
    ("ALT", Value(181, "U/L", high=40), Value(60, "U/L", high=40), 2),
    ("ALT", Value(None, "U/L", high=40), Value(30, "U/L", high=40), None),
    ("ALT", Value(100, "U/L", high=40), None, None),
    ("creatinine", Value(1.0, "mg/dL", high=1.2), Value(0.6, "mg/dL", high=1.2), 2),
    ("creatinine", Value(2.0, "mg/dL", high=1.2), Value(0.6, "mg/dL", high=1.2), 3),
    ("LVEF", Value(60, "%"), Value(65, "%"), 0),
    ("LVEF", Value(52, "%"), Value(63, "%"), 2),
    ("LVEF", Value(50, "%"), Value(55, "%"), 2),
    ("LVEF", Value(39, "%"), Value(45, "%"), 3),
    ("LVEF", Value(44, "%"), Value(65, "%"), 3),
    ("LVEF", Value(19, "%"), Value(50, "%"), 4),
]


@pytest.mark.parametrize(("analyte", "value", "baseline", "expected"), VECTORS)
def test_worked_values(
    analyte: str, value: Value, baseline: Value | None, expected: int | None
) -> None:
    (found,) = grade(analyte, value, Given(baseline=baseline))
    assert found.grade == expected
    assert (found.needs == "") is (expected is not None)


@pytest.mark.parametrize("analyte", [one.name for one in analytes()])
def test_missing_is_never_grade_0(analyte: str) -> None:
    """Without a value nothing is graded; every grade of the term stays possible."""
    unit = next(one for one in analytes() if one.name == analyte).units[0]
    for found in grade(analyte, Value(None, unit)):
        assert found.grade is None
        assert found.needs
        assert max(found.possible) > 0


@pytest.mark.parametrize(
    ("analyte", "value", "expected"),
    [
        ("platelets", Value(20, "10*9/L"), 4),  # whatever the lower limit
        ("platelets", Value(100, "10*9/L"), None),  # 0 or 1: it depends on the limit
        ("platelets", Value(0, "10*9/L"), 4),  # nought is a value
        ("platelets", Value(20, "10*9/L", "<"), 4),
        ("platelets", Value(60, "10*9/L", "<"), None),
        ("sodium", Value(165, "mmol/L"), 4),
    ],
)
def test_what_is_missing_matters_only_where_it_could(
    analyte: str, value: Value, expected: int | None
) -> None:
    assert grade(analyte, value, NONE)[0].grade == expected


def test_the_reference_range_does_not_grade_an_inr() -> None:
    """INR is compared with printed numbers, or the baseline, never with a laboratory's limit."""
    given = NONE._replace(anticoagulated=False)
    within = grade("INR", Value(1.19, "{INR}", high=1.0), given)[0]
    assert within.grade == 0


def test_a_baseline_is_not_graded_against_itself() -> None:
    """At the baseline the clause for a normal baseline is used, and no drop is looked for."""
    value = Value(90, "U/L", high=40)
    (found,) = grade("ALT", value, Given(at_baseline=True, baseline=value))
    assert found.grade == 1
    assert "ULN" in found.rule


def test_a_value_in_another_unit_is_not_graded() -> None:
    (found,) = grade("ALT", Value(3, "mg/dL", high=40), NORMAL)
    assert found.grade is None
    assert found.needs == "unit mismatch"
    assert found.rule == "not graded"


@given(
    st.sampled_from([one for one in LADDERS if len(one.cuts) > 1]),
    st.floats(0.05, 30), st.floats(0.05, 30),
)  # fmt: skip
def test_a_worse_value_never_has_a_lower_grade(one: Ladder, a: float, b: float) -> None:
    falls = one.cuts[0][1] > one.cuts[0][3] or one.cuts[-1][1] > one.cuts[-1][3]
    low, high = sorted((a * one.cuts[0][0], b * one.cuts[0][0]))
    better, worse = (high, low) if falls else (low, high)
    grades = [of(one.term, grade(one.analyte, Value(value, one.unit, low=one.low, high=one.high),
                                 one.given)) for value in (better, worse)]  # fmt: skip
    assert min(grades[0].possible) <= min(grades[1].possible)
    assert max(grades[0].possible) <= max(grades[1].possible)


def test_grade_5_never_comes_from_a_measurement() -> None:
    assert all(max(term.grades) <= 4 for analyte in analytes() for term in analyte.terms)
    assert highest_grade("Anemia") == 5
    assert highest_grade("Urticaria") == 3
    assert highest_grade("no such term") is None


def test_every_grade_says_rule_arithmetic_and_version() -> None:
    (found,) = grade(
        "1742-6", Value(121, "U/L", high=40), Given(baseline=Value(30, "U/L", high=40))
    )
    assert found.because == "ALT 121 U/L is 3.025 x ULN (40) and 4.033 x baseline (30)"
    assert found.rule == "> 3 to 5 x ULN"
    assert found.version == "CTCAE v5.0"
    assert analyte_of_loinc("1742-6") == "ALT"
    assert analyte_of_loinc("0000-0") is None


def test_an_unknown_analyte_is_refused_with_those_known() -> None:
    with pytest.raises(UnusableInput, match=r"[Uu]se one of ALT"):
        grade("unobtainium", Value(1, ""))


def test_clinical_terms_have_words_for_their_grades() -> None:
    terms = {one.term: one for one in clinical_terms()}
    assert len(terms) >= 25
    assert terms["Anaphylaxis"].grades[:2] == ("", "")
    assert terms["Anaphylaxis"].grades[2]
    assert all(one.meddra.isdigit() for one in terms.values())
