"""The names of code systems, and codes as they are written."""

import pytest

from gradatim.core.codes import NDC, OMOP_VOCABULARIES, SYSTEMS, normalised, omop_system, system_of


@pytest.mark.parametrize(
    ("uri", "system"),
    [
        ("http://snomed.info/sct", "snomed"),
        ("http://snomed.info/sct/", "snomed"),
        ("http://snomed.info/sct|http://snomed.info/sct/900000000000207008", "snomed"),
        ("urn:oid:2.16.840.1.113883.6.88", "rxnorm"),
        ("http://fhir.de/CodeSystem/bfarm/icd-10-gm|2026", "icd10"),
        ("urn:nobody", "urn:nobody"),
    ],
)
def test_a_system_by_its_uri(uri: str, system: str):
    assert system_of(uri) == system


def test_a_system_by_its_name_in_omop():
    assert omop_system("ICD10GM") == "icd10"
    assert omop_system("NDC") == NDC
    assert omop_system("Hospital") == "urn:omop:vocabulary:Hospital"
    for system in OMOP_VOCABULARIES.values():
        assert system in SYSTEMS.values() or "://" in system
        assert system_of(system) == system  # the one name that is used


@pytest.mark.parametrize(
    ("written", "ndc"),
    [
        ("0002-8215-01", "00002821501"),
        ("12345-678-90", "12345067890"),
        ("12345-6789-0", "12345678900"),
        (" 00002-8215-01 ", "00002821501"),
        ("00002821501", "00002821501"),
        ("0002821501", "0002821501"),  # of ten digits without hyphens it is not told which lacks
        ("123456-1-1", "123456-1-1"),
        ("a-b-c", "a-b-c"),
    ],
)
def test_ndc_in_eleven_digits(written: str, ndc: str):
    assert normalised(NDC, written) == ndc
