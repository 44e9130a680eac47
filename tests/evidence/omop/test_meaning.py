"""Single rows: what they mean, worked out by hand."""

from datetime import date
from typing import Any

import pytest

from gradatim.core.dates import ANY_DAY, Day, on
from gradatim.core.quantity import Quantity
from gradatim.evidence.facts import Fact, Facts, Observed
from gradatim.evidence.omop.facts import facts
from gradatim.evidence.omop.options import Options, ReferenceRange
from gradatim.evidence.omop.tables import CONDITIONS, DRUGS, MEASUREMENTS
from gradatim.evidence.omop.vocabulary import concepts
from gradatim.evidence.relation import Meaning
from tests.evidence.omop import warehouse as w

DAY = date(2026, 3, 14)
BORN = {
    "person_id": 1,
    "gender_concept_id": 8532,
    "year_of_birth": 1990,
    "month_of_birth": 5,
    "day_of_birth": 6,
}


def read(
    table: str = "",
    options: Options | None = None,
    person: dict[str, Any] | None = None,
    words: bool = True,
    **row: Any,
) -> Facts:
    rows = [{"person_id": 1, f"{table}_id": 7, **row}] if table else []
    store = w.Small({"person": [BORN | (person or {})], **({table: rows} if table else {})}, words)
    (found,) = facts(store, w.study(), options or Options(w.ON), [1])
    return found


def one(facts: Facts) -> Fact:
    ((fact,),) = facts.by_element.values()
    return fact


def test_descendants_and_except() -> None:
    known = concepts(w.Small({}), w.study())
    assert known.of(CONDITIONS, w.BASAL) == (Meaning("malignancy"), Meaning("basal_cell_carcinoma"))
    assert known.of(CONDITIONS, w.CANCER) == (Meaning("malignancy"),)


def test_a_code_of_icd_10_means_what_it_maps_to_without_what_lies_below() -> None:
    only_icd = w.ELEMENTS["malignancy"].model_copy(update={"codes": w.coded("icd10", "C50*")})
    known = concepts(w.Small({}), w.study(malignancy=only_icd))
    assert known.of(CONDITIONS, w.CANCER) == (Meaning("malignancy"),)
    assert known.of(CONDITIONS, w.BASAL) == (Meaning("basal_cell_carcinoma"),)


def test_drugs_carry_their_ingredients() -> None:
    known = concepts(w.Small({}), w.study())
    assert set(known.of(DRUGS, w.COMBINED)) == {
        Meaning("nsaid", "naproxen"),
        Meaning("systemic_glucocorticoid", "prednisone"),
    }
    assert known.of(DRUGS, w.AMOXICILLIN_500) == (Meaning("iv_antibiotic", "amoxicillin"),)
    assert known.of(MEASUREMENTS, w.COMBINED) == ()


def test_without_a_vocabulary_the_drug_table_s_own_concepts_are_known() -> None:
    known = concepts(w.Small({}, words=False), w.study())
    assert known.of(DRUGS, w.PREDNISONE) == (Meaning("systemic_glucocorticoid", "prednisone"),)
    assert known.of(DRUGS, w.PREDNISONE_5) == ()
    assert "no table concept" in known.notes[0]


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("C5091", ["malignancy"]),
        ("C50.91", ["malignancy"]),
        ("ICD10CM:C44.01", ["malignancy", "basal_cell_carcinoma"]),
        ("363346000", ["malignancy"]),
        ("I10", []),
        ("urn:gradatim:element|malignancy", ["malignancy"]),
        ("malignancy", []),
        ("", []),
    ],
)
def test_source_values_of_conditions(written: str, names: list[str]) -> None:
    known = concepts(w.Small({}), w.study())
    assert [m.element for m in known.resolve(CONDITIONS, written)] == names


@pytest.mark.parametrize(
    ("written", "drugs"),
    [
        ("prednisone 5 MG Oral Tablet", ["prednisone"]),
        ("methylprednisolone", []),
        ("8640", []),
        ("Naproxen/Prednisone", ["naproxen", "prednisone"]),
        ("H02AB07", ["prednisone"]),
    ],
)
def test_source_values_of_drugs(written: str, drugs: list[str]) -> None:
    known = concepts(w.Small({}), w.study())
    assert [m.code for m in known.resolve(DRUGS, written)] == drugs


def test_a_condition_without_an_end_ended_on_a_day_not_known() -> None:
    fact = one(
        read("condition_occurrence", condition_concept_id=w.CANCER, condition_start_date=DAY)
    )
    assert (fact.start, fact.end) == (on(DAY), Day(DAY, date.max))


def test_a_preliminary_diagnosis_is_unconfirmed() -> None:
    fact = one(
        read(
            "condition_occurrence",
            condition_concept_id=w.CANCER,
            condition_start_date=DAY,
            condition_status_concept_id=32899,
        )
    )
    assert str(fact.doubtful) == "unconfirmed"


@pytest.mark.parametrize(
    "dates",
    [
        {"condition_start_date": None},
        {"condition_start_date": DAY, "condition_end_date": date(2026, 3, 13)},
    ],
)
def test_a_record_with_impossible_dates_ends_the_coverage_of_its_elements(dates: Any) -> None:
    found = read("condition_occurrence", condition_concept_id=w.CANCER, **dates)
    assert not found.by_element
    assert set(found.not_understood) == {"malignancy"}


@pytest.mark.parametrize(
    ("columns", "dose", "last"),
    [
        ({"quantity": 60.0, "days_supply": 30}, 10.0, date(2026, 4, 12)),
        ({"quantity": 60.0, "drug_exposure_end_date": date(2026, 3, 23)}, 30.0, date(2026, 3, 23)),
        ({"quantity": 0.0, "days_supply": 30}, None, date(2026, 4, 12)),
        ({"quantity": 60.0, "days_supply": 0}, None, date.max),
        (
            {"quantity": 60.0, "days_supply": 30, "drug_concept_id": w.PREDNISONE},
            None,
            date(2026, 4, 12),
        ),
    ],
)
def test_daily_dose_and_end(columns: dict[str, Any], dose: float | None, last: date) -> None:
    row: dict[str, Any] = {"drug_concept_id": w.PREDNISONE_5, "drug_exposure_start_date": DAY}
    row |= columns
    fact = one(read("drug_exposure", **row))
    assert fact.value == dose
    assert fact.end.last == last


def test_the_dose_of_a_combination_is_nobody_s() -> None:
    found = read(
        "drug_exposure",
        drug_concept_id=w.COMBINED,
        drug_exposure_start_date=DAY,
        quantity=30.0,
        days_supply=30,
    )
    assert [f.value for some in found.by_element.values() for f in some] == [None, None]


@pytest.mark.parametrize(
    ("route", "names"),
    [
        (w.IV, {"iv_antibiotic": "", "dmard": ""}),
        (w.ORAL, {"dmard": ""}),
        (0, {"iv_antibiotic": "route not recorded", "dmard": ""}),
    ],
)
def test_routes(route: int, names: dict[str, str]) -> None:
    found = read(
        "drug_exposure",
        drug_concept_id=w.MINOCYCLINE,
        drug_exposure_start_date=DAY,
        route_concept_id=route,
    )
    assert {name: str(some[0].doubtful) for name, some in found.by_element.items()} == names


RANGES = {
    "creatinine": (
        ReferenceRange("mg/dL", None, 1.0, "female", 18, 40),
        ReferenceRange("mg/dL", None, 1.3),
    )
}


@pytest.mark.parametrize(
    ("columns", "person", "high"),
    [
        ({"unit_concept_id": w.MG_DL}, {}, Quantity(1.0, "mg/dL")),
        ({"unit_concept_id": w.UMOL_L}, {}, Quantity(88.4, "umol/L")),
        ({"unit_concept_id": w.MG_DL, "range_high": 1.1}, {}, Quantity(1.1, "mg/dL")),
        ({"unit_concept_id": w.KG}, {}, None),
        ({}, {}, None),
        ({"unit_concept_id": w.MG_DL}, {"gender_concept_id": 8507}, Quantity(1.3, "mg/dL")),
        ({"unit_concept_id": w.MG_DL}, {"year_of_birth": 1950}, Quantity(1.3, "mg/dL")),
    ],
)
def test_reference_ranges(columns: dict[str, Any], person: dict[str, Any], high: Any) -> None:
    options = Options(w.ON, reference_ranges=RANGES)
    fact = one(
        read(
            "measurement",
            options,
            person,
            measurement_concept_id=w.CREATININE,
            measurement_date=DAY,
            value_as_number=20.0,
            **columns,
        )
    )
    assert fact.high == high


def test_an_implausible_value_is_no_fact() -> None:
    found = read(
        "measurement",
        measurement_concept_id=w.CREATININE,
        measurement_date=DAY,
        value_as_number=99999.0,
        unit_concept_id=w.UMOL_L,
    )
    assert not found.by_element
    assert "outside the plausible range" in found.not_used[0].why


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"value_as_concept_id": w.POSITIVE}, "positive"),
        ({"value_source_value": "NEG"}, "negative"),
        ({"value_source_value": "<5"}, "<5"),
        ({"value_as_concept_id": w.YES}, "true"),
    ],
)
def test_results(columns: dict[str, Any], code: str) -> None:
    fact = one(read("measurement", measurement_concept_id=w.HBSAG, measurement_date=DAY, **columns))
    assert fact.code == code


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({}, ("", "")),
        ({"value_as_concept_id": w.YES}, ("true", "")),
        ({"value_as_concept_id": w.NO}, ("false", "")),
        ({"value_as_string": "perhaps"}, ("", "neither yes nor no")),
    ],
)
def test_conditions_among_observations(columns: dict[str, Any], told: tuple[str, str]) -> None:
    fact = one(
        read("observation", observation_concept_id=w.CANCER, observation_date=DAY, **columns)
    )
    assert (fact.code, str(fact.doubtful)) == told


def test_an_answer_read_out_of_a_condition_is_derived() -> None:
    fact = one(
        read("condition_occurrence", condition_concept_id=w.ANAPHYLAXIS, condition_start_date=DAY)
    )
    assert (fact.element, fact.code, fact.derived) == ("severe_allergy", "true", True)


@pytest.mark.parametrize(
    ("person", "birth"),
    [
        ({}, on(date(1990, 5, 6))),
        ({"day_of_birth": None}, Day(date(1990, 5, 1), date(1990, 5, 31))),
        ({"month_of_birth": None}, Day(date(1990, 1, 1), date(1990, 12, 31))),
        ({"month_of_birth": 2, "day_of_birth": 30}, Day(date(1990, 2, 1), date(1990, 2, 28))),
        ({"year_of_birth": 2027}, ANY_DAY),
        ({"year_of_birth": None}, ANY_DAY),
    ],
)
def test_births(person: dict[str, Any], birth: Day) -> None:
    assert read(person=person).birth == birth


@pytest.mark.parametrize(
    ("periods", "seen"),
    [
        (
            [("2020-01-01", "2021-12-31"), ("2022-01-01", "2026-12-31")],
            ("2020-01-01", "2026-12-31"),
        ),
        (
            [("2020-01-01", "2021-12-30"), ("2022-01-01", "2026-12-31")],
            ("2022-01-01", "2026-12-31"),
        ),
        (
            [("2020-01-01", "2021-12-30"), ("2027-01-01", "2028-12-31")],
            ("2020-01-01", "2021-12-30"),
        ),
        ([], None),
    ],
)
def test_observation_periods(periods: list[tuple[str, str]], seen: tuple[str, str] | None) -> None:
    rows = [
        {
            "person_id": 1,
            "observation_period_start_date": date.fromisoformat(a),
            "observation_period_end_date": date.fromisoformat(b),
        }
        for a, b in periods
    ]
    of_another = {"condition_occurrence_id": 1, "person_id": 2, "condition_start_date": DAY}
    store = w.Small(
        {"person": [BORN], "observation_period": rows, "condition_occurrence": [of_another]}
    )
    options = Options(w.ON, {"condition": Observed()}, observation_period=True)
    (found,) = facts(store, w.study(), options, [1])
    wanted = {}
    if seen is not None:
        wanted["condition"] = Observed(*(date.fromisoformat(day) for day in seen))
    assert found.coverage == wanted
