"""How often a program may ask: by its address and by its token, all processes together."""

from collections.abc import Callable

from django.http import HttpRequest
from ninja.errors import Throttled

from gradatim.web.middleware import address_of
from gradatim.web.rate_limiter import count_request

PER_ADDRESS, PER_TOKEN = 1_200, 600
"""In a minute."""


class _RequestLimit:
    """Counts requests by what they have in common.

    Args:
        name: of what is counted.
        most: how many there may be in a minute.
        of: gives what is counted, of a request.
    """

    def __init__(self, name: str, most: int, of: Callable[[HttpRequest], str]) -> None:
        self.name, self.most, self.of = name, most, of

    def count(self, request: HttpRequest) -> None:
        """Count a request.

        Raises:
            Throttled: there were too many; it says how long to wait.
        """
        if wait := count_request(f"api-{self.name}-{self.of(request)}", self.most):
            raise Throttled(wait=wait)


def by_address() -> _RequestLimit:
    """Count every request of an address, with a valid token or not."""
    return _RequestLimit("address", PER_ADDRESS, lambda request: address_of(request) or "")


def by_token() -> _RequestLimit:
    """Count the requests with one token; its hash stands for it."""
    return _RequestLimit("token", PER_TOKEN, lambda request: str(getattr(request, "api_token", "")))
