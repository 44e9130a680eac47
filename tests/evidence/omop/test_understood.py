"""Not understood is not absent: every answer by its right value, from both readings alike."""

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
from tests.evidence.omop import warehouse as w
from tests.evidence.omop.asking import Answers, answers

EVERYTHING = Options(w.ON, {kind: Observed() for kind in COVERABLE})
DAY = date(2026, 3, 14)
LAST = 40
NO, YES = (FALSE, None), (TRUE, None)
NOT_UNDERSTOOD, NO_RECORD = (UNKNOWN, Reason.NOT_UNDERSTOOD), (UNKNOWN, Reason.NO_RECORD)

HYPERTENSION, BREAST, ICD_HYPERTENSION, OLD_SNOMED, LOOSE, ASTHMA = range(6001, 6007)
MORE = {
    HYPERTENSION: ("Condition", "SNOMED", "Disorder", "S", "38341003", "Hypertension"),
    BREAST: ("Condition", "SNOMED", "Disorder", "S", "254837009", "Cancer of breast"),
    ICD_HYPERTENSION: ("Condition", "ICD10CM", "3-char", None, "I10", "Hypertension"),
    OLD_SNOMED: ("Condition", "SNOMED", "Disorder", None, "1000004", "Some disorder"),
    LOOSE: ("Drug", "RxNorm", "Clinical Drug", "S", "77777", "something 5 MG"),
    ASTHMA: ("Condition", "SNOMED", "Disorder", "S", "195967001", "Asthma"),
}
"""Further concepts; what is below what else is told in `below`."""


def store(
    *rows: dict[str, Any],
    without: tuple[int, ...] = (),
    words: bool = True,
    below: tuple[tuple[int, int], ...] = ((w.CANCER, BREAST),),
    **tables: Any,
) -> w.Small:
    """Make a warehouse: each row is somebody's, and one person has none.

    Args:
        rows: conditions, drugs and procedures, told apart by their columns; person 2, 3, ...
        without: concepts that the vocabulary does not hold.
        words: whether there is a vocabulary.
        below: pairs of ancestor and descendant.
        tables: other tables; None leaves one out.
    """
    found: dict[str, Any] = {
        "person": [{"person_id": n, "year_of_birth": 1980} for n in range(1, LAST + 1)],
        "condition_occurrence": [_row("condition", LAST, HYPERTENSION)],
        "drug_exposure": [_row("drug", LAST, w.MINOCYCLINE)],
        "procedure_occurrence": [_row("procedure", LAST, w.SURGERY)],
    }
    for person, row in enumerate(rows, 2):
        stem = next(iter(row)).split("_")[0]
        table = {
            "condition": "condition_occurrence",
            "drug": "drug_exposure",
            "procedure": "procedure_occurrence",
        }[stem]
        found[table].append(_row(stem, person, None) | row)
    made = w.Small(
        {**w.vocabulary_with(MORE, below, without), **found} if words else found, words=False
    )
    for name, rows_of_it in tables.items():
        if rows_of_it is None:
            made.replace(name, None)
        else:
            made.replace(name, made.table(name).limit(0))
    return made


def _row(stem: str, person: int, concept: int | None) -> dict[str, Any]:
    table, start = {
        "condition": ("condition_occurrence", "condition_start_date"),
        "drug": ("drug_exposure", "drug_exposure_start_date"),
        "procedure": ("procedure_occurrence", "procedure_date"),
    }[stem]
    return {f"{table}_id": person, "person_id": person, start: DAY, f"{stem}_concept_id": concept}


def asked(made: w.Small, **elements: Element) -> Answers:
    """Ask of everybody whether each element of the study ever happened."""
    return answers(made, w.study(**elements), EVERYTHING)


def condition(concept: int | None, **more: Any) -> dict[str, Any]:
    return {"condition_concept_id": concept, **{f"condition_{k}": v for k, v in more.items()}}


def drug(concept: int | None, **more: Any) -> dict[str, Any]:
    return {"drug_concept_id": concept, **{f"drug_{k}": v for k, v in more.items()}}


# --- one record -----------------------------------------------------------------------------------


CONDITIONS = [
    (condition(BREAST), YES),
    (condition(HYPERTENSION), NO),
    (condition(0), NOT_UNDERSTOOD),
    (condition(None), NOT_UNDERSTOOD),
    (condition(0, source_value="X1"), NOT_UNDERSTOOD),
    (condition(0, source_value="I10"), NOT_UNDERSTOOD),
    (condition(0, source_value="ICD10CM:I10"), NO),
    (condition(0, source_value="ICD10:C50.9"), YES),
    (condition(0, source_value="SNOMED:38341003"), NO),
    (condition(0, source_value="SNOMED:1000004"), NOT_UNDERSTOOD),
    (condition(0, source_value="SNOMED:195967009"), NOT_UNDERSTOOD),
    (condition(0, source_value="38341003"), NOT_UNDERSTOOD),
    (condition(0, source_value="urn:gradatim:element|basal_cell_carcinoma"), NO),
    (condition(0, source_concept_id=ICD_HYPERTENSION), NO),
    (condition(0, source_concept_id=w.ICD_CANCER), YES),
    (condition(0, source_concept_id=HYPERTENSION), NO),
    (condition(0, source_concept_id=OLD_SNOMED), NOT_UNDERSTOOD),
    (condition(0, source_concept_id=4711, source_value="ICD10CM:I10"), NO),
    (condition(0, source_concept_id=4711), NOT_UNDERSTOOD),
    (condition(4711), NOT_UNDERSTOOD),
    (condition(4711, source_value="ICD10CM:I10"), NOT_UNDERSTOOD),
    (condition(4711, source_value="I10"), NOT_UNDERSTOOD),
    (condition(4711, source_concept_id=w.ICD_CANCER), YES),
    (condition(OLD_SNOMED, source_concept_id=HYPERTENSION), NOT_UNDERSTOOD),
    (condition(OLD_SNOMED), NOT_UNDERSTOOD),
    (condition(ICD_HYPERTENSION), NO),
    (condition(w.MINOCYCLINE), NO),
]


def test_a_condition() -> None:
    found = asked(store(*(row for row, _ in CONDITIONS)))
    for person, (row, malignancy) in enumerate(CONDITIONS, 2):
        assert found[person]["malignancy"] == malignancy, row
        assert found[person]["nsaid"] == found[person]["surgery"] == NO
    assert found[1]["malignancy"] == found[LAST]["malignancy"] == NO  # others have no part in it


DRUGS_TAKEN = [
    (drug(w.NAPROXEN), YES, NO),
    (drug(w.PREDNISONE_5), NO, YES),
    (drug(w.COMBINED), YES, YES),
    (drug(w.AMOXICILLIN_500), NO, NO),
    (drug(0), NOT_UNDERSTOOD, NOT_UNDERSTOOD),
    (drug(LOOSE), NOT_UNDERSTOOD, NOT_UNDERSTOOD),
    (drug(4711), NOT_UNDERSTOOD, NOT_UNDERSTOOD),
    (drug(0, source_value="naproxen 500 MG"), YES, NOT_UNDERSTOOD),
    (drug(0, source_value="white tablets"), NOT_UNDERSTOOD, NOT_UNDERSTOOD),
    (drug(0, source_value="ATC:M01AE02"), YES, NO),
]


def test_a_drug() -> None:
    found = asked(store(*(row for row, *_ in DRUGS_TAKEN)))
    for person, (row, *wanted) in enumerate(DRUGS_TAKEN, 2):
        told = found[person]
        assert [told["nsaid"], told["systemic_glucocorticoid"]] == wanted, row
        assert told["malignancy"] == NO
    assert found[1]["nsaid"] == NO


def test_a_procedure_without_a_concept() -> None:
    found = asked(store({"procedure_concept_id": 0, "procedure_source_value": "0SG00A0"}))
    assert found[2]["surgery"] == NOT_UNDERSTOOD
    assert (found[1]["surgery"], found[LAST]["surgery"]) == (NO, YES)


def test_what_lies_below_a_concept_that_only_a_code_of_icd_10_maps_to() -> None:
    icd = w.ELEMENTS["malignancy"].model_copy(update={"codes": w.coded("icd10", "C50*")})
    found = asked(store(condition(BREAST), condition(HYPERTENSION)), malignancy=icd)
    assert found[2]["malignancy"] == NOT_UNDERSTOOD
    assert found[3]["malignancy"] == found[1]["malignancy"] == NO


def test_a_record_keeps_nothing_unknown_of_a_kind_that_is_not_declared() -> None:
    options = Options(w.ON, {"exposure": Observed()})
    found = answers(store(condition(0), drug(0)), w.study(), options)
    assert found[2]["malignancy"] == found[1]["malignancy"] == NO_RECORD
    assert (found[2]["nsaid"], found[3]["nsaid"]) == (NO, NOT_UNDERSTOOD)


# --- the vocabulary and the tables ----------------------------------------------------------------


@pytest.mark.parametrize("without", [w.CANCER, w.SURGERY])
def test_what_the_vocabulary_does_not_hold_is_absent_in_nobody(without: int) -> None:
    element = {w.CANCER: "malignancy", w.SURGERY: "surgery"}[without]
    found = asked(store(condition(BREAST), condition(HYPERTENSION), without=(without,)))
    assert {found[n][element] for n in (1, 2, 3)} == {NOT_UNDERSTOOD}
    assert found[3]["nsaid"] == NO


def test_of_an_element_with_several_codes_each_must_be_there() -> None:
    codes = w.coded("snomed", "254837009", "195967001")
    either = w.ELEMENTS["malignancy"].model_copy(update={"codes": codes})
    rows = condition(BREAST), condition(HYPERTENSION)
    found = asked(store(*rows), malignancy=either)
    assert (found[2]["malignancy"], found[3]["malignancy"]) == (YES, NO)
    found = asked(store(*rows, without=(ASTHMA,)), malignancy=either)
    assert (found[2]["malignancy"], found[3]["malignancy"]) == (YES, NOT_UNDERSTOOD)


def test_of_codes_of_icd_10_which_differ_by_country_one_is_enough() -> None:
    both = w.coded("snomed", "363346000") + w.coded("icd10", "C50.9", "I64*")
    found = asked(
        store(condition(HYPERTENSION)),
        malignancy=w.ELEMENTS["malignancy"].model_copy(update={"codes": both}),
    )
    assert found[2]["malignancy"] == NO


@pytest.mark.parametrize(
    "gone",
    [{"concept": None}, {"concept": ()}, {"concept_ancestor": None}, {"concept_ancestor": ()}],
)
def test_without_a_vocabulary_or_its_hierarchy_nothing_is_absent(gone: dict[str, Any]) -> None:
    found = asked(store(condition(BREAST), drug(w.NAPROXEN), **gone))
    for element in ("malignancy", "surgery", "nsaid", "systemic_glucocorticoid"):
        assert found[1][element] == NOT_UNDERSTOOD, element


@pytest.mark.parametrize("how", [None, ()])
@pytest.mark.parametrize(
    ("table", "element"),
    [
        ("condition_occurrence", "malignancy"),
        ("drug_exposure", "nsaid"),
        ("procedure_occurrence", "surgery"),
    ],
)
def test_a_table_that_is_missing_or_empty_is_no_record(how: Any, table: str, element: str) -> None:
    found = asked(store(**{table: how}))
    assert {one[element] for one in found.values()} == {NO_RECORD}
    others = {"malignancy", "nsaid"} - {element}
    assert all(found[1][name] == NO for name in others)


def test_an_element_whose_records_stand_in_another_table_needs_that_one() -> None:
    cells = Element(kind="exposure", label="cells", codes=w.coded("snomed", "387713003"))
    assert asked(store(), cells=cells)[1]["cells"] == NO
    found = asked(store({"procedure_concept_id": 0}), cells=cells)
    assert (found[1]["cells"], found[2]["cells"]) == (NO, NOT_UNDERSTOOD)
    assert asked(store(procedure_occurrence=None), cells=cells)[1]["cells"] == NOT_UNDERSTOOD


def test_a_field_of_the_hospital_s_own_is_known_by_its_concept_or_by_its_name() -> None:
    own = Element(kind="condition", label="own")
    assert asked(store(), own=own)[1]["own"] == NOT_UNDERSTOOD
    found = asked(store(condition(0, source_value="urn:gradatim:element|own")), own=own)
    assert (found[2]["own"], found[1]["own"]) == (YES, NO)


def test_a_code_that_is_no_longer_valid_and_maps_to_nothing_is_not_held() -> None:
    old = w.ELEMENTS["malignancy"].model_copy(update={"codes": w.coded("snomed", "1000004")})
    made = store(condition(HYPERTENSION))
    assert asked(made, malignancy=old)[2]["malignancy"] == NO
    concept = made.table("concept")
    made.replace(
        "concept",
        concept.mutate(invalid_reason=(concept["concept_id"] == OLD_SNOMED).ifelse("D", None)),
    )
    assert asked(made, malignancy=old)[2]["malignancy"] == NOT_UNDERSTOOD


def test_without_a_vocabulary_what_the_source_wrote_is_read_beside_a_concept() -> None:
    """In a table of which no concept is known either; engine and specification agree."""
    row = {"procedure_concept_id": 4198124, "procedure_source_value": "387713003"}
    found = asked(store(row, words=False))
    assert (found[2]["surgery"], found[1]["surgery"]) == (YES, NOT_UNDERSTOOD)


# --- laws -----------------------------------------------------------------------------------------

CONCEPTS = st.sampled_from(
    [BREAST, HYPERTENSION, w.CANCER, w.BASAL, w.ICD_CANCER, OLD_SNOMED, 4711, 0, None]
)
DRUGS = st.sampled_from([w.NAPROXEN, w.COMBINED, w.PREDNISONE_5, LOOSE, w.MINOCYCLINE, 4711, 0])
TEXTS = st.sampled_from(
    [
        None,
        "",
        "I10",
        "ICD10CM:I10",
        "ICD10CM:C50.9",
        "C50.9",
        "naproxen",
        "urn:gradatim:element|malignancy",
        "ATC:M01AE02",
    ]
)
USED = st.sampled_from([None, 0, ICD_HYPERTENSION, w.ICD_CANCER, HYPERTENSION, 4711])
ROWS = st.lists(
    st.one_of(
        st.builds(
            lambda c, t, u: condition(c, source_value=t, source_concept_id=u), CONCEPTS, TEXTS, USED
        ),
        st.builds(lambda c, t: drug(c, source_value=t), DRUGS, TEXTS),
    ),
    min_size=8,
    max_size=30,
)
TAKEN_AWAY = st.one_of(
    st.sampled_from(
        [
            w.CANCER,
            w.BASAL,
            w.SURGERY,
            w.NAPROXEN,
            w.PREDNISONE,
            BREAST,
            HYPERTENSION,
            w.ICD_CANCER,
            ICD_HYPERTENSION,
            w.PREDNISONE_5,
            w.COMBINED,
        ]
    ),
    st.sampled_from(
        [
            "concept",
            "concept_ancestor",
            "condition_occurrence",
            "drug_exposure",
            "procedure_occurrence",
        ]
    ),
)


def _absent(found: Answers) -> set[tuple[int, str]]:
    return {
        (person, name)
        for person, one in found.items()
        for name, answer in one.items()
        if answer == NO
    }


@settings(max_examples=3, deadline=None)
@given(ROWS, st.lists(TAKEN_AWAY, min_size=1, max_size=3, unique=True), st.sampled_from([None, ()]))
def test_taking_something_away_makes_nothing_absent(
    rows: list[dict[str, Any]], away: list[int | str], how: Any
) -> None:
    concepts = tuple(one for one in away if isinstance(one, int))
    tables = {one: how for one in away if isinstance(one, str)}
    less = asked(store(*rows, without=concepts, **tables))
    assert _absent(less) <= _absent(asked(store(*rows)))


@settings(max_examples=3, deadline=None)
@given(
    ROWS,
    st.sampled_from(
        [
            condition(0),
            condition(4711),
            condition(None, source_value="?"),
            drug(0),
            drug(4711),
            drug(0, source_value="?"),
        ]
    ),
)
def test_a_record_of_unknown_meaning_makes_nothing_absent(
    rows: list[dict[str, Any]], more: dict[str, Any]
) -> None:
    """It goes to the person of the last row, in a table of its own kind."""
    made, with_it = store(*rows), store(*rows, more)
    table = "drug_exposure" if "drug_concept_id" in more else "condition_occurrence"
    of = with_it.table(table)
    last = len(rows) + 2
    with_it.replace(
        table, of.mutate(person_id=(of["person_id"] == last).ifelse(last - 1, of["person_id"]))
    )
    before, after = asked(made), asked(with_it)
    assert _absent(after) <= _absent(before)
    kind = {"drug_exposure": ("nsaid", "dmard"), "condition_occurrence": ("malignancy",)}[table]
    assert all(after[last - 1][name] != NO for name in kind)
