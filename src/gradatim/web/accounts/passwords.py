"""What a password must be: long, and none that others have guessed before.

No rule asks for digits or signs, and none for a change at intervals. Source: NIST SP 800-63B-4
(2025), section 3.1.1.2: 15 characters where it is the only factor; at least 64 permitted; all of
Unicode, normalised, each code point counted as one character; compared with a list of common,
expected or compromised values.
"""

import re
import unicodedata
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from gradatim.core.errors import UnusableInput
from gradatim.web.accounts.breached import seen
from gradatim.web.live_trial import running

SHORTEST, LONGEST = 15, 256
SERVICE = "gradatim"
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
)
EASY_PART = 0.6
"""Part of a password that may not be made of runs and of the same sign again."""
FEWEST_SIGNS = 5
LOOKALIKES = str.maketrans("@4301$57+8", "aaeoissttb")
UNKEEPABLE = ("Cc", "Cn", "Cs")
"""Control signs, and code points that no normal form is known for."""


def normalised(password: str) -> str:
    """Give the form in which a password is kept and compared."""
    return unicodedata.normalize("NFC", password)


class LongEnough:
    """At least 15 characters, at most 256, of any script."""

    def validate(self, password: str, user: Any = None) -> None:
        """Refuse what is too short or too long."""
        length = len(normalised(password))
        if length < SHORTEST:
            raise ValidationError(
                _(
                    "It has %(n)d characters; give at least %(least)d. Several "
                    "words after each other are easy to keep in mind."
                )
                % {"n": length, "least": SHORTEST}
            )
        if length > LONGEST:
            raise ValidationError(_("It has more than %(most)d characters.") % {"most": LONGEST})
        if any(unicodedata.category(sign) in UNKEEPABLE for sign in password):
            raise ValidationError(_("It holds a sign that not every keyboard can give again."))

    def get_help_text(self) -> str:
        """Say what is asked for."""
        return _("At least 15 characters; several words are good. Any sign may be in it.")


class NotBreached:
    """Not among the passwords that are tried first, nor made of two, of repeats or of runs.

    Where the installation has a list of passwords that were stolen elsewhere, not on that either.
    """

    def __init__(self) -> None:
        self.common = CommonPasswordValidator().passwords

    def validate(self, password: str, user: Any = None) -> None:
        """Refuse what is easily guessed."""
        text = normalised(password).casefold()
        if len(set(text)) < FEWEST_SIGNS or easy(_bare(text)) > EASY_PART:
            raise ValidationError(_("It is made of repeats or runs of keys. Choose another."))
        if repeats(text):
            raise ValidationError(
                _("It repeats something shorter than 15 characters. Choose another.")
            )
        if any(_known(form, self.common) for form in _forms(text)):
            raise ValidationError(_("It is among those that are guessed first. Choose another."))
        if settings.BREACHED_PASSWORDS and any(
            seen(settings.BREACHED_PASSWORDS, form) for form in {normalised(password), text}
        ):
            raise ValidationError(
                _("It is on a list of passwords that were stolen elsewhere. Choose another.")
            )

    def get_help_text(self) -> str:
        """Say what is asked for."""
        return _("Not one that is often used, and no repeats or runs of keys.")


def _bare(text: str) -> str:
    """Give letters and digits only; the text itself where it has few of them."""
    bare = "".join(sign for sign in text if sign.isalnum())
    return bare if 2 * len(bare) >= len(text) else text


def _forms(text: str) -> set[str]:
    """Give what a text comes down to: without decoration, and with letters for their lookalikes."""
    plain = {text, _bare(text), _bare(text.translate(LOOKALIKES))}
    plain |= {one.strip("0123456789") for one in plain}
    return plain | {one.translate(LOOKALIKES) for one in plain}


def _known(text: str, common: set[str]) -> bool:
    """Whether a text is a common password, or two after each other."""
    return text in common or any(
        text[:at] in common and text[at:] in common for at in range(4, len(text) - 3)
    )


def repeats(text: str) -> bool:
    """Whether a text says something shorter than 15 characters at least twice, and nothing else."""
    return any(
        text[period:] == text[:-period]
        for period in range(1, min(SHORTEST - 1, len(text) // 2) + 1)
    )


def easy(text: str) -> float:
    """Give the part of a text that continues a run of keys or of the alphabet, or a repeat."""
    rows = [*_ROWS, *(row[::-1] for row in _ROWS)]
    pairs = list(pairwise(text))
    runs = sum(a == b or any(a + b in row for row in rows) for a, b in pairs)
    return runs / len(pairs) if pairs else 1.0


class NotOfTheContext:
    """Not made of the service's name, the user's or the trial's."""

    def validate(self, password: str, user: Any = None) -> None:
        """Refuse what whoever knows the user would try."""
        left = normalised(password).casefold()
        for word in sorted(_context(user), key=len, reverse=True):
            left = left.replace(word, "")
        if len(_bare(left)) < SHORTEST // 2:
            raise ValidationError(_("It is made of names that others know. Choose another."))

    def get_help_text(self) -> str:
        """Say what is asked for."""
        return _("Not made of your name or the trial's.")


def _context(user: Any) -> set[str]:
    """Give the words that stand around an account, whole and in their parts."""
    names = [
        SERVICE,
        _trial(),
        *(
            normalised(getattr(user, name, "") or "")
            for name in ("username", "printed_name", "email")
        ),
    ]
    words = {part for name in names for part in (name, *re.split(r"[\s._:@-]+", name))}
    return {word.casefold() for word in words if len(word) > 2}


def _trial() -> str:
    """Give the trial's name; none where there is no ledger yet."""
    try:
        return settings.LEDGER_TRIAL or running().trial.name
    except UnusableInput:
        return ""
