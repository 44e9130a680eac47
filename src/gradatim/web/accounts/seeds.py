"""Seeds of one-time codes as the database keeps them: sealed, so that no copy of it shows one.

AES-256-GCM under a key for this use alone, which HKDF derives from the application's secret; whose
seed it is, is bound to it, so that none can be moved to another account. The mark in front says how
it was sealed. Earlier versions kept the seed itself, in hexadecimal.

Source: RFC 5869 (HKDF); NIST SP 800-38D (GCM, nonces of 96 bits).
"""

import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MARK = "gcm1:"
_USE = b"gradatim: seeds of one-time codes"
_KEY, _NONCE = 32, 12  # bytes


def is_sealed(kept: str) -> bool:
    """Whether a seed is kept sealed."""
    return kept.startswith(MARK)


def seal_seed(seed: bytes, user: int, secret: str) -> str:
    """Seal a seed.

    Args:
        seed: of the device.
        user: number of the account it belongs to.
        secret: of the application.
    """
    nonce = secrets.token_bytes(_NONCE)
    return MARK + b64encode(nonce + _cipher(secret).encrypt(nonce, seed, _bound(user))).decode()


def open_seed(kept: str, user: int, with_any: Iterable[str]) -> bytes | None:
    """Return a seed by the first secret that opens it; None if none does.

    Args:
        kept: as the database has it, sealed or as earlier versions kept it.
        user: number of the account it belongs to.
        with_any: secrets of the application, that of now and those before.
    """
    from cryptography.exceptions import InvalidTag

    if not is_sealed(kept):
        return bytes.fromhex(kept)
    for secret in with_any:
        with suppress(InvalidTag, ValueError):  # another secret, or altered
            sealed = b64decode(kept.removeprefix(MARK), validate=True)
            return _cipher(secret).decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound(user))
    return None


def _cipher(secret: str) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return AESGCM(HKDF(SHA256(), _KEY, salt=None, info=_USE).derive(secret.encode()))


def _bound(user: int) -> bytes:
    return f"user {user}".encode()
