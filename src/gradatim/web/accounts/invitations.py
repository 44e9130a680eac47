"""Invitations: a link by which a person chooses a password, handed over by whoever invites."""

import secrets

from django.db import transaction
from django.utils import timezone

from gradatim.web.accounts.models import INVITED_FOR, Invitation, User, What, note
from gradatim.web.accounts.tokens import hashed, revoke_tokens

COMMAND_LINE = "the command line"
"""Who invites there; no user can be called so."""


def invite(user: User, by: str) -> str:
    """Make an invitation, and give the secret of its link; earlier ones no longer count."""
    Invitation.objects.filter(user=user, used_at=None).delete()
    secret = secrets.token_urlsafe(32)
    Invitation.objects.create(user=user, hashed=hashed(secret), made_by=by)
    note(user, What.INVITED, by)
    return secret


def invited(secret: str) -> Invitation | None:
    """Give the invitation of a link, if it can still be used."""
    return (
        Invitation.objects.select_related("user")
        .filter(
            hashed=hashed(secret),
            used_at=None,
            user__is_active=True,
            made_at__gt=timezone.now() - INVITED_FOR,
        )
        .first()
    )


def accept(invitation: Invitation, password: str) -> bool:
    """Set the password that an invited person chose; False if the link was used meanwhile."""
    user = invitation.user
    with transaction.atomic():
        open_ = Invitation.objects.filter(pk=invitation.pk, used_at=None)
        if open_.update(used_at=timezone.now()) != 1:
            return False
        user.choose_password(password)
        note(user, What.PASSWORD_CHOSEN)
        revoke_tokens(user, user.username)
    return True
