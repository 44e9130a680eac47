"""What the protocol says of later doses, and what it leaves to the committee; cautious unless said.

After the first dose of a participant who was eligible: which criteria are asked again, a dose after
a dose-limiting toxicity, at a closed level or a lower one, and who counts for the escalation.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import review as r
from gradatim.conduct.events import safety as s
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Measured, Signature
from gradatim.conduct.policies import check, gates, unmet
from gradatim.conduct.policies.dosing import no_stopping_rule_has_fired, no_toxicity_is_open
from gradatim.conduct.policies.verdicts import rule
from gradatim.conduct.policies.ways import way_through
from gradatim.conduct.state import State
from gradatim.conduct.views.allowances import level_of_dose
from gradatim.conduct.views.comparison import plan_of
from gradatim.conduct.views.eligibility import before_dose
from gradatim.conduct.views.facts import facts_in
from gradatim.conduct.views.safety import dlt_outcome
from gradatim.conduct.views.stopping_rules import unanswered_rules
from gradatim.conduct.views.worksheet import Moment, to_set_aside
from gradatim.core.truth import TRUE
from gradatim.dosefinding.outcomes import DoseOutcome
from gradatim.protocol.questions import questions
from gradatim.protocol.study import Study
from gradatim.protocol.treatment import CAUTIOUS
from tests.conduct.leveled import OPENED, leveled
from tests.conduct.leveled import add as event_of
from tests.conduct.ready import DAY, NURSE, SITE, Led, ready, refused
from tests.conduct.treated import AFTER, AT, DOSED, LATER, add, adverse, result, treated
from tests.conduct.treated import one as person
from tests.conduct.trials import event, protocol, recorded

COMMITTEE = ("committee.1", "committee.2")
NO_TOXICITY, TOLERATED = "no toxicity is open", "the level is tolerated"


def governed(state: State, criterion: dict[str, Any] | None = None, **gate: Any) -> State:
    """Let the protocol plan several doses, and say other things of its gate."""
    version = state.versions[0]
    study = version.study
    treatment = study.treatment.model_copy(
        update={
            "gate": CAUTIOUS.model_copy(update=gate),
            "administration": study.treatment.administration.model_copy(update={"doses": 4}),
        }
    )
    criteria = [
        one.model_copy(update=criterion) if criterion and one.id == "E11a" else one
        for one in study.criteria
    ]
    eligibility = study.eligibility.model_copy(update={"criteria": criteria})
    changed = study.model_copy(update={"treatment": treatment, "eligibility": eligibility})
    state.versions[0] = version._replace(study=changed)
    return state


def speaks_against(state: State, day: date = AFTER) -> str:
    """Say which criteria close the gate of the next dose."""
    return "; ".join(before_dose(state, person(state), day).clauses())


# --- which criteria are asked again


def test_what_the_protocol_does_not_say_is_assumed_and_asked():
    """It is shown with its basis, and a question of safety: no trial goes live without a ruling."""
    study: Study = protocol()[0].study
    assert study.treatment.gate == CAUTIOUS
    (asked,) = [one for one in questions(study) if one.key == "treatment.gate"]
    assert asked.safety
    assert "a dose after a dose-limiting toxicity is refused" in asked.now.lower()
    assert "assumed" in asked.now
    assert '"weight_change": 0.2' in asked.value, "a ruling confirms what stands there"


@pytest.mark.parametrize(
    ("gate", "criterion", "closed"),
    [
        ({}, None, True),
        ({}, {"before_each_dose": False}, False),
        ({"criteria_again": "marked"}, None, False),
        ({"criteria_again": "marked"}, {"before_each_dose": True}, True),
        ({"criteria_again": "all"}, None, True),
    ],
)
def test_a_result_that_excludes_closes_the_gate_of_the_next_dose(
    gate: dict[str, Any], criterion: dict[str, Any] | None, closed: bool
):
    state = governed(treated(), criterion, **gate)
    result(state, "alt", 400, "U/L", AFTER, high=40)
    assert ("E11a" in speaks_against(state)) is closed


def test_the_last_value_speaks_and_what_nobody_looked_at_does_not():
    """A transient rise has gone before the next dose; the other exclusions have no new records."""
    state = governed(treated())
    assert "E11a" not in speaks_against(state)
    result(state, "alt", 400, "U/L", AFTER - timedelta(days=3), high=40)
    assert "E11a" in speaks_against(state)
    result(state, "alt", 30, "U/L", AFTER, high=40)
    result(state, "ast", 30, "U/L", AFTER, high=40)
    assert "E11a" not in speaks_against(state)


def test_a_diagnosis_after_the_first_dose_closes_the_gate_of_the_next():
    state = governed(treated())
    add(state, p.FactRecorded, AFTER, fact=Measured(element="malignancy"), start=str(AFTER))
    assert "E3" in speaks_against(state)


def test_a_result_that_turns_out_to_be_of_another_person_takes_the_confirmation_with_it():
    """Eligibility was confirmed by it; before the second dose it is asked again."""
    led = ready()
    led.prepare(7e7, 70)
    led.sign()
    led.give(7e7)
    state = governed(led.trial.state)
    confirmed = "eligibility is confirmed"
    assert confirmed not in later_dose(led)
    position = next(
        at
        for at in led.one.entries_of[f.LaboratoryResultsRecorded]
        if "alt" in {fact.element for fact in facts_in(at, state.events[at], state)}
    )
    signature = Signature("Dr A", "it was made in error")
    more: dict[str, Any] = {"reason": "of another person", "signature": signature}
    led.act(p.EntryVoided, NURSE, hour=15, of=position, **more)
    assert not state.counts(position)
    assert "E11a" in later_dose(led)[confirmed]


def later_dose(led: Led) -> dict[str, str]:
    """Give the gates of the second dose that are closed, with their reasons."""
    day = DAY + timedelta(days=7)
    found = gates(led.trial.state, led.one, 2, day, datetime.combine(day, time(9), UTC))
    return {rule(gate): "; ".join(answer.clauses()) for gate, answer in found if answer.truth < 2}


# --- what the committee may allow


def next_dose(state: State, dose: int = 2, day: date = AFTER) -> dict[str, str]:
    """Give the gates of a later dose that are closed, with their reasons."""
    found = gates(state, person(state), dose, day, AT + (day - DOSED))
    return {
        gate.__name__.replace("_", " "): "; ".join(answer.clauses())
        for gate, answer in found
        if answer.truth is not TRUE
    }


def allowance(dose: int = 2, **fields: Any) -> s.DosingAllowed:
    """The committee allows a later dose."""
    made = event(
        s.DosingAllowed,
        COMMITTEE[0],
        on=AFTER,
        participant="P1",
        dose=dose,
        reason="seen together",
        signers=COMMITTEE,
        **fields,
    )
    assert isinstance(made, s.DosingAllowed)
    return made


def asked_of(state: State, made: s.DosingAllowed) -> str:
    """Say why an allowance is refused; empty where it is not."""
    verdict = check(state, made)
    return "; ".join(why for _, why in unmet(made, verdict)) if verdict.truth is not TRUE else ""


def limited(**gate: Any) -> State:
    """A participant with a candidate for a dose-limiting toxicity after the first dose."""
    state = governed(treated(), **gate)
    adverse(state)
    return state


def test_nobody_is_dosed_after_a_toxicity_unless_the_protocol_says_who_allows_it():
    state = limited()
    assert "Headache" in next_dose(state)[NO_TOXICITY]
    assert "lets nobody allow it" in way_through(state, allowance(), no_toxicity_is_open)
    assert "no dose after a dose-limiting toxicity" in asked_of(
        state, allowance(candidates=("AE1",))
    )
    add(state, s.DosingAllowed, AFTER, **_fields(candidates=("AE1",)))
    assert NO_TOXICITY in next_dose(state), "what another version allowed is not in force"


@pytest.mark.parametrize(
    ("onset", "counts"),
    [
        (str(AFTER), False),
        (str(AFTER - timedelta(days=1)), True),
        (str(AFTER - timedelta(days=2)), True),
        (str(AFTER)[:7], True),
    ],
)
def test_a_dose_entered_late_is_asked_of_what_had_begun_by_then(onset: str, counts: bool):
    """What began on the day itself may have begun before it; so may what began in that month."""
    state = governed(treated())
    adverse(state, grade=4, relation="definite", onset=onset)
    day = AFTER - timedelta(days=1)
    given_ = x.DoseAdministered(
        occurred_on=day,
        recorded_at=datetime.combine(AFTER, time(12), UTC),
        recorded_by="i",
        site="S01",
        participant="P1",
        dose=2,
        started_at=datetime.combine(day, time(9), UTC),
        ended_at=datetime.combine(day, time(10), UTC),
        amount=7e7,
        unit="{cells}",
    )
    found = no_toxicity_is_open(state, given_)
    assert (found.truth is TRUE) is not counts


def test_what_is_to_be_given_is_asked_of_all_that_is_recorded():
    """An onset may be of tomorrow already, by a clock that is ahead: nothing is left out."""
    state = governed(treated())
    adverse(state, grade=4, relation="definite", onset=str(AFTER))
    before = AFTER - timedelta(days=1)
    signed = x.PreDoseChecklistSigned(
        occurred_on=before,
        recorded_at=datetime.combine(before, time(9), UTC),
        recorded_by="i",
        site="S01",
        participant="P1",
        dose=2,
        items={},
        signer="i",
    )
    assert no_toxicity_is_open(state, signed).truth is not TRUE
    assert no_stopping_rule_has_fired(state, signed).truth is not TRUE


@pytest.mark.parametrize("days", [-1, 0, 1, 30])
@pytest.mark.parametrize("resumed", [None, -1, 1])
def test_a_dose_entered_late_is_asked_of_the_rules_that_stood_then(days: int, resumed: int | None):
    """What fired later, and what was answered later, was not so when the dose was given."""
    day = OPENED + timedelta(days=40)
    onset = day + timedelta(days=days)
    state = leveled()
    about: dict[str, Any] = {"participant": "P1", "adverse_event": "P1-AE", "term": "Headache"}
    judged_: dict[str, Any] = {"grade": 4, "relation": "definite", "onset": str(onset)}
    event_of(state, s.AdverseEventReported, onset, **about, **judged_)
    if resumed is not None:
        keys = tuple(one.key for one in unanswered_rules(state, onset))
        assert keys
        said: dict[str, Any] = {"reason": "looked at", "signers": COMMITTEE}
        answered = day + timedelta(days=resumed)
        event_of(state, t.TrialResumed, answered, stopping_rules=keys, **said)
    given_ = x.DoseAdministered(
        occurred_on=day,
        recorded_at=datetime.combine(day + timedelta(days=60), time(12), UTC),
        recorded_by="i",
        site="S01",
        participant="P4",
        dose=1,
        started_at=datetime.combine(day, time(9), UTC),
        ended_at=datetime.combine(day, time(10), UTC),
        amount=7e7,
        unit="{cells}",
    )
    stood = days <= 0 and resumed != -1
    assert (no_stopping_rule_has_fired(state, given_).truth is TRUE) is not stood


def test_the_committee_allows_a_dose_after_what_it_has_seen_and_no_more():
    state = limited(after_dose_limiting_toxicity="committee")
    assert "Headache" in next_dose(state)[NO_TOXICITY]
    through = way_through(state, allowance(), no_toxicity_is_open)
    assert "the committee may allow the dose" in through
    assert asked_of(state, allowance(candidates=("AE1",))) == ""
    assert "no candidate" in asked_of(state, allowance(candidates=("AE7",)))
    assert "nothing is named" in asked_of(state, allowance())
    add(state, s.DosingAllowed, AFTER, **_fields(candidates=("AE1",)))
    assert NO_TOXICITY not in next_dose(state)
    assert NO_TOXICITY in next_dose(state, dose=3), "of another dose it says nothing"
    adverse(state, adverse_event="AE2", term="Anaphylaxis")
    assert "Anaphylaxis" in next_dose(state)[NO_TOXICITY], "what came since is to be looked at anew"


def _fields(dose: int = 2, **more: Any) -> dict[str, Any]:
    return {"dose": dose, "reason": "seen together", "signers": COMMITTEE, **more}


def test_a_later_dose_at_a_lower_level_is_planned_by_that_level():
    """From level 2 to level 1; a higher level, and a first dose, are never allowed so."""
    state = governed(treated(), dose_reduction="committee")
    one = person(state)
    one.level = 2
    assert asked_of(state, allowance(level=1)) == ""
    assert "not below level 2" in asked_of(state, allowance(level=3))
    assert level_of_dose(state, one, 2) == 2
    add(state, s.DosingAllowed, AFTER, **_fields(level=1))
    assert level_of_dose(state, one, 2) == 1
    assert level_of_dose(state, one, 3) == 2
    governed(state, dose_reduction="refused")
    assert level_of_dose(state, one, 2) == 2
    assert "no dose at a lower level" in asked_of(state, allowance(level=1))


def test_a_dose_at_a_lower_level_is_that_of_the_lower_level_throughout():
    """What is set aside, what it is held against, and which rules close it."""
    led = ready()
    state = governed(led.trial.state, dose_reduction="committee")
    led.one.level = 2
    full = plan_of(state, led.one, 1, DAY).prepared
    add(state, s.DosingAllowed, DAY, **_fields(dose=1, level=1))
    reduced = plan_of(state, led.one, 1, DAY).prepared
    assert full is not None
    assert reduced is not None
    assert (full.planned.value, reduced.planned.value) == (2.1e8, 7e7)
    at = datetime.combine(DAY, time(9), UTC)
    proposed = to_set_aside(state, led.one, 1, Moment(at, DAY, UTC))
    assert proposed.computed is not None
    assert proposed.computed.planned.value == 7e7
    assert proposed.bags == ("B1", "B2")


@pytest.mark.parametrize(("lower", "closed"), [(None, True), (1, False)])
def test_a_rule_that_stops_a_level_does_not_close_a_dose_at_a_lower_one(lower, closed):
    led = ready()
    state = governed(led.trial.state, dose_reduction="committee")
    led.one.level = 2
    for number in (8, 9):
        _limiting_dose(state, f"P{number}", level=2)
    add(state, s.DosingAllowed, DAY, **_fields(dose=1, level=lower))
    assert ("no stopping rule has fired" in next_dose(led.trial.state, 1, DAY)) is closed


def test_a_closed_level_stays_closed_unless_the_committee_allows_it_for_who_was_dosed_there():
    state = governed(treated(), under_closed_level="committee")
    for number in (2, 3):
        _limiting_dose(state, f"P{number}")
    assert TOLERATED in next_dose(state, day=LATER)
    assert asked_of(state, allowance(closed_level=True)) == ""
    add(state, s.DosingAllowed, LATER, **_fields(closed_level=True))
    assert TOLERATED not in next_dose(state, day=LATER)
    _limiting_dose(state, "P4")
    assert TOLERATED in next_dose(state, day=LATER), "another toxicity is to be looked at anew"
    governed(state)
    assert "closing of its level" in asked_of(state, allowance(closed_level=True))


def _limiting_dose(state: State, name: str, level: int = 1) -> None:
    """Somebody at a level has a dose-limiting toxicity."""
    about: dict[str, Any] = {"participant": name}
    add(state, p.ParticipantRegistered, person_token=name[1] * 64, **about)
    add(state, p.InformedConsentObtained, version="1", language="en", obtained_by="i", **about)
    add(state, p.ParticipantEnrolled, level=level, **about)
    state.participants[name].level = level
    more: dict[str, Any] = {
        "amount": 7e7,
        "unit": "{cells}",
        "started_at": AT,
        "ended_at": AT + timedelta(hours=1),
    }
    add(state, x.DoseAdministered, dose=1, **more, **about)
    number = f"AE-{name}"
    adverse(state, adverse_event=number, **about)
    add(
        state,
        s.DoseLimitingToxicityAdjudicated,
        LATER,
        candidate=number,
        dose_limiting=True,
        reason="as defined",
        signers=COMMITTEE,
        **about,
    )


# --- weights that look wrong


def test_the_protocol_says_how_far_weights_may_differ_and_what_settles_one():
    led = ready(70, None)
    governed(led.trial.state, weight_change=0.1, weight_outlier="weighed again")
    entered = led.measured(hour=7, body_weight=78)
    assert entered.queries, "+11 % against 70 kg, and 10 % is the protocol's"
    led.prepare(7.8e7, 78)
    still = "the preparation still holds"
    assert "78 kg" in refused(led.sign())[still], "one weighing in doubt does not count"
    led.measured(hour=8.6, body_weight=78)
    assert "70 kg" in refused(led.sign())[still], "the weight of before does not go with it"
    state = led.trial.state
    (query,) = [one.id for one in state.queries.values() if "70 kg on" in one.question]
    led.act(
        r.QueryAnswered, f"coordinator.{SITE}.1", query=query, answer="water retention", stands=True
    )
    assert still not in refused(led.sign(), some=False), "the second weighing bears the other out"


# --- who counts


def dosed(amount: float = 7e7) -> Led:
    """Somebody who was given the planned dose, or another."""
    led = ready()
    led.prepare(7e7, 70)
    led.sign()
    led.give(amount)
    return led


def judged(led: Led, evaluable: bool) -> Any:
    """The committee says whether the participant counts."""
    return led.ask(
        s.EvaluabilityJudged,
        COMMITTEE[0],
        on=LATER,
        evaluable=evaluable,
        reason="the cells of the lot were found to be others",
        signers=COMMITTEE,
    )


def replaced(led: Led) -> Any:
    """The committee gives the place to another."""
    return led.ask(
        p.ParticipantReplaced,
        COMMITTEE[0],
        on=LATER,
        reason="tells nothing of the level",
        signers=COMMITTEE,
    )


def test_who_was_given_five_times_the_dose_is_replaced():
    led = dosed(3.5e8)
    assert dlt_outcome(led.trial.state, led.one, LATER) is None
    recorded(replaced(led))


def test_whom_the_committee_calls_not_evaluable_is_replaced():
    led = dosed()
    state = led.trial.state
    assert dlt_outcome(state, led.one, LATER) is DoseOutcome.NO_DLT
    why = refused(replaced(led))["the reason is unrelated"]
    assert "Judge evaluability" in why, "the way through is named"
    recorded(judged(led, False))
    assert dlt_outcome(state, led.one, LATER) is None
    recorded(replaced(led))


def test_a_judgement_can_be_made_again():
    led = dosed()
    recorded(judged(led, False))
    recorded(judged(led, True))
    assert dlt_outcome(led.trial.state, led.one, LATER) is DoseOutcome.NO_DLT


def test_a_toxicity_counts_whatever_is_said_of_the_dose():
    led = dosed()
    recorded(judged(led, False))
    recorded(
        led.ask(
            s.AdverseEventReported,
            on=DAY + timedelta(days=3),
            adverse_event="AE1",
            term="Headache",
            onset=str(DAY + timedelta(days=2)),
            grade=4,
            relation="possible",
        )
    )
    outcome = dlt_outcome(led.trial.state, led.one, LATER)
    assert outcome is not None
    assert outcome.counts_as_dlt
    assert "AE1" in refused(judged(led, False))["no toxicity is set aside"]


def test_nobody_is_judged_who_was_not_dosed():
    led = ready()
    assert "has not been dosed" in refused(judged(led, False))["no toxicity is set aside"]


RESULTS = st.lists(
    st.tuples(
        st.integers(1, 12),
        st.sampled_from(("alt", "ast")),
        st.sampled_from((30.0, 99.0, 100.0, 101.0, 400.0)),
    ),
    max_size=6,
    unique_by=lambda one: one[:2],
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(RESULTS, st.integers(1, 14))
def test_no_later_dose_is_let_through_that_the_latest_results_forbid(
    results: list[tuple[int, str, float]], asked: int
):
    """The limit is 2.5 times 40 U/L, and the last value of each enzyme until that day counts."""
    state = governed(treated())
    for days, element, value in results:
        result(state, element, value, "U/L", DOSED + timedelta(days=days), high=40)
    last = {element: value for days, element, value in sorted(results) if days <= asked}
    forbidden = any(value > 100 for value in last.values())
    day = DOSED + timedelta(days=asked)
    assert ("E11a" in speaks_against(state, day)) is forbidden
