"""Which rows are taken out of a warehouse decides nothing but how long it takes."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from gradatim.evidence.omop import keys, value_parts
from gradatim.evidence.omop.mapping import OmopRecords
from gradatim.evidence.relation import Keep, Relation
from tests.population.warehouses import ON, assert_equal, opened, people, run, written


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return people(tmp_path_factory.mktemp("omop") / "people", 150)


@pytest.fixture(scope="module")
def reference(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("reference") / "run"
    with opened(folder) as warehouse:
        run(warehouse, out)
    return written(out)


def test_taking_every_record_gives_the_same(folder, reference, tmp_path, monkeypatch):
    take = OmopRecords.take

    def everything(records: OmopRecords, days: object, keep: Keep) -> Relation:
        return take(records, None, keep)

    monkeypatch.setattr(OmopRecords, "take", everything)
    with opened(folder) as warehouse:
        run(warehouse, tmp_path / "run")
    assert_equal(written(tmp_path / "run"), reference)


def test_long_lists_of_concepts_are_joined_and_give_the_same(
    folder, reference, tmp_path, monkeypatch
):
    for module in (keys, value_parts):
        monkeypatch.setattr(module, "MOST_LISTED", 1)
    with opened(folder) as warehouse:
        run(warehouse, tmp_path / "run")
    assert_equal(written(tmp_path / "run"), reference)


def test_an_old_value_is_stale_and_none_is_no_record(folder, reference, tmp_path):
    """`present`: values of no day asked about are not taken out, and are still known of."""
    aside = tmp_path / "aside"
    aside.mkdir()
    for file in folder.glob("*.parquet"):
        pq.write_table(pq.read_table(file), aside / file.name)
    table = pq.read_table(folder / "measurement.parquet")
    recent = pc.greater_equal(table["measurement_date"], pa.scalar(ON.replace(month=8)))
    pq.write_table(table.filter(pc.invert(recent)), aside / "measurement.parquet")
    with opened(aside) as warehouse:
        run(warehouse, tmp_path / "run")
    reasons = written(tmp_path / "run")["reasons"]
    stale, no_record = 2, 1
    assert set(reasons["E11b1"]) == {stale, no_record}
    assert {stale, no_record} < set(reference["reasons"]["E11b1"])


def spelled(folder: Path, aside: Path, change: dict[str, object]) -> Path:
    """Write the conditions of a warehouse in another way."""
    aside.mkdir()
    for file in folder.glob("*.parquet"):
        pq.write_table(pq.read_table(file), aside / file.name)
    table = pq.read_table(folder / "condition_occurrence.parquet")
    for name, made in change.items():
        assert callable(made)
        place = table.column_names.index(name)
        table = table.set_column(place, name, made(table))
    pq.write_table(table, aside / "condition_occurrence.parquet")
    return aside


@pytest.mark.parametrize("nothing", [0, None])
def test_what_the_source_used_counts_where_the_concept_says_nothing(
    nothing, folder, reference, tmp_path
):
    empty = spelled(
        folder,
        tmp_path / "w",
        {
            "condition_source_concept_id": lambda t: t["condition_concept_id"],
            "condition_concept_id": lambda t: pa.array([nothing] * len(t), pa.int32()),
        },
    )
    with opened(empty) as warehouse:
        run(warehouse, tmp_path / "run")
    found, before = written(tmp_path / "run")["verdicts"], reference["verdicts"]
    by_concept = [
        person
        for person, truth in zip(before["person_id"], before["E3"], strict=True)
        if truth == 2
    ]
    again = [
        person for person, truth in zip(found["person_id"], found["E3"], strict=True) if truth == 2
    ]
    assert len(by_concept) > 3
    assert set(again) >= set(by_concept) - _written_only(folder)


def _written_only(folder: Path) -> set[int]:
    """Give the people of whom some condition has no concept: what it was is overwritten."""
    table = pq.read_table(folder / "condition_occurrence.parquet")
    return set(table.filter(pc.equal(table["condition_concept_id"], 0))["person_id"].to_pylist())


def test_identifiers_of_concepts_written_as_floats(folder, reference, tmp_path):
    floats = spelled(
        folder,
        tmp_path / "w",
        {
            name: lambda t, name=name: t[name].cast(pa.float64())
            for name in ("condition_concept_id", "condition_occurrence_id", "person_id")
        },
    )
    with opened(floats) as warehouse:
        run(warehouse, tmp_path / "run")
    assert_equal(written(tmp_path / "run"), reference)
