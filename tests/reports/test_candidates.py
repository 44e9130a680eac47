"""The demonstration runs as a user would, and its check notices what is wrong."""

import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gradatim.cli.candidates import command, demonstrate, faults, instructive
from gradatim.cli.main import app
from gradatim.core.errors import UnusableInput
from gradatim.core.truth import FALSE


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    return demonstrate(tmp_path_factory.mktemp("candidates"))


def test_a_dozen_people_are_screened_with_the_verdicts_expected(done):
    assert len(done.candidates) == len(done.results) == len(done.reports) == 12
    assert [fault for n in range(12) for fault in faults(done, n)] == []


def test_no_record_is_lost_on_the_way_through_fhir(done):
    for _, facts in done.results:
        assert facts.read > 0
        assert facts.not_used == ()


def test_the_one_explained_fails_now_and_later_would_not(done):
    one, _ = done.results[instructive(done)]
    assert one.status == "ineligible"
    assert one.eligible_from is not None


def test_the_check_notices_other_verdicts(done):
    case = done.candidates[0]
    expect = case.expect.model_copy(update={"truth": {"I0": FALSE}, "status": "ineligible"})
    wrong = done._replace(candidates=[case._replace(expect=expect), *done.candidates[1:]])
    assert faults(wrong, 0) == ["C-01: I0 is true, not false", "C-01: is eligible, not ineligible"]


def test_the_command_it_prints_gives_the_same_answer(done):
    n = instructive(done)
    words = shlex.split(command(done.candidates[n], done.bundles[n]))
    ran = CliRunner().invoke(app, words[1:])
    assert ran.exit_code == 0, ran.output
    assert str(done.results[n][0].eligible_from) in ran.output


def test_check_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(app, ["candidates", "--check"])
    assert ran.exit_code == 0, ran.output
    assert "12 candidates screened with the verdicts expected, 12 reports" in ran.output
    assert list(Path().iterdir()) == []


def test_it_says_where_everything_is(tmp_path):
    ran = CliRunner().invoke(app, ["candidates", "--out", str(tmp_path / "there")])
    assert ran.exit_code == 0, ran.output
    assert (tmp_path / "there" / "reports" / "index.html").is_file()
    assert "index.html" in ran.output
    assert "gradatim screen nct05962762" in ran.output


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(UnusableInput, match="cannot be written"):
        demonstrate(tmp_path / "taken")
