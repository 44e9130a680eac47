"""What an act is about can be said of everybody, dosed or not, whatever its address gives."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradatim.conduct.events import BY_NAME
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.trial import Recorded
from gradatim.conduct.views.eligibility import assessed
from gradatim.conduct.views.subject import Subject, subject_of
from gradatim.core.truth import TRUE
from tests.conduct.leveled import DOSED, TODAY, leveled, limiting
from tests.conduct.ready import DAY, Led, enrolled, ready, refused
from tests.conduct.test_withdrawn import HAPPENED

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
    for said in ({}, filled, dict.fromkeys(filled, "none")):
        for one in (None, *state.participants.values()):
            assert isinstance(subject_of(state, event, one, said, TODAY, NOW), Subject)


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


def test_the_committee_reads_how_a_sentinel_was_watched_and_what_they_had():
    """The same toxicities that its act has to name; of an allowance, all that count."""
    state = leveled()
    limiting(state, "P1")
    one = state.participants["P1"]
    for event in ("SentinelObservationJudged", "DosingAllowed", "EvaluabilityJudged"):
        found = subject_of(state, event, one, {}, TODAY, NOW)
        assert "P1-AE" in "; ".join(str(line.value) for line in found.lines)
    lines = {
        line.name: line.value
        for line in subject_of(state, "SentinelObservationJudged", one, {}, TODAY, NOW).lines
    }
    assert lines["first_dose"] == DOSED
    assert lines["watched_until"] == DOSED + timedelta(days=14)
    assert lines["infusions"] == "1 of 1 to be observed"


def test_a_checklist_shows_what_stands_against_the_dose():
    led = ready(temperature=38.9)
    led.prepare(7e7, 70)
    now = datetime.combine(DAY, time(9), UTC)
    found = subject_of(led.trial.state, "PreDoseChecklistSigned", led.one, {"dose": "1"}, DAY, now)
    told = [str(one.value) for one in found.lines if one.mark == "bad"]
    assert any("38.9" in one for one in told)
    assert found.compared
    assert found.entries == tuple(led.one.entries_of[x.DosePrepared])


def unprepared(led: Led) -> None:
    """Leave the dose as it is: nothing was prepared."""


def by_another_weight(led: Led) -> None:
    """Prepare what the person would have at 140 kg."""
    led.prepare(1.4e8, 140)


def thawed_long_ago(led: Led) -> None:
    """Prepare at three in the morning: the bags have to be in by six."""
    led.prepare(7e7, 70, hour=3)


def well_prepared(led: Led) -> None:
    """Prepare the dose that is planned."""
    led.prepare(7e7, 70)


PREPARED = (unprepared, by_another_weight, thawed_long_ago, well_prepared)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(PREPARED),
    st.sampled_from((36.6, 38.9, None)),
    st.lists(st.sampled_from(sorted(HAPPENED)), max_size=2, unique=True),
)
def test_nothing_stands_against_a_dose_where_its_checklist_would_be_recorded(
    prepare: Callable[[Led], Any], celsius: float | None, happened: list[str]
):
    """And only there: what the page says before the signature is what the signature meets."""
    led = ready(temperature=celsius)
    prepare(led)
    for case in happened:
        HAPPENED[case][0](led)
    now = datetime.combine(DAY, time(9, 24), UTC)
    about = (led.trial.state, "PreDoseChecklistSigned", led.one, {"dose": "1"}, DAY, now)
    told = [one.value for one in subject_of(*about).lines if one.name == "stands_against"]
    outcome = led.sign(hour=9.4)
    assert (told == ["nothing"]) is isinstance(outcome, Recorded)
    why = " / ".join(refused(outcome, some=False).values())
    assert told == ["nothing"] or all(str(one) in why for one in told)


def test_eligibility_is_read_as_it_would_be_signed():
    """A criterion that the records leave open and an investigator has attested passes."""
    led = enrolled()
    led.do(p.RecordNotUnderstood, on=DAY, record="Condition/1", elements=("malignancy",))
    now = datetime.combine(DAY, time(9), UTC)

    def told() -> dict[str, str]:
        found = assessed(led.trial.state, led.one, DAY, DAY)
        about = led.trial.state, "EligibilityConfirmed", led.one
        lines = subject_of(*about, {}, DAY, now).lines
        assert (lines[0].mark == "good") is (found.truth is TRUE)
        assert [str(one.value) for one in lines[1:]] == [str(one.message) for one in found.children]
        return {str(one.value).split(":")[0]: one.mark for one in lines[1:]}

    assert told()["E3"] == "warn"
    led.do(p.CriterionAttested, on=DAY, criterion="E3", passes=True, reason="a benign naevus")
    assert "E3" not in told()
