"""The writer: each kind of record becomes the resource that R4 has for it."""

import json
from typing import Any

import pytest

from gradatim.core.errors import UnusableInput
from gradatim.protocol.base import Basis
from gradatim.protocol.elements import CodeGroup, CodeSystem, Element, Kind
from gradatim.synthetic.fhir import bundle
from gradatim.synthetic.people import Person
from tests.synthetic.shape import faults


def element(kind: Kind, unit: str = "", **codes: list[str]) -> Element:
    groups = [
        CodeGroup(system=_system(name), codes=given, basis=Basis.ASSUMED)
        for name, given in codes.items()
    ]
    return Element(kind=kind, label=f"a {kind}", unit=unit, codes=groups)


def _system(name: str) -> CodeSystem:
    systems: dict[str, CodeSystem] = {
        "loinc": "loinc",
        "snomed": "snomed",
        "icd10": "icd10",
        "atc": "atc",
        "rxnorm": "rxnorm",
    }
    return systems[name]


ELEMENTS = {
    "potassium": element("measurement", "mmol/L", loinc=["2823-3", "6298-4"]),
    "grade": element("measurement", "{grade}"),
    "serology": element("measurement", loinc=["5195-3"]),
    "willing": element("answer"),
    "drug": element("exposure"),
    "blood_thinner": element("exposure", atc=["B01AA*"], rxnorm=["11289"]),
    "cells": element("exposure", snomed=["234336002"]),
    "illness": element("condition", icd10=["I21*", "I22.0"], snomed=["22298006"]),
    "ranges": element("condition", icd10=["C00-C97", "D05*"]),
    "operation": element("procedure", snomed=["52734007"]),
    "consent": element("consent"),
    "other_study": element("participation"),
}


def written(name: str, record: object) -> dict[str, Any]:
    person = Person.model_validate({"id": "p", "sex": "male", "records": {name: record}})
    made = bundle(person, ELEMENTS)
    assert faults(made) == []
    resource: dict[str, Any] = made["entry"][1]["resource"]
    return resource


def coding(concept: dict[str, Any]) -> tuple[str, str]:
    return concept["coding"][0]["system"], concept["coding"][0]["code"]


def test_a_measurement() -> None:
    record = {"value": 4.1, "low": 3.5, "high": 5.1, "on": "2026-11-02"}
    one = written("potassium", record)
    assert coding(one["code"]) == ("http://loinc.org", "2823-3")
    assert one["status"] == "final"
    assert one["effectiveDateTime"] == "2026-11-02"
    unit = {"unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}
    assert one["valueQuantity"] == {"value": 4.1, **unit}
    limits = {"low": {"value": 3.5, **unit}, "high": {"value": 5.1, **unit}}
    assert one["referenceRange"] == [limits]


def test_a_bound_another_unit_another_code_and_a_status() -> None:
    record = {
        "value": 20,
        "bound": "<",
        "unit": "mg/dL",
        "code": "loinc 6298-4",
        "status": "amended",
        "on": "2026-11",
    }
    one = written("potassium", record)
    assert coding(one["code"]) == ("http://loinc.org", "6298-4")
    assert one["valueQuantity"]["comparator"] == "<"
    assert one["valueQuantity"]["code"] == "mg/dL"
    assert (one["status"], one["effectiveDateTime"]) == ("amended", "2026-11")


def test_a_limit_in_a_unit_of_its_own() -> None:
    one = written("potassium", {"value": 4, "high": 20, "limit_unit": "mg/dL"})
    assert one["referenceRange"][0]["high"]["code"] == "mg/dL"


def test_a_whole_number_without_unit_is_an_integer() -> None:
    one = written("grade", {"value": 0, "method": "x-ray"})
    assert one["valueInteger"] == 0
    assert one["method"] == {"text": "x-ray"}
    assert coding(one["code"]) == ("urn:gradatim:element", "grade")
    assert written("grade", {"value": 2.5})["valueQuantity"]["value"] == 2.5


def test_a_value_that_is_absent_says_so() -> None:
    assert "dataAbsentReason" in written("potassium", {"on": "2026-11-02"})


@pytest.mark.parametrize(
    ("word", "code"),
    [("positive", "10828004"), ("negative", "260385009"), ("inconclusive", "419984006")],
)
def test_a_result_that_snomed_has_a_code_for(word: str, code: str) -> None:
    one = written("serology", {"result": word})
    assert coding(one["valueCodeableConcept"]) == ("http://snomed.info/sct", code)


def test_another_result_is_a_word() -> None:
    assert written("serology", {"result": "borderline"})["valueString"] == "borderline"


def test_an_answer_of_no_is_an_answer() -> None:
    one = written("willing", False)
    assert one["resourceType"] == "Observation"
    assert one["valueBoolean"] is False


def test_an_answer_can_deny_another_kind_of_record() -> None:
    one = written("illness", {"answer": False, "on": "2026-11-02"})
    assert one["resourceType"] == "Observation"


@pytest.mark.parametrize(
    ("name", "system", "code"),
    [
        ("leflunomide", "http://www.nlm.nih.gov/research/umls/rxnorm", "27169"),
        ("Netakimab", "http://www.whocc.no/atc", "L04AC20"),
        (
            "Tripterygium wilfordii glycosides",
            "urn:gradatim:element",
            "tripterygium_wilfordii_glycosides",
        ),
    ],
)
def test_a_drug_by_the_best_code_there_is(name: str, system: str, code: str) -> None:
    one = written("drug", {"drug": name, "from": "2026-01-01", "to": "2026-02"})
    assert coding(one["medicationCodeableConcept"]) == (system, code)
    assert one["effectivePeriod"] == {"start": "2026-01-01", "end": "2026-02"}
    assert one["status"] == "completed"


def test_a_drug_that_is_in_no_table() -> None:
    with pytest.raises(UnusableInput, match="the drug table has no 'panacea'"):
        written("drug", {"drug": "panacea"})


@pytest.mark.parametrize(
    ("dose", "value", "period", "unit"),
    [
        ("10 mg/d", 10, 1, "d"),
        ("1.5 mg/d", 1.5, 1, "d"),
        ("15 mg/wk", 15, 1, "wk"),
        ("40 mg/14d", 40, 14, "d"),
    ],
)
def test_a_dose_over_time(dose: str, value: float, period: int, unit: str) -> None:
    one = written("drug", {"drug": "prednisone", "from": "2026-01-01", "dose": dose})
    assert one["status"] == "active"
    dosage = one["dosage"][0]
    assert dosage["doseAndRate"][0]["doseQuantity"]["value"] == value
    assert dosage["timing"]["repeat"] == {"frequency": 1, "period": period, "periodUnit": unit}


def test_a_route() -> None:
    one = written("drug", {"drug": "prednisone", "route": "intravenous"})
    assert coding(one["dosage"][0]["route"]) == ("http://snomed.info/sct", "47625008")


def test_an_exposure_without_a_drug() -> None:
    thinner = written("blood_thinner", {"from": "2026-01-01"})["medicationCodeableConcept"]
    assert coding(thinner)[1] == "11289"
    cells = written("cells", {"on": "2012-01-01"})
    assert coding(cells["medicationCodeableConcept"]) == ("urn:gradatim:element", "cells")
    assert cells["effectiveDateTime"] == "2012-01-01"


def test_a_condition() -> None:
    one = written("illness", {"from": "2026-01", "to": "2026-03-01", "recorded": "2026-01-09"})
    assert coding(one["code"]) == ("http://snomed.info/sct", "22298006")
    assert (one["onsetDateTime"], one["abatementDateTime"]) == ("2026-01", "2026-03-01")
    assert coding(one["clinicalStatus"])[1] == "resolved"


def test_a_condition_that_is_no_longer_believed() -> None:
    refuted = written("illness", {"from": "2026-01", "status": "refuted"})
    assert coding(refuted["verificationStatus"])[1] == "refuted"
    assert "clinicalStatus" not in written("illness", {"status": "entered-in-error"})


def test_a_pattern_of_codes_is_no_code() -> None:
    assert coding(written("ranges", {"from": "2026"})["code"])[0] == "urn:gradatim:element"


def test_a_procedure_consent_and_participation() -> None:
    operation = written("operation", {"on": "2026-09-16"})
    assert operation["performedDateTime"] == "2026-09-16"
    consent = written("consent", {"on": "2026-10-30"})
    assert (consent["status"], consent["dateTime"]) == ("active", "2026-10-30")
    study = written("other_study", {"from": "2026-01-10", "to": "2026-09-16"})
    assert (study["resourceType"], study["status"]) == ("ResearchSubject", "off-study")
    assert written("other_study", {"from": "2026-01-10"})["status"] == "on-study"
    stated = written("other_study", {"answer": True, "from": "2026-01-10"})
    assert stated["effectivePeriod"] == {"start": "2026-01-10"}


def test_allergies() -> None:
    person = Person.model_validate(
        {
            "id": "p",
            "allergies": [
                {
                    "substance": "penicillin",
                    "reaction": "anaphylaxis",
                    "severity": "severe",
                    "code": "snomed 91936005",
                    "criticality": "high",
                    "on": "2019-05",
                },
                {"substance": "latex", "verification": "entered-in-error"},
            ],
        }
    )
    made = bundle(person, {})
    assert faults(made) == []
    first, second = (entry["resource"] for entry in made["entry"][1:])
    assert first["code"]["text"] == "penicillin"
    assert first["reaction"][0]["severity"] == "severe"
    assert "clinicalStatus" not in second
    assert "reaction" not in second


def test_a_person_of_whom_nothing_is_known() -> None:
    made = bundle(Person(id="p"), {})
    (entry,) = made["entry"]
    assert entry["resource"] == {"resourceType": "Patient", "id": "p"}


def test_the_check_of_shape_sees_what_is_wrong() -> None:
    records = {"illness": {"from": "2026", "to": "2026"}}
    person = Person.model_validate({"id": "p", "records": records})
    made = bundle(person, ELEMENTS)
    condition = made["entry"][1]["resource"]
    condition["clinicalStatus"]["coding"][0]["code"] = "active"
    condition["onsetDateTime"] = "14.05.2026"
    condition["subject"] = {"reference": "Patient/another"}
    condition["severity"] = ""
    found = " ".join(faults(made))
    for said in ("con-4", "is no date", "subject is not the patient", "severity is no field"):
        assert said in found


def test_an_element_the_protocol_does_not_have() -> None:
    with pytest.raises(UnusableInput, match=r"person p: the protocol has no element 'sodium'"):
        written("sodium", {"value": 140})


def test_a_kind_that_is_not_written() -> None:
    person = Person.model_validate({"id": "p", "records": {"harm": {"value": 3}}})
    with pytest.raises(UnusableInput, match=r"adverse_event \(harm\) cannot be written"):
        bundle(person, {"harm": element("adverse_event")})


def test_the_same_person_is_written_the_same() -> None:
    person = Person.model_validate({"id": "p", "records": {"potassium": {"value": 4}}})
    assert json.dumps(bundle(person, ELEMENTS)) == json.dumps(bundle(person, ELEMENTS))
