"""The made-up population: its tables, its faults and edges, and that a seed stands for one."""

import hashlib
import tracemalloc
from datetime import date

import numpy as np
import pyarrow.parquet as pq
import pytest

from gradatim.core.errors import UnusableInput
from gradatim.synthetic.population import BLOCK, write_population

# Columns that OMOP CDM 5.4 requires, from its DDL (OHDSI CommonDataModel, Apache License 2.0).
REQUIRED = {
    "person": "person_id gender_concept_id year_of_birth race_concept_id ethnicity_concept_id",
    "observation_period": "observation_period_id person_id observation_period_start_date "
    "observation_period_end_date period_type_concept_id",
    "death": "person_id death_date",
    "condition_occurrence": "condition_occurrence_id person_id condition_concept_id "
    "condition_start_date condition_type_concept_id",
    "drug_exposure": "drug_exposure_id person_id drug_concept_id drug_exposure_start_date "
    "drug_exposure_end_date drug_type_concept_id",
    "procedure_occurrence": "procedure_occurrence_id person_id procedure_concept_id "
    "procedure_date procedure_type_concept_id",
    "measurement": "measurement_id person_id measurement_concept_id measurement_date "
    "measurement_type_concept_id",
    "observation": "observation_id person_id observation_concept_id observation_date "
    "observation_type_concept_id",
    "concept": "concept_id concept_name domain_id vocabulary_id concept_class_id concept_code "
    "valid_start_date valid_end_date",
    "concept_ancestor": "ancestor_concept_id descendant_concept_id min_levels_of_separation "
    "max_levels_of_separation",
    "drug_strength": "drug_concept_id ingredient_concept_id valid_start_date valid_end_date",
    "cdm_source": "cdm_source_name cdm_source_abbreviation cdm_holder source_release_date "
    "cdm_release_date cdm_version_concept_id vocabulary_version",
    "care_site": "care_site_id",
}
# The optional columns written, with the DDL's kinds of type.
OPTIONAL = {
    "person": "month_of_birth day_of_birth care_site_id gender_source_value",
    "death": "death_type_concept_id",
    "condition_occurrence": "condition_end_date condition_source_value condition_source_concept_id",
    "drug_exposure": "quantity days_supply route_concept_id drug_source_value "
    "drug_source_concept_id route_source_value",
    "procedure_occurrence": "procedure_source_value procedure_source_concept_id",
    "measurement": "operator_concept_id value_as_number value_as_concept_id unit_concept_id "
    "range_low range_high measurement_source_value measurement_source_concept_id "
    "unit_source_value value_source_value",
    "observation": "value_as_number value_as_string value_as_concept_id observation_source_value",
    "concept": "standard_concept invalid_reason",
    "drug_strength": "amount_value amount_unit_concept_id numerator_value "
    "numerator_unit_concept_id denominator_value denominator_unit_concept_id invalid_reason",
    "cdm_source": "source_description cdm_version",
    "care_site": "care_site_name place_of_service_concept_id care_site_source_value",
}
NUMERIC = {
    "quantity",
    "value_as_number",
    "range_low",
    "range_high",
    "amount_value",
    "numerator_value",
    "denominator_value",
}
TEXT = {
    "standard_concept",
    "invalid_reason",
    "cdm_version",
    "value_as_string",
    "cdm_holder",
    "source_description",
    "vocabulary_version",
    "domain_id",
    "vocabulary_id",
    "concept_class_id",
    "concept_code",
    "concept_name",
    "cdm_source_name",
    "cdm_source_abbreviation",
    "care_site_name",
}


def _type(column: str) -> tuple[str, ...]:
    if column.endswith("_date"):
        return ("date32[day]",)
    if column in NUMERIC:
        return ("double",)
    if column in TEXT or column.endswith("_source_value"):
        return ("string",)
    return ("int32", "int64")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("population") / "made"
    write_population(place, 12_000, 7, candidates=0.1, start_id=501)
    return place


@pytest.fixture(scope="module")
def table(folder):
    return lambda name: pq.read_table(folder / f"{name}.parquet")


def _column(table, name):
    return table.column(name).to_numpy(zero_copy_only=False)


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_a_table_has_the_columns_and_types_of_the_cdm(folder, name):
    schema = pq.read_schema(folder / f"{name}.parquet")
    required, optional = REQUIRED[name].split(), OPTIONAL.get(name, "").split()

    assert set(schema.names) == {*required, *optional}
    assert {
        n: str(schema.field(n).type)
        for n in schema.names
        if str(schema.field(n).type) not in _type(n)
    } == {}
    assert not any(schema.field(one).nullable for one in required)


def test_no_table_is_missing_or_extra(folder):
    assert {path.stem for path in folder.iterdir()} == set(REQUIRED)


RECORDS = [
    "condition_occurrence",
    "drug_exposure",
    "procedure_occurrence",
    "measurement",
    "observation",
]


@pytest.mark.parametrize("name", ["person", "observation_period", "death", *RECORDS])
def test_rows_stand_by_person_and_every_person_exists(table, name):
    person = _column(table(name), "person_id")

    assert (np.diff(person) >= 0).all()
    assert person.min() >= 501
    assert person.max() < 501 + 12_000


@pytest.mark.parametrize("name", [*RECORDS, "observation_period"])
def test_record_ids_are_unique(table, name):
    ids = _column(table(name), f"{name}_id")

    assert len(np.unique(ids)) == len(ids)


def test_every_concept_used_is_in_the_vocabulary(folder, table):
    known = {0, *table("concept").column("concept_id").to_pylist()}
    for path in folder.glob("*.parquet"):
        rows = pq.read_table(path)
        for name in rows.column_names:
            if name.endswith("concept_id"):
                assert set(rows.column(name).drop_null().unique().to_pylist()) <= known, path


def test_a_row_group_is_of_one_size(folder):
    groups = pq.ParquetFile(folder / "measurement.parquet").metadata

    assert groups.num_row_groups > 2
    assert {groups.row_group(n).num_rows for n in range(groups.num_row_groups - 1)} == {120_000}


def test_everyday_people_have_about_the_rows_asked_for(tmp_path):
    counts = write_population(tmp_path / "made", 3000, 1, candidates=0, rows_per_person=40)
    people = ("person", "observation_period", "death", *RECORDS)

    assert 37 < sum(counts[name] for name in people) / 3000 < 43


def test_counts_are_those_of_the_files(tmp_path):
    counts = write_population(tmp_path / "made", 300, 1)

    assert counts == {
        path.stem: pq.read_metadata(path).num_rows for path in (tmp_path / "made").iterdir()
    }


def test_events_lie_in_the_lives_of_their_people(table):
    person = table("person")
    born = dict(
        zip(*(person.column(n).to_pylist() for n in ("person_id", "year_of_birth")), strict=True)
    )
    dead = dict(
        zip(
            *(table("death").column(n).to_pylist() for n in ("person_id", "death_date")),
            strict=True,
        )
    )
    for name, day in (
        ("condition_occurrence", "condition_start_date"),
        ("drug_exposure", "drug_exposure_start_date"),
        ("measurement", "measurement_date"),
    ):
        rows = table(name)
        for id, on in zip(*(rows.column(n).to_pylist() for n in ("person_id", day)), strict=True):
            assert born[id] <= on.year
            assert on <= min(dead.get(id, date.max), date(2026, 11, 16))


def test_periods_are_in_order_and_some_have_gaps(table):
    rows = table("observation_period")
    start, end = (_column(rows, f"observation_period_{which}_date") for which in ("start", "end"))
    person = _column(rows, "person_id")
    again = person[1:] == person[:-1]

    assert (start <= end).all()
    assert (start[1:][again] > end[:-1][again] + np.timedelta64(20, "D")).all()
    assert 0.05 < again.mean() < 0.15
    assert 0.005 < table("death").num_rows / 12_000 < 0.04


# --- one seed, one population --------------------------------------------------------------------


def _hashes(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_a_seed_gives_the_same_files_whatever_waits_in_memory(tmp_path):
    size = 2 * BLOCK + 500
    write_population(tmp_path / "a", size, 3, rows_per_person=8, chunk=1)
    write_population(tmp_path / "b", size, 3, rows_per_person=8, chunk=90_000)

    assert _hashes(tmp_path / "a") == _hashes(tmp_path / "b")


def test_more_people_need_no_more_memory(tmp_path):
    def peak(blocks: int) -> int:
        tracemalloc.start()
        try:
            write_population(tmp_path / str(blocks), blocks * BLOCK, 3, rows_per_person=20, chunk=1)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(10) < 1.3 * peak(5)


def test_another_seed_gives_other_people_and_the_same_vocabulary(tmp_path):
    for seed in (3, 4):
        write_population(tmp_path / str(seed), 400, seed)
    three, four = _hashes(tmp_path / "3"), _hashes(tmp_path / "4")

    same = {name for name in three if three[name] == four[name]}
    assert same == {
        "concept.parquet",
        "concept_ancestor.parquet",
        "drug_strength.parquet",
        "cdm_source.parquet",
        "care_site.parquet",
    }


def test_blocks_differ(tmp_path):
    write_population(tmp_path / "made", BLOCK + 100, 5, rows_per_person=4)
    born = _column(pq.read_table(tmp_path / "made" / "person.parquet"), "year_of_birth")

    assert (born[:100] != born[BLOCK:]).any()


def test_populations_with_other_person_ids_share_no_record_id(tmp_path):
    write_population(tmp_path / "a", 50, 1)
    write_population(tmp_path / "b", 50, 1, start_id=51)
    one, two = (
        set(_column(pq.read_table(tmp_path / which / "measurement.parquet"), "measurement_id"))
        for which in "ab"
    )

    assert not one & two


# --- what cannot be used -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"people": 0}, "people"),
        ({"people": -5}, "people"),
        ({"seed": -1}, "seed"),
        ({"candidates": 1.5}, "candidates"),
        ({"candidates": float("nan")}, "candidates"),
        ({"start_id": 0}, "start_id"),
        ({"chunk": 0}, "chunk"),
        ({"rows_per_person": 0}, "rows_per_person"),
    ],
)
def test_a_number_out_of_range_is_refused(tmp_path, wrong, named):
    options = {"people": 10, "seed": 1} | wrong

    with pytest.raises(UnusableInput, match=named):
        write_population(tmp_path / "made", **options)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "mine.txt").write_text("mine")

    with pytest.raises(UnusableInput, match="something already"):
        write_population(tmp_path / "made", 10, 1)
    assert [path.name for path in tmp_path.rglob("*")] == ["made", "mine.txt"]


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "made").mkdir()
    write_population(tmp_path / "made", 10, 1)

    assert (tmp_path / "made" / "person.parquet").exists()


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "made").write_text("mine")

    with pytest.raises(UnusableInput, match="something already"):
        write_population(tmp_path / "made", 10, 1)
    with pytest.raises(UnusableInput, match="cannot be written"):
        write_population(tmp_path / "made" / "inside", 10, 1)


def test_nothing_is_left_when_it_is_cut_off(tmp_path):
    def stop(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_population(tmp_path / "made", 10, 1, progress=stop)
    assert not list(tmp_path.iterdir())
