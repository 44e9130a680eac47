"""Directly identifying data: in the ledger only as commitments and ciphertext.

Each value (name, birth date, telephone, identity number) is committed to as SHA-256(salt | value)
with a random salt of 32 bytes. Beside the commitment stand salt and value, padded and encrypted
with AES-256-GCM under the participant's own key, which is kept outside the database and its
backups. Erasing that key leaves every event and hash as it was; nobody can read the value again,
nor try a guess against what stands there.

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
KEY, SALT, NONCE, BLOCK = 32, 32, 12, 64  # bytes
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
        secret = cipher.encrypt(nonce, salt + _padded(value), _bound(whose, field))
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
        salt, told = plain[:SALT], plain[SALT:].decode()
    except (InvalidTag, ValueError) as error:
        why = "the key is another's, or the value was altered"
        raise UnusableInput("this value cannot be opened", where, why) from error
    for length in range(len(told.rstrip(_FILL)), len(told) + 1):
        if prove(sealed, told[:length], salt):
            return salt, told[:length]
    raise UnusableInput("this value does not fit its commitment", where)


def prove(sealed: Sealed, value: str, salt: bytes) -> bool:
    """Whether a value, shown with its salt, is the one committed to."""
    return hmac.compare_digest(sealed.commitment, _commitment(salt, value))


class Person(NamedTuple):
    """By what somebody is met again: worked out of who they are when it is asked, and never kept.

    Args:
        same: of the same person always the same; case, spaces and compatible forms of characters do
            not matter.
        alike: of who may be written in another way; the order of names, accents and the way in
            which a date is written do not matter. Whoever shares one may be the same person, and
            may be another: a person has to say. Two for a date that is read in two ways.
    """

    same: str
    alike: tuple[str, ...]


def person_of(values: Mapping[str, str]) -> Person:
    """Return by what a person is met again.

    Args:
        values: with `name` and `birth_date`.

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
    name = " ".join(sorted(_WORD.findall(_plain(values.get("name", "")))))
    days = _readings(values.get(BIRTH_DATE, ""))
    return Person(json.dumps(folded), tuple(json.dumps(["alike", name, day]) for day in days))


def person_token(values: Mapping[str, str], pepper: bytes) -> str:
    """Return the token by which a made-up person is met again where nobody keeps their key.

    In a trial of people none is kept: whoever has the pepper could try a name against it.

    Args:
        values: with `name` and `birth_date`.
        pepper: 32 bytes.

    Returns:
        HMAC-SHA-256, hexadecimal.

    Raises:
        UnusableInput: name or birth date is missing or blank.
    """
    return hmac.new(_whole(pepper), person_of(values).same.encode(), sha256).hexdigest()


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


def _padded(value: str) -> bytes:
    """Fill a value up, so that the length of a name is not told for ever.

    Earlier versions did not. Where a value ends is told by its commitment.
    """
    told = value.encode()
    return told.ljust(-(-len(told) // BLOCK) * BLOCK, _FILL.encode())


_FILL = "\0"


def _commitment(salt: bytes, value: str) -> str:
    return sha256(salt + value.encode()).hexdigest()


def _bound(whose: Whose, field: str) -> bytes:
    return json.dumps([*whose, field]).encode()


def _whole(key: bytes) -> bytes:
    if len(key) != KEY:
        raise UnusableInput(f"this key has {len(key)} bytes", "", f"a key has {KEY}")
    return key
