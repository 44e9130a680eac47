"""Every event for every role: who may record what, and where."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from gradatim.conduct.catalogue import ACTS
from gradatim.conduct.events import BY_NAME, EVENTS
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import SYSTEM, Event, Paper
from gradatim.conduct.fold import apply
from gradatim.conduct.paper import TRANSCRIBED, may_be_on_paper
from gradatim.conduct.permissions import MAY, permitted
from gradatim.conduct.policies import check
from gradatim.conduct.roles import ROLES, SITE_STAFF
from gradatim.conduct.state import State
from gradatim.core.truth import TRUE
from tests.conduct.trials import START, event

ALWAYS = {"TrialCreated"}
"""What begins a ledger, before anybody has a task."""


def trial_with(role: str, site: str) -> State:
    """A trial in which `user` has one task at one site."""
    state = State("t")
    apply(state, 1, event(t.TrialCreated, "sponsor", mode="demo"))
    apply(state, 2, event(t.RoleGranted, "sponsor", user="sponsor", role="sponsor"))
    apply(state, 3, event(t.RoleGranted, "sponsor", site, user="user", role=role))
    return state


class Bare(Event, frozen=True):
    """Stands for an event of a type: permissions look at its type and its common fields only."""


def bare(name: str, by: str, site: str) -> Event:
    """An event of a type without its own fields."""
    made = event(Bare, by, site)
    return _named(name, made)  # type: ignore[return-value]


def _named(name: str, made: Event) -> object:
    return type(name, (), {one: getattr(made, one) for one in made.__struct_fields__})()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", MAY)
def test_a_role_may_what_the_table_says_at_its_site_and_nowhere_else(name: str, role: str) -> None:
    state = trial_with(role, "S01")
    allowed = role in MAY[name] or name in ALWAYS
    assert (permitted(state, bare(name, "user", "S01")).truth is TRUE) is allowed
    assert (permitted(state, bare(name, "user", "S02")).truth is TRUE) is (name in ALWAYS)


@pytest.mark.parametrize("name", [name for name, roles in MAY.items() if roles])
def test_a_task_in_the_whole_trial_holds_at_every_site(name: str) -> None:
    role = MAY[name][0]
    state = trial_with(role, "")
    assert permitted(state, bare(name, "user", "S07")).truth is TRUE


def test_who_has_no_task_may_nothing_and_is_told_so() -> None:
    found = permitted(trial_with("nurse", "S01"), bare("DoseAdministered", "stranger", "S01"))
    assert found.truth is not TRUE
    assert found.text == "stranger has no task at site S01; this takes investigator or nurse"


def test_a_revoked_task_is_gone() -> None:
    state = trial_with("nurse", "S01")
    apply(
        state, 4, event(t.RoleRevoked, "sponsor", "S01", user="user", role="nurse", reason="left")
    )
    assert permitted(state, bare("DoseAdministered", "user", "S01")).truth is not TRUE


def test_the_table_has_every_type_and_only_roles_there_are() -> None:
    assert set(MAY) == set(BY_NAME) == {one.__name__ for one in EVENTS}
    assert {role for roles in MAY.values() for role in roles} <= set(ROLES)
    assert set(ROLES) == set(t.Role.__args__)  # type: ignore[attr-defined]


def test_nobody_records_as_the_system_nor_is_given_its_name() -> None:
    """What follows by itself is told from what people record."""
    found = permitted(trial_with("nurse", "S01"), bare("PreparationVerified", SYSTEM, ""))
    assert found.truth is not TRUE
    made = event(t.RoleGranted, "sponsor", user=SYSTEM, role="nurse")
    assert check(State("t"), made).truth is not TRUE


def on_paper(name: str, signed_by: str, recorded_by: str = "clerk") -> Event:
    """An event of a type that somebody enters from a paper that somebody signed."""
    made = bare(name, recorded_by, "S01")
    made.paper = Paper(signed_by=signed_by, signed_at=made.recorded_at, image_sha256="a" * 64)  # type: ignore[misc]
    return made


NEVER_ON_PAPER = {
    *("TrialCreated", "ProtocolSubmitted", "ApprovalRecorded", "ProtocolActivated"),
    *("ProtocolAmended", "RulingSigned", "RoleGranted", "RoleRevoked", "SiteOpened", "SiteClosed"),
    *("TrialStopped", "TrialResumed", "UrgentSafetyMeasureEnded", "ConsentFormApproved"),
    *("EntryCorrected", "EntryVoided", "VoidConfirmed", "PersonalDataErased", "DataLocked"),
    *("CriterionAttested", "EligibilityConfirmed", "ParticipantEnrolled", "ParticipantReplaced"),
    *("AdverseEventAssessed", "AdverseEventClassified", "ClinicalSignificanceSigned"),
    *("DoseLimitingToxicityAdjudicated", "DoseDecision", "ReviewMeetingHeld", "ProposalSigned"),
    *("SourceDataVerified", "ProtocolDeviationReviewed", "QueryOpened", "QueryClosed"),
    *("ProductReleased", "ProductDifferenceExplained", "TermCoded", "ExportMade"),
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", MAY)
def test_on_paper_a_site_tells_what_it_may_do_itself(name: str, role: str) -> None:
    """Whoever enters a paper gets no right that whoever signed it has not at a site."""
    state = trial_with(role, "S01")
    apply(state, 4, event(t.RoleGranted, "sponsor", "S01", user="clerk", role="nurse"))
    kind = BY_NAME[name]
    allowed = may_be_on_paper(kind) and role in MAY[name] and role in SITE_STAFF
    found = permitted(state, on_paper(name, "user"))
    assert (found.truth is TRUE) is allowed, found.text
    if name in NEVER_ON_PAPER:
        assert not allowed


def test_only_steps_of_a_dose_are_authorised_on_paper() -> None:
    signed = {name for name, act in ((one.__name__, ACTS[one]) for one in EVENTS) if act.refusable}
    found = {name for name in signed if may_be_on_paper(BY_NAME[name])}
    assert found == {one.__name__ for one in TRANSCRIBED}


@pytest.mark.parametrize("role", sorted({*ROLES} - {*SITE_STAFF}))
def test_who_is_of_no_site_enters_no_paper(role: str) -> None:
    """An answer that an investigator wrote is entered by staff of the site, and by nobody else."""
    state = trial_with(role, "S01")
    apply(state, 4, event(t.RoleGranted, "sponsor", "S01", user="lead", role="investigator"))
    for name in MAY:
        assert permitted(state, on_paper(name, "lead", "user")).truth is not TRUE, name


@pytest.mark.parametrize(
    ("signed", "allowed"), [(-1, False), (0, True), (5, True), (10, True), (11, False)]
)
def test_who_signed_on_paper_held_the_task_on_that_day(signed: int, allowed: bool) -> None:
    """Whoever has left since did what they did; whoever came since did not."""
    state = trial_with("investigator", "S01")
    apply(state, 4, event(t.RoleGranted, "sponsor", "S01", user="clerk", role="nurse"))
    left: dict[str, Any] = {"user": "user", "role": "investigator", "reason": "left"}
    gone = event(t.RoleRevoked, "sponsor", "S01", on=START + timedelta(days=10), **left)
    apply(state, 5, gone)
    made = on_paper("DoseAdministered", "user")
    at = made.recorded_at + timedelta(days=signed)
    made.paper = replace(made.paper, signed_at=at)  # type: ignore[misc,type-var]
    assert (permitted(state, made).truth is TRUE) is allowed
