"""Forms of the accounts."""

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gradatim.web.accounts.models import User
from gradatim.web.accounts.passwords import LONGEST, normalised


def password_field(label: Any, new: bool = False) -> forms.CharField:
    """Give a field for a password; it may be pasted, and shown."""
    kind = "new-password" if new else "current-password"
    widget = forms.PasswordInput(attrs={"autocomplete": kind, "data-password": ""})
    return forms.CharField(label=label, strip=False, max_length=LONGEST + 1, widget=widget)


class SignInForm(forms.Form):
    """Who somebody says they are, and the password."""

    username = forms.CharField(
        label=gettext_lazy("User"), max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )  # fmt: skip
    password = password_field(gettext_lazy("Password"))

    def __init__(self, request: HttpRequest, data: Any = None) -> None:
        super().__init__(data)
        self.request = request
        self.user: User | None = None

    def clean(self) -> dict[str, Any]:
        """Refuse without saying which of the two was wrong."""
        said = super().clean() or {}
        name, password = said.get("username"), said.get("password")
        if name and password:
            self.user = authenticate(self.request, username=name, password=normalised(password))
            if self.user is None:
                raise forms.ValidationError(_("User or password is wrong, or the account is not "
                                              "active."))  # fmt: skip
        return said


class CodeForm(forms.Form):
    """A one-time code, or a recovery code."""

    code = forms.CharField(label=gettext_lazy("One-time code"), max_length=20,
                           widget=forms.TextInput(attrs={"autocomplete": "one-time-code",
                                                         "inputmode": "numeric"}))  # fmt: skip


class NewPasswordForm(forms.Form):
    """A new password, twice, for it is not seen."""

    password = password_field(gettext_lazy("New password"), new=True)
    again = password_field(gettext_lazy("New password, again"), new=True)

    def __init__(self, user: Any, data: Any = None) -> None:
        super().__init__(data)
        self.user = user

    def clean_password(self) -> str:
        """Refuse what is too short, or easily guessed."""
        password = normalised(self.cleaned_data["password"])
        validate_password(password, self.user)
        return password

    def clean(self) -> dict[str, Any]:
        """Refuse two that differ."""
        said = super().clean() or {}
        if "password" in said and said["password"] != normalised(said.get("again", "")):
            self.add_error("again", _("The two are not the same."))
        return said


class ChangePasswordForm(NewPasswordForm):
    """The present password first."""

    present = password_field(gettext_lazy("Present password"))
    field_order = ("present", "password", "again")


class TokenForm(forms.Form):
    """A token for a program."""

    name = forms.CharField(label=gettext_lazy("What it is for"), max_length=100)
    role = forms.ChoiceField(label=gettext_lazy("Limited to"), required=False)

    def __init__(self, roles: list[tuple[str, Any]], data: Any = None) -> None:
        super().__init__(data)
        role = self.fields["role"]
        assert isinstance(role, forms.ChoiceField)
        role.choices = [("", _("all of my tasks")), *roles]


class InviteForm(forms.Form):
    """A new account."""

    username = forms.RegexField(
        r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\Z", max_length=64, label=gettext_lazy("User"),
        help_text=gettext_lazy("As the ledger will name this person."),
    )  # fmt: skip
    printed_name = forms.CharField(label=gettext_lazy("Name as printed in signatures"),
                                   max_length=200)  # fmt: skip
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False)
