"""Safety reports through the ledger: which clocks run, from when, and how each stands."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

import pytest

from gradatim.conduct.events import participants as p
from gradatim.conduct.events import safety as s
from gradatim.conduct.fold import apply
from gradatim.conduct.policies.reports import the_report_is_in_time
from gradatim.conduct.state import State
from gradatim.conduct.views.reporting import Due, reports
from gradatim.core.truth import FALSE
from gradatim.protocol.base import Basis
from gradatim.protocol.treatment import Reporting
from tests.conduct.treated import AFTER, AT, LATER, add, adverse, correct, one, treated
from tests.conduct.trials import TABLET, event


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
    due, *others = reports(state, one(state))
    recorded = state.events[state.position].recorded_at
    assert due.clock.recipient == "sponsor"
    assert {item.clock.starts for item in others} == {recorded}
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
        LATER,
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
    add(state, s.AdverseEventAssessed, LATER, expected=False, sponsor_aware_at=later, **judged)
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


# --- a clock that ran out stays -------------------------------------------------------------------

JUDGED: dict[str, Any] = {
    "adverse_event": "AE1",
    "relation": "possible",
    "reference_safety_information": "IB 2",
}
MUCH_LATER = AFTER + timedelta(days=40)


def missed(state: State) -> set[str]:
    """Return to whom a report was missed."""
    now = datetime(2027, 12, 1, tzinfo=UTC)
    return {item.clock.recipient for item in reports(state, one(state)) if _late(item, now)}


def _late(item: Due, now: datetime) -> bool:
    return item.status(now) in ("missed", "late")


def assessed_as_expected(state: State, on: date) -> None:
    add(state, s.AdverseEventAssessed, on, expected=True, **JUDGED)


def judged_unrelated(state: State, on: date) -> None:
    made = event(
        s.AdverseEventUpdated,
        "investigator.S01.1",
        "S01",
        on=on,
        participant="P1",
        adverse_event="AE1",
        relation="unrelated",
    )
    apply(state, state.position + 1, made)


def corrected_to_nothing(state: State, on: date) -> None:
    (at,) = one(state).entries_of[s.AdverseEventReported]
    add(state, p.EntryCorrected, on, of=at, fields={"serious": []}, reason="slip")


LESS = pytest.mark.parametrize(
    "less", [assessed_as_expected, judged_unrelated, corrected_to_nothing]
)


@LESS
def test_a_clock_that_ran_out_stays_missed_whatever_is_judged_later(less: Any) -> None:
    """Whoever was to be told was not; a report that is sent then is late."""
    state = treated()
    adverse(state, serious=("hospitalisation",))
    assert missed(state) == {"sponsor", "regulator", "ethics"}
    less(state, MUCH_LATER)
    assert missed(state) == {"sponsor", "regulator", "ethics"}
    moment = datetime.combine(MUCH_LATER, time(12), UTC)
    sent = s.SafetyReportSent(
        occurred_on=MUCH_LATER,
        recorded_at=moment,
        recorded_by="sponsor.1",
        participant="P1",
        adverse_event="AE1",
        recipient="regulator",
        report="initial",
        sent_at=moment,
    )
    assert the_report_is_in_time(state, sent).truth is FALSE


@LESS
def test_what_is_made_less_in_time_is_not_due_any_more(less: Any) -> None:
    state = treated()
    adverse(state, serious=("hospitalisation",))
    less(state, AFTER)
    assert "regulator" not in missed(state)


def test_the_clocks_of_a_death_stay_when_it_is_explained_after_they_ran_out() -> None:
    state = treated()
    add(state, p.Disposition, AFTER, status="died")
    add(
        state,
        s.AdverseEventReported,
        MUCH_LATER,
        adverse_event="AE1",
        term="Headache",
        grade=5,
        relation="unrelated",
        onset=str(AFTER),
    )
    late = [item for item in reports(state, one(state)) if item.clock.recipient == "regulator"]
    assert [item.adverse_event for item in late] == ["AE1"] * 2, "the first one, and a follow-up"
    assert missed(state) == {"sponsor", "regulator", "ethics"}


# --- whose days count -----------------------------------------------------------------------------

AWARE = datetime(2027, 3, 1, 20, 0, tzinfo=timezone(timedelta(hours=-5)))
"""In the evening of 1 March in New York; in London it is 2 March."""


def american(zone: str = "") -> State:
    """Return a trial whose reports follow the rules of the United States."""
    state = treated(TABLET, "mg")
    study = state.versions[0].study
    reporting = Reporting(jurisdiction="US", zone=zone, basis=Basis.ASSUMED, source="x")
    changed = study.model_copy(
        update={"safety": study.safety.model_copy(update={"reporting": reporting})}
    )
    state.versions[0] = state.versions[0]._replace(study=changed)
    return state


@pytest.mark.parametrize("written", [AWARE, AWARE.astimezone(UTC)])
@pytest.mark.parametrize(
    ("zone", "due"),
    [
        ("", "2027-03-08T23:59:59-05:00"),
        ("America/Los_Angeles", "2027-03-08T23:59:59-08:00"),
        ("Asia/Tokyo", "2027-03-09T23:59:59+09:00"),
    ],
)
def test_days_are_those_of_the_sponsor_however_a_time_is_written(
    written: datetime, zone: str, due: str
) -> None:
    """21 CFR 312.32(c)(2): seven calendar days, of whoever must report."""
    state = american(zone)
    told: dict[str, Any] = {"adverse_event": "AE1", "term": "Headache", "onset": "2027-02-01"}
    on = date(2027, 3, 2)
    add(state, s.AdverseEventReported, on, serious=("death",), site_aware_at=written, **told)
    add(state, s.AdverseEventAssessed, on, expected=False, sponsor_aware_at=written, **JUDGED)
    (found,) = (
        item.clock.due
        for item in reports(state, one(state))
        if (item.clock.recipient, item.clock.report) == ("regulator", "initial")
    )
    assert found.replace(microsecond=0).isoformat() == due


def test_the_sponsor_knows_at_the_latest_when_the_entry_stands() -> None:
    """Whatever it says later, and though it says nothing: it reads the same system."""
    for later in (False, True):
        state = treated()
        adverse(state, serious=("hospitalisation",))
        stands = state.events[state.position].recorded_at
        if later:
            aware = stands + timedelta(days=9)
            add(
                state,
                s.AdverseEventAssessed,
                LATER,
                expected=False,
                sponsor_aware_at=aware,
                **JUDGED,
            )
        starts = {
            item.clock.starts
            for item in reports(state, one(state))
            if item.clock.recipient == "regulator"
        }
        assert starts == {stands}


def test_what_is_corrected_to_be_serious_stands_since_the_correction() -> None:
    state = treated()
    adverse(state, grade=2)
    at = state.position
    correct(state, at, serious=["hospitalisation"])
    recorded = state.events[state.position].recorded_at
    starts = {item.clock.starts for item in reports(state, one(state))}
    assert starts == {recorded}
