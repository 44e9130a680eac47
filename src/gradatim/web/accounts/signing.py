"""Signing: whoever signs identifies themselves again, and so opens the key by which they sign.

Source: 21 CFR 11.200(a)(1): a signature takes two distinct components, here the account that is
signed in and its password, and with a second factor its code too. The first signature of a session
takes all of it, later ones of the same session the password (11.200(a)(1)(i)); whatever changes an
account takes all of it each time. Nothing of it is kept but the signature. Failures are counted
(11.300(d)), apart from those of signing in: only who is in a session has it wait.
"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gradatim.conduct.trial import Trial
from gradatim.web.accounts.adopting import adopt_key
from gradatim.web.accounts.attempts import Occasion
from gradatim.web.accounts.identifying import (
    count_failure,
    forget_failures,
    identified_in_session,
    wait_in_words,
)
from gradatim.web.accounts.second_factor import device_accepting, has_device

Accepting = Callable[[Any, str], Any]
SIGNED = "signed_with_all_components"
"""Where a session notes that its user has signed with all components; it ends with the session."""


class SignatureFields(forms.Form):
    """The password, and the code of whoever has a second factor."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    code = forms.CharField(
        label=gettext_lazy("One-time code"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def __init__(self, user: Any, data: Any = None, prefix: str | None = None) -> None:
        super().__init__(data, prefix=prefix)
        if not has_device(user):
            del self.fields["code"]


class SigningFields(SignatureFields):
    """What an act is signed with: all components at the first in a session, then the password."""

    def __init__(self, request: HttpRequest, data: Any = None, prefix: str | None = None) -> None:
        super().__init__(request.user, data, prefix)
        if request.session.get(SIGNED):
            self.fields.pop("code", None)


class LettingInFields(SignatureFields):
    """As for a signature; but a recovery code, which has letters, stands in for a lost device."""

    code = forms.CharField(
        label=gettext_lazy("One-time code"),
        max_length=40,
        help_text=gettext_lazy("From the app on your device; or one of your recovery codes."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
    )


def verify_signer(
    request: HttpRequest, password: str, code: str, accepting: Accepting = device_accepting
) -> str | None:
    """Say what is wrong with what a signer gave; None if nothing is. Failures count to lockout.

    Of whom nothing is wrong, `request.signer` is what signs by their key, for this request.

    Args:
        request: of the signer.
        password: as typed.
        code: as typed; not looked at where the signer has no second factor.
        accepting: gives the device that a code of a user is good for, or None.
    """
    user: Any = request.user
    name = user.get_username()
    trial: Trial = request.trial  # type: ignore[attr-defined]
    found = identified_in_session(request, user, password, trial.name)
    if found.wait:
        return _("Too many attempts.") + " " + wait_in_words(found.wait)
    if found.signer is None:
        return _("This is not your password.")
    if has_device(user) and accepting(user, code) is None:
        count_failure(request, name, Occasion.SESSION)
        return _("This code is not valid, or was used before. Wait for the next.")
    forget_failures(request, name, Occasion.SESSION)
    request.signer = found.signer  # type: ignore[attr-defined]
    return None


def signed_by(request: HttpRequest, form: SigningFields) -> bool:
    """Whether a form shows that an act is signed by the user of a session, which is noted in it.

    Source: 21 CFR 11.200(a)(1)(i): of a series of signings in one continuous period of access the
    first takes all components, each later one at least one that only the signer can use. The period
    is the session: it ends by rest, and signing in anew or another second factor begins another.

    Raises:
        UnusableInput: the signer has a key that the trial does not know yet, and records nothing.
    """
    accepting = _shown_before if request.session.get(SIGNED) else device_accepting
    if not confirmed(request, form, accepting):
        return False
    adopt_key(request.trial, request.user)  # type: ignore[attr-defined,arg-type]
    request.session[SIGNED] = True
    form.fields.pop("code", None)  # a form that comes back asks for it no more
    return True


def _shown_before(user: Any, _code: str) -> Any:
    """Return the user, whose code was taken at an earlier signature of the session."""
    return user


def confirmed(
    request: HttpRequest, form: SignatureFields, accepting: Accepting = device_accepting
) -> bool:
    """Whether a form shows that the user of a session is still the one who signed in."""
    if not form.is_valid():
        return False
    said = form.cleaned_data
    if fault := verify_signer(request, said["password"], said.get("code", ""), accepting):
        form.add_error("password", fault)
        return False
    return True
