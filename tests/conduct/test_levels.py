"""A level that is stopped or not tolerated closes those above it, whenever it becomes known."""

from datetime import UTC, datetime, time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradatim.conduct.escalation import advised, supported
from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import review as r
from gradatim.conduct.events import safety as s
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.policies import check, unmet
from gradatim.conduct.state import State
from gradatim.conduct.views.levels import levels
from gradatim.conduct.views.stopping_rules import unanswered_rules
from gradatim.conduct.views.tasks import tasks
from gradatim.core.truth import TRUE
from tests.conduct.leveled import (
    LEVEL_1,
    TODAY,
    add,
    asked,
    checklist,
    decide,
    enrol,
    give,
    leveled,
    limiting,
)
from tests.conduct.trials import event

LEVEL_RULES = {"the level is tolerated", "no stopping rule has fired"}


def broken(state: State, made: Event) -> set[str]:
    """Return the rules about levels that an event does not meet."""
    return {rule for rule, _ in unmet(made, check(state, made))} & LEVEL_RULES


def closed_to(state: State, who: str) -> set[str]:
    """Return the rules about levels that keep somebody's checklist from being signed."""
    signed = event(
        x.PreDoseChecklistSigned,
        "i",
        "S01",
        on=TODAY,
        participant=who,
        dose=1,
        items={},
        signer="i",
    )
    return {rule for rule, _ in unmet(signed, checklist(state, who))} & LEVEL_RULES


def test_as_long_as_nothing_is_known_the_level_is_open() -> None:
    state = leveled()
    assert advised(state, TODAY)[:3] == ("continue_cohort", 2, "1NNN")
    assert closed_to(state, "P4") == set()
    assert [one.open for one in levels(state, TODAY)] == [True, True, False]


def test_one_late_candidate_at_once_closes_the_level_above() -> None:
    """One of three: the design asks for three more at level 1 before anybody goes up."""
    state = leveled()
    limiting(state, "P1")
    now = advised(state, TODAY)
    assert now[:3] == ("de_escalate", 1, "1CNN")
    assert closed_to(state, "P4") == {"the level is tolerated"}
    made = asked(state, x.ProductAssigned, "P4", dose=1, lot="L", bags=("B",))
    told = dict(unmet(made, check(state, made)))["the level is tolerated"]
    assert "supports no dose above level 1 (on 1CNN" in told


def test_nobody_is_sent_for_a_place_at_a_level_that_is_closed() -> None:
    """A free place there is no task: its enrolment would be refused."""
    state = leveled()
    add(state, p.ParticipantRegistered, participant="P6", person_token=f"{6:064}")
    add(
        state,
        p.InformedConsentObtained,
        participant="P6",
        version="1",
        language="en",
        obtained_by="i",
    )
    add(state, p.EligibilityConfirmed, participant="P6", first_dose_on=TODAY, signer="i")
    assert enrolments(state) == ["P6 is eligible; a place at level 2 is free"]
    limiting(state, "P1")
    assert enrolments(state) == []
    adjudicated(state, "P1", dlt=False)
    assert enrolments(state) == ["P6 is eligible; a place at level 2 is free"]


def enrolments(state: State) -> list[str]:
    """Return the tasks of enrolling somebody."""
    now = datetime.combine(TODAY, time(9), tzinfo=UTC)
    return [one.what for one in tasks(state, now, TODAY) if one.kind == "enrolment"]


def test_a_rule_that_stands_is_told_in_words() -> None:
    """What stands, at which level, what it does and whom it rests on; no name with underscores."""
    state = leveled()
    for one in ("P1", "P2"):
        limiting(state, one)
    told = {one.text for one in unanswered_rules(state, TODAY)}
    assert "stopping rule 'two dlts at a level' at level 1 has fired (stop level): P1, P2" in told


def test_what_the_committee_clears_opens_the_level_again() -> None:
    state = leveled()
    limiting(state, "P1")
    adjudicated(state, "P1", dlt=False)
    assert advised(state, TODAY)[:2] == ("continue_cohort", 2)
    assert closed_to(state, "P4") == set()


def adjudicated(state: State, who: str, dlt: bool) -> None:
    add(
        state,
        s.DoseLimitingToxicityAdjudicated,
        participant=who,
        candidate=f"{who}-AE",
        dose_limiting=dlt,
        reason="seen by all",
        signers=("committee.1", "committee.2"),
    )


def test_two_toxicities_at_the_lowest_level_end_all_dosing() -> None:
    state = leveled()
    for who in ("P1", "P2"):
        limiting(state, who)
        adjudicated(state, who, dlt=True)
    assert advised(state, TODAY)[:2] == ("stop", None)
    (rule,) = unanswered_rules(state, TODAY)
    assert (rule.action, rule.level) == ("stop level", 1)
    assert closed_to(state, "P4") == LEVEL_RULES
    assert not any(one.open for one in levels(state, TODAY))
    resumed = event(
        t.TrialResumed,
        "committee.1",
        on=TODAY,
        reason="all clear",
        stopping_rules=(),
        signers=("committee.1", "committee.2"),
    )
    assert "no rule ends the trial" in {rule for rule, _ in unmet(resumed, check(state, resumed))}


@pytest.mark.parametrize(
    "kind",
    [
        x.ProductAssigned,
        x.DosePrepared,
        x.PreparationVerified,
        x.DoseAdministered,
        p.ParticipantEnrolled,
    ],
)
def test_every_way_to_a_dose_at_a_closed_level_is_closed(kind: Any) -> None:
    """Authorisations are refused; what is done all the same breaks a rule: a deviation."""
    state = leveled()
    at = event(t.TrialPaused, "x", on=TODAY, reason="only for its time").recorded_at
    fields: dict[Any, dict[str, Any]] = {
        x.ProductAssigned: {"dose": 1, "lot": "L", "bags": ("B",)},
        x.DosePrepared: {
            "dose": 1,
            "lot": "L",
            "amount": 2.1e8,
            "planned": 2.1e8,
            "unit": "{cells}",
        },
        x.PreparationVerified: {"dose": 1},
        x.DoseAdministered: {
            "dose": 1,
            "started_at": at,
            "ended_at": at,
            "amount": 2.1e8,
            "unit": "{cells}",
        },
        p.ParticipantEnrolled: {"level": 2},
    }
    made = asked(state, kind, "P4", **fields[kind])
    assert "the level is tolerated" not in broken(state, made)
    limiting(state, "P1")
    assert "the level is tolerated" in broken(state, made)


def test_who_has_had_a_dose_goes_on_until_the_level_is_found_too_toxic() -> None:
    """One candidate below opens no level to anybody new; two close it to everybody."""
    state = leveled()
    give(state, "P4", TODAY)
    limiting(state, "P1")
    assert "the level is tolerated" not in closed_to(state, "P4")
    assert "the level is tolerated" in closed_to(state, "P5")
    assert advised(state, TODAY)[:2] == ("de_escalate", 1)
    limiting(state, "P2")
    assert "the level is tolerated" in closed_to(state, "P4")
    assert advised(state, TODAY)[:2] == ("stop", None)


def test_the_committee_cannot_go_on_above_what_is_supported() -> None:
    state = leveled()
    give(state, "P4", TODAY)
    limiting(state, "P1")
    now = advised(state, TODAY)
    for action, level in (("stay", 2), ("escalate", 3)):
        made = event(
            r.DoseDecision,
            "committee.1",
            on=TODAY,
            action=action,
            level=level,
            head=state.position,
            head_hash="0" * 64,
            protocol_sha256="0" * 64,
            design="three_plus_three",
            advice_action=now.action,
            reason="so be it",
            advice_level=now.level,
            outcomes=now.outcomes,
            signers=("committee.1", "committee.2"),
        )
        rules = {rule for rule, _ in unmet(made, check(state, made))}
        assert "the decision is not less cautious" in rules


def test_the_trial_goes_on_after_a_level_was_left_half_done() -> None:
    """After going down, the one who was treated above does not keep the design from advising."""
    state = leveled()
    give(state, "P4", TODAY)
    limiting(state, "P1")
    decide(state, "de_escalate", 1, "1CNN 2P")
    for who in ("P6", "P7", "P8"):
        enrol(state, who, 1)
        give(state, who, TODAY)
    later = TODAY.replace(year=TODAY.year + 1)
    assert advised(state, later)[:3] == ("escalate", 2, "1CNN 2N 1NNN")


def test_a_death_at_level_1_closes_everything() -> None:
    state = leveled()
    add(state, p.Disposition, participant="P1", status="died")
    (rule,) = [one for one in unanswered_rules(state, TODAY) if one.action == "stop"]
    assert "may have fired" in rule.text
    assert closed_to(state, "P4") >= {"no stopping rule has fired"}
    assert advised(state, TODAY)[:2] == ("pending", 1)
    assert not any(one.open for one in levels(state, TODAY))


def died_of(state: State, relation: str | None) -> None:
    limiting(state, "P1", grade=2, relation=relation)
    add(state, p.Disposition, participant="P1", status="died", adverse_event="P1-AE")


def judged(state: State, relation: str, by: str, who: str = "P1") -> None:
    """Record the investigator's judgement, or the sponsor's."""
    name = f"{who}-AE"
    if by == "investigator":
        add(
            state,
            s.AdverseEventUpdated,
            participant=who,
            adverse_event=name,
            relation=relation,
        )
        return
    add(
        state,
        s.AdverseEventAssessed,
        participant=who,
        adverse_event=name,
        relation=relation,
        expected=False,
        reference_safety_information="IB 1",
    )


def test_what_may_have_fired_holds_dosing_and_ends_the_trial_once_a_relation_is_possible() -> None:
    state = leveled()
    died_of(state, None)
    assert advised(state, TODAY).action == "pending"
    assert closed_to(state, "P4") >= {"no stopping rule has fired"}
    judged(state, "possible", "investigator")
    assert advised(state, TODAY)[:2] == ("stop", None)


@pytest.mark.parametrize("first", ["investigator", "sponsor"])
def test_it_lifts_when_the_investigator_and_the_sponsor_exclude_the_relation(first: str) -> None:
    """One of them alone does not."""
    state = leveled()
    died_of(state, None)
    judged(state, "unrelated", first)
    standing = {one.action for one in unanswered_rules(state, TODAY) if not one.certain}
    assert standing == {"stop", "pause"}
    judged(state, "unlikely", "sponsor" if first == "investigator" else "investigator")
    assert unanswered_rules(state, TODAY) == []


def test_the_sponsor_alone_ends_the_trial() -> None:
    state = leveled()
    died_of(state, "unrelated")
    judged(state, "possible", "sponsor")
    assert [one.certain for one in unanswered_rules(state, TODAY)] == [True, True]
    assert advised(state, TODAY)[:2] == ("stop", None)


def test_a_result_is_excluded_by_the_event_that_was_reported_of_it() -> None:
    """By its own term alone: of other results of the entry nobody has said anything."""
    state = leveled()
    results = tuple(
        Measured(element=name, value=value, unit="10*9/L", low=low)
        for name, value, low in (("platelets", 20, 150), ("neutrophils", 0.3, 2))
    )
    at = add(
        state,
        f.LaboratoryResultsRecorded,
        participant="P1",
        results=results,
        laboratory="l",
        ranges_version="v",
        collected_on=str(TODAY),
    )
    add(
        state,
        s.AdverseEventReported,
        participant="P1",
        adverse_event="P1-AE",
        term="Platelet count decreased",
        grade=4,
        relation="unrelated",
        onset=str(TODAY),
        of=at,
    )
    assert stands_on(state) == {f"{at}-platelets", f"{at}-neutrophils"}
    judged(state, "unrelated", "sponsor")
    assert stands_on(state) == {f"{at}-neutrophils"}


def stands_on(state: State) -> set[str]:
    return {case for one in unanswered_rules(state, TODAY) for case in one.by}


def resumed(state: State) -> None:
    keys = tuple(one.key for one in unanswered_rules(state, TODAY) if one.action == "pause")
    add(state, t.TrialResumed, reason="go", stopping_rules=keys, signers=("c1", "c2"))


def test_an_answered_rule_fires_again_for_another_case_only() -> None:
    """Not because one of the cases that it was answered on is none any more."""
    state = leveled()
    for who in ("P1", "P4"):
        limiting(state, who, "Pneumonia", 4, relation=None)
    resumed(state)
    assert stands_on(state) == set()
    judged(state, "unrelated", "investigator", "P4")
    judged(state, "unrelated", "sponsor", "P4")
    assert stands_on(state) == set()
    limiting(state, "P5", "Pneumonia", 4, relation=None)
    assert stands_on(state) == {"P1-AE", "P5-AE"}
    resumed(state)
    assert stands_on(state) == set()
    judged(state, "possible", "investigator")
    assert stands_on(state) == {"P1-AE", "P5-AE"}, "that it is related is something else"


def test_nobody_takes_a_place_and_no_level_is_opened_while_a_rule_stands() -> None:
    state = leveled()
    made = asked(state, p.ParticipantEnrolled, "P5", level=2)
    assert broken(state, made) == set()
    limiting(state, "P4", "Pneumonia", 4, relation=None)
    assert broken(state, made) == {"no stopping rule has fired"}
    opened = event(
        r.DoseDecision,
        "committee.1",
        on=TODAY,
        action="stay",
        level=2,
        head=state.position,
        head_hash="0" * 64,
        protocol_sha256="0" * 64,
        design="three_plus_three",
        advice_action="stay",
        outcomes="",
        signers=("committee.1", "committee.2"),
    )
    assert "the level is not stopped" in dict(unmet(opened, check(state, opened)))


LATE = st.lists(
    st.tuples(
        st.sampled_from(LEVEL_1),
        st.sampled_from(["Headache", "Anaphylaxis", "Bauchweh", "Thromboembolic event"]),
        st.integers(1, 5),
        st.sampled_from([None, "unrelated", "possible"]),
        st.booleans(),
    ),
    unique_by=lambda one: one[0],
    max_size=3,
)
DEAD = st.lists(st.sampled_from([*LEVEL_1, "P4"]), unique=True, max_size=2)
PROPERTY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@PROPERTY
@given(LATE, DEAD, st.booleans())
def test_what_comes_to_light_late_never_opens_a_gate(late: Any, dead: Any, dosed: bool) -> None:
    """And at or above a level that is stopped or not tolerated no dose is ever authorised."""
    state = leveled()
    if dosed:
        give(state, "P4", TODAY)
    for who, term, grade, relation, adjudicate_it in late:
        before = {one: closed_to(state, one) for one in ("P4", "P5")}
        limiting(state, who, term, grade, relation)
        assert all(before[one] <= closed_to(state, one) for one in before)
        if adjudicate_it:
            adjudicated(state, who, dlt=True)
            assert all(before[one] <= closed_to(state, one) for one in before)
    for who in dead:
        before = {one: closed_to(state, one) for one in ("P4", "P5")}
        add(state, p.Disposition, participant=who, status="died")
        assert all(before[one] <= closed_to(state, one) for one in before)
    found = supported(state, TODAY)
    ended = [one.level or 1 for one in unanswered_rules(state, TODAY)]
    for who in ("P4", "P5"):
        if min([*ended, found.tolerated + 1]) <= 2:
            assert closed_to(state, who)
            assert checklist(state, who).truth is not TRUE
    toxic = {
        who
        for who, term, grade, relation, _ in late
        if (grade >= 3 and relation == "possible") or term == "Anaphylaxis"
    }
    if len(toxic) >= 2:
        assert found.tolerated == 0
        assert advised(state, TODAY).action == "stop"
    elif toxic:
        assert found.highest <= 1


STORY = st.lists(
    st.tuples(
        st.sampled_from([*LEVEL_1, "P4"]),
        st.sampled_from(["Headache", "Pneumonia", "Bauchweh"]),
        st.sampled_from([None, 1, 3, 4, 5]),
        st.sampled_from([None, "unrelated", "possible"]),
        st.sampled_from(["", "excluded by the sponsor", "resumed", "died", "lost to follow-up"]),
    ),
    unique_by=lambda one: one[0],
    max_size=4,
)


def followed(state: State, who: str, then: str) -> None:
    """Record what happened after an adverse event was reported."""
    if then == "excluded by the sponsor":
        judged(state, "unrelated", "sponsor", who)
    elif then == "resumed":
        resumed(state)
    elif then:
        add(state, p.Disposition, participant=who, status=then)


def ways_to_a_dose(state: State, who: str, level: int) -> list[set[str]]:
    """Return, of each way, which rules about levels and stopping stand in it."""
    enrolling = asked(state, p.ParticipantEnrolled, who, level=level)
    assigning = asked(state, x.ProductAssigned, who, dose=1, lot="L", bags=("B",))
    return [closed_to(state, who), broken(state, enrolling), broken(state, assigning)]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STORY, st.booleans())
def test_a_rule_that_stands_holds_dosing_and_no_level_is_open_above_a_closed_one(
    story: Any, dosed: bool
) -> None:
    """By every way to a dose, of everybody, whatever was recorded in whatever order."""
    state = leveled()
    if dosed:
        give(state, "P4", TODAY)
    for who, term, grade, relation, then in story:
        limiting(state, who, term, grade, relation)
        followed(state, who, then)
        shown = [one.open for one in levels(state, TODAY)]
        assert shown == sorted(shown, reverse=True)
        rules = unanswered_rules(state, TODAY)
        held = any(one.closes(2) for one in rules)
        for one in ("P4", "P5"):
            ways = ways_to_a_dose(state, one, 2)
            assert all(("no stopping rule has fired" in way) is held for way in ways)
        assert not rules or not shown[-1]
        ends = [one for one in rules if one.ends_the_trial(1)]
        assert all(one.certain for one in ends)
        assert not ends or advised(state, TODAY).action == "stop"
