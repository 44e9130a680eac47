"""Codes that may be of an element: none is used, each keeps it open, none proves anything else."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.evidence.codebook import Codebook, CodeMeaning
from gradatim.evidence.fhir.reader import read_facts
from gradatim.protocol.base import Basis
from gradatim.protocol.elements import CodeGroup, CodeSystem, Element

SNOMED, ICD10 = "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10"
ON = date(2026, 11, 16)


def _group(system: CodeSystem, *codes: str) -> CodeGroup:
    return CodeGroup(basis=Basis.ASSUMED, system=system, codes=list(codes))


INFECTION = Element(
    kind="condition",
    label="serious infection",
    codes=[_group("icd10", "A41*"), _group("snomed", "91302008")],
    perhaps=[_group("icd10", "A00-A99", "J18*", "M46.2"), _group("snomed", "233604007")],
)
ARRHYTHMIA = Element(
    kind="condition",
    label="arrhythmia",
    codes=[_group("icd10", "I47.2*")],
    perhaps=[_group("icd10", "I44-I49"), _group("snomed", "180325003")],
)
ELEMENTS = {
    "infection": INFECTION,
    "arrhythmia": ARRHYTHMIA,
    "cancer": Element(kind="condition", label="cancer", codes=[_group("icd10", "C00-C97")]),
    "surgery": Element(kind="procedure", label="surgery", codes=[_group("snomed", "387713003")]),
}
BOOK = Codebook(ELEMENTS)
BARE = Codebook({name: one.model_copy(update={"perhaps": []}) for name, one in ELEMENTS.items()})
CODES = st.one_of(
    st.tuples(
        st.just("icd10"),
        st.from_regex(r"[A-Z][0-9][0-9](\.[0-9]{1,2})?", fullmatch=True)
        | st.sampled_from(["A41.9", "A49.9", "J18.9", "I47.2", "I47.1", "C50.9", "M46", "M46.20"]),
    ),
    st.tuples(
        st.just("snomed"),
        st.sampled_from(["233604007", "91302008", "180325003", "387713003", "38341003"]),
    ),
)


@pytest.mark.parametrize(
    ("system", "code", "outcome"),
    [
        ("icd10", "A41.9", CodeMeaning.USED),
        ("icd10", "A49.9", CodeMeaning.NOT_KNOWN),
        ("icd10", "j189", CodeMeaning.NOT_KNOWN),
        ("icd10", "J18", CodeMeaning.NOT_KNOWN),
        ("icd10", "M46", CodeMeaning.NOT_KNOWN),
        ("icd10", "M46.20", CodeMeaning.NOT_KNOWN),
        ("icd10", "M46.5", CodeMeaning.SOMETHING_ELSE),
        ("icd10", "J06.9", CodeMeaning.SOMETHING_ELSE),
        ("snomed", "233604007", CodeMeaning.NOT_KNOWN),
        ("snomed", "387713003", CodeMeaning.SOMETHING_ELSE),
    ],
)
def test_what_a_code_says_of_an_element_with_such_a_list(
    system: str, code: str, outcome: CodeMeaning
) -> None:
    assert BOOK.outcome([(system, code)], "infection") is outcome


@given(st.lists(CODES, min_size=1, max_size=3), st.sampled_from(sorted(ELEMENTS)))
def test_the_list_only_opens(codes: list[tuple[str, str]], element: str) -> None:
    """With the list an answer is the same, or not known where it was something else."""
    with_it, without = BOOK.outcome(codes, element), BARE.outcome(codes, element)
    opened = without is CodeMeaning.SOMETHING_ELSE and with_it is CodeMeaning.NOT_KNOWN
    assert with_it is without or opened
    assert opened <= (element in BOOK.perhaps(codes))


@given(st.lists(CODES, min_size=1, max_size=3), st.sampled_from(sorted(ELEMENTS)))
def test_a_code_of_the_list_is_never_something_else(
    codes: list[tuple[str, str]], element: str
) -> None:
    if element in BOOK.perhaps(codes):
        assert BOOK.outcome(codes, element) is not CodeMeaning.SOMETHING_ELSE


@given(CODES)
def test_a_code_in_the_list_of_one_element_proves_nothing_of_another(code: tuple[str, str]) -> None:
    assert BOOK.outcome([code], "cancer") is BARE.outcome([code], "cancer")


def _open_to(resource: dict[str, Any]) -> set[str]:
    patient = {"resourceType": "Patient", "id": "p1", "birthDate": "1990-05-04"}
    entries = [{"resource": one} for one in (patient, resource)]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    facts = read_facts(bundle, BOOK, ELEMENTS, on=ON)
    assert not facts.by_element
    return set(facts.not_understood)


@pytest.mark.parametrize(("code", "open_"), [("J18.9", {"infection"}), ("J06.9", set())])
def test_a_record_of_such_a_code_keeps_the_element_open(code: str, open_: set[str]) -> None:
    coding = [{"system": ICD10, "code": code}]
    condition = {"resourceType": "Condition", "id": "c", "code": {"coding": coding}}
    assert _open_to(condition) == open_


def test_a_record_of_another_kind_keeps_it_open_too() -> None:
    coding = [{"system": SNOMED, "code": "180325003"}]
    code = {"coding": coding}
    shock = {"resourceType": "Procedure", "id": "r", "status": "completed", "code": code}
    assert _open_to(shock) == {"arrhythmia", "surgery"}
