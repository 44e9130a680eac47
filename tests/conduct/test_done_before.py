"""A dose that is entered later is asked of what had not been cleared when it was given."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gradatim.conduct.events import product as x
from gradatim.conduct.events import safety as s
from gradatim.conduct.events.base import Paper
from gradatim.conduct.events.participants import EntryCorrected
from gradatim.conduct.events.trial import TrialResumed
from gradatim.conduct.fold import apply
from gradatim.conduct.policies.dosing import no_toxicity_is_open, the_level_is_tolerated
from gradatim.conduct.state import State
from gradatim.conduct.views.safety import counting_dlts
from gradatim.conduct.views.stopping_rules import unanswered_rules, unanswered_then
from gradatim.core.truth import TRUE
from tests.conduct.leveled import DOSED, LEVEL_1, TODAY, leveled
from tests.conduct.trials import event

MIDNIGHT = datetime.combine(TODAY, time(), UTC)
INVESTIGATOR, LEADER = "investigator.S01.1", "committee.1"
TWO = LEVEL_1[:2]
ENTERED = MIDNIGHT + timedelta(days=1, hours=9)
HOURS = st.integers(0, 23)


def told(state: State, kind: Any, hour: int, by: str, **fields: Any) -> None:
    """Let something be recorded at an hour of the day."""
    apply(state, state.position + 1, event(kind, by, "S01", on=TODAY, hour=hour, **fields))


def reported(state: State, who: str, hour: int) -> None:
    onset = str(DOSED + timedelta(days=7))
    said: dict[str, Any] = {"term": "Headache", "grade": 3, "relation": "possible"}
    about = {"participant": who, "adverse_event": f"{who}-AE"}
    told(state, s.AdverseEventReported, hour, INVESTIGATOR, onset=onset, **about, **said)


def judged(state: State, who: str, hour: int, is_one: bool = False) -> None:
    said: dict[str, Any] = {"dose_limiting": is_one, "reason": "seen by all"}
    signers = (LEADER, "committee.2")
    about = {"participant": who, "candidate": f"{who}-AE"}
    told(state, s.DoseLimitingToxicityAdjudicated, hour, LEADER, signers=signers, **about, **said)


def dose(who: str, hour: int, number: int = 1) -> x.DoseAdministered:
    """A dose that was given at an hour of the day, and is entered from paper the day after."""
    at = MIDNIGHT + timedelta(hours=hour)
    made = event(
        x.DoseAdministered,
        INVESTIGATOR,
        "S01",
        on=TODAY,
        participant=who,
        dose=number,
        started_at=at,
        ended_at=at + timedelta(minutes=30),
        amount=7e7,
        unit="{cells}",
        paper=Paper(signed_by=INVESTIGATOR, signed_at=at, image_sha256="0" * 64),
    )
    assert isinstance(made, x.DoseAdministered)
    return msgspec.structs.replace(made, recorded_at=ENTERED)


@settings(max_examples=60, deadline=None)
@given(st.tuples(HOURS, HOURS).map(sorted), HOURS)
def test_what_was_cleared_after_a_dose_stood_when_it_was_given(
    known: list[int], given_at: int
) -> None:
    """Of its own participant, and of the others of its level and of lower ones."""
    since, until = known
    state = leveled()
    for who in TWO:
        reported(state, who, since)
    for who in TWO:
        judged(state, who, until)
    stood = since <= given_at < until
    at = MIDNIGHT + timedelta(hours=given_at)
    for who in TWO:
        one = state.participants[who]
        assert bool(counting_dlts(state, one, at)) is stood
        assert not counting_dlts(state, one)
        asked = no_toxicity_is_open(state, dose(who, given_at, 2))
        assert (asked.truth is not TRUE) is stood
    above = the_level_is_tolerated(state, dose("P4", given_at))
    assert (above.truth is not TRUE) is stood, above.text


def test_what_the_committee_has_not_cleared_counts_whenever_it_became_known() -> None:
    state = leveled()
    for who in TWO:
        reported(state, who, 12)
        judged(state, who, 14, is_one=True)
    assert the_level_is_tolerated(state, dose("P4", 8)).truth is not TRUE


def test_a_judgement_that_is_repeated_clears_from_the_first_time_on() -> None:
    state = leveled()
    reported(state, "P1", 8)
    judged(state, "P1", 9)
    judged(state, "P1", 15)
    one = state.participants["P1"]
    assert not counting_dlts(state, one, MIDNIGHT + timedelta(hours=12))
    assert counting_dlts(state, one, MIDNIGHT + timedelta(hours=8, minutes=30))


def at_hour(hour: float) -> datetime:
    return MIDNIGHT + timedelta(hours=hour)


def counted(state: State, hour: float) -> bool:
    return bool(counting_dlts(state, state.participants["P1"], at_hour(hour)))


def test_what_was_corrected_before_it_was_cleared_had_stood_all_the_same() -> None:
    """A slip in another field, or one that made it no candidate: it stood until it was cleared."""
    for fields in ({"onset": str(DOSED + timedelta(days=8))}, {"grade": 1}):
        state = leveled()
        reported(state, "P1", 8)
        of = state.position
        told(state, EntryCorrected, 10, INVESTIGATOR, of=of, fields=fields, reason="a slip")
        assert counted(state, 9)
        judged(state, "P1", 12)
        assert not counting_dlts(state, state.participants["P1"])
        assert [counted(state, hour) for hour in (7, 9, 11, 13)] == [False, True, True, False]


def test_what_became_a_candidate_after_a_dose_and_was_cleared_had_not_stood() -> None:
    state = leveled()
    onset = str(DOSED + timedelta(days=7))
    mild: dict[str, Any] = {"term": "Headache", "grade": 1, "relation": "possible", "onset": onset}
    about = {"participant": "P1", "adverse_event": "P1-AE"}
    told(state, s.AdverseEventReported, 8, INVESTIGATOR, **about, **mild)
    told(state, s.AdverseEventUpdated, 10, INVESTIGATOR, **about, grade=3)
    assert counting_dlts(state, state.participants["P1"])
    judged(state, "P1", 12)
    assert [counted(state, hour) for hour in (9, 11, 13)] == [False, True, False]


def test_a_rule_on_which_dosing_was_resumed_after_a_dose_stood_when_it_was_given() -> None:
    state = leveled()
    severe: dict[str, Any] = {"term": "Headache", "grade": 4, "relation": "possible"}
    about = {"participant": "P1", "adverse_event": "P1-AE", "onset": str(TODAY)}
    told(state, s.AdverseEventReported, 8, INVESTIGATOR, **about, **severe)
    (rule,) = unanswered_rules(state, TODAY)
    signers = (LEADER, "committee.2")
    told(
        state, TrialResumed, 12, LEADER, reason="seen", stopping_rules=(rule.key,), signers=signers
    )
    assert unanswered_rules(state, TODAY) == []
    stood = [bool(unanswered_then(state, TODAY, at_hour(hour))) for hour in (9, 11, 13)]
    assert stood == [True, True, False]
