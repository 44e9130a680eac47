"""Consents: which are to this trial, which to something else, and of which it is not known."""

from typing import Any

import pytest

from gradatim.evidence.codebook import Codebook
from gradatim.evidence.facts import Facts
from gradatim.evidence.fhir.reader import read_facts
from tests.evidence.people import (
    ELEMENTS,
    LOINC,
    ON,
    bundle,
    concept,
    only_fact,
    only_why,
    patient,
    resource,
    state,
)

OURS, ANOTHER = "NCT05962762", "NCT01234567"
MII = "2.16.840.1.113883.3.1937.777.24.2.184"
CATEGORIES = "http://terminology.hl7.org/CodeSystem/consentcategorycodes"


def read_consent(**fields: Any) -> Facts:
    given = {
        "status": "active",
        "dateTime": "2026-10-30",
        "scope": state("consentscope", "research"),
    }
    one = resource("Consent", "k1", **(given | fields))
    return read_facts(bundle(patient(), one), Codebook(ELEMENTS, OURS), ELEMENTS, on=ON)


def uses(kind: str, *nested: str) -> dict[str, Any]:
    return {"type": kind, "provision": [{"type": one} for one in nested]}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"scope": None},
        {"category": [concept(LOINC, "57016-8")]},
        {"category": [concept(LOINC, "59284-0")]},
        {"identifier": [{"value": "consent-17 of 2026"}]},
        {"policy": [{"uri": f"https://clinicaltrials.gov/study/{OURS}"}]},
        {"sourceReference": {"display": f"{OURS.lower()} after {ANOTHER}"}},
        {"category": [concept(MII, "x")], "identifier": [{"value": OURS}]},
        {"provision": uses("permit", "deny")},
        {"text": {"div": f"<div>not {ANOTHER}</div>"}},
    ],
)
def test_a_consent_that_names_no_other_study_counts(fields: dict[str, Any]) -> None:
    assert only_fact(read_consent(**fields)).doubtful == ""


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"identifier": [{"system": "https://clinicaltrials.gov", "value": ANOTHER}]}, ANOTHER),
        ({"policy": [{"uri": f"https://clinicaltrials.gov/study/{ANOTHER}"}]}, ANOTHER),
        ({"policyRule": {"text": f"Consent to {ANOTHER}"}}, ANOTHER),
        ({"sourceReference": {"display": f"Signed form of {ANOTHER}"}}, ANOTHER),
        ({"sourceReference": {"identifier": {"value": "2021-123456-12"}}}, "2021-123456-12"),
        ({"category": [{"text": "DRKS00012345"}]}, "DRKS00012345"),
        ({"provision": {"data": [{"reference": {"display": ANOTHER}}]}}, ANOTHER),
        ({"category": [concept("urn:oid:x", MII), concept(LOINC, "57016-8")]}, "broad consent"),
        ({"policy": [{"uri": "urn:oid:2.16.840.1.113883.3.1937.777.24.2.1791"}]}, "broad consent"),
        ({"category": [{"text": "Biobank"}]}, "broad consent"),
        ({"policyRule": {"text": "MII-Konsent v1.6"}}, "broad consent"),
        ({"category": [concept(CATEGORIES, "npp")]}, "of another kind (about privacy)"),
        ({"category": [concept(CATEGORIES, "dnr")]}, "of another kind (an advance directive)"),
        ({"provision": uses("deny", "permit", "permit")}, "permits only some uses"),
        ({"provision": uses("deny")}, "denies consent"),
    ],
)
def test_a_consent_to_something_else_does_not_count(fields: dict[str, Any], why: str) -> None:
    assert why in only_why(read_consent(**fields))


@pytest.mark.parametrize(
    ("fields", "doubt"),
    [
        (
            {"provision": {"data": [{"reference": {"reference": "ResearchStudy/7"}}]}},
            "it names a study that is not known to be this one",
        ),
        ({"scope": {"text": "Research"}}, "its scope is not settled"),
        ({"scope": state("consentscope", "research", "treatment")}, "its scope is not settled"),
    ],
)
def test_a_consent_to_what_is_not_known_is_doubtful(fields: dict[str, Any], doubt: str) -> None:
    assert str(only_fact(read_consent(**fields)).doubtful) == doubt
