"""What became known since an entry was changed counts beside what was known before."""

from datetime import date, timedelta
from typing import Any

import pytest

from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import safety as s
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Measured, Signature
from gradatim.conduct.fold import apply
from gradatim.conduct.policies.dosing import no_severe_result_awaits_judgement
from gradatim.conduct.state import State
from gradatim.conduct.trial import Recorded, Refused
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.reporting import reports
from gradatim.conduct.views.safety import dlt_outcome, left_on, possible_dlts
from gradatim.conduct.views.stopping_rules import unanswered_rules
from gradatim.core.truth import TRUE, UNKNOWN
from gradatim.dosefinding.outcomes import DoseOutcome
from tests.conduct.ready import DAY, LEAD, NURSE, ready
from tests.conduct.test_asked_again import correct as corrected
from tests.conduct.test_asked_again import dosed, tried
from tests.conduct.test_deaths import assessed
from tests.conduct.test_safety_rules import (
    HYS_LAW,
    LONG,
    liver,
    standing,
    with_definition,
    with_rule,
)
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
from tests.conduct.trials import event

LONG_AFTER = DOSED + timedelta(days=70)
IN_ERROR: dict[str, Any] = {"reason": "another's", "signature": Signature("Dr I", "in error")}


def rules(state: State, on: date = LONG_AFTER) -> set[str]:
    """Return the names of the stopping rules that stand."""
    return {one.key.split(":")[0].split(" ")[0] for one in unanswered_rules(state, on)}


def out_of_the_window(state: State) -> None:
    """Report a candidate, and correct its onset to a day at which it is none."""
    adverse(state)
    at = state.position
    correct(state, at, onset=str(DOSED + timedelta(days=60)))
    (found,) = possible_dlts(state, one(state))
    assert found.changed_by == state.position
    assert rules(state) == set()


def test_what_was_a_candidate_hides_no_grade_4_of_the_event_as_it_is_now() -> None:
    state = treated()
    out_of_the_window(state)
    add(state, s.AdverseEventUpdated, LATER, adverse_event="AE1", grade=4)
    assert rules(state) == {"related_grade_4"}


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (s.AdverseEventUpdated, {"adverse_event": "AE1", "serious": ("death",)}),
        (p.Disposition, {"status": "died", "adverse_event": "AE1"}),
    ],
)
def test_what_was_a_candidate_hides_no_death_of_the_event_as_it_is_now(
    kind: Any, fields: dict[str, Any]
) -> None:
    state = treated()
    out_of_the_window(state)
    add(state, kind, LATER, **fields)
    assert "related_death" in rules(state)


def test_what_was_a_candidate_fires_what_it_fired_then() -> None:
    state = treated()
    adverse(state, grade=4)
    correct(state, state.position, grade=1)
    assert rules(state) == {"related_grade_4"}


def test_a_death_that_names_an_event_made_in_error_is_unexplained() -> None:
    state = treated()
    adverse(state, grade=2, relation="unrelated")
    at = state.position
    add(state, p.Disposition, AFTER, status="died", adverse_event="AE1")
    died = state.position
    assert not [found for found in possible_dlts(state, one(state)) if found.origin == "death"]
    add(state, p.EntryVoided, LATER, of=at, **IN_ERROR)
    assert not courses(state, one(state))
    (found,) = [found for found in possible_dlts(state, one(state)) if found.origin == "death"]
    assert found.entry == died
    assert found.counts
    assert "related_death" in rules(state)
    assert {due.adverse_event for due in reports(state, one(state))} == {f"died-{died}"}


def potassium(value: float) -> dict[str, Any]:
    """Return a value of the morning of the dose as it is written."""
    return {"element": "potassium", "value": value, "unit": "mmol/L", "low": 3.5, "high": 5.0}


def test_a_potassium_corrected_since_it_was_judged_holds_the_dose() -> None:
    led = ready()
    led.prepare(7e7, 70)
    mild = Measured(**potassium(5.3))
    at = led.do(
        f.LaboratoryResultsRecorded,
        NURSE,
        results=(mild,),
        laboratory="central",
        ranges_version="2026-1",
        collected_on=str(DAY),
    ).position
    judge: dict[str, Any] = {"of": at, "element": "potassium", "significant": False}
    sign: dict[str, Any] = {"signer": LEAD, "signature": Signature("Dr I", "seen")}
    led.do(f.ClinicalSignificanceSigned, hour=8.6, **judge, **sign)
    corrected(led, at, NURSE, results=[potassium(7.6)])
    act = event(x.PreDoseChecklistSigned, "i", "S01", on=DAY, participant=led.name, **CHECKLIST)
    assert isinstance(act, x.PreDoseChecklistSigned)
    found = no_severe_result_awaits_judgement(led.trial.state, act)
    assert found.truth is UNKNOWN
    assert "no investigator has judged it" in "".join(found.clauses())
    led.do(f.ClinicalSignificanceSigned, hour=20.5, **judge, **sign)
    found = no_severe_result_awaits_judgement(led.trial.state, act)
    assert found.truth is TRUE


CHECKLIST: dict[str, Any] = {"dose": 1, "items": {}, "signer": "i"}


def test_results_that_were_cleared_and_become_worse_are_open_again() -> None:
    state = with_definition({"any": [HYS_LAW]})
    liver(state, 200, 3)
    adjudicate(state, "results-alt-bilirubin", dlt=False)
    assert [found.counts for found in possible_dlts(state, one(state))] == [False]
    add(state, s.AdverseEventUpdated, AFTER, adverse_event="AE9", grade=1)  # of no matter
    assert [found.counts for found in possible_dlts(state, one(state))] == [False]
    liver(state, 400, 6, AFTER + timedelta(days=1))
    (found,) = possible_dlts(state, one(state))
    assert (found.counts, found.dose_limiting) == (True, None)
    assert dlt_outcome(state, one(state), LATER) is DoseOutcome.CANDIDATE


def test_a_value_graded_by_the_limits_of_its_version_stays_a_candidate_when_corrected() -> None:
    state = treated()
    ranges = (t.Range(element="alt", unit="U/L", low=5, high=40),)
    said: dict[str, Any] = {"laboratory": "l", "version": "v", "ranges": ranges}
    apply(state, state.position + 1, event(t.ReferenceRangesRecorded, "i", on=BEFORE, **said))
    result(state, "alt", 30, "U/L", BEFORE)
    at = result(state, "alt", 300, "U/L", AFTER)
    (found,) = possible_dlts(state, one(state))
    assert (found.id, found.changed_by) == (f"{at}-alt", None)
    correct(state, at, results=[{"element": "alt", "value": 30.0, "unit": "U/L"}])
    (found,) = possible_dlts(state, one(state))
    assert (found.id, found.changed_by) == (f"{at}-alt", state.position)
    assert found.event is not None
    assert found.event.grade == 3


@pytest.mark.parametrize(
    ("was", "now"), [("hospitalisation", []), ("life_threatening", ["hospitalisation"])]
)
def test_seriousness_is_taken_off_under_an_investigators_signature_alone(
    was: str, now: list[str]
) -> None:
    """Of an event that is no candidate, and nothing rests on."""
    led = dosed()
    more: dict[str, Any] = {"term": "Headache", "onset": str(DAY), "grade": 1, "serious": (was,)}
    at = led.do(s.AdverseEventReported, NURSE, adverse_event="AE1", hour=12, **more).position
    for by, signature in ((NURSE, None), (NURSE, SEEN), (LEAD, None)):
        found = tried(led, at, by, signature, serious=now)
        assert isinstance(found, Refused), by
        assert found.by == "permission"
    assert isinstance(tried(led, at, LEAD, SEEN, serious=now), Recorded)


SEEN = Signature("Dr I", "I have seen this correction")


def test_who_was_lost_found_and_withdrew_left_when_they_withdrew() -> None:
    state = treated()
    add(state, p.Disposition, AFTER, status="lost to follow-up")
    assert left_on(state, one(state)) == AFTER
    add(state, p.ParticipantFound, AFTER + timedelta(days=5), reason="had moved")
    assert left_on(state, one(state)) is None
    gone = AFTER + timedelta(days=9)
    add(state, p.InformedConsentWithdrawn, gone, scope="all")
    assert left_on(state, one(state)) == gone


def test_who_withdrew_from_treatment_first_left_when_they_left() -> None:
    state = treated()
    add(state, p.InformedConsentWithdrawn, AFTER, scope="treatment")
    assert left_on(state, one(state)) is None
    gone = AFTER + timedelta(days=9)
    add(state, p.Disposition, gone, status="withdrawn")
    assert left_on(state, one(state)) == gone


def updated(state: State, after: int, **fields: Any) -> None:
    """Update the event so many days after it began."""
    day = DOSED + timedelta(days=4 + after)
    add(state, s.AdverseEventUpdated, day, adverse_event="AE1", **fields)


@pytest.mark.parametrize(
    ("order", "fires"),
    [([(2, 2), (9, 4)], False), ([(9, 4), (2, 2)], False), ([(12, 1), (2, 4)], True)],
)
def test_a_grade_lasts_by_the_days_of_its_entries_and_not_by_their_order(
    order: list[tuple[int, int]], fires: bool
) -> None:
    """Each pair is the day since the onset, and the grade of that day."""
    state = with_rule(LONG)
    adverse(state, term="Neutrophil count decreased", grade=4 if order[0][1] != 1 else 1)
    for after, grade in order:
        updated(state, after, grade=grade)
    found = standing(state, DOSED + timedelta(days=15))
    assert [sure for sure, _ in found] == ([True] if fires else [])


@pytest.mark.parametrize(
    ("grades", "sure"),
    [([None, 4], [False]), ([4, None, 1], [True]), ([None, 1], [False]), ([1, None], [])],
)
def test_a_time_of_unknown_grade_may_have_been_of_any(
    grades: list[int | None], sure: list[bool]
) -> None:
    """The first grade is of the report; each other one stands since ten days later."""
    state = with_rule(LONG)
    first, *later = grades
    adverse(state, term="Neutrophil count decreased", grade=first)
    for number, grade in enumerate(later, 1):
        updated(state, 10 * number, grade=grade)
    on = DOSED + timedelta(days=4 + 10 * len(grades) - 5)
    assert [certain for certain, _ in standing(state, on)] == sure


@pytest.mark.parametrize("relations", [("unrelated", "possible"), ("possible", "unrelated")])
def test_of_two_events_of_one_result_the_more_related_counts(relations: tuple[str, str]) -> None:
    state = treated()
    result(state, "platelets", 200, "10*9/L", BEFORE, low=150)
    at = result(state, "platelets", 20, "10*9/L", AFTER, low=150)
    for number, relation in enumerate(relations):
        name = f"AE{number}"
        term = "Platelet count decreased"
        adverse(state, adverse_event=name, term=term, grade=1, relation=relation, of=at)
    found = {found.by: found.certain for found in unanswered_rules(state, LATER)}
    assert found == {(f"{at}-platelets",): True}


def test_a_result_whose_every_event_both_exclude_fires_nothing() -> None:
    state = treated()
    result(state, "platelets", 200, "10*9/L", BEFORE, low=150)
    at = result(state, "platelets", 20, "10*9/L", AFTER, low=150)
    term = "Platelet count decreased"
    for name in ("AE1", "AE2"):
        adverse(state, adverse_event=name, term=term, grade=1, relation="unrelated", of=at)
        assert [found.certain for found in unanswered_rules(state, LATER)] == [False]
        assessed(state, "unrelated", name)
    assert unanswered_rules(state, LATER) == []
