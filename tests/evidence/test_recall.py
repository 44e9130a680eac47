"""The benchmark on recall counts what it says it counts."""

from typing import Any

from benchmarks.recall import Found, measured, tables
from benchmarks.recall_words import EXCLUDING, WORDS
from gradatim.evidence.codebook import Codebook
from gradatim.protocol.load import load
from tests.evidence.people import ICD10, RXNORM, SNOMED, bundle, patient, resource

STUDY = load("nct05962762").study


def counted(*records: dict[str, Any]) -> Found:
    book = Codebook(STUDY.elements, STUDY.study.id)
    return measured([bundle(patient(), *records)], STUDY, book)


def diagnosis(id_: str, system: str, code: str, display: str, **fields: Any) -> dict[str, Any]:
    coding = [{"system": system, "code": code, "display": display}]
    return resource("Condition", id_, code={"coding": coding}, onsetDateTime="2020-05-01", **fields)


def test_a_record_is_recognised_or_kept_open_or_taken_for_something_else() -> None:
    found = counted(
        diagnosis("a", ICD10, "C50.9", "Malignant neoplasm of breast"),
        diagnosis("b", SNOMED, "188340000", "Cancer of the lung"),
        diagnosis("c", ICD10, "J06.9", "Cancer, or a cold"),
        diagnosis("d", ICD10, "J06.9", "A cold"),
    )
    outcomes = {"recognised": 1, "not known": 1, "taken for something else": 1}
    assert found.recall["malignancy"].outcomes == outcomes
    assert dict(found.recall["malignancy"].taken) == {"cancer, or a cold (J06.9)": 1}
    assert "| malignancy | 1 of 3 | 1 of 3 | 1 | 1 |" in tables(found)


def test_after_what_excludes_a_criterion_fails_or_is_open() -> None:
    """A diagnosis that was refuted excludes nobody; one whose code is in the list does."""
    refuted = {"coding": [{"code": "refuted"}]}
    found = counted(
        diagnosis("a", ICD10, "C50.9", "breast"),
        diagnosis("b", SNOMED, "254637007", "lung"),
        diagnosis("c", ICD10, "C18.9", "colon", verificationStatus=refuted),
    )
    # Twenty days after the second, the first is there as well.
    assert found.after["E3 malignancy"] == {"fails": 2}
    assert found.passed == []
    drug = {"coding": [{"system": SNOMED, "code": "407317001"}]}
    alone = counted(
        resource(
            "MedicationStatement",
            "d",
            status="active",
            effectiveDateTime="2020-05-01",
            medicationCodeableConcept=drug,
        )
    )
    assert alone.after["E9 biologic"] == {"unknown": 1}


def test_drugs_are_resolved_to_their_ingredients() -> None:
    def order(id_: str, code: str) -> dict[str, Any]:
        drug = {"coding": [{"system": RXNORM, "code": code}]}
        return resource(
            "MedicationRequest",
            id_,
            status="active",
            intent="order",
            authoredOn="2020-05-01",
            medicationCodeableConcept=drug,
        )

    found = counted(order("a", "5640"), order("b", "314076"))
    assert found.drugs == {True: 1, False: 1}


def test_the_lists_are_about_the_protocol() -> None:
    assert {name for one in WORDS for name in one.elements} <= STUDY.elements.keys()
    assert {one.criterion for one in EXCLUDING} <= {one.id for one in STUDY.criteria}
