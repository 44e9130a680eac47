"""The directory of people: their tasks and training by the ledger, their accounts by Django."""

from collections.abc import Mapping
from typing import NamedTuple

from django.conf import settings
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from gradatim.conduct.access import Access
from gradatim.conduct.events.trial import TrainingRecorded
from gradatim.conduct.signers import Identification, identification_of
from gradatim.conduct.views.delegation_log import (
    delegates_all_of,
    delegation_log,
    missing_trainings,
    tasks_of,
    trainings,
    versions_in_force,
)
from gradatim.web.accounts.attempts import locked_names
from gradatim.web.accounts.models import AppDevice, Invitation, User


class AccountStatus(TextChoices):
    """How an account stands."""

    NONE = "none", _("no account")
    INVITED = "invited", _("invited")
    ACTIVE = "active", _("active")
    NO_FACTOR = "no_factor", _("no second factor")
    LOCKED = "locked", _("locked")
    DEACTIVATED = "deactivated", _("deactivated")


TONES = {
    AccountStatus.ACTIVE: "good",
    AccountStatus.LOCKED: "bad",
    AccountStatus.DEACTIVATED: "bad",
    AccountStatus.NO_FACTOR: "warn",
}


class TeamMember(NamedTuple):
    """Somebody with a task or an account.

    Args:
        user, name: their identifier, and their name as it is printed.
        tasks: (site, role), in order; "" is the whole trial.
        trained: version -> when they were trained on it.
        lacks: versions in force on which they should have been trained, and were not.
        status: how their account stands.
        manageable: whether the viewer may manage their account.
        identification: how it stands with who they are; of a trial that is not real, with their key
            alone.
        identifiable: whether the viewer may say who they are.
    """

    user: str
    name: str
    tasks: tuple[tuple[str, str], ...]
    trained: Mapping[str, TrainingRecorded]
    lacks: tuple[str, ...]
    status: AccountStatus
    manageable: bool
    identification: Identification
    identifiable: bool

    @property
    def tone(self) -> str:
        """How the status is coloured."""
        if self.status is AccountStatus.NO_FACTOR and not settings.SECOND_FACTOR_REQUIRED:
            return ""
        return TONES.get(self.status, "")


def may_manage(access: Access, username: str) -> bool:
    """Whether a user may manage an account: not their own.

    Whoever delegates the tasks of the whole trial may; whoever delegates those of sites may where
    its person has tasks there and nowhere else, or, having none yet, was invited by them.
    """
    if username == access.user:
        return False
    by_log = delegates_all_of(access, username)
    if by_log is not None:
        return by_log
    return Invitation.objects.filter(user__username=username, made_by=access.user).exists()


def people_of(access: Access) -> list[TeamMember]:
    """Give everybody whom a viewer sees: with a task at their sites, or in the whole trial.

    Whoever may invite also sees the accounts without any task that they may manage.
    """
    state, sites = access.state, access.sites("people") | {""}
    users = {one.user for one in delegation_log(state) if one.site in sites}
    if access.sites_for("RoleGranted"):
        known = {name for (name, _site) in state.roles}
        idle = User.objects.exclude(username__in=known).values_list("username", flat=True)
        users |= {name for name in idle if may_manage(access, name)}
    accounts = {one.username: one for one in User.objects.filter(username__in=users)}
    statuses = _statuses(list(accounts.values()))
    log, in_force = trainings(state), versions_in_force(state)
    return [
        _person(
            access,
            user,
            accounts.get(user),
            statuses.get(user, AccountStatus.NONE),
            log.get(user, {}),
            in_force,
        )
        for user in sorted(users)
    ]


def _person(
    access: Access,
    user: str,
    account: User | None,
    status: AccountStatus,
    trained: Mapping[str, TrainingRecorded],
    in_force: list[str],
) -> TeamMember:
    tasks = tasks_of(access.state, user, access.sites("people") | {""})
    found = identification_of(access.state, user)
    return TeamMember(
        user,
        account.printed_name if account else "",
        tasks,
        trained,
        missing_trainings(tasks, trained, in_force),
        status,
        may_manage(access, user),
        found,
        may_identify(access, user, found),
    )


def may_identify(access: Access, user: str, found: Identification) -> bool:
    """Whether a viewer may say who somebody is: not themselves, nor whom they invited."""
    others = found.key is not None and access.user not in (user, found.key.invited_by)
    return others and found.position is None and access.may("PersonIdentified")


def _statuses(accounts: list[User]) -> dict[str, AccountStatus]:
    with_factor = set(AppDevice.objects.filter(confirmed=True).values_list("user_id", flat=True))
    locked = locked_names()
    return {
        one.username: _status(one, one.pk in with_factor, one.username in locked)
        for one in accounts
    }


def _status(account: User, with_factor: bool, locked: bool) -> AccountStatus:
    if not account.is_active:
        return AccountStatus.DEACTIVATED
    if locked:
        return AccountStatus.LOCKED
    if not account.has_usable_password():
        return AccountStatus.INVITED
    return AccountStatus.ACTIVE if with_factor else AccountStatus.NO_FACTOR
