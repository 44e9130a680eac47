"""What is worked out of a participant's entries: grades, candidates and stopping rules."""

from datetime import timedelta

import pytest

from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import safety as s
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Measured
from gradatim.conduct.fold import apply
from gradatim.conduct.state import State
from gradatim.conduct.views.grades import grades
from gradatim.conduct.views.safety import dlt_outcome, possible_dlts
from gradatim.conduct.views.stopping_rules import unanswered_rules
from gradatim.dosefinding.outcomes import DoseOutcome
from tests.conduct.treated import (
    AFTER,
    AT,
    BEFORE,
    DOSED,
    LATER,
    add,
    adjudicate,
    adverse,
    correct,
    one,
    result,
    treated,
)
from tests.conduct.trials import event


def test_an_ejection_fraction_of_48_at_entry_is_no_event_and_39_after_is() -> None:
    state = treated()
    result(state, "lvef", 48, "%", BEFORE)
    result(state, "lvef", 47, "%", AFTER)
    assert possible_dlts(state, one(state)) == ()
    at = result(state, "lvef", 39, "%", AFTER)
    assert [found.id for found in possible_dlts(state, one(state))] == [f"{at}-lvef"]
    assert dlt_outcome(state, one(state), LATER) is DoseOutcome.CANDIDATE


def test_a_mild_worsening_is_graded_and_no_candidate() -> None:
    state = treated()
    result(state, "alt", 30, "U/L", BEFORE, high=40)
    result(state, "alt", 60, "U/L", AFTER, high=40)
    assert [found.grade.grade for found in grades(state, one(state))] == [0, 1]
    assert possible_dlts(state, one(state)) == ()


def test_a_corrected_baseline_grades_anew_what_came_after() -> None:
    state = treated()
    at = result(state, "alt", 60, "U/L", BEFORE, high=40)
    result(state, "alt", 70, "U/L", AFTER, high=40)
    assert [found.grade.grade for found in grades(state, one(state))][-1] == 0
    correct(state, at, results=[{"element": "alt", "value": 30, "unit": "U/L", "high": 40}])
    assert [found.grade.grade for found in grades(state, one(state))][-1] == 1


def test_on_the_day_of_the_dose_the_time_tells_before_from_after() -> None:
    state = treated()
    for hours, value in ((-1, 36.6), (2, 39.6)):
        warm = Measured(element="body_temperature", value=value, unit="Cel")
        add(state, f.VitalSignsRecorded, results=(warm,), taken_at=AT + timedelta(hours=hours))
    found = [item for item in grades(state, one(state)) if item.grade.term == "Fever"]
    assert [(item.after_dose, item.grade.grade) for item in found] == [(False, 0), (True, 2)]


@pytest.mark.parametrize(
    ("hours", "celsius", "expected"),
    [(-2, 40.5, False), (2, 40.5, True), (2, 39.6, False), (None, 40.5, True)],
)
def test_a_fever_is_a_candidate_where_it_may_have_come_after(
    hours: float | None, celsius: float, expected: bool
) -> None:
    """Of a value of that day without a time nobody knows that it was measured before."""
    state = treated()
    warm = Measured(element="body_temperature", value=celsius, unit="Cel")
    taken = None if hours is None else AT + timedelta(hours=hours)
    add(state, f.VitalSignsRecorded, results=(warm,), taken_at=taken)
    assert bool(possible_dlts(state, one(state))) is expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (200, 80, False),
        (200, 40, True),
        (40, 30, False),
        (40, 20, True),
        (None, 40, True),
        (None, 80, False),
    ],
)
def test_a_result_is_a_candidate_where_it_is_worse_and_the_definition_may_hold(
    before: float | None, after: float, expected: bool
) -> None:
    state = treated()
    if before is not None:
        result(state, "platelets", before, "10*9/L", BEFORE, low=150)
    result(state, "platelets", after, "10*9/L", AFTER, low=150)
    assert bool(possible_dlts(state, one(state))) is expected


def test_a_result_after_the_window_is_no_candidate() -> None:
    state = treated()
    last = DOSED + timedelta(days=28)
    result(state, "platelets", 20, "10*9/L", last + timedelta(days=1), low=150)
    assert possible_dlts(state, one(state)) == ()
    result(state, "platelets", 20, "10*9/L", last, low=150)
    assert len(possible_dlts(state, one(state))) == 1


def test_a_corrected_baseline_makes_candidates_and_takes_none_away() -> None:
    state = treated()
    at = result(state, "platelets", 40, "10*9/L", BEFORE, low=150)
    result(state, "platelets", 30, "10*9/L", AFTER, low=150)
    assert possible_dlts(state, one(state)) == ()
    right = {"element": "platelets", "value": 200, "unit": "10*9/L", "low": 150}
    correct(state, at, results=[right])
    assert len(possible_dlts(state, one(state))) == 1
    correct(state, at, results=[right | {"value": 45}])
    (found,) = possible_dlts(state, one(state))
    assert found.changed_by == state.position
    assert (
        found.verdict.text == f"was a candidate: grade 3, until entry {state.position} changed it"
    )
    adjudicate(state, found.id, dlt=False)
    assert not any(one.counts for one in possible_dlts(state, one(state)))


def test_a_corrected_onset_takes_no_candidate_out_of_the_window() -> None:
    state = treated()
    adverse(state)
    reported = state.position
    assert len(possible_dlts(state, one(state))) == 1
    correct(state, reported, onset=str(DOSED - timedelta(days=1)))
    (found,) = possible_dlts(state, one(state))
    assert (found.id, found.changed_by, found.dose_limiting) == ("AE1", state.position, None)
    correct(state, reported, onset=str(DOSED.year))
    (found,) = possible_dlts(state, one(state))
    assert found.changed_by is None


def test_what_cannot_be_graded_keeps_every_grade_that_it_could_be() -> None:
    state = treated()
    result(state, "alt", 70, "U/L", AFTER)
    (found,) = grades(state, one(state))
    assert found.grade.grade is None
    assert found.grade.needs
    assert max(found.grade.possible) >= 3
    assert [item.id for item in possible_dlts(state, one(state))] == [f"{found.position}-alt"]


def test_a_second_event_fires_a_rule_again_after_the_first_was_answered() -> None:
    state = treated()
    adverse(state, grade=4)
    (first,) = unanswered_rules(state, AFTER)
    _resume(state, first.key)
    assert unanswered_rules(state, AFTER) == []
    adverse(state, adverse_event="AE2", grade=4)
    assert [rule.action for rule in unanswered_rules(state, AFTER)] == ["pause"]


def _resume(state: State, key: str) -> None:
    made = event(
        t.TrialResumed,
        "c1",
        on=AFTER,
        reason="all clear",
        signers=("c1", "c2"),
        stopping_rules=(key,),
    )
    apply(state, state.position + 1, made)


def test_what_was_only_possible_stands_again_once_it_is_certain() -> None:
    state = treated()
    adverse(state, grade=4, relation=None)
    (possible,) = unanswered_rules(state, AFTER)
    _resume(state, possible.key)
    assert unanswered_rules(state, AFTER) == []
    add(state, s.AdverseEventUpdated, AFTER, adverse_event="AE1", relation="definite")
    assert len(unanswered_rules(state, AFTER)) == 1


def test_a_case_that_was_only_possible_beside_a_certain_one_stands_again_once_it_is_certain() -> (
    None
):
    state = treated()
    adverse(state, grade=4, relation="possible")
    adverse(state, adverse_event="AE2", grade=4, relation=None)
    (rule,) = unanswered_rules(state, LATER)
    assert rule.certain
    assert rule.key == "related_grade_4: AE1, AE2 (possibly)"
    _resume(state, rule.key)
    assert unanswered_rules(state, LATER) == []
    add(state, s.AdverseEventUpdated, adverse_event="AE2", relation="possible")
    (rule,) = unanswered_rules(state, LATER)
    assert (rule.certain, rule.key) == (True, "related_grade_4: AE1, AE2")


def test_what_older_ledgers_answered_stays_answered() -> None:
    """Their keys said nothing of a case: each was answered as one that is certain."""
    state = treated()
    adverse(state, grade=4, relation="possible")
    adverse(state, adverse_event="AE2", grade=4, relation=None)
    _resume(state, "related_grade_4: AE1, AE2")
    assert unanswered_rules(state, LATER) == []


def test_a_grade_4_result_that_nobody_judged_may_have_fired_a_rule() -> None:
    state = treated()
    result(state, "platelets", 200, "10*9/L", BEFORE, low=150)
    at = result(state, "platelets", 20, "10*9/L", AFTER, low=150)
    assert [rule.action for rule in unanswered_rules(state, AFTER)] == ["pause"]
    adjudicate(state, f"{at}-platelets", dlt=False)
    assert unanswered_rules(state, AFTER) == []


def test_a_result_of_an_unknown_day_may_lie_in_the_window() -> None:
    state = treated()
    at = result(state, "platelets", 20, "10*9/L", AFTER, low=150)
    correct(state, at, collected_on=str(DOSED.year))
    assert dlt_outcome(state, one(state), LATER) is DoseOutcome.CANDIDATE


def test_a_replaced_participant_stays_in_the_stopping_rules() -> None:
    state = treated()
    adverse(state, grade=4)
    add(state, p.ParticipantReplaced, AFTER, reason="left", signers=("c1", "c2"))
    assert one(state).replaced
    assert [rule.action for rule in unanswered_rules(state, AFTER)] == ["pause"]
