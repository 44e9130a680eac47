"""What somebody sees after too many attempts."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from gradatim.web.views.faults import fault


def locked_out(request: HttpRequest, credentials: Any = None, *args: Any, **more: Any
               ) -> HttpResponse:  # fmt: skip
    """Say that it was tried too often; the same for users there are and users there are not."""
    return fault(request, 429, _("Too many attempts"), _("Wait a quarter of an hour."))
