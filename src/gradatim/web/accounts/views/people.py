"""People and rights: the delegation log, training, accounts, sites."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from gradatim.conduct.access import Access
from gradatim.conduct.signers import identified_by
from gradatim.conduct.views.delegation_log import (
    DelegatedTask,
    delegation_log,
    has_tasks,
    may_confirm,
    sites_of,
    versions_in_force,
)
from gradatim.web.access import Request, page
from gradatim.web.accounts.directory import TeamMember, may_manage, people_of
from gradatim.web.accounts.forms import InviteForm
from gradatim.web.accounts.invitations import invite as make_invitation
from gradatim.web.accounts.managing import alone, asked_by, perform, possible, waits_for_another
from gradatim.web.accounts.models import User
from gradatim.web.accounts.signing import SignatureFields, confirmed
from gradatim.web.clock import now


class DelegationLine(NamedTuple):
    """A line of the delegation log as its page shows it.

    Args:
        task: what was given.
        lapsed: whether it was urgent, waits, and works no longer.
        confirmable: whether the viewer is the second person who may confirm it.
    """

    task: DelegatedTask
    lapsed: bool
    confirmable: bool


def _lines(access: Access, log: Iterable[DelegatedTask]) -> list[DelegationLine]:
    """Return the lines of the log that a viewer sees."""
    at, sites = now(), access.sites("people") | {""}
    return [
        DelegationLine(
            one,
            one.waits and one.lapses is not None and one.lapses < at,
            may_confirm(access, one.position),
        )
        for one in log
        if one.site in sites
    ]


@page("people")
def people(request: Request) -> HttpResponse:
    """Show who has which task where, who was trained on what, and how accounts stand."""
    access = request.access
    return render(
        request,
        "accounts/people.html",
        {
            "people": people_of(access),
            "in_force": versions_in_force(access.state),
            "log": _lines(access, delegation_log(access.state)),
            "sites": sites_of(access.state, access.sites("people")),
            "may_invite": access.sites_for("RoleGranted"),
            "real": access.state.mode == "real",
        },
    )


@page("people")
def person(request: Request, username: str) -> HttpResponse:
    """Show one person: tasks, training, and what was done to the account."""
    access = request.access
    one = _seen(access, username)
    account = User.objects.filter(username=username).first()
    log = (at for at in delegation_log(access.state) if at.user == username)
    manageable = account is not None and one.manageable
    return render(
        request,
        "accounts/person.html",
        {
            "one": one,
            "account": account,
            "in_force": versions_in_force(access.state),
            "log": _lines(access, log),
            "possible": possible(account, one.status) if account and manageable else {},
            "shows_acts": manageable,
            "acts": account.acts.order_by("-at", "-pk") if account and manageable else [],
            "identified": identified_by(access.state, username),
            "real": access.state.mode == "real",
        },
    )


def _seen(access: Access, username: str) -> TeamMember:
    found = next((one for one in people_of(access) if one.user == username), None)
    if found is None:
        raise Http404(_("There is no such person."))
    return found


@page("people")
def invite(request: Request) -> HttpResponse:
    """Make an account, and a link by which its person chooses a password; it is shown once."""
    access = request.access
    if not access.sites_for("RoleGranted"):
        raise Http404(_("There is no such page."))
    form = InviteForm(request.POST or None, initial={"username": request.GET.get("user", "")})
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        if _may_invite(access, said["username"]):
            user = User.objects.create_user(
                said["username"], said["printed_name"], email=said["email"]
            )
            return _link_shown(request, user, make_invitation(user, access.user))
        form.add_error("username", _("This name cannot be invited by you."))
    return render(
        request, "accounts/invite.html", {"form": form}, status=422 if form.errors else 200
    )


def _may_invite(access: Access, username: str) -> bool:
    """Whether a user may make this account: whom the ledger does not know yet, anybody may."""
    if has_tasks(access.state, username):
        return may_manage(access, username)
    return username != access.user


def _link_shown(request: Request, user: User, secret: str) -> HttpResponse:
    link = request.build_absolute_uri(reverse("invitation", args=[secret]))
    return render(request, "accounts/invited.html", {"link": link, "invited": user})


@page("people")
def manage(request: Request, username: str, what: str) -> HttpResponse:
    """Do something to the account of another, having identified oneself again."""
    access = request.access
    one, user = _seen(access, username), User.objects.filter(username=username).first()
    managed = possible(user, one.status).get(what) if user and one.manageable else None
    if user is None or managed is None:
        raise Http404(_("There is no such account."))
    form = SignatureFields(request.user, request.POST or None)
    against = _against(user, managed, access.user)
    if request.method == "POST" and not against and confirmed(request, form):
        asks = waits_for_another(user, managed, access.user)
        if secret := perform(user, managed, access.user):
            return _link_shown(request, user, secret)
        done = _("Asked for: another person does it within a week.") if asks else _("Done.")
        messages.success(request, done)
        return HttpResponseRedirect(reverse("person", args=[username]))
    status = 403 if against else 422 if form.errors else 200
    return render(
        request,
        "accounts/confirm.html",
        {
            "what": managed.label,
            "effect": managed.effect,
            "about": f"{one.name} ({one.user})",
            "asked_by": asked_by(user, managed) if managed.asked else "",
            "against": against,
            "form": form,
            "back": reverse("person", args=[username]),
        },
        status=status,
    )


def _against(user: User, managed: Any, by: str) -> str:
    if not alone(user, managed, by):
        return ""
    return _(
        "You have already taken the other of password and second factor away, or made the "
        "invitation. Nobody can have both: this takes a second person, or that the owner "
        "signs in first."
    )
