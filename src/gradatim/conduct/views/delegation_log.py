"""The delegation log: who has which task where since when, and what they were trained on.

Source: ICH E6(R3), annex 1, 2.3: a record of the persons to whom tasks are delegated.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, get_args

from gradatim.conduct.access import Access
from gradatim.conduct.events.trial import (
    Part,
    RoleGranted,
    RoleRevoked,
    SiteClosed,
    SiteOpened,
    TrainingRecorded,
)
from gradatim.conduct.state import State


class DelegatedTask(NamedTuple):
    """A line of the log: a task, since when and by whom, and who took it back when."""

    user: str
    role: str
    site: str
    since: datetime
    by: str
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
    for _at, event in state.events.of(RoleGranted, RoleRevoked):
        key = (event.user, event.role, event.site)
        if isinstance(event, RoleGranted):
            held.setdefault(key, DelegatedTask(*key, event.recorded_at, event.recorded_by))
        elif key in held:
            ended.append(
                held.pop(key)._replace(until=event.recorded_at, until_by=event.recorded_by)
            )
    return sorted([*held.values(), *ended], key=lambda one: one.since)


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
