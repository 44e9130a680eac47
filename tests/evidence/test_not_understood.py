"""Not understood is not absent: of which elements a record may be that its codes do not place.

Each case names the elements of the trial's protocol that the record must keep open, and some that
it must not. Sources: the hierarchy of ICD-10 (WHO) and ATC (WHOCC); SNOMED CT and RxNorm codes as
their browsers show them.
"""

from datetime import date
from typing import Any

import pytest

from gradatim.evidence.codebook import Codebook, CodeMeaning
from gradatim.evidence.facts import Facts
from gradatim.evidence.fhir.reader import read_facts
from gradatim.protocol.load import load
from tests.evidence.people import state

STUDY = load("nct05962762").study
BOOK = Codebook(STUDY.elements, STUDY.study.id)
ON = date(2026, 11, 16)
SNOMED, RXNORM = "http://snomed.info/sct", "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC, ICD10 = "http://www.whocc.no/atc", "http://hl7.org/fhir/sid/icd-10"
CM, GM = f"{ICD10}-cm", "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
LOCAL = "urn:gradatim:element"
CONDITIONS = {name for name, one in STUDY.elements.items() if one.kind == "condition"}
EXPOSURES = {name for name, one in STUDY.elements.items() if one.kind == "exposure"}
PROCEDURES = {name for name, one in STUDY.elements.items() if one.kind == "procedure"}
COVERABLE = CONDITIONS | EXPOSURES | PROCEDURES


def coded(*pairs: tuple[str, Any], text: str = "") -> dict[str, Any]:
    coding = [{"system": system, "code": code} for system, code in pairs]
    return {"coding": coding} | ({"text": text} if text else {})


def person(*resources: Any) -> Facts:
    """Read a person with these resources, or entries that hold none."""
    patient = {"resourceType": "Patient", "id": "p1", "birthDate": "1990-05-04"}
    entries = [{"resource": one} for one in (patient, *resources)]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return read_facts(bundle, BOOK, STUDY.elements, on=ON)


def condition(code: Any, **fields: Any) -> dict[str, Any]:
    return {"resourceType": "Condition", "id": "c", "code": code, **fields}


def drug(code: Any, kind: str = "MedicationStatement", **fields: Any) -> dict[str, Any]:
    return {
        "resourceType": kind,
        "id": "m",
        "status": "active",
        "medicationCodeableConcept": code,
        **fields,
    }


def procedure(code: Any) -> dict[str, Any]:
    return {"resourceType": "Procedure", "id": "r", "status": "completed", "code": code}


def open_of(*resources: Any) -> set[str]:
    return set(person(*resources).not_understood)


# --- diagnoses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        (SNOMED, "188147009"),
        (SNOMED, "38341003"),
        ("http://loinc.org", "1920-8x"),
        ("urn:oid:1.2.3", "CA"),
        (CM, "174.9"),
        (ICD10, "cancer"),
    ],
)
def test_a_code_in_no_list_keeps_every_condition_open(code: tuple[str, str]) -> None:
    assert open_of(condition(coded(code))) == CONDITIONS


@pytest.mark.parametrize("code", ["J06.9", "j06.9", "J069", "I10", "R05", "E11.9", "Z00.00", "Z23"])
@pytest.mark.parametrize("system", [ICD10, CM, GM])
def test_the_hierarchy_of_icd_10_proves_what_a_disease_is_not(system: str, code: str) -> None:
    assert not open_of(condition(coded((system, code))))


@pytest.mark.parametrize(
    ("code", "element"),
    [
        ("C34.1", "malignancy"),
        ("c509", "malignancy"),
        ("I2141", "myocardial_infarction"),
        ("i21.4", "myocardial_infarction"),
        ("I4720", "severe_arrhythmia"),
        ("C34.-", "malignancy"),
        ("B20+", "hiv_infection"),
        ("M45.0 ", "ankylosing_spondylitis"),
    ],
)
@pytest.mark.parametrize("system", [ICD10, CM, GM])
def test_a_code_is_known_however_it_is_written(system: str, code: str, element: str) -> None:
    found = person(condition(coded((system, code))))
    assert element in found.by_element
    assert element not in found.not_understood


@pytest.mark.parametrize(
    ("code", "element"),
    [
        ("I49", "severe_arrhythmia"),
        ("I47", "severe_arrhythmia"),
        ("F32", "severe_mental_illness"),
        ("M45.09", "ankylosing_spondylitis"),
        ("I82", "deep_vein_thrombosis"),
    ],
)
def test_a_code_above_or_below_may_be_it(code: str, element: str) -> None:
    assert element in open_of(condition(coded((ICD10, code))))
    assert "malignancy" not in open_of(condition(coded((ICD10, code))))


@pytest.mark.parametrize(
    "code",
    [
        "Z85.3",
        "Z86.73",
        "I25.2",
        "I69.3",
        "B90.9",
        "B94.2",
        "O98.7",
        "O88.2",
        "P29.1",
        "T86.4",
        "U07.1",
        "R65.21",
        "R75",
        "Z22.5",
        "Y83.1",
        "R99",
    ],
)
def test_history_sequelae_and_their_like_prove_nothing(code: str) -> None:
    assert open_of(condition(coded((ICD10, code)))) >= CONDITIONS - {"hiv_infection"}


def test_a_status_code_among_diagnoses_tells_of_treatment() -> None:
    assert open_of(condition(coded((CM, "Z94.9")))) >= PROCEDURES | {"stem_cell_therapy"}
    assert "biologic" not in open_of(condition(coded((CM, "Z94.9"))))
    assert "stem_cell_therapy" in person(condition(coded((CM, "Z94.84")))).by_element
    assert open_of(condition(coded((CM, "Z79.52")))) >= EXPOSURES - {"stem_cell_therapy"}
    assert not open_of(condition(coded((CM, "Z80.3")))), "the family's history is not theirs"


def test_a_code_of_another_element_is_known() -> None:
    found = person(condition(coded((SNOMED, "22298006"))))
    assert set(found.by_element) == {"myocardial_infarction"}
    assert not found.not_understood


@pytest.mark.parametrize("extra", [(SNOMED, "423050000"), ("urn:oid:1.2.3", "x"), (CM, "Z99.9")])
@pytest.mark.parametrize("known", ["J06.9", "C34.1"])
def test_beside_a_code_that_is_known_one_that_is_not_says_nothing(
    known: str, extra: tuple[str, str]
) -> None:
    alone = person(condition(coded((ICD10, known))))
    for codes in ([(ICD10, known), extra], [extra, (ICD10, known)]):
        found = person(condition(coded(*codes)))
        assert found.by_element == alone.by_element
        assert set(found.not_understood) & CONDITIONS == set(alone.not_understood)


@pytest.mark.parametrize(
    "code",
    [
        {"text": "Mamma-Ca"},
        {"coding": [{"display": "breast cancer"}]},
        {},
        None,
        {"coding": [{"system": SNOMED, "display": "breast cancer", "userSelected": True}]},
        {"coding": [{"system": SNOMED, "code": None}]},
        {"coding": [None]},
        "C50.9",
        {"coding": [{"system": ICD10, "code": 509}]},
    ],
)
def test_without_a_code_that_can_be_read_every_condition_is_open(code: Any) -> None:
    assert open_of(condition(code)) == CONDITIONS


def test_what_it_is_coded_as_is_told() -> None:
    code = {
        "coding": [
            {"system": SNOMED, "code": "188147009", "display": "Malignant\nneoplasm"},
            {"system": "urn:x", "code": "CA"},
        ]
    }
    (one,) = person(condition(code)).not_used
    written = [str(code) for code in one.codes]
    assert written == ["SNOMED CT 188147009 (Malignant neoplasm)", "urn:x CA"]
    assert one.why == f"its code is not known here: {', '.join(written)}"


@pytest.mark.parametrize(
    "why",
    [
        {"verificationStatus": state("condition-ver-status", "refuted")},
        {"verificationStatus": state("condition-ver-status", "entered-in-error")},
        {"subject": {"reference": "Patient/another"}},
    ],
)
def test_a_record_that_says_nothing_of_the_person_keeps_nothing_open(why: Any) -> None:
    assert not open_of(condition(coded((SNOMED, "188147009")), **why))


# --- drugs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        (RXNORM, "2588478"),
        (SNOMED, "407317001"),
        ("http://hl7.org/fhir/sid/ndc", "0074-0554-02"),
        (LOCAL, "snake_oil"),
        (ATC, "adalimumab"),
        (ATC, "L"),
    ],
)
def test_a_drug_in_no_list_keeps_every_exposure_open(code: tuple[str, str]) -> None:
    assert open_of(drug(coded(code))) == EXPOSURES


def test_a_known_ingredient_is_nothing_else() -> None:
    for code in ((RXNORM, "5640"), (ATC, "M01AE01"), (ATC, "m01ae01"), (LOCAL, "ibuprofen")):
        found = person(drug(coded(code)))
        assert set(found.by_element) == {"nsaid"}
        assert not found.not_understood


@pytest.mark.parametrize(
    ("code", "open_", "closed"),
    [
        ("N02BE01", set(), {"biologic", "dmard", "nsaid", "iv_antibiotic", "anticoagulant"}),
        ("B01AC06", set(), {"biologic", "dmard", "nsaid", "anticoagulant"}),
        ("L04A", {"biologic", "dmard"}, {"nsaid", "anticoagulant"}),
        ("L04", {"biologic", "dmard"}, {"nsaid"}),
        ("L04AA", {"dmard", "biologic"}, {"nsaid"}),
        ("L01EX01", {"dmard", "biologic"}, {"anticoagulant", "iv_antibiotic"}),
        ("M01AE20", {"nsaid"}, {"biologic", "anticoagulant"}),
        ("M01AE52", {"nsaid", "biologic"}, set()),
        ("N02AJ08", {"nsaid"}, set()),
    ],
)
def test_the_hierarchy_of_atc_proves_what_a_drug_is_not(
    code: str, open_: set[str], closed: set[str]
) -> None:
    found = open_of(drug(coded((ATC, code))))
    assert found >= open_ | {"stem_cell_therapy"}, "which no ATC code defines"
    assert not found & closed


def test_an_ingredient_counts_by_its_atc_code_whatever_code_names_it() -> None:
    """Minocycline is an antibiotic: an ATC code J01AA08."""
    iv = [{"route": coded((SNOMED, "47625008"))}]
    for code in ((ATC, "J01AA08"), (RXNORM, "6980"), (LOCAL, "minocycline")):
        assert "iv_antibiotic" in person(drug(coded(code), dosage=iv)).by_element


def test_the_route_tells_what_a_drug_is_not() -> None:
    oral = [{"route": coded((SNOMED, "26643006"))}]
    found = open_of(drug(coded((RXNORM, "2588478")), dosage=oral))
    assert "iv_antibiotic" not in found
    assert "biologic" in found


def combination(*ingredients: Any, code: Any = None) -> list[dict[str, Any]]:
    made = {"resourceType": "Medication", "id": "d", "ingredient": list(ingredients)}
    given = {
        "resourceType": "MedicationStatement",
        "id": "m",
        "status": "active",
        "medicationReference": {"reference": "Medication/d"},
    }
    return [made | ({"code": code} if code else {}), given]


IBUPROFEN = {"itemCodeableConcept": coded((RXNORM, "5640"))}


def test_a_combination_is_known_by_its_code_or_by_all_that_is_in_it() -> None:
    product = coded((RXNORM, "2588478"))
    assert not open_of(*combination(IBUPROFEN, code=product))
    other = {"itemCodeableConcept": coded((RXNORM, "99999"))}
    assert "biologic" in open_of(*combination(IBUPROFEN, other, code=product))
    named = {"itemReference": {"reference": "Substance/1"}}
    assert "biologic" in open_of(*combination(IBUPROFEN, named))
    assert "nsaid" in person(*combination(IBUPROFEN, named)).by_element


@pytest.mark.parametrize(
    ("kind", "status", "kept"),
    [
        ("MedicationStatement", "not-taken", False),
        ("MedicationStatement", "intended", False),
        ("MedicationStatement", "entered-in-error", False),
        ("MedicationStatement", None, True),
        ("MedicationStatement", "aktiv", True),
        ("MedicationAdministration", "unknown", True),
        ("MedicationAdministration", "on-hold", True),
        ("MedicationAdministration", "not-done", False),
        ("MedicationRequest", "cancelled", False),
        ("MedicationRequest", "draft", False),
    ],
)
def test_a_status_that_does_not_tell_whether_it_was_taken_keeps_it_open(
    kind: str, status: str | None, kept: bool
) -> None:
    adalimumab = coded((RXNORM, "327361"))
    assert open_of(drug(adalimumab, kind, status=status)) == ({"biologic"} if kept else set())


def test_a_plan_to_take_keeps_it_open() -> None:
    planned = drug(coded((RXNORM, "327361")), "MedicationRequest", intent="plan")
    assert open_of(planned) == {"biologic"}


# --- procedures -----------------------------------------------------------------------------------


def test_a_procedure_of_unknown_code_may_be_how_cells_were_given() -> None:
    found = open_of(procedure(coded((SNOMED, "174776001"))))
    assert found == PROCEDURES | {"stem_cell_therapy"}
    assert not open_of(procedure(coded((SNOMED, "55705006")))) & PROCEDURES - {"joint_surgery"}


# --- what is not read, or cannot be ---------------------------------------------------------------


def test_what_cannot_be_read_may_be_all_that_such_a_record_can_be() -> None:
    cancer = {"coding": [None, {"system": ICD10, "code": "C50.9"}]}
    assert open_of(condition(cancer)) == CONDITIONS
    assert open_of(drug({"coding": [{"system": RXNORM, "code": 327361}]})) == EXPOSURES
    dated = condition(coded((ICD10, "C50.9")), onsetDateTime="long ago")
    assert open_of(dated) == {"malignancy"}
    assert open_of(condition(coded((ICD10, "J06.9")), onsetDateTime="long ago")) == set()


@pytest.mark.parametrize("entry", [{"code": coded((ICD10, "C50.9"))}, {"resourceType": 7}, [], "x"])
def test_an_entry_that_is_no_resource_may_be_anything(entry: Any) -> None:
    assert open_of(entry) == COVERABLE


def test_an_entry_without_a_resource_is_nothing() -> None:
    assert open_of(None) == set()


@pytest.mark.parametrize(
    ("resource", "kept"),
    [
        (drug(coded((RXNORM, "327361")), "MedicationDispense", status="completed"), set()),
        (drug(coded((RXNORM, "327361")), "MedicationDispense", status="?"), {"biologic"}),
        (drug(coded((RXNORM, "327361")), "MedicationDispense", status="cancelled"), set()),
        (drug(coded((RXNORM, "2588478")), "MedicationDispense"), EXPOSURES),
        (
            {
                "resourceType": "ExplanationOfBenefit",
                "id": "e",
                "diagnosis": [{"diagnosisCodeableConcept": coded((ICD10, "C50.9"))}],
            },
            {"malignancy"},
        ),
        (
            {
                "resourceType": "Claim",
                "id": "e",
                "procedure": [
                    {"procedureCodeableConcept": coded(("http://www.ama-assn.org/go/cpt", "22551"))}
                ],
            },
            PROCEDURES | {"stem_cell_therapy"},
        ),
        (
            {
                "resourceType": "ExplanationOfBenefit",
                "id": "e",
                "diagnosis": [{"diagnosisReference": {"reference": "Condition/1"}}],
            },
            set(),
        ),
        ({"resourceType": "Bundle", "id": "b", "entry": []}, set()),
        (
            {"resourceType": "Bundle", "id": "b", "entry": [{"response": {"status": "403"}}]},
            COVERABLE,
        ),
        ({"resourceType": "Bundle", "id": "b", "entry": {}}, COVERABLE),
        ({"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}, COVERABLE),
        ({"resourceType": "OperationOutcome", "issue": [{"severity": "warning"}]}, set()),
        ({"resourceType": "Parameters", "parameter": []}, COVERABLE),
        ({"resourceType": "Encounter", "id": "e"}, set()),
        ({"resourceType": "Account", "id": "a", "subject": [{"reference": "Patient/p1"}]}, set()),
    ],
)
def test_types_that_are_not_read_keep_open_what_they_may_tell_of(
    resource: dict[str, Any], kept: set[str]
) -> None:
    assert open_of(resource) == kept


BREAST_CANCER = coded((ICD10, "C50.9"))
DESCENDANT = coded((SNOMED, "188147009"))


def beside(kind: str, **fields: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": "e", **fields}


@pytest.mark.parametrize(
    "resource",
    [
        beside("Encounter", status="finished", reasonCode=[BREAST_CANCER]),
        beside("ServiceRequest", status="completed", reasonCode=[BREAST_CANCER]),
        beside(
            "QuestionnaireResponse",
            item=[{"answer": [{"valueCoding": {"system": ICD10, "code": "c509"}}]}],
        ),
        beside("Composition", section=[{"entry": []}, {"code": BREAST_CANCER}]),
        beside("Flag", status="active", code=BREAST_CANCER),
        {**drug(coded((LOCAL, "ibuprofen"))), "reasonCode": [BREAST_CANCER]},
        {**procedure(coded((LOCAL, "joint_surgery"))), "complication": [BREAST_CANCER]},
        beside(
            "Observation",
            status="final",
            code=coded(("http://loinc.org", "29308-4")),
            valueCodeableConcept=BREAST_CANCER,
        ),
        beside("Observation", status="final", code=BREAST_CANCER),
        beside("Observation", status="preliminary", code=BREAST_CANCER, valueBoolean=True),
        beside("RiskAssessment", contained=[condition(BREAST_CANCER)]),
        beside("Encounter", modifierExtension=[{"url": "x"}], contained=[condition(BREAST_CANCER)]),
        beside("Encounter", contained=[condition(BREAST_CANCER, subject={"reference": "#who"})]),
        beside(
            "List",
            contained=[
                beside(
                    "ExplanationOfBenefit", diagnosis=[{"diagnosisCodeableConcept": BREAST_CANCER}]
                )
            ],
        ),
    ],
)
def test_a_diagnosis_that_stands_where_none_is_read_is_not_absent(resource: Any) -> None:
    assert "malignancy" in open_of(resource)
    assert "hiv_infection" not in open_of(resource)


@pytest.mark.parametrize(
    "resource",
    [
        beside("DiagnosticReport", status="final", conclusionCode=[DESCENDANT]),
        beside("ClinicalImpression", finding=[{"itemCodeableConcept": DESCENDANT}]),
        beside("AdverseEvent", actuality="actual", event=DESCENDANT),
        beside("CarePlan", contained=[condition(DESCENDANT)]),
        {**drug(coded((LOCAL, "ibuprofen"))), "contained": [condition(DESCENDANT)]},
    ],
)
def test_a_conclusion_in_no_list_keeps_every_condition_open(resource: Any) -> None:
    assert open_of(resource) == CONDITIONS


OF_ANOTHER = {"subject": {"reference": "Patient/p2"}}


@pytest.mark.parametrize(
    "resource",
    [
        beside("Encounter", status="entered-in-error", reasonCode=[BREAST_CANCER]),
        beside("Encounter", status="cancelled", contained=[condition(BREAST_CANCER)]),
        beside("Encounter", reasonCode=[BREAST_CANCER], **OF_ANOTHER),
        beside("Encounter", contained=[condition(BREAST_CANCER)], **OF_ANOTHER),
        beside("Encounter", contained=[condition(BREAST_CANCER, **OF_ANOTHER)]),
        beside(
            "Encounter",
            contained=[
                condition(
                    BREAST_CANCER, verificationStatus=state("condition-ver-status", "refuted")
                )
            ],
        ),
        beside("FamilyMemberHistory", condition=[{"code": BREAST_CANCER}]),
        beside("Observation", status="entered-in-error", code=BREAST_CANCER, valueBoolean=True),
        beside("Encounter", reasonCode=[coded((ICD10, "J06.9"))]),
    ],
)
def test_a_mention_of_nothing_or_of_somebody_else_keeps_nothing_open(resource: Any) -> None:
    assert open_of(resource) == set()


def test_a_record_nested_however_deeply_is_looked_through() -> None:
    deep: Any = [BREAST_CANCER]
    for _ in range(5_000):
        deep = [deep]
    assert open_of(beside("Basic", extension=deep)) == {"malignancy"}


def test_of_dosages_by_different_routes_one_may_be_what_counts() -> None:
    routes = [{"route": coded((SNOMED, code))} for code in ("26643006", "47625008")]
    product = coded((RXNORM, "2588478"))
    for some in (routes, routes[::-1]):
        assert "iv_antibiotic" in open_of(drug(product, dosage=some))
    assert "iv_antibiotic" not in open_of(drug(product, dosage=routes[:1]))


# --- the three outcomes ---------------------------------------------------------------------------


def test_no_code_excludes_an_element_that_its_system_does_not_define() -> None:
    assert BOOK.outcome([("icd10", "I10")], "nsaid") is CodeMeaning.NOT_KNOWN
    assert BOOK.outcome([("icd10", "I10")], "joint_surgery") is CodeMeaning.NOT_KNOWN
    assert BOOK.outcome([("icd10", "I10")], "malignancy") is CodeMeaning.SOMETHING_ELSE
    assert BOOK.outcome([], "malignancy") is CodeMeaning.NOT_KNOWN
    assert BOOK.outcome([("icd10", "C50.9")], "malignancy") is CodeMeaning.USED
