"""The delegation log: who has which task where since when, and what they were trained on.

Source: ICH E6(R3), annex 1, 2.3: a record of the persons to whom tasks are delegated.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, get_args

from gradatim.conduct.access import Access
from gradatim.conduct.delegations import delegation_of, lapses_at
from gradatim.conduct.events.trial import (
    DelegationConfirmed,
    Part,
    RoleGranted,
    RoleRevoked,
    SiteClosed,
    SiteOpened,
    TrainingRecorded,
)
from gradatim.conduct.state import State


class DelegatedTask(NamedTuple):
    """A line of the log: a task, since when and by whom, and who took it back when.

    Args:
        user, role, site: who was given what where.
        since, by: when it was given, and by whom.
        position: of the entry that gives it.
        waits: whether it waits for a second person, as far as is known.
        urgent: why it works before that; empty where it does not.
        lapses: when it works no longer if nobody confirms it; None where it is not urgent.
        confirmed: the entry that confirms it; None where none does, or is needed.
        until, until_by: when it was taken back, and by whom.
    """

    user: str
    role: str
    site: str
    since: datetime
    by: str
    position: int
    waits: bool = False
    urgent: str = ""
    lapses: datetime | None = None
    confirmed: DelegationConfirmed | None = None
    until: datetime | None = None
    until_by: str = ""


class Site(NamedTuple):
    """A site: when it was opened and closed, and who leads it."""

    number: str
    name: str
    status: str
    opened: datetime
    closed: datetime | None
    investigator: str


def delegation_log(state: State) -> list[DelegatedTask]:
    """Return the log, in the order in which tasks were given."""
    held: dict[tuple[str, str, str], DelegatedTask] = {}
    ended = []
    confirmed = {one.of: one for _at, one in state.events.of(DelegationConfirmed)}
    for at, event in state.events.of(RoleGranted, RoleRevoked):
        key = (event.user, event.role, event.site)
        if isinstance(event, RoleGranted):
            held.setdefault(key, _given(state, at, event, confirmed.get(at)))
        elif key in held:
            ended.append(
                held.pop(key)._replace(
                    waits=False, until=event.recorded_at, until_by=event.recorded_by
                )
            )
    return sorted([*held.values(), *ended], key=lambda one: one.since)


def _given(
    state: State, position: int, event: RoleGranted, confirmed: DelegationConfirmed | None
) -> DelegatedTask:
    return DelegatedTask(
        event.user,
        event.role,
        event.site,
        event.recorded_at,
        event.recorded_by,
        position,
        waits=position in state.unconfirmed,
        urgent=event.urgent,
        lapses=lapses_at(event) if event.urgent else None,
        confirmed=confirmed,
    )


def may_confirm(access: Access, position: int) -> bool:
    """Whether a user may confirm a delegation: it waits, and they are the second person."""
    if position not in access.state.unconfirmed:
        return False
    given = delegation_of(access.state, position)
    second = access.user not in (given.recorded_by, given.user)
    return second and access.may("DelegationConfirmed", given.site)


def confirmed_on_server(access: Access) -> list[DelegatedTask]:
    """Return what was confirmed on the server, outside the application, as far as a user sees."""
    sites = access.sites("people") | {""} if access.sees("people") else frozenset()
    return [
        one
        for one in delegation_log(access.state)
        if one.confirmed is not None and one.confirmed.administrator and one.site in sites
    ]


def tasks_of(state: State, user: str, sites: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Return the tasks that a user has now at some sites, as (site, role) in order."""
    return tuple(
        sorted(
            (site, role)
            for (name, site), roles in state.roles.items()
            for role in roles
            if name == user and site in sites
        )
    )


def has_tasks(state: State, user: str) -> bool:
    """Return whether a user has any task now."""
    return any(name == user and roles for (name, _site), roles in state.roles.items())


def delegates_all_of(access: Access, user: str) -> bool | None:
    """Return whether all tasks that somebody has are delegated by the user who asks.

    Whoever delegates the tasks of the whole trial delegates everybody's; whoever delegates those of
    sites, those of a person who has tasks there and nowhere else. None where the person has none.
    """
    if access.may("RoleGranted"):
        return True
    sites = {site for (name, site), roles in access.state.roles.items() if name == user and roles}
    return sites <= set(access.sites_for("RoleGranted")) if sites else None


def trainings(state: State) -> dict[str, dict[str, TrainingRecorded]]:
    """Return user -> version -> the first entry that says they were trained on it."""
    found: dict[str, dict[str, TrainingRecorded]] = {}
    for _at, event in state.events.of(TrainingRecorded):
        found.setdefault(event.user, {}).setdefault(event.version, event)
    return found


def missing_trainings(
    tasks: tuple[tuple[str, str], ...],
    trained: Mapping[str, TrainingRecorded],
    in_force: list[str],
) -> tuple[str, ...]:
    """Return the versions in force on which somebody with a task at a site was not trained."""
    at_site = any(site for site, _role in tasks)
    return tuple(one for one in in_force if at_site and one not in trained)


def versions_in_force(state: State) -> list[str]:
    """Return the versions that apply to anybody: the latest, and those of some participants."""
    if not state.versions:
        return []
    latest = state.versions[-1]
    studies = [
        latest.study,
        *(
            state.governing(part, one)
            for part in get_args(Part)
            for one in state.participants.values()
        ),
    ]
    applied = {id(study) for study in studies}
    return [one.version for one in state.versions if id(one.study) in applied]


def sites_of(state: State, seen: frozenset[str]) -> list[Site]:
    """Return the sites that a viewer sees."""
    opened = {one.site: one for _at, one in state.events.of(SiteOpened)}
    closed = {one.site: one for _at, one in state.events.of(SiteClosed)}
    return [
        Site(
            site,
            opened[site].name,
            status,
            opened[site].recorded_at,
            closed[site].recorded_at if status == "closed" else None,
            opened[site].principal_investigator,
        )
        for site, status in state.sites.items()
        if site in seen and site in opened
    ]
