"""Of each policy of an erasure, what breaks it."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from gradatim.conduct.events import participants as p
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.trial import SiteClosed
from gradatim.conduct.fold import apply
from gradatim.conduct.policies import erasure
from gradatim.conduct.policies.verdicts import Policy
from gradatim.conduct.state import Participant, State
from gradatim.protocol.study import Retention
from tests.conduct.trials import START, copied, event, state_until

Case = tuple[State, Event]
DAY = START + timedelta(days=60)
SITE, SPONSOR = "S01", "sponsor.1"
LEAD = "investigator.S01.1"
FIVE = {"years": 5, "after": "end_of_trial"}
THIRTY = {"years": 30, "after": "product_expiry"}


@lru_cache(maxsize=1)
def _under_way() -> State:
    return state_until(until=DAY)


def under_way() -> State:
    """A trial in which somebody was treated, and the site has its list; a state of its own."""
    state = copied(_under_way())
    return after(state, listing(state))


def listing(state: State, site: str = SITE) -> p.IdentificationListExported:
    """Return that a site takes its list."""
    here = tuple(one.id for one in state.participants.values() if one.site == site)
    made = event(p.IdentificationListExported, LEAD, site, on=DAY, participants=here)
    assert isinstance(made, p.IdentificationListExported)
    return made


def treated(state: State, site: str = SITE) -> Participant:
    """Return somebody of the site who was given a dose."""
    found = state.participants.values()
    return next(one for one in found if one.status == "treated" and one.site == site)


def keeping(state: State, *terms: dict[str, Any]) -> State:
    """Let the protocol name times for which records are kept."""
    made = [Retention.model_validate({"basis": "stated", **one}) for one in terms]
    last = state.versions[-1]
    study = last.study.model_copy(update={"retention": made})
    state.versions[-1] = last._replace(study=study)
    return state


def asking(state: State, by: str = LEAD, on: date = DAY) -> p.ErasureRequested:
    about: dict[str, Any] = {"participant": treated(state).id, "reason": "the time is over"}
    made = event(p.ErasureRequested, by, SITE, on=on, **about)
    assert isinstance(made, p.ErasureRequested)
    return made


def confirming(
    state: State, of: int | None, by: str = SPONSOR, on: date = DAY, **said: Any
) -> p.PersonalDataErased:
    about: dict[str, Any] = {"order": "the time is over", "of": of, **said}
    about["participant"] = treated(state).id
    made = event(p.PersonalDataErased, by, on=on, **about)
    assert isinstance(made, p.PersonalDataErased)
    return made


def after(state: State, *events: Event) -> State:
    """Let events be recorded, whatever the policies say."""
    for one in events:
        apply(state, state.position + 1, one)
    return state


def asked_for(state: State, by: str = LEAD) -> State:
    return after(state, asking(state, by))


def real(state: State) -> State:
    state.mode = "real"
    return state


def closed(state: State, on: date) -> State:
    """Let every site be closed on a day, and the last entries about it be of then."""
    for site in list(state.sites):
        after(state, event(SiteClosed, SPONSOR, site, on=on, reason="the trial has ended"))
    return state


def _erased() -> Case:
    state = asked_for(under_way())
    made = confirming(state, state.position)
    return after(state, made), replace(made)


def _alone() -> Case:
    state = real(under_way())
    return state, confirming(state, None, retention_ended_on=START)


def _by_one() -> Case:
    state = asked_for(under_way(), by=SPONSOR)
    return state, confirming(state, state.position)


def _too_early() -> Case:
    state = keeping(asked_for(under_way()), FIVE)
    return state, confirming(state, state.position)


def _not_listed() -> Case:
    state = copied(_under_way())
    return state, asking(state)


CASES: dict[Policy, Callable[[], Case]] = {
    erasure.nothing_is_erased_twice: _erased,
    erasure.the_erasure_was_asked_for: _alone,
    erasure.another_person_confirms: _by_one,
    erasure.the_site_has_the_list: _not_listed,
    erasure.retention_has_ended: _too_early,
}
