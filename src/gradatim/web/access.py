"""Pages for those who may see them: what `conduct.access` does not let a user see is not found."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gradatim.conduct.access import Access
from gradatim.conduct.state import Participant
from gradatim.conduct.trial import Trial
from gradatim.conduct.visibility import NotVisible, Reference, require_visible


class Request(HttpRequest):
    """A request as the pages get it: with the trial, brought up to date, and its user's access."""

    id: str
    trial: Trial
    access: Access


Page = Callable[..., HttpResponse]
AREAS: dict[Page, str] = {}
"""Every page, with the area it belongs to; filled by `page`."""


def page(area: str) -> Callable[[Page], Page]:
    """Keep a page to those who may see its area.

    Whoever is not signed in is asked to; whoever has no role for it does not find it.
    """

    def decorated(view: Page) -> Page:
        @wraps(view)
        def kept(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not request.access.sees(area):
                raise Http404(_("There is no such page."))
            return view(request, *args, **kwargs)

        AREAS[kept] = area
        return kept

    return decorated


PUBLIC: set[Page] = set()
"""Pages for whoever is not signed in, or signed in without any role; filled by `public`."""


def public(view: Page) -> Page:
    """Mark a page as one that needs no role."""
    PUBLIC.add(view)
    return view


def participant_or_404(access: Access, area: str, id: str) -> Participant:
    """Return a participant of whom the user sees an area.

    Raises:
        Http404: there is none, or not for this user.
    """
    one = access.find_participant(area, id)
    if one is None:
        raise Http404(_("There is no such participant."))
    return one


_NOT_FOUND: Mapping[Reference, Any] = {
    "participant": gettext_lazy("There is no such participant at this site."),
    "entry": gettext_lazy("There is no such entry or query at this site."),
    "lot": gettext_lazy("There is no such lot at this site."),
    "bag": gettext_lazy("There is no such bag at this site."),
}


def require_visible_or_404(access: Access, name: str, event: Any) -> None:
    """Refuse an event that refers to what its user does not see: see `require_visible`.

    What is not there, and what is not there for this user, is answered in the same words.

    Raises:
        Http404: it names such a participant, entry, query, lot or bag.
    """
    try:
        require_visible(access, name, event)
    except NotVisible as error:
        raise Http404(str(_NOT_FOUND[error.reference])) from error
