"""What was worked out of somebody's age is after an erasure what it was."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gradatim.conduct.events.base import Sealed, Within
from gradatim.conduct.fold import apply
from gradatim.conduct.snapshot import snapshot
from gradatim.conduct.state import Participant, State
from gradatim.conduct.system_fields import Circumstances, with_system_fields
from gradatim.conduct.views.birth import birth_of, birth_to_keep
from gradatim.conduct.views.eligibility import eligibility
from gradatim.conduct.views.facts import facts_of
from gradatim.core.dates import completed_years
from tests.conduct.erasure_cases import DAY, SPONSOR, asked_for, confirming, treated, under_way
from tests.conduct.test_birth import plainly
from tests.conduct.trials import START

born = st.dates(date(1940, 1, 1), date(2012, 12, 31))
SOME = [date(1990, 1, 1), date(1990, 12, 31), date(1988, 2, 29), START.replace(year=1962)]


def read_with_the_keys(day: date) -> State:
    """A trial in which somebody treated was born that day, and the ledger has the year alone."""
    state = under_way()
    for one in state.participants.values():
        one.identity = {"birth_date": Sealed("0" * 64, "none")}
        one.birth = str(day.year)
        one.changed()
    state.unsealed_birth = plainly(day)  # type: ignore[assignment]
    return asked_for(state)


def erased(state: State) -> Participant:
    """Erase who somebody treated is, as the system completes it; the key is gone."""
    one = treated(state)
    around = Circumstances(state, SPONSOR, "", "", pytest.fail, bytes)
    filled = with_system_fields(
        "PersonalDataErased", {"participant": one.id, "occurred_on": str(DAY)}, around
    )
    kept = filled.get("born")
    assert kept is not None
    days = {name: date.fromisoformat(said) for name, said in kept.items()}
    made = confirming(state, filled["of"], born=Within(**days))
    apply(state, state.position + 1, made)
    one.changed()
    return one


def told(state: State, one: Participant) -> dict[str, Any]:
    """Return all that is worked out of somebody: facts, grades, candidates, gates, eligibility."""
    found = eligibility(state, one, DAY, max(DAY, one.first_dose_planned or DAY))
    criteria = {each.criterion.id: (each.passes, each.because) for each in found.findings}
    values = {
        name: [str(fact._replace(sources=())) for fact in some]
        for name, some in facts_of(state, one).by_element.items()
    }
    return {
        "criteria": criteria,
        "facts": values,
        "all": snapshot(state, DAY)["participants"][one.id],
    }


@given(born)
@example(SOME[0])
@example(SOME[1])
@example(SOME[2])
@example(SOME[3])
@settings(max_examples=12, deadline=None)
def test_nothing_that_was_worked_out_changes_with_an_erasure(day: date) -> None:
    state = read_with_the_keys(day)
    before = told(state, treated(state))
    one = erased(state)
    after = told(state, one)
    assert after["criteria"] == before["criteria"]
    assert after["facts"] == before["facts"]
    assert after["all"] == before["all"]


@given(born)
@settings(max_examples=25, deadline=None)
def test_the_birthday_is_kept_no_more_exactly_than_ages_tell(day: date) -> None:
    state = read_with_the_keys(day)
    one = treated(state)
    found = birth_to_keep(state, one, DAY)
    assert found is not None
    assert found.first <= day <= found.last
    assert {found.first.year, found.last.year} == {day.year}
    asked = {state.events[at].occurred_on for at in one.entries} | {DAY}
    for on in asked:
        assert completed_years(found.first, on) == completed_years(found.last, on)
    for edge in (found.first - timedelta(days=1), found.last + timedelta(days=1)):
        if edge.year == day.year:  # a day further would give another age on some day
            assert birth_to_keep(_born(state, edge), one, DAY) != found


def _born(state: State, day: date) -> State:
    state.unsealed_birth = plainly(day)  # type: ignore[assignment]
    for one in state.participants.values():
        one.changed()
    return state


def test_without_the_key_only_the_year_is_kept() -> None:
    state = read_with_the_keys(date(1990, 5, 14))
    state.unsealed_birth = None
    assert birth_to_keep(state, treated(state), DAY) is None
    apply(state, state.position + 1, confirming(state, state.position))
    assert str(birth_of(state, treated(state)).day) == "1990"


def test_an_erasure_of_an_earlier_version_leaves_the_year() -> None:
    state = read_with_the_keys(date(1990, 5, 14))
    apply(state, state.position + 1, confirming(state, None, retention_ended_on=START))
    assert str(birth_of(state, treated(state)).day) == "1990"
