"""Records that do not settle what they say: statuses, contradictions, ranges, unreadable values."""

import random
from itertools import permutations
from typing import Any

import pytest

from gradatim.core.dates import ANY_DAY
from gradatim.core.verdict import Reason
from gradatim.evidence.facts import Fact, Facts
from tests.evidence.people import (
    ICD10,
    LOINC,
    RXNORM,
    SNOMED,
    answer,
    bundle,
    concept,
    days,
    facts_of,
    lab,
    only_fact,
    only_why,
    patient,
    read_bundle,
    read_one,
    resource,
    state,
)

INTERPRETED = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
GENDER = "http://hl7.org/fhir/administrative-gender"
YES_NO = "http://terminology.hl7.org/CodeSystem/v2-0136"


def flag(code: str) -> dict[str, Any]:
    return {"interpretation": [concept(INTERPRETED, code)]}


def open_fact(facts: Facts, element: str) -> Fact:
    """Give the one fact that stands for a record that is not settled."""
    assert facts_of(facts) == []
    (fact,) = facts.of(element)
    assert (fact.value, fact.code) == (None, "")
    assert fact.unsettled
    return fact


# --- values that cannot be read -------------------------------------------------------------------

UNREADABLE: list[dict[str, Any]] = [
    {"valueQuantity": {"value": "300", "unit": "U/L"}},
    {"valueQuantity": {"value": 300, "comparator": "~"}},
    {"valueQuantity": {"value": 1e9, "unit": "U/L"}},
    {"valueString": "a", "valueInteger": 1},
    {"valueRatio": {}},
    {"valueRange": {"low": {"value": 20}, "high": {"value": 400}}},
    {"valueSampledData": {"data": "1 2"}},
    {"referenceRange": "8 to 40"},
    {"interpretation": "high"},
    {"status": ["final"]},
    {"subject": "Patient/p1"},
    {"code": {"coding": [None, {"system": LOINC, "code": "1920-8"}]}},
    {"code": {"coding": [{"system": LOINC, "code": "1920-8"}, {"code": 7}]}},
]


@pytest.mark.parametrize("fields", UNREADABLE)
def test_a_value_that_cannot_be_read_is_open_on_its_day(fields: dict[str, Any]) -> None:
    fact = open_fact(read_one(lab(**fields)), "ast")
    assert fact.start == fact.end == days("2026-10-01")
    assert fact.unsettled is Reason.NOT_UNDERSTOOD


@pytest.mark.parametrize(
    "fields",
    [
        {"effectiveDateTime": "soon"},
        {"effectiveDateTime": None, "effectiveTiming": {}},
        {"effectiveDateTime": 2026},
    ],
)
def test_a_date_that_cannot_be_read_may_be_any(fields: dict[str, Any]) -> None:
    assert open_fact(read_one(lab(**fields)), "ast").start == ANY_DAY


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "entered-in-error"},
        {"status": "cancelled"},
        {"status": "preliminary"},
        {"valueQuantity": None, "dataAbsentReason": {"text": "clotted"}},
        {"valueQuantity": None},
        {"subject": {"reference": "Patient/p2"}},
        {"code": concept(LOINC, "2823-3")},
    ],
)
def test_a_record_without_a_value_of_the_person_leaves_nothing_open(fields: dict[str, Any]) -> None:
    facts = read_one(lab(**fields))
    assert facts.not_used
    assert facts.every == {}


def test_the_parts_that_can_be_read_are_used() -> None:
    parts = [
        {"code": concept(LOINC, "8480-6"), "valueQuantity": {"value": "120", "unit": "mmHg"}},
        {"code": concept(LOINC, "8462-4"), "valueQuantity": {"value": 80, "unit": "mmHg"}},
    ]
    one = lab(loinc="85354-9", valueString=None, component=parts)
    facts = read_one(one)
    assert [fact.element for fact in facts_of(facts)] == ["diastolic"]
    assert [fact.unsettled for fact in facts.of("systolic")] == [Reason.NOT_UNDERSTOOD]


def test_an_answer_that_is_none_is_open() -> None:
    one = answer("back_pain", valueBoolean=None, valueString="maybe")
    assert open_fact(read_one(one), "back_pain").unsettled is Reason.NOT_UNDERSTOOD


# --- contradictions -------------------------------------------------------------------------------

ACTIVE = {"clinicalStatus": state("condition-clinical", "active")}
CONTRADICTORY: list[tuple[str, dict[str, Any]]] = [
    ("hbsag", lab(loinc="5195-3", valueString="Negative", **flag("POS"))),
    ("hbsag", lab(loinc="5195-3", valueString="positive", **flag("NEG"))),
    ("hbsag", lab(loinc="5195-3", valueCodeableConcept=concept(SNOMED, "10828004", "260385009"))),
    (
        "hbsag",
        lab(loinc="5195-3", valueCodeableConcept=concept(SNOMED, "10828004", text="not detected")),
    ),
    (
        "hbsag",
        lab(
            loinc="5195-3",
            valueInteger=7,
            interpretation=[concept(INTERPRETED, "POS"), concept(INTERPRETED, "NEG")],
        ),
    ),
    ("ast", lab(referenceRange=[{"low": {"value": 40}, "high": {"value": 10}}])),
    ("ast", lab(referenceRange=[{"high": {"value": 40}}], **flag("N"))),
    ("ast", lab(referenceRange=[{"high": {"value": 200}}], **flag("H"))),
    ("ast", lab(referenceRange=[{"low": {"value": 8}, "high": {"value": 40}}], **flag("L"))),
    ("ast", lab(valueRange={"low": {"value": 50}, "high": {"value": 20}})),
    ("ast", lab(valueInteger=24, dataAbsentReason={"text": "error"})),
    ("ast", lab(effectiveDateTime=None, effectivePeriod={"start": "2026-03", "end": "2026-01"})),
    (
        "cancer",
        resource(
            "Condition",
            "c1",
            code=concept(ICD10, "C50.9"),
            onsetDateTime="2010",
            abatementDateTime="2015",
            **ACTIVE,
        ),
    ),
    (
        "cancer",
        resource(
            "Condition",
            "c1",
            code=concept(ICD10, "C50.9"),
            onsetDateTime="2010",
            abatementString="in remission",
            **ACTIVE,
        ),
    ),
    (
        "cancer",
        resource(
            "Condition",
            "c1",
            code=concept(ICD10, "C50.9"),
            onsetDateTime="2016",
            abatementDateTime="2015",
        ),
    ),
    (
        "severe_allergy",
        resource("AllergyIntolerance", "g1", code=concept(SNOMED, "716186003"), criticality="high"),
    ),
]


@pytest.mark.parametrize(("element", "one"), CONTRADICTORY)
def test_what_contradicts_itself_is_a_conflict(element: str, one: dict[str, Any]) -> None:
    facts = read_one(one)
    assert open_fact(facts, element).unsettled is Reason.CONFLICT
    assert [record.id for record in facts.conflicts] == [f"{one['resourceType']}/{one['id']}"]
    assert "unsettled" not in facts.conflicts[0].why


@pytest.mark.parametrize(
    "fields",
    [
        {"referenceRange": [{"high": {"value": 40}}], **flag("H")},
        {"referenceRange": [{"high": {"value": 112}}], **flag("H")},
        {"referenceRange": [{"low": {"value": 8}, "high": {"value": 200}}], **flag("N")},
        {"referenceRange": [{"high": {"value": 200, "unit": "mg/dL"}}], **flag("H")},
        {"referenceRange": [{"high": {"value": 40}}], **flag("A")},
        {"interpretation": concept(INTERPRETED, "H")},
        flag("H"),
    ],
)
def test_what_fits_is_used(fields: dict[str, Any]) -> None:
    assert only_fact(read_one(lab(**fields))).value == 112


# --- results --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"valueCodeableConcept": concept(SNOMED, "131194007")}, "negative"),
        ({"valueCodeableConcept": concept(SNOMED, "11214006")}, "positive"),
        ({"valueCodeableConcept": {"text": "Non-Reactive (qualifier value)"}}, "negative"),
        ({"valueCodeableConcept": {"text": "Detected (finding)"}}, "positive"),
        ({"valueCodeableConcept": concept(INTERPRETED, "NEG")}, "negative"),
        ({"valueCodeableConcept": concept(LOINC, "LA11884-6")}, "indeterminate"),
        ({"valueString": "nicht nachweisbar"}, "negative"),
        ({"valueString": "négatif"}, "negative"),
        ({"valueString": "reactivo"}, "positive"),
        ({"valueString": "weakly reactive"}, "weakly reactive"),
        ({"valueInteger": 250} | flag("POS"), "positive"),
        ({"valueInteger": 250} | flag("NR"), "negative"),
        ({"valueInteger": 250} | flag("IND"), "indeterminate"),
        ({"valueQuantity": None} | flag("POS"), "positive"),
        ({"valueInteger": 250} | flag("H"), ""),
    ],
)
def test_results_in_words(fields: dict[str, Any], code: str) -> None:
    assert only_fact(read_one(lab(loinc="5195-3", **fields))).code == code


@pytest.mark.parametrize(
    ("fields", "value", "bound", "unit"),
    [
        ({"valueString": "<20 IU/mL"}, 20, "<", "[IU]/mL"),
        ({"valueString": "less than 20 U/L"}, 20, "<", "U/L"),
        ({"valueString": "24 U/L"}, 24, "", "U/L"),
        ({"valueString": "≥ 30"}, 30, ">=", ""),
        ({"valueRange": {"low": {"value": 300, "unit": "U/L"}}}, 300, ">=", "U/L"),
        ({"valueRange": {"high": {"value": 20, "unit": "U/L"}}}, 20, "<=", "U/L"),
    ],
)
def test_bounds(fields: dict[str, Any], value: float, bound: str, unit: str) -> None:
    fact = only_fact(read_one(lab(**fields)))
    assert (fact.value, fact.bound, fact.unit) == (value, bound, unit)


@pytest.mark.parametrize(
    "said", ["1:8", "20-40 U/L", "grade 2 of 4", "about 30", "30 or so", "1,5"]
)
def test_other_words_are_no_number(said: str) -> None:
    assert only_fact(read_one(lab(valueString=said))).value is None


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (concept(YES_NO, "Y"), "true"),
        (concept(YES_NO, "N"), "false"),
        (concept(SNOMED, "373067005"), "false"),
        (concept(LOINC, "LA33-6"), "true"),
        (concept(YES_NO, "N", text="No (qualifier value)"), "false"),
    ],
)
def test_answers_in_code(value: dict[str, Any], code: str) -> None:
    one = answer("back_pain", valueBoolean=None, valueCodeableConcept=value)
    assert only_fact(read_one(one)).code == code


# --- reference ranges -----------------------------------------------------------------------------


def limits(high: float, *populations: dict[str, Any], **more: Any) -> dict[str, Any]:
    applies = {"appliesTo": list(populations)} if populations else {}
    return {"high": {"value": high}, **applies, **more}


MEN, WOMEN = concept(GENDER, "male"), concept(SNOMED, "248152002")
PREGNANT = concept(SNOMED, "77386006")
GROWN = {"low": {"value": 18, "code": "a"}}
CHILD = {"high": {"value": 17, "code": "a"}}
OF_36 = {"low": {"value": 18, "code": "a"}, "high": {"value": 36, "code": "a"}}
FITTING: list[tuple[list[dict[str, Any]], float | None]] = [
    ([limits(35, WOMEN), limits(50, MEN)], 50),
    ([limits(35, concept("x", "F")), limits(50, {"text": "Men"})], 50),
    ([limits(35, WOMEN)], None),
    ([limits(30, PREGNANT)], None),
    ([limits(30, PREGNANT), limits(40)], 40),
    ([limits(30, MEN, PREGNANT), limits(40)], 40),
    ([limits(35), limits(50)], None),
    ([limits(40), limits(40.0)], 40),
    ([limits(35, WOMEN, MEN)], 35),
    ([limits(50, age=GROWN), limits(90, age=CHILD)], 50),
    ([limits(50, age=OF_36)], None),
    ([limits(50, age={"low": {"value": 18, "code": "furlongs"}})], None),
    ([limits(40), limits(50, type=concept("x", "critical"))], 40),
    ([limits(40), {"text": "women below 35"}], 40),
    ([limits(40), {"high": {"value": 40, "unit": "mg/dL"}}], None),
]


@pytest.mark.parametrize(("ranges", "high"), FITTING)
def test_the_range_is_the_persons_own_in_whatever_order(
    ranges: list[dict[str, Any]], high: float | None
) -> None:
    for some in permutations(ranges):
        fact = only_fact(read_one(lab(referenceRange=list(some))))
        assert (fact.high and fact.high.value) == high


def test_of_a_person_of_no_recorded_sex_neither_range_is_theirs() -> None:
    one = lab(referenceRange=[limits(35, WOMEN), limits(50, MEN)])
    assert only_fact(read_bundle(bundle(patient(gender="other"), one))).high is None


# --- statuses -------------------------------------------------------------------------------------


def with_others(status: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Put codings of other systems around those of a status, in any order."""
    coding = [*status["coding"], {"system": SNOMED, "code": "410605003"}, {"code": "x"}]
    chance.shuffle(coding)
    return {"coding": coding}


@pytest.mark.parametrize("verified", ["confirmed", "unconfirmed", "refuted", "entered-in-error"])
def test_codings_beside_the_required_one_change_nothing(verified: str) -> None:
    status = state("condition-ver-status", verified)
    plain = resource("Condition", "c1", code=concept(ICD10, "C50.9"), verificationStatus=status)
    expected = read_one(plain)
    for seed in range(6):
        other = {**plain, "verificationStatus": with_others(status, random.Random(seed))}
        assert read_one(other) == expected


@pytest.mark.parametrize(
    "status",
    [
        state("condition-ver-status", "confirmed", "refuted"),
        concept(SNOMED, "410605003"),
        {"text": "Confirmed"},
        state("condition-ver-status", "probably"),
        {"coding": [{"code": "confirmed"}]},
    ],
)
def test_a_status_that_is_not_settled_is_doubtful(status: dict[str, Any]) -> None:
    one = resource("Condition", "c1", code=concept(ICD10, "C50.9"), verificationStatus=status)
    assert str(only_fact(read_one(one)).doubtful) == "its verification status is not settled"
    allergy = resource(
        "AllergyIntolerance",
        "g1",
        code=concept(RXNORM, "723"),
        criticality="high",
        verificationStatus=status,
    )
    assert str(only_fact(read_one(allergy)).doubtful) == "its verification status is not settled"


# --- whose record it is ---------------------------------------------------------------------------

ADDRESS = "https://one.example/fhir/Patient/p1"


@pytest.mark.parametrize(
    ("full_url", "reference", "used"),
    [
        (ADDRESS, ADDRESS, True),
        (ADDRESS, f"{ADDRESS}/_history/2", True),
        (ADDRESS, "Patient/p1", True),
        (ADDRESS, "http://one.example/fhir/Patient/p1", True),
        (ADDRESS, "https://two.example/fhir/Patient/p1", False),
        ("urn:uuid:7", "urn:uuid:7", True),
        ("urn:uuid:7", "https://two.example/fhir/Patient/p1", True),
        ("resource:0", "resource:0", True),
        ("", "https://two.example/fhir/Patient/p1", True),
    ],
)
def test_an_absolute_reference_means_its_own_address(
    full_url: str, reference: str, used: bool
) -> None:
    content = bundle(patient(), lab(subject={"reference": reference}))
    content["entry"][0]["fullUrl"] = full_url
    facts = read_bundle(content)
    assert [fact.element for fact in facts_of(facts)] == ["ast"] * used
    assert [one.why for one in facts.not_used] == ["is about another person"] * (not used)


# --- allergies ------------------------------------------------------------------------------------


def allergy(**fields: Any) -> dict[str, Any]:
    return resource("AllergyIntolerance", "g1", **{"code": concept(RXNORM, "723"), **fields})


@pytest.mark.parametrize(
    ("fields", "doubt"),
    [
        ({}, "of unrecorded severity"),
        ({"criticality": "unable-to-assess"}, "of unrecorded severity"),
        (
            {"type": "intolerance", "reaction": [{"manifestation": [{"text": "Anaphylaxis"}]}]},
            "an intolerance with anaphylaxis",
        ),
    ],
)
def test_an_allergy_that_may_be_severe_is_doubtful(fields: dict[str, Any], doubt: str) -> None:
    fact = only_fact(read_one(allergy(**fields)))
    assert (fact.element, fact.code, str(fact.doubtful)) == ("severe_allergy", "true", doubt)


def test_an_unreadable_allergy_leaves_every_question_open() -> None:
    facts = read_one(allergy(reaction="rash"))
    for name in ("severe_allergy", "product_allergy"):
        assert open_fact(facts, name).derived


def test_no_known_problem_is_no_diagnosis() -> None:
    absent = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
    facts = read_one(resource("Condition", "c1", code=concept(absent, "no-known-problems")))
    assert only_why(facts) == "says that no problem is known"
    assert not facts.unreadable
