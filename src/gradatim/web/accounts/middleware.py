"""The limits of a session: idle, absolute, and what must be done before anything else."""

import time
from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, resolve, reverse

from gradatim.web.accounts.second_factor import has_device

Respond = Callable[[HttpRequest], HttpResponse]
ALWAYS = ("sign-in", "sign-out", "invitation", "theme", "healthz")
"""Pages that are open whatever has to be done first."""
SEEN_EVERY = 30
"""Seconds after which the use of a session is written down again."""


def limit_session(respond: Respond) -> Respond:
    """End a session that was idle or is too old; have the second factor and the password first."""

    def limited(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return respond(request)
        if _ended(request):
            logout(request)
            return _to(request, "sign-in", ended=1)
        first = _first(request)
        if first and _page(request) not in (first, *ALWAYS):
            return _to(request, first)
        return respond(request)

    return limited


def _ended(request: HttpRequest) -> bool:
    """Whether a session has come to its end; if not, its use is noted."""
    at, session = time.time(), request.session
    began, seen = session.get("began", at), session.get("seen", at)
    if at - seen > settings.SESSION_IDLE_SECONDS or at - began > settings.SESSION_COOKIE_AGE:
        return True
    if "began" not in session or at - seen >= min(SEEN_EVERY, settings.SESSION_IDLE_SECONDS / 10):
        session["began"], session["seen"] = began, at
    return False


def _first(request: HttpRequest) -> str:
    """Give the page that has to be passed first; empty if there is none."""
    user = request.user
    if not user.is_verified():  # type: ignore[union-attr]
        if has_device(user):
            return "second-factor"
        if settings.SECOND_FACTOR_REQUIRED:
            return "second-factor-setup"
    return "password" if user.must_change_password else ""  # type: ignore[union-attr]


def _page(request: HttpRequest) -> str:
    try:
        return resolve(request.path_info).url_name or ""
    except Resolver404:
        return ""


def _to(request: HttpRequest, name: str, **more: int) -> HttpResponse:
    """Send to a page, from which it goes on to the one that was asked for.

    A part of a page that was asked for by htmx cannot be a page: the whole page goes.
    """
    if request.headers.get("HX-Request"):
        return HttpResponse(status=200, headers={"HX-Redirect": reverse(name)})
    query = urlencode({**more, "next": request.get_full_path()})
    return HttpResponseRedirect(f"{reverse(name)}?{query}")
