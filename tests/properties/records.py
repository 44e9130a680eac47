"""Made-up FHIR records of people, of codes that the trial's protocol knows, and does not know."""

from datetime import date
from typing import Any

from hypothesis import strategies as st

from gradatim.evidence.codebook import Codebook
from gradatim.evidence.coverage import declare
from gradatim.evidence.facts import Facts
from gradatim.evidence.fhir.reader import read_facts
from gradatim.protocol.elements import COVERABLE
from gradatim.protocol.load import load

STUDY = load("nct05962762").study
BOOK = Codebook(STUDY.elements, STUDY.study.id)
ON = date(2026, 11, 16)
ANCHORS = dict.fromkeys((*STUDY.schedule.anchors, "first_dose"), ON)
SNOMED, RXNORM = "http://snomed.info/sct", "http://www.nlm.nih.gov/research/umls/rxnorm"
ICD10, ATC = "http://hl7.org/fhir/sid/icd-10", "http://www.whocc.no/atc"

UNKNOWN_CODES = [
    (SNOMED, "188340000"),
    (SNOMED, "407317001"),
    (RXNORM, "314076"),
    (ATC, "L04A"),
    ("http://hl7.org/fhir/sid/ndc", "0074-0554-02"),
    ("urn:oid:1.2.3", "X"),
    (ICD10, "Z85.3"),
]
KNOWN_CODES = [
    (ICD10, "J06.9"),
    (ICD10, "C50.9"),
    (ICD10, "I21.4"),
    (SNOMED, "22298006"),
    (ATC, "N02BE01"),
    (RXNORM, "5640"),
    (RXNORM, "327361"),
    (ATC, "H02AB07"),
    (SNOMED, "55705006"),
]
CODES = st.lists(st.sampled_from(UNKNOWN_CODES + KNOWN_CODES), max_size=3, unique=True)
KINDS = ("Condition", "MedicationStatement", "MedicationRequest", "Procedure")
OF_KIND = {"Condition": "condition", "Procedure": "procedure"}


def concept(codes: list[tuple[str, str]], text: str = "") -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code} for system, code in codes], "text": text}


@st.composite
def records(
    draw: st.DrawFn, codes: st.SearchStrategy[list[tuple[str, str]]] = CODES
) -> dict[str, Any]:
    kind = draw(st.sampled_from(KINDS))
    field = "code" if kind in OF_KIND else "medicationCodeableConcept"
    day = draw(st.sampled_from(["2015-03-01", "2026-10-20", "2026-11", None]))
    when = {
        "Condition": "onsetDateTime",
        "MedicationStatement": "effectiveDateTime",
        "MedicationRequest": "authoredOn",
        "Procedure": "performedDateTime",
    }[kind]
    return {
        "resourceType": kind,
        "status": "completed",
        "intent": "order",
        when: day,
        field: concept(draw(codes), draw(st.sampled_from(["", "words"]))),
    }


def person(some: list[dict[str, Any]], id_: str = "p1") -> Facts:
    """Read a person with these records, of a source that is declared complete."""
    patient = {"resourceType": "Patient", "id": id_, "birthDate": "1990-05-04", "gender": "male"}
    named = [{**one, "id": f"r{n}"} for n, one in enumerate(some)]
    bundle = {"resourceType": "Bundle", "entry": [{"resource": one} for one in (patient, *named)]}
    return read_facts(bundle, BOOK, STUDY.elements, on=ON, coverage=declare(COVERABLE))
