"""Tokens of programs: made once, shown once, kept as hashes."""

import secrets
from datetime import timedelta
from hashlib import sha256

from django.utils import timezone

from gradatim.web.accounts.models import TOKEN_FOR, ApiToken, User, What, note

PREFIX = "gradatim_"
USE_NOTED_EVERY = timedelta(minutes=1)


def hashed(secret: str) -> str:
    """Give the hash of a secret of at least 112 random bits, so that no salt is needed."""
    return sha256(secret.encode()).hexdigest()


def make_token(user: User, name: str, role: str) -> str:
    """Make a token for a program."""
    token = PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(
        user=user, name=name, role=role, hashed=hashed(token), expires_at=timezone.now() + TOKEN_FOR
    )
    note(user, What.TOKEN_MADE)
    return token


def user_of(token: str) -> tuple[User, str] | None:
    """Give whose token it is and the role it is limited to ("" none); None if it is not valid.

    It is looked up by its hash: how long that takes says nothing about a token.
    """
    found = ApiToken.objects.select_related("user").filter(hashed=hashed(token)).first()
    at = timezone.now()
    if found is None or found.revoked_at or found.expires_at <= at or not found.user.is_active:
        return None
    if found.last_used_at is None or at - found.last_used_at > USE_NOTED_EVERY:
        ApiToken.objects.filter(pk=found.pk).update(last_used_at=at)
    return found.user, found.role


def revoke_tokens(user: User, by: str, **which: int) -> int:
    """Revoke a user's tokens, all or those described; give how many."""
    revoked = user.tokens.filter(revoked_at=None, **which).update(revoked_at=timezone.now())
    for _n in range(revoked):
        note(user, What.TOKEN_REVOKED, by)
    return revoked
