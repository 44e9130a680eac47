"""Policies of who is given a task by whom: two people, tasks that go together, somebody who stays.

Which delegations wait for a second person stands in `conduct.delegations`.
"""

from gradatim.conduct.delegations import (
    delegation_of,
    has_lapsed,
    needs_confirmation,
    same_task,
    settled_roles,
    waiting,
)
from gradatim.conduct.events.trial import DelegationConfirmed, RoleGranted, RoleRevoked
from gradatim.conduct.policies.protocol import (
    the_task_is_of_the_site,
    the_tasks_go_together,
)
from gradatim.conduct.policies.verdicts import Policy, broken, either, every, holds
from gradatim.conduct.proposed_acts import committee_members
from gradatim.conduct.roles import SITE_STAFF
from gradatim.conduct.state import State
from gradatim.conduct.transitions import ON_THE_WAY
from gradatim.core.verdict import Verdict


def a_seat_is_free(state: State, event: RoleGranted) -> Verdict:
    """Of a committee that the protocol gives a number of seats no more members are appointed."""
    asked = state.study.safety.committee if state.versions else None
    if event.role != "safety_committee" or asked is None or asked.seats is None:
        return holds("no seat is asked for")
    others = committee_members(state) - {event.user}
    return either(
        len(others) < asked.seats,
        f"{len(others)} of {asked.seats} seats are taken",
        f"all {asked.seats} seats of the safety committee are taken",
    )


GOES_TOGETHER: tuple[Policy, ...] = (
    the_task_is_of_the_site,
    the_tasks_go_together,
    a_seat_is_free,
)
"""What is asked of the tasks of one person: when one is given, and again when it is confirmed."""


def a_second_person_confirms(state: State, event: DelegationConfirmed) -> Verdict:
    """Who confirms a delegation neither gave the task nor is given it."""
    given = delegation_of(state, event.of)
    for who, what in ((given.recorded_by, "gave the task"), (given.user, "is given the task")):
        if event.recorded_by == who:
            return broken(f"{who} {what}: another person confirms it")
    return holds("it is another person")


def the_tasks_still_go_together(state: State, event: DelegationConfirmed) -> Verdict:
    """What keeps tasks apart is asked again: others may have been given meanwhile."""
    given = delegation_of(state, event.of)
    return every(*(asked(state, given) for asked in GOES_TOGETHER))


def the_task_does_not_wait_already(state: State, event: RoleGranted) -> Verdict:
    """What waits for a second person is confirmed or taken back, and not given once more."""
    at = next((of for of, one in waiting(state) if same_task(one, event)), None)
    if at is None:
        return holds("it does not wait already")
    return broken(f"entry {at} gives it, and waits for a second person: confirm it or take it back")


def what_is_urgent_is_so_at_a_site(state: State, event: RoleGranted) -> Verdict:
    """What works before a second person confirms it is a task of a site, given by who leads it."""
    if not event.urgent:
        return holds("it is not urgent")
    if not needs_confirmation(state, event):
        return broken("it needs no second person: leave out why it is urgent")
    if not event.urgent.strip():
        return broken("why it is urgent is not said")
    if event.user == event.recorded_by:
        return broken("nobody gives a task to themselves before another confirms it")
    if event.role in state.roles.get((event.user, event.site), ()):
        return broken(f"{event.user} has the task already")
    leads = "investigator" in settled_roles(state, event.recorded_by, event.site)
    theirs = bool(event.site) and event.role in SITE_STAFF and leads
    told = "only an investigator gives a task before another confirms it, and one of their site"
    return either(theirs, "an investigator of the site gives it", told)


def what_was_urgent_was_seen_by_another(state: State, event: RoleGranted) -> Verdict:
    """Who gave a task urgently gives no other so after its time, until another confirms one.

    Else one person would give a task anew, or to another account, each time that it lapses.
    """
    first: RoleGranted | None = None
    for _, said in state.events.of(RoleGranted, DelegationConfirmed) if event.urgent else ():
        one = delegation_of(state, said.of) if isinstance(said, DelegationConfirmed) else said
        if (one.recorded_by, one.site) != (event.recorded_by, event.site):
            continue
        if isinstance(said, DelegationConfirmed):
            first = None
        elif one.urgent:
            first = first or one
    if first is None or not has_lapsed(first, event.recorded_at):
        return holds("no urgent delegation of theirs has lapsed unseen")
    day = f"{first.recorded_at:%Y-%m-%d}"
    return broken(
        f"what {event.recorded_by} gave urgently on {day} nobody has confirmed: have a second "
        "person confirm a delegation of theirs first"
    )


def the_site_keeps_an_investigator(state: State, event: RoleRevoked) -> Verdict:
    """A site that is open keeps an investigator while a participant is on the way there."""
    leads, leaves = _investigators(state), (event.user, event.site)
    if event.role != "investigator" or leaves not in leads:
        return holds("the investigators stay as they are")
    left = leads - {leaves}
    if any(not site for _, site in left):
        return holds("somebody is an investigator of the whole trial")
    alone = sorted(
        {
            one.site
            for one in state.participants.values()
            if one.status in ON_THE_WAY and event.site in ("", one.site)
        }
        - {site for _, site in left}
        - {site for site, status in state.sites.items() if status == "closed"}
    )
    told = (
        f"{event.user} is the only investigator of the participants of site {', '.join(alone)}: "
        "give the task to another first"
    )
    return either(not alone, "the participants keep an investigator", told)


def _investigators(state: State) -> set[tuple[str, str]]:
    """Return who is an investigator where, without whoever waits for a second person."""
    waits = {(one.user, one.site) for _, one in waiting(state) if one.role == "investigator"}
    return {place for place, roles in state.roles.items() if "investigator" in roles} - waits
