"""What an act is about can be said of everybody, dosed or not, whatever its address gives."""

from datetime import UTC, datetime, time

import pytest

from gradatim.conduct.events import BY_NAME
from gradatim.conduct.events import product as x
from gradatim.conduct.views.subject import Subject, subject_of
from tests.conduct.leveled import TODAY, leveled, limiting
from tests.conduct.ready import DAY, ready

NOW = datetime.combine(TODAY, time(9), UTC)


@pytest.mark.parametrize("event", sorted(BY_NAME))
def test_it_can_be_said_of_everybody(event: str):
    state = leveled()
    entry = limiting(state, "P1")
    filled = {
        "dose": "1",
        "candidate": "P1-AE",
        "adverse_event": "P1-AE",
        "of": str(entry),
        "element": "alt",
        "entries": str(entry),
        "lot": "L1",
        "query": "Q1",
    }
    for given in ({}, filled, dict.fromkeys(filled, "none")):
        for one in (None, *state.participants.values()):
            assert isinstance(subject_of(state, event, one, given, TODAY, NOW), Subject)


def test_a_candidate_is_read_with_its_day_relation_and_grade():
    state = leveled()
    entry = limiting(state, "P1")
    found = subject_of(
        state,
        "DoseLimitingToxicityAdjudicated",
        state.participants["P1"],
        {"candidate": "P1-AE"},
        TODAY,
        NOW,
    )
    lines = {one.name: str(one.value) for one in found.lines}
    assert lines["grade"] == "3"
    assert lines["relation"] == "possible"
    assert "day 7 after the first dose" in lines["onset"]
    assert entry in found.entries


def test_a_checklist_shows_what_stands_against_the_dose():
    led = ready(temperature=38.9)
    led.prepare(7e7, 70)
    now = datetime.combine(DAY, time(9), UTC)
    found = subject_of(led.trial.state, "PreDoseChecklistSigned", led.one, {"dose": "1"}, DAY, now)
    told = [str(one.value) for one in found.lines if one.mark == "bad"]
    assert any("38.9" in one for one in told)
    assert found.compared
    assert found.entries == tuple(led.one.entries_of[x.DosePrepared])
