"""What a code says about an element, with a vocabulary and without; names are hints.

The vocabulary here is small and made up; codes of public systems stand where those systems have
them.
"""

from datetime import date
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.clinical.drug_names import drugs_named
from gradatim.clinical.drugs import drugs
from gradatim.core.codes import WIRE_NAMES
from gradatim.evidence.codebook import Codebook, CodeMeaning, Meant
from gradatim.evidence.facts import Facts
from gradatim.evidence.fhir.reader import read_facts
from gradatim.protocol.base import Basis
from gradatim.protocol.elements import CodeGroup, Element
from gradatim.vocabulary.concepts import Code, Concept
from gradatim.vocabulary.graph import Vocabulary

USED, ELSE, NOT_KNOWN = CodeMeaning.USED, CodeMeaning.SOMETHING_ELSE, CodeMeaning.NOT_KNOWN


def listed(system: Any, *codes: str) -> CodeGroup:
    return CodeGroup(system=system, codes=list(codes), basis=Basis.PROPOSED)


ELEMENTS = {
    "cancer": Element(
        kind="condition",
        label="cancer",
        codes=[listed("icd10", "C00-C97"), listed("snomed", "363346000")],
    ),
    "infarction": Element(
        kind="condition",
        label="infarction",
        codes=[listed("icd10", "I21*"), listed("snomed", "22298006")],
    ),
    "heart_disease": Element(
        kind="condition", label="heart disease", codes=[listed("snomed", "56265001")]
    ),
    "by_icd": Element(kind="condition", label="by ICD-10 alone", codes=[listed("icd10", "B20*")]),
    "biologic": Element(
        kind="exposure",
        label="biologic",
        drugs=["adalimumab", "etanercept"],
        codes=[listed("atc", "L04AB*")],
    ),
    "nsaid": Element(kind="exposure", label="NSAID", drugs=["ibuprofen", "naproxen", "etodolac"]),
    "dmard": Element(kind="exposure", label="DMARD", drugs=["methotrexate", "leflunomide"]),
    "antibiotic": Element(kind="exposure", label="antibiotic", codes=[listed("atc", "J01*")]),
    "cells": Element(kind="exposure", label="cells", codes=[listed("snomed", "234336002")]),
    "surgery": Element(kind="procedure", label="surgery", codes=[listed("snomed", "387713003")]),
}


def snomed(code: str) -> Code:
    return "snomed", code


def rxnorm(code: str) -> Code:
    return "rxnorm", code


def atc(code: str) -> Code:
    return "atc", code


ROOT, FINDING, DISEASE, SITUATION = map(snomed, ("138875005", "404684003", "64572001", "243796009"))
PROCEDURE, SURGERY, CELLS, PRODUCT = map(
    snomed, ("71388002", "387713003", "234336002", "373873005")
)
TUMOUR, CANCER, BREAST = map(snomed, ("108369006", "363346000", "254837009"))
HEART, INFARCTION, FRACTURE = map(snomed, ("56265001", "22298006", "125605004"))
HISTORY, OF_FRACTURE, DUE_TO, RETIRED = map(snomed, ("900001", "900002", "900003", "900004"))
HUMIRA, BOTH, MIXED, STRANGE = map(rxnorm, ("900015", "900010", "900011", "900012"))
ADALIMUMAB, METHOTREXATE, LEFLUNOMIDE = map(rxnorm, ("327361", "6851", "27169"))
METFORMIN, NEW, HERB, ETODOLAC = map(rxnorm, ("6809", "900013", "900014", "24605"))
AMOXICILLIN, AMOXICILLIN_500, CLAVULANATE = map(rxnorm, ("723", "308191", "48203"))
NDC = "http://hl7.org/fhir/sid/ndc"

NAMES = {
    **{ROOT: "SNOMED CT Concept", FINDING: "Clinical finding", DISEASE: "Disease"},
    **{SITUATION: "Situation", PROCEDURE: "Procedure", SURGERY: "Surgical procedure"},
    **{CELLS: "Haematopoietic stem cell transplant", PRODUCT: "Pharmaceutical product"},
    **{TUMOUR: "Neoplasm", CANCER: "Malignant neoplasm", BREAST: "Malignant tumour of breast"},
    **{HEART: "Heart disease", INFARCTION: "Myocardial infarction", FRACTURE: "Fracture"},
    **{HISTORY: "History of malignant neoplasm", OF_FRACTURE: "History of fracture"},
    **{DUE_TO: "Anaemia due to neoplasm", RETIRED: "Breast cancer"},
    **{HUMIRA: "0.4 ML adalimumab Auto-Injector [Humira]", BOTH: "methotrexate / leflunomide"},
    **{MIXED: "metformin / something", STRANGE: "a product of unknown content"},
    **{ADALIMUMAB: "adalimumab", METHOTREXATE: "methotrexate", LEFLUNOMIDE: "leflunomide"},
    **{METFORMIN: "metformin", NEW: "a new antibody", HERB: "a herb", ETODOLAC: "etodolac"},
    **{AMOXICILLIN: "amoxicillin", AMOXICILLIN_500: "amoxicillin 500 MG Oral Capsule"},
    **{CLAVULANATE: "clavulanate", (NDC, "00074055402"): "Humira"},
    **{atc("L04AB04"): "adalimumab", atc("L04AB"): "TNF inhibitors", atc("L04AB09"): "a new one"},
    **{atc("A10BA02"): "metformin", atc("J01CA04"): "amoxicillin", atc("M01AB08"): "etodolac"},
    **{atc("L04AB01"): "etanercept", atc("M01AE01"): "ibuprofen", atc("M01AE02"): "naproxen"},
    **{
        atc("L04AX03"): "methotrexate",
        atc("L04AK01"): "leflunomide",
        atc("L01BA01"): "methotrexate",
    },
    **{atc("J01"): "antibacterials"},
}
EDGES = [
    *[(FINDING, ROOT), (DISEASE, FINDING), (SITUATION, ROOT), (PROCEDURE, ROOT), (PRODUCT, ROOT)],
    *[(SURGERY, PROCEDURE), (CELLS, PROCEDURE), (TUMOUR, DISEASE), (CANCER, TUMOUR)],
    *[(BREAST, CANCER), (HEART, DISEASE), (INFARCTION, HEART), (FRACTURE, DISEASE)],
    *[(HISTORY, SITUATION), (OF_FRACTURE, SITUATION), (DUE_TO, DISEASE)],
    *[(ADALIMUMAB, atc("L04AB04")), (atc("L04AB04"), ADALIMUMAB), (atc("L04AB04"), atc("L04AB"))],
    *[
        (METFORMIN, atc("A10BA02")),
        (atc("A10BA02"), METFORMIN),
        (NEW, atc("L04AB09")),
        (atc("L04AB09"), NEW),
    ],
    *[(atc("L04AB09"), atc("L04AB")), (AMOXICILLIN, atc("J01CA04")), (atc("J01CA04"), atc("J01"))],
    *[
        (atc("J01CA04"), AMOXICILLIN),
        (atc("L04AB01"), atc("L04AB")),
        ((NDC, "00074055402"), HUMIRA),
    ],
]
MADE_OF = [
    *[(HUMIRA, ADALIMUMAB), (BOTH, METHOTREXATE), (BOTH, LEFLUNOMIDE)],
    *[(MIXED, METFORMIN), (MIXED, STRANGE), (AMOXICILLIN_500, AMOXICILLIN)],
]
WHOLE = Vocabulary.of(
    [
        Concept(system, code, name, active=(system, code) != RETIRED)
        for (system, code), name in NAMES.items()
    ],
    EDGES,
    replaced=[(RETIRED, BREAST)],
    made_of=MADE_OF,
    may_be=[(HISTORY, CANCER), (OF_FRACTURE, FRACTURE), (DUE_TO, TUMOUR)],
    complete=["snomed", "rxnorm", "atc"],
)
BOOK, ALONE = Codebook(ELEMENTS, vocabulary=WHOLE), Codebook(ELEMENTS)


@pytest.mark.parametrize(
    ("code", "element", "says"),
    [
        (BREAST, "cancer", USED),
        (RETIRED, "cancer", USED),
        (BREAST, "infarction", ELSE),
        (FRACTURE, "cancer", ELSE),
        (INFARCTION, "heart_disease", USED),
        (TUMOUR, "cancer", NOT_KNOWN),
        (DISEASE, "cancer", NOT_KNOWN),
        (HEART, "infarction", NOT_KNOWN),
        (HISTORY, "cancer", NOT_KNOWN),
        (HISTORY, "infarction", ELSE),
        (OF_FRACTURE, "cancer", ELSE),
        (DUE_TO, "cancer", NOT_KNOWN),
        (DUE_TO, "infarction", ELSE),
        (FRACTURE, "by_icd", NOT_KNOWN),
        (snomed("999999"), "cancer", NOT_KNOWN),
        (CELLS, "surgery", ELSE),
        (PRODUCT, "cells", NOT_KNOWN),
        (HUMIRA, "biologic", USED),
        ((NDC, "0074-0554-02"), "biologic", USED),
        (HUMIRA, "nsaid", ELSE),
        (BOTH, "dmard", USED),
        (BOTH, "nsaid", ELSE),
        (METFORMIN, "biologic", ELSE),
        (METFORMIN, "antibiotic", ELSE),
        (METFORMIN, "cells", NOT_KNOWN),
        (NEW, "biologic", USED),
        (NEW, "dmard", NOT_KNOWN),
        (NEW, "nsaid", ELSE),
        (HERB, "biologic", NOT_KNOWN),
        (HERB, "dmard", ELSE),
        (HERB, "nsaid", NOT_KNOWN),
        (MIXED, "nsaid", NOT_KNOWN),
        (MIXED, "biologic", NOT_KNOWN),
        (ETODOLAC, "nsaid", USED),
        (AMOXICILLIN_500, "antibiotic", USED),
        (AMOXICILLIN_500, "biologic", ELSE),
        (CLAVULANATE, "antibiotic", NOT_KNOWN),
    ],
)
def test_a_vocabulary_tells_what_a_code_is(code: Code, element: str, says: CodeMeaning) -> None:
    assert BOOK.outcome([code], element) is says


def test_without_a_vocabulary_only_a_listed_code_is_known() -> None:
    for code in (BREAST, (NDC, "0074-0554-02"), METFORMIN):
        assert {ALONE.outcome([code], name) for name in ELEMENTS} == {NOT_KNOWN}


def test_a_chapter_of_icd_10_is_not_the_block_in_it() -> None:
    """C00-D48 holds D12, which is no cancer; C51-C58 lies within C00-C97."""
    chapter, within = ("icd10", "C00-D48"), ("icd10", "C51-C58")
    codes = [("icd10", "D12.6"), ("icd10", "C53.9"), chapter, within]
    held = Vocabulary.of(
        [Concept(*one) for one in codes], [(codes[0], chapter), (codes[1], within)]
    )
    book = Codebook(ELEMENTS, vocabulary=held)
    assert book.outcome([("icd10", "D12.6")], "cancer") is ELSE
    assert book.outcome([("icd10", "C53.9")], "cancer") is USED


def test_a_product_counts_as_each_of_its_ingredients() -> None:
    both = {Meant("dmard", "leflunomide"), Meant("dmard", "methotrexate")}
    assert set(BOOK.meant(*BOTH)) == both
    for part in WHOLE.parts(*BOTH):
        assert set(BOOK.meant(*part)) <= set(BOOK.meant(*BOTH))


def test_the_ingredient_of_a_product_is_found() -> None:
    assert BOOK.lookup(*HUMIRA) == (("biologic",), "adalimumab")
    assert BOOK.lookup(NDC, "0074-0554-02") == (("biologic",), "adalimumab")
    assert BOOK.lookup(*AMOXICILLIN_500) == (("antibiotic",), "amoxicillin")
    assert BOOK.lookup("atc", "J01CA04") == (("antibiotic",), "amoxicillin")
    assert BOOK.lookup(*ETODOLAC) == (("nsaid",), "etodolac")
    assert ALONE.lookup("atc", "J01CA04") == (("antibiotic",), "")


CODES = st.sampled_from([*NAMES, snomed("999999"), ("icd10", "C50.9"), ("icd10", "J06.9")])


@given(st.lists(CODES, min_size=1, max_size=3), st.sampled_from(sorted(ELEMENTS)))
def test_the_order_of_codings_changes_nothing(codes: list[Code], element: str) -> None:
    says = {BOOK.outcome(some, element) for some in permutations(codes)}
    assert len(says) == 1


@given(
    st.sets(st.sampled_from(sorted(NAMES)), max_size=len(NAMES)),
    st.sets(st.sampled_from(EDGES), max_size=len(EDGES)),
    CODES,
    st.sampled_from(sorted(ELEMENTS)),
)
def test_a_vocabulary_that_knows_more_takes_nothing_back_that_is_used(
    names: set[Code], edges: set[tuple[Code, Code]], code: Code, element: str
) -> None:
    """What is used with a part of the vocabulary is used with all of it, and without one too."""
    less = Vocabulary.of([Concept(*one, NAMES[one]) for one in sorted(names)], sorted(edges))
    with_less = Codebook(ELEMENTS, vocabulary=less).outcome([code], element)
    if ALONE.outcome([code], element) is USED:
        assert with_less is USED
    if with_less is USED:
        assert BOOK.outcome([code], element) is USED


@given(CODES, st.sampled_from(sorted(ELEMENTS)))
def test_a_finer_code_is_never_weaker_than_words(code: Code, element: str) -> None:
    """What lies below an element's code may be unknown, as words are; it is never another."""
    for book in (BOOK, ALONE):
        above = WHOLE.above(*code)
        if any(element in book.lookup(*one)[0] for one in above):
            assert book.outcome([code], element) is not ELSE
    if any(element in ALONE.lookup(*one)[0] for one in WHOLE.above(*code)):
        assert BOOK.outcome([code], element) is USED


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("0.4 ML adalimumab 100 MG/ML Auto-Injector [Humira]", {"adalimumab"}),
        ("HUMIRA", {"adalimumab"}),
        ("cycloSPORINE 50 MG Oral Capsule", {"ciclosporin"}),
        ("Méthotrexate", {"methotrexate"}),
        ("MTX 15 mg/wk, Enbrel", {"methotrexate", "etanercept"}),
        ("methylprednisolone", {"methylprednisolone"}),
        ("甲基强的松龙片", {"methylprednisolone"}),
        ("修美乐 40mg", {"adalimumab"}),
        ("MTX片", {"methotrexate"}),
        ("ibuprofenlike", set()),
        ("paracetamol", set()),
        ("", set()),
    ],
)
def test_a_drug_is_named_by_a_whole_word(text: str, named: set[str]) -> None:
    assert {drug.name for drug, _ in drugs_named(text)} == named


def test_the_word_is_told_as_it_stands_there() -> None:
    assert [word for _, word in drugs_named("since 2024  Humira (Adalimumab)")] == ["Humira"]


@given(st.sampled_from(drugs()), st.sampled_from(["{}", "x {} 5 mg", "({})", "{}, oral"]))
def test_every_name_of_the_table_is_found_in_any_case(drug: Any, frame: str) -> None:
    for name in (drug.name, *drug.brands):
        for written in (name, name.upper(), name.lower()):
            assert drug in [one for one, _ in drugs_named(frame.format(written))]


# --- records --------------------------------------------------------------------------------------


def person(*resources: Any, book: Codebook = BOOK) -> Facts:
    patient = {"resourceType": "Patient", "id": "p1", "birthDate": "1990-05-04"}
    entries = [{"resource": one} for one in (patient, *resources)]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return read_facts(bundle, book, ELEMENTS, on=date(2026, 11, 16))


def coded(*codes: Code, text: str = "", display: str = "") -> dict[str, Any]:
    said = {"display": display} if display else {}
    coding = [
        {"system": WIRE_NAMES.get(system, system), "code": code, **said} for system, code in codes
    ]
    return {"coding": coding} | ({"text": text} if text else {})


def drug(code: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationStatement",
        "id": "m",
        "status": "active",
        "effectiveDateTime": "2026-10-01",
        "medicationCodeableConcept": code,
    } | fields


DOSE = [
    {
        "doseAndRate": [{"doseQuantity": {"value": 10, "code": "mg"}}],
        "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
    }
]
EXPOSURES = {name for name, one in ELEMENTS.items() if one.kind == "exposure"}


def test_a_product_is_one_drug_with_its_dose_and_a_combination_several_without() -> None:
    (one,) = person(drug(coded(HUMIRA), dosage=DOSE)).of("biologic")
    assert (one.code, one.value) == ("adalimumab", 10)
    both = person(drug(coded(BOTH), dosage=DOSE)).of("dmard")
    assert [(one.code, one.value) for one in both] == [
        ("leflunomide", None),
        ("methotrexate", None),
    ]


@pytest.mark.parametrize("codes", list(permutations([AMOXICILLIN_500, atc("J01CA04"), (NDC, "1")])))
def test_in_whatever_order_codings_stand_a_record_is_of_one_drug(codes: tuple[Code, ...]) -> None:
    (one,) = person(drug(coded(*codes))).of("antibiotic")
    assert one.code == "amoxicillin"


def test_a_drug_is_perhaps_what_its_words_name() -> None:
    (one,) = person(drug(coded(rxnorm("900016"), display="Humira pen")), book=ALONE).not_used
    assert set(one.elements) == EXPOSURES
    assert one.why.endswith("; perhaps adalimumab: 'Humira' in its text")


def test_words_that_contradict_a_known_code_keep_it_open() -> None:
    for codes in ([atc("N02BE01")], [METFORMIN, atc("N02BE01")]):
        for book in (BOOK, ALONE):
            found = person(drug(coded(*codes, text="HUMIRA 40 mg")), book=book)
            assert "biologic" in found.not_understood
            assert "nsaid" not in found.not_understood
    found = person(drug(coded(("atc", "M01AE01"), text="Brufen; no MTX")), book=ALONE)
    assert set(found.by_element) == {"nsaid"}
    assert set(found.not_understood) == {"dmard"}


def test_words_prove_nothing() -> None:
    found = person(drug({"text": "adalimumab"}), drug({"text": "ibuprofen"}, id="n"))
    assert not found.by_element
    assert set(found.not_understood) == EXPOSURES


def test_a_procedure_that_names_a_drug_may_be_how_it_was_given() -> None:
    done = {"resourceType": "Procedure", "id": "r", "status": "completed"}
    found = person({**done, "code": coded(SURGERY, text="infusion of Humira")})
    assert set(found.by_element) == {"surgery"}
    assert "biologic" in found.not_understood


SYSTEMS = st.sampled_from(
    ["http://snomed.info/sct", "urn:oid:1.2.3", "http://hl7.org/fhir/sid/icd-10"]
)
UNKNOWN_CODES = st.builds(
    lambda system, code: {"coding": [{"system": system, "code": code}]},
    SYSTEMS,
    st.text("abcXYZ019.-", min_size=1, max_size=8).map(lambda code: f"?{code}"),
)


@given(st.lists(UNKNOWN_CODES, min_size=1, max_size=3), st.sampled_from([BOOK, ALONE]))
def test_a_record_of_unknown_code_is_never_absence(codes: list[Any], book: Codebook) -> None:
    for number, code in enumerate(codes):
        found = person({"resourceType": "Condition", "id": f"c{number}", "code": code}, book=book)
        assert set(found.not_understood) == {"cancer", "infarction", "heart_disease", "by_icd"}
