"""A death fires what it must, starts its clocks, and is one everywhere."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradatim.analysis.listings import serious_adverse_events
from gradatim.conduct.checks import unfulfilled
from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import safety as s
from gradatim.conduct.events.base import Measured
from gradatim.conduct.events.product import DoseAdministered, PreDoseChecklistSigned
from gradatim.conduct.policies.dosing import treatment_goes_on
from gradatim.conduct.policies.entry import the_participant_lived
from gradatim.conduct.state import State
from gradatim.conduct.views.adverse_events import courses, died_on, unexplained_death
from gradatim.conduct.views.reporting import reports
from gradatim.conduct.views.safety import dlt_outcome, possible_dlts
from gradatim.conduct.views.stopping_rules import unanswered_rules
from gradatim.conduct.views.tasks import tasks
from gradatim.core.truth import FALSE, TRUE, Truth
from gradatim.dosefinding.outcomes import letter_of
from tests.conduct.treated import AFTER, AT, LATER, add, adjudicate, adverse, correct, one, treated
from tests.conduct.trials import TABLET, event

EVENT: dict[str, Any] = {"serious": ("hospitalisation",), "relation": "possible"}


def died(state: State, **more: Any) -> int:
    return add(state, p.Disposition, AFTER, status="died", **more)


def rules(state: State) -> dict[str, str]:
    """Return what stands of the rule about deaths: fired, may have fired."""
    found = unanswered_rules(state, LATER)
    return {
        one.key.split(" ")[0].rstrip(":"): "may have fired"
        if "may have" in one.text
        else "has fired"
        for one in found
    }


def assessed(state: State, relation: str, name: str = "AE1") -> None:
    """Record the sponsor's judgement."""
    add(
        state,
        s.AdverseEventAssessed,
        AFTER,
        adverse_event=name,
        relation=relation,
        expected=False,
        reference_safety_information="IB 1",
    )


def due(state: State) -> dict[tuple[str, str], set[int]]:
    """Return in how many days each report is due, from when its clock started."""
    found: dict[tuple[str, str], set[int]] = {}
    for item in reports(state, one(state)):
        days = (item.clock.due.date() - item.clock.starts.date()).days
        found.setdefault((item.clock.recipient, item.clock.report), set()).add(days)
    return found


def test_the_event_somebody_died_of_is_of_grade_5_and_ends_dosing() -> None:
    state = treated()
    adverse(state, **EVENT)
    assert "related_death" not in rules(state)
    died(state, adverse_event="AE1")
    (course,) = courses(state, one(state)).values()
    assert (course.event.grade, course.status, course.outcome) == (5, "fatal", "fatal")
    assert rules(state)["related_death"] == "has fired"
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "C"


def test_its_clocks_become_the_seven_days_of_a_fatal_event() -> None:
    """Regulation (EU) 536/2014, article 42(2)(a); the first clock stays."""
    state = treated(TABLET, "mg")
    aware = AT + timedelta(days=4)
    adverse(state, **EVENT, site_aware_at=aware)
    add(
        state,
        s.SafetyReportSent,
        AFTER,
        adverse_event="AE1",
        recipient="sponsor",
        report="initial",
        sent_at=aware + timedelta(hours=1),
    )
    assert due(state)["regulator", "initial"] == {15}
    at = died(state, adverse_event="AE1")
    assert due(state)["regulator", "initial"] == {7, 15}
    seven = [
        item.clock
        for item in reports(state, one(state))
        if item.clock.why.startswith("upgrade to fatal")
    ]
    assert {clock.starts for clock in seven} == {state.events[at].recorded_at}


@pytest.mark.parametrize("relation", ["unrelated", "unlikely"])
def test_a_death_of_an_unrelated_event_fires_nothing(relation: str) -> None:
    state = treated()
    adverse(state, relation=relation)
    died(state, adverse_event="AE1")
    assert set(rules(state).values()) == {"may have fired"}, "the sponsor has not judged"
    assert unexplained_death(state, one(state)) is None
    assessed(state, relation)
    assert rules(state) == {}


def test_a_death_nobody_explained_may_have_fired_the_rule_and_starts_its_clocks() -> None:
    state = treated(TABLET, "mg")
    at = died(state)
    assert rules(state)["related_death"] == "may have fired"
    known = state.events[at].recorded_at
    assert {item.clock.starts for item in reports(state, one(state))} == {known}
    assert due(state)["sponsor", "initial"] == {1}
    assert due(state)["regulator", "initial"] == {7}
    assert [found.id for found in possible_dlts(state, one(state))] == [f"died-{at}"]
    (line,) = serious_adverse_events(state, datetime(2027, 3, 1, tzinfo=UTC))
    assert (line.event.id, line.grade) == (f"died-{at}", 5)
    waiting = [found for found in tasks(state, known, AFTER) if found.kind == "safety report"]
    assert waiting
    assert {found.event for found in waiting} == {"AdverseEventReported"}


def test_the_event_that_explains_a_death_takes_its_place_and_its_clock() -> None:
    state = treated(TABLET, "mg")
    at = died(state)
    reported_later(state, serious=("death",), relation="unrelated")
    assessed(state, "unrelated")
    assert rules(state) == {}
    assert {item.clock.starts for item in reports(state, one(state))} == {
        state.events[at].recorded_at
    }


def reported_later(state: State, on: date = AFTER + timedelta(days=33), **more: Any) -> None:
    """Report, after the death was recorded, what began before it."""
    onset = str(AFTER - timedelta(days=3))
    fields: dict[str, Any] = {"adverse_event": "AE1", "term": "Headache", "grade": 3}
    add(state, s.AdverseEventReported, on, onset=onset, **fields | more)


def test_who_never_had_a_place_cannot_have_died_of_the_product() -> None:
    state = treated()
    add(state, p.ParticipantRegistered, participant="P9", person_token="9" * 64)
    add(state, p.Disposition, AFTER, participant="P9", status="died")
    assert rules(state) == {}
    found = reports(state, state.participants["P9"])
    assert [item.clock.recipient for item in found] == ["sponsor"]
    assert possible_dlts(state, state.participants["P9"]) == ()


def test_a_death_explained_by_an_unrelated_event_waits_for_the_committee() -> None:
    """The rule is answered by the judgement; the candidate by the adjudication alone."""
    state = treated()
    at = died(state)
    adverse(state, grade=5, relation="unrelated")
    assert rules(state)["related_death"] == "may have fired"
    assessed(state, "unlikely")
    assert rules(state) == {}
    (found,) = possible_dlts(state, one(state))
    assert (found.id, found.dose_limiting, found.changed_by) == (f"died-{at}", None, at + 1)
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "C"
    adjudicate(state, f"died-{at}", dlt=False)
    assert not possible_dlts(state, one(state))[0].counts


@pytest.mark.parametrize("later", [{"grade": 5}, {"serious": ("death",)}])
def test_an_event_that_becomes_fatal_after_the_death_takes_no_candidate_away(later: Any) -> None:
    state = treated()
    adverse(state, grade=2, relation="unrelated")
    at = died(state)
    add(state, s.AdverseEventUpdated, AFTER, adverse_event="AE1", **later)
    assert [found.id for found in possible_dlts(state, one(state))] == [f"died-{at}"]


def test_a_death_explained_by_a_candidate_is_one_candidate() -> None:
    state = treated()
    died(state)
    adverse(state, grade=5, relation="possible")
    assert [found.id for found in possible_dlts(state, one(state))] == ["AE1"]


def test_a_fatal_outcome_of_a_mild_event_is_serious_from_then_on() -> None:
    """It was nothing to report at first: its clocks begin when it is recorded."""
    state = treated(TABLET, "mg")
    adverse(state, grade=1, relation="possible", site_aware_at=AT)
    assert reports(state, one(state)) == ()
    add(
        state,
        s.AdverseEventResolved,
        AFTER,
        adverse_event="AE1",
        outcome="fatal",
        resolved_on=str(AFTER),
    )
    assert rules(state)["related_death"] == "has fired"
    recorded = state.events[state.position].recorded_at
    assert {item.clock.starts for item in reports(state, one(state))} == {recorded}
    assert due(state)["regulator", "initial"] == {7}


def test_nobody_comes_back_by_an_update() -> None:
    state = treated()
    adverse(state, **EVENT)
    died(state, adverse_event="AE1")
    add(state, s.AdverseEventUpdated, AFTER, adverse_event="AE1", grade=2, serious=())
    assert rules(state)["related_death"] == "has fired"


def test_a_serious_event_without_a_time_starts_its_clock_when_it_is_recorded() -> None:
    """Regulation (EU) 536/2014, article 41(2)."""
    state = treated()
    adverse(state, **EVENT)
    recorded = state.events[state.position].recorded_at
    assert {item.clock.starts for item in reports(state, one(state))} == {recorded}
    assert {item.clock.recipient for item in reports(state, one(state))} == {
        "sponsor",
        "regulator",
        "ethics",
    }


def test_a_candidate_is_open_again_after_the_death() -> None:
    state = treated()
    adverse(state, **EVENT)
    add(
        state,
        s.DoseLimitingToxicityAdjudicated,
        AFTER,
        candidate="AE1",
        dose_limiting=False,
        reason="seen",
        signers=("c1", "c2"),
    )
    died(state, adverse_event="AE1")
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "C"


STORY = st.lists(
    st.tuples(
        st.sampled_from(["Headache", "Bauchweh", "Anaphylaxis"]),
        st.integers(1, 4),
        st.sampled_from([None, "unrelated", "possible"]),
    ),
    max_size=3,
)
PROPERTY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@PROPERTY
@given(STORY, st.integers(-1, 2), st.booleans())
def test_a_death_never_takes_a_rule_or_a_candidate_away(
    story: Any, of: int, by_outcome: bool
) -> None:
    state = treated()
    for n, (term, grade, relation) in enumerate(story):
        adverse(state, adverse_event=f"AE{n}", term=term, grade=grade, relation=relation)
    found = {item.id for item in possible_dlts(state, one(state))}
    stands = set(rules(state))
    cause = f"AE{of}" if 0 <= of < len(story) else None
    if by_outcome and cause is not None:
        add(
            state,
            s.AdverseEventResolved,
            AFTER,
            adverse_event=cause,
            outcome="fatal",
            resolved_on=str(AFTER),
        )
    else:
        died(state, adverse_event=cause)
    assert found <= {item.id for item in possible_dlts(state, one(state))}
    assert stands <= set(rules(state))
    if cause is None or story[of][2] != "unrelated":
        assert "related_death" in rules(state)
    assert "regulator" in {item.clock.recipient for item in reports(state, one(state))} or (
        cause is not None and story[of][2] == "unrelated"
    )


def test_a_corrected_cause_is_followed() -> None:
    """A withheld dose that names another event than at first, reported after it."""
    state = treated()
    adverse(state, grade=1, relation="unrelated")
    resolved = add(
        state,
        s.AdverseEventResolved,
        AFTER,
        adverse_event="AE1",
        outcome="recovered",
        resolved_on=str(AFTER),
    )
    correct(state, resolved, outcome="fatal")
    assert courses(state, one(state))["AE1"].event.grade == 5


# --- every entry that says so is a death ----------------------------------------------------------


def by_the_report(state: State) -> None:
    adverse(state, serious=("death",), relation="unrelated")


def by_an_update(state: State) -> None:
    adverse(state, relation="unrelated")
    add(state, s.AdverseEventUpdated, AFTER, adverse_event="AE1", grade=5)


def by_the_outcome(state: State) -> None:
    adverse(state, relation="unrelated")
    fatal: dict[str, Any] = {"adverse_event": "AE1", "outcome": "fatal"}
    add(state, s.AdverseEventResolved, AFTER, resolved_on=str(AFTER), **fatal)


def by_the_disposition(state: State) -> None:
    adverse(state, relation="unrelated")
    died(state, adverse_event="AE1")


def by_a_correction(state: State) -> None:
    adverse(state, relation="unrelated")
    correct(state, state.position, grade=5)


DEATHS = pytest.mark.parametrize(
    "say", [by_the_report, by_an_update, by_the_outcome, by_the_disposition, by_a_correction]
)


@DEATHS
def test_nobody_who_died_is_dosed_or_has_completed_the_window(say: Any) -> None:
    state = treated()
    one(state).status = "treated"
    say(state)
    (course,) = courses(state, one(state)).values()
    assert course.event.grade == 5
    assert {"related_death", "related_grade_4"} == set(rules(state))
    assert died_on(state, one(state)) is not None
    assert dlt_outcome(state, one(state), LATER) is None, "not evaluable: gone before it closed"
    signed = PreDoseChecklistSigned(
        occurred_on=LATER,
        recorded_at=datetime(2027, 6, 1, tzinfo=UTC),
        recorded_by="i",
        site="S01",
        participant="P1",
        dose=2,
        items={},
        signer="i",
    )
    assert treatment_goes_on(state, signed).truth is FALSE


def waiting_for_the_death(state: State) -> list[str]:
    now = datetime(2027, 6, 1, tzinfo=UTC)
    return [found.what for found in tasks(state, now, LATER) if found.kind == "death"]


@DEATHS
def test_an_event_and_a_disposition_that_disagree_on_a_death_are_shown(say: Any) -> None:
    state = treated()
    say(state)
    said = waiting_for_the_death(state)
    if say is by_the_disposition:
        assert said == []
        return
    told = f"AE1 was fatal, and P1 is {one(state).status}: record the death, or correct the event"
    assert said == [told]
    add(state, p.Disposition, LATER, status="withdrawn")
    assert "P1 is withdrawn" in waiting_for_the_death(state)[0]


@pytest.mark.parametrize(
    ("grade", "scale", "questioned"),
    [(5, "CTCAE v5.0", True), (3, "CTCAE v5.0", False), (5, "ASTCT 2019", False)],
)
def test_a_grade_that_the_term_does_not_have_is_questioned(
    grade: int, scale: str, questioned: bool
) -> None:
    """CTCAE v5.0 has headache up to grade 3; it counts as it was written until then."""
    state = treated()
    made = event(
        s.AdverseEventReported,
        "i",
        "S01",
        participant="P1",
        adverse_event="AE1",
        term="Headache",
        grade=grade,
        scale=scale,
        onset=str(AFTER),
    )
    assert [found.id for found in unfulfilled(state, made)] == ["grade_of_the_term"] * questioned


@pytest.mark.parametrize(
    ("amount", "letter"),
    [(7e7, "N"), (6.3e7, "N"), (6.2e7, None), (7.7e7, "N"), (7.8e7, None), (35e7, None)],
)
def test_who_was_given_too_much_is_no_more_evaluable_than_who_was_given_too_little(
    amount: float, letter: str | None
) -> None:
    """As far above the planned dose as below it is assumed; a toxicity counts all the same."""
    state = treated()
    (at,) = one(state).entries_of[DoseAdministered]
    correct(state, at, amount=amount)
    outcome = dlt_outcome(state, one(state), LATER)
    assert (outcome and letter_of(outcome)) == letter
    adverse(state)
    outcome = dlt_outcome(state, one(state), LATER)
    assert outcome is not None
    assert letter_of(outcome) == "C"


def test_nothing_is_measured_after_a_death_that_only_an_event_tells_of() -> None:
    """The report of the event says when; no entry of an end stands yet."""
    state = treated()
    adverse(state, grade=5)
    add(state, s.AdverseEventResolved, adverse_event="AE1", outcome="fatal", resolved_on=str(AFTER))
    assert died_on(state, one(state)) == AFTER

    def weighed(on: date) -> Truth:
        made = event(
            f.VitalSignsRecorded,
            "nurse.S01.1",
            "S01",
            on=on,
            participant="P1",
            results=(Measured(element="body_weight", value=70, unit="kg"),),
        )
        return the_participant_lived(state, made).truth

    assert weighed(AFTER) is TRUE
    assert weighed(AFTER + timedelta(days=1)) is FALSE


@pytest.mark.parametrize(("days", "then"), [(-1, TRUE), (0, TRUE), (1, FALSE)])
def test_a_dose_before_a_death_that_only_an_event_tells_of_was_of_the_treatment(
    days: int, then: Truth
) -> None:
    """It is asked so where it is entered late, or corrected."""
    state = treated()
    one(state).status = "treated"
    adverse(state, grade=5)
    add(state, s.AdverseEventResolved, adverse_event="AE1", outcome="fatal", resolved_on=str(AFTER))
    day = AFTER + timedelta(days=days)
    given = event(
        DoseAdministered,
        "nurse.S01.1",
        "S01",
        on=day,
        participant="P1",
        dose=2,
        started_at=AT + (day - AT.date()),
        ended_at=AT + (day - AT.date()) + timedelta(hours=1),
        amount=7e7,
        unit="{cells}",
    )
    assert isinstance(given, DoseAdministered)
    assert treatment_goes_on(state, given).truth is then
