"""What a password must be: long, and none that others have guessed before.

No rule asks for digits or signs, and none for a change at intervals. Source: NIST SP 800-63B-4
(2025), section 3.1.1.2: 15 characters where it is the only factor; at least 64 permitted; all of
Unicode, normalised; compared with a list of common, expected or compromised values.
"""

import unicodedata
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

SHORTEST, LONGEST = 15, 256
ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p")  # fmt: skip
EASY_PART = 0.6
"""Part of a password that may not be made of repeats and runs."""


def normalised(password: str) -> str:
    """Give the form in which a password is kept and compared."""
    return unicodedata.normalize("NFC", password)


class LongEnough:
    """At least 15 characters."""

    def validate(self, password: str, user: Any = None) -> None:
        """Refuse what is too short or too long."""
        length = len(normalised(password))
        if length < SHORTEST:
            raise ValidationError(_("It has %(n)d characters; give at least %(least)d. Several "
                                    "words after each other are easy to keep in mind.")
                                  % {"n": length, "least": SHORTEST})  # fmt: skip
        if length > LONGEST:
            raise ValidationError(_("It has more than %(most)d characters.") % {"most": LONGEST})

    def get_help_text(self) -> str:
        """Say what is asked for."""
        return _("At least 15 characters; several words are good. Any sign may be in it.")


class NotBreached:
    """Not among the passwords that are tried first, nor made of one, repeats or a run of keys."""

    def __init__(self) -> None:
        self.common = CommonPasswordValidator().passwords

    def validate(self, password: str, user: Any = None) -> None:
        """Refuse what is easily guessed."""
        text = normalised(password).casefold()
        bare = "".join(c for c in text if c.isalnum())
        cores = {text, bare, bare.strip("0123456789"), _unit(bare)}
        if cores & self.common or len(set(text)) < 5 or easy(bare) > EASY_PART:
            raise ValidationError(_("It is among those that are guessed first. Choose another."))

    def get_help_text(self) -> str:
        """Say what is asked for."""
        return _("Not one that is often used, and no repeats or runs of keys.")


def _unit(text: str) -> str:
    """Give the part that a text repeats; the text itself if it does not."""
    at = (text + text).find(text, 1) if text else 0
    return text[:at] if 0 < at < len(text) else text


def easy(text: str) -> float:
    """Give the part of a text that continues a run of keys, an alphabet or a repeat."""
    rows = [*ROWS, *(row[::-1] for row in ROWS)]
    pairs = list(pairwise(text))
    runs = sum(a == b or any(a + b in row for row in rows) for a, b in pairs)
    return runs / len(pairs) if pairs else 1.0


class NotOfTheContext:
    """Not made of the service's name, the user's or the trial's."""

    def validate(self, password: str, user: Any = None) -> None:
        """Refuse what whoever knows the user would try."""
        text = normalised(password).casefold()
        words = {"gradatim", settings.LEDGER_TRIAL, getattr(user, "username", ""),
                 *getattr(user, "printed_name", "").split()}  # fmt: skip
        left = text
        for word in sorted((one.casefold() for one in words if len(one) > 2), key=len)[::-1]:
            left = left.replace(word, "")
        if len(left) < SHORTEST // 2:
            raise ValidationError(_("It is made of names that others know. Choose another."))

    def get_help_text(self) -> str:
        """Say what is asked for."""
        return _("Not made of your name or the trial's.")
