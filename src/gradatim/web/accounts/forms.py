"""Forms of the accounts."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gradatim.conduct.events.base import SYSTEM
from gradatim.web.accounts.attempts import Occasion
from gradatim.web.accounts.identifying import (
    both_shown,
    count_failure,
    identified,
    wait_in_words,
    wait_of,
)
from gradatim.web.accounts.lookalikes import appearance, unseen
from gradatim.web.accounts.models import USERNAME, User
from gradatim.web.accounts.second_factor import device_let_in_by, has_device

MOST_TYPED = 1024
"""Far more than a password may have: whatever is longer is refused, never cut off."""


def password_field(label: Any, new: bool = False) -> forms.CharField:
    """Give a field for a password; it may be pasted, and shown."""
    kind = "new-password" if new else "current-password"
    widget = forms.PasswordInput(attrs={"autocomplete": kind, "data-password": ""})
    return forms.CharField(label=label, strip=False, max_length=MOST_TYPED, widget=widget)


class SignInForm(forms.Form):
    """Who somebody says they are, and the password."""

    username = forms.CharField(
        label=gettext_lazy("User"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    password = password_field(gettext_lazy("Password"))

    def __init__(self, request: HttpRequest, data: Any = None, **more: Any) -> None:
        super().__init__(data, **more)
        self.request = request
        self.user: User | None = None
        self.device: Any = None
        self.wait = timedelta()

    def clean(self) -> dict[str, Any]:
        """Refuse without saying what was wrong."""
        said = super().clean() or {}
        if not self.errors:
            self.identify(said)
            if self.user is None:
                raise forms.ValidationError(self.refusal)
        return said

    refusal = gettext_lazy("User or password is wrong, or the account is not active.")

    def identify(self, said: dict[str, Any]) -> None:
        """Find the user, or how long to wait."""
        self.user, self.wait = identified(
            self.request, said["username"], said["password"], Occasion.SIGN_IN
        )


class BothForm(SignInForm):
    """The password and the second factor together, which lets in whoever others have locked."""

    code = forms.CharField(
        label=gettext_lazy("One-time code"),
        max_length=40,
        help_text=gettext_lazy("From the app on your device; or one of your recovery codes."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
    )
    refusal = gettext_lazy("User, password or code is wrong, or the account is not active.")

    def identify(self, said: dict[str, Any]) -> None:
        """Find the user by both; where nobody has to wait, failures count as they do elsewhere."""
        name = said["username"]
        self.wait = wait_of(self.request, name, Occasion.SIGN_IN)
        if self.wait:
            if found := both_shown(name, said["password"], said["code"]):
                self.user, self.device = found
            return
        super().identify(said)
        if self.user is None or not has_device(self.user):
            return
        self.device = device_let_in_by(self.user, said["code"])
        if self.device is None:
            count_failure(self.request, name, Occasion.SIGN_IN)
            self.user, self.wait = None, wait_of(self.request, name, Occasion.SIGN_IN)


class CodeForm(forms.Form):
    """A one-time code, or a recovery code."""

    code = forms.CharField(
        label=gettext_lazy("One-time code"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
    )


class NewPasswordForm(forms.Form):
    """A new password, twice, for it is not seen."""

    password = password_field(gettext_lazy("New password"), new=True)
    again = password_field(gettext_lazy("New password, again"), new=True)

    def __init__(self, user: Any, data: Any = None) -> None:
        super().__init__(data)
        self.user = user

    def clean_password(self) -> str:
        """Refuse what is too short, or easily guessed."""
        password: str = self.cleaned_data["password"]
        validate_password(password, self.user)
        return password

    def clean(self) -> dict[str, Any]:
        """Refuse two that differ."""
        said = super().clean() or {}
        if "password" in said and "again" in said and said["password"] != said["again"]:
            self.add_error("again", _("The two are not the same."))
        return said


class ChangePasswordForm(NewPasswordForm):
    """The present password first; it is compared last, when nothing else stands against it."""

    present = password_field(gettext_lazy("Present password"))
    field_order = ("present", "password", "again")

    def __init__(self, request: HttpRequest, data: Any = None) -> None:
        super().__init__(request.user, data)
        self.request = request

    def clean(self) -> dict[str, Any]:
        """Refuse a wrong present password, and a new one that is the present one."""
        said = super().clean()
        if self.errors:
            return said
        if said["password"] == said["present"]:
            self.add_error("password", _("This is the present password."))
        name = self.user.get_username()
        found = identified(self.request, name, said["present"], Occasion.SESSION)
        if found.wait:
            self.add_error("present", _("Too many attempts.") + " " + wait_in_words(found.wait))
        elif found.user is None:
            self.add_error("present", _("This is not your password."))
        return said


class TokenForm(forms.Form):
    """A token for a program."""

    name = forms.CharField(
        label=gettext_lazy("What it is for"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(label=gettext_lazy("Limited to"), required=False)

    def __init__(self, roles: list[tuple[str, Any]], data: Any = None) -> None:
        super().__init__(data)
        role = self.fields["role"]
        assert isinstance(role, forms.ChoiceField)
        role.choices = [("", _("all of my tasks")), *roles]


class InviteForm(forms.Form):
    """A new account."""

    username = forms.RegexField(
        USERNAME,
        max_length=64,
        label=gettext_lazy("User"),
        help_text=gettext_lazy("As the ledger will name this person: letters, digits and . _ : -"),
    )
    printed_name = forms.CharField(
        label=gettext_lazy("Name as printed in signatures"), max_length=200
    )
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False)

    def clean_username(self) -> str:
        """Refuse a name that is another's, or could be taken for it."""
        name: str = self.cleaned_data["username"]
        if name.casefold() == SYSTEM:
            raise forms.ValidationError(_("This is the name of the system itself."))
        if User.objects.filter(username__iexact=name).exists():
            raise forms.ValidationError(_("There is an account of this name already."))
        if appearance(name) in _appearances("username"):
            raise forms.ValidationError(_("There is an account of a name that looks like this."))
        return name

    def clean_printed_name(self) -> str:
        """Refuse a name that is printed like another's, or has signs that nobody sees."""
        name: str = self.cleaned_data["printed_name"]
        if unseen(name):
            raise forms.ValidationError(_("This name has signs that are not seen: type it anew."))
        if appearance(name) in _appearances("printed_name"):
            raise forms.ValidationError(
                _(
                    "Somebody signs by this name, or one that looks like it: add what tells them "
                    "apart, such as an initial or the department."
                )
            )
        return name


def _appearances(field: str) -> set[str]:
    return {appearance(name) for name in User.objects.values_list(field, flat=True)}
