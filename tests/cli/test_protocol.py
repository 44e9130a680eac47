"""`gradatim protocol`: check, show, questions, schema."""

import json

import pytest

from gradatim.protocol.load import bundled, load
from tests.protocol.documents import SMALL

FAULTY = SMALL.replace("[1742-6]", "[1742-7]")


def test_a_sound_protocol_passes_the_check(run):
    ran = run("protocol", "check", "nct05962762")
    assert ran.code == 0
    assert "47 criteria" in ran.out
    assert "sound" in ran.out


def test_a_faulty_protocol_is_answered_with_no_and_the_line(run, tmp_path):
    path = tmp_path / "faulty.yaml"
    path.write_text(FAULTY)
    ran = run("protocol", "check", path)
    assert ran.code == 1
    line = next(n for n, text in enumerate(FAULTY.splitlines(), 1) if "1742-7" in text)
    assert f"{path}:{line}: loinc code 1742-7 of alt has a wrong check digit" in ran.out
    document = json.loads(run("protocol", "check", path, "--json").out)
    assert document["ok"] is False
    assert document["faults"][0]["where"] == f"{path}:{line}"


def test_what_cannot_be_read_as_a_protocol_is_unusable(run, tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text("study: [1")
    ran = run("protocol", "check", path)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"gradatim: {path}:")


@pytest.mark.parametrize("trial", sorted(bundled()))
def test_show_has_every_criterion_element_and_level(run, trial, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    study = load(trial).study
    shown = run("protocol", "show", trial).out
    words = " ".join(shown.split())
    assert all(f"{one.id} {one.category}" in words for one in study.criteria)
    assert all(name in shown for name in study.elements)
    assert all(level.label in shown for level in study.treatment.dose_levels)
    assert all(" ".join(one.text.split()) in words for one in study.criteria)


def test_questions_are_numbered_and_name_what_to_rule_on(run):
    document = json.loads(run("protocol", "questions", "nct05962762", "--json").out)
    listed = document["questions"]
    assert [one["number"] for one in listed] == list(range(1, len(listed) + 1))
    keys = {one["key"] for one in listed}
    assert {"safety.escalation", "eligibility.E7c", "schedule.encounters.screening"} <= keys
    printed = run("protocol", "questions", "nct05962762").out
    assert f"{len(listed)}." in printed


def test_show_gives_the_document_as_json(run):
    document = json.loads(run("protocol", "show", "nct05962762", "--json").out)
    assert document["schema"] == "gradatim.protocol/1"
    assert len(document["eligibility"]["criteria"]) == 47
