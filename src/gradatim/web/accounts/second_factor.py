"""The second factor: one-time codes from an app, and recovery codes for when it is lost.

A seed is sealed in the database (`seeds`). That of a device that is being set up stands nowhere but
on the page that shows it, signed for the session that asked: another session cannot confirm it, nor
this one after it showed a factor. A device comes into the database when it is confirmed.

A recovery code has 120 random bits; being kept as a hash, it cannot be read from a backup.
"""

import base64
import logging
import secrets
from datetime import timedelta
from typing import Any

import segno
from django.conf import settings
from django.core import signing
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django_otp.oath import TOTP

from gradatim.web.accounts.models import AppDevice, RecoveryCode, User, What, note
from gradatim.web.accounts.tokens import hashed, revoke_tokens

LOG = logging.getLogger("gradatim.accounts")
SET_UP_WITHIN = timedelta(hours=1)
RECOVERY_CODES = 10
RECOVERY_BYTES = 15
GROUP = 4


def has_device(user: Any) -> bool:
    """Whether a user has a confirmed second factor."""
    return bool(AppDevice.objects.filter(user=user, confirmed=True).exists())


def factor_page(user: Any) -> str:
    """Return the page on which the second factor is shown first; empty if it was, or is not asked.

    Args:
        user: who signed in with a password.
    """
    if user.is_verified():
        return ""
    if has_device(user):
        return "second-factor"
    return "second-factor-setup" if settings.SECOND_FACTOR_REQUIRED else ""


def new_device(user: Any) -> AppDevice:
    """Return a device with a new seed, to be shown and confirmed; it is not in the database."""
    return AppDevice(user=user, name="app")


def signed_for(request: HttpRequest, device: AppDevice) -> str:
    """Return a device's seed as the page of this session brings it back."""
    return signing.dumps(device.key, salt=_salt(request))


def device_shown(request: HttpRequest, said: str) -> AppDevice | None:
    """Return the device that a page of this session showed; None if none did, or long ago."""
    try:
        key = signing.loads(said, salt=_salt(request), max_age=SET_UP_WITHIN)
    except signing.BadSignature:
        return None
    return AppDevice(user=request.user, name="app", key=key)


def _salt(request: HttpRequest) -> str:
    """Bind what is signed to a session: its key is a new one whenever its rights change."""
    return f"gradatim.second-factor.{request.user.pk}.{request.session.session_key}"


def picture(device: Any) -> str:
    """Draw what the app scans, as SVG without any style."""
    code = segno.make(device.config_url, error="m")
    return str(code.svg_inline(scale=5, border=4, light="white"))


def secret(device: Any) -> str:
    """Give what is typed where nothing can be scanned, in groups."""
    return _grouped(base64.b32encode(device.bin_key).decode())


def confirm(user: User, device: AppDevice, code: str) -> bool:
    """Confirm a new device by its first code, which then counts as used.

    Returns:
        False if it is not the code, or another device was confirmed meanwhile.
    """
    app = TOTP(device.bin_key, device.step, device.t0, device.digits)
    plain = _plain(code)
    if not plain.isdecimal() or not app.verify(int(plain), device.tolerance):
        return False
    device.last_t, device.drift = app.t(), app.drift
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if has_device(user):
            return False
        forget_unconfirmed(user)
        device.save()
        note(user, What.FACTOR_SET_UP)
    return True


def forget_unconfirmed(user: User) -> None:
    """Forget devices that an earlier version kept while they were set up."""
    AppDevice.objects.filter(user=user, confirmed=False).delete()


def device_accepting(user: Any, code: str) -> Any:
    """Give the user's device that accepts a code; None if it is wrong or was used before."""
    with transaction.atomic():
        devices = AppDevice.objects.filter(user=user, confirmed=True).select_for_update()
        return next((one for one in devices if one.verify_token(_plain(code))), None)


def use_recovery_code(user: User, code: str) -> bool:
    """Use up a recovery code; False if there is none such, or it was used before."""
    codes = RecoveryCode.objects.filter(user=user, hashed=hashed(_plain(code)), used_at=None)
    if codes.update(used_at=timezone.now()) != 1:
        return False
    note(user, What.CODE_USED)
    return True


def device_let_in_by(user: Any, code: str) -> Any:
    """Give the device that a code lets in by; a recovery code stands in for one that is lost."""
    if _plain(code).isdigit():
        return device_accepting(user, code)
    if not use_recovery_code(user, code):
        return None
    return AppDevice.objects.filter(user=user, confirmed=True).first()


def device_opened_by(username: str, code: str, right: bool) -> Any:
    """Return the device that a code lets in by, if the password beside it was right.

    A wrong password neither uses a code up nor slows a device down, and takes the same writes as a
    right one with a wrong code: how long it takes tells nothing.

    Args:
        username: whose code it would be.
        code: as typed: one-time or recovery code.
        right: whether the password was right.
    """
    owner = User.objects.filter(username=username).first()
    if owner is None:
        return None
    if not _plain(code).isdigit():
        used = use_recovery_code(owner, code if right else "")
        return AppDevice.objects.filter(user=owner, confirmed=True).first() if used else None
    with transaction.atomic():
        devices = AppDevice.objects.filter(user=owner, confirmed=True).select_for_update()
        return next((one for one in devices if _accepts(one, code, right)), None)


def _accepts(device: AppDevice, code: str, right: bool) -> bool:
    """Whether a device accepts a code, if the password was right; it is written in any case."""
    if right and device.verify_is_allowed()[0]:
        return bool(device.verify_token(_plain(code)))
    device.save()
    return False


def seal_anew() -> None:
    """Seal every seed under the secret of now: those sealed under the one before, if it is named.

    Those that cannot be opened are counted in the log: their owners come in by recovery codes, or
    get the second factor taken away.
    """
    lost = sum(not one.seal_anew() for one in AppDevice.objects.all())
    if lost:
        LOG.warning("second factors are sealed under another secret", extra={"count": lost})


def make_recovery_codes(user: User) -> list[str]:
    """Make recovery codes, each to be used once; earlier ones no longer count."""
    made = [
        base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode()
        for _n in range(RECOVERY_CODES)
    ]
    with transaction.atomic():
        RecoveryCode.objects.filter(user=user).delete()
        RecoveryCode.objects.bulk_create(RecoveryCode(user=user, hashed=hashed(c)) for c in made)
        note(user, What.CODES_MADE)
    return [_grouped(one) for one in made]


def recovery_codes_left(user: User) -> int:
    """Give how many recovery codes can still be used."""
    return user.recovery_codes.filter(used_at=None).count()


def remove_devices(user: User, by: str) -> None:
    """Take a user's second factor away, its recovery codes too; tokens made with it end."""
    AppDevice.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    revoke_tokens(user, by)


def _plain(code: str) -> str:
    return code.replace(" ", "").replace("-", "").upper()


def _grouped(text: str) -> str:
    return " ".join(text[at : at + GROUP] for at in range(0, len(text), GROUP))
