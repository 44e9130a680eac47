"""A lapsed approval stops who enters, first doses and new levels; never follow-up or safety."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import review as r
from gradatim.conduct.events import safety as s
from gradatim.conduct.events import trial as t
from gradatim.conduct.fold import apply
from gradatim.conduct.policies import POLICIES, approvals
from gradatim.conduct.state import State
from gradatim.conduct.trial import Recorded, Refused
from gradatim.conduct.views.approvals import Lapse, lapsed, later_doses_agreed
from gradatim.conduct.views.readiness import readiness
from gradatim.conduct.views.tasks import tasks
from gradatim.core.truth import TRUE
from tests.conduct.ready import enrolled
from tests.conduct.treated import DOSED, LATER, treated
from tests.conduct.trials import START, copied, event, state_until

RULE = "the approvals are in force"


def approved(
    until: date | None, base: State, authority: str = "ethics", on: date = START, **more: Any
) -> State:
    """A state in which an authority has approved until then."""
    state = copied(base)
    fields = {"authority": authority, "version": "1.0", "reference": "no. 7"} | more
    apply(
        state,
        state.position + 1,
        event(t.ApprovalRecorded, "sponsor.1", on=on, expires_on=until, **fields),
    )
    return state


def opened(mode: str = "simulated") -> State:
    """A trial on its first day."""
    state = state_until()
    state.mode = mode
    return state


@pytest.mark.parametrize(
    ("days", "is_lapsed"),
    [(-1, True), (0, False), (1, False), (None, False)],
)
def test_an_approval_holds_on_its_last_day(days: int | None, is_lapsed: bool):
    until = None if days is None else START + timedelta(days=days)
    state = approved(until, approved(None, opened("real"), "regulator"))
    assert bool(lapsed(state, START)) is is_lapsed


def test_a_real_trial_without_an_approval_has_none_in_force():
    state = opened("real")
    state.approvals.clear()
    found = lapsed(state, START)
    assert [(one.authority, one.until) for one in found] == [("ethics", None), ("regulator", None)]


def test_the_last_approval_of_a_version_counts_also_where_it_is_shorter():
    state = approved(START - timedelta(days=1), approved(LATER, opened()))
    assert [one.authority for one in lapsed(state, START)] == ["ethics"]
    assert lapsed(approved(LATER, state), START) == []


def test_an_approval_of_a_version_that_is_not_in_force_does_not_count():
    state = approved(LATER, approved(START - timedelta(days=1), opened()), version="9.0")
    assert [one.authority for one in lapsed(state, START)] == ["ethics"]


def days(n: int) -> date:
    """A day of the trial, counted from its first."""
    return START + timedelta(days=n)


def test_a_renewal_does_not_reach_back_over_the_lapse():
    """What was done in between was done without an approval, whenever it is recorded."""
    state = approved(None, approved(days(10), opened()), on=days(40))
    found = {n: [one.until for one in lapsed(state, days(n))] for n in (10, 11, 39, 40)}
    assert found == {10: [], 11: [days(10)], 39: [days(10)], 40: []}


def test_a_renewal_before_the_end_leaves_no_gap():
    state = approved(days(300), approved(days(10), opened()), on=days(5))
    assert not any(lapsed(state, days(n)) for n in (4, 5, 10, 11, 300))
    assert lapsed(state, days(301)) == [Lapse("ethics", days(300))]


def test_an_approval_that_was_ended_early_ended_then_also_for_earlier_days():
    state = approved(days(10), approved(None, opened()), on=days(20))
    assert not lapsed(state, days(10))
    assert lapsed(state, days(11)) == [Lapse("ethics", days(10))]


def amended(state: State, version: str, on: date) -> State:
    """A state in which another version is in force from a day on."""
    state = copied(state)
    state.versions.append(state.versions[-1]._replace(version=version, on=on))
    return state


def test_the_approval_of_a_superseded_version_covers_nothing_any_more():
    """The approval of 1.0 has no end; that of 2.0, in force since, has."""
    state = approved(None, opened())
    state = approved(days(30), amended(state, "2.0", days(10)), on=days(9), version="2.0")
    assert not any(lapsed(state, days(n)) for n in (0, 9, 10, 30))
    assert lapsed(state, days(31)) == [Lapse("ethics", days(30))]


def test_an_urgent_amendment_goes_on_under_the_approval_before_it():
    state = amended(approved(days(30), opened()), "2.0", days(10))
    assert not lapsed(state, days(20))
    assert lapsed(state, days(31))
    state = approved(None, state, on=days(40), version="2.0")
    assert [bool(lapsed(state, days(n))) for n in (20, 35, 40)] == [False, True, False]


def test_what_was_agreed_for_later_doses_is_of_the_version_in_force():
    state = approved(None, approved(None, opened()), scope="later doses")
    assert later_doses_agreed(state, days(1))
    state = approved(days(30), amended(state, "2.0", days(10)), on=days(10), version="2.0")
    assert not later_doses_agreed(state, days(31))


@pytest.mark.parametrize("dated", [5, 30])
def test_a_registration_is_not_dated_back_before_the_lapse(dated: int):
    """It authorises now: a day on which the approval still held, or a renewal, does not help."""
    state = approved(days(10), opened())
    registered = event(
        p.ParticipantRegistered, "c", "S01", on=days(30), participant="P9", person_token="1" * 64
    )
    assert isinstance(registered, p.ParticipantRegistered)
    back = replace(registered, occurred_on=days(dated))
    assert approvals.the_approvals_are_in_force(state, back).truth is not TRUE
    renewed = approved(None, state, on=days(20))
    in_between = replace(registered, occurred_on=days(15))
    assert approvals.the_approvals_are_in_force(renewed, registered).truth is TRUE
    assert approvals.the_approvals_are_in_force(renewed, in_between).truth is not TRUE


def test_what_does_not_hold_is_not_shown_as_approved():
    """A lapsed approval, and one for later doses alone, leave the authority missing."""
    state = approved(days(5), opened(), authority="regulator")
    state = approved(None, approved(days(2), state), scope="later doses")
    state = approved(days(5), state)
    now = readiness(state, state.study, days(3))
    assert now.missing == []
    mine = [one for one in now.approvals if one.event.reference == "no. 7"]
    assert [(one.event.scope, one.event.expires_on, one.in_force) for one in mine] == [
        ("", days(5), True),
        ("", days(2), False),
        ("later doses", None, True),
        ("", days(5), True),
    ]
    assert readiness(state, state.study, days(6)).missing == ["ethics", "regulator"]


ASKED = (p.ParticipantRegistered, p.ParticipantEnrolled, r.DoseDecision, p.InformedConsentObtained)
NEVER = (
    f.EncounterDone,
    f.LaboratoryResultsRecorded,
    s.AdverseEventReported,
    s.SafetyReportSent,
    s.DoseLimitingToxicityAdjudicated,
    p.Disposition,
    t.TrialPaused,
    t.TrialStopped,
)


@pytest.mark.parametrize("kind", ASKED)
def test_who_enters_and_new_levels_are_asked_for_approvals(kind: type):
    assert approvals.the_approvals_are_in_force in POLICIES[kind]


@pytest.mark.parametrize("kind", NEVER)
def test_follow_up_and_safety_are_not(kind: type):
    asked = set(POLICIES[kind])
    assert not asked & {
        approvals.the_approvals_are_in_force,
        approvals.the_approvals_allow_the_dose,
    }


def test_a_registration_is_refused_once_the_approval_has_lapsed():
    led = enrolled()
    led.trial.state = approved(START, led.trial.state)
    outcome = led.ask(
        p.ParticipantRegistered, "coordinator.S01.1", participant="P2", person_token="1" * 64
    )
    assert isinstance(outcome, Refused)
    assert (
        dict(outcome.reasons)[RULE] == f"the ethics approval ended on {START}: record its renewal"
    )


def checklist(dose: int) -> x.PreDoseChecklistSigned:
    """A checklist of P1, who has been treated once."""
    about: dict[str, Any] = {"participant": "P1", "dose": dose, "items": {}, "signer": "i"}
    made = event(x.PreDoseChecklistSigned, "i", "S01", on=LATER, **about)
    assert isinstance(made, x.PreDoseChecklistSigned)
    return made


def test_a_later_dose_needs_the_agreement_of_the_ethics_committee():
    state = approved(DOSED, treated())
    told = approvals.the_approvals_allow_the_dose(state, checklist(2))
    assert told.truth is not TRUE
    assert "for later doses, record that the ethics committee agreed" in "; ".join(told.clauses())
    agreed = approved(None, state, scope="later doses")
    assert approvals.the_approvals_allow_the_dose(agreed, checklist(2)).truth is TRUE
    assert approvals.the_approvals_allow_the_dose(agreed, checklist(1)).truth is not TRUE
    assert lapsed(agreed, LATER), "nobody enters on that agreement"


def told(state: State, on: date) -> list[str]:
    """What the tasks of a day say of approvals."""
    now = datetime.combine(on, time(9), UTC)
    return [one.what for one in tasks(state, now, on) if one.kind == "approval"]


def test_a_lapse_is_announced_and_stays_a_task():
    state = approved(START + timedelta(days=90), opened())
    assert told(state, START) == []
    ahead = START + timedelta(days=31)
    assert told(state, ahead) == [f"ethics approval ends on {START + timedelta(days=90)}"]
    assert "nobody enters" in told(state, START + timedelta(days=91))[0]


def revoked(user: str, role: str = "sponsor") -> Any:
    """Take a task of the whole trial back."""
    led = enrolled()
    return led.trial.record(
        event(t.RoleRevoked, "sponsor.1", user=user, role=role, reason="leaves the company")
    )


def test_the_only_sponsor_keeps_the_task():
    outcome = revoked("sponsor.1")
    assert isinstance(outcome, Refused)
    assert "give the task to another first" in outcome.reasons[0][1]


def test_other_tasks_are_taken_back():
    assert isinstance(revoked("monitor.1", "monitor"), Recorded)
