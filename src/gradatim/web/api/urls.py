"""Addresses of the interfaces. What is not there is told as each of them tells its faults."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from gradatim.web.api import fhir, interface
from gradatim.web.api.faults import AnsweredFault, WriteFault, not_found


def answered(view: Callable[..., Any], write: WriteFault) -> Callable[..., HttpResponse]:
    """Keep a view to the form of its interface, for what it does not have or do."""

    def kept(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response: HttpResponse = view(request, *args, **kwargs)
        except Http404:
            return write(request, not_found(_("There is no such address.")))
        if response.status_code != 405:
            return response
        told = write(request, AnsweredFault(405, _("this cannot be done here"), "method"))
        told["Allow"] = response["Allow"]
        return told

    kept.csrf_exempt = True  # type: ignore[attr-defined]  # no cookie is looked at
    return kept


def _nothing(request: HttpRequest, rest: str) -> HttpResponse:
    raise Http404


def _mounted(urls: tuple[list[Any], str, str], write: WriteFault) -> Any:
    """Give the addresses of an interface, and one for all that it does not have."""
    patterns, app, namespace = urls
    everything: list[URLPattern] = [*patterns, path("<path:rest>", _nothing)]
    for one in everything:
        one.callback = answered(one.callback, write)
    return everything, app, namespace


urlpatterns = [
    path("fhir/", _mounted(fhir.fhir.urls, fhir.write)),
    path("", _mounted(interface.api.urls, interface.write)),
]
