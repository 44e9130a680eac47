"""Pages for what went wrong: they say so, and nothing that the user may not know."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def fault(request: HttpRequest, status: int, what: str, why: str) -> HttpResponse:
    """Draw the page of a fault."""
    return render(request, "gradatim/fault.html", {"what": what, "why": why}, status=status)


def bad(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Answer a request that cannot be understood."""
    return fault(request, 400, _("This request cannot be understood"), _("Go back and try again."))


def forbidden(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Answer a request that may not be."""
    return fault(request, 403, _("You may not do this"), _("Your tasks do not include it."))


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without the token of its page."""
    why = _(
        "It was opened before you signed in, or in another window. Load the page again; "
        "nothing was recorded."
    )
    return fault(request, 403, _("This form is too old"), why)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Answer for what is not there, and for what is not there for this user: the same words."""
    return fault(
        request,
        404,
        _("There is nothing here"),
        _("It does not exist, or it is not for you to see."),
    )


def broken(request: HttpRequest) -> HttpResponse:
    """Answer after a fault of this program; the log knows it by the request's number."""
    number = getattr(request, "id", "")
    return HttpResponse(
        f"<!doctype html><html lang='en'><title>Fault</title><h1>This is our fault</h1>"
        f"<p>Nothing was recorded. Tell your administrator this number: {number}</p></html>",
        status=500,
    )
