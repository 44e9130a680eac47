"""Signing in and out, and the way in by invitation."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from gradatim.conduct.access import access_of
from gradatim.web import clock
from gradatim.web.access import Request, public
from gradatim.web.accounts.attempts import Occasion
from gradatim.web.accounts.forms import BothForm, NewPasswordForm, SignInForm
from gradatim.web.accounts.identifying import forget_failures
from gradatim.web.accounts.invitations import accept, invited
from gradatim.web.accounts.lockout import asking_both, have_wait
from gradatim.web.accounts.models import User
from gradatim.web.accounts.second_factor import has_device
from gradatim.web.accounts.sessions import begin, leave, signed_in, verified
from gradatim.web.accounts.signing_keys import ensure_key


def next_page(request: HttpRequest) -> str:
    """Give where somebody wanted to go; if anywhere else than here, then to the overview."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    return wanted if safe else reverse("overview")


def _begun(request: Request, user: User, device: Any = None) -> HttpResponse:
    """Begin a session; whoever has no task is shown their account, which says so.

    Args:
        request: of whoever signs in.
        user: who showed the password.
        device: by which the second factor was shown as well; else it is asked for next.
    """
    begin(request, user)
    if device is not None:
        forget_failures(request, user.username, Occasion.SIGN_IN)
        verified(request, device)
    elif not settings.SECOND_FACTOR_REQUIRED and not has_device(user):
        forget_failures(request, user.username, Occasion.SIGN_IN)
        signed_in(request, user)
    tasks = access_of(request.trial.state, user.username, clock.now()).held
    return HttpResponseRedirect(next_page(request) if tasks else reverse("account"))


@public
@sensitive_post_parameters("password")
def sign_in(request: Request) -> HttpResponse:
    """Sign in with a password; the second factor is asked for afterwards, or both at once."""
    both = "code" in request.POST
    form = (BothForm if both else SignInForm)(request, request.POST or None)
    if request.method == "POST" and form.is_valid() and form.user is not None:
        ensure_key(form.user, form.cleaned_data["password"], request.trial.name)
        return _begun(request, form.user, form.device)
    wanted = request.POST.get("next") or request.GET.get("next", "")
    if form.wait:
        name = request.POST.get("username", "")
        asked = form if isinstance(form, BothForm) else asking_both(request, name)
        return have_wait(request, form.wait, asked, wanted)
    return render(
        request,
        "accounts/sign_in.html",
        {
            "form": form,
            "next": wanted,
            "ended": "ended" in request.GET,
            "lost": "lost" in request.GET,
        },
        status=422 if form.errors else 200,
    )


@public
@require_POST
def sign_out(request: Request) -> HttpResponse:
    """Sign out."""
    leave(request)
    return HttpResponseRedirect(reverse("sign-in"))


@public
@sensitive_post_parameters("password", "again")
def invitation(request: Request, token: str) -> HttpResponse:
    """Let an invited person choose a password."""
    found = invited(token)
    if found is None:
        raise Http404(_("This invitation was used, or has expired."))
    form = NewPasswordForm(found.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        if not accept(found, form.cleaned_data["password"]):
            raise Http404(_("This invitation was used, or has expired."))
        ensure_key(found.user, form.cleaned_data["password"], request.trial.name)
        return _begun(request, found.user)
    return render(
        request,
        "accounts/invitation.html",
        {"form": form, "invited": found.user},
        status=422 if form.errors else 200,
    )
