"""Credentials: users, invitations, tokens, recovery codes, and what was done to accounts.

Nothing of the trial stands here: who has which task, and who was trained, is in the ledger.
"""

import logging
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from gradatim.core.errors import Defect
from gradatim.web.accounts.passwords import normalised
from gradatim.web.accounts.seeds import is_sealed, open_seed, seal_seed

LOG = logging.getLogger("gradatim.accounts")
INVITED_FOR = timedelta(days=7)
TOKEN_FOR = timedelta(days=90)
USERNAME = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\Z"
"""As `gradatim.conduct.events.base.Id`: the ledger knows a user by it."""


class Users(BaseUserManager["User"]):
    """Makes users."""

    def create_user(
        self, username: str, printed_name: str, password: str | None = None, **more: Any
    ) -> "User":
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
        _("user"), max_length=64, unique=True, validators=[RegexValidator(USERNAME)]
    )
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

    def set_password(self, raw_password: str | None) -> None:
        """Keep a password in its normal form, so that every keyboard gives the same one."""
        super().set_password(None if raw_password is None else normalised(raw_password))

    def choose_password(self, password: str) -> None:
        """Keep a password that its owner chose.

        Nothing else is written: the account may have been deactivated since it was read.
        """
        self.set_password(password)
        self.must_change_password = False
        self.save(update_fields=["password", "must_change_password"])

    def check_password(self, raw_password: str | None) -> bool:
        """Whether it is the user's password."""
        return super().check_password(None if raw_password is None else normalised(raw_password))


class Invitation(models.Model):
    """A link that lets a user choose a password, once; only its hash is kept."""

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


class SigningKey(models.Model):
    """The key by which a person signs, sealed: see `accounts.signing_keys`.

    `public_key` and `proof`, in hex, are as the ledger has them; `of_password` tells under which
    password it is sealed. Of one that was replaced nothing but the public key is kept.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="signing_keys")
    public_key = models.CharField(max_length=64, unique=True)
    proof = models.CharField(max_length=128)
    trial = models.CharField(max_length=200)
    sealed = models.CharField(max_length=400, blank=True)
    of_password = models.CharField(max_length=64)
    invited_by = models.CharField(max_length=64, blank=True)
    made_at = models.DateTimeField(default=timezone.now)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        """A person has one key at a time."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(retired_at=None), name="one_key_at_a_time"
            )
        ]

    def __str__(self) -> str:
        """Whose it is."""
        return f"key of {self.user}"


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


class AppDevice(TOTPDevice):  # type: ignore[misc]
    """An app that shows one-time codes; in the database its seed stands sealed."""

    class Meta:
        """The table is that of django-otp."""

        proxy = True

    @property
    def bin_key(self) -> bytes:
        """The seed.

        Raises:
            Defect: it was sealed under a secret that is not known.
        """
        if (seed := self._seed()) is None:
            raise Defect(f"the seed of device {self.pk} cannot be opened")
        return seed

    def verify_token(self, token: str) -> bool:
        """Whether a code is the device's; none is where its seed cannot be opened."""
        if self._seed() is None:
            LOG.warning("a second factor is sealed under another secret")
            return False
        return bool(super().verify_token(token))

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the device, its seed sealed."""
        if not is_sealed(self.key):
            self.key: str = seal_seed(self.bin_key, self.user_id, settings.SECRET_KEY)
        super().save(*args, **kwargs)

    def seal_anew(self) -> bool:
        """Seal the seed under the secret of now; False if no secret that is known opens it."""
        if (seed := self._seed()) is None:
            return False
        if not is_sealed(self.key) or open_seed(self.key, self.user_id, _secrets()[:1]) is None:
            sealed = seal_seed(seed, self.user_id, settings.SECRET_KEY)
            AppDevice.objects.filter(pk=self.pk, key=self.key).update(key=sealed)
        return True

    def _seed(self) -> bytes | None:
        return open_seed(self.key, self.user_id, _secrets())


def _secrets() -> list[str]:
    """Return the secret of now, and the one before while it is named."""
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


class RecoveryCode(models.Model):
    """A code that stands in for a lost device, once; only its hash is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    hashed = models.CharField(max_length=64, unique=True)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        """Whose it is."""
        return f"recovery code of {self.user}"


class AccountAct(models.Model):
    """What was done to or with an account, by whom and when. It is only ever added to."""

    class What(models.TextChoices):
        """What was done."""

        INVITED = "invited", _("Invited")
        PASSWORD_CHOSEN = "password chosen", _("Password chosen by invitation")
        PASSWORD_CHANGED = "password changed", _("Password changed")
        PASSWORD_RESET = "password reset", _("Password taken away, invited anew")
        FACTOR_SET_UP = "factor set up", _("Second factor set up")
        FACTOR_REMOVED = "factor removed", _("Second factor removed by its owner")
        FACTOR_RESET = "factor reset", _("Second factor taken away")
        FACTOR_RESET_ASKED = "factor reset asked", _("Asked that the second factor be taken away")
        CODES_MADE = "codes made", _("Recovery codes made")
        CODE_USED = "code used", _("Recovery code used")
        SIGNED_IN = "signed in", _("Signed in")
        SIGNED_OUT = "signed out", _("Signed out")
        SESSION_EXPIRED = "session expired", _("Session ended by rest or age")
        LOCKED = "locked", _("Locked after too many attempts")
        UNLOCKED = "unlocked", _("Unlocked")
        DEACTIVATED = "deactivated", _("Deactivated")
        ACTIVATED = "activated", _("Activated")
        TOKEN_MADE = "token made", _("Token for a program made")
        TOKEN_REVOKED = "token revoked", _("Token for a program revoked")
        SESSION_ENDED = "session ended", _("Session ended from elsewhere")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="acts")
    what = models.CharField(max_length=20, choices=What.choices)
    by = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        """The order of time."""

        ordering = ("at", "pk")

    def __str__(self) -> str:
        """What was done to whom."""
        return f"{self.user}: {self.what}"


What = AccountAct.What


def note(user: User, what: AccountAct.What, by: str = "") -> None:
    """Write down what was done to an account: by its owner, if nobody else is named."""
    AccountAct.objects.create(user=user, what=what, by=by or user.username)
