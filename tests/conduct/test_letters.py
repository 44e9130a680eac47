"""Letters of the design: who counts, as what, as of which day."""

from datetime import date, timedelta
from typing import Any

import pytest

from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import safety as s
from gradatim.conduct.events import trial as t
from gradatim.conduct.state import State
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.safety import dlt_outcome, possible_dlts
from gradatim.dosefinding.outcomes import letter_of
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
from tests.conduct.trials import TABLET, UC_MSC

LAST = DOSED + timedelta(days=28)


def test_letters_by_day() -> None:
    state = treated()
    last = DOSED + timedelta(days=28)
    assert letter_of(dlt_outcome(state, one(state), last)) == "P"
    assert letter_of(dlt_outcome(state, one(state), last + timedelta(days=1))) == "N"
    adverse(state)
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "C"
    adjudicate(state, "AE1", dlt=False)
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "N"
    adjudicate(state, "AE1", dlt=True)
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "T"


def test_a_lower_grade_does_not_take_a_candidate_away() -> None:
    """Nor does a correction: a candidate stays one until the committee has adjudicated it."""
    state = treated()
    adverse(state)
    add(state, s.AdverseEventUpdated, AFTER, adverse_event="AE1", grade=1)
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "C"
    assert courses(state, one(state))["AE1"].history[-1][1] == 1
    correct(state, courses(state, one(state))["AE1"].position, grade=1)
    assert courses(state, one(state))["AE1"].event.grade == 1
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "C"
    adjudicate(state, "AE1", dlt=False)
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "N"


def test_leaving_for_a_related_event_counts_and_for_another_reason_does_not() -> None:
    state = treated()
    adverse(state, grade=1)
    add(state, p.Disposition, AFTER, status="withdrawn", adverse_event="AE1")
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "C"
    other = treated()
    add(other, p.Disposition, AFTER, status="withdrawn", reason="moved")
    assert letter_of(dlt_outcome(other, one(other), LATER)) == ""  # not evaluable, and not counted


def test_a_death_that_nothing_accounts_for_may_be_related() -> None:
    state = treated()
    add(state, p.Disposition, AFTER, status="died")
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "C"
    (found,) = possible_dlts(state, one(state))
    assert found.label == "died (cause not recorded)"
    other = treated()
    adverse(other, grade=2, relation="unrelated", serious=("death",))
    add(other, p.Disposition, AFTER, status="died", adverse_event="AE1")
    assert letter_of(dlt_outcome(other, one(other), LATER)) == ""


def given_as(state: State, amount: float) -> None:
    """Correct how much was given."""
    dose = next(at for at, made in state.events.items() if isinstance(made, x.DoseAdministered))
    correct(state, dose, amount=amount)


def test_too_little_of_the_dose_is_not_evaluable() -> None:
    state = treated()
    given_as(state, 5e7)
    assert letter_of(dlt_outcome(state, one(state), LATER)) == ""


@pytest.mark.parametrize(
    ("name", "unit", "last"),
    [(UC_MSC, "{cells}", LAST), (TABLET, "mg", DOSED + timedelta(days=27))],
)
def test_around_the_end_of_the_window(name: str, unit: str, last: date) -> None:
    state = treated(name, unit)
    days = (DOSED, last - timedelta(days=1), last, last + timedelta(days=1))
    assert "".join(letter_of(dlt_outcome(state, one(state), day)) for day in days) == "PPPN"
    adverse(state)
    assert "".join(letter_of(dlt_outcome(state, one(state), day)) for day in days) == "CCCC"
    adjudicate(state, "AE1", dlt=True)
    assert "".join(letter_of(dlt_outcome(state, one(state), day)) for day in days) == "TTTT"
    adjudicate(state, "AE1", dlt=False)
    assert "".join(letter_of(dlt_outcome(state, one(state), day)) for day in days) == "PPPN"


@pytest.mark.parametrize(
    ("onset", "expected"),
    [
        (DOSED - timedelta(days=1), "N"),
        (DOSED, "C"),
        (LAST, "C"),
        (LAST + timedelta(days=1), "N"),
        (DOSED.year, "C"),
    ],
)
def test_an_event_counts_where_its_onset_may_lie_in_the_window(
    onset: object, expected: str
) -> None:
    state = treated()
    adverse(state, onset=str(onset))
    assert letter_of(dlt_outcome(state, one(state), LATER)) == expected


@pytest.mark.parametrize(
    ("gone", "expected"),
    [
        (LAST - timedelta(days=1), ""),
        (LAST, "N"),
        (LAST + timedelta(days=1), "N"),
    ],
)
@pytest.mark.parametrize("status", ["withdrawn", "lost to follow-up"])
def test_who_is_gone_before_the_last_day_is_not_evaluable(
    gone: date, expected: str, status: str
) -> None:
    state = treated()
    add(state, p.Disposition, gone, status=status, reason="moved")
    assert letter_of(dlt_outcome(state, one(state), LATER)) == expected


LEAVING: list[tuple[type[Any], dict[str, Any]]] = [
    (x.DoseWithheld, {"dose": 2, "reason": "not well"}),
    (p.Disposition, {"status": "withdrawn"}),
    (p.InformedConsentWithdrawn, {"scope": "treatment"}),
    (p.InformedConsentWithdrawn, {"scope": "all"}),
]


@pytest.mark.parametrize(("kind", "fields"), LEAVING)
@pytest.mark.parametrize(
    ("relation", "counts"),
    [
        ("possible", True),
        (None, True),
        ("unlikely", False),
        ("unrelated", False),
    ],
)
def test_withheld_or_withdrawn_for_a_related_event_counts_until_adjudicated(
    kind: type[Any], fields: dict[str, Any], relation: str | None, counts: bool
) -> None:
    state = treated()
    adverse(state, grade=1, relation=relation)
    at = add(state, kind, AFTER, adverse_event="AE1", **fields)
    assert (letter_of(dlt_outcome(state, one(state), LATER)) == "C") is counts
    if counts:
        (found,) = possible_dlts(state, one(state))
        assert found.id.endswith(f"-{at}")
        adjudicate(state, found.id, dlt=True)
        assert letter_of(dlt_outcome(state, one(state), LATER)) == "T"
        adjudicate(state, found.id, dlt=False)
        assert letter_of(dlt_outcome(state, one(state), LATER)) in ("", "N")


def test_leaving_counts_until_it_is_adjudicated_whatever_is_judged_later() -> None:
    state = treated()
    adverse(state, grade=1, relation=None)
    add(state, p.Disposition, AFTER, status="withdrawn", adverse_event="AE1")
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "C"
    (left,) = possible_dlts(state, one(state))
    add(state, t.RoleGranted, AFTER, user="i", role="investigator")
    add(state, s.AdverseEventUpdated, AFTER, adverse_event="AE1", relation="unrelated")
    assert courses(state, one(state))["AE1"].event.investigator_relation == "unrelated"
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "C"
    adjudicate(state, left.id, dlt=False)
    assert letter_of(dlt_outcome(state, one(state), LATER)) == ""


def test_the_sponsor_makes_an_event_a_candidate_and_never_takes_one_away() -> None:
    state = treated()
    adverse(state, relation="unrelated")
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "N"
    _assess(state, "possible")
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "C"
    other = treated()
    adverse(other, relation="possible")
    _assess(other, "unrelated")
    assert letter_of(dlt_outcome(other, one(other), LATER)) == "C"


def _assess(state: State, relation: str) -> None:
    add(
        state,
        s.AdverseEventAssessed,
        AFTER,
        adverse_event="AE1",
        relation=relation,
        expected=False,
        reference_safety_information="IB 2",
    )


def test_who_is_replaced_does_not_count_but_for_a_toxicity() -> None:
    state = treated()
    add(state, p.ParticipantReplaced, AFTER, reason="left", signers=("c1", "c2"))
    assert letter_of(dlt_outcome(state, one(state), LATER)) == ""
    adverse(state)
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "C"
    adjudicate(state, "AE1", dlt=True)
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "T"


@pytest.mark.parametrize(("amount", "expected"), [(7e7, "N"), (6.3e7, "N"), (6.29e7, "")])
def test_nine_tenths_of_the_dose_are_enough(amount: float, expected: str) -> None:
    state = treated()
    given_as(state, amount)
    assert letter_of(dlt_outcome(state, one(state), LATER)) == expected


@pytest.mark.parametrize(
    ("worse", "cleared"),
    [
        ({"grade": 4}, "N"),
        ({"serious": ("hospitalisation",)}, "N"),
        ({"serious": ("death",)}, ""),
    ],
)
def test_what_became_worse_after_it_was_cleared_is_open_again(
    worse: dict[str, Any], cleared: str
) -> None:
    """Cleared again, it counts for nobody who died before the window's end: they left it."""
    state = treated()
    adverse(state)
    adjudicate(state, "AE1", dlt=False)
    add(state, s.AdverseEventUpdated, AFTER, adverse_event="AE1", grade=2)
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "N"  # better, or as bad
    add(state, s.AdverseEventUpdated, AFTER, adverse_event="AE1", **worse)
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "C"
    adjudicate(state, "AE1", dlt=False)
    assert letter_of(dlt_outcome(state, one(state), LATER)) == cleared


def test_a_cleared_result_that_is_corrected_is_open_again() -> None:
    state = treated()
    result(state, "platelets", 200, "10*9/L", BEFORE, low=150)
    at = result(state, "platelets", 40, "10*9/L", AFTER, low=150)
    adjudicate(state, f"{at}-platelets", dlt=False)
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "N"
    worse = {"element": "platelets", "value": 10, "unit": "10*9/L", "low": 150}
    correct(state, at, results=[worse])
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "C"
