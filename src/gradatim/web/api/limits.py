"""How often a program may ask: by its address and by its token, each process for itself."""

from django.conf import settings
from django.http import HttpRequest
from ninja.errors import Throttled
from ninja.throttling import SimpleRateThrottle

PER_ADDRESS, PER_TOKEN = "1200/m", "600/m"


def address_of(request: HttpRequest) -> str:
    """Give the address that a request comes from; of one through our proxy, as the proxy saw it."""
    seen: str = request.META.get("REMOTE_ADDR", "")
    forwarded: str = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if settings.CONFIGURATION.proxied and forwarded:
        return forwarded.split(",")[-1].strip()
    return seen


class ByAddress(SimpleRateThrottle):
    """Counts every request of an address, with a valid token or not."""

    def get_cache_key(self, request: HttpRequest) -> str:
        """See `SimpleRateThrottle`."""
        return f"api-address-{address_of(request)}"


class ByToken(SimpleRateThrottle):
    """Counts the requests with one token."""

    def get_cache_key(self, request: HttpRequest) -> str:
        """See `SimpleRateThrottle`; the token's hash stands for it."""
        return f"api-token-{request.api_token}"  # type: ignore[attr-defined]


def limit(throttle: SimpleRateThrottle, request: HttpRequest) -> None:
    """Count a request.

    Raises:
        Throttled: there were too many; it says how long to wait.
    """
    if not throttle.allow_request(request):
        wait = throttle.wait()
        raise Throttled(wait=None if wait is None else max(1, round(wait)))
