"""The key by which a person signs: kept so that only their password, here, opens it.

An Ed25519 key is made when its owner first shows their password, and stands in the database wrapped
by that and the application's secret (`wrapping`). So neither a copy of the database opens it, nor
the application's secret, nor both without the password. It is opened for one signature and is gone
with the request. That it opens is the proof of the password: a signature costs one run of Argon2id.

A changed password wraps it anew. A password that was forgotten or taken away opens nothing: the
next makes another key, which somebody else has to identify (`conduct.signers`).
"""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from gradatim.conduct.signatures import Signer
from gradatim.conduct.signing_keys import possession
from gradatim.web.accounts.invitations import COMMAND_LINE
from gradatim.web.accounts.models import SigningKey, User
from gradatim.web.accounts.passwords import normalised
from gradatim.web.accounts.wrapping import Cost, UnwrappedKey, unwrap, wrap

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def signing_key_of(user: User) -> SigningKey | None:
    """Return the key by which a person signs now; None before they have one."""
    return SigningKey.objects.filter(user=user, retired_at=None).first()


def is_of_present_password(key: SigningKey, user: User) -> bool:
    """Whether a key is sealed under the password that its owner has now, and the secret of now."""
    return key.of_password == _mark_of(user)


def open_key(user: User, password: str) -> Signer | None:
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
    if not (found.cost == _cost() and is_of_present_password(key, user)):
        _seal(key, found.private, password)
        key.save(update_fields=["sealed", "of_password"])
    return Signer(bytes.fromhex(key.public_key), found.private.sign)


def make_key(user: User, password: str, trial: str) -> Signer:
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
        retire_key(user)
        key.save()
    return Signer(public, private.sign)


def retire_key(user: User) -> None:
    """Let a person sign no more by the key that they have: nobody can open it again."""
    of_now = SigningKey.objects.filter(user=user, retired_at=None)
    of_now.update(retired_at=timezone.now(), sealed="")


def ensure_key(user: User, password: str, trial: str) -> None:
    """See that a person whose password was just shown has a key that it opens."""
    key = signing_key_of(user)
    known = key is not None and key.trial == trial and is_of_present_password(key, user)
    if not known:
        signer_of(user, password, trial)


def signer_of(user: User, password: str, trial: str) -> Signer:
    """Return the signer of a person who has just shown their password; a key is made for the first.

    Args:
        user: the person.
        password: theirs, as typed.
        trial: identifier of the trial that is to know the key.
    """
    signer = open_key(user, password)
    if signer is None:
        try:
            return make_key(user, password, trial)
        except IntegrityError:  # another request of theirs made one at the same time
            signer = open_key(user, password)
            if signer is None:
                raise
    key = signing_key_of(user)
    if key is not None and key.trial != trial:  # the installation runs another trial now
        proof = signer.sign(possession(trial, user.username, signer.public)).hex()
        SigningKey.objects.filter(pk=key.pk).update(trial=trial, proof=proof)
    return signer


def reseal_key(user: User, present: str, password: str) -> None:
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
    """Return by what it is told under which password and secret a key was sealed: a keyed hash."""
    mark = salted_hmac("gradatim.signing-key", user.password, algorithm="sha256")
    return str(mark.hexdigest())


def _seal(key: SigningKey, private: "Ed25519PrivateKey", password: str) -> None:
    whose, secret = _whose(key), settings.SECRET_KEY
    key.sealed = wrap(private, normalised(password), whose, secret, _cost())
    key.of_password = _mark_of(key.user)


def _unsealed(key: SigningKey, password: str) -> UnwrappedKey | None:
    """Return a private key; None where this password does not open it."""
    with_any = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return unwrap(key.sealed, normalised(password), _whose(key), with_any)


def _cost() -> Cost:
    return Cost(*settings.SIGNING_KEY_COST)


def _whose(key: Any) -> bytes:
    return f"user {key.user_id}: {key.public_key}".encode()
