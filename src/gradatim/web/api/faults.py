"""What went wrong, told in the same way by every operation; never a page, never a traceback."""

import logging
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError, Throttled, ValidationError

from gradatim.conduct.event_store import CannotRecord, StorageUnavailable
from gradatim.core.errors import UnusableInput
from gradatim.web.database import AGAIN, unavailable

LOG = logging.getLogger("gradatim.database")

Reasons = list[dict[str, str]]


class Refusal(Exception):
    """Something that is not done, with the status it is answered with."""

    def __init__(
        self,
        status: int,
        what: str,
        where: str = "",
        why: str = "",
        todo: str = "",
        reasons: Reasons | None = None,
    ) -> None:
        super().__init__(what)
        self.told = AnsweredFault(status, what, where, why, todo, reasons or [])


class AnsweredFault(NamedTuple):
    """A fault as it is answered: see `schemas.faults.Fault`."""

    status: int
    what: str
    where: str = ""
    why: str = ""
    todo: str = ""
    reasons: Reasons = []

    def content(self) -> dict[str, Any]:
        """Give it as the API writes it."""
        return {name: value for name, value in self._asdict().items() if name != "status"}

    def __str__(self) -> str:
        """As one sentence."""
        listed = "; ".join(f"{one['rule']}: {one['why']}" for one in self.reasons)
        why = "; ".join(part for part in (self.why, listed) if part)
        return str(UnusableInput(self.what, self.where, why, self.todo))


WriteFault = Callable[[HttpRequest, AnsweredFault], HttpResponse]
"""How an interface writes a fault."""


def _refusal(error: Any) -> AnsweredFault:
    told: AnsweredFault = error.told
    return told


def _unusable(error: Any) -> AnsweredFault:
    return AnsweredFault(422, error.what, error.where, error.why, error.todo)


def _cannot_record(error: Any) -> AnsweredFault:
    """Tell that nothing is recorded for now: a program keeps what it has, and sends it again."""
    return AnsweredFault(503, error.what, error.where, error.why, error.todo)


def _unavailable(error: Any) -> AnsweredFault:
    """Tell that the database takes nothing; of its own words and of paths only the log knows."""
    LOG.error("%s", error)
    return AnsweredFault(503, error.what, todo=_("send it again later, under the same key"))


def _of_database(error: Any) -> AnsweredFault:
    if (found := unavailable(error)) is None:
        raise error
    return _unavailable(found)


def _invalid(error: Any) -> AnsweredFault:
    """Tell what a parameter may not be; what was sent is not repeated."""
    reasons = [
        {"rule": ".".join(map(str, one["loc"])), "why": str(one["msg"])} for one in error.errors
    ]
    return AnsweredFault(
        422, _("this request cannot be used"), todo=_("correct the parameters"), reasons=reasons
    )


def not_found(error: Any) -> AnsweredFault:
    """Tell that there is nothing: the same words for what is not there and what is not for you."""
    return AnsweredFault(
        404, _("there is nothing here"), why=str(error).rstrip(".") or _("it does not exist")
    )


def _too_big(error: Any) -> AnsweredFault:
    return AnsweredFault(413, _("this request is too large"), todo=_("send one event at a time"))


def _http(error: Any) -> AnsweredFault:
    if error.status_code == 401:
        return AnsweredFault(
            401,
            _("this needs a token"),
            "Authorization",
            _("there is none that is valid"),
            _("send `Authorization: Bearer` and a token of your account"),
        )
    return AnsweredFault(error.status_code, str(error))


def _throttled(error: Any) -> AnsweredFault:
    return AnsweredFault(
        429, _("there are too many requests"), todo=_("wait, then go on more slowly")
    )


TOLD: Mapping[type[Exception], Callable[[Any], AnsweredFault]] = {
    Refusal: _refusal,
    CannotRecord: _cannot_record,
    StorageUnavailable: _unavailable,
    DatabaseError: _of_database,
    UnusableInput: _unusable,
    ValidationError: _invalid,
    Http404: not_found,
    RequestDataTooBig: _too_big,
    Throttled: _throttled,
    HttpError: _http,
}
"""How each kind of fault is told."""


def tell_faults(api: NinjaAPI, write: WriteFault) -> None:
    """Let an interface write every fault in its own way."""
    for kind, telling in TOLD.items():
        api.add_exception_handler(kind, _handler(telling, write))


def _handler(
    telling: Callable[[Any], AnsweredFault], write: WriteFault
) -> Callable[..., HttpResponse]:
    def handle(request: HttpRequest, error: Any) -> HttpResponse:
        told = telling(error)
        response = write(request, told)
        if told.status == 401:
            response["WWW-Authenticate"] = "Bearer"
        if isinstance(error, Throttled) and error.wait is not None:
            response["Retry-After"] = str(math.ceil(error.wait))
        if told.status == 503:
            response["Retry-After"] = str(AGAIN)
        return response

    return handle
