"""CTCAE v5.0: every printed threshold in each unit and each baseline state."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradatim.clinical.ctcae.grade import (
    Grade,
    GradingContext,
    MeasuredValue,
    analyte_of_loinc,
    clinical_terms,
    grade,
)
from gradatim.clinical.ctcae.table import Comparison, GradeStep, analytes
from gradatim.clinical.ctcae.terms import grades_of_term
from gradatim.core.errors import UnusableInput
from tests.clinical.ctcae_printed import (
    BY_CLINICIAN,
    LADDERS,
    MANUFACTURER,
    NONE,
    WARFARIN,
    Ladder,
    around,
    graded,
    name,
)

TERMS = [term for analyte in analytes() for term in analyte.terms]


@pytest.mark.parametrize("one", LADDERS, ids=name)
def test_every_threshold_below_at_and_above(one: Ladder) -> None:
    for number, expected in around(one):
        found = graded(one, number)
        if one.term in BY_CLINICIAN | MANUFACTURER and found.grade is None:
            assert min(found.possible) == expected  # treatment raises it, numbers never do
            by_whom = "manufacturer" if one.term in MANUFACTURER else "needs clinician"
            assert by_whom in found.needs
        else:
            assert (found.grade, found.possible) == (expected, (expected,)), (number, found)
            assert found.needs == ""


@pytest.mark.parametrize("one", LADDERS, ids=name)
def test_between_two_cuts_the_printed_grades_agree(one: Ladder) -> None:
    """Neither an empty interval nor an overlap: what one cut ends, the next begins."""
    rising = sorted(one.cuts)
    for (cut, _, _, above), (following, below, _, _) in pairwise(rising):
        assert above == below
        middle = graded(one, (cut + following) / 2)
        assert above == (min(middle.possible) if middle.grade is None else middle.grade)


def test_every_grade_of_every_term_is_reached_by_a_printed_cut() -> None:
    reached: dict[str, set[int]] = {term.name: set() for term in TERMS}
    for one in LADDERS:
        reached[one.term] |= {number for cut in one.cuts for number in cut[1:]}
    by_treatment = {
        "Hyperglycemia": {2, 3},
        "Hyperphosphatemia": {2, 3},
        "Hypophosphatemia": {2, 3},
        "Eosinophilia": {3},
        "Methemoglobinemia": {3},
        **{term: {3} for term in MANUFACTURER},
    }
    for term in TERMS:
        missed = set(term.grades) - reached[term.name]
        assert missed == by_treatment.get(term.name, set()), term.name


def _reach(one: Comparison, unit: str) -> float:
    """How far from normal a comparison begins, as far as its kind of limit goes."""
    size = one.cuts[unit] if one.cuts else one.times
    return size if one.op[0] == ">" or one.below else -size


def _ordered(steps: list[GradeStep]) -> Iterator[tuple[GradeStep, GradeStep, str]]:
    """Give neighbouring steps that compare with the same kind of limit, for each unit."""
    for worse, milder in pairwise(steps):
        first, second = worse.comparisons[0], milder.comparisons[0]
        if (first.anchor, bool(first.cuts)) == (second.anchor, bool(second.cuts)):
            for unit in first.cuts or [""]:
                yield worse, milder, unit


def test_no_interval_of_the_table_is_empty_or_overlaps() -> None:
    seen = 0
    for term in TERMS:
        for steps in term.clauses.values():
            sure = [step for step in steps if not step.conditions]
            assert len({step.comparisons[0].op[0] for step in sure}) <= 1, term.name
            for worse, milder, unit in _ordered(sure):
                seen += 1
                assert worse.grade > milder.grade, term.name
                assert _reach(worse.comparisons[0], unit) > _reach(milder.comparisons[0], unit)
    assert seen > 100


VECTORS = [
    *[("ALT", MeasuredValue(number, "U/L", high=40), MeasuredValue(30, "U/L", high=40), expected)
      for number, expected in ((40, 0), (41, 1), (120, 1), (121, 2), (200, 2), (201, 3), (801, 4),
                               (None, None))],
    *[("ALT", MeasuredValue(number, "U/L", high=40), MeasuredValue(60, "U/L", high=40), expected)
      for number, expected in ((89, 0), (90, 1), (180, 1), (181, 2))],
    ("ALT", MeasuredValue(100, "U/L", high=40), None, None),
    *[("creatinine", MeasuredValue(number, "mg/dL", high=1.2),
       MeasuredValue(before, "mg/dL", high=1.2), expected)
      for number, before, expected in ((1.2, 1.0, 0), (1.3, 1.0, 1), (1.0, 0.6, 2), (1.9, 1.2, 2),
                                       (2.0, 0.6, 3), (7.3, 1.0, 4))],
    *[("platelets", MeasuredValue(number, "10*9/L", low=150), None, expected)
      for number, expected in ((150, 0), (149, 1), (75, 1), (74.9, 2), (50, 2), (49.9, 3), (25, 3),
                               (24.9, 4))],
    *[("LVEF", MeasuredValue(number, "%"), MeasuredValue(before, "%"), expected)
      for number, before, expected in ((60, 65, 0), (52, 63, 2), (50, 55, 2), (39, 45, 3),
                                       (44, 65, 3), (19, 50, 4))],
]  # fmt: skip


@pytest.mark.parametrize(("analyte", "value", "baseline", "expected"), VECTORS)
def test_worked_values(
    analyte: str, value: MeasuredValue, baseline: MeasuredValue | None, expected: int | None
) -> None:
    (found,) = grade(analyte, value, GradingContext(baseline=baseline))
    assert found.grade == expected
    assert (found.needs == "") is (expected is not None)


@pytest.mark.parametrize(
    ("celsius", "hours", "expected"),
    [
        (37.9, 0, 0),
        (38.0, 0, 1),
        (39.0, 0, 1),
        (39.1, 0, 2),
        (40.0, 0, 2),
        (40.1, 24, 3),
        (40.1, 25, 4),
        (40.1, None, None),
        (39.1, None, 2),
    ],
)
def test_worked_temperatures(celsius: float, hours: float | None, expected: int | None) -> None:
    fever, _ = grade(
        "temperature", MeasuredValue(celsius, "Cel"), GradingContext(hours_above_40=hours)
    )
    assert fever.grade == expected


@pytest.mark.parametrize("high", [None, 0.5, 1.0, 1.3, 4.0])
@pytest.mark.parametrize("state", [NONE._replace(anticoagulated=False), WARFARIN])
def test_the_reference_range_does_not_grade_an_inr(
    high: float | None, state: GradingContext
) -> None:
    """INR is compared with printed numbers, or the baseline, never with a laboratory's limit."""
    for number in (0.9, 1.19, 1.3, 2.1, 2.6, 6.0):
        ranged = grade("INR", MeasuredValue(number, "{INR}", high=high), state)
        assert ranged == grade("INR", MeasuredValue(number, "{INR}"), state)


def test_ggt_with_an_abnormal_baseline_has_a_grade_1() -> None:
    """2.0 to 2.5 x baseline is an interval of its own, and both its ends belong to it."""
    before = GradingContext(baseline=MeasuredValue(200, "U/L", high=60))
    grades = [
        grade("GGT", MeasuredValue(number * 200, "U/L", high=60), before)[0].grade
        for number in (1.99, 2.0, 2.25, 2.5, 2.51)
    ]
    assert grades == [0, 1, 1, 1, 2]


@pytest.mark.parametrize(
    ("analyte", "unit", "number", "low", "high", "expected"),
    [
        ("ALT", "U/L", 90, None, 40, 1),
        ("ALT", "U/L", 900, None, 40, 4),
        ("creatinine", "mg/dL", 1.9, None, 1.2, 2),
        ("fibrinogen", "g/L", 1.4, 2, None, 2),
        ("INR", "{INR}", 1.1, None, None, 0),
        ("LVEF", "%", 55, None, None, 0),
        ("LVEF", "%", 45, None, None, 2),
    ],
)
def test_a_baseline_is_not_graded_against_itself(
    analyte: str, unit: str, number: float, low: float | None, high: float | None, expected: int
) -> None:
    value = MeasuredValue(number, unit, "", low, high)
    for baseline in (None, value):
        (found,) = grade(analyte, value, NONE._replace(at_baseline=True, baseline=baseline))
        assert found.grade == expected
        assert "x baseline" not in found.rule + found.because


@given(st.sampled_from(LADDERS), st.floats(0.01, 30), st.floats(0.01, 30))
@settings(max_examples=400)
def test_a_worse_value_never_has_a_lower_grade(one: Ladder, a: float, b: float) -> None:
    falls = any(below > above for _, below, _, above in one.cuts)
    low, high = sorted((a * one.cuts[0][0], b * one.cuts[0][0]))
    better, worse = (graded(one, number) for number in ((high, low) if falls else (low, high)))
    assert min(better.possible) <= min(worse.possible)
    assert max(better.possible) <= max(worse.possible)


def test_grade_5_never_comes_from_a_measurement() -> None:
    assert all(max(term.grades) <= 4 for term in TERMS)


def test_what_is_graded_here_has_the_grades_that_are_printed() -> None:
    for term in TERMS:
        assert set(term.grades) - {0} | ({5} if term.death else set()) == set(
            grades_of_term(term.name)
        ), term.name
    for one in clinical_terms():
        printed = tuple(number for number, words in enumerate(one.grades, 1) if words)
        assert printed == grades_of_term(one.term), one.term


@pytest.mark.parametrize(
    ("analyte", "value", "given_", "rule", "because"),
    [
        (
            "1742-6",
            MeasuredValue(121, "U/L", high=40),
            GradingContext(baseline=MeasuredValue(30, "U/L", high=40)),
            "> 3 to 5 x ULN",
            "ALT 121 U/L is 3.025 x ULN (40) and 4.033 x baseline (30)",
        ),
        (
            "INR",
            MeasuredValue(4, "{INR}"),
            WARFARIN,
            "> 1.5 to 2.5 x baseline",
            "INR 4 is 2 x baseline (2)",
        ),
        (
            "lipase",
            MeasuredValue(170, "U/L", high=100),
            NONE,
            "> 1.5 to 5 x ULN",
            "lipase 170 U/L is 1.7 x ULN (100)",
        ),
        (
            "LVEF",
            MeasuredValue(44, "%"),
            GradingContext(baseline=MeasuredValue(65, "%")),
            ">= 20 % below baseline",
            "LVEF 44 % is 21 % below baseline (65)",
        ),
    ],
)
def test_every_grade_says_rule_arithmetic_and_version(
    analyte: str, value: MeasuredValue, given_: GradingContext, rule: str, because: str
) -> None:
    found = grade(analyte, value, given_)[0]
    assert (found.rule, found.because) == (rule, because)
    assert found.version == "CTCAE v5.0"


@pytest.mark.parametrize(
    ("codes", "analyte"),
    [
        ("1742-6 1743-4 1744-2", "ALT"),
        ("1920-8 30239-8 88112-8", "AST"),
        ("1975-2 14631-6 42719-5", "total bilirubin"),
        ("2160-0 14682-9 38483-4", "creatinine"),
        ("6301-6 34714-6 46418-0", "INR"),
        ("751-8 26499-4 753-4", "neutrophils"),
        ("711-2 26449-9", "eosinophils"),
        ("777-3 26515-7 778-1", "platelets"),
        ("10230-1 8806-2 18043-0", "LVEF"),
        ("17861-6 2000-8 49765-1", "calcium (total)"),
        ("29265-6", "calcium (corrected)"),
        ("1995-0 1994-3", "calcium (ionized)"),
        ("8480-6", "systolic pressure"),
        ("8462-4", "diastolic pressure"),
        ("8636-3 76634-5 76635-2", "QTc"),
        ("59408-5 2708-6", "oxygen saturation"),
        ("29463-7 3141-9", "body weight"),
        ("8310-5 8331-1", "body temperature"),
    ],
)
def test_an_analyte_is_found_by_each_usual_loinc_code(codes: str, analyte: str) -> None:
    for code in codes.split():
        assert analyte_of_loinc(code) == analyte, code


def test_no_loinc_code_is_of_two_analytes() -> None:
    codes = [code for one in analytes() for code in one.loinc]
    assert len(codes) == len(set(codes))
    assert analyte_of_loinc("0000-0") is None


def _calcium(number: float, unit: str, albumin: MeasuredValue | None) -> dict[str, Grade]:
    low, high = (2.1, 2.6) if unit == "mmol/L" else (8.5, 10.5)
    value = MeasuredValue(number, unit, "", low, high)
    found = grade("17861-6", value, GradingContext(albumin=albumin))
    return {one.term: one for one in found}


@pytest.mark.parametrize(
    ("number", "unit", "albumin", "term", "expected"),
    [
        (6.8, "mg/dL", MeasuredValue(2, "g/dL"), "Hypocalcemia", 1),
        (12.0, "mg/dL", MeasuredValue(2, "g/dL"), "Hypercalcemia", 4),
        (12.0, "mg/dL", MeasuredValue(20, "g/L"), "Hypercalcemia", 4),
        (1.7, "mmol/L", MeasuredValue(20, "g/L"), "Hypocalcemia", 0),
        (1.7, "mmol/L", MeasuredValue(40, "g/L"), "Hypocalcemia", 3),
    ],
)
def test_a_total_calcium_is_graded_as_corrected_for_albumin(
    number: float, unit: str, albumin: MeasuredValue, term: str, expected: int
) -> None:
    assert _calcium(number, unit, albumin)[term].grade == expected


@pytest.mark.parametrize(
    "albumin",
    [None, MeasuredValue(None, "g/dL"), MeasuredValue(2, "g/dL", "<"), MeasuredValue(2, "mmol/L")],
)
def test_a_total_calcium_without_an_albumin_is_not_graded(albumin: MeasuredValue | None) -> None:
    for found in _calcium(6.8, "mg/dL", albumin).values():
        assert found.grade is None
        assert found.possible == (0, 1, 2, 3, 4)
        assert "no albumin of the same day" in found.needs


@pytest.mark.parametrize(
    ("analyte", "number", "unit", "possible"),
    [
        ("SBP", 220, "mm[Hg]", (0, 1, 2, 3)),
        ("DBP", 79, "mm[Hg]", (0,)),
        ("QTc", 505, "ms", (0, 1, 2, 3)),
        ("QTc", 430, "ms", (0,)),
        ("SpO2", 70, "%", (2, 3)),
        ("SpO2", 91, "%", (0,)),
    ],
)
def test_one_reading_settles_no_term_that_asks_for_more(
    analyte: str, number: float, unit: str, possible: tuple[int, ...]
) -> None:
    """Hypertension recurs or persists, a QTc is an average, a saturation is measured at rest."""
    state = NONE._replace(baseline=MeasuredValue(number, unit))
    assert grade(analyte, MeasuredValue(number, unit), state)[0].possible == possible


def test_a_gfr_of_90_or_more_is_within_any_laboratory_s_limits() -> None:
    for number, possible in ((105, (0,)), (90, (0,)), (89, (0, 1)), (59, (2,))):
        assert grade("eGFR", MeasuredValue(number, "mL/min/{1.73_m2}"))[0].possible == possible


def test_an_unknown_analyte_is_refused_with_those_known() -> None:
    with pytest.raises(UnusableInput, match=r"[Uu]se one of ALT"):
        grade("unobtainium", MeasuredValue(1, ""))


def test_clinical_terms_have_words_for_their_grades() -> None:
    terms = {one.term: one for one in clinical_terms()}
    assert len(terms) >= 25
    assert terms["Anaphylaxis"].grades[:2] == ("", "")
    assert terms["Anaphylaxis"].grades[2]
    assert all(one.meddra.isdigit() for one in terms.values())
