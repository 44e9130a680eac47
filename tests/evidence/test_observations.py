"""Observations: values, words, bounds, units, ranges, dates, methods, answers, components."""

from datetime import date
from decimal import Decimal

import pytest

from gradatim.core.dates import ANY_DAY, NEVER_ENDED
from gradatim.core.quantity import Quantity
from tests.evidence.people import (
    ICD10,
    LOCAL,
    LOINC,
    SNOMED,
    UCUM,
    answer,
    concept,
    days,
    facts_of,
    lab,
    only_fact,
    only_why,
    read_one,
    resource,
)


def quantity(value, unit="U/L", **more):
    return {"value": value, "unit": unit, **more}


NUMBERS = [
    # value[x], value, unit, bound
    ({"valueQuantity": quantity(112)}, 112, "U/L", ""),
    ({"valueQuantity": quantity(0)}, 0, "U/L", ""),
    ({"valueQuantity": quantity(Decimal("1.5"))}, 1.5, "U/L", ""),
    ({"valueQuantity": quantity(10, comparator="<")}, 10, "U/L", "<"),
    ({"valueQuantity": quantity(10, comparator=">=")}, 10, "U/L", ">="),
    ({"valueQuantity": quantity(5, "units per litre", code="U/L", system=UCUM)}, 5, "U/L", ""),
    ({"valueQuantity": quantity(5, "units per litre", code="U/L")}, 5, "U/L", ""),
    ({"valueQuantity": quantity(5, "U/L", code="258947003", system=SNOMED)}, 5, "U/L", ""),
    ({"valueQuantity": {"value": 5}}, 5, "", ""),
    ({"valueInteger": 3}, 3, "", ""),
    ({"valueString": "4.5"}, 4.5, "", ""),
    ({"valueString": "<20"}, 20, "", "<"),
    ({"valueString": " ≥ 90 "}, 90, "", ">="),
]


@pytest.mark.parametrize(("fields", "value", "unit", "bound"), NUMBERS)
def test_numbers(fields, value, unit, bound):
    fact = only_fact(read_one(lab(**fields)))
    assert (fact.value, fact.unit, fact.bound, fact.code) == (value, unit, bound, "")
    assert (fact.element, fact.id, str(fact.start)) == ("ast", "Observation/o1", "2026-10-01")


WORDS = [
    ({"valueCodeableConcept": concept(SNOMED, "10828004")}, "positive"),
    ({"valueCodeableConcept": concept(SNOMED, "260385009")}, "negative"),
    ({"valueCodeableConcept": concept(SNOMED, "419984006")}, "inconclusive"),
    ({"valueCodeableConcept": concept(SNOMED, "260373001")}, "positive"),
    ({"valueCodeableConcept": concept(SNOMED, "260415000")}, "negative"),
    ({"valueCodeableConcept": concept(SNOMED, "82334004")}, "indeterminate"),
    ({"valueCodeableConcept": concept(SNOMED, "455371000124106")}, "invalid"),
    ({"valueCodeableConcept": {"text": "Not detected"}}, "negative"),
    ({"valueCodeableConcept": {"coding": [{"display": "Reactive"}]}}, "positive"),
    ({"valueCodeableConcept": {"text": "Weakly reactive"}}, "weakly reactive"),
    ({"valueString": "POSITIVE"}, "positive"),
    ({"valueString": "pos"}, "positive"),
    ({"valueString": "+"}, "positive"),
    ({"valueString": "Non-Reactive"}, "negative"),
    ({"valueString": "neg"}, "negative"),
    ({"valueString": "borderline"}, "borderline"),
    ({"valueString": "1:8"}, "1:8"),
    ({"valueBoolean": False}, "false"),
]


@pytest.mark.parametrize(("fields", "code"), WORDS)
def test_words(fields, code):
    fact = only_fact(read_one(lab(loinc="5195-3", **fields)))
    assert (fact.element, fact.value, fact.code) == ("hbsag", None, code)


NOT_USED = [
    ({"status": "entered-in-error"}, "entered-in-error"),
    ({"status": "preliminary"}, "status preliminary"),
    ({"status": "unknown"}, "status unknown"),
    ({"status": None}, "has no status"),
    ({"status": ["final"]}, "status is a list, not text"),
    ({"code": None}, "has no code of a code system that is read here"),
    ({"code": {"text": "AST"}}, "has no code of a code system that is read here"),
    ({"code": concept(LOINC, "2823-3")}, "not asked about by this protocol"),
    ({"code": "1920-8"}, "code is text, not an object"),
    ({"code": {"coding": {"system": LOINC, "code": "1920-8"}}}, "coding is an object, not a list"),
    ({"code": {"coding": [{"system": LOINC, "code": 1920}]}}, "code is a number, not text"),
    ({"subject": {"reference": "Patient/p2"}}, "is about another person"),
    ({"subject": {"reference": "Group/p1"}}, "is about another person"),
    ({"subject": "Patient/p1"}, "subject is text, not an object"),
    (
        {"focus": [{"reference": "Patient/fetus"}]},
        "is about something other than this person (focus)",
    ),
    ({"effectiveDateTime": "02/11/2026"}, "effectiveDateTime '02/11/2026' is not a date"),
    ({"effectiveDateTime": "2026-02-30"}, "effectiveDateTime '2026-02-30' is not a date"),
    ({"effectiveDateTime": 2026}, "effectiveDateTime is a number, not a date"),
    ({"effectiveDateTime": "1812-01-01"}, "is dated 1812-01-01, before this person was born"),
    (
        {"effectiveDateTime": None, "effectivePeriod": {"start": "2026-02", "end": "2026-01"}},
        "effectivePeriod ends (2026-01) before it starts (2026-02)",
    ),
    ({"effectiveDateTime": None, "effectiveTiming": {}}, "effectiveTiming is not read"),
    ({"valueQuantity": None}, "has no value"),
    ({"valueQuantity": {"unit": "U/L"}}, "has no value"),
    (
        {"valueQuantity": None, "dataAbsentReason": {"text": "Specimen clotted"}},
        "has no value: specimen clotted",
    ),
    ({"valueQuantity": quantity("112")}, "value is text, not a number"),
    ({"valueQuantity": quantity(True)}, "value is true or false, not a number"),
    ({"valueQuantity": quantity(float("nan"))}, "value is not a finite number"),
    ({"valueQuantity": quantity(float("inf"))}, "value is not a finite number"),
    ({"valueQuantity": quantity(10**400)}, "value is not a finite number"),
    ({"valueQuantity": [112]}, "valueQuantity is a list, not an object"),
    ({"valueQuantity": quantity(1, comparator="~")}, "comparator '~' is none of <, <=, >, >="),
    ({"valueQuantity": quantity(1, 5)}, "unit is a number, not text"),
    (
        {"valueQuantity": quantity(1e9)},
        "value 1000000000 U/L is outside the plausible range 0 to 20000",
    ),
    ({"valueQuantity": quantity(-1)}, "value -1 U/L is outside the plausible range 0 to 20000"),
    (
        {"valueQuantity": quantity(1, "kU/L") | {"value": 21}},
        "value 21 kU/L is outside the plausible range 0 to 20000 U/L",
    ),
    ({"valueRatio": {}}, "valueRatio is not read"),
    ({"valueBoolean": "true"}, "valueBoolean is text, not true or false"),
    ({"valueString": "x" * 300}, "valueString of 300 letters is no result"),
    ({"valueString": "a", "valueInteger": 1}, "has more than one value: valueInteger, valueString"),
    ({"referenceRange": {"high": {"value": 40}}}, "referenceRange is an object, not a list"),
    ({"referenceRange": [{"high": {"value": "40"}}]}, "value is text, not a number"),
]


@pytest.mark.parametrize(("fields", "why"), NOT_USED)
def test_not_used_and_why(fields, why):
    facts = read_one(lab(**fields))
    assert only_why(facts) == why
    assert facts.not_used[0].id == "Observation/o1"


DATES = [
    ({"effectiveDateTime": "2026-03"}, "2026-03-01..2026-03-31"),
    ({"effectiveDateTime": "2026"}, "2026-01-01..2026-12-31"),
    ({"effectiveDateTime": "2026-03-14T23:30:00-05:00"}, "2026-03-14"),
    ({"effectiveInstant": "2026-03-14T08:00:00Z"}, "2026-03-14"),
    ({"effectivePeriod": {"start": "2026-03-14T08:00", "end": "2026-03-14"}}, "2026-03-14"),
    ({"effectivePeriod": {"start": "2026-03-14", "end": "2026-03-16"}}, "2026-03-14..2026-03-16"),
    ({"effectivePeriod": {"start": "2026-03-14"}}, "2026-03-14"),
    ({"effectiveDateTime": "2027-01-01"}, "2027-01-01"),
]


@pytest.mark.parametrize(("fields", "day"), DATES)
def test_dates(fields, day):
    fact = only_fact(read_one(lab(**({"effectiveDateTime": None} | fields))))
    assert fact.start == fact.end == days(day)


def test_a_value_without_a_date_may_be_of_any_day():
    assert only_fact(read_one(lab(effectiveDateTime=None))).start == ANY_DAY


RANGES = [
    ([{"low": {"value": 8}, "high": {"value": 40}}], (8, "U/L"), (40, "U/L")),
    ([{"high": {"value": 40, "unit": "u/l"}}], None, (40, "U/L")),
    ([{"high": {"value": 0.04, "unit": "kU/L"}}], None, (40, "U/L")),
    ([{"high": {"value": 40, "unit": "mg/dL"}}], None, (40, "mg/dL")),
    (
        [
            {"high": {"value": 1000}, "type": concept("x", "critical")},
            {"high": {"value": 40}, "type": concept("x", "normal")},
        ],
        None,
        (40, "U/L"),
    ),
    ([{"high": {"value": 1000}, "type": concept("x", "critical")}], None, None),
    ([{"text": "below 40"}], None, None),
]


@pytest.mark.parametrize(("ranges", "low", "high"), RANGES)
def test_reference_ranges(ranges, low, high):
    fact = only_fact(read_one(lab(referenceRange=ranges)))
    assert fact.low == (low and Quantity(*low))
    assert (fact.high and (round(fact.high.value, 9), fact.high.unit)) == high


def test_a_range_in_molar_units_is_converted_by_the_analyte():
    ranges = [{"high": {"value": 106, "unit": "umol/L"}}]
    fact = only_fact(
        read_one(lab(loinc="2160-0", valueQuantity=quantity(1, "mg/dL"), referenceRange=ranges))
    )
    assert fact.high is not None
    assert fact.high.unit == "mg/dL"
    assert fact.high.value == pytest.approx(106 / 88.4, rel=1e-3)


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ({"text": "X-Ray"}, "x-ray"),
        ({"text": "plain radiograph"}, "x-ray"),
        ({"text": "ct"}, "CT"),
        (
            {
                "coding": [
                    {
                        "system": SNOMED,
                        "code": "77477000",
                        "display": "Computed tomography (procedure)",
                    }
                ]
            },
            "CT",
        ),
        ({"text": "MRI"}, "mri"),
        (None, ""),
    ],
)
def test_methods(method, expected):
    one = answer("grade", valueBoolean=None, valueInteger=2, method=method)
    assert only_fact(read_one(one)).method == expected


ANSWERS = [
    ("back_pain", {}, "true", "2026-10-01", "2026-10-01"),
    ("back_pain", {"valueBoolean": False}, "false", "2026-10-01", "2026-10-01"),
    ("back_pain", {"valueBoolean": None, "valueString": "No"}, "false", "2026-10-01", "2026-10-01"),
    (
        "back_pain",
        {"valueBoolean": None, "valueCodeableConcept": concept(SNOMED, "373066001")},
        "true",
        "2026-10-01",
        "2026-10-01",
    ),
    ("cancer", {}, "true", "2026-10-01", "2026-10-01"),
    ("cancer", {"valueBoolean": False}, "false", "2026-10-01", "2026-10-01"),
    (
        "other_trial_participation",
        {"effectiveDateTime": None, "effectivePeriod": {"start": "2026-01", "end": "2026-05-02"}},
        "true",
        "2026-01-01..2026-01-31",
        "2026-05-02",
    ),
]


@pytest.mark.parametrize(("element", "fields", "code", "start", "end"), ANSWERS)
def test_answers(element, fields, code, start, end):
    fact = only_fact(read_one(answer(element, **fields)))
    assert (fact.element, fact.code, fact.derived) == (element, code, False)
    assert (fact.start, fact.end) == (days(start), days(end))


def test_a_participation_without_an_end_goes_on():
    one = answer(
        "other_trial_participation", effectiveDateTime=None, effectivePeriod={"start": "2026-01-05"}
    )
    assert only_fact(read_one(one)).end == NEVER_ENDED


@pytest.mark.parametrize("value", [{"valueInteger": 0}, {"valueString": "maybe"}])
def test_an_answer_that_is_neither_yes_nor_no_is_not_used(value):
    why = only_why(read_one(answer("back_pain", valueBoolean=None, **value)))
    assert why == "its value is neither yes nor no, which is what back_pain asks"


def test_the_value_zero_is_an_answer():
    fact = only_fact(read_one(answer("grade", valueBoolean=None, valueInteger=0)))
    assert fact.value == 0


def test_one_fact_for_each_element_that_a_code_means():
    code = {"coding": [{"system": LOCAL, "code": "grade"}, {"system": LOINC, "code": "1920-8"}]}
    facts = read_one(lab(code=code))
    assert {fact.element for fact in facts_of(facts)} == {"ast", "grade"}
    assert facts.not_used == ()


def pressure(*values):
    parts = [
        {"code": concept(LOINC, code), "valueQuantity": quantity(value, "mmHg")}
        for code, value in zip(("8480-6", "8462-4"), values, strict=True)
    ]
    return resource(
        "Observation",
        "o7",
        status="final",
        code=concept(LOINC, "85354-9"),
        effectiveDateTime="2026-10-01",
        component=parts,
    )


def test_components_are_facts_of_their_own():
    found = {fact.element: fact for fact in facts_of(read_one(pressure(120, 80)))}
    assert found["systolic"].id == "Observation/o7#component1"
    assert found["diastolic"].id == "Observation/o7#component2"
    assert (found["diastolic"].value, found["diastolic"].unit) == (80, "mm[Hg]")
    assert found["systolic"].start == days("2026-10-01")


def test_a_component_that_cannot_be_true_does_not_stop_the_other():
    facts = read_one(pressure(120, 8000))
    assert [fact.element for fact in facts_of(facts)] == ["systolic"]
    assert [one[:2] for one in facts.not_used] == [
        ("Observation/o7#component2", "value 8000 mmHg is outside the plausible range 10 to 200")
    ]


def test_a_panel_of_which_no_component_can_be_read_is_one_record_not_used():
    facts = read_one(pressure("120", 8000))
    assert only_why(facts) == (
        "value is text, not a number; value 8000 mmHg is outside the plausible range 10 to 200"
    )


@pytest.mark.parametrize(
    "subject",
    [
        None,
        {"reference": "Patient/p1"},
        {"reference": "https://h.example/fhir/Patient/p1"},
        {"reference": "Patient/p1/_history/3"},
        {"display": "Himself"},
    ],
)
def test_ways_to_point_at_the_person(subject):
    assert only_fact(read_one(lab(subject=subject))).element == "ast"


def test_codes_of_other_editions_and_oids_are_understood():
    for system in ("http://loinc.org/", "urn:oid:2.16.840.1.113883.6.1"):
        assert only_fact(read_one(lab(code=concept(system, "1920-8")))).element == "ast"
    one = resource("Condition", "c1", code=concept(ICD10 + "-cm", "C44.111"))
    assert {fact.element for fact in facts_of(read_one(one))} == {"cancer", "skin_cancer"}


def test_no_date_of_a_fact_depends_on_the_clock():
    assert only_fact(read_one(lab())).start.first == date(2026, 10, 1)
