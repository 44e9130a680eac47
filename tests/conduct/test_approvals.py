"""A lapsed approval stops who enters, first doses and new levels; never follow-up or safety."""

from copy import deepcopy
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

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
from gradatim.conduct.views.approvals import lapsed
from gradatim.conduct.views.tasks import tasks
from gradatim.core.truth import TRUE
from tests.conduct.ready import enrolled
from tests.conduct.treated import DOSED, LATER, treated
from tests.conduct.trials import START, event, simulated

RULE = "the approvals are in force"


def approved(until: date | None, base: State, authority: str = "ethics", **more: Any) -> State:
    """A state in which an authority has approved until then."""
    state = deepcopy(base)
    fields = {"authority": authority, "version": "1.0", "reference": "no. 7"} | more
    apply(
        state,
        state.position + 1,
        event(t.ApprovalRecorded, "sponsor.1", expires_on=until, **fields),
    )
    return state


def opened(mode: str = "simulated") -> State:
    """A trial on its first day."""
    state = deepcopy(simulated(1, until=START, incidents=()).state)
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
