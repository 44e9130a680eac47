"""Whether somebody is who they say: the one place that compares passwords, and counts failures.

What is counted is who tried from where, and never what else the form held: a form that is signed
holds data of participants.
"""

from datetime import timedelta
from math import ceil
from typing import Any, NamedTuple

from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest
from django.utils.translation import ngettext

from gradatim.conduct.signatures import Signer
from gradatim.web.accounts.attempts import Occasion, counted_address
from gradatim.web.accounts.models import User
from gradatim.web.accounts.second_factor import device_opened_by
from gradatim.web.accounts.signing_keys import (
    is_of_present_password,
    open_key,
    signer_of,
    signing_key_of,
)

_WHERE = ("REMOTE_ADDR", "HTTP_X_FORWARDED_FOR")


class Identified(NamedTuple):
    """What came of it: the user, if the password was right; how long to wait, if too often."""

    user: User | None
    wait: timedelta


def _bare(request: HttpRequest, occasion: Occasion) -> HttpRequest:
    """Return a request that says where it is from and on which occasion, and nothing else."""
    bare = HttpRequest()
    bare.method = "POST"
    bare.META = {name: request.META[name] for name in _WHERE if name in request.META}
    bare.META["HTTP_USER_AGENT"] = str(occasion)
    bare.occasion = occasion  # type: ignore[attr-defined]
    return bare


def identified(
    request: HttpRequest, username: str, password: str, occasion: Occasion
) -> Identified:
    """Compare a password; a failure counts. Of whoever has to wait it is not compared."""
    bare = _bare(request, occasion)
    found = authenticate(bare, username=username, password=password)
    user = found if isinstance(found, User) else None
    return Identified(user, timedelta() if user else _wait(bare, username))


class SessionIdentification(NamedTuple):
    """What came of a password in a session: the key that it opened; how long to wait."""

    signer: Signer | None
    wait: timedelta


def identified_in_session(
    request: HttpRequest, user: User, password: str, trial: str
) -> SessionIdentification:
    """Open the key of who is signed in by their password; a failure counts.

    That it opens is the proof of the password, which costs one run of Argon2id. Whose key it does
    not open shows the password as at signing in. If it is theirs, they have no key yet, or one that
    nobody can open any more (its secret is gone, or it was spoiled): another is made.
    """
    name = user.get_username()
    if wait := wait_of(request, name, Occasion.SESSION):
        return SessionIdentification(None, wait)
    key = signing_key_of(user)
    # A key under an earlier password would open with that one: it is asked for the present first.
    usual = key is not None and is_of_present_password(key, user)
    if usual and (signer := open_key(user, password)):
        return SessionIdentification(signer, timedelta())
    found = identified(request, name, password, Occasion.SESSION)
    made = signer_of(user, password, trial) if found.user else None
    return SessionIdentification(made, found.wait)


def wait_of(request: HttpRequest, username: str, occasion: Occasion) -> timedelta:
    """Return how long this user has to wait, from this address; nothing if they need not."""
    return _wait(_bare(request, occasion), username)


def _wait(bare: HttpRequest, username: str) -> timedelta:
    AxesProxyHandler.update_request(bare)
    handler: Any = AxesProxyHandler.get_implementation()
    wait: timedelta = handler.wait(bare, {"username": username})
    return wait


def both_shown(username: str, password: str, code: str) -> tuple[User, Any] | None:
    """Return user and device if password and second factor are both right: that ends a wait.

    Nothing is counted, and nothing tells whether the password was right: neither the answer nor
    the work that it took.
    """
    user = ModelBackend().authenticate(None, username=username, password=password)
    device = device_opened_by(username, code, user is not None)
    return (user, device) if isinstance(user, User) and device is not None else None


def count_failure(request: HttpRequest, username: str, occasion: Occasion) -> None:
    """Count a failure that was not one of the password: a wrong code."""
    bare = _bare(request, occasion)
    user_login_failed.send(__name__, credentials={"username": username}, request=bare)


def forget_failures(request: HttpRequest, username: str, occasion: Occasion) -> None:
    """Forget the failures of a user who has now shown who they are.

    Whoever signed in had them from this address, and may sign again; who fails under their name
    elsewhere goes on being counted.
    """
    failures = AccessAttempt.objects.filter(username=username)
    failures.filter(user_agent=Occasion.SESSION).delete()
    if occasion is Occasion.SIGN_IN:
        address = counted_address(_bare(request, occasion))
        failures.filter(user_agent=occasion, ip_address=address).delete()


def wait_in_words(wait: timedelta) -> str:
    """Say how long to wait."""
    minutes = ceil(wait.total_seconds() / 60)
    return ngettext("Wait %(n)d minute.", "Wait %(n)d minutes.", minutes) % {"n": minutes}
