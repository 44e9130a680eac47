"""The first person: invited from the command line, for there is nobody yet who could invite."""

from typing import NamedTuple

from django.conf import settings
from django.urls import reverse

from gradatim.core.errors import UnusableInput
from gradatim.web.accounts.forms import InviteForm
from gradatim.web.accounts.invitations import COMMAND_LINE, invite
from gradatim.web.accounts.managing import MANAGED, alone
from gradatim.web.accounts.models import INVITED_FOR, User
from gradatim.web.configuration import LOOPBACK
from gradatim.web.operations.migrate import refuse_unmigrated

ANEW = MANAGED["invite-anew"]


class Invited(NamedTuple):
    """A link by which a person chooses a password, once.

    Args:
        link: its address; its path where no host is named.
        days: how long it can be used.
    """

    link: str
    days: int


def invite_user(username: str, printed_name: str, email: str = "", anew: bool = False) -> Invited:
    """Make an account and an invitation; for one that has a password already, only if `anew`.

    Then the password is taken away and all sessions end; the second factor stays with its owner, so
    that whoever runs the server does not get into the account alone.

    Raises:
        UnusableInput: the name is another's or cannot be one, or the account is in use.
    """
    refuse_unmigrated()
    found = User.objects.filter(username=username).first()
    if found is None:
        return _link(invite(_made(username, printed_name, email), COMMAND_LINE))
    if not found.is_active:
        raise UnusableInput(
            "this account is deactivated", username, todo="activate it under People and rights"
        )
    if found.has_usable_password() and not anew:
        raise UnusableInput(
            "this account has a password already",
            username,
            todo="give --anew to take it away and invite anew",
        )
    if alone(found, ANEW, COMMAND_LINE):
        raise UnusableInput(
            "this account's second factor was just taken away from here",
            username,
            "both together would hand the account to one person",
            "let somebody else invite anew, under People and rights",
        )
    return _link(ANEW.do(found, COMMAND_LINE))


def _made(username: str, printed_name: str, email: str) -> User:
    form = InviteForm({"username": username, "printed_name": printed_name, "email": email})
    if not form.is_valid():
        why = [f"{name}: {' '.join(map(str, faults))}" for name, faults in form.errors.items()]
        raise UnusableInput(
            "this person cannot be invited",
            username,
            "; ".join(why),
            "give USER and --name as ledger and signatures show them",
        )
    said = form.cleaned_data
    return User.objects.create_user(said["username"], said["printed_name"], email=said["email"])


def _link(secret: str) -> Invited:
    path, hosts = reverse("invitation", args=[secret]), settings.CONFIGURATION.hosts
    named = hosts and hosts[0] not in LOOPBACK
    return Invited(f"https://{hosts[0]}{path}" if named else path, INVITED_FOR.days)
