"""An erasure: asked for at the site, confirmed by the sponsor, and never before its time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradatim.conduct.catalogue import ACTS
from gradatim.conduct.erasure import requested_erasure
from gradatim.conduct.events import participants as p
from gradatim.conduct.events.base import Signature
from gradatim.conduct.events.trial import Mode
from gradatim.conduct.offers import can_be_done
from gradatim.conduct.policies import check
from gradatim.conduct.state import State
from gradatim.conduct.system_fields import Circumstances, with_system_fields
from gradatim.conduct.views.doses import dose_days
from gradatim.conduct.views.retention import kept, retention_ended_on
from gradatim.conduct.views.tasks import tasks
from gradatim.core.dates import Duration, step
from gradatim.core.errors import UnusableInput
from gradatim.core.truth import TRUE, UNKNOWN
from tests.conduct.erasure_cases import (
    DAY,
    FIVE,
    LEAD,
    SITE,
    SPONSOR,
    THIRTY,
    after,
    asked_for,
    asking,
    closed,
    confirming,
    keeping,
    real,
    treated,
    under_way,
)
from tests.conduct.trials import START, event


def allowed(state: State, made: p.ErasureRequested | p.PersonalDataErased) -> bool:
    return check(state, made).truth is TRUE


def test_it_is_asked_for_at_the_site_and_confirmed_by_the_sponsor() -> None:
    assert ACTS[p.ErasureRequested].roles == ("investigator",)
    assert ACTS[p.PersonalDataErased].roles == ("sponsor",)
    assert ACTS[p.ErasureRequested].meaning
    assert ACTS[p.PersonalDataErased].meaning


@pytest.mark.parametrize("mode", ["real", "demo", "simulated"])
def test_what_is_asked_for_erases_nothing_and_what_is_confirmed_does(mode: Mode) -> None:
    state = closed(keeping(under_way(), FIVE), START)
    state.mode = mode
    later = step(DAY, Duration(months=12 * 6))
    assert allowed(state, asking(state, on=later))
    after(state, asking(state, on=later))
    one = treated(state)
    assert not one.erased
    assert requested_erasure(state, one) is not None
    made = confirming(state, state.position, on=later)
    assert allowed(state, made)
    after(state, made)
    assert one.erased
    assert requested_erasure(state, one) is None
    assert not allowed(state, made), "what is gone is not erased again"


def test_nobody_erases_alone_in_a_real_trial() -> None:
    """As one person could in earlier versions, whose ledgers are read as before."""
    state = under_way()
    alone = confirming(state, None, retention_ended_on=START)
    assert allowed(state, alone), "in a simulated trial they may"
    assert not allowed(state, confirming(state, None, retention_ended_on=DAY + timedelta(1)))
    assert not allowed(real(state), alone)
    after(state, alone)
    assert treated(state).erased, "but what an earlier version recorded stands"


def test_nor_by_a_request_of_their_own_nor_of_somebody_else_nor_one_taken_back() -> None:
    state = asked_for(under_way(), by=SPONSOR)
    assert not allowed(state, confirming(state, state.position))
    state = asked_for(under_way())
    at = state.position
    assert not allowed(state, confirming(state, at - 1)), "that entry asks for no erasure"
    assert allowed(state, confirming(state, at))
    signed: dict[str, Any] = {
        "signature": Signature(LEAD, "it was made in error"),
        "reason": "of another person",
    }
    after(state, event(p.EntryVoided, LEAD, SITE, on=DAY, of=at, **signed))
    assert not allowed(state, confirming(state, at))


def test_a_real_trial_that_names_no_time_erases_nothing() -> None:
    state = real(closed(under_way(), START))
    found = check(state, asking(state))
    assert found.truth is UNKNOWN
    assert "the protocol names no time" in "".join(found.clauses())


def test_nor_one_that_goes_on() -> None:
    state = keeping(under_way(), FIVE)
    found = check(state, asking(state, on=step(DAY, Duration(months=12 * 50))))
    assert found.truth is not TRUE
    assert "the trial has not ended: site S01 is open" in "".join(found.clauses())


def test_nor_where_the_expiry_of_what_was_given_is_not_known() -> None:
    state = closed(keeping(under_way(), FIVE, THIRTY), DAY)
    one = treated(state)
    later = step(DAY, Duration(months=12 * 60))
    known = {each.term.after: each.until for each in kept(state, one)}
    if known["product_expiry"] is not None:
        assert known["product_expiry"] > step(DAY, Duration(months=12 * 29))
    for bags in state.inventory.lots.values():
        for bag in list(bags.containers.values()):
            state.inventory.put(bag._replace(expiry=None))
    assert retention_ended_on(state, one) is None
    assert check(state, asking(state, on=later)).truth is UNKNOWN


@given(
    terms=st.lists(
        st.builds(
            lambda years, after: {"years": years, "after": after},
            st.integers(1, 40),
            st.sampled_from(["end_of_trial", "last_dose"]),
        ),
        min_size=1,
        max_size=3,
    ),
    closing=st.integers(0, 400),
    days=st.integers(0, 45 * 366),
)
@settings(max_examples=60, deadline=None)
def test_the_longest_time_decides_to_the_day(
    terms: list[dict[str, Any]], closing: int, days: int
) -> None:
    ended = DAY + timedelta(days=closing)
    state = real(closed(keeping(under_way(), *terms), ended))
    one, on = treated(state), DAY + timedelta(days=days)
    begins = {"end_of_trial": ended, "last_dose": max(dose_days(state, one))}
    ends = [step(begins[one["after"]], Duration(months=12 * one["years"])) for one in terms]
    assert allowed(state, asking(state, on=on)) is (on > max(ends))
    assert allowed(state, asking(state, on=max(ends))) is False
    assert allowed(state, asking(state, on=max(ends) + timedelta(days=1)))
    assert retention_ended_on(state, one) == max(ends)


def test_it_is_offered_and_waits_for_the_sponsor() -> None:
    state = under_way()
    one = treated(state)
    assert can_be_done(state, p.ErasureRequested, SITE, one).truth is TRUE
    assert can_be_done(state, p.PersonalDataErased, "", one).truth is not TRUE
    asked_for(state)
    assert can_be_done(state, p.ErasureRequested, SITE, one).truth is not TRUE
    assert can_be_done(state, p.PersonalDataErased, "", one).truth is TRUE
    now = datetime.combine(DAY, datetime.min.time(), UTC)
    waiting = [task for task in tasks(state, now, DAY) if task.event == "PersonalDataErased"]
    assert [(task.site, task.participant) for task in waiting] == [("", one.id)]


def test_the_system_fills_in_which_request_is_granted() -> None:
    state = closed(keeping(under_way(), FIVE), START)
    one = treated(state)
    around = Circumstances(state, SPONSOR, "", "", pytest.fail, bytes)
    said = {"participant": one.id, "occurred_on": str(DAY)}
    with pytest.raises(UnusableInput, match="nobody has asked for this erasure"):
        with_system_fields("PersonalDataErased", said, around)
    asked_for(state)
    assert with_system_fields("PersonalDataErased", said, around) == {
        "participant": one.id,
        "occurred_on": str(DAY),
        "of": state.position,
        "order": "the time is over",
        "retention_ended_on": str(step(START, Duration(months=60))),
    }
