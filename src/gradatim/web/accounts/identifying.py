"""Whether somebody is who they say: the one place that compares passwords, and counts failures.

What is counted is who tried from where, and never what else the form held: a form that is signed
holds data of participants.
"""

import copy
from math import ceil
from typing import NamedTuple

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_client_ip_address, get_cool_off
from axes.utils import reset
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, QueryDict
from django.utils.translation import ngettext

from gradatim.web.accounts.models import User


class Identified(NamedTuple):
    """What came of it: the user, if the password was right; whether it was tried too often."""

    user: User | None
    locked: bool


def _bare(request: HttpRequest) -> HttpRequest:
    """Give a request without what its form holds."""
    bare = copy.copy(request)
    bare.GET, bare.POST = QueryDict(), QueryDict()
    return bare


def identified(request: HttpRequest, username: str, password: str) -> Identified:
    """Compare a password; a failure counts towards the lockout of this user from this address."""
    bare = _bare(request)
    user = authenticate(bare, username=username, password=password)
    return Identified(user, bool(getattr(bare, "axes_locked_out", False)))


def locked(request: HttpRequest, username: str) -> bool:
    """Whether it was tried too often for this user from this address."""
    return not AxesProxyHandler.is_allowed(_bare(request), {"username": username})


def count_failure(request: HttpRequest, username: str) -> None:
    """Count a failure that was not one of the password: a wrong code."""
    user_login_failed.send(__name__, credentials={"username": username}, request=_bare(request))


def forget_failures(request: HttpRequest, username: str) -> None:
    """Forget the failures of a user from this address, who has now shown who they are."""
    reset(ip=get_client_ip_address(request), username=username)


def wait() -> str:
    """Say how long a lockout lasts."""
    cool_off = get_cool_off()
    minutes = ceil(cool_off.total_seconds() / 60) if cool_off else 0
    return ngettext("Wait %(n)d minute.", "Wait %(n)d minutes.", minutes) % {"n": minutes}
