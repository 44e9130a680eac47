"""`gradatim synthetic`: the folder it makes, its JSON document, and what it refuses."""

import json

import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from gradatim.cli.synthetic import synthetic
from gradatim.core.errors import UnusableInput


@pytest.fixture
def run():
    app = typer.Typer()
    app.command()(synthetic)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def test_it_says_how_many_rows_it_wrote(run, tmp_path):
    result = run("-o", tmp_path / "made", "--people", 20)

    assert result.exit_code == 0
    assert result.stdout.startswith("20 people, ")
    assert pq.read_metadata(tmp_path / "made" / "person.parquet").num_rows == 20


def test_as_json_there_is_one_document(run, tmp_path):
    result = run("-o", tmp_path / "made", "--people", 20, "--seed", 5, "--json")
    document = json.loads(result.stdout)

    assert document["schema"] == "gradatim.synthetic/1"
    assert (document["seed"], document["rows"]["person"]) == (5, 20)


def test_the_share_of_candidates_is_an_option(run, tmp_path):
    run("-o", tmp_path / "all", "--people", 50, "--candidates", 1)
    run("-o", tmp_path / "none", "--people", 50, "--candidates", 0)
    codes = {
        name: pq.read_table(tmp_path / name / "condition_occurrence.parquet")
        .column("condition_source_value")
        .to_pylist()
        for name in ("all", "none")
    }

    assert "M45.9" in codes["all"]
    assert "M45.9" not in codes["none"]


@pytest.mark.parametrize(
    "words",
    [("--people", 0), ("--people", 5, "--candidates", 2), ("--people", 5, "--as-of", "soon")],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(run, tmp_path, words):
    result = run("-o", tmp_path / "made", *words)

    assert isinstance(result.exception, UnusableInput)
    assert not list(tmp_path.iterdir())
