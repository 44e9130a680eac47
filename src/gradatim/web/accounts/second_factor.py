"""The second factor: one-time codes from an app, and recovery codes for when it is lost.

A recovery code has 120 random bits; being kept as a hash, it cannot be read from a backup.
"""

import base64
import secrets
from typing import Any

import segno
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from gradatim.web.accounts.models import RecoveryCode, User, What, note
from gradatim.web.accounts.tokens import hashed, revoke_tokens

RECOVERY_CODES = 10
RECOVERY_BYTES = 15
GROUP = 4


def has_device(user: Any) -> bool:
    """Whether a user has a confirmed second factor."""
    return bool(TOTPDevice.objects.filter(user=user, confirmed=True).exists())


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


def unconfirmed_device(user: User) -> Any:
    """Give the device that a user is setting up."""
    found = TOTPDevice.objects.filter(user=user, confirmed=False).first()
    return found or TOTPDevice.objects.create(user=user, confirmed=False, name="app")


def picture(device: Any) -> str:
    """Draw what the app scans, as SVG without any style."""
    code = segno.make(device.config_url, error="m")
    return str(code.svg_inline(scale=5, border=4, light="white"))


def secret(device: Any) -> str:
    """Give what is typed where nothing can be scanned, in groups."""
    return _grouped(base64.b32encode(device.bin_key).decode())


def confirm(user: User, device: Any, code: str) -> bool:
    """Confirm a device by its first code; earlier devices of the user go."""
    if not device.verify_token(_plain(code)):
        return False
    TOTPDevice.objects.filter(user=user).exclude(pk=device.pk).delete()
    device.confirmed = True
    device.save()
    note(user, What.FACTOR_SET_UP)
    return True


def device_accepting(user: Any, code: str) -> Any:
    """Give the user's device that accepts a code; None if it is wrong or was used before."""
    with transaction.atomic():
        devices = TOTPDevice.objects.filter(user=user, confirmed=True).select_for_update()
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
    return TOTPDevice.objects.filter(user=user, confirmed=True).first()


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
    TOTPDevice.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    revoke_tokens(user, by)


def _plain(code: str) -> str:
    return code.replace(" ", "").replace("-", "").upper()


def _grouped(text: str) -> str:
    return " ".join(text[at : at + GROUP] for at in range(0, len(text), GROUP))
