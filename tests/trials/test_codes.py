"""What common sources send, and what it is of in the bundled protocols."""

import pytest

from gradatim.clinical.drugs import drugs_by_code
from gradatim.evidence.codebook import Codebook, CodeMeaning
from gradatim.protocol.load import load

STUDIES = {name: load(name).study for name in ("nct05962762", "example_oncology_tablet")}
BOOKS = {name: Codebook(one.elements, one.study.id) for name, one in STUDIES.items()}
TRIAL, TABLET = BOOKS["nct05962762"], BOOKS["example_oncology_tablet"]
USED, ELSE, OPEN = CodeMeaning.USED, CodeMeaning.SOMETHING_ELSE, CodeMeaning.NOT_KNOWN

SENT = [
    # the system, the code, what it is called, an element, what the code says of it
    ("snomed", "254837009", "malignant neoplasm of breast", "malignancy", USED),
    ("snomed", "254837009", "malignant neoplasm of breast", "carcinoma_in_situ", ELSE),
    ("snomed", "126906006", "neoplasm of prostate", "malignancy", OPEN),
    ("snomed", "92691004", "carcinoma in situ of prostate", "malignancy", ELSE),
    ("snomed", "162573006", "suspected lung cancer", "malignancy", OPEN),
    ("icd10", "Z85.3", "history of breast cancer", "malignancy", OPEN),
    ("icd10", "D46.9", "myelodysplastic syndrome", "malignancy", OPEN),
    ("icd10", "D12.6", "polyp of colon", "malignancy", ELSE),
    ("icd10", "C44.90", "malignant neoplasm of skin", "basal_cell_carcinoma", OPEN),
    ("icd10", "C43.9", "melanoma", "basal_cell_carcinoma", ELSE),
    ("snomed", "401314000", "NSTEMI", "myocardial_infarction", USED),
    ("snomed", "1755008", "old infarction", "myocardial_infarction", OPEN),
    ("icd10", "I20.0", "unstable angina", "myocardial_infarction", ELSE),
    ("snomed", "422504002", "ischaemic stroke", "ischaemic_stroke", USED),
    ("icd10", "G45.9", "transient ischaemic attack", "ischaemic_stroke", ELSE),
    ("snomed", "410429000", "cardiac arrest", "severe_arrhythmia", USED),
    ("icd10", "I46.9", "cardiac arrest", "severe_arrhythmia", USED),
    ("icd10", "I44.2", "complete heart block", "severe_arrhythmia", OPEN),
    ("icd10", "I48.91", "atrial fibrillation", "severe_arrhythmia", OPEN),
    ("snomed", "180325003", "cardioversion", "severe_arrhythmia", OPEN),
    ("icd10", "I10", "hypertension", "severe_arrhythmia", ELSE),
    ("icd10", "J18.9", "pneumonia", "serious_infection", OPEN),
    ("icd10", "A41.9", "sepsis", "serious_infection", USED),
    ("icd10", "J06.9", "common cold", "serious_infection", ELSE),
    ("icd10", "B35.3", "tinea of the foot", "serious_infection", ELSE),
    ("icd10", "I82.90", "thrombosis of a vein not named", "deep_vein_thrombosis", OPEN),
    ("snomed", "62479008", "AIDS", "hiv_infection", USED),
    ("snomed", "47505003", "PTSD", "mental_illness", USED),
    ("snomed", "192127007", "attention deficit disorder of childhood", "mental_illness", USED),
    ("snomed", "370143000", "major depression", "mental_illness", USED),
    ("snomed", "370143000", "major depression", "severe_mental_illness", OPEN),
    ("snomed", "26929004", "Alzheimer's disease", "mental_illness", OPEN),
    ("icd10", "F32.9", "depressive episode", "severe_mental_illness", OPEN),
    ("icd10", "F17.2", "tobacco", "drug_abuse", ELSE),
    ("snomed", "5602001", "opioid abuse", "drug_abuse", USED),
    ("icd10", "F10.3", "alcohol withdrawal", "alcoholism", OPEN),
    ("icd10", "Z94.84", "stem cells transplant status", "stem_cell_therapy", USED),
    ("icd10", "Z94.8", "other transplant status", "stem_cell_therapy", OPEN),
    ("snomed", "699253003", "surgical manipulation of knee", "joint_surgery", USED),
    ("snomed", "178584007", "anterior cervical decompression and fusion", "spinal_surgery", USED),
    ("rxnorm", "114194", "warfarin sodium", "anticoagulant", USED),
    ("rxnorm", "1659149", "piperacillin and tazobactam", "iv_antibiotic", USED),
    ("rxnorm", "1872980", "adalimumab as Humira", "biologic", USED),
    ("rxnorm", "835900", "ciclosporin", "dmard", USED),
    ("rxnorm", "310965", "ibuprofen 200 mg", "nsaid", USED),
    ("rxnorm", "310965", "ibuprofen 200 mg", "biologic", ELSE),
    ("rxnorm", "106258", "hydrocortisone cream", "systemic_glucocorticoid", OPEN),
    ("loinc", "30239-8", "AST with P-5'-P", "ast", USED),
    ("loinc", "38483-4", "creatinine in blood", "creatinine", USED),
    ("loinc", "8806-2", "LVEF by 2D echo", "lvef", USED),
]


@pytest.mark.parametrize(("system", "code", "_name", "element", "outcome"), SENT)
def test_what_common_sources_send(
    system: str, code: str, _name: str, element: str, outcome: CodeMeaning
) -> None:
    assert TRIAL.outcome([(system, code)], element) is outcome


@pytest.mark.parametrize(
    ("system", "code", "element", "outcome"),
    [
        ("snomed", "254632001", "solid_tumour", USED),
        ("snomed", "363346000", "solid_tumour", OPEN),
        ("icd10", "C92.0", "solid_tumour", ELSE),
        ("icd10", "D48.5", "solid_tumour", OPEN),
        ("snomed", "180207008", "red_cell_transfusion", USED),
        ("snomed", "116859006", "red_cell_transfusion", OPEN),
        ("rxnorm", "1736854", "systemic_anticancer_therapy", USED),
        ("icd10", "C79.9", "brain_metastases", OPEN),
    ],
)
def test_what_common_sources_send_to_a_trial_of_tablets(
    system: str, code: str, element: str, outcome: CodeMeaning
) -> None:
    assert TABLET.outcome([(system, code)], element) is outcome


def test_strengths_and_brands_of_one_drug_are_one_ingredient() -> None:
    """Two products of one ingredient are not two NSAIDs."""
    for (system, code), drug in drugs_by_code().items():
        assert TRIAL.lookup(system, code)[1] == drug.name


@pytest.mark.parametrize("name", sorted(STUDIES))
def test_no_code_is_listed_twice_in_an_element(name: str) -> None:
    for element in STUDIES[name].elements.values():
        for groups in (element.codes, element.perhaps):
            every = [(group.system, code) for group in groups for code in group.codes]
            assert len(every) == len(set(every)), element.label
