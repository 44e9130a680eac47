"""How often somebody may ask: by user; whoever is not signed in, by address.

The JSON interface counts with the same counts: `web/api/limits.py`.
"""

import logging
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gradatim.web.middleware import address_of, page_of
from gradatim.web.rate_limiter import count_request
from gradatim.web.views.faults import fault

LOG = logging.getLogger("gradatim.limits")
Respond = Callable[[HttpRequest], HttpResponse]
ELSEWHERE = ("/static/", "/healthz", "/api/")
"""Files of the package, the watch over the service, and what counts for itself."""
READING = ("GET", "HEAD", "OPTIONS")
ASKING = ("grade", "session")
"""Posted, so that what was typed stands in no address, but recording nothing."""
SHARED = 5
"""So many times as much as a user may whoever comes from one address, before they sign in: a
hospital often has one address for all."""


def limit_requests(respond: Respond) -> Respond:
    """Have whoever asks too much wait, before anything is looked up for them."""

    def limited(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(ELSEWHERE):
            return respond(request)
        wait = _wait(request)
        return _too_many(request, wait) if wait else respond(request)

    return limited


def _wait(request: HttpRequest) -> int:
    """Count a request, and one that may record something as such too."""
    known = request.user.is_authenticated
    who = f"user-{request.user.pk}" if known else f"address-{address_of(request)}"
    times = 1 if known else SHARED
    wait = count_request(who, times * settings.REQUESTS_PER_MINUTE)
    if not wait and _writes(request):
        wait = count_request(f"{who}-writes", times * settings.WRITES_PER_MINUTE)
    return wait


def _writes(request: HttpRequest) -> bool:
    return request.method not in READING and page_of(request) not in ASKING


def _too_many(request: HttpRequest, wait: int) -> HttpResponse:
    """Say that it was too much and for how long to wait; in the log, who it was."""
    LOG.warning(
        "too many requests", extra={"user": request.user.get_username(), "method": request.method}
    )
    why = ngettext(
        "Wait %(n)d second, then go on; what you sent just now was not recorded.",
        "Wait %(n)d seconds, then go on; what you sent just now was not recorded.",
        wait,
    ) % {"n": wait}
    response = fault(request, 429, _("Too many requests in a short time"), why)
    response["Retry-After"] = str(wait)
    return response
