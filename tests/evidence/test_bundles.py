"""What makes a Bundle unusable as a whole; and what does not."""

from datetime import date
from typing import Any

import pytest

from gradatim.core.dates import Day
from gradatim.core.errors import UnusableInput
from gradatim.evidence.facts import Observed
from gradatim.evidence.fhir.reader import read_facts
from tests.evidence.people import (
    CODEBOOK,
    ELEMENTS,
    ON,
    bundle,
    facts_of,
    good_bundle,
    lab,
    only_fact,
    patient,
    read_bundle,
    resource,
    unaccounted,
)

R4 = "http://hl7.org/fhir/StructureDefinition/Patient"
OTHER_RELEASES = [
    (resource("MedicationOrder", "x"), "FHIR DSTU2"),
    (resource("ProcedureRequest", "x"), "FHIR STU3"),
    (lab(related=[{}]), "FHIR STU3"),
    (lab(comments="fine"), "FHIR DSTU2"),
    (resource("Condition", "x", assertedDate="2020"), "FHIR STU3"),
    (resource("MedicationStatement", "x", taken="y"), "FHIR STU3"),
    (resource("MedicationStatement", "x", medication={"concept": {}}), "FHIR R5"),
    (resource("MedicationRequest", "x", medication={"reference": {}}), "FHIR R5"),
    (resource("Procedure", "x", occurrenceDateTime="2020"), "FHIR R5"),
    (resource("Encounter", "x", **{"class": [{}]}), "FHIR R5"),
    (lab(meta={"fhirVersion": "3.0.2"}), "FHIR STU3"),
    (resource("CapabilityStatement", "x", fhirVersion="5.0.0"), "FHIR R5"),
    (
        lab(meta={"profile": ["http://hl7.org/fhir/3.0/StructureDefinition/Observation"]}),
        "FHIR STU3",
    ),
    (
        lab(meta={"profile": ["http://hl7.org/fhir/StructureDefinition/Observation|5.0.0"]}),
        "FHIR R5",
    ),
]


@pytest.mark.parametrize(("one", "release"), OTHER_RELEASES)
def test_another_release_of_fhir_is_refused(one, release):
    with pytest.raises(UnusableInput) as caught:
        read_bundle(bundle(patient(), one))
    assert caught.value.what == f"this looks like {release}"
    assert caught.value.where == f"{one['resourceType']}/{one['id']}"
    assert str(caught.value).endswith("Export as R4 (4.0.1).")


def test_a_bundle_or_entry_of_another_release_is_refused():
    for content in (good_bundle() | {"fhirVersion": "3.0.1"}, good_bundle()):
        content["entry"][1]["fhirVersion"] = "1.0.2"
        with pytest.raises(UnusableInput, match="this looks like FHIR"):
            read_bundle(content)


@pytest.mark.parametrize(
    "meta",
    [
        {"fhirVersion": "4.0.1"},
        {"fhirVersion": "4.3.0"},
        {"profile": [R4, R4 + "|4.0.1", None, 3]},
        {"profile": ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient|7.0.0"]},
        {"profile": R4},
        [],
        "4.0.1",
    ],
)
def test_signs_of_r4_are_no_reason_to_refuse(meta):
    assert only_fact(read_bundle(bundle(patient(meta=meta), lab(meta=meta)))).value == 112


UNUSABLE: list[tuple[Any, str]] = [
    ([], "this is not a FHIR Bundle: it is a list."),
    (None, "this is not a FHIR Bundle: it is nothing."),
    ({}, "this is not a FHIR Bundle: it has no resourceType."),
    (patient(), "this is not a FHIR Bundle: its resourceType is 'Patient'."),
    ({"resourceType": "Bundle"}, "this Bundle has no entries: entry is missing."),
    (
        {"resourceType": "Bundle", "entry": {}},
        "this Bundle has no entries: entry is an object, not a list.",
    ),
    (bundle(lab()), "there is no Patient in this Bundle: none of its 1 entries is one."),
    (bundle(), "there is no Patient in this Bundle: none of its 0 entries is one."),
    (
        bundle(patient(), patient(id="p2")),
        "there are 2 Patients in this Bundle: it holds Patient/p1, Patient/p2.",
    ),
    (
        bundle(patient(), patient()),
        "there are 2 Patients in this Bundle: it holds Patient/p1, Patient/p1.",
    ),
    (bundle(patient(), lab(), lab()), "Observation/o1: two resources have the same id:"),
    (
        bundle(patient(), lab()) | {"link": [{"relation": "next", "url": "?page=2"}]},
        "this Bundle is one page of several: it links to the next page.",
    ),
    (bundle(patient(birthDate=None)), "birthDate is missing"),
    (bundle(patient(birthDate="17.5.1990")), "birthDate '17.5.1990' is not a date"),
    (bundle(patient(birthDate="1990-13")), "birthDate '1990-13' is not a date"),
    (bundle(patient(birthDate=19900517)), "birthDate is a number, not a date"),
    (
        bundle(patient(birthDate="2026-11-03")),
        "birthDate 2026-11-03 is after 2026-11-02, the day of the evaluation",
    ),
]


@pytest.mark.parametrize(("content", "message"), UNUSABLE)
def test_unusable_bundles(content, message):
    with pytest.raises(UnusableInput) as caught:
        read_bundle(content)
    assert message in str(caught.value)
    assert caught.value.what
    assert caught.value.todo


def test_the_person():
    facts = read_bundle(bundle(patient(birthDate="1990-05")))
    assert (facts.person, facts.sex, facts.read) == ("p1", "male", 1)
    assert facts.birth == Day(date(1990, 5, 1), date(1990, 5, 31))


@pytest.mark.parametrize(
    ("gender", "sex"),
    [
        ("female", "female"),
        ("male", "male"),
        ("other", ""),
        ("unknown", ""),
        (None, ""),
        (["male"], ""),
    ],
)
def test_sex(gender, sex):
    assert read_bundle(bundle(patient(gender=gender))).sex == sex


def test_coverage_is_carried():
    observed = {"condition": Observed(date(2020, 1, 1))}
    facts = read_facts(bundle(patient()), CODEBOOK, ELEMENTS, on=ON, coverage=observed)
    assert facts.coverage == observed


def test_the_good_bundle_is_read_without_losing_a_resource():
    content = good_bundle()
    facts = read_bundle(content)
    ids = [f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in content["entry"]]
    assert facts.read == len(ids)
    assert unaccounted(facts, ids) == {"Patient/p1"}
    assert [one[:2] for one in facts.not_used] == [
        ("Medication/drug", "describes a drug; it is read with the records that name it"),
        ("Encounter/e1", "resource type Encounter is not read"),
        ("Observation/o9", "entered-in-error"),
    ]


def test_entries_that_are_none_are_reported():
    content = bundle(patient())
    content["entry"] += [
        None,
        "x",
        {},
        {"resource": []},
        {"resource": {"id": "x"}},
        {"resource": lab(id=None)},
    ]
    facts = read_bundle(content)
    assert facts.read == 7
    assert [one[:2] for one in facts.not_used] == [
        ("entry[1]", "is nothing, not an entry"),
        ("entry[2]", "is text, not an entry"),
        ("entry[3]", "has no resource"),
        ("entry[4]", "has no resource"),
        ("entry[5]", "its resource has no resourceType"),
    ]
    assert [fact.id for fact in facts_of(facts)] == ["Observation[6]"]


def test_references_by_full_url_and_identifier():
    content = bundle()
    content["entry"] = [
        {
            "fullUrl": "urn:uuid:1",
            "resource": patient(
                id=None, identifier=[{"system": "urn:h", "value": "77"}, {"value": "88"}]
            ),
        },
        {"resource": lab("o1", subject={"reference": "urn:uuid:1"})},
        {"resource": lab("o2", subject={"reference": "Patient?identifier=urn:h|77"})},
        {"resource": lab("o3", subject={"identifier": {"system": "urn:h", "value": "77"}})},
        {"resource": lab("o4", subject={"identifier": {"value": "99"}})},
        {"resource": lab("o5", subject={"reference": "urn:uuid:2"})},
    ]
    facts = read_bundle(content)
    assert facts.person == "Patient[0]"
    assert [fact.id for fact in facts_of(facts)] == [f"Observation/o{n}" for n in (1, 2, 3)]
    assert {one.why for one in facts.not_used} == {"is about another person"}
