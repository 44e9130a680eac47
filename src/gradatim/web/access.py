"""Who may see which page, of which site. Who may record what stands in `conduct.permissions`.

`SEES` is the whole matrix of pages and roles; a test walks every cell of it. A role granted for the
whole trial sees every site; one granted at a site sees that site. What a user may not see is not
found: no page says that it exists.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, NamedTuple

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from gradatim.conduct.conflicts import participant_of
from gradatim.conduct.events.base import Event
from gradatim.conduct.permissions import MAY, OF_THE_WHOLE_TRIAL, roles_of
from gradatim.conduct.roles import CLINICAL_STAFF, OVERSIGHT, ROLES, SITE_STAFF
from gradatim.conduct.state import Participant, State
from gradatim.conduct.trial import Trial

SEES: Mapping[str, tuple[str, ...]] = {
    "overview": ROLES,
    "protocol": ROLES,
    "screening": (*CLINICAL_STAFF, *OVERSIGHT),
    "participants": (*CLINICAL_STAFF, *OVERSIGHT, "statistician", "safety_committee"),
    "identity": CLINICAL_STAFF,
    "emergency": (*SITE_STAFF, "sponsor", "monitor", "auditor", "safety_committee"),
    "dosing": (*SITE_STAFF, *OVERSIGHT, "safety_committee"),
    "review": ("safety_committee", "sponsor", "statistician", "data_manager", "auditor"),
    "design": (*ROLES,),
    "feasibility": (
        "sponsor",
        "statistician",
        "data_manager",
        "investigator",
        "coordinator",
        "auditor",
    ),
    "audit": (*OVERSIGHT, "statistician"),
    "people": ("sponsor", "investigator", "monitor", "data_manager", "auditor"),
    "paper": (*SITE_STAFF, "monitor", "data_manager", "sponsor"),
}
"""Areas of the application, and the roles that see them. `identity` is who a participant is: the
name and birth date, for those who treat them."""


class Access(NamedTuple):
    """What the user of a request may see and do.

    Args:
        user: their identifier in the ledger.
        state: the trial now.
        held: role -> sites; "" is the whole trial.
    """

    user: str
    state: State
    held: Mapping[str, frozenset[str]]

    def sees(self, area: str) -> bool:
        """Whether any of the user's roles sees an area."""
        return any(role in self.held for role in SEES[area])

    def sites(self, area: str) -> frozenset[str]:
        """Give the sites at which the user sees an area."""
        found = frozenset[str]().union(*(self.held.get(role, ()) for role in SEES[area]))
        return frozenset(self.state.sites) if "" in found else found

    def sees_participant(self, area: str, one: Participant) -> bool:
        """Whether the user sees an area of a participant."""
        return one.site in self.sites(area)

    def participant(self, area: str, id: str) -> Participant:
        """Give a participant.

        Raises:
            Http404: there is none, or not for this user.
        """
        one = self.state.participants.get(id)
        if one is None or not self.sees_participant(area, one):
            raise Http404(_("There is no such participant."))
        return one

    def participants(self, area: str) -> list[Participant]:
        """Give the participants of whom the user sees an area, in the order of registration."""
        sites = self.sites(area)
        return [one for one in self.state.participants.values() if one.site in sites]

    def may(self, event: str, site: str = "") -> bool:
        """Whether the user may record a type of event at a site ("" the trial as a whole)."""
        return self.has_any(MAY[event], site)

    def has_any(self, roles: Iterable[str], site: str = "") -> bool:
        """Whether the user has any of these roles at a site ("" the trial as a whole)."""
        return not roles_of(self.state, self.user, site).isdisjoint(roles)

    def sites_for(self, event: str) -> list[str]:
        """Give the sites at which the user may record a type of event; "" the whole trial."""
        places = ("",) if event in OF_THE_WHOLE_TRIAL else ("", *self.state.sites)
        return [site for site in places if self.may(event, site)]

    def sees_entry(self, area: str, event: Event) -> bool:
        """Whether an entry of the ledger belongs to what the user sees in an area."""
        sites = self.sites(area)
        about = self.state.participants.get(participant_of(self.state, event) or "")
        if about is not None:
            return about.site in sites
        return not event.site or event.site in sites


def access_of(state: State, user: str) -> Access:
    """Give what a user may see and do, by the delegation log."""
    held: dict[str, frozenset[str]] = {}
    for (name, site), roles in state.roles.items():
        if name == user:
            for role in roles:
                held[role] = held.get(role, frozenset()) | {site}
    return Access(user, state, held)


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
