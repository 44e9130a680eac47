"""Who was not observed was not watched: the next one is, in that place."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import safety as s
from gradatim.conduct.policies.allowing import the_observation_can_be_judged
from gradatim.conduct.policies.dosing import the_sentinel_was_watched
from gradatim.conduct.state import State
from gradatim.conduct.views.safety import possible_dlts
from gradatim.core.truth import TRUE
from tests.conduct.leveled import OPENED, add, enrol, give, leveled

DAY = OPENED + timedelta(days=1)
WAIT = timedelta(days=14)


def watched(state: State, who: str, on: date) -> str:
    """Return why the next one may not be dosed; empty where they may."""
    at = datetime(on.year, on.month, on.day, 9, tzinfo=UTC)
    signed = x.PreDoseChecklistSigned(
        occurred_on=on,
        recorded_at=at,
        recorded_by="i",
        site="S01",
        participant=who,
        dose=1,
        items={},
        signer="i",
    )
    found = the_sentinel_was_watched(state, signed)
    return "" if found.truth is TRUE else found.text


def level_2() -> State:
    """Return a trial in which P4 was dosed first at level 2, and P5 and P6 wait."""
    state = leveled()
    enrol(state, "P6", 2)
    give(state, "P4", DAY)
    return state


def left(state: State, on: date, status: str) -> None:
    add(state, p.Disposition, on, participant="P4", status=status)


def reported(state: State, on: date, **more: Any) -> None:
    fields: dict[str, Any] = {"grade": 3, "relation": "possible", "onset": str(on), **more}
    add(
        state,
        s.AdverseEventReported,
        on,
        participant="P4",
        adverse_event="P4-AE",
        term="Infusion related reaction",
        **fields,
    )


def withdrew(state: State, on: date) -> None:
    add(state, p.InformedConsentWithdrawn, on, participant="P4", scope="all")


def died_of_it(state: State, on: date) -> None:
    reported(state, on, serious=("death",), relation="unrelated")


UNOBSERVED: dict[str, Any] = {
    "lost": lambda state, on: left(state, on, "lost to follow-up"),
    "left": lambda state, on: left(state, on, "withdrawn"),
    "died": lambda state, on: left(state, on, "died"),
    "died of an event": died_of_it,
    "withdrew": withdrew,
    "a reaction": reported,
}


def test_the_first_is_watched_and_then_the_next_may_be_dosed() -> None:
    state = level_2()
    assert "is watched until" in watched(state, "P5", DAY + timedelta(days=13))
    assert watched(state, "P5", DAY + WAIT) == ""


@pytest.mark.parametrize("how", UNOBSERVED)
def test_who_was_not_observed_is_followed_by_another_sentinel(how: str) -> None:
    """P5 takes the place when the wait is over; P6 waits for P5, and not for three days only."""
    state = level_2()
    UNOBSERVED[how](state, DAY + timedelta(days=1))
    assert watched(state, "P5", DAY + WAIT) == ""
    give(state, "P5", DAY + WAIT)
    early = watched(state, "P6", DAY + WAIT + timedelta(days=13))
    assert early.startswith("P5 is watched until")
    assert "in the place of P4" in early
    assert watched(state, "P6", DAY + 2 * WAIT) == ""


@pytest.mark.parametrize("how", ["lost", "left", "withdrew"])
def test_who_left_after_the_wait_had_been_watched(how: str) -> None:
    state = level_2()
    UNOBSERVED[how](state, DAY + WAIT)
    give(state, "P5", DAY + WAIT)
    assert watched(state, "P6", DAY + WAIT + timedelta(days=3)) == ""


def test_who_left_for_a_late_event_had_been_watched() -> None:
    """It counts as perhaps limiting; it began when the wait was long over."""
    state = level_2()
    late = DAY + timedelta(days=60)
    reported(state, late, grade=2)
    add(state, p.Disposition, late, participant="P4", status="withdrawn", adverse_event="P4-AE")
    (found,) = possible_dlts(state, state.participants["P4"])
    assert found.origin == "leaving"
    give(state, "P5", late)
    assert watched(state, "P6", late + timedelta(days=3)) == ""


def test_who_left_late_for_an_event_of_the_wait_had_a_reaction() -> None:
    state = level_2()
    reported(state, DAY + timedelta(days=3), grade=2)
    late = DAY + timedelta(days=60)
    add(state, p.Disposition, late, participant="P4", status="withdrawn", adverse_event="P4-AE")
    give(state, "P5", late)
    assert "in the place of P4" in watched(state, "P6", late + timedelta(days=3))


def test_the_committee_can_say_that_a_reaction_was_none() -> None:
    state = level_2()
    reported(state, DAY)
    add(
        state,
        s.DoseLimitingToxicityAdjudicated,
        participant="P4",
        candidate="P4-AE",
        dose_limiting=False,
        reason="it was the line",
        signers=("committee.1", "committee.2"),
    )
    give(state, "P5", DAY + WAIT)
    assert watched(state, "P6", DAY + WAIT + timedelta(days=3)) == ""


def test_whoever_follows_several_that_were_not_observed_is_watched() -> None:
    state = level_2()
    left(state, DAY, "lost to follow-up")
    give(state, "P5", DAY + WAIT)
    add(
        state,
        p.Disposition,
        DAY + WAIT + timedelta(days=2),
        participant="P5",
        status="lost to follow-up",
    )
    assert watched(state, "P6", DAY + WAIT + timedelta(days=13)) != ""
    assert watched(state, "P6", DAY + 2 * WAIT) == ""


def judged(state: State, observed: bool, *candidates: str) -> None:
    add(
        state,
        s.SentinelObservationJudged,
        participant="P4",
        observed=observed,
        candidates=candidates,
        reason="two weeks in the ward",
        signers=("committee.1", "committee.2"),
    )


@pytest.mark.parametrize("how", UNOBSERVED)
def test_the_committee_can_judge_that_what_was_seen_is_enough(how: str) -> None:
    """Of the reactions that it names; the wait after the dose goes on to its end all the same."""
    state = level_2()
    UNOBSERVED[how](state, DAY + timedelta(days=1))
    had = [one.id for one in possible_dlts(state, state.participants["P4"]) if one.counts]
    judged(state, True, *had)
    assert "is watched until" in watched(state, "P5", DAY + timedelta(days=13))
    give(state, "P5", DAY + WAIT)
    assert watched(state, "P6", DAY + WAIT + timedelta(days=3)) == ""


def test_the_committee_can_ask_for_another_sentinel() -> None:
    state = level_2()
    judged(state, False)
    give(state, "P5", DAY + WAIT)
    assert "in the place of P4" in watched(state, "P6", DAY + WAIT + timedelta(days=3))


def test_what_the_committee_did_not_know_of_opens_it_anew() -> None:
    state = level_2()
    left(state, DAY + timedelta(days=1), "lost to follow-up")
    judged(state, True)
    reported(state, DAY + timedelta(days=1))
    give(state, "P5", DAY + WAIT)
    assert "in the place of P4" in watched(state, "P6", DAY + WAIT + timedelta(days=3))


@pytest.mark.parametrize(
    ("observed", "candidates", "why"),
    [
        (True, ("P4-AE",), ""),
        (False, (), ""),
        (True, (), "P4-AE began while P4 was watched"),
        (True, ("P4-AE", "other"), "other is no candidate"),
    ],
)
def test_the_committee_names_what_it_knew(
    observed: bool, candidates: tuple[str, ...], why: str
) -> None:
    state = level_2()
    reported(state, DAY)
    asked = s.SentinelObservationJudged(
        occurred_on=DAY,
        recorded_at=datetime(DAY.year, DAY.month, DAY.day, 9, tzinfo=UTC),
        recorded_by="committee.1",
        site="",
        participant="P4",
        observed=observed,
        reason="seen in the ward",
        signers=("committee.1", "committee.2"),
        candidates=candidates,
    )
    found = the_observation_can_be_judged(state, asked)
    assert why in found.text
    assert (found.truth is TRUE) is (not why)
