"""A request has the trial, brought up to date and kept still; what stands against it is told."""

import logging
from collections.abc import Callable
from contextlib import suppress

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.shortcuts import render
from django.utils.translation import gettext as _

from gradatim.conduct.access import access_of
from gradatim.conduct.event_store import CannotRecord, StorageUnavailable
from gradatim.conduct.trial import Trial
from gradatim.core.errors import UnusableInput
from gradatim.web import clock
from gradatim.web.database import unavailable
from gradatim.web.live_trial import running
from gradatim.web.views.faults import fault, unavailable_page

Respond = Callable[[HttpRequest], HttpResponse]
LOG = logging.getLogger("gradatim.request")
WITHOUT_TRIAL = ("/static/", "/healthz", "/session/")


def open_trial(respond: Respond) -> Respond:
    """Bring the trial up to date, and keep it still while the request is answered."""

    def answered(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(WITHOUT_TRIAL):
            return respond(request)
        try:
            _read(request)
            with running().held() as trial:
                bring_up_to_date(request, trial)
                return respond(request)
        except UnreadablePostError:
            return fault(request, 408, _("This took too long to come"), _("Nothing was recorded."))
        except StorageUnavailable as error:
            return unavailable_page(request, error)

    return answered


def _read(request: HttpRequest) -> None:
    """Read what is sent before others are kept waiting: a sender may be slow."""
    _ = request.POST
    if request.content_type == "application/json":
        with suppress(RequestDataTooBig):  # whoever uses it says so
            _ = request.body


def bring_up_to_date(request: HttpRequest, trial: Trial) -> None:
    """Fold in what others recorded, for a request that sees it.

    Raises:
        StorageUnavailable: the ledger does not answer.
    """
    try:
        trial.refresh()
    except StorageUnavailable:
        raise
    except UnusableInput:
        if trial.standstill is None:
            raise  # else what was read stays readable, and every page says so
    if trial.standstill is not None:
        LOG.error("%s", trial.standstill)
    request.trial = trial  # type: ignore[attr-defined]
    name = request.user.get_username() if request.user.is_authenticated else ""
    request.access = access_of(trial.state, name, clock.now())  # type: ignore[attr-defined]


class explain_unusable:  # noqa: N801  (a middleware is called like a function)
    """Answer with one clear message where something given cannot be used."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer."""
        return self.respond(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Turn unusable input into a page that says what, where, why and what to do."""
        if (found := unavailable(error)) is not None:
            return unavailable_page(request, found)
        if isinstance(error, UnusableInput):
            status = 503 if isinstance(error, CannotRecord) else 400
            return render(request, "gradatim/unusable.html", {"error": error}, status=status)
        return None
