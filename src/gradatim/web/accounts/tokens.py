"""Tokens and invitations: made once, shown once, kept as hashes."""

import secrets
from datetime import datetime
from hashlib import sha256

from django.utils import timezone

from gradatim.web.accounts.models import TOKEN_FOR, ApiToken, Invitation, User

PREFIX = "gradatim_"


def hashed(token: str) -> str:
    """Give the hash of a token; it has 256 random bits, so that no salt is needed."""
    return sha256(token.encode()).hexdigest()


def make_token(user: User, name: str, role: str) -> str:
    """Make a token for a program."""
    token = PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(user=user, name=name, role=role, hashed=hashed(token),
                            expires_at=timezone.now() + TOKEN_FOR)  # fmt: skip
    return token


def user_of(token: str) -> tuple[User, str] | None:
    """Give whose token it is and the role it is limited to ("" none); None if it is not valid."""
    found = ApiToken.objects.select_related("user").filter(hashed=hashed(token)).first()
    at = timezone.now()
    if found is None or found.revoked_at or found.expires_at <= at or not found.user.is_active:
        return None
    ApiToken.objects.filter(pk=found.pk).update(last_used_at=at)
    return found.user, found.role


def make_invitation(user: User, by: str) -> str:
    """Make an invitation; earlier ones of the same user can no longer be used."""
    Invitation.objects.filter(user=user, used_at=None).delete()
    token = secrets.token_urlsafe(32)
    Invitation.objects.create(user=user, hashed=hashed(token), made_by=by)
    return token


def invited(token: str, at: datetime) -> Invitation | None:
    """Give the invitation of a link, if it can still be used."""
    found = Invitation.objects.select_related("user").filter(hashed=hashed(token)).first()
    usable = found is not None and found.used_at is None and at < found.expires_at
    return found if usable and found and found.user.is_active else None
