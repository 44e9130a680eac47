"""A dose decision is handed back by what it rests on, and by nothing else that is recorded."""

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gradatim.conduct.alterations import altered
from gradatim.conduct.as_of import as_of
from gradatim.conduct.conflicts import entry_about
from gradatim.conduct.days import day_at
from gradatim.conduct.escalation import advice_or_why
from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import review as r
from gradatim.conduct.events import safety as s
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.policies import review
from gradatim.conduct.state import State
from gradatim.conduct.trial import Trial
from gradatim.conduct.views.safety import dlt_outcome, possible_dlts
from gradatim.conduct.views.stopping_rules import fired_rules
from gradatim.core.truth import TRUE
from tests.conduct.generated import NAME, REVERSING, begun, play
from tests.conduct.test_signed_histories import CHANGES
from tests.conduct.trials import event

DECISION = {"event": "DoseDecision"}
ALWAYS = (
    t.TrialPaused,
    t.TrialStopped,
    t.UrgentSafetyMeasureTaken,
    t.UrgentSafetyMeasureEnded,
    t.ProtocolAmended,
    t.ReferenceRangesRecorded,
    r.DoseDecision,
)
"""What is seen before a decision whatever it comes to."""
STEPS = st.lists(
    st.tuples(
        st.sampled_from((*CHANGES, *REVERSING, "ready", "enrol", "against", "pause", "consent")),
        st.integers(0, 5),
        st.integers(1, 5),
        st.booleans(),
        st.sampled_from((0, 0, 0, 1, 3)),
    ),
    min_size=5,
    max_size=20,
)


def said(state: State, on: date) -> Any:
    """Say the advice, who is evaluable, the candidates and the rules that have fired."""
    advice, why = advice_or_why(state, on)
    people = state.participants.values()
    return (
        why if advice is None else (advice.action, advice.level, advice.outcomes),
        {one.id: dlt_outcome(state, one, on) for one in people},
        {one.id: dlt_outcome(state, one, date.max) for one in people},
        {one.id: possible_dlts(state, one) for one in people},
        fired_rules(state, on),
    )


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(STEPS)
def test_a_decision_is_handed_back_by_what_it_rests_on_and_by_nothing_else(steps: Any) -> None:
    """Each entry against the whole trial folded anew before it and after it."""
    trial = begun()
    since = trial.state.position
    play(trial, steps)
    state, store = trial.state, trial.store
    assert state.recorded_at is not None
    day = day_at(state, "", state.recorded_at)
    found = altered(state, DECISION, since)
    was = said(as_of(NAME, store.read(NAME), position=since), day)
    for at in range(since + 1, state.position + 1):
        now = said(as_of(NAME, store.read(NAME), position=at), day)
        always = isinstance(entry_about(state, state.events[at]), ALWAYS)
        assert (at in found) is (now != was or always), type(state.events[at]).__name__
        was = now


def _of(trial: Trial, status: str) -> str:
    return next(one.id for one in trial.state.participants.values() if one.status == status)


def _harmless(trial: Trial) -> list[Event]:
    celsius = Measured(element="body_temperature", value=36.6, unit="Cel")
    made: list[Event] = []
    for one in trial.state.participants.values():
        about: dict[str, Any] = {"on": trial.state.recorded_at.date(), "participant": one.id}  # type: ignore[union-attr]
        nurse = f"nurse.{one.site}.1"
        made += [
            event(f.VitalSignsRecorded, nurse, one.site, results=(celsius,), **about),
            event(f.EncounterMissed, nurse, one.site, encounter="day_1", **about),
            event(
                s.AdverseEventReported,
                nurse,
                one.site,
                adverse_event=f"{one.id}-mild",
                term="Fever",
                onset=str(about["on"]),
                grade=1,
                relation="unrelated",
                **about,
            ),
        ]
    return made


def test_visits_values_and_mild_events_of_everybody_hand_no_decision_back() -> None:
    trial = begun()
    since = trial.state.position
    for one in _harmless(trial):
        trial.record(one)
    assert trial.state.position > since + 10
    assert altered(trial.state, DECISION, since) == ()


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (s.AdverseEventReported, {"adverse_event": "X1", "term": "Dyspnea", "grade": 4}),
        (s.EvaluabilityJudged, {"evaluable": False, "reason": "no sample", "signers": ("c",)}),
        (p.InformedConsentWithdrawn, {"scope": "all", "reason": "has moved away"}),
    ],
)
def test_a_candidate_or_who_counts_hands_it_back(kind: type[Event], fields: dict[str, Any]) -> None:
    trial = begun()
    whom = trial.state.participants[_of(trial, "treated")]
    on = trial.state.recorded_at.date()  # type: ignore[union-attr]
    if kind is s.AdverseEventReported:
        fields = {**fields, "onset": str(on), "relation": "possible"}
    made = event(kind, "investigator.S01.1", whom.site, on=on, participant=whom.id, **fields)
    at = trial.record_own(lambda _head: made)
    assert altered(trial.state, DECISION, at - 1) == (at,)
    _, decision = list(trial.state.events.of(r.DoseDecision))[-1]
    for head, holds in ((at - 1, False), (at, True)):
        verdict = review.the_decision_saw_the_present(trial.state, replace(decision, head=head))
        assert (verdict.truth is TRUE) is holds
