"""Signing: whoever signs identifies themselves again.

Source: 21 CFR 11.200(a)(1): a signature takes two distinct components, here the account that is
signed in and its password, and with a second factor its code too. Nothing of it is kept.
"""

from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django import forms
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_otp import match_token
from django_otp.plugins.otp_totp.models import TOTPDevice


def has_device(user: Any) -> bool:
    """Whether a user has a confirmed second factor."""
    return bool(TOTPDevice.objects.filter(user=user, confirmed=True).exists())


class SignatureFields(forms.Form):
    """The password, and the code of whoever has a second factor."""

    password = forms.CharField(
        label=gettext_lazy("Password"), strip=False, max_length=256,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip
    code = forms.CharField(
        label=gettext_lazy("One-time code"), max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )  # fmt: skip

    def __init__(self, user: Any, data: Any = None) -> None:
        super().__init__(data)
        if not has_device(user):
            del self.fields["code"]


def verify(request: HttpRequest, password: str, code: str) -> str | None:
    """Say what is wrong with what a signer gave; None if nothing is. Failures count to lockout."""
    user: Any = request.user
    credentials = {"username": user.get_username(), "password": password}
    if not AxesProxyHandler.is_allowed(request, credentials):
        return _("Too many attempts. Wait a quarter of an hour.")
    if authenticate(request, **credentials) is None:
        return _("This is not your password.")
    if has_device(user) and match_token(user, code.replace(" ", "")) is None:
        return _("This code is not valid, or was used before. Wait for the next.")
    return None
