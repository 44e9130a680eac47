"""Pages for what went wrong: they say so, and nothing that the user may not know."""

import logging
import sys
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gradatim.conduct.event_store import CannotRecord, Cause, StorageUnavailable
from gradatim.web.database import AGAIN, unavailable

LOG = logging.getLogger("gradatim.database")
_WHY = {
    Cause.FULL: gettext_lazy("The disk of the database is full."),
    Cause.READ_ONLY: gettext_lazy("The database can only be read."),
    Cause.BUSY: gettext_lazy("Others hold the database or the application up."),
    Cause.SILENT: gettext_lazy("The database does not answer."),
    Cause.UNUSABLE: gettext_lazy("The database cannot be used."),
    Cause.KEYS: gettext_lazy("The folder of the participants' keys cannot be used."),
    Cause.JOURNAL: gettext_lazy("The downtime journal cannot be kept or read."),
}
"""Of what the database says of itself, of paths and of addresses only the log knows."""


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


def why_not_recorded(request: HttpRequest, error: Exception) -> str:
    """Return why nothing is recorded and what to do, as users are told; the log has the rest.

    Args:
        request: what was sent.
        error: a `CannotRecord`, or the database's error.

    Raises:
        Exception: the error, where it is of something else.
    """
    if (found := unavailable(error)) is None:
        if isinstance(error, CannotRecord):
            return str(error)
        raise error
    LOG.error("%s", found, extra={"request": getattr(request, "id", "")})
    return f"{_WHY[found.cause]} {_todo(found)}"


def _todo(error: StorageUnavailable) -> str:
    if error.cause in (Cause.SILENT, Cause.UNUSABLE):
        return _(
            "Whether what you sent was recorded is not known. Send it again as it is once the "
            "database is back: it is recorded once. Tell whoever runs this installation."
        )
    if error.cause is Cause.BUSY:
        return _("Nothing was recorded. Send it again in a minute.")
    return _(
        "Nothing was recorded. Tell whoever runs this installation, and send it again once it "
        "is mended."
    )


def unavailable_page(request: HttpRequest, error: StorageUnavailable) -> HttpResponse:
    """Answer where nothing can be kept or read; the page asks nothing of the database."""
    said = why_not_recorded(request, error)
    if request.path.startswith("/api/"):
        told = {"what": str(_WHY[error.cause]), "where": "", "why": "", "todo": _todo(error)}
        response: HttpResponse = JsonResponse({**told, "reasons": []}, status=503)
    else:
        content = {"why": said, "posted": request.method == "POST", "path": request.path}
        response = HttpResponse(render_to_string("gradatim/unavailable.html", content), status=503)
    response["Retry-After"] = str(AGAIN)
    return response


def broken(request: HttpRequest) -> HttpResponse:
    """Answer after a fault of this program; the log knows it by the request's number.

    A database that does not answer is none; sessions are in it, so it is noticed anywhere.
    """
    if (error := unavailable(sys.exc_info()[1])) is not None:
        return unavailable_page(request, error)
    number = getattr(request, "id", "")
    return HttpResponse(
        f"<!doctype html><html lang='en'><title>Fault</title><h1>This is our fault</h1>"
        f"<p>Nothing was recorded. Tell your administrator this number: {number}</p></html>",
        status=500,
    )
