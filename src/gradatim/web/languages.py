"""A page in another language: for participants and sites, where the trial is."""

from functools import lru_cache, wraps
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils import translation

from gradatim.conduct.state import Deviation, State
from gradatim.conduct.stored_messages import description_of
from gradatim.protocol.study import Study
from gradatim.protocol.translation.document import Translation
from gradatim.protocol.translation.load import translation_of
from gradatim.web.access import Page, Request
from gradatim.web.localiser import Localised, Localiser

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


def localiser(study: Study) -> Localiser:
    """Return what says the messages of a study in the language of the page.

    The study's own words are looked for in the folder that the installation names, if it does, and
    beside the bundled protocols.
    """
    language = translation.get_language() or settings.LANGUAGE_CODE
    if language == settings.LANGUAGE_CODE:
        return Localiser(study, None, active=False)
    return Localiser(study, _words_of(study.study.id, language), active=True)


def why_broken(state: State, deviation: Deviation) -> Localised:
    """Return why a rule was broken, in the language of the page."""
    if not state.versions:
        return Localised(deviation.description)
    return localiser(state.study).localise(description_of(deviation))


@lru_cache(maxsize=8)
def _words_of(study: str, language: str) -> Translation | None:
    return translation_of(study, language, settings.TRANSLATIONS)
