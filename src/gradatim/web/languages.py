"""A page in another language: for participants and sites, where the trial is."""

from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils import translation

from gradatim.web.access import Page, Request

ASKED = "language"
"""The name by which the address of a page asks for one."""


def in_asked_language(view: Page) -> Page:
    """Show a page in the language that its address asks for; in English without one."""

    @wraps(view)
    def shown(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        asked = request.GET.get(ASKED, "")
        language = asked if asked in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        with translation.override(language):
            return view(request, *args, **kwargs)

    return shown
