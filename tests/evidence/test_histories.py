"""Conditions, procedures, participation, consent and allergies."""

from datetime import date

import pytest

from gradatim.core.dates import ANY_DAY, NEVER_ENDED, Day
from gradatim.evidence.codebook import Codebook
from gradatim.evidence.fhir.reader import read_facts
from tests.evidence.people import (
    ELEMENTS,
    ICD10,
    LOINC,
    RXNORM,
    SNOMED,
    bundle,
    concept,
    days,
    facts_of,
    only_fact,
    only_why,
    patient,
    read_one,
    resource,
    state,
)


def clinical(*codes):
    return {"clinicalStatus": state("condition-clinical", *codes)}


def verification(*codes):
    return {"verificationStatus": state("condition-ver-status", *codes)}


def allergy_verification(*codes):
    return {"verificationStatus": state("allergyintolerance-verification", *codes)}


ACTIVE, RESOLVED = clinical("active"), clinical("resolved")
ONSET = {"onsetDateTime": "2020-03"}
MARCH = "2020-03-01..2020-03-31"


def cancer(**fields):
    return resource("Condition", "c1", **({"code": concept(ICD10, "C50.9")} | fields))


SPANS = [
    (ACTIVE | ONSET, MARCH, "ongoing"),
    (clinical("relapse") | ONSET, MARCH, "ongoing"),
    (RESOLVED | ONSET, MARCH, "2020-03-01..2026-11-02"),
    (clinical("remission") | ONSET, MARCH, "2020-03-01..2026-11-02"),
    ({"clinicalStatus": {"text": "Resolved"}} | ONSET, MARCH, "2020-03-01..9999-12-31"),
    (ONSET, MARCH, "2020-03-01..9999-12-31"),
    (RESOLVED | ONSET | {"abatementDateTime": "2021-05-06"}, MARCH, "2021-05-06"),
    (clinical("resolved") | ONSET | {"abatementDateTime": "2027-01-01"}, MARCH, "2027-01-01"),
    (ONSET | {"abatementDateTime": "2020"}, MARCH, "2020-03-01..2020-12-31"),
    (
        ONSET | {"abatementPeriod": {"start": "2021-01-01", "end": "2021-02-01"}},
        MARCH,
        "2021-01-01..2021-02-01",
    ),
    (ONSET | {"abatementAge": {"value": 31, "code": "a"}}, MARCH, "2021-05-17..2022-05-16"),
    (ONSET | {"abatementString": "long ago"}, MARCH, "2020-03-01..2026-11-02"),
    (ACTIVE | {"recordedDate": "2019-01-02T10:00:00Z"}, "2019-01-02", "ongoing"),
    (
        ACTIVE | {"onsetPeriod": {"start": "2019-01-02", "end": "2019-02-03"}},
        "2019-01-02..2019-02-03",
        "ongoing",
    ),
    (ACTIVE | {"onsetPeriod": {"start": "2019-01-02"}}, "2019-01-02..2026-11-02", "ongoing"),
    (ACTIVE | {"onsetAge": {"value": 20, "unit": "years"}}, "2010-05-17..2011-05-16", "ongoing"),
    (ACTIVE | {"onsetAge": {"value": 6, "code": "mo"}}, "1990-11-17..1990-12-16", "ongoing"),
    (
        ACTIVE
        | {"onsetRange": {"low": {"value": 20, "code": "a"}, "high": {"value": 22, "code": "a"}}},
        "2010-05-17..2013-05-16",
        "ongoing",
    ),
    (ACTIVE | {"onsetString": "age 20"}, "2010-05-17..2011-05-16", "ongoing"),
    (ACTIVE | {"onsetString": "2015-06"}, "2015-06-01..2015-06-30", "ongoing"),
    (
        ACTIVE | {"onsetString": "as a boy", "recordedDate": "2019-01-02"},
        "1990-05-17..2019-01-02",
        "ongoing",
    ),
    (ACTIVE, "1990-05-17..2026-11-02", "ongoing"),
]


@pytest.mark.parametrize(("fields", "start", "end"), SPANS)
def test_conditions(fields, start, end):
    fact = only_fact(read_one(cancer(**fields)))
    assert (fact.element, fact.code, fact.doubtful) == ("cancer", "", "")
    assert fact.start == days(start)
    assert fact.end == (NEVER_ENDED if end == "ongoing" else days(end))


@pytest.mark.parametrize(
    ("verified", "doubtful"),
    [
        ("confirmed", ""),
        ("unconfirmed", "unconfirmed"),
        ("provisional", "unconfirmed"),
        ("differential", "unconfirmed"),
    ],
)
def test_unconfirmed_conditions_are_doubtful(verified, doubtful):
    one = cancer(**verification(verified))
    assert str(only_fact(read_one(one)).doubtful) == doubtful


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        (verification("refuted"), "refuted"),
        (verification("entered-in-error"), "entered-in-error"),
        ({"code": concept(SNOMED, "44054006")}, "its code is not known here: SNOMED CT 44054006"),
        ({"code": concept(ICD10, "E11.9")}, "not asked about by this protocol"),
        ({"code": concept(LOINC, "1920-8")}, "is no measurement, which is what ast is"),
        ({"clinicalStatus": "active"}, "clinicalStatus is text, not an object"),
        ({"onsetDateTime": "long ago"}, "onsetDateTime 'long ago' is not a date"),
        ({"onsetAge": {"value": 20, "code": "kg"}}, "onsetAge is not a length of time"),
        (
            {"onsetAge": {"value": 20000, "code": "a"}},
            "an age of 20000 years to 20000 years is none",
        ),
        (ONSET | {"abatementDateTime": "2019"}, "abatement (2019) lies before onset (2020-03)"),
        ({"subject": {"reference": "Patient/other"}}, "is about another person"),
    ],
)
def test_conditions_not_used(fields, why):
    assert only_why(read_one(cancer(**fields))) == why


def surgery(**fields):
    given = {"status": "completed", "code": concept(SNOMED, "387713003")}
    return resource("Procedure", "s1", **(given | fields))


@pytest.mark.parametrize(
    ("fields", "start", "end"),
    [
        ({"performedDateTime": "2020-03-04T10:00:00Z"}, "2020-03-04", "2020-03-04"),
        ({"performedDateTime": "2020"}, "2020-01-01..2020-12-31", "2020-01-01..2020-12-31"),
        (
            {"performedPeriod": {"start": "2020-03-04", "end": "2020-03-05"}},
            "2020-03-04",
            "2020-03-05",
        ),
        ({"performedPeriod": {"start": "2020-03-04"}}, "2020-03-04", "2020-03-04..2026-11-02"),
        (
            {"performedPeriod": {"end": "2020-03-05"}},
            "1990-05-17..2020-03-05",
            "1990-05-17..2020-03-05",
        ),
        (
            {"performedAge": {"value": 20, "code": "a"}},
            "2010-05-17..2011-05-16",
            "2010-05-17..2011-05-16",
        ),
        ({}, "1990-05-17..2026-11-02", "1990-05-17..2026-11-02"),
    ],
)
def test_procedures(fields, start, end):
    fact = only_fact(read_one(surgery(**fields)))
    assert (fact.element, fact.start, fact.end) == ("surgery", days(start), days(end))


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("not-done", "status not-done"),
        ("preparation", "status preparation"),
        ("entered-in-error", "entered-in-error"),
    ],
)
def test_procedures_not_used(status, why):
    assert only_why(read_one(surgery(status=status))) == why


@pytest.mark.parametrize(
    ("status", "doubtful"),
    [
        ("in-progress", ""),
        ("stopped", "status stopped"),
        (None, "status not recorded"),
    ],
)
def test_procedures_of_unclear_status_are_doubtful(status, doubtful):
    assert str(only_fact(read_one(surgery(status=status))).doubtful) == doubtful


def participation(status, **period):
    return resource("ResearchSubject", "r1", status=status, period=period or None)


@pytest.mark.parametrize(
    ("one", "start", "end"),
    [
        (participation("on-study", start="2026-01-01"), "2026-01-01", "ongoing"),
        (
            participation("off-study", start="2026-01-01", end="2026-05-06"),
            "2026-01-01",
            "2026-05-06",
        ),
        (participation("withdrawn", start="2026-01-01"), "2026-01-01", "2026-01-01..2026-11-02"),
        (participation("follow-up"), "1990-05-17..2026-11-02", "ongoing"),
    ],
)
def test_participation(one, start, end):
    fact = only_fact(read_one(one))
    assert (fact.element, fact.code) == ("other_trial_participation", "")  # a record, no answer
    assert fact.start == days(start)
    assert fact.end == (NEVER_ENDED if end == "ongoing" else days(end))


def test_the_participation_in_this_very_trial_is_no_other_trial():
    own = participation("on-study", start="2026-01-01")
    own["study"] = {"identifier": {"value": "NCT1"}, "reference": "ResearchStudy/rs1"}
    content = bundle(patient(), own)
    facts = read_facts(content, Codebook(ELEMENTS, "NCT1"), ELEMENTS, on=date(2026, 11, 2))
    assert [one.why for one in facts.not_used] == ["is the participation in this very trial"]
    other = read_facts(content, Codebook(ELEMENTS, "NCT2"), ELEMENTS, on=date(2026, 11, 2))
    assert [fact.start for fact in other.of("other_trial_participation")] == [days("2026-01-01")]


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("candidate", "status candidate is no participation"),
        ("ineligible", "status ineligible is no participation"),
        ("not-registered", "status not-registered is no participation"),
        ("entered-in-error", "entered-in-error"),
        (None, "has no status"),
    ],
)
def test_no_participation(status, why):
    assert only_why(read_one(participation(status))) == why


def consent(**fields):
    given = {"status": "active", "dateTime": "2026-10-30T09:00:00Z"}
    return resource("Consent", "k1", **(given | fields))


def test_consent():
    fact = only_fact(read_one(consent(scope=state("consentscope", "research"))))
    assert (fact.element, fact.start, fact.end) == ("consent", days("2026-10-30"), fact.start)
    assert only_fact(read_one(consent(dateTime=None))).start == ANY_DAY


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"status": "rejected"}, "status rejected"),
        ({"status": "draft"}, "status draft"),
        (
            {"scope": state("consentscope", "treatment")},
            "is a consent of scope treatment, not to research",
        ),
        ({"provision": {"type": "deny"}}, "denies consent"),
    ],
)
def test_no_consent(fields, why):
    assert only_why(read_one(consent(**fields))) == why


def allergy(**fields):
    given = {"code": concept(RXNORM, "723", text="Amoxicillin"), "recordedDate": "2001"}
    return resource("AllergyIntolerance", "g1", **(given | fields))


IPS = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
MILD = {"criticality": "low"}
NONE_KNOWN = {"code": concept(SNOMED, "716186003")}
ALLERGIES = [
    ({"criticality": "high"}, {"severe_allergy": "true"}),
    ({"reaction": [{"severity": "mild"}, {"severity": "severe"}]}, {"severe_allergy": "true"}),
    ({"reaction": [{"manifestation": [concept(SNOMED, "39579001")]}]}, {"severe_allergy": "true"}),
    ({"reaction": [{"manifestation": [{"text": "Anaphylaxis"}]}]}, {"severe_allergy": "true"}),
    ({"code": {"text": "Human serum albumin"}} | MILD, {"product_allergy": "true"}),
    ({"code": concept(SNOMED, "116566001")} | MILD, {"product_allergy": "true"}),
    ({"reaction": [{"substance": {"text": "ALBUMIN"}}]} | MILD, {"product_allergy": "true"}),
    (
        {"code": {"text": "albumin"}, "criticality": "high"},
        {"severe_allergy": "true", "product_allergy": "true"},
    ),
    (
        {"code": concept(IPS, "no-known-allergies")},
        {"severe_allergy": "false", "product_allergy": "false"},
    ),
    (NONE_KNOWN, {"severe_allergy": "false", "product_allergy": "false"}),
]


@pytest.mark.parametrize(("fields", "expected"), ALLERGIES)
def test_allergies(fields, expected):
    facts = read_one(allergy(**fields))
    found = facts_of(facts)
    assert {fact.element: fact.code for fact in found} == expected
    assert all(fact.derived and not fact.doubtful for fact in found)
    assert all(fact.start == Day(date(2001, 1, 1), date(2001, 12, 31)) for fact in found)
    assert facts.not_used == ()


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"criticality": "low"}, "a mild allergy answers no question of this protocol"),
        (
            {"code": {"text": "ovalbumin"}, "criticality": "low"},
            "a mild allergy answers no question of this protocol",
        ),
        ({"criticality": "high"} | allergy_verification("refuted"), "refuted"),
        ({"criticality": "high"} | allergy_verification("entered-in-error"), "entered-in-error"),
        (
            {"patient": {"reference": "Patient/other"}, "criticality": "high"},
            "is about another person",
        ),
        ({"reaction": "rash"}, "reaction is text, not a list"),
        ({"type": "intolerance"}, "is an intolerance and not an allergy"),
        ({"type": "intolerance", "criticality": "high"}, "is an intolerance and not an allergy"),
        ({"code": concept(IPS, "no-allergy-info")}, "says that nothing is known of allergies"),
        (
            NONE_KNOWN | {"clinicalStatus": state("allergyintolerance-clinical", "inactive")},
            "says that no allergy is known, and is inactive",
        ),
    ],
)
def test_allergies_not_used(fields, why):
    assert only_why(read_one(allergy(**fields))) == why


@pytest.mark.parametrize("verified", ["unconfirmed", "presumed"])
def test_unconfirmed_allergies_are_doubtful(verified):
    one = allergy(criticality="high", **allergy_verification(verified))
    assert str(only_fact(read_one(one)).doubtful) == "unconfirmed"


def test_an_unreadable_record_names_the_elements_it_would_have_been_about():
    malignancy = {
        "resourceType": "Condition",
        "id": "c9",
        "onsetDateTime": {"year": 2025},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "363346000"}]},
    }
    facts = read_one(malignancy)
    (record,) = facts.not_used
    assert record.elements
    assert record.elements[0] in facts.unreadable
    assert "something else" not in facts.unreadable
