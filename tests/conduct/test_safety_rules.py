"""Safety rules on the ledger: of one person, as long as it lasted, and kept when entries change."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from gradatim.conduct.events import safety as s
from gradatim.conduct.state import State
from gradatim.conduct.views.safety import dlt_outcome, possible_dlts
from gradatim.conduct.views.stopping_rules import unanswered_rules
from gradatim.dosefinding.outcomes import DoseOutcome
from gradatim.protocol.nodes import Rule
from tests.conduct.treated import (
    AFTER,
    BEFORE,
    DOSED,
    LATER,
    add,
    adjudicate,
    adverse,
    correct,
    one,
    result,
    treated,
)

_RULE = TypeAdapter(Rule)
HYS_LAW = {
    "all": [
        {"compare": "alt", "is": "> 3 x ULN"},
        {"compare": "bilirubin", "is": "> 2 x ULN"},
    ]
}


def with_rule(rule: Any) -> State:
    """Return a trial with one stopping rule, which pauses."""
    state = treated()
    study = state.versions[0].study
    only = study.safety.stopping_rules[1].model_copy(
        update={"id": "only", "rule": _RULE.validate_python(rule)}
    )
    return changed(state, stopping_rules=[only])


def with_definition(rule: Any) -> State:
    """Return a trial with another definition of a dose-limiting toxicity, and no stopping rule."""
    state = treated()
    dlt = state.versions[0].study.safety.dose_limiting_toxicity
    new = dlt.model_copy(update={"definition": _RULE.validate_python(rule)})
    return changed(state, dose_limiting_toxicity=new, stopping_rules=[])


def changed(state: State, **safety: Any) -> State:
    study = state.versions[0].study
    new = study.model_copy(update={"safety": study.safety.model_copy(update=safety)})
    state.versions[0] = state.versions[0]._replace(study=new)
    return state


def standing(state: State, on: Any = LATER) -> list[tuple[bool, tuple[str, ...]]]:
    return [(found.certain, found.by) for found in unanswered_rules(state, on)]


def liver(state: State, alt: float, bilirubin: float, on: Any = AFTER) -> int:
    result(state, "bilirubin", bilirubin, "mg/dL", on, high=1.0)
    return result(state, "alt", alt, "U/L", on, high=40)


def test_hys_law_is_asked_of_the_values_after_the_dose() -> None:
    state = with_rule(HYS_LAW)
    liver(state, 400, 5, BEFORE)
    liver(state, 30, 0.5)
    assert standing(state) == []
    liver(state, 121, 2.1)
    assert standing(state) == [(True, ("P1",))]


def test_one_of_the_two_values_may_have_fired_it() -> None:
    state = with_rule(HYS_LAW)
    result(state, "alt", 400, "U/L", AFTER, high=40)
    assert standing(state) == [(False, ("P1",))]
    result(state, "bilirubin", 0.9, "mg/dL", AFTER, high=1.0)
    assert standing(state) == []


def test_results_that_are_limiting_by_the_definition_are_a_candidate_until_adjudicated() -> None:
    state = with_definition({"any": [HYS_LAW]})
    adverse(state, grade=1, relation="unrelated")
    assert possible_dlts(state, one(state)) == ()
    at = liver(state, 200, 3)
    (found,) = possible_dlts(state, one(state))
    assert (found.id, found.entry, found.origin) == ("results-alt-bilirubin", at, "results")
    assert dlt_outcome(state, one(state), LATER) is DoseOutcome.CANDIDATE
    wrong = {"element": "alt", "value": 20.0, "unit": "U/L", "high": 40.0}
    correct(state, at, results=[wrong])
    (found,) = possible_dlts(state, one(state))
    assert found.changed_by == state.position, "a correction takes no candidate away"
    adjudicate(state, "results-alt-bilirubin", dlt=False)
    assert dlt_outcome(state, one(state), LATER) is not DoseOutcome.CANDIDATE


LONG = {"event": "adverse_event", "grade": ">= 4", "longer_than": "7 days"}


@pytest.mark.parametrize(
    ("lower_after", "fires"), [(7, False), (8, True)], ids=["seven days", "eight days"]
)
def test_the_time_at_a_grade_ends_with_the_entry_that_says_so(
    lower_after: int, fires: bool
) -> None:
    state = with_rule(LONG)
    begun = DOSED + timedelta(days=4)
    adverse(state, term="Neutrophil count decreased", grade=4)
    add(
        state,
        s.AdverseEventUpdated,
        begun + timedelta(days=lower_after),
        adverse_event="AE1",
        grade=2,
    )
    assert standing(state) == ([(True, ("AE1",))] if fires else [])


def test_it_fires_on_the_day_on_which_it_has_lasted() -> None:
    state = with_rule(LONG)
    adverse(state, term="Neutrophil count decreased", grade=4)
    begun = DOSED + timedelta(days=4)
    assert standing(state, begun + timedelta(days=7)) == []
    assert standing(state, begun + timedelta(days=8)) == [(True, ("AE1",))]


def test_measured_grades_last_from_value_to_value() -> None:
    state = with_rule(LONG)
    neutrophils: dict[str, Any] = {"low": 2.0}
    result(state, "neutrophils", 4, "10*9/L", BEFORE, **neutrophils)
    result(state, "neutrophils", 0.3, "10*9/L", AFTER, **neutrophils)
    assert standing(state, AFTER + timedelta(days=7)) == []
    assert [sure for sure, _ in standing(state, AFTER + timedelta(days=8))] == [False]
    result(state, "neutrophils", 0.3, "10*9/L", AFTER + timedelta(days=6), **neutrophils)
    result(state, "neutrophils", 3, "10*9/L", AFTER + timedelta(days=7), **neutrophils)
    assert standing(state) == [], "seven days at the most"


def test_a_serious_event_pauses_whatever_its_grade() -> None:
    state = with_rule({"event": "adverse_event", "serious": True})
    adverse(state, grade=2)
    assert standing(state) == []
    add(
        state,
        s.AdverseEventUpdated,
        AFTER,
        adverse_event="AE1",
        serious=("hospitalisation",),
    )
    assert standing(state) == [(True, ("AE1",))]
