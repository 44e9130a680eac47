"""The expressions and the plain reading of one warehouse tell the same of everybody."""

from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pyarrow import parquet as pq

from gradatim.evidence.facts import Observed
from gradatim.evidence.omop.facts import facts
from gradatim.evidence.omop.mapping import relation
from gradatim.evidence.omop.options import Options, ReferenceRange
from gradatim.evidence.omop.vocabulary import concepts
from tests.evidence.omop import warehouse as w
from tests.evidence.omop.told import by_facts, by_relation, person

OPTIONS = Options(
    w.ON,
    {
        "condition": Observed(since=date(2015, 1, 1)),
        "exposure": Observed(),
        "procedure": Observed(until=date(2026, 6, 30)),
    },
    True,
    {
        "ast": (
            ReferenceRange("U/L", 0, 35, "female"),
            ReferenceRange("U/L", None, 50, "male", 18),
        ),
        "creatinine": (ReferenceRange("mg/dL", 0.5, 1.2),),
    },
)
TEXTS = [
    "C44.01",
    "C5091",
    "c50.9",
    "I10",
    "363346000",
    "387713003",
    "1920-8",
    "prednisone 5 MG Oral Tablet",
    "J01CA04",
    "urn:gradatim:element|back_pain",
    "urn:gradatim:element|stem_cells",
    "urn:gradatim:element|score",
    "LOINC: 2160-0",
    "ICD10CM:C44011",
    "",
    " ",
    None,
]


def some_people(rng: Random, size: int = 30) -> dict[str, list[dict[str, Any]]]:
    def day() -> date | None:
        return w.ON + timedelta(days=rng.randint(-2000, 40)) if rng.random() < 0.95 else None

    def end(start: date | None) -> date | None:
        if start is None or rng.random() < 0.4:
            return None
        return start + timedelta(days=rng.randint(-1, 200))

    def of(*values: Any) -> Any:
        return rng.choice(values)

    persons: list[dict[str, Any]] = []
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in list(w.COLUMNS)[1:8]}
    for id in range(1, size + 1):
        persons.append(
            {
                "person_id": id,
                "gender_concept_id": of(8507, 8532, 0, None),
                "year_of_birth": of(1980, 1999, 2003, 2030, None, 0),
                "month_of_birth": of(None, 2, 12, 13),
                "day_of_birth": of(None, 1, 28, 29, 31, 0),
                "birth_datetime": of(
                    None,
                    None,
                    datetime(1980, 1, 1),
                    datetime(1999, 12, 1),
                    datetime(2003, 2, 28, 7),
                ),
            }
        )
        if rng.random() < 0.15:
            tables["death"].append({"person_id": id, "death_date": day()})
        for _ in range(rng.randint(0, 4)):
            begun = date(2010, 1, 1) + timedelta(days=rng.randint(0, 40) * 150)
            tables["observation_period"].append(
                {
                    "person_id": id,
                    "observation_period_start_date": begun,
                    "observation_period_end_date": begun
                    + timedelta(days=rng.choice([-1, 100, 149, 150, 300, 2000])),
                }
            )
    for n in range(size * 8):
        id, start = rng.randint(1, size + 1), day()
        source = {
            "source_value": of(*TEXTS),
            "source_concept_id": of(0, None, w.ICD_BASAL, w.ICD_CANCER),
        }
        tables["condition_occurrence"].append(
            {
                "condition_occurrence_id": n,
                "person_id": id,
                "condition_start_date": start,
                "condition_concept_id": of(0, None, w.CANCER, w.BASAL, w.ANAPHYLAXIS, 77, w.AST),
                "condition_end_date": end(start),
                "condition_status_concept_id": of(None, 0, 32899),
                **{f"condition_{k}": v for k, v in source.items()},
            }
        )
        tables["procedure_occurrence"].append(
            {
                "procedure_occurrence_id": n,
                "person_id": id,
                "procedure_date": start,
                "procedure_concept_id": of(0, w.SURGERY, 77, 2000000003),
                "procedure_end_date": end(start),
                **{f"procedure_{k}": v for k, v in source.items()},
            }
        )
        tables["drug_exposure"].append(
            {
                "drug_exposure_id": n,
                "person_id": id,
                "drug_exposure_start_date": start,
                "drug_concept_id": of(
                    0,
                    w.PREDNISONE,
                    w.PREDNISONE_5,
                    w.NAPROXEN,
                    w.COMBINED,
                    w.AMOXICILLIN_500,
                    w.MINOCYCLINE,
                    77,
                ),
                "drug_exposure_end_date": end(start),
                "quantity": of(None, 0.0, 30.0, -3.0, 7.5),
                "days_supply": of(None, 0, 30, 10**6),
                "route_concept_id": of(None, 0, w.IV, w.ORAL, w.TOPICAL, 99),
                **{f"drug_{k}": v for k, v in source.items()},
            }
        )
        value = of(None, 1.0, 88.4, 500.0, 501.0, 4.0, 1e9, float("nan"), float("inf"), -1.0)
        tables["measurement"].append(
            {
                "measurement_id": n,
                "person_id": id,
                "measurement_date": start,
                "measurement_concept_id": of(
                    0, w.AST, w.CREATININE, w.HBSAG, w.LOCAL_SCORE, 77, 2000000002
                ),
                "operator_concept_id": of(None, 0, 4172703, 4171756, 4171755),
                "value_as_number": value,
                "value_as_concept_id": of(None, 0, w.POSITIVE, w.NEGATIVE, w.YES, 4124457),
                "unit_concept_id": of(None, 0, w.MG_DL, w.UMOL_L, w.U_L, w.KG, 4118),
                "unit_source_value": of(None, "mg/dL", "U/l", "furlong", " "),
                "range_low": of(None, 0.5),
                "range_high": of(None, 35.0, float("nan")),
                "value_source_value": of(None, "positive", "neg", "Yes", "<5", "lost", "", " "),
                **{f"measurement_{k}": v for k, v in source.items()},
            }
        )
        tables["observation"].append(
            {
                "observation_id": n,
                "person_id": id,
                "observation_date": start,
                "observation_concept_id": of(
                    0, w.CANCER, 2000000002, 2000000003, 2000000004, 2000000005, w.LOCAL_SCORE, 77
                ),
                "value_as_number": of(None, None, 3.0, 12.0),
                "value_as_concept_id": of(None, 0, w.YES, w.NO, w.POSITIVE),
                "value_as_string": of(None, "no", "Y", "maybe"),
                "unit_concept_id": of(None, 0),
                "unit_source_value": of(None, "{score}"),
                **{f"observation_{k}": v for k, v in source.items()},
            }
        )
    return {"person": persons, **tables}


def compare(store: w.Small, options: Options = OPTIONS) -> int:
    """Compare the two readings of everybody, and count the facts."""
    study = w.study()
    known = concepts(store, study)
    told, people = by_relation(relation(store, study, options, known).whole(), study)
    ids = store.table("person").select("person_id").to_pyarrow()["person_id"].to_pylist()
    ids = [int(id) if isinstance(id, float) else id for id in ids]
    count = 0
    for id, one in zip(ids, facts(store, study, options, ids, known), strict=True):
        assert (id in people) == (one.died is None)
        if one.died is None:
            assert people[id] == person(one)
            assert told.get(id, set()) == by_facts(one, study, known.words)
            count += len(told.get(id, ()))
    return count


@pytest.mark.parametrize("seed", range(5))
def test_with_a_vocabulary(seed: int) -> None:
    assert compare(w.Small(some_people(Random(seed)))) > 300


@pytest.mark.parametrize("seed", range(5, 8))
def test_without_one(seed: int) -> None:
    assert compare(w.Small(some_people(Random(seed)), words=False)) > 100


def test_identifiers_written_as_floats() -> None:
    store = w.Small(some_people(Random(8)))
    for name in store.tables:
        t = store.table(name)
        floats = {c: t[c].cast("float64") for c in t.columns if t[c].type().is_integer()}
        store.replace(name, t.mutate(**floats))
    assert compare(store) > 300


def test_coverage_without_observation_periods() -> None:
    options = Options(w.ON, {"exposure": Observed(date(2020, 1, 1))})
    assert compare(w.Small(some_people(Random(9))), options) > 300


def test_optional_tables_and_columns_missing() -> None:
    store = w.Small(some_people(Random(10)))
    for name in ("death", "drug_strength", "concept_relationship", "procedure_occurrence"):
        store.replace(name, None)
    bare = {
        "condition_occurrence": ["condition_end_date", "condition_status_concept_id"],
        "drug_exposure": ["route_concept_id", "days_supply", "quantity"],
        "measurement": ["range_low", "range_high", "unit_source_value", "operator_concept_id"],
        "observation": ["value_as_string", "unit_concept_id"],
        "person": ["birth_datetime", "day_of_birth"],
    }
    for name, columns in bare.items():
        store.replace(name, store.table(name).drop(*columns))
    assert compare(store) > 200


def test_numbers_that_are_none_in_parquet(tmp_path: Path) -> None:
    store = w.Small(some_people(Random(3)))
    pq.write_table(store.fetch(store.table("measurement")), tmp_path / "m.parquet")
    store.replace("measurement", store.con.read_parquet(tmp_path / "m.parquet"))
    assert compare(store) > 300
