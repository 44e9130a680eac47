"""What happens around every request: it is logged, its method looked at, headers set."""

import logging
import time
from collections.abc import Callable
from uuid import uuid4

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import Resolver404, ResolverMatch, resolve

Respond = Callable[[HttpRequest], HttpResponse]
LOG = logging.getLogger("gradatim.request")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def log_request(respond: Respond) -> Respond:
    """Log each request by its route, never by its address: an address may name a participant."""

    def logged(request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        request.id = uuid4().hex  # type: ignore[attr-defined]
        response = respond(request)
        match = request.resolver_match
        LOG.info(
            "request",
            extra={
                "request": request.id,  # type: ignore[attr-defined]
                "method": request.method,
                "route": match.route if match else "none",
                "status": response.status_code,
                "ms": round(1000 * (time.perf_counter() - started), 1),
                "user": _user_of(request),
            },
        )
        response["X-Request-ID"] = request.id  # type: ignore[attr-defined]
        return response

    return logged


def _user_of(request: HttpRequest) -> str:
    """Return whose request it was; nothing where the database does not tell."""
    try:
        return str(getattr(getattr(request, "user", None), "username", ""))
    except DatabaseError:
        return ""


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
