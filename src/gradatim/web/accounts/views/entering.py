"""Signing in and out, the second factor, and the way in by invitation."""

from typing import Any

import segno
from django.contrib.auth import login, logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from django_otp import login as otp_login
from django_otp import match_token
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from gradatim.web.access import public
from gradatim.web.accounts.forms import CodeForm, NewPasswordForm, SignInForm
from gradatim.web.accounts.signing import has_device
from gradatim.web.accounts.tokens import invited

RECOVERY_CODES = 10
BACKEND = "django.contrib.auth.backends.ModelBackend"


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()})
    return wanted if safe else reverse("overview")


@public
@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in with a password; the second factor is asked for afterwards."""
    form = SignInForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        login(request, form.user)
        return HttpResponseRedirect(_next(request))
    return render(request, "accounts/sign_in.html", {
        "form": form, "next": request.GET.get("next", ""), "ended": "ended" in request.GET,
    }, status=422 if form.errors else 200)  # fmt: skip


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out."""
    logout(request)
    return HttpResponseRedirect(reverse("sign-in"))


@public
@never_cache
def second_factor(request: HttpRequest) -> HttpResponse:
    """Ask for the one-time code, or a recovery code."""
    if not request.user.is_authenticated:
        return HttpResponseRedirect(reverse("sign-in"))
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        device = match_token(request.user, form.cleaned_data["code"].replace(" ", ""))
        if device is not None:
            otp_login(request, device)
            return HttpResponseRedirect(_next(request))
        form.add_error("code", _("This code is not valid, or was used before."))
    return render(request, "accounts/second_factor.html", {"form": form},
                  status=422 if form.errors else 200)  # fmt: skip


@public
@never_cache
def second_factor_setup(request: HttpRequest) -> HttpResponse:
    """Set a second factor up: scan the code, and prove that it works."""
    user: Any = request.user
    if not user.is_authenticated:
        return HttpResponseRedirect(reverse("sign-in"))
    if has_device(user):
        return HttpResponseRedirect(reverse("account"))
    device, _made = TOTPDevice.objects.get_or_create(user=user, confirmed=False,
                                                     defaults={"name": "app"})  # fmt: skip
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if device.verify_token(form.cleaned_data["code"].replace(" ", "")):
            return _confirmed(request, device)
        form.add_error("code", _("This code is not valid. Is the clock of the device right?"))
    picture = segno.make(device.config_url, error="m").svg_inline(scale=5, border=2, light="white",
                                                                  omitsize=False)  # fmt: skip
    secret = device.config_url.partition("secret=")[2].partition("&")[0]
    return render(request, "accounts/second_factor_setup.html",
                  {"form": form, "picture": picture, "secret": secret},
                  status=422 if form.errors else 200)  # fmt: skip


def _confirmed(request: HttpRequest, device: Any) -> HttpResponse:
    device.confirmed = True
    device.save()
    otp_login(request, device)
    return render(request, "accounts/recovery_codes.html", {"codes": new_codes(request.user)})


def new_codes(user: Any) -> list[str]:
    """Make recovery codes, each to be used once; earlier ones no longer count."""
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="recovery")
    codes = [StaticToken.random_token() for _n in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=one) for one in codes)
    return codes


@public
@never_cache
@sensitive_post_parameters("password", "again")
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Let a new user choose a password."""
    found = invited(token, timezone.now())
    if found is None:
        raise Http404(_("This invitation was used, or has expired."))
    form = NewPasswordForm(found.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        found.user.set_password(form.cleaned_data["password"])
        found.user.must_change_password = False
        found.user.save()
        found.used_at = timezone.now()
        found.save()
        login(request, found.user, backend=BACKEND)
        return HttpResponseRedirect(reverse("overview"))
    return render(request, "accounts/invitation.html", {"form": form, "invited": found.user},
                  status=422 if form.errors else 200)  # fmt: skip
