"""The key by which a person signs: kept so that only their password, here, opens it.

An Ed25519 key is made when its owner first shows their password, and stands in the database sealed:

    wrapping key = HKDF-SHA-256(Argon2id(password, salt), the application's secret)
    sealed       = AES-256-GCM of the private key, bound to account and public key

So neither a copy of the database opens it, nor the application's secret, nor both without the
password. It is opened for one signature and is gone with the request. That it opens is the proof of
the password: a signature costs one run of Argon2id, with parameters that stand beside it.

A changed password seals it anew. A password that was forgotten or taken away opens nothing: the
next makes another key, which somebody else has to identify (`conduct.signers`).

Source: RFC 9106 (Argon2id); RFC 5869 (HKDF); NIST SP 800-38D (GCM, nonces of 96 bits).
"""

import secrets
from base64 import b64decode, b64encode
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from gradatim.conduct.signatures import Signer
from gradatim.conduct.signing_keys import possession
from gradatim.web.accounts.invitations import COMMAND_LINE
from gradatim.web.accounts.models import SigningKey, User
from gradatim.web.accounts.passwords import normalised

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_USE = b"gradatim: keys by which people sign"
_MARK = "argon2id"
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


def signing_key_of(user: User) -> SigningKey | None:
    """Return the key by which a person signs now; None before they have one."""
    return SigningKey.objects.filter(user=user, retired_at=None).first()


def is_under(key: SigningKey, user: User) -> bool:
    """Whether a key is sealed under the password that its owner has now."""
    return key.of_password == _mark_of(user)


def opened(user: User, password: str) -> Signer | None:
    """Return the signer whose key a password opens; None where there is no key, or it does not.

    Where it was sealed under an earlier hash of the password or secret of the application, it is
    sealed under those of now.
    """
    key = signing_key_of(user)
    if key is None:
        return None
    found = _unsealed(key, password)
    if found is None:
        return None
    if not (found.is_current and is_under(key, user)):
        _seal(key, found.private, password)
        key.save(update_fields=["sealed", "of_password"])
    return Signer(bytes.fromhex(key.public_key), found.private.sign)


def made(user: User, password: str, trial: str) -> Signer:
    """Make a key for a person who has just shown their password; the one before is gone.

    Args:
        user: the person.
        password: theirs, as typed.
        trial: identifier of the trial that is to know the key.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    key = SigningKey(user=user, public_key=public.hex(), invited_by=_inviter(user))
    key.trial, key.proof = trial, _proof(private, trial, user, public)
    _seal(key, private, password)
    with transaction.atomic():
        retire(user)
        key.save()
    return Signer(public, private.sign)


def retire(user: User) -> None:
    """Let a person sign no more by the key that they have: nobody can open it again."""
    of_now = SigningKey.objects.filter(user=user, retired_at=None)
    of_now.update(retired_at=timezone.now(), sealed="")


def kept(user: User, password: str, trial: str) -> None:
    """See that a person whose password was just shown has a key that it opens."""
    key = signing_key_of(user)
    known = key is not None and key.trial == trial and is_under(key, user)
    if not known:
        signer_of(user, password, trial)


def signer_of(user: User, password: str, trial: str) -> Signer:
    """Return the signer of a person who has just shown their password; a key is made for the first.

    Args:
        user: the person.
        password: theirs, as typed.
        trial: identifier of the trial that is to know the key.
    """
    signer = opened(user, password)
    if signer is None:
        try:
            return made(user, password, trial)
        except IntegrityError:  # another request of theirs made one at the same time
            signer = opened(user, password)
            if signer is None:
                raise
    key = signing_key_of(user)
    if key is not None and key.trial != trial:  # the installation runs another trial now
        proof = signer.sign(possession(trial, user.username, signer.public)).hex()
        SigningKey.objects.filter(pk=key.pk).update(trial=trial, proof=proof)
    return signer


def sealed_anew(user: User, present: str, password: str) -> None:
    """Seal a person's key under the password that they have just chosen, in place of the present.

    Args:
        user: the person, who has the new password already.
        present: the password before.
        password: the new one.
    """
    key = signing_key_of(user)
    found = None if key is None else _unsealed(key, present)
    if key is not None and found is not None:
        _seal(key, found.private, password)
        key.save(update_fields=["sealed", "of_password"])


def _inviter(user: User) -> str:
    """Return who let a person choose the password that they have; empty for the command line."""
    used = user.invitations.exclude(used_at=None).order_by("-used_at").first()
    return "" if used is None or used.made_by == COMMAND_LINE else used.made_by


def _proof(private: "Ed25519PrivateKey", trial: str, user: User, public: bytes) -> str:
    return private.sign(possession(trial, user.username, public)).hex()


def _mark_of(user: User) -> str:
    """Return by what it is told under which password a key was sealed: a hash of its hash."""
    return sha256(user.password.encode()).hexdigest()


def _seal(key: SigningKey, private: "Ed25519PrivateKey", password: str) -> None:
    cost = Cost(*settings.SIGNING_KEY_COST)
    salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
    stretched = _stretched(password, salt, cost)
    cipher = _cipher(stretched, settings.SECRET_KEY)
    sealed = cipher.encrypt(nonce, private.private_bytes_raw(), _bound(key))
    costs = ",".join(map(str, cost))
    key.sealed = f"{_MARK}:{costs}:{b64encode(salt + nonce + sealed).decode()}"
    key.of_password = _mark_of(key.user)


class _Unsealed(NamedTuple):
    """A private key, and whether it is sealed by the secret and at the cost of now."""

    private: "Ed25519PrivateKey"
    is_current: bool


def _unsealed(key: SigningKey, password: str) -> _Unsealed | None:
    """Return a private key; None where this password does not open it."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        _mark, costs, held = key.sealed.split(":")
        cost = Cost(*map(int, costs.split(",")))
        content = b64decode(held, validate=True)
    except (ValueError, TypeError):  # a key that is gone, or was altered
        return None
    salt, nonce, sealed = content[:_SALT], content[_SALT:][:_NONCE], content[_SALT + _NONCE :]
    stretched = _stretched(password, salt, cost)
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        with suppress(InvalidTag, ValueError):
            raw = _cipher(stretched, secret).decrypt(nonce, sealed, _bound(key))
            current = secret == settings.SECRET_KEY and cost == Cost(*settings.SIGNING_KEY_COST)
            return _Unsealed(Ed25519PrivateKey.from_private_bytes(raw), current)
    return None


def _stretched(password: str, salt: bytes, cost: Cost) -> bytes:
    from argon2.low_level import Type, hash_secret_raw

    typed = normalised(password).encode()
    return hash_secret_raw(typed, salt, cost.time, cost.memory, cost.parallelism, _KEY, Type.ID)


def _cipher(stretched: bytes, secret: str) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return AESGCM(HKDF(SHA256(), _KEY, salt=secret.encode(), info=_USE).derive(stretched))


def _bound(key: Any) -> bytes:
    return f"user {key.user_id}: {key.public_key}".encode()
