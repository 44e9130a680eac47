"""The limits of a session: idle, absolute, and what must be done before anything else."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from gradatim.web.accounts.models import What
from gradatim.web.accounts.second_factor import factor_page
from gradatim.web.accounts.sessions import leave
from gradatim.web.middleware import page_of

Respond = Callable[[HttpRequest], HttpResponse]
SESSION = "session"
"""Where a page asks how much of the session is left; asking is no use of it, posting is."""
_UNATTENDED = (SESSION, "standing")
"""Pages that a page left open asks for by itself, which is no use of the session."""
_ALWAYS_OPEN = ("sign-in", "sign-out", "invitation", "theme", "healthz", SESSION)
"""Pages that are open whatever has to be done first."""
SEEN_EVERY = 30
"""Seconds after which the use of a session is written down again."""


def limit_session(respond: Respond) -> Respond:
    """End a session that was idle or is too old; have the second factor and the password first."""

    def limited(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return _unlost(request, respond(request))
        page = page_of(request)
        if _ended(request, noted=page not in _UNATTENDED or request.method == "POST"):
            leave(request, What.SESSION_EXPIRED)
            return respond(request) if page == SESSION else _signed_out(request)
        first = first_page(request)
        if first and page not in (first, *_ALWAYS_OPEN):
            return _to(request, first)
        return respond(request)

    return limited


def _ended(request: HttpRequest, noted: bool) -> bool:
    """Whether a session has come to its end; if not, its use is noted."""
    at, session = time.time(), request.session
    began, seen = session.get("began", at), session.get("seen", at)
    if at - seen > settings.SESSION_IDLE_SECONDS or at - began > settings.SESSION_COOKIE_AGE:
        return True
    due = at - seen >= min(SEEN_EVERY, settings.SESSION_IDLE_SECONDS / 10)
    if noted and ("began" not in session or due):
        session["began"], session["seen"] = began, at
    return False


def seconds_left(request: HttpRequest) -> int:
    """Give the seconds until a session ends by rest or age; 0 where nobody is fully signed in."""
    if not request.user.is_authenticated or first_page(request):
        return 0
    at, session = time.time(), request.session
    idle: float = settings.SESSION_IDLE_SECONDS - (at - session.get("seen", at))
    whole: float = settings.SESSION_COOKIE_AGE - (at - session.get("began", at))
    return max(0, round(min(idle, whole)))


def first_page(request: HttpRequest) -> str:
    """Give the page that has to be passed first; empty if there is none. Worked out once."""
    if not hasattr(request, "first_page"):
        request.first_page = _first_page(request.user)  # type: ignore[attr-defined]
    return str(request.first_page)  # type: ignore[attr-defined]


def _first_page(user: Any) -> str:
    return factor_page(user) or ("password" if user.must_change_password else "")


def _unlost(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Say to whoever sent something and is sent to sign in that it was not recorded."""
    to_sign_in = response.get("Location", "").startswith(reverse("sign-in"))
    if request.method == "POST" and to_sign_in and page_of(request) not in _ALWAYS_OPEN:
        return _signed_out(request)
    return response


def _signed_out(request: HttpRequest) -> HttpResponse:
    sent = {"lost": 1} if request.method == "POST" else {}
    return _to(request, "sign-in", ended=1, **sent)


def _to(request: HttpRequest, name: str, **more: int) -> HttpResponse:
    """Send to a page, from which it goes on to the one that was asked for.

    A part of a page that was asked for by htmx cannot be a page: the whole page goes.
    """
    if request.headers.get("HX-Request"):
        return HttpResponse(status=200, headers={"HX-Redirect": reverse(name)})
    query = urlencode({**more, "next": _open_page(request)})
    return HttpResponseRedirect(f"{reverse(name)}?{query}")


def _open_page(request: HttpRequest) -> str:
    """Give the page that its user sees: that of a form is where it was sent from, if from here."""
    came = urlsplit(request.headers.get("Referer", ""))
    if request.method != "POST" or came.netloc != request.get_host():
        return request.get_full_path()
    return f"{came.path}?{came.query}" if came.query else came.path
