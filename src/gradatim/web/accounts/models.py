"""Credentials: users, invitations, tokens. Nothing of the trial stands here."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

INVITED_FOR = timedelta(days=7)
TOKEN_FOR = timedelta(days=90)


class Users(BaseUserManager["User"]):
    """Makes users."""

    def create_user(self, username: str, printed_name: str, password: str | None = None,
                    **more: Any) -> "User":  # fmt: skip
        """Make a user; without a password one that cannot sign in yet."""
        user = self.model(username=username, printed_name=printed_name, **more)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person, under the identifier by which the ledger knows them.

    An account is never deleted: its identifier stands in the ledger. It is deactivated.
    """

    username = models.CharField(
        _("user"), max_length=64, unique=True,
        validators=[RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\Z")],
    )  # fmt: skip
    printed_name = models.CharField(_("name as printed in signatures"), max_length=200)
    email = models.EmailField(_("e-mail"), blank=True)
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["printed_name"]
    objects = Users()

    def __str__(self) -> str:
        """The identifier."""
        return self.username


class Invitation(models.Model):
    """A link that lets a new user choose a password, once; only its hash is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="invitations")
    hashed = models.CharField(max_length=64, unique=True)
    made_by = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        """Whose it is."""
        return f"invitation of {self.user}"

    @property
    def expires_at(self) -> datetime:
        """When it can no longer be used."""
        return self.made_at + INVITED_FOR


class ApiToken(models.Model):
    """A token by which a program acts for a user, with one role or all; only its hash is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(_("name"), max_length=100)
    role = models.CharField(_("limited to"), max_length=40, blank=True)
    hashed = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        """Its name."""
        return self.name
