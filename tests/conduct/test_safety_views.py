"""What is worked out of a participant's entries: candidates, letters, grades, rules, clocks."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import safety as s
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.fold import apply
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.grades import grades
from gradatim.conduct.views.reporting import reports
from gradatim.conduct.views.safety import candidates, letter, unanswered_rules
from tests.conduct.trials import START, event, simulated

DOSED = START + timedelta(days=10)
AT = datetime(DOSED.year, DOSED.month, DOSED.day, 10, tzinfo=UTC)
LATER = DOSED + timedelta(days=60)


def treated() -> State:
    """A trial in which P1 has had a whole dose at level 1."""
    state = simulated(1, until=START, incidents=()).state
    add(state, p.ParticipantRegistered, person_token="0" * 64)
    add(state, p.InformedConsentObtained, version="1", language="en", obtained_by="i")
    add(state, p.ParticipantEnrolled, level=1)
    add(state, x.DosePrepared, lot="L", dose=1, amount=7e7, planned=7e7, unit="{cells}")
    add(state, x.DoseAdministered, dose=1, started_at=AT, ended_at=AT + timedelta(hours=1),
        amount=7e7, unit="{cells}")  # fmt: skip
    return state


def add(state: State, kind: type[Event], on: date = DOSED, hour: float = 12, **fields: Any) -> int:
    """Add an event about P1 and give its position."""
    fields.setdefault("participant", "P1")
    apply(state, state.position + 1, event(kind, "i", "S01", on=on, hour=hour, **fields))
    return state.position


def one(state: State) -> Participant:
    """Give P1."""
    return state.participants["P1"]


def result(state: State, element: str, value: float, unit: str, on: date, **more: Any) -> int:
    """Record a result."""
    limits = {name: more.pop(name) for name in ("low", "high") if name in more}
    measured = Measured(element=element, value=value, unit=unit, **limits)
    return add(state, f.LaboratoryResultsRecorded, on, results=(measured,), laboratory="l",
               ranges_version="v", collected_on=str(on), **more)  # fmt: skip


def adverse(state: State, **more: Any) -> None:
    """Report an adverse event four days after the dose."""
    day = DOSED + timedelta(days=4)
    fields: dict[str, Any] = {"adverse_event": "AE1", "term": "Headache", "onset": str(day),
                              "grade": 3, "relation": "possible", **more}  # fmt: skip
    add(state, s.AdverseEventReported, day, **fields)


BEFORE, AFTER = DOSED - timedelta(days=5), DOSED + timedelta(days=7)


def test_an_ejection_fraction_of_48_at_entry_is_no_event_and_39_after_is() -> None:
    state = treated()
    result(state, "lvef", 48, "%", BEFORE)
    result(state, "lvef", 47, "%", AFTER)
    assert candidates(state, one(state)) == ()
    at = result(state, "lvef", 39, "%", AFTER)
    assert [found.id for found in candidates(state, one(state))] == [f"{at}-lvef"]
    assert letter(state, one(state), LATER) == "C"


def test_a_mild_worsening_is_graded_and_no_candidate() -> None:
    state = treated()
    result(state, "alt", 30, "U/L", BEFORE, high=40)
    result(state, "alt", 60, "U/L", AFTER, high=40)
    assert [found.grade.grade for found in grades(state, one(state))] == [0, 1]
    assert candidates(state, one(state)) == ()


def test_a_corrected_baseline_grades_anew_what_came_after() -> None:
    state = treated()
    at = result(state, "alt", 60, "U/L", BEFORE, high=40)
    result(state, "alt", 70, "U/L", AFTER, high=40)
    assert [found.grade.grade for found in grades(state, one(state))][-1] == 0
    right = {"results": [{"element": "alt", "value": 30, "unit": "U/L", "high": 40}]}
    apply(state, state.position + 1, event(p.EntryCorrected, "i", "S01", on=AFTER, of=at,
                                           fields=right, reason="a slip"))  # fmt: skip
    assert [found.grade.grade for found in grades(state, one(state))][-1] == 1


def test_on_the_day_of_the_dose_the_time_tells_before_from_after() -> None:
    state = treated()
    for hours, value in ((-1, 36.6), (2, 39.6)):
        warm = Measured(element="body_temperature", value=value, unit="Cel")
        add(state, f.VitalSignsRecorded, results=(warm,), taken_at=AT + timedelta(hours=hours))
    found = grades(state, one(state))
    assert [(item.after_dose, item.grade.grade) for item in found] == [(False, 0), (True, 2)]


def test_what_cannot_be_graded_keeps_every_grade_that_it_could_be() -> None:
    state = treated()
    result(state, "alt", 70, "U/L", AFTER)
    (found,) = grades(state, one(state))
    assert found.grade.grade is None
    assert found.grade.needs


def test_letters_by_day() -> None:
    state = treated()
    last = DOSED + timedelta(days=28)
    assert letter(state, one(state), last) == "P"
    assert letter(state, one(state), last + timedelta(days=1)) == "N"
    adverse(state)
    assert letter(state, one(state), LATER) == "C"
    _adjudicate(state, "AE1", dlt=False)
    assert letter(state, one(state), LATER) == "N"
    _adjudicate(state, "AE1", dlt=True)
    assert letter(state, one(state), LATER) == "T"


def _adjudicate(state: State, candidate: str, dlt: bool) -> None:
    add(state, s.DoseLimitingToxicityAdjudicated, candidate=candidate, dose_limiting=dlt,
        reason="seen by all", signers=("committee.1", "committee.2"))  # fmt: skip


def test_a_lower_grade_does_not_take_a_candidate_away() -> None:
    """Only a correction does: an event that was grade 3 was grade 3."""
    state = treated()
    adverse(state)
    add(state, s.AdverseEventUpdated, AFTER, adverse_event="AE1", grade=1)
    assert letter(state, one(state), LATER) == "C"
    assert courses(state, one(state))["AE1"].history[-1][1] == 1
    entry = courses(state, one(state))["AE1"].position
    apply(state, state.position + 1, event(p.EntryCorrected, "i", "S01", on=AFTER, of=entry,
                                           fields={"grade": 1}, reason="a slip"))  # fmt: skip
    assert letter(state, one(state), LATER) == "N"


def test_leaving_for_a_related_event_counts_and_for_another_reason_does_not() -> None:
    state = treated()
    adverse(state, grade=1)
    add(state, p.Disposition, AFTER, status="withdrawn", adverse_event="AE1")
    assert letter(state, one(state), LATER) == "C"
    other = treated()
    add(other, p.Disposition, AFTER, status="withdrawn", reason="moved")
    assert letter(other, one(other), LATER) == ""  # not evaluable, and not counted


def test_a_death_that_nothing_accounts_for_may_be_related() -> None:
    state = treated()
    add(state, p.Disposition, AFTER, status="died")
    assert letter(state, one(state), LATER) == "C"
    (found,) = candidates(state, one(state))
    assert found.label == "died (cause not recorded)"
    other = treated()
    adverse(other, grade=2, relation="unrelated", serious=("death",))
    add(other, p.Disposition, AFTER, status="died", adverse_event="AE1")
    assert letter(other, one(other), LATER) == ""


def test_too_little_of_the_dose_is_not_evaluable() -> None:
    state = treated()
    add(state, x.DoseAdministered, dose=1, started_at=AT, ended_at=AT + timedelta(hours=1),
        amount=5e7, unit="{cells}")  # fmt: skip
    assert letter(state, one(state), LATER) == ""


def test_a_second_event_fires_a_rule_again_after_the_first_was_answered() -> None:
    state = treated()
    adverse(state, grade=4)
    (first,) = unanswered_rules(state, AFTER)
    _resume(state, first.key)
    assert unanswered_rules(state, AFTER) == []
    adverse(state, adverse_event="AE2", grade=4)
    assert [rule.action for rule in unanswered_rules(state, AFTER)] == ["pause"]


def _resume(state: State, key: str) -> None:
    made = event(t.TrialResumed, "c1", on=AFTER, reason="all clear", signers=("c1", "c2"),
                 stopping_rules=(key,))  # fmt: skip
    apply(state, state.position + 1, made)


def test_what_was_only_possible_stands_again_once_it_is_certain() -> None:
    state = treated()
    adverse(state, grade=4, relation=None)
    (possible,) = unanswered_rules(state, AFTER)
    _resume(state, possible.key)
    assert unanswered_rules(state, AFTER) == []
    add(state, s.AdverseEventUpdated, AFTER, adverse_event="AE1", relation="definite")
    assert len(unanswered_rules(state, AFTER)) == 1


def test_a_grade_4_result_that_nobody_judged_may_have_fired_a_rule() -> None:
    state = treated()
    result(state, "platelets", 200, "10*9/L", BEFORE, low=150)
    at = result(state, "platelets", 20, "10*9/L", AFTER, low=150)
    assert [rule.action for rule in unanswered_rules(state, AFTER)] == ["pause"]
    _adjudicate(state, f"{at}-platelets", dlt=False)
    assert unanswered_rules(state, AFTER) == []


def test_a_result_of_an_unknown_day_may_lie_in_the_window() -> None:
    state = treated()
    result(state, "platelets", 20, "10*9/L", AFTER, low=150)
    entry = state.events[state.position]
    assert isinstance(entry, f.LaboratoryResultsRecorded)
    apply(state, state.position + 1, event(
        p.EntryCorrected, "i", "S01", on=AFTER, of=state.position,
        fields={"collected_on": str(DOSED.year)}, reason="the day is not legible"))  # fmt: skip
    assert letter(state, one(state), LATER) == "C"


def test_what_becomes_serious_starts_the_clock_then() -> None:
    state = treated()
    adverse(state, grade=2, site_aware_at=AT + timedelta(days=4))
    assert reports(state, one(state)) == ()
    add(state, s.AdverseEventUpdated, AFTER, hour=9, adverse_event="AE1",
        serious=("hospitalisation",))  # fmt: skip
    (due,) = reports(state, one(state))
    recorded = state.events[state.position].recorded_at
    assert due.clock.recipient == "sponsor"
    assert due.clock.due == recorded + timedelta(hours=24)
    assert due.status(recorded + timedelta(hours=1)) == "open"


def test_reports_are_met_when_they_are_sent() -> None:
    state = treated()
    aware = AT + timedelta(days=4)
    adverse(state, serious=("death",), site_aware_at=aware)
    sent: dict[str, Any] = {"adverse_event": "AE1", "report": "initial"}
    add(state, s.SafetyReportSent, recipient="sponsor", sent_at=aware + timedelta(hours=2), **sent)
    add(state, s.SafetyReportSent, recipient="regulator", sent_at=aware + timedelta(days=9), **sent)
    now = aware + timedelta(days=30)
    told = {(due.clock.recipient, due.clock.report): due.status(now)
            for due in reports(state, one(state))}  # fmt: skip
    assert told["sponsor", "initial"] == "met"
    assert told["regulator", "initial"] == "late"
    assert told["ethics", "initial"] == "missed"


def test_an_upgrade_has_clocks_of_its_own_at_the_site_and_at_the_sponsor() -> None:
    state = treated()
    aware = AT + timedelta(days=4)
    adverse(state, serious=("hospitalisation",), site_aware_at=aware)
    sent: dict[str, Any] = {"adverse_event": "AE1", "recipient": "sponsor"}
    add(state, s.SafetyReportSent, report="initial", sent_at=aware + timedelta(hours=2), **sent)
    worse = aware + timedelta(days=5)
    add(state, s.AdverseEventUpdated, AFTER, adverse_event="AE1", serious=("death",),
        site_aware_at=worse)  # fmt: skip
    told = worse + timedelta(hours=3)
    add(state, s.SafetyReportSent, report="follow-up", sent_at=told, **sent)
    due = [(item.clock.recipient, item.clock.report, item.clock.starts)
           for item in reports(state, one(state))]  # fmt: skip
    assert ("sponsor", "initial", worse) in due
    assert ("regulator", "initial", told) in due
    assert ("regulator", "initial", aware + timedelta(hours=2)) in due


def test_what_is_judged_reportable_later_is_due_from_then() -> None:
    state = treated()
    aware = AT + timedelta(days=4)
    adverse(state, serious=("hospitalisation",), site_aware_at=aware)
    sent: dict[str, Any] = {"adverse_event": "AE1", "recipient": "sponsor", "report": "initial"}
    add(state, s.SafetyReportSent, sent_at=aware + timedelta(hours=2), **sent)
    judged: dict[str, Any] = {"adverse_event": "AE1", "relation": "possible",
              "reference_safety_information": "IB 2"}  # fmt: skip
    add(state, s.AdverseEventAssessed, AFTER, expected=True, **judged)
    assert [item.clock.recipient for item in reports(state, one(state))] == ["sponsor"]
    later = aware + timedelta(days=20)
    add(state, s.AdverseEventAssessed, AFTER, expected=False, sponsor_aware_at=later, **judged)
    starts = {item.clock.starts for item in reports(state, one(state))
              if item.clock.recipient == "regulator"}  # fmt: skip
    assert starts == {later}


def test_a_replaced_participant_stays_in_the_stopping_rules() -> None:
    state = treated()
    adverse(state, grade=4)
    one(state).replaced = True
    assert unanswered_rules(state, AFTER)
