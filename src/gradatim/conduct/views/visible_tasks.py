"""What needs doing, as a user sees it: of whom they see, and what is theirs to do."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from gradatim.conduct.access import Access
from gradatim.conduct.state import Participant
from gradatim.conduct.views.delegation_log import may_confirm
from gradatim.conduct.views.tasks import Task, tasks
from gradatim.conduct.visibility import takes_over


class VisibleTask(NamedTuple):
    """A task as a user sees it.

    Args:
        task: what needs doing.
        late: whether its time has passed.
        mine: whether the user has a role that does it.
        participant_visible: whether the user sees the participant whom it is about.
    """

    task: Task
    late: bool
    mine: bool
    participant_visible: bool


def visible_tasks(access: Access, now: datetime, on: date) -> list[VisibleTask]:
    """Return the tasks of what a user sees; those that are theirs are marked.

    Args:
        access: the user's.
        now: the time that clocks are looked at; where no zone is recorded, days end by its own.
        on: the day, by the clock of the sites.
    """
    found = []
    for task in tasks(access.state, now, on):
        about = access.state.participants.get(task.participant or "")
        if _is_visible(access, task, about):
            seen = about is not None and access.sees_participant("participants", about)
            found.append(VisibleTask(task, task.late(now), _is_mine(access, task), seen))
    return list(_each_once(found))


def _is_mine(access: Access, task: Task) -> bool:
    if task.event == "DelegationConfirmed":
        return may_confirm(access, int(task.given["of"]))
    return access.has_any(task.roles, task.site)


def _each_once(found: list[VisibleTask]) -> Iterator[VisibleTask]:
    """Yield each task once: of a bag between two sites both are asked, and some see both."""
    bags = [one for one in found if one.task.kind == "product"]
    mine = {one.task.what for one in bags if one.mine}
    told = set[str]()
    for one in found:
        what = one.task.what
        if one.task.kind == "product":
            if what in told or (what in mine and not one.mine):
                continue
            told.add(what)
        yield one


def _is_visible(access: Access, task: Task, about: Participant | None) -> bool:
    if task.event == "DelegationConfirmed":
        return access.sees("people") and task.site in access.sites("people") | {""}
    if about is None:
        return not task.site or task.site in access.sites("overview")
    if task.event == "ParticipantTransferred" and takes_over(access, about):
        return True  # whoever is to take somebody over does not see them yet
    return any(access.sees_participant(area, about) for area in ("participants", "dosing"))
