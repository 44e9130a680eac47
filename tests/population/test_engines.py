"""A whole prescreen writes the same files on every engine, and however it is gone about."""

import json
from pathlib import Path

import duckdb
import pytest

from gradatim.protocol.load import load
from gradatim.screening.prescreen import chunks
from gradatim.screening.prescreen.run import prescreen
from gradatim.screening.prescreen.warehouse import OmopPopulation
from tests.population.warehouses import (
    OPTIONS,
    SHARED,
    assert_equal,
    loaded,
    opened,
    people,
    request,
    run,
    written,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return people(tmp_path_factory.mktemp("omop") / "people")


@pytest.fixture(scope="module")
def reference(folder, tmp_path_factory):
    """What a run over the Parquet files writes."""
    out = tmp_path_factory.mktemp("reference") / "run"
    with opened(folder) as warehouse:
        run(warehouse, out)
    found = written(out)
    assert {2, 1, 0} == set(found["verdicts"]["E7c"])
    assert len(found["verdicts"]["person_id"]) > 200
    return found


def test_every_engine_writes_the_same(engine, folder, reference, tmp_path):
    outcome = run(loaded(engine, folder), tmp_path / "run")
    assert_equal(written(tmp_path / "run"), reference)
    (told,) = outcome.run.values()
    assert told["verified"] == {"sample": 30, "differences": 0}
    assert told["engine"]["name"] == engine.name


def test_several_parts_write_the_same(folder, reference, tmp_path, monkeypatch):
    monkeypatch.setattr(chunks, "SMALLEST", 70)
    seen = []
    with opened(folder) as warehouse:
        prescreen(
            request(load("nct05962762"), memory=1),
            OmopPopulation(warehouse, OPTIONS),
            tmp_path / "run",
            lambda part, of: seen.append((part, of)),
        )
    assert seen[-1][1] > 2
    assert_equal(written(tmp_path / "run"), reference)


class InEngine(OmopPopulation):
    """As on Spark: the engine combines the answers and writes the files."""

    many_machines = True


def test_an_engine_that_combines_and_writes_itself_writes_the_same(folder, reference, tmp_path):
    with opened(folder) as warehouse:
        run(warehouse, tmp_path / "run", population=InEngine)
    assert_equal(written(tmp_path / "run"), reference)


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"{SHARED.name} is not in shared/data")
def test_a_published_warehouse_runs_on_every_engine(engine, tmp_path):
    """GiBleed, an excerpt of Synthea in OMOP: it knows little of what this trial asks."""
    with opened(SHARED) as warehouse:
        outcome = run(warehouse, tmp_path / "reference")
    told = outcome.run["NCT05962762"]
    assert told["unmapped"]["aptt"] == ["E11c1"]
    assert told["people"]["screened"] > 2000
    expected = written(tmp_path / "reference")
    assert set(expected["verdicts"]["E11c1"]) == {1}

    run(loaded(engine, SHARED), tmp_path / "run")

    assert_equal(written(tmp_path / "run"), expected)
    notes = json.loads((tmp_path / "run" / "run.json").read_text())
    assert notes["unmapped"] == told["unmapped"]


def test_the_order_of_rows_changes_nothing(folder, reference, tmp_path):
    shuffled = tmp_path / "shuffled"
    shuffled.mkdir()
    for file in folder.glob("*.parquet"):
        duckdb.sql(f"COPY (FROM '{file}' ORDER BY random()) TO '{shuffled / file.name}'")
    with opened(shuffled) as warehouse:
        run(warehouse, tmp_path / "run")
    assert_equal(written(tmp_path / "run"), reference)
