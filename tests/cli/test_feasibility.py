"""`gradatim feasibility` and `gradatim recontact`: what they print, write, record and refuse."""

import csv
import json
import stat
from datetime import date

import pytest
import typer

from gradatim.cli import feasibility, main
from tests.screening import written


@pytest.fixture(autouse=True)
def commands(monkeypatch):
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command("feasibility")(feasibility.feasibility)
    app.command("recontact")(feasibility.recontact)
    monkeypatch.setattr(main, "app", app)
    monkeypatch.setenv("COLUMNS", "160")


@pytest.fixture
def folder(tmp_path):
    document = written.trial()
    return written.write(tmp_path / "run", document, written.truths(document, 500), sites=3)


def test_the_document_is_the_only_thing_on_stdout(run, folder):
    ran = run("feasibility", folder, "--json")
    assert (ran.code, ran.err) == (0, "")
    found = json.loads(ran.out)
    assert (found["schema"], found["people"]["screened"]) == ("gradatim.funnel/1", 500)
    assert found["suppression"]["threshold"] == 5


def test_people_read_tables(run, folder):
    ran = run("feasibility", folder)
    assert ran.code == 0
    assert "of 500 people" in ran.out
    assert "What each criterion costs" in ran.out
    assert all(one.id in ran.out for one in written.trial().study.criteria)
    assert "<5" in ran.out
    assert "multiples of 5" in ran.out


def test_toggling_is_said_and_counted(run, folder):
    words = [
        "--without",
        "E3",
        "--without",
        "E4",
        "--relax",
        "E11b1:creatinine=2.0",
        "--reading",
        "E7c=B",
    ]
    found = json.loads(run("feasibility", folder, "--json", "--suppress", "0", *words).out)
    assert found["question"] == {
        "without": ["E3", "E4"],
        "readings": {"E7c": "B"},
        "relaxed": [{"column": "E11b1:creatinine", "from": "> 1.5 x ULN", "to": "> 2 x ULN"}],
    }
    assert len(found["criteria"]) == 45
    assert found["people"]["not_excluded"] > found["before"]["not_excluded"]
    told = run("feasibility", folder, *words).out
    assert "without E3, E4; E7c read as B; E11b1:creatinine moved" in told


def test_suppression_can_be_moved_or_turned_off_and_says_so(run, folder):
    assert "not for sharing" in run("feasibility", folder, "--suppress", "0").out
    assert "<20" in run("feasibility", folder, "--suppress", "20").out


def test_the_page_is_written_whole(run, folder, tmp_path):
    page = tmp_path / "page.html"
    ran = run("feasibility", folder, "-o", page)
    assert ran.code == 0
    assert page.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


WRONG = {
    "--without": ["--without", "E99"],
    "--relax": ["--relax", "E11b1=1.0"],
    "--relax words": ["--relax", "E11b1"],
    "--reading": ["--reading", "E7c=Z"],
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_option_gives_one_message(run, folder, name):
    ran = run("feasibility", folder, *WRONG[name])
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("gradatim: --")
    assert ran.err.count("\n") == 1


def test_another_protocol_or_none_is_refused(run, folder, tmp_path):
    ran = run("feasibility", folder, "--protocol", "example_oncology_tablet")
    assert ran.code == 2
    assert "not the protocol that the prescreen was run with" in ran.err
    (folder / "run.json").write_text("{}")
    assert "--protocol" in run("feasibility", folder).err
    assert run("feasibility", folder, "--protocol", "nct05962762", "--json").code == 0


def test_a_folder_that_is_no_run_is_named(run, tmp_path):
    ran = run("feasibility", tmp_path)
    assert ran.code == 2
    assert str(tmp_path) in ran.err
    assert "gradatim prescreen" in ran.err


ALLOWED = ["--role", "principal investigator", "--approval", "EC 2026-123"]


def test_the_list_is_written_and_the_act_recorded(run, folder, tmp_path):
    path = tmp_path / "list.csv"
    ran = run("recontact", folder, *ALLOWED, "-o", path)
    assert ran.code == 0
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    told = json.loads(run("feasibility", folder, "--json", "--suppress", "0").out)
    assert len(rows) == told["people"]["not_excluded"]
    assert [int(row["open"]) for row in rows] == sorted(int(row["open"]) for row in rows)
    assert all(len(row["open_criteria"].split()) == int(row["open"]) for row in rows)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    recorded = json.loads((folder / "run.json").read_text())
    assert recorded["recontact"] == [
        {
            "role": "principal investigator",
            "approval": "EC 2026-123",
            "when": date.today().isoformat(),
            "people": len(rows),
        }
    ]
    assert recorded["engine"] == {"name": "duckdb", "version": "1.5.6"}


def test_every_list_is_recorded(run, folder, tmp_path):
    for n in range(3):
        run("recontact", folder, *ALLOWED, "--at-most", "2", "-o", tmp_path / f"{n}.csv")
    acts = json.loads((folder / "run.json").read_text())["recontact"]
    assert [act["people"] for act in acts] == [2, 2, 2]


@pytest.mark.parametrize("missing", ["--role", "--approval"])
def test_no_list_without_role_and_approval(run, folder, tmp_path, missing):
    at = ALLOWED.index(missing)
    before = (folder / "run.json").read_bytes()
    ran = run("recontact", folder, *ALLOWED[:at], *ALLOWED[at + 2 :], "-o", tmp_path / "list.csv")
    assert ran.code == 2
    assert ran.err.startswith(f"gradatim: {missing}")
    assert not (tmp_path / "list.csv").exists()
    assert (folder / "run.json").read_bytes() == before


def test_a_list_that_cannot_be_written_is_not_recorded_as_written(run, folder, tmp_path):
    before = (folder / "run.json").read_bytes()
    ran = run("recontact", folder, *ALLOWED, "-o", tmp_path / "nowhere" / "list.csv")
    assert ran.code == 2
    assert "cannot be written" in ran.err
    assert (folder / "run.json").read_bytes() == before
