"""The limits of a session: idle, absolute, and what must be done before anything else."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from gradatim.web.accounts.signing import has_device

Respond = Callable[[HttpRequest], HttpResponse]
FREE = ("sign-in", "sign-out", "theme", "second-factor", "second-factor-setup", "recovery-codes",
        "password", "healthz")  # fmt: skip


def limit_session(respond: Respond) -> Respond:
    """End a session that was idle or is too old; have the second factor and the password first."""

    def limited(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return respond(request)
        if _ended(request):
            logout(request)
            return HttpResponseRedirect(f"{reverse('sign-in')}?ended=1")
        request.session["seen"] = time.time()
        if (first := _first(request)) and not _free(request):
            return HttpResponseRedirect(reverse(first))
        return respond(request)

    return limited


def _ended(request: HttpRequest) -> bool:
    at = time.time()
    began = request.session.setdefault("began", at)
    seen = request.session.get("seen", at)
    return bool(at - seen > settings.SESSION_IDLE_SECONDS
                or at - began > settings.SESSION_COOKIE_AGE)  # fmt: skip


def _first(request: HttpRequest) -> str:
    """Give the page that has to be passed first; empty if there is none."""
    user = request.user
    if settings.SECOND_FACTOR_REQUIRED and not has_device(user):
        return "second-factor-setup"
    if has_device(user) and not user.is_verified():  # type: ignore[union-attr]
        return "second-factor"
    return "password" if user.must_change_password else ""  # type: ignore[union-attr]


def _free(request: HttpRequest) -> bool:
    from django.urls import Resolver404, resolve

    try:
        return resolve(request.path_info).url_name in FREE or request.path.startswith("/static/")
    except Resolver404:
        return False
