"""A run that goes wrong writes nothing; a wrong verdict of the engine is one of the ways."""

from pathlib import Path

import pyarrow as pa
import pytest

from gradatim.core.errors import Defect
from gradatim.rules.population.answers import NumpyColumns
from gradatim.rules.population.combination import Aged
from gradatim.screening.prescreen.folder import Parts
from gradatim.screening.prescreen.output_tables import tables as written_tables
from tests.population.warehouses import opened, people, run, written


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return people(tmp_path_factory.mktemp("omop") / "people", 60)


def test_a_wrong_verdict_is_found_and_named(folder, tmp_path, monkeypatch):
    right = Aged.state
    monkeypatch.setattr(
        Aged, "state", lambda term, columns: NumpyColumns.negated(right(term, columns))
    )
    with opened(folder) as warehouse, pytest.raises(Defect) as told:
        run(warehouse, tmp_path / "run", sample=60)
    assert "criterion I0 of person " in str(told.value)
    assert "the specification says" in str(told.value)
    assert not list(tmp_path.iterdir())


def test_a_fault_in_one_person_is_found_if_the_sample_has_that_person(
    folder, tmp_path, monkeypatch
):
    """Only one reason of one person is wrong, and only in what is about to be written."""

    def spoilt(protocol, found):
        made = written_tables(protocol, found)
        reasons = made["reasons"]
        place = reasons.column_names.index("I1a")
        wrong = reasons["I1a"].to_pylist()
        wrong[7] = 2 if wrong[7] != 2 else 3
        column = reasons.schema.field("I1a")
        made["reasons"] = reasons.set_column(place, column, pa.array(wrong, pa.int8()))
        return made

    monkeypatch.setattr("gradatim.screening.prescreen.run.tables", spoilt)
    with opened(folder) as warehouse, pytest.raises(Defect, match="criterion I1a of person "):
        run(warehouse, tmp_path / "run", sample=60)
    assert not list(tmp_path.iterdir())


def test_a_run_that_ends_half_way_leaves_nothing_and_can_be_run_again(
    folder, tmp_path, monkeypatch
):
    add = Parts.add

    def fails(parts, tables):
        add(parts, tables)
        raise RuntimeError("the machine was switched off")

    monkeypatch.setattr(Parts, "add", fails)
    with opened(folder) as warehouse, pytest.raises(RuntimeError, match="switched off"):
        run(warehouse, tmp_path / "run")
    assert not list(tmp_path.iterdir())

    monkeypatch.undo()
    with opened(folder) as warehouse:
        run(warehouse, tmp_path / "run")
    assert len(written(tmp_path / "run")["verdicts"]["person_id"]) > 50


def test_what_a_killed_run_left_beside_is_cleared_away(folder, tmp_path):
    left = tmp_path / "run.unfinished"
    left.mkdir()
    (left / "verdicts.parquet").write_bytes(b"half")
    with opened(folder) as warehouse:
        run(warehouse, tmp_path / "run")
    assert [one.name for one in tmp_path.iterdir()] == ["run"]
