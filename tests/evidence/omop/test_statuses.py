"""Histories and mappings: what a record says by what its concept maps to, and by its value."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradatim.core.truth import FALSE, TRUE, UNKNOWN
from gradatim.core.verdict import Reason
from gradatim.evidence.facts import Observed
from gradatim.evidence.omop.options import Options
from gradatim.protocol.elements import COVERABLE, Element
from tests.engines import Engine
from tests.evidence.omop import warehouse as w
from tests.evidence.omop.asking import Answers, answers

EVERYTHING = Options(w.ON, {kind: Observed() for kind in COVERABLE})
DAY = date(2026, 3, 14)
LAST = 60
NO, YES, OPEN = (FALSE, None), (TRUE, None), (UNKNOWN, Reason.NOT_UNDERSTOOD)

HISTORY, WITHIN, FAMILY, OLD_HISTORY = 1340204, 1340219, 4167217, 4214956
BREAST, LOBULAR, COLON, APPENDIX, DIABETES, TYPE_2 = 7001, 7002, 7003, 7004, 7005, 7006
PERSONAL, PERSONAL_COLON, RELATIVE, ICD_BREAST, ICD9, NDC, OLD, LOST, SITUATION, CIRCLE = range(
    7011, 7021
)
DISORDER, ICD = ("Condition", "SNOMED", "Disorder", "S"), ("Condition", "ICD10CM", "code", None)
STATUS = ("Observation", "SNOMED", "Context-dependent", "S")
CONCEPTS = {
    HISTORY: ("Observation", "OMOP Extension", "Observation", "S", "OMOP5165859", "History"),
    WITHIN: ("Observation", "OMOP Extension", "Observation", "S", "OMOP2", "History within"),
    FAMILY: (*STATUS, "416471007", "Family history of clinical finding"),
    OLD_HISTORY: (*STATUS[:3], None, "417662000", "History of clinical finding in subject"),
    BREAST: (*DISORDER, "254837009", "Cancer of breast"),
    LOBULAR: (*DISORDER, "278054005", "Lobular cancer of breast"),
    COLON: (*DISORDER, "363406005", "Cancer of colon"),
    APPENDIX: ("Procedure", "SNOMED", "Procedure", "S", "80146002", "Appendectomy"),
    DIABETES: (*DISORDER, "73211009", "Diabetes"),
    TYPE_2: (*DISORDER, "44054006", "Type 2 diabetes"),
    PERSONAL: ("Observation", "ICD10CM", "code", None, "Z85.3", "History of breast cancer"),
    PERSONAL_COLON: ("Observation", "ICD10CM", "code", None, "Z85.038", "History of colon cancer"),
    RELATIVE: ("Observation", "ICD10CM", "code", None, "Z80.3", "Family history, breast cancer"),
    ICD_BREAST: (*ICD, "C50.9", "Cancer of breast"),
    ICD9: ("Condition", "ICD9CM", "code", None, "174.9", "Cancer of breast"),
    NDC: ("Drug", "NDC", "code", None, "00093014905", "naproxen 500 MG"),
    OLD: ("Condition", "SNOMED", "Disorder", None, "93796005", "Cancer of breast, of old"),
    LOST: ("Condition", "SNOMED", "Disorder", None, "1000004", "Some disorder"),
    SITUATION: (*STATUS, "429740004", "History of breast cancer"),
    CIRCLE: (*ICD, "C80.9", "In a circle"),
}
BELOW = [
    (w.CANCER, BREAST),
    (w.CANCER, LOBULAR),
    (BREAST, LOBULAR),
    (w.CANCER, COLON),
    (HISTORY, WITHIN),
    (DIABETES, TYPE_2),
]
RELATED = [
    (PERSONAL, "Maps to", HISTORY),
    (PERSONAL, "Maps to value", BREAST),
    (PERSONAL_COLON, "Maps to", HISTORY),
    (PERSONAL_COLON, "Maps to value", COLON),
    (RELATIVE, "Maps to", FAMILY),
    (RELATIVE, "Maps to value", BREAST),
    (OLD_HISTORY, "Maps to", HISTORY),
    (ICD_BREAST, "Maps to", BREAST),
    (ICD9, "Maps to", BREAST),
    (NDC, "Maps to", w.NAPROXEN),
    (OLD, "Concept replaced by", BREAST),
    (SITUATION, "Has asso finding", BREAST),
    (CIRCLE, "Maps to", HISTORY),
    (CIRCLE, "Maps to value", CIRCLE),
]
ELEMENTS = {
    "breast_cancer_history": Element(
        kind="condition", label="history of breast cancer", codes=w.coded("icd10", "Z85.3")
    ),
    "said_history": Element(
        kind="answer", label="history of breast cancer", codes=w.coded("icd10", "Z85.3")
    ),
    "type_2": Element(kind="condition", label="type 2", codes=w.coded("snomed", "44054006")),
    "appendectomy": Element(
        kind="procedure", label="appendectomy", codes=w.coded("snomed", "80146002")
    ),
}


def tables(*rows: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Make a warehouse's tables: each row is somebody's; person 1 has none."""
    found: dict[str, list[dict[str, Any]]] = {
        "person": [{"person_id": n, "year_of_birth": 1980} for n in range(1, LAST + 1)],
        "condition_occurrence": [_row("condition", LAST, COLON)],
        "drug_exposure": [_row("drug", LAST, w.MINOCYCLINE)],
        "procedure_occurrence": [_row("procedure", LAST, w.SURGERY)],
        "observation": [_row("observation", LAST, HISTORY) | {"value_as_concept_id": COLON}],
        "measurement": [_row("measurement", LAST, w.AST)],
    }
    for person, row in enumerate(rows, 2):
        stem = next(iter(row)).split("_")[0]
        table = next(name for name in found if name.startswith(stem))
        found[table].append(_row(stem, person, None) | row)
    return found | vocabulary()


def vocabulary() -> dict[str, list[dict[str, Any]]]:
    found = w.vocabulary_with(CONCEPTS, tuple(BELOW), ())
    found["concept_relationship"] += [
        {"concept_id_1": one, "relationship_id": how, "concept_id_2": other}
        for one, how, other in RELATED
    ]
    return found


def _row(stem: str, person: int, concept: int | None) -> dict[str, Any]:
    table = {
        "condition": "condition_occurrence",
        "drug": "drug_exposure",
        "procedure": "procedure_occurrence",
    }.get(stem, stem)
    start = {"condition": "condition_start_date", "drug": "drug_exposure_start_date"}.get(
        stem, f"{stem}_date"
    )
    return {f"{table}_id": person, "person_id": person, start: DAY, f"{stem}_concept_id": concept}


def asked(*rows: dict[str, Any]) -> Answers:
    """Ask of everybody whether each element ever happened; both readings must agree."""
    return answers(w.Small(tables(*rows), words=False), w.study(**ELEMENTS), EVERYTHING)


def condition(concept: int | None, **more: Any) -> dict[str, Any]:
    return {"condition_concept_id": concept, **{f"condition_{k}": v for k, v in more.items()}}


def said(concept: int | None, value: int | None = None, **more: Any) -> dict[str, Any]:
    told = {f"observation_{k}": v for k, v in more.items()}
    return {"observation_concept_id": concept, "value_as_concept_id": value, **told}


# record; breast cancer of the past, any cancer, appendectomy
HISTORIES = [
    (said(HISTORY, BREAST), YES, OPEN, NO),
    (said(HISTORY, LOBULAR), YES, OPEN, NO),
    (said(HISTORY, COLON), NO, OPEN, NO),
    (said(HISTORY, w.CANCER), OPEN, OPEN, NO),
    (said(HISTORY, APPENDIX), NO, NO, OPEN),
    (said(HISTORY), OPEN, OPEN, OPEN),
    (said(HISTORY, 4711), OPEN, OPEN, OPEN),
    (said(WITHIN, COLON), NO, OPEN, NO),
    (said(WITHIN, BREAST), YES, OPEN, NO),
    (said(WITHIN), OPEN, OPEN, OPEN),
    (said(OLD_HISTORY, BREAST), YES, OPEN, NO),
    (said(OLD_HISTORY, APPENDIX), NO, NO, OPEN),
    (said(HISTORY, ICD_BREAST), YES, OPEN, NO),
    (said(HISTORY, source_concept_id=PERSONAL), YES, OPEN, NO),
    (said(HISTORY, source_concept_id=PERSONAL_COLON), NO, OPEN, NO),
    (said(0, source_concept_id=PERSONAL), YES, OPEN, NO),
    (said(0, source_value="ICD10CM:Z85.3"), YES, OPEN, NO),
    (said(0, source_concept_id=PERSONAL_COLON), NO, OPEN, NO),
    (said(PERSONAL), YES, OPEN, NO),
    (said(PERSONAL, BREAST), YES, OPEN, NO),
    (said(HISTORY, source_concept_id=ICD9), OPEN, OPEN, NO),
    (said(HISTORY, source_value="ICD9CM:174.9"), OPEN, OPEN, NO),
    (said(0, source_concept_id=LOST), OPEN, OPEN, NO),
    (said(FAMILY, BREAST), NO, NO, NO),
    (said(0, source_concept_id=RELATIVE), NO, NO, NO),
    (said(FAMILY), NO, NO, NO),
    (said(SITUATION), OPEN, OPEN, NO),
    (condition(0, source_concept_id=PERSONAL), YES, OPEN, NO),
    (condition(0, source_concept_id=PERSONAL_COLON), NO, OPEN, NO),
    (condition(HISTORY), OPEN, OPEN, NO),
    (condition(HISTORY, source_concept_id=PERSONAL), YES, OPEN, NO),
    (condition(0, source_concept_id=RELATIVE), NO, NO, NO),
]


def test_a_history_is_of_what_its_value_says_and_of_nothing_else(engine: Engine) -> None:
    for name, rows in tables(*(row for row, *_ in HISTORIES)).items():
        engine.load(name, w.arrow(name, rows))
    found = answers(engine.open(), w.study(**ELEMENTS), EVERYTHING)
    of_what = said(HISTORY), said(HISTORY, 4711), said(WITHIN)
    for person, (row, *wanted) in enumerate(HISTORIES, 2):
        told = [
            found[person][name] for name in ("breast_cancer_history", "malignancy", "appendectomy")
        ]
        assert told == wanted, row
        assert found[person]["nsaid"] == (OPEN if row in of_what else NO), row
    assert found[1]["malignancy"] == found[1]["breast_cancer_history"] == NO


# record; any cancer, type 2 diabetes
MAPPED = [
    (condition(0, source_concept_id=ICD_BREAST), YES, NO),
    (condition(0, source_concept_id=ICD9), YES, NO),
    (condition(None, source_concept_id=OLD), YES, NO),
    (condition(OLD), YES, NO),
    (condition(ICD9), YES, NO),
    (condition(4711, source_concept_id=ICD9), YES, OPEN),
    (condition(LOST, source_concept_id=ICD9), YES, OPEN),
    (condition(COLON, source_concept_id=ICD9), YES, NO),
    (condition(0, source_value="ICD9CM:174.9"), YES, NO),
    (condition(0, source_value="ICD9CM: 174.8"), OPEN, OPEN),
    (condition(0, source_value="174.9"), OPEN, OPEN),
    (condition(LOST), OPEN, OPEN),
    (condition(0, source_concept_id=CIRCLE), YES, NO),
    (condition(TYPE_2), NO, YES),
    (condition(DIABETES), NO, OPEN),
    (condition(BREAST), YES, NO),
]


def test_what_has_no_concept_is_what_its_source_maps_to() -> None:
    found = asked(*(row for row, *_ in MAPPED))
    for person, (row, *wanted) in enumerate(MAPPED, 2):
        assert [found[person][name] for name in ("malignancy", "type_2")] == wanted, row


@pytest.mark.parametrize(
    "source", [{"source_concept_id": NDC}, {"source_value": "NDC:00093014905"}]
)
def test_a_drug_of_another_code_system_is_what_it_maps_to(source: dict[str, Any]) -> None:
    row = {"drug_concept_id": 0, **{f"drug_{name}": one for name, one in source.items()}}
    found = asked(row)
    assert (found[2]["nsaid"], found[2]["systemic_glucocorticoid"]) == (YES, NO)


# --- laws -----------------------------------------------------------------------------------------

IDS = st.sampled_from([*CONCEPTS, w.CANCER, w.SURGERY, 4711, 0, None])
GIVEN = st.sampled_from(
    [
        {},
        {"source_concept_id": PERSONAL, "source_value": "Z85.3"},
        {"source_concept_id": PERSONAL_COLON},
        {"source_concept_id": RELATIVE},
        {"source_concept_id": ICD9, "source_value": "174.9"},
        {"source_concept_id": OLD},
        {"source_concept_id": LOST},
        {"source_concept_id": SITUATION},
        {"source_concept_id": 4711, "source_value": "x"},
        {"source_value": "ICD10CM:Z85.3"},
        {"source_value": "ICD9CM:174.9"},
        {"source_value": "Z85.3"},
    ]
)
"""What sources give beside a concept; what contradicts itself may be read either way."""
ROWS = st.lists(
    st.one_of(
        st.builds(lambda concept, value, more: said(concept, value, **more), IDS, IDS, GIVEN),
        st.builds(lambda concept, more: condition(concept, **more), IDS, GIVEN),
    ),
    min_size=20,
    max_size=50,
)


@settings(max_examples=3, deadline=None)
@given(ROWS)
def test_a_vocabulary_that_tells_less_makes_nothing_absent(rows: list[dict[str, Any]]) -> None:
    """Both readings agree on each warehouse, which `answers` checks."""
    whole, less = tables(*rows), tables(*rows)
    less["concept_relationship"] = less["concept_relationship"][:2]
    study = w.study(**ELEMENTS)
    full, poor = (answers(w.Small(one, words=False), study, EVERYTHING) for one in (whole, less))
    for person, told in poor.items():
        for name, answer in told.items():
            assert answer != NO or full[person][name] != YES, (person, name)
