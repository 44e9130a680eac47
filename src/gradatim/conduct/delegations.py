"""Which delegations a second person confirms, and until when one that is urgent works without.

In a real trial nobody gives a right alone that opens what a trial keeps from a single person: to
treat and to sign for it, to release the product, to judge safety, to run the trial, and who the
participants are. Such a delegation waits (`RoleGranted.needs_confirmation`) and gives no right
until somebody else who may delegate there confirms it: neither who gave the task nor who is given
it. At a site it may be urgent; then it works at once, and lapses where nobody confirms it in time.

Source: ICH E6(R3), annex 1, 2.3.1 to 2.3.3 (delegation by the investigator); 21 CFR 11.10(g) and
11.100(b): whose authority and whose identity is checked before a signature is theirs.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from gradatim.conduct.events.base import SYSTEM
from gradatim.conduct.events.trial import RoleGranted, RoleRevoked
from gradatim.conduct.roles import SITE_STAFF
from gradatim.conduct.state import State

ALWAYS_CONFIRMED = ("investigator", "pharmacist", "safety_committee", "sponsor")
"""Tasks that nobody is given by one person alone."""
URGENT_FOR = timedelta(hours=72)
"""How long an urgent delegation works without a second person: what is given on a Friday night is
confirmed on Monday, when the sponsor's office is at work. Our own; no rule is known that says."""


def needs_confirmation(state: State, event: RoleGranted) -> bool:
    """Whether a delegation gives no right until a second person confirms it.

    A real trial begins with whom the server gave the sponsor's task; after that it holds for the
    tasks of `ALWAYS_CONFIRMED`, for whatever somebody gives to themselves, for tasks of a site that
    are given by somebody who is no investigator there, and for others by whoever is not the
    sponsor.
    """
    if state.mode != "real" or not state.roles or event.recorded_by == SYSTEM:
        return False
    if event.role in ALWAYS_CONFIRMED or event.user == event.recorded_by:
        return True
    gives = "investigator" if event.role in SITE_STAFF else "sponsor"
    return gives not in settled_roles(state, event.recorded_by, event.site)


def delegation_of(state: State, position: int) -> RoleGranted:
    """Return the delegation that stands in an entry."""
    event = state.events[position]
    assert isinstance(event, RoleGranted)
    return event


def waiting(state: State) -> Iterator[tuple[int, RoleGranted]]:
    """Yield the delegations that wait for a second person, each with its entry."""
    return ((of, delegation_of(state, of)) for of in state.unconfirmed)


def same_task(one: RoleGranted, other: RoleGranted | RoleRevoked) -> bool:
    """Whether two entries are about the same task of the same person at the same place."""
    return (one.user, one.site, one.role) == (other.user, other.site, other.role)


def lapses_at(event: RoleGranted) -> datetime:
    """Return when an urgent delegation gives no right any more, if nobody confirms it."""
    return event.recorded_at + URGENT_FOR


def has_lapsed(event: RoleGranted, at: datetime) -> bool:
    """Whether a delegation that nobody has confirmed was urgent, and its time is over."""
    return bool(event.urgent) and at > lapses_at(event)


def held_at(state: State, user: str, site: str, at: datetime | None = None) -> frozenset[str]:
    """Return the tasks that somebody holds at a site, without those of the whole trial.

    Args:
        state: the trial.
        user: who.
        site: where; "" the trial as a whole.
        at: the moment, by which urgent delegations may have lapsed; None when the last entry was
            recorded.
    """
    held = frozenset(state.roles.get((user, site), ()))
    if at is None or not state.unconfirmed:
        return held
    return held - {one.role for one in _of(state, user, site) if has_lapsed(one, at)}


def settled_roles(state: State, user: str, site: str) -> frozenset[str]:
    """Return the tasks of somebody at a site and in the whole trial that wait for nobody.

    Only who holds such a task gives tasks out: else one person could let another in by a third
    whom nobody else knows.
    """
    return frozenset[str]().union(
        *(
            held_at(state, user, where) - {one.role for one in _of(state, user, where)}
            for where in {site, ""}
        )
    )


def _of(state: State, user: str, site: str) -> Iterator[RoleGranted]:
    return (one for _, one in waiting(state) if (one.user, one.site) == (user, site))
