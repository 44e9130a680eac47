"""Sessions: how they begin, which a user has, and how the others end."""

import time
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

from django.contrib.auth import SESSION_KEY, login, logout
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone
from django_otp import login as second_factor_passed

from gradatim.web.accounts.adopting import adopt_key_if_possible
from gradatim.web.accounts.models import AccountAct, User, What, note
from gradatim.web.accounts.second_factor import factor_page
from gradatim.web.accounts.signing import SIGNED

BACKEND = "django.contrib.auth.backends.ModelBackend"


class Mine(NamedTuple):
    """A session of a user.

    Args:
        handle: names it, without telling its key.
        began, seen: when it began, and when it was last used.
        here: whether it is the one that asks.
    """

    handle: str
    began: datetime | None
    seen: datetime | None
    here: bool


def begin(request: HttpRequest, user: User) -> None:
    """Sign a user in: a new session, whose time begins now.

    Nothing of an earlier one goes on: else a password alone would prolong a session in which the
    second factor was shown, beyond its limit.
    """
    leave(request)
    login(request, user, backend=BACKEND)
    request.session["began"] = request.session["seen"] = time.time()


def leave(request: HttpRequest, what: AccountAct.What = What.SIGNED_OUT) -> None:
    """End the session of a request, and write that down of whoever was fully signed in."""
    user: Any = request.user
    if user.is_authenticated and not factor_page(user):
        note(user, what)
    logout(request)


def verified(request: HttpRequest, device: Any) -> None:
    """Note that the second factor was shown: the session may do more, so its key is a new one.

    What was signed before was signed without this factor: the next signature takes all components.
    """
    second_factor_passed(request, device)
    request.session.pop(SIGNED, None)
    request.session.cycle_key()
    signed_in(request, device.user)


def signed_in(request: HttpRequest, user: User) -> None:
    """Note that somebody has shown all that is asked of them."""
    note(user, What.SIGNED_IN)
    adopt_key_if_possible(request.trial, user)  # type: ignore[attr-defined]


def sessions_of(request: HttpRequest) -> list[Mine]:
    """Give the sessions of the user of a request that have not ended, the latest first."""
    here = request.session.session_key
    found = [
        Mine(
            handle(one.session_key),
            _moment(data.get("began")),
            _moment(data.get("seen")),
            one.session_key == here,
        )
        for one, data in _of(request.user)
    ]
    return sorted(found, key=lambda one: one.seen or datetime.min.replace(tzinfo=UTC))[::-1]


def handle(key: str) -> str:
    """Give a name for a session from which its key cannot be found."""
    return sha256(key.encode()).hexdigest()[:16]


def end(user: Any, name: str) -> bool:
    """End one of a user's sessions by its handle; False if there is none such."""
    found = [one for one, _data in _of(user) if handle(one.session_key) == name]
    for one in found:
        one.delete()
    return bool(found)


def end_all(user: Any, but: str | None = None) -> None:
    """End all sessions of a user, but the one with this key."""
    for one, _data in _of(user):
        if one.session_key != but:
            one.delete()


def _of(user: Any) -> list[tuple[Session, dict[str, Any]]]:
    running = Session.objects.filter(expire_date__gt=timezone.now())
    decoded = ((one, one.get_decoded()) for one in running)
    return [(one, data) for one, data in decoded if data.get(SESSION_KEY) == str(user.pk)]


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
