"""Codes that may be of an element, in a warehouse: they and what is below them keep it open."""

from gradatim.protocol.elements import Element
from tests.evidence.omop import warehouse as w
from tests.evidence.omop.test_understood import (
    BREAST,
    HYPERTENSION,
    NO,
    NOT_UNDERSTOOD,
    YES,
    asked,
    condition,
    store,
)

BROAD = Element(
    kind="condition",
    label="carcinoma of the skin",
    codes=w.coded("snomed", "254701007"),
    perhaps=w.coded("snomed", "363346000"),
)
BY_ICD = Element(
    kind="condition",
    label="carcinoma of the skin",
    codes=w.coded("snomed", "254701007"),
    perhaps=w.coded("icd10", "C50*"),
)
ROWS = [
    # what is recorded; a code of SNOMED CT with all below it; a code of ICD-10, and what it maps to
    (condition(w.BASAL), YES, YES),
    (condition(w.CANCER), NOT_UNDERSTOOD, NOT_UNDERSTOOD),
    (condition(BREAST), NOT_UNDERSTOOD, NO),
    (condition(HYPERTENSION), NO, NO),
    (condition(0, source_concept_id=w.CANCER), NOT_UNDERSTOOD, NOT_UNDERSTOOD),
    # what a code of ICD-10 maps to is below the first's, as the concept itself is
    (condition(0, source_concept_id=w.ICD_CANCER), NOT_UNDERSTOOD, NOT_UNDERSTOOD),
    # these are listed for another element, and so known to be something else than the first
    (condition(0, source_value="ICD10CM:C50.9"), NO, NOT_UNDERSTOOD),
    (condition(0, source_value="ICD10:C50.1"), NO, NOT_UNDERSTOOD),
]


def test_what_may_be_of_an_element_keeps_it_open() -> None:
    found = asked(store(*(row for row, *_ in ROWS)), skin=BROAD, skin_by_icd=BY_ICD)
    for person, (row, broad, by_icd) in enumerate(ROWS, 2):
        assert found[person]["skin_by_icd"] == by_icd, row
        assert found[person]["skin"] == broad, row


def test_without_such_a_code_in_the_vocabulary_absence_is_not_known() -> None:
    found = asked(store(without=(w.CANCER,)), skin=BROAD, skin_by_icd=BY_ICD)
    assert found[2]["skin"] == NOT_UNDERSTOOD
    assert found[2]["skin_by_icd"] == NO
