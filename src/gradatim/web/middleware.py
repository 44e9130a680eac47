"""What happens around every request: the trial is brought up to date, headers set, faults told."""

import logging
import time
from collections.abc import Callable
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import Resolver404, ResolverMatch, resolve

from gradatim.conduct.access import access_of
from gradatim.conduct.event_store import NotSealed
from gradatim.core.errors import UnusableInput
from gradatim.web.live_trial import running

Respond = Callable[[HttpRequest], HttpResponse]
LOG = logging.getLogger("gradatim.request")
WITHOUT_TRIAL = ("/static/", "/healthz", "/session/")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def log_request(respond: Respond) -> Respond:
    """Log each request by its route, never by its address: an address may name a participant."""

    def logged(request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        request.id = uuid4().hex  # type: ignore[attr-defined]
        response = respond(request)
        match = request.resolver_match
        user = getattr(request, "user", None)
        LOG.info(
            "request",
            extra={
                "request": request.id,  # type: ignore[attr-defined]
                "method": request.method,
                "route": match.route if match else "none",
                "status": response.status_code,
                "ms": round(1000 * (time.perf_counter() - started), 1),
                "user": getattr(user, "username", ""),
            },
        )
        response["X-Request-ID"] = request.id  # type: ignore[attr-defined]
        return response

    return logged


def refuse_methods(respond: Respond) -> Respond:
    """Refuse methods that nothing here has, TRACE above all."""

    def answered(request: HttpRequest) -> HttpResponse:
        return respond(request) if request.method in _METHODS else HttpResponseNotAllowed(_METHODS)

    return answered


def headers(respond: Respond) -> Respond:
    """Keep pages with data out of caches, and the browser's devices away from them."""

    def answered(request: HttpRequest) -> HttpResponse:
        response = respond(request)
        response.setdefault("Cache-Control", "no-store")
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response

    return answered


def address_of(request: HttpRequest) -> str | None:
    """Give where a request comes from; behind a proxy, what the proxy itself added: the last."""
    proxied = settings.CONFIGURATION.proxied
    said = request.META.get("HTTP_X_FORWARDED_FOR", "") if proxied else ""
    return said.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR")


def page_of(request: HttpRequest) -> str:
    """Give the name of the page that is asked for; empty if there is none."""
    match = match_of(request)
    return (match.url_name or "") if match is not None else ""


def match_of(request: HttpRequest) -> ResolverMatch | None:
    """Return the page that is asked for with what its address names; None if there is none."""
    try:
        return resolve(request.path_info)
    except Resolver404:
        return None


def open_trial(respond: Respond) -> Respond:
    """Bring the trial up to date, and keep it still while the request is answered."""

    def answered(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(WITHOUT_TRIAL):
            return respond(request)
        if request.method == "POST":
            _ = request.POST  # read before others are kept waiting: a sender may be slow
        now = running()
        with now.lock:
            now.trial.refresh()
            if now.trial.not_sealed is not None:
                LOG.error("%s", now.trial.not_sealed)
            request.trial = now.trial  # type: ignore[attr-defined]
            name = request.user.get_username() if request.user.is_authenticated else ""
            request.access = access_of(now.trial.state, name)  # type: ignore[attr-defined]
            return respond(request)

    return answered


class explain_unusable:  # noqa: N801  (a middleware is called like a function)
    """Answer with one clear message where something given cannot be used."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer."""
        return self.respond(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Turn unusable input into a page that says what, where, why and what to do."""
        if isinstance(error, UnusableInput):
            status = 503 if isinstance(error, NotSealed) else 400
            return render(request, "gradatim/unusable.html", {"error": error}, status=status)
        return None
