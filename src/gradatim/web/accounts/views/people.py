"""People and rights: the delegation log, training, accounts, sites."""

from typing import Any, NamedTuple

from axes.models import AccessAttempt
from axes.utils import reset
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_otp.plugins.otp_totp.models import TOTPDevice

from gradatim.conduct.events.trial import RoleGranted, RoleRevoked, SiteOpened
from gradatim.conduct.state import State
from gradatim.web.access import Access, Request, page
from gradatim.web.accounts.forms import InviteForm
from gradatim.web.accounts.models import User
from gradatim.web.accounts.tokens import make_invitation


class Delegated(NamedTuple):
    """A line of the delegation log."""

    user: str
    role: str
    site: str
    since: Any
    by: str
    until: Any


class Person(NamedTuple):
    """Somebody with a task or an account, and how their account stands."""

    user: str
    name: str
    tasks: list[tuple[str, str]]
    trained: list[str]
    lacks_training: bool
    status: str


def delegations(state: State) -> list[Delegated]:
    """Give the delegation log, in the order in which tasks were given."""
    open_: dict[tuple[str, str, str], Delegated] = {}
    closed = []
    for event in state.events.values():
        if isinstance(event, RoleGranted):
            key = (event.user, event.role, event.site)
            open_[key] = Delegated(*key, event.recorded_at, event.recorded_by, None)
        elif isinstance(event, RoleRevoked):
            key = (event.user, event.role, event.site)
            if key in open_:
                closed.append(open_.pop(key)._replace(until=event.recorded_at))
    return sorted([*open_.values(), *closed], key=lambda one: one.since)


@page("people")
def people(request: Request) -> HttpResponse:
    """Show who has which task where, who was trained on what, and how accounts stand."""
    access: Access = request.access
    sites = access.sites("people")
    log = [one for one in delegations(access.state) if not one.site or one.site in sites]
    return render(request, "accounts/people.html", {
        "people": _people(access.state, {one.user for one in log}), "log": log,
        "sites": _sites(access.state, sites), "may_invite": access.sites_for("RoleGranted"),
        "second_factor": settings.SECOND_FACTOR_REQUIRED,
    })  # fmt: skip


def _sites(state: State, seen: frozenset[str]) -> list[tuple[str, str, str, str]]:
    opened = {one.site: one for one in state.events.values() if isinstance(one, SiteOpened)}
    return [(site, opened[site].name, status, opened[site].principal_investigator)
            for site, status in state.sites.items() if site in seen and site in opened]  # fmt: skip


def _people(state: State, users: set[str]) -> list[Person]:
    accounts = {one.username: one for one in User.objects.filter(username__in=users)}
    verified = set(TOTPDevice.objects.filter(confirmed=True).values_list("user_id", flat=True))
    tried = AccessAttempt.objects.filter(failures_since_start__gte=settings.AXES_FAILURE_LIMIT)
    locked = set(tried.values_list("username", flat=True))
    version = state.version.version if state.version else ""
    found = []
    for user in sorted(users):
        tasks = sorted((site, role) for (name, site), roles in state.roles.items()
                       for role in roles if name == user)  # fmt: skip
        one, trained = accounts.get(user), sorted(state.training.get(user, ()))
        at_site = any(site for site, _role in tasks)
        found.append(Person(user, one.printed_name if one else "", tasks, trained,
                            bool(at_site and version and version not in trained),
                            _status(one, verified, locked)))  # fmt: skip
    return found


def _status(one: User | None, verified: set[int], locked: set[str]) -> str:
    if one is None:
        return "no account"
    if not one.is_active:
        return "deactivated"
    if one.username in locked:
        return "locked"
    if not one.has_usable_password():
        return "invited"
    return "active" if one.pk in verified else "no second factor"


def _may_manage(access: Access, username: str = "") -> bool:
    """Whether a user may manage an account: whoever delegates tasks where its person has any."""
    if access.may("RoleGranted"):
        return True
    theirs = {site for (name, site), roles in access.state.roles.items()
              if name == username and roles}  # fmt: skip
    mine = set(access.sites_for("RoleGranted"))
    return bool(mine) and (not username or not theirs or theirs <= mine)


@page("people")
def invite(request: Request) -> HttpResponse:
    """Make an account, and a link by which its person chooses a password; it is shown once."""
    access: Access = request.access
    if not _may_manage(access):
        raise Http404(_("There is no such page."))
    form = InviteForm(request.POST or None, initial={"username": request.GET.get("user", "")})
    link, user = "", None
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        user = User.objects.filter(username=said["username"]).first()
        if user is not None and user.has_usable_password():
            form.add_error("username", _("There is an account of this name already."))
        elif not _may_manage(access, said["username"]):
            form.add_error("username", _("This person has tasks elsewhere."))
        else:
            user = user or User.objects.create_user(said["username"], said["printed_name"],
                                                    email=said["email"])  # fmt: skip
            link = _link(request, user)
    return render(request, "accounts/invite.html", {"form": form, "link": link, "invited": user},
                  status=422 if form.errors else 200)  # fmt: skip


def _link(request: Request, user: User) -> str:
    token = make_invitation(user, request.user.get_username())
    return request.build_absolute_uri(reverse("invitation", args=[token]))


@page("people")
@require_POST
def manage(request: Request, username: str, what: str) -> HttpResponse:
    """Unlock, deactivate or activate an account, or reset it: invited anew, no second factor."""
    access: Access = request.access
    user = User.objects.filter(username=username).first()
    if user is None or not _may_manage(access, username) or what not in MANAGED:
        raise Http404(_("There is no such account."))
    if user.username == access.user:
        messages.error(request, _("Nobody manages an account of their own."))
        return HttpResponseRedirect(reverse("people"))
    link = MANAGED[what](request, user)
    if link:
        return render(request, "accounts/invite.html", {"link": link, "invited": user})
    messages.success(request, _("Done."))
    return HttpResponseRedirect(reverse("people"))


def _unlock(request: Request, user: User) -> None:
    reset(username=user.username)


def _activity(active: bool) -> Any:
    def change(request: Request, user: User) -> None:
        user.is_active = active
        user.save()

    return change


def _reset(request: Request, user: User) -> str:
    user.set_unusable_password()
    user.save()
    TOTPDevice.objects.filter(user=user).delete()
    return _link(request, user)


MANAGED = {"unlock": _unlock, "deactivate": _activity(False), "activate": _activity(True),
           "reset": _reset}  # fmt: skip
