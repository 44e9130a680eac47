"""A plain number is read at once, and means what it means when it is read in full.

What is remembered of one is of its code, units, ranges and the person's sex alone: several people
are read with one codebook.
"""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gradatim.evidence.codebook import Codebook
from gradatim.evidence.fhir.observation_values import OTHER_VALUES
from gradatim.evidence.fhir.observations import read_in_full
from gradatim.evidence.fhir.plain_numbers import read_plain_number
from gradatim.evidence.fhir.reader import open_bundle
from tests.evidence.people import ELEMENTS, LOCAL, LOINC, ON, UCUM, bundle, concept, lab, patient
from tests.evidence.test_messy_bundles import SHAPES

CODEBOOK = Codebook(ELEMENTS)
PEOPLE = [patient(), patient(gender="female"), patient(birthDate="2015-05-01")]
ABOUT, *_ = EACH = [open_bundle(bundle(one), CODEBOOK, ELEMENTS, ON)[1] for one in PEOPLE]
FLAG = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
UNREADABLE = {"coding": [{"system": LOINC, "code": 7}]}


def quantity(value: Any, unit: str = "U/L", **fields: Any) -> dict[str, Any]:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit, **fields}


def of_age(low: int) -> dict[str, Any]:
    return {"high": quantity(40), "age": {"low": {"value": low, "unit": "a"}}}


WRITTEN: dict[str, list[Any]] = {
    "status": ["final", "amended", "preliminary", "entered-in-error", ["final"]],
    "code": [
        concept(LOINC, "2160-0"),
        concept(LOINC, "2160-0", "1920-8"),
        concept(LOINC, "5195-3"),
        concept(LOINC, "718-7"),
        concept("urn:x", "1"),
        concept(LOCAL, "back_pain"),
        concept(LOCAL, "grade"),
        UNREADABLE,
    ],
    "valueQuantity": [
        *(quantity(value) for value in (25, 25.0, -1, True, "25", 10**400, float("nan"), None)),
        *(quantity(2, unit) for unit in ("mg/dL", "umol/L", "kat/L", "IU/L", "", "x")),
        *(quantity(25, comparator=sign) for sign in ("<", ">=", "~", "", None, 7)),
        *({"value": 25, "unit": unit} for unit in ("U/L", "kat/L")),
        *({**quantity(25), "code": code} for code in ("U/L", "kat/L")),
        *({**quantity(25), "unit": "kat/L", "system": system} for system in (UCUM, "urn:x")),
        {"value": 25, "unit": ["U/L"], "code": "U/L"},
        {"value": 25, "unit": "U/L", "code": "x", "system": "urn:x"},
    ],
    "referenceRange": [
        [{"high": quantity(40)}],
        [{"low": quantity(50), "high": quantity(40)}],
        [{"low": quantity(10)}, {"low": quantity(12)}],
        [of_age(18)],
        [of_age(99)],
        [{"high": {"value": "40"}}],
        [{"high": quantity(1, "mg/dL"), "appliesTo": [concept("urn:x", "male", text="male")]}],
    ],
    "effectiveDateTime": ["2026", "2026-10-01", "1900-01-01", "2026-02-30", 2026],
    "effectiveInstant": ["2026-10-01T08:00:00Z"],
    "effectivePeriod": [{"start": "2026-10-01", "end": "2026-09-01"}, {"start": "2026-10-01"}],
    "effectiveTiming": [{"event": ["2026"]}],
    "interpretation": [[concept(FLAG, one)] for one in ("H", "L", "N", "POS")],
    "dataAbsentReason": [concept("urn:x", "unknown")],
    "method": [concept("urn:x", "1", text="CT")],
    "focus": [[{"reference": "Patient/p1"}], [{"reference": "Patient/p2"}]],
    "component": [[{"code": concept(LOINC, "2160-0"), "valueQuantity": quantity(1, "mg/dL")}]],
    "bodySite": [concept("urn:x", "1")],
    **{name: [True, 1, "25 U/L"] for name in OTHER_VALUES},
}
"""Of each part, what may stand there."""
CHANGES = [(name, value) for name, some in WRITTEN.items() for value in (*some, *SHAPES)]


def check(changes: list[tuple[str, Any]]) -> None:
    resource = lab()
    for name, value in changes:
        if value == "delete":
            resource.pop(name, None)
        else:
            resource[name] = value
    for about in EACH:
        found = read_plain_number(resource, "Observation/o1", about)
        if found is not None:
            assert repr(found) == repr(read_in_full(resource, "Observation/o1", about))


def test_each_part_of_any_shape():
    for change in CHANGES:
        check([change])


@settings(max_examples=1_000, deadline=None)
@given(st.lists(st.sampled_from(CHANGES), min_size=2, max_size=5))
def test_several_parts_of_any_shape(changes):
    check(changes)


def test_a_plain_number_is_read_at_once():
    for one in lab(), lab(referenceRange=WRITTEN["referenceRange"][0]):
        assert read_plain_number(one, "Observation/o1", ABOUT)
