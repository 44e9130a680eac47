"""Directly identifying data: in the ledger only as commitments and ciphertext.

Each value (name, birth date, telephone, identity number) is committed to as SHA-256(salt | value)
with a random salt of 32 bytes. Beside the commitment stand salt and value, encrypted with
AES-256-GCM under the participant's own key, which is kept outside the database and its backups.
Erasing that key leaves every event and hash as it was, and nobody can read the value again.

Source: NIST SP 800-38D (GCM, nonces of 96 bits); RFC 2104 (HMAC); Unicode Annex 15 (NFKC).
"""

import hmac
import json
import re
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import NamedTuple

from gradatim.conduct.events.base import Sealed
from gradatim.core.errors import UnusableInput

ERASED = "erased"
KEY, SALT, NONCE = 32, 32, 12  # bytes
BIRTH_DATE = "birth_date"
PERSON = ("name", BIRTH_DATE)


class Whose(NamedTuple):
    """Whose data it is; bound to the ciphertext, so that none can be moved to somebody else."""

    trial: str
    participant: str


def seal(
    whose: Whose, values: Mapping[str, str], key: bytes, random: Callable[[int], bytes]
) -> dict[str, Sealed]:
    """Commit to values and encrypt them.

    Args:
        whose: the trial and the participant.
        values: field to value.
        key: the participant's, 32 bytes.
        random: gives that many unpredictable bytes, as `secrets.token_bytes`.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    cipher = AESGCM(_whole(key))
    sealed = {}
    for field, value in values.items():
        salt, nonce = random(SALT), random(NONCE)
        secret = cipher.encrypt(nonce, salt + value.encode(), _bound(whose, field))
        sealed[field] = Sealed(_commitment(salt, value), b64encode(nonce + secret).decode())
    return sealed


def unseal(whose: Whose, sealed: Mapping[str, Sealed], key: bytes | None) -> dict[str, str]:
    """Read values back; without the key every one of them is "erased".

    Raises:
        UnusableInput: a key does not open a value, or the value does not fit its commitment.
    """
    if key is None:
        return dict.fromkeys(sealed, ERASED)
    return {field: open_field(whose, field, one, key)[1] for field, one in sealed.items()}


def open_field(whose: Whose, field: str, sealed: Sealed, key: bytes) -> tuple[bytes, str]:
    """Give the salt and the value of one field, to be shown to whoever must check it.

    Raises:
        UnusableInput: the key does not open it, or the value does not fit its commitment.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    where = f"{whose.participant}: {field}"
    try:
        secret = b64decode(sealed.ciphertext, validate=True)
        plain = AESGCM(_whole(key)).decrypt(secret[:NONCE], secret[NONCE:], _bound(whose, field))
        salt, value = plain[:SALT], plain[SALT:].decode()
    except (InvalidTag, ValueError) as error:
        why = "the key is another's, or the value was altered"
        raise UnusableInput("this value cannot be opened", where, why) from error
    if not prove(sealed, value, salt):
        raise UnusableInput("this value does not fit its commitment", where)
    return salt, value


def prove(sealed: Sealed, value: str, salt: bytes) -> bool:
    """Whether a value, shown with its salt, is the one committed to."""
    return hmac.compare_digest(sealed.commitment, _commitment(salt, value))


def person_token(values: Mapping[str, str], pepper: bytes) -> str:
    """Give a token by which the same person is met again without storing who it is.

    Case, spaces and compatible forms of characters do not matter.

    Args:
        values: with `name` and `birth_date`.
        pepper: a secret of the trial, kept with the keys.

    Returns:
        HMAC-SHA-256, hexadecimal.

    Raises:
        UnusableInput: name or birth date is missing or blank.
    """
    folded = [_folded(values.get(part, "")) for part in PERSON]
    if not all(folded):
        raise UnusableInput(
            "a person cannot be told apart",
            "",
            "the name or the birth date is missing",
            "give both",
        )
    return hmac.new(_whole(pepper), json.dumps(folded).encode(), sha256).hexdigest()


def likeness(values: Mapping[str, str], pepper: bytes) -> tuple[str, ...]:
    """Give tokens by which somebody is met again who may be written in another way.

    The order of names, accents and the way in which a date is written do not matter. Whoever
    shares one may be the same person, and may be another: a person has to say.

    Args:
        values: with `name` and `birth_date`.
        pepper: as for `person_token`.

    Returns:
        HMAC-SHA-256, hexadecimal; two for a date that is read in two ways.
    """
    name = " ".join(sorted(_WORD.findall(_plain(values.get("name", "")))))
    return tuple(
        hmac.new(_whole(pepper), json.dumps(["alike", name, day]).encode(), sha256).hexdigest()
        for day in _readings(values.get(BIRTH_DATE, ""))
    )


_WORD = re.compile(r"\w+")
_DIGITS = re.compile(r"\d+")


def _plain(text: str) -> str:
    """Fold case, and leave accents out."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(one for one in apart if not unicodedata.combining(one)).replace("-", " ")


def _readings(date: str) -> tuple[str, ...]:
    """Give a date as every way of writing it may mean it: year first, day first, month first."""
    found = _DIGITS.findall(unicodedata.normalize("NFKC", date))
    if len(found) != 3:
        return (_folded(date),)
    first, middle, last = (int(one) for one in found)
    if len(found[0]) == 4:
        orders = [(first, middle, last)]
    elif "/" in date:
        orders = [(last, middle, first), (last, first, middle)]
    else:
        orders = [(last, middle, first)]
    days = [f"{year:04}-{month:02}-{day:02}" for year, month, day in orders if month <= 12]
    return tuple(dict.fromkeys(days)) or (_folded(date),)


def _folded(text: str) -> str:
    """Fold twice: case folding can undo the normal form."""
    once = unicodedata.normalize("NFKC", text).casefold()
    return "".join(unicodedata.normalize("NFKC", once).split())


def _commitment(salt: bytes, value: str) -> str:
    return sha256(salt + value.encode()).hexdigest()


def _bound(whose: Whose, field: str) -> bytes:
    return json.dumps([*whose, field]).encode()


def _whole(key: bytes) -> bytes:
    if len(key) != KEY:
        raise UnusableInput(f"this key has {len(key)} bytes", "", f"a key has {KEY}")
    return key
