"""Codes: real ones are accepted, mistyped ones refused, and patterns match what they stand for."""

import pytest

from gradatim.core.codes import SYSTEMS, WIRE_NAMES, fault, matches


@pytest.mark.parametrize(
    ("system", "code"),
    [
        ("loinc", "1920-8"),
        ("loinc", "2160-0"),
        ("snomed", "10828004"),
        ("snomed", "260385009"),
        ("icd10", "M45"),
        ("icd10", "I21.4"),
        ("icd10", "I21*"),
        ("icd10", "C00-C97"),
        ("atc", "L04AB01"),
        ("atc", "L04AB*"),
        ("rxnorm", "6851"),
        ("local", "basdai_q1"),
    ],
)
def test_codes_of_the_right_form_have_no_fault(system: str, code: str) -> None:
    """LOINC and SNOMED CT with their check digits."""
    assert fault(system, code) == ""


@pytest.mark.parametrize(
    ("system", "code", "why"),
    [
        ("loinc", "1920-9", "check digit"),
        ("loinc", "1920", "form"),
        ("snomed", "10828005", "check digit"),
        ("snomed", "12", "digits"),
        ("icd10", "21", "form"),
        ("atc", "L4AB01", "form"),
        ("rxnorm", "A1", "form"),
        ("local", "Basdai", "form"),
    ],
)
def test_mistyped_codes_have_a_fault(system: str, code: str, why: str) -> None:
    """The text says what is wrong."""
    assert why in fault(system, code)


@pytest.mark.parametrize(
    ("pattern", "code", "falls_under"),
    [
        ("I21", "I21", True),
        ("I21", "I21.4", False),
        ("I21*", "I21.4", True),
        ("I21*", "I22", False),
        ("C00-C97", "C97.9", True),
        ("C00-C97", "D01", False),
        ("1920-8", "1920-8", True),
    ],
)
def test_patterns(pattern: str, code: str, falls_under: bool) -> None:
    """A star stands for all below, a range for its blocks; a LOINC code is no range."""
    assert matches(pattern, code) is falls_under


def test_every_short_name_goes_back_to_a_wire_name() -> None:
    """Of two wire names for one system the first is written."""
    assert {SYSTEMS[uri] for uri in WIRE_NAMES.values()} == set(WIRE_NAMES)
    assert WIRE_NAMES["icd10"] == "http://hl7.org/fhir/sid/icd-10"
