"""Safety reports through the ledger: which clocks run, from when, and how each stands."""

from datetime import timedelta
from typing import Any

from gradatim.conduct.events import safety as s
from gradatim.conduct.views.reporting import reports
from tests.conduct.treated import AFTER, AT, LATER, add, adverse, one, treated
from tests.conduct.trials import TABLET


def test_what_becomes_serious_starts_the_clock_then() -> None:
    state = treated()
    adverse(state, grade=2, site_aware_at=AT + timedelta(days=4))
    assert reports(state, one(state)) == ()
    add(
        state,
        s.AdverseEventUpdated,
        AFTER,
        hour=9,
        adverse_event="AE1",
        serious=("hospitalisation",),
    )
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
    told = {
        (due.clock.recipient, due.clock.report): due.status(now)
        for due in reports(state, one(state))
    }
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
    add(
        state,
        s.AdverseEventUpdated,
        AFTER,
        adverse_event="AE1",
        serious=("death",),
        site_aware_at=worse,
    )
    told = worse + timedelta(hours=3)
    add(state, s.SafetyReportSent, report="follow-up", sent_at=told, **sent)
    due = [
        (item.clock.recipient, item.clock.report, item.clock.starts)
        for item in reports(state, one(state))
    ]
    assert ("sponsor", "initial", worse) in due
    assert ("regulator", "initial", told) in due
    assert ("regulator", "initial", aware + timedelta(hours=2)) in due


def test_what_is_judged_reportable_later_is_due_from_then() -> None:
    state = treated()
    aware = AT + timedelta(days=4)
    adverse(state, serious=("hospitalisation",), site_aware_at=aware)
    sent: dict[str, Any] = {"adverse_event": "AE1", "recipient": "sponsor", "report": "initial"}
    add(state, s.SafetyReportSent, sent_at=aware + timedelta(hours=2), **sent)
    judged: dict[str, Any] = {
        "adverse_event": "AE1",
        "relation": "possible",
        "reference_safety_information": "IB 2",
    }
    add(state, s.AdverseEventAssessed, AFTER, expected=True, **judged)
    assert [item.clock.recipient for item in reports(state, one(state))] == ["sponsor"]
    later = aware + timedelta(days=20)
    add(state, s.AdverseEventAssessed, AFTER, expected=False, sponsor_aware_at=later, **judged)
    starts = {
        item.clock.starts
        for item in reports(state, one(state))
        if item.clock.recipient == "regulator"
    }
    assert starts == {later}


def test_what_the_sponsor_first_heard_as_a_death_is_due_seven_days_from_then() -> None:
    """It became fatal before the sponsor heard of it; a follow-up does not put the days off."""
    state = treated()
    aware = AT + timedelta(days=4)
    adverse(state, serious=("hospitalisation",), site_aware_at=aware)
    add(
        state,
        s.AdverseEventUpdated,
        AFTER,
        adverse_event="AE1",
        serious=("death",),
        site_aware_at=aware + timedelta(hours=2),
    )
    told = aware + timedelta(hours=10)
    sent: dict[str, Any] = {"adverse_event": "AE1", "recipient": "sponsor"}
    add(state, s.SafetyReportSent, report="initial", sent_at=told, **sent)
    add(state, s.SafetyReportSent, report="follow-up", sent_at=told + timedelta(days=6), **sent)
    (due,) = (
        item.clock.due
        for item in reports(state, one(state))
        if (item.clock.recipient, item.clock.report) == ("regulator", "initial")
    )
    assert due.date() == told.date() + timedelta(days=7)


def test_an_upgrade_not_yet_told_to_the_sponsor_leaves_the_first_clock_as_it_is() -> None:
    state = treated()
    aware = AT + timedelta(days=4)
    adverse(state, serious=("hospitalisation",), site_aware_at=aware)
    add(
        state,
        s.SafetyReportSent,
        AFTER,
        adverse_event="AE1",
        recipient="sponsor",
        report="initial",
        sent_at=aware,
    )
    worse = aware + timedelta(days=12)
    add(
        state,
        s.AdverseEventUpdated,
        LATER,
        adverse_event="AE1",
        serious=("death",),
        site_aware_at=worse,
    )
    due = [
        item.clock.due.date()
        for item in reports(state, one(state))
        if (item.clock.recipient, item.clock.report) == ("regulator", "initial")
    ]
    assert due == [(aware + timedelta(days=15)).date(), (worse + timedelta(days=7)).date()]


def test_special_interest_of_the_protocol_is_reported_to_the_sponsor() -> None:
    state = treated(TABLET, "mg")
    adverse(state, term="Hepatic failure", grade=1, site_aware_at=AT)
    assert [item.clock.recipient for item in reports(state, one(state))] == ["sponsor"]
    other = treated(TABLET, "mg")
    adverse(other, grade=3, site_aware_at=AT)
    assert reports(other, one(other)) == ()


def test_expectedness_that_nobody_judged_runs_as_unexpected() -> None:
    state = treated()
    adverse(state, serious=("hospitalisation",), site_aware_at=AT)
    add(
        state,
        s.SafetyReportSent,
        adverse_event="AE1",
        recipient="sponsor",
        report="initial",
        sent_at=AT,
    )
    assert "regulator" in {item.clock.recipient for item in reports(state, one(state))}
    add(
        state,
        s.AdverseEventAssessed,
        AFTER,
        adverse_event="AE1",
        relation="possible",
        expected=True,
        reference_safety_information="IB 2",
    )
    assert "regulator" not in {item.clock.recipient for item in reports(state, one(state))}
