"""The page of feasibility: counts of a run, asked otherwise; nothing else is opened."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gradatim.cli.main import app as command
from gradatim.web.running import Running


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with one run, of a made-up warehouse."""
    root = tmp_path_factory.mktemp("prescreen")
    made = CliRunner().invoke(command, ["synthetic", "-o", str(root / "warehouse"),
                                        "--people", "3000", "--candidates", "0.3"])  # fmt: skip
    assert made.exit_code == 0, made.output
    ran = CliRunner().invoke(command, ["prescreen", "nct05962762", f"parquet:{root / 'warehouse'}",
                                       "-o", str(root / "runs" / "first")])  # fmt: skip
    assert ran.exit_code == 0, ran.output
    return root / "runs"


def test_without_a_run_the_page_says_how_to_make_one(app: Running, signed_in):
    text = signed_in("statistics.1").get("/feasibility/").content.decode()
    assert "gradatim prescreen" in text


def test_a_run_is_shown_and_asked_otherwise(app: Running, signed_in, settings, folder):
    settings.PRESCREEN = folder
    client = signed_in("statistics.1")
    plain = client.get("/feasibility/").content.decode()
    assert "E11a" in plain
    assert '"funnel"' in plain
    other = client.get("/feasibility/", {"without": ["I0", "I1a"]}).content.decode()
    assert other != plain
    assert "I0" in other.split('class="help"')[0]


@pytest.mark.parametrize("query", [
    {"limit-E11a:ast": "abc"}, {"limit-nothing": "5"}, {"reading-E7c": "none such"},
    {"without": "E99"},
])  # fmt: skip
def test_what_cannot_be_asked_is_told(app: Running, signed_in, settings, folder, query):
    settings.PRESCREEN = folder
    response = signed_in("statistics.1").get("/feasibility/", query)
    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()


@pytest.mark.parametrize("name", ["..", "../runs/first", "/etc", "first/../first", "none"])
def test_only_runs_of_the_folder_are_opened(app: Running, signed_in, settings, folder, name):
    settings.PRESCREEN = folder
    text = signed_in("statistics.1").get("/feasibility/", {"run": name}).content.decode()
    assert "gradatim prescreen" in text
