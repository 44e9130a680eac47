"""What may be done to the account of another, and that nobody can take one over alone.

A signature is only its owner's: to use it must take two people at least (21 CFR 11.200(a)(3)).
Whoever takes a password away gets a link by which a new one is chosen; the second factor stays with
its owner. Taking the second factor away is asked for by one person and done by another, neither of
whom has the link. So nobody does both, until the owner has signed in again.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from axes.utils import reset
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gradatim.web.accounts.directory import AccountStatus
from gradatim.web.accounts.invitations import invite
from gradatim.web.accounts.models import AccountAct, AppDevice, User, What, note
from gradatim.web.accounts.second_factor import forget_unconfirmed, has_device, remove_devices
from gradatim.web.accounts.sessions import end_all
from gradatim.web.accounts.tokens import revoke_tokens

_Words = Any
ASKED_FOR = timedelta(days=7)
"""How long what one person asked for waits for another."""


class Managed(NamedTuple):
    """An act on another's account.

    Args:
        label: what it is called.
        effect: what comes of it.
        do: does it; gives the secret of an invitation, or nothing.
        when: whether it can be done to an account that stands so.
        unless: acts which, if the same person did one since the owner last signed in, forbid it.
        asked: the act by which a first person asks for it, so that another does it; none where one
            person does.
    """

    label: _Words
    effect: _Words
    do: Callable[[User, str], str]
    when: Callable[[User, AccountStatus], bool]
    unless: tuple[What, ...] = ()
    asked: What | None = None


def alone(user: User, managed: Managed, by: str) -> bool:
    """Whether an act, with others that the same person did, would hand them the account."""
    acts = _since_signed_in(user).filter(what__in=managed.unless, by=by)
    return bool(managed.unless) and acts.exists()


def _since_signed_in(user: User) -> "QuerySet[AccountAct]":
    signed_in = user.acts.filter(what=What.SIGNED_IN).last()
    return user.acts.filter(pk__gt=signed_in.pk if signed_in else 0)


def asked_by(user: User, managed: Managed) -> str:
    """Return who asked for an act that another is to do; empty where nobody did, or long ago.

    What was asked before it was last done, or before the owner signed in, is asked anew.
    """
    acts = _since_signed_in(user).filter(at__gt=timezone.now() - ASKED_FOR)
    last = acts.filter(what__in=(managed.asked, What.FACTOR_RESET)).last()
    return last.by if last is not None and last.what == managed.asked else ""


def waits_for_another(user: User, managed: Managed, by: str) -> bool:
    """Whether an act of a person is only asked for, so that another does it.

    In a demonstration, where nobody needs a second factor, one person does.
    """
    if managed.asked is None or not settings.SECOND_FACTOR_REQUIRED:
        return False
    return asked_by(user, managed) in ("", by)


def perform(user: User, managed: Managed, by: str) -> str:
    """Do an act on an account, or ask for it; return the secret of an invitation, or nothing."""
    if managed.asked is not None and waits_for_another(user, managed, by):
        note(user, managed.asked, by)
        return ""
    return managed.do(user, by)


def _unlock(user: User, by: str) -> str:
    reset(username=user.username)
    AppDevice.objects.filter(user=user).update(
        throttling_failure_count=0, throttling_failure_timestamp=None
    )
    note(user, What.UNLOCKED, by)
    return ""


def _deactivate(user: User, by: str) -> str:
    user.is_active = False
    user.save(update_fields=["is_active"])
    end_all(user)
    revoke_tokens(user, by)
    note(user, What.DEACTIVATED, by)
    return ""


def _activate(user: User, by: str) -> str:
    user.is_active = True
    user.save(update_fields=["is_active"])
    note(user, What.ACTIVATED, by)
    return ""


def _reset_password(user: User, by: str) -> str:
    user.set_password(None)
    user.save(update_fields=["password"])
    forget_unconfirmed(user)
    end_all(user)
    revoke_tokens(user, by)
    note(user, What.PASSWORD_RESET, by)
    return invite(user, by)


def _reset_factor(user: User, by: str) -> str:
    remove_devices(user, by)
    end_all(user)
    note(user, What.FACTOR_RESET, by)
    return ""


MANAGED: Mapping[str, Managed] = {
    "unlock": Managed(
        _("Unlock"),
        _("Earlier failures are forgotten; the person can sign in at once."),
        _unlock,
        lambda user, status: status is AccountStatus.LOCKED,
    ),
    "invite-anew": Managed(
        _("Invite anew"),
        _(
            "The password is taken away, if there is one. All sessions and tokens end. You get a "
            "link to hand over, by which a new password is chosen; the second factor stays."
        ),
        _reset_password,
        lambda user, status: user.is_active,
        (What.FACTOR_RESET, What.FACTOR_RESET_ASKED),
    ),
    "reset-second-factor": Managed(
        _("Take the second factor away"),
        _(
            "All sessions and tokens end. After signing in with the password, the person sets a "
            "new one up. It takes two: one asks for it, another does it within a week."
        ),
        _reset_factor,
        lambda user, status: user.is_active and has_device(user),
        (What.INVITED,),
        What.FACTOR_RESET_ASKED,
    ),
    "deactivate": Managed(
        _("Deactivate"),
        _(
            "The person can no longer sign in; all sessions and tokens end. Tasks are taken back "
            "in the delegation log."
        ),
        _deactivate,
        lambda user, status: user.is_active,
    ),
    "activate": Managed(
        _("Activate"),
        _("The person can sign in again, with the password they had."),
        _activate,
        lambda user, status: not user.is_active,
    ),
}
"""What can be done to the account of another, by its name in the page's address."""


def possible(user: User, status: AccountStatus) -> dict[str, Managed]:
    """Give what can be done to an account as it stands."""
    return {name: one for name, one in MANAGED.items() if one.when(user, status)}
