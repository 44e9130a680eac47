"""One's own account: password, second factor, sessions, tokens."""

from typing import Any, NamedTuple

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.sessions.models import Session
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from gradatim.web.access import Access, Request, public
from gradatim.web.accounts.forms import ChangePasswordForm, TokenForm
from gradatim.web.accounts.models import ApiToken
from gradatim.web.accounts.signing import has_device, verify
from gradatim.web.accounts.tokens import make_token
from gradatim.web.forms.wording import choice_words


class Mine(NamedTuple):
    """A session of one's own."""

    handle: str
    seen: float
    began: float
    here: bool


def _signed_in(request: Request) -> HttpResponse | None:
    if request.user.is_authenticated:
        return None
    return HttpResponseRedirect(f"{reverse('sign-in')}?next={request.path}")


@public
def account(request: Request) -> HttpResponse:
    """Show one's account; make a token for a program."""
    if (elsewhere := _signed_in(request)) is not None:
        return elsewhere
    user: Any = request.user
    access: Access = request.access
    form = TokenForm([(role, choice_words("role", role)) for role in access.held],
                     request.POST or None)  # fmt: skip
    made = ""
    if request.method == "POST" and form.is_valid():
        made = make_token(user, form.cleaned_data["name"], form.cleaned_data["role"])
    return render(request, "accounts/account.html", {
        "form": form, "made": made, "sessions": sessions_of(request),
        "tokens": user.tokens.filter(revoked_at=None).order_by("-created_at"),
        "held": sorted((role, sorted(sites)) for role, sites in access.held.items()),
        "trained": sorted(access.state.training.get(user.username, ())),
        "has_device": has_device(user),
    }, status=422 if form.errors else 200)  # fmt: skip


def sessions_of(request: Request) -> list[Mine]:
    """Give the sessions of the user that have not ended; a handle names one without its key."""
    found = []
    for one in Session.objects.filter(expire_date__gt=timezone.now()):
        data = one.get_decoded()
        if data.get("_auth_user_id") == str(request.user.pk):
            found.append(Mine(one.session_key[-6:], data.get("seen", 0), data.get("began", 0),
                              one.session_key == request.session.session_key))  # fmt: skip
    return found


@public
@require_POST
def end_session(request: Request, handle: str) -> HttpResponse:
    """End one of one's own sessions."""
    for one in Session.objects.filter(session_key__endswith=handle):
        if one.get_decoded().get("_auth_user_id") == str(request.user.pk):
            one.delete()
            messages.success(request, _("The session has ended."))
    return HttpResponseRedirect(reverse("account"))


@public
@require_POST
def revoke_token(request: Request, id: int) -> HttpResponse:
    """Revoke one of one's own tokens."""
    if request.user.is_authenticated:
        ApiToken.objects.filter(user=request.user, pk=id).update(revoked_at=timezone.now())
    return HttpResponseRedirect(reverse("account"))


@public
@sensitive_post_parameters("present", "password", "again")
def password(request: Request) -> HttpResponse:
    """Change one's password; all other sessions end."""
    if (elsewhere := _signed_in(request)) is not None:
        return elsewhere
    user: Any = request.user
    form = ChangePasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        if user.check_password(form.cleaned_data["present"]):
            user.set_password(form.cleaned_data["password"])
            user.must_change_password = False
            user.save()
            update_session_auth_hash(request, user)
            messages.success(request, _("The password was changed; all other sessions have ended."))
            return HttpResponseRedirect(reverse("account"))
        fault = verify(request, form.cleaned_data["present"], "")  # counts towards the lockout
        form.add_error("present", fault or _("This is not your password."))
    return render(request, "accounts/password.html", {"form": form},
                  status=422 if form.errors else 200)  # fmt: skip
