"""The catalogue of acts says everything of every event, and its views say no more and no less."""

import string

import pytest

from gradatim.conduct.catalogue import ACTS, Act, act_named, catalogue_of, offered_on
from gradatim.conduct.corrections import CORRECTABLE
from gradatim.conduct.events import EVENTS
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import review as r
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Event
from gradatim.conduct.offers import can_be_done, next_acts
from gradatim.conduct.permissions import MAY
from gradatim.conduct.policies import AUTHORISATIONS, POLICIES, RULES, check
from gradatim.conduct.roles import (
    CLINICAL_STAFF,
    OVERSIGHT,
    PRODUCT_STAFF,
    ROLES,
    SITE_STAFF,
    SPONSOR_STAFF,
    TRIAL_WIDE,
)
from gradatim.conduct.signatures import MEANINGS
from gradatim.conduct.state import State
from gradatim.conduct.transitions import AS_BEFORE, ENDED, IN_SCREENING, ON_THE_WAY, PARTICIPANT
from gradatim.core.truth import FALSE, TRUE
from tests.conduct.trials import WHOLE_TRIALS, event, finished

pytestmark = WHOLE_TRIALS

OWN = {t.SealingKeyAdopted, t.SigningKeyAdopted}
"""What the system does by itself, and nobody records."""


class TelephoneContactMade(Event, frozen=True):
    """A type of event that nobody has added to the catalogue."""

    participant: str


def test_an_event_that_is_missing_is_named_with_what_to_add() -> None:
    with pytest.raises(LookupError) as raised:
        catalogue_of(ACTS.values(), (*EVENTS, TelephoneContactMade))
    said = str(raised.value)
    assert "TelephoneContactMade" in said
    assert "conduct/catalogue.py" in said
    for part in ("title", "sentence", "roles", "signature", "refusable", "correctable", "offered"):
        assert part in said


def test_every_event_has_an_act_in_the_order_of_the_events() -> None:
    assert tuple(ACTS) == EVENTS
    assert all(act.event is kind for kind, act in ACTS.items())
    assert len({act.title for act in ACTS.values()}) == len(ACTS)


@pytest.mark.parametrize("act", ACTS.values(), ids=lambda act: act.name)
def test_an_act_speaks_of_fields_that_its_event_has(act: Act) -> None:
    fields = set(act.event.__struct_fields__)
    named = {name for _, name, _, _ in string.Formatter().parse(act.sentence) if name}
    assert named <= fields
    assert act.not_asked_for <= fields
    assert act.title
    assert bool(act.roles) is not (act.event in OWN)
    assert set(act.roles) <= set(ROLES)


@pytest.mark.parametrize("act", ACTS.values(), ids=lambda act: act.name)
def test_an_act_is_offered_on_a_page_or_done_elsewhere(act: Act) -> None:
    assert bool(act.elsewhere) is not bool(act.offered_on)


def test_what_can_be_refused_has_policies_that_can_refuse_it() -> None:
    assert {kind for kind, act in ACTS.items() if act.refusable} == set(AUTHORISATIONS)
    assert set(AUTHORISATIONS) | set(RULES) == set(POLICIES)
    assert not set(AUTHORISATIONS) & set(RULES)


def test_no_authorisation_is_corrected_but_what_states_something_of_a_person() -> None:
    both = {kind for kind, act in ACTS.items() if act.refusable and act.correctable}
    assert {kind.__name__ for kind in both} == {"RecordJudged", "ParticipantRegistered"}


def test_what_several_members_sign_is_signed_and_names_its_signers() -> None:
    for act in ACTS.values():
        if act.by_committee:
            assert act.event in MEANINGS
            assert act.event in AUTHORISATIONS
            assert "signers" in act.not_asked_for


def test_the_views_are_of_the_catalogue() -> None:
    assert {act.name: act.roles for act in ACTS.values()} == MAY
    assert {kind for kind, act in ACTS.items() if act.meaning} == set(MEANINGS)
    assert {kind for kind, act in ACTS.items() if act.correctable} == set(CORRECTABLE)
    assert act_named("DataLocked") in offered_on("proof")


def test_who_may_record_a_correctable_act_may_correct() -> None:
    correctors = {role for act in ACTS.values() if act.correctable for role in act.roles}
    assert set(MAY["EntryCorrected"]) == correctors


def test_the_groups_of_roles_are_of_the_roles_there_are() -> None:
    for group in (
        CLINICAL_STAFF,
        PRODUCT_STAFF,
        SITE_STAFF,
        SPONSOR_STAFF,
        OVERSIGHT,
        TRIAL_WIDE,
    ):
        assert set(group) <= set(ROLES)
    assert not set(SITE_STAFF) & set(TRIAL_WIDE)
    assert set(SITE_STAFF) | set(TRIAL_WIDE) == {*ROLES} - {"monitor"}


def test_the_statuses_of_a_participant_are_those_of_the_table() -> None:
    statuses = {status for (status, _act) in PARTICIPANT} | set(PARTICIPANT.values())
    assert statuses == {*ON_THE_WAY, *ENDED, AS_BEFORE}
    assert set(IN_SCREENING) < set(ON_THE_WAY)


NEXT_OF = {
    "registered": ["InformedConsentObtained", "ScreenFailed"],
    "eligible": [
        "ParticipantEnrolled",
        "PlacedOnWaitingList",
        "InformedConsentRenewed",
        "AdverseEventReported",
        "EligibilityConfirmed",
        "ScreenFailed",
    ],
    "enrolled": [
        "InformedConsentRenewed",
        "ProductAssigned",
        "DoseWithheld",
        "AdverseEventReported",
        "EligibilityConfirmed",
    ],
    "died": ["AdverseEventReported"],
}


@pytest.mark.parametrize("status", NEXT_OF)
def test_what_comes_next_is_what_is_legal_and_what_ends_the_way_comes_last(status: str) -> None:
    assert [act.name for act in next_acts(status)] == NEXT_OF[status]


def test_a_site_that_is_not_open_is_not_closed() -> None:
    state = State("t")
    assert can_be_done(state, t.SiteClosed, "S01").truth is FALSE
    state.sites["S01"] = "open"
    assert can_be_done(state, t.SiteClosed, "S01").truth is TRUE


def test_dosing_that_has_been_stopped_is_not_stopped_again() -> None:
    state = State("t")
    assert can_be_done(state, t.TrialStopped).truth is TRUE
    state.stopped = 7
    assert can_be_done(state, t.TrialStopped).truth is FALSE


def test_an_act_without_conditions_can_always_be_done() -> None:
    assert can_be_done(State("t"), t.TrainingRecorded).truth is TRUE


def test_what_is_offered_is_what_the_policies_let_pass() -> None:
    """On a whole trial, before and after a lock, and of everybody in it."""
    state = finished(2).state
    for locked in (True, False):
        state.locked = locked
        for kind in (r.DataLocked, r.DataUnlocked):
            asked = event(kind, "data.1", reason="the end of the trial")
            assert can_be_done(state, kind).truth is check(state, asked).truth
    for one in state.participants.values():
        asked = event(
            p.ParticipantReplaced, "committee.1", participant=one.id, reason="left", signers=()
        )
        of_the_place = check(state, asked).children[-1]
        assert can_be_done(state, p.ParticipantReplaced, one.site, one).truth is of_the_place.truth
