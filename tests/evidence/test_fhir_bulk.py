"""Bulk export folders: each line goes to its person, or is reported; a real sample reconciled."""

import json
from collections import Counter
from pathlib import Path

import pytest

from gradatim.core.errors import UnusableInput
from gradatim.evidence.codebook import Codebook
from gradatim.evidence.fhir.bulk import ndjson
from gradatim.evidence.fhir.reader import read_facts
from gradatim.protocol.elements import COVERABLE, Allergies, Element
from tests.evidence.people import (
    LOCAL,
    ON,
    coded,
    concept,
    facts_of,
    lab,
    patient,
    read_bundle,
    resource,
)

SAMPLE = Path(__file__).parents[3] / "shared/data/fhir-10-patients"


def write(folder, **files):
    for name, lines in files.items():
        text = "\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines)
        (folder / f"{name}.ndjson").write_text(text + "\n")


def statement(id_, person, drug):
    return resource(
        "MedicationStatement",
        id_,
        status="active",
        subject={"reference": person},
        medicationReference={"reference": drug},
    )


def test_lines_go_to_their_people_or_are_reported(tmp_path):
    drug = {"resourceType": "Medication", "code": concept(LOCAL, "stem_cells")}
    write(
        tmp_path,
        Patient=[patient(), patient(id="p2")],
        Observation=[
            lab("o1"),
            "",
            "{oops",
            lab("o2", subject={"reference": "Patient/p2"}),
            "[]",
            lab("o3", subject={"reference": "Patient/p3"}),
            lab("o4", subject=None),
            "{}",
        ],
        Medication=[{**drug, "id": "m"}, {**drug, "id": "unused"}],
        MedicationStatement=[
            statement("s1", "Patient/p1", "Medication/m"),
            statement("s2", "https://h/Patient/p2", "Medication/m"),
        ],
        AllergyIntolerance=[resource("AllergyIntolerance", "g1", criticality="high")],
    )
    export = ndjson(tmp_path)
    people = [read_bundle(bundle) for bundle in export.bundles()]
    assert export.read == 14
    assert [(one.person, one.read) for one in people] == [("p1", 5), ("p2", 4)]
    assert sorted(fact.id for one in people for fact in facts_of(one)) == [
        "AllergyIntolerance/g1",
        "MedicationStatement/s1",
        "MedicationStatement/s2",
        "Observation/o1",
        "Observation/o2",
    ]
    reported = {one.id: one.why for one in export.not_used}
    assert reported.keys() == {
        "Observation.ndjson:3",
        "Observation.ndjson:5",
        "Observation.ndjson:8",
        "Observation/o3",
        "Observation/o4",
        "Medication/unused",
    }
    assert reported["Observation.ndjson:3"].startswith("is not a resource in JSON")
    assert reported["Observation.ndjson:8"] == "has no resourceType"
    assert reported["Observation/o3"] == "its Patient/p3 is not in this export"
    assert reported["Observation/o4"] == "names no patient"
    assert reported["Medication/unused"] == "is named by no record of a person here"


def test_two_patients_of_one_id_make_that_person_unusable(tmp_path):
    write(tmp_path, Patient=[patient(), patient(), patient(id="p2")])
    first, second = ndjson(tmp_path).bundles()
    with pytest.raises(UnusableInput, match="there are 2 Patients"):
        read_bundle(first)
    assert read_bundle(second).person == "p2"


def test_a_folder_without_an_export(tmp_path):
    with pytest.raises(UnusableInput, match=r"it holds no \*.ndjson files"):
        ndjson(tmp_path)
    write(tmp_path, Observation=[lab()])
    with pytest.raises(UnusableInput, match="there is no Patient in this bulk export"):
        ndjson(tmp_path)


ASKED = {
    "sepsis": Element(kind="condition", label="sepsis", codes=coded("snomed", "91302008")),
    "reconciliation": Element(
        kind="procedure", label="reconciliation", codes=coded("snomed", "430193006")
    ),
    "lisinopril": Element(kind="exposure", label="lisinopril", codes=coded("rxnorm", "314076")),
    "aspirin_allergy": Element(
        kind="answer", label="allergy to aspirin", allergies=Allergies(substances=["aspirin"])
    ),
}


@pytest.mark.skipif(
    not SAMPLE.is_dir(), reason=f"the sample export {SAMPLE.name} is not in shared/data"
)
def test_the_sample_export_is_read_without_losing_a_resource():
    lines = {path.stem: len(path.read_text().splitlines()) for path in SAMPLE.glob("*.ndjson")}
    export, codebook = ndjson(SAMPLE), Codebook(ASKED)
    assert export.read == sum(lines.values())
    assert export.not_used == []
    read_ = 0
    used: Counter[str] = Counter()
    why: Counter[tuple[str, str]] = Counter()
    for bundle in export.bundles():
        facts = read_facts(bundle, codebook, ASKED, on=ON)
        read_ += facts.read
        used.update(id_.split("/")[0] for id_ in {fact.id for fact in facts_of(facts)})
        used["Patient"] += 1
        why.update((one.id.split("/")[0], one.why) for one in facts.not_used)
    assert read_ == export.read
    assert {
        kind: used[kind] + sum(n for (k, _), n in why.items() if k == kind) for kind in lines
    } == lines
    assert used == expected_use(lines)
    assert {(kind, told.split(": ")[0]) for kind, told in why} == {
        ("AllergyIntolerance", "a mild allergy answers no question of this protocol"),
        ("Condition", "its code is not known here"),
        ("Immunization", "resource type Immunization is not read"),
        ("MedicationRequest", "its code is not known here"),
        ("MedicationRequest", "not asked about by this protocol"),
        ("Procedure", "its code is not known here"),
    }


def expected_use(lines):
    """Count the lines that hold an asked code, without reading them as FHIR."""
    held = {
        "Condition": '"91302008"',
        "Procedure": '"430193006"',
        "MedicationRequest": '"314076"',
        "AllergyIntolerance": '"text":"Aspirin"',
    }
    counts = {
        kind: sum(code in line for line in (SAMPLE / f"{kind}.ndjson").read_text().splitlines())
        for kind, code in held.items()
    }
    return Counter(counts | {"Patient": lines["Patient"]})


def test_a_line_without_a_type_is_its_persons_and_may_be_anything(tmp_path):
    lines = {
        "Patient": [
            '{"resourceType": "Patient", "id": "a", "birthDate": "1990-01-01"}',
            '{"resourceType": "Patient", "id": "b", "birthDate": "1990-01-01"}',
        ],
        "Condition": [
            '{"id": "c", "subject": {"reference": "Patient/a"}}',
            '{"id": "d", "subject": {"reference": "Patient/x"}}',
        ],
    }
    for kind, some in lines.items():
        (tmp_path / f"{kind}.ndjson").write_text("\n".join(some))
    export = ndjson(tmp_path)
    assert [(one.id, one.why) for one in export.not_used] == [
        ("Condition.ndjson:2", "has no resourceType")
    ]
    first, second = (read_facts(one, Codebook(ASKED), ASKED, on=ON) for one in export.bundles())
    coverable = {name for name, one in ASKED.items() if one.kind in COVERABLE}
    assert set(first.not_understood) == coverable
    assert not second.not_understood
