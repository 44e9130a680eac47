"""Without HTTPS a program is refused, not redirected: it would not notice what it gave away."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from gradatim.web.api import fhir, interface
from gradatim.web.api.faults import AnsweredFault

Respond = Callable[[HttpRequest], HttpResponse]
PLACE, FHIR = "/api/", "/api/fhir/"


def refuse_plain_http(respond: Respond) -> Respond:
    """Refuse what a program sends in the open, before its token is looked at."""

    def answered(request: HttpRequest) -> HttpResponse:
        plain = settings.SECURE_SSL_REDIRECT and not request.is_secure()
        if not plain or not request.path.startswith(PLACE):
            return respond(request)
        write = fhir.write if request.path.startswith(FHIR) else interface.write
        return write(
            request,
            AnsweredFault(
                403,
                _("this needs HTTPS"),
                why=_("what was sent could be read on its way"),
                todo=_("revoke the token that was sent, and use https:// with another"),
            ),
        )

    return answered
