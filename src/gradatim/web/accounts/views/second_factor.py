"""The second factor: asked for, set up, removed; recovery codes."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from gradatim.web.access import Request, public
from gradatim.web.accounts import second_factor as factor
from gradatim.web.accounts.attempts import Occasion
from gradatim.web.accounts.forms import CodeForm
from gradatim.web.accounts.identifying import count_failure, forget_failures, wait_of
from gradatim.web.accounts.lockout import asking_both, have_wait
from gradatim.web.accounts.models import What, note
from gradatim.web.accounts.sessions import verified
from gradatim.web.accounts.signing import LettingInFields, SignatureFields, confirmed
from gradatim.web.accounts.views.decorators import own
from gradatim.web.accounts.views.sign_in import next_page


@public
@own
def second_factor(request: Request) -> HttpResponse:
    """Ask for the one-time code, or a recovery code."""
    user: Any = request.user
    if user.is_verified() or not factor.has_device(user):
        return HttpResponseRedirect(next_page(request))
    if wait := wait_of(request, user.username, Occasion.SIGN_IN):
        asked = asking_both(request, user.username)
        return have_wait(request, wait, asked, next_page(request))
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if (device := factor.device_let_in_by(user, form.cleaned_data["code"])) is not None:
            forget_failures(request, user.username, Occasion.SIGN_IN)
            verified(request, device)
            return HttpResponseRedirect(next_page(request))
        count_failure(request, user.username, Occasion.SIGN_IN)
        form.add_error("code", _("This code is not valid, or was used before. Wait for the next."))
    return render(
        request,
        "accounts/second_factor.html",
        {
            "form": form,
            "next": next_page(request),
        },
        status=422 if form.errors else 200,
    )


@public
@own
def set_up(request: Request) -> HttpResponse:
    """Set a second factor up: scan the code, and prove that it works."""
    user: Any = request.user
    if factor.has_device(user):
        return HttpResponseRedirect(reverse("account"))
    form = CodeForm(request.POST or None)
    shown = factor.device_shown(request, request.POST.get("shown", ""))
    device = shown or factor.new_device(user)
    if request.method == "POST" and form.is_valid():
        if shown and factor.confirm(user, shown, form.cleaned_data["code"]):
            forget_failures(request, user.username, Occasion.SIGN_IN)
            verified(request, shown)
            return _codes_shown(request)
        form.add_error("code", _not_confirmed(shown is not None))
    return render(
        request,
        "accounts/second_factor_setup.html",
        {
            "form": form,
            "shown": factor.signed_for(request, device),
            "picture": factor.picture(device),
            "secret": factor.secret(device),
        },
        status=422 if form.errors else 200,
    )


def _not_confirmed(shown: bool) -> str:
    if shown:
        return _("This code is not valid. Is the clock of the device right?")
    return _("The code that you scanned is too old, or of another window. Scan this one.")


@public
@own
def recovery_codes(request: Request) -> HttpResponse:
    """Make new recovery codes, after the user has identified themselves again."""
    if not factor.has_device(request.user):
        return HttpResponseRedirect(reverse("account"))
    form = SignatureFields(request.user, request.POST or None)
    if request.method == "POST" and confirmed(request, form):
        return _codes_shown(request)
    return _asked(
        request, form, _("Make new recovery codes"), _("The earlier ones no longer count.")
    )


@public
@own
def remove(request: Request) -> HttpResponse:
    """Remove the second factor, lost or not, so that another can be set up."""
    user: Any = request.user
    if not factor.has_device(user):
        return HttpResponseRedirect(reverse("second-factor-setup"))
    form = LettingInFields(user, request.POST or None)
    if request.method == "POST" and confirmed(request, form, factor.device_let_in_by):
        factor.remove_devices(user, user.username)
        note(user, What.FACTOR_REMOVED)
        messages.success(request, _("The second factor was removed. Set up another."))
        return HttpResponseRedirect(reverse("second-factor-setup"))
    return _asked(
        request,
        form,
        _("Set up another second factor"),
        _("The present one, its recovery codes and tokens for programs no longer count."),
    )


def _codes_shown(request: Request) -> HttpResponse:
    user: Any = request.user
    codes = factor.make_recovery_codes(user)
    return render(request, "accounts/recovery_codes.html", {"codes": codes})


def _asked(request: Request, form: SignatureFields, what: str, effect: str) -> HttpResponse:
    return render(
        request,
        "accounts/confirm.html",
        {
            "what": what,
            "effect": effect,
            "form": form,
            "back": reverse("account"),
        },
        status=422 if form.errors else 200,
    )
