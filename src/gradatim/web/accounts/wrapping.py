"""A private key as the database keeps it: wrapped, so that it takes a password to open it.

    wrapping key = HKDF-SHA-256(Argon2id(password, salt), the application's secret)
    kept         = AES-256-GCM of the private key, bound to whose it is

The mark and the numbers in front say how it was wrapped.

Source: RFC 9106 (Argon2id); RFC 5869 (HKDF); NIST SP 800-38D (GCM, nonces of 96 bits).
"""

import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MARK = "argon2id"
_USE = b"gradatim: keys by which people sign"
_SALT, _NONCE, _KEY = 16, 12, 32  # bytes


class Cost(NamedTuple):
    """What one run of Argon2id costs, by the names of RFC 9106.

    Args:
        time: passes over the memory.
        memory: kibibytes.
        parallelism: lanes.
    """

    time: int
    memory: int
    parallelism: int


class UnwrappedKey(NamedTuple):
    """A private key, and at which cost it was wrapped."""

    private: "Ed25519PrivateKey"
    cost: Cost


def wrap(private: "Ed25519PrivateKey", password: str, whose: bytes, secret: str, cost: Cost) -> str:
    """Wrap a private key.

    Args:
        private: the key.
        password: of its owner, in its normal form.
        whose: what the key is bound to, so that none passes for another's.
        secret: of the application.
        cost: of the run of Argon2id that opening it takes.
    """
    salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
    cipher = _cipher(_stretched(password, salt, cost), secret)
    held = salt + nonce + cipher.encrypt(nonce, private.private_bytes_raw(), whose)
    return f"{MARK}:{','.join(map(str, cost))}:{b64encode(held).decode()}"


def unwrap(kept: str, password: str, whose: bytes, with_any: Sequence[str]) -> UnwrappedKey | None:
    """Return a private key by the first secret that opens it; None if none does.

    Args:
        kept: as the database has it.
        password: of its owner, in its normal form.
        whose: what the key is bound to.
        with_any: secrets of the application, that of now and those before.
    """
    from argon2.exceptions import HashingError
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        _mark, costs, held = kept.split(":")
        cost, content = Cost(*map(int, costs.split(","))), b64decode(held, validate=True)
        salt, nonce, sealed = content[:_SALT], content[_SALT:][:_NONCE], content[_SALT + _NONCE :]
        stretched = _stretched(password, salt, cost)
    except (ValueError, TypeError, OverflowError, HashingError):  # gone, or altered
        return None
    for secret in with_any:
        with suppress(InvalidTag, ValueError):
            raw = _cipher(stretched, secret).decrypt(nonce, sealed, whose)
            return UnwrappedKey(Ed25519PrivateKey.from_private_bytes(raw), cost)
    return None


def _stretched(password: str, salt: bytes, cost: Cost) -> bytes:
    from argon2.low_level import Type, hash_secret_raw

    typed = password.encode()
    return hash_secret_raw(typed, salt, cost.time, cost.memory, cost.parallelism, _KEY, Type.ID)


def _cipher(stretched: bytes, secret: str) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return AESGCM(HKDF(SHA256(), _KEY, salt=secret.encode(), info=_USE).derive(stretched))
