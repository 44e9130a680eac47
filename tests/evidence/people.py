"""A small protocol's elements, and FHIR resources to ask it about."""

from collections.abc import Iterable
from copy import deepcopy
from datetime import date
from typing import Any

from gradatim.core.dates import Day
from gradatim.evidence.codebook import Codebook
from gradatim.evidence.facts import Fact, Facts
from gradatim.evidence.fhir.reader import read_facts
from gradatim.protocol.base import Basis
from gradatim.protocol.elements import Allergies, CodeGroup, CodeSystem, Element

ON = date(2026, 11, 2)
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
RXNORM, ATC = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://www.whocc.no/atc"
ICD10, LOCAL = "http://hl7.org/fhir/sid/icd-10", "urn:gradatim:element"
UCUM = "http://unitsofmeasure.org"
IV, ORAL = "47625008", "26643006"


def coded(system: CodeSystem, *codes: str) -> list[CodeGroup]:
    return [CodeGroup(basis=Basis.ASSUMED, system=system, codes=list(codes))]


ELEMENTS = {
    "ast": Element(
        kind="measurement",
        label="AST",
        unit="U/L",
        plausible=(0, 20000),
        codes=coded("loinc", "1920-8"),
    ),
    "creatinine": Element(
        kind="measurement",
        label="creatinine",
        unit="mg/dL",
        analyte="creatinine",
        plausible=(0, 40),
        codes=coded("loinc", "2160-0", "14682-9"),
    ),
    "systolic": Element(
        kind="measurement",
        label="systolic",
        unit="mm[Hg]",
        plausible=(30, 300),
        codes=coded("loinc", "8480-6"),
    ),
    "diastolic": Element(
        kind="measurement",
        label="diastolic",
        unit="mm[Hg]",
        plausible=(10, 200),
        codes=coded("loinc", "8462-4"),
    ),
    "hbsag": Element(kind="measurement", label="HBsAg", codes=coded("loinc", "5195-3")),
    "grade": Element(kind="measurement", label="sacroiliitis grade", unit="{score}"),
    "back_pain": Element(kind="answer", label="back pain"),
    "severe_allergy": Element(
        kind="answer", label="severe allergy", allergies=Allergies(severe=True)
    ),
    "product_allergy": Element(
        kind="answer",
        label="allergy to the product",
        allergies=Allergies(substances=["albumin", "116566001"]),
    ),
    "cancer": Element(
        kind="condition",
        label="cancer",
        codes=coded("icd10", "C00-C97") + coded("snomed", "363346000"),
    ),
    "skin_cancer": Element(kind="condition", label="skin cancer", codes=coded("icd10", "C44*")),
    "surgery": Element(kind="procedure", label="surgery", codes=coded("snomed", "387713003")),
    "nsaid": Element(kind="exposure", label="NSAID", drug_classes=["NSAID"]),
    "steroid": Element(
        kind="exposure", label="glucocorticoid", drugs=["prednisone"], not_routes=["6064005"]
    ),
    "methotrexate_iv": Element(
        kind="exposure", label="methotrexate by vein", routes=[IV], drugs=["methotrexate"]
    ),
    "stem_cells": Element(kind="exposure", label="stem cells"),
    "consent": Element(kind="consent", label="consent"),
    "other_trial_participation": Element(kind="participation", label="other trial"),
}
CODEBOOK = Codebook(ELEMENTS)


def resource(kind: str, id_: str, **fields: Any) -> dict[str, Any]:
    subject = {
        "AllergyIntolerance": "patient",
        "Consent": "patient",
        "ResearchSubject": "individual",
    }.get(kind, "subject")
    return {"resourceType": kind, "id": id_, subject: {"reference": "Patient/p1"}, **fields}


def concept(system: str, *codes: str, text: str = "") -> dict[str, Any]:
    coding = {"coding": [{"system": system, "code": code} for code in codes]}
    return coding | ({"text": text} if text else {})


def state(system: str, *codes: str) -> dict[str, Any]:
    """Give a status in a code system of HL7's terminology, such as `condition-clinical`."""
    return concept(f"http://terminology.hl7.org/CodeSystem/{system}", *codes)


def patient(**fields: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": "p1",
        "gender": "male",
        "birthDate": "1990-05-17",
    } | fields


def bundle(*resources: Any) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": one} for one in resources],
    }


def read_bundle(content: dict[str, Any]) -> Facts:
    return read_facts(content, CODEBOOK, ELEMENTS, on=ON)


def read_one(one: dict[str, Any], *more: dict[str, Any]) -> Facts:
    return read_bundle(bundle(patient(), one, *more))


def facts_of(facts: Facts) -> list[Fact]:
    return [fact for found in facts.by_element.values() for fact in found]


def only_fact(facts: Facts) -> Fact:
    assert facts.not_used == ()
    (fact,) = facts_of(facts)
    return fact


def only_why(facts: Facts) -> str:
    assert facts_of(facts) == []
    (not_used,) = facts.not_used
    return not_used.why


def unaccounted(facts: Facts, ids: Iterable[str]) -> set[str]:
    """Give the ids that are neither used nor explained; a part of a resource has a # in its id."""
    used = {fact.id.split("#")[0] for fact in facts_of(facts)}
    return set(ids) - used - {one.id for one in facts.not_used}


def days(text: str) -> Day:
    """Read `2026-01-01`, or `2026-01-01..2026-11-02` for days between which it lies."""
    first, _, last = text.partition("..")
    return Day(date.fromisoformat(first), date.fromisoformat(last or first))


def lab(id_: str = "o1", loinc: str = "1920-8", **fields: Any) -> dict[str, Any]:
    given = {"status": "final", "code": concept(LOINC, loinc), "effectiveDateTime": "2026-10-01"}
    value = (
        {}
        if any(name.startswith("value") for name in fields)
        else {"valueQuantity": {"value": 112, "unit": "U/L", "system": UCUM, "code": "U/L"}}
    )
    return resource("Observation", id_, **{**given, **value, **fields})


def answer(element: str, **fields: Any) -> dict[str, Any]:
    given = {"status": "final", "code": concept(LOCAL, element), "effectiveDateTime": "2026-10-01"}
    return resource("Observation", "a1", **{**given, "valueBoolean": True, **fields})


def good_bundle() -> dict[str, Any]:
    """Give a Bundle of which every resource but the last three is used."""
    dosage = {
        "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
        "route": concept(SNOMED, ORAL),
        "doseAndRate": [{"doseQuantity": {"value": 5, "code": "mg"}}],
    }
    prednisone = concept(RXNORM, "8640", text="prednisone")
    return deepcopy(
        bundle(
            patient(identifier=[{"system": "urn:hospital", "value": "77"}]),
            lab(
                referenceRange=[{"low": {"value": 8}, "high": {"value": 40, "unit": "U/L"}}],
                method={"text": "X-ray"},
            ),
            lab("o2", "5195-3", valueCodeableConcept=concept(SNOMED, "260385009")),
            lab(
                "o3",
                "85354-9",
                valueString=None,
                component=[
                    {
                        "code": concept(LOINC, "8480-6"),
                        "valueQuantity": {"value": 120, "unit": "mmHg"},
                    },
                    {
                        "code": concept(LOINC, "8462-4"),
                        "valueQuantity": {"value": 80, "unit": "mmHg"},
                    },
                ],
            ),
            answer("back_pain"),
            resource(
                "Condition",
                "c1",
                code=concept(ICD10, "C50.9"),
                onsetDateTime="2020-03",
                abatementDateTime="2021",
                clinicalStatus=state("condition-clinical", "resolved"),
                verificationStatus=state("condition-ver-status", "confirmed"),
            ),
            resource(
                "Procedure",
                "s1",
                status="completed",
                code=concept(SNOMED, "387713003"),
                performedPeriod={"start": "2019-01-01", "end": "2019-01-02"},
            ),
            resource(
                "AllergyIntolerance",
                "g1",
                criticality="high",
                code={"text": "albumin"},
                reaction=[{"severity": "mild", "manifestation": [concept(SNOMED, "39579001")]}],
                recordedDate="2001",
            ),
            resource(
                "MedicationStatement",
                "m1",
                status="active",
                dosage=[dosage],
                medicationCodeableConcept=prednisone,
                effectivePeriod={"start": "2026-01-01"},
            ),
            resource(
                "MedicationRequest",
                "m2",
                status="active",
                intent="order",
                dosageInstruction=[dosage],
                authoredOn="2026-01-01",
                medicationReference={"reference": "Medication/drug"},
                dispenseRequest={"expectedSupplyDuration": {"value": 28, "code": "d"}},
            ),
            resource(
                "MedicationAdministration",
                "m3",
                status="completed",
                effectiveDateTime="2026-02-01",
                medicationReference={"reference": "#in"},
                contained=[{"resourceType": "Medication", "id": "in", "code": prednisone}],
                dosage={"dose": {"value": 1, "unit": "g"}, "route": concept(SNOMED, IV)},
            ),
            resource("ResearchSubject", "r1", status="on-study", period={"start": "2026-01-01"}),
            resource(
                "Consent",
                "k1",
                status="active",
                dateTime="2026-10-30T09:00:00Z",
                scope=state("consentscope", "research"),
            ),
            {"resourceType": "Medication", "id": "drug", "code": prednisone},
            resource("Encounter", "e1", status="finished"),
            resource("Observation", "o9", status="entered-in-error", code=concept(LOINC, "1920-8")),
        )
    )
