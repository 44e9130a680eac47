"""How often who somebody is may be tried: what is counted together, and how long one then waits.

django-axes keeps failures and refuses; here stands what it asks. Failures at signing in and in an
open session are counted apart: neither stops the other. Nobody is kept out by others for good:
waits grow to an hour and no further, are not prolonged by attempts, and end by password and second
factor shown together (`identifying.both_shown`).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, NamedTuple

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django.db.models import Max, QuerySet, Sum
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from gradatim.web.accounts.models import User
from gradatim.web.middleware import address_of

FIRST_WAIT = timedelta(minutes=15)
LONGEST_WAIT = timedelta(hours=1)


class Occasion(StrEnum):
    """When somebody shows who they are; kept where axes keeps the browser."""

    SIGN_IN = "sign-in"
    SESSION = "session"


class FailureLimit(NamedTuple):
    """Failures that are counted together.

    Args:
        by: what they have in common, by the names of axes.
        most: so many, and one waits.
    """

    by: tuple[str, ...]
    most: int


LIMITS: Mapping[Occasion, tuple[FailureLimit, ...]] = {
    Occasion.SIGN_IN: (
        FailureLimit(("username", "ip_address"), 5),
        FailureLimit(("username",), 20),
        FailureLimit(("ip_address",), 100),
    ),
    Occasion.SESSION: (FailureLimit(("username",), 5),),
}
"""A hospital often has one address for all: it takes many failures to have everybody there wait."""


def wait_after(failures: int, most: int) -> timedelta:
    """Return how long one waits after the last of so many failures: twice as long for each more."""
    if failures < most:
        return timedelta()
    doublings = min(failures - most, 8)  # far beyond the longest
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def occasion_of(request: Any) -> Occasion:
    """Return the occasion of a request that `identifying` made to be counted."""
    return getattr(request, "occasion", Occasion.SIGN_IN)


def counted_together(request: Any, credentials: Any = None) -> list[list[str]]:
    """Return what axes counts together, one list for each limit."""
    return [[*limit.by, "user_agent"] for limit in LIMITS[occasion_of(request)]]


def counted_name(request: Any, credentials: Any = None) -> str | None:
    """Return the name under which a failure is kept: a hash, where no account has it.

    What is typed there may be a password, or the name of a person.
    """
    name = (credentials or {}).get("username")
    if name is None or User.objects.filter(username=name).exists():
        return name
    return "?" + salted_hmac("gradatim.attempts", name, algorithm="sha256").hexdigest()


def counted_address(request: HttpRequest) -> str | None:
    """Return the address under which a failure is kept; of IPv6 the network, which is one house's.

    In a session it does not matter, and none is kept.
    """
    if occasion_of(request) is Occasion.SESSION:
        return None
    try:
        address = ip_address((address_of(request) or "").partition("%")[0])
    except ValueError:
        return None
    if not isinstance(address, IPv6Address) or address.is_loopback:
        return str(address)
    if address.ipv4_mapped:  # how a socket for both kinds names those of IPv4
        return str(address.ipv4_mapped)
    return str(ip_network((address, 64), strict=False).network_address)


class FailureHandler(AxesDatabaseHandler):  # type: ignore[misc]
    """Failures in the database, with a limit of its own for each way to count them."""

    def get_failures(self, request: Any, credentials: Any = None) -> int:
        """Return 1 if one has to wait, which is axes' limit here, else 0."""
        return int(self.wait(request, credentials) > timedelta())

    def wait(self, request: Any, credentials: Any) -> timedelta:
        """Return how long to wait from this attempt on."""
        at = request.axes_attempt_time
        counted = self.get_user_attempts(request, credentials)
        limits = LIMITS[occasion_of(request)]
        return max(
            _left(attempts, limit, at) for attempts, limit in zip(counted, limits, strict=True)
        )


def _left(attempts: "QuerySet[AccessAttempt]", limit: FailureLimit, at: datetime) -> timedelta:
    found = attempts.aggregate(failures=Sum("failures_since_start"), last=Max("attempt_time"))
    return _remaining(found, limit, at)


def _remaining(found: Mapping[str, Any], limit: FailureLimit, at: datetime) -> timedelta:
    wait = wait_after(found["failures"] or 0, limit.most)
    if not wait:
        return wait
    gone: timedelta = at - found["last"]  # a little less than nothing where it was just kept
    return max(wait - max(gone, timedelta()), timedelta())


def locked_names() -> set[str]:
    """Return the names that have to wait now, on any occasion, from any address."""
    at = timezone.now()
    return {
        one["username"]
        for occasion, limits in LIMITS.items()
        for limit in limits
        if "username" in limit.by
        for one in _remembered(at)
        .filter(user_agent=occasion)
        .values(*limit.by)
        .annotate(failures=Sum("failures_since_start"), last=Max("attempt_time"))
        .order_by()
        if _remaining(one, limit, at)
    }


def _remembered(at: datetime) -> "QuerySet[AccessAttempt]":
    since = at - (get_cool_off() or timedelta())
    found: QuerySet[AccessAttempt] = AccessAttempt.objects.filter(attempt_time__gt=since)
    return found


def forget_old() -> None:
    """Forget failures that no longer count; axes does so whenever somebody signs in or fails."""
    kept = _remembered(timezone.now()).values("pk")
    AccessAttempt.objects.exclude(pk__in=kept).delete()
