"""Who may see which area of the trial, at which site. Who may record is in `conduct.permissions`.

`SEES` is the whole matrix of areas and roles; a test walks every cell of it. A role granted for the
whole trial sees every site; one granted at a site sees that site. What a user may not see is told
as what is not there: nobody learns that it exists.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from gradatim.conduct.conflicts import participant_of
from gradatim.conduct.delegations import held_at
from gradatim.conduct.events.base import Event
from gradatim.conduct.permissions import MAY, OF_DELEGATION, OF_THE_WHOLE_TRIAL, delegates
from gradatim.conduct.roles import CLINICAL_STAFF, OVERSIGHT, ROLES, SITE_STAFF
from gradatim.conduct.state import Participant, State

SEES: Mapping[str, tuple[str, ...]] = {
    "overview": ROLES,
    "protocol": ROLES,
    "screening": (*CLINICAL_STAFF, *OVERSIGHT),
    "participants": (
        *CLINICAL_STAFF,
        *OVERSIGHT,
        "statistician",
        "safety_committee",
        "coder",
    ),
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
"""Areas of the trial, and the roles that see them. `identity` is who a participant is: the name and
birth date, for those who treat them."""


class Access(NamedTuple):
    """What a user may see and do.

    Args:
        user: their identifier in the ledger.
        state: the trial now.
        held: role -> sites; "" is the whole trial.
    """

    user: str
    state: State
    held: Mapping[str, frozenset[str]]

    def sees(self, area: str) -> bool:
        """Return whether any of the user's roles sees an area."""
        return any(role in self.held for role in SEES[area])

    def sites(self, area: str) -> frozenset[str]:
        """Return the sites at which the user sees an area."""
        found = frozenset[str]().union(*(self.held.get(role, ()) for role in SEES[area]))
        return frozenset(self.state.sites) if "" in found else found

    def sees_participant(self, area: str, one: Participant) -> bool:
        """Return whether the user sees an area of a participant."""
        return one.site in self.sites(area)

    def find_participant(self, area: str, id: str) -> Participant | None:
        """Return a participant of whom the user sees an area; None if there is none for them."""
        one = self.state.participants.get(id)
        return one if one is not None and self.sees_participant(area, one) else None

    def participants(self, area: str) -> list[Participant]:
        """Return the participants of whom the user sees an area, in the order of registration."""
        sites = self.sites(area)
        return [one for one in self.state.participants.values() if one.site in sites]

    def may(self, event: str, site: str = "") -> bool:
        """Return whether the user may record a type of event at a site ("" the whole trial)."""
        if event in OF_DELEGATION and not delegates(self.state, self.user, site):
            return False
        return self.has_any(MAY[event], site)

    def has_any(self, roles: Iterable[str], site: str = "") -> bool:
        """Return whether the user has any of these roles at a site ("" the trial as a whole)."""
        wanted = frozenset(roles)
        return any(
            role in wanted and ("" in sites or site in sites) for role, sites in self.held.items()
        )

    def sites_for(self, event: str) -> list[str]:
        """Return the sites at which the user may record a type of event; "" the whole trial."""
        places = ("",) if event in OF_THE_WHOLE_TRIAL else ("", *self.state.sites)
        return [site for site in places if self.may(event, site)]

    def sees_entry(self, area: str, event: Event) -> bool:
        """Return whether an entry of the ledger belongs to what the user sees in an area."""
        sites = self.sites(area)
        about = self.state.participants.get(participant_of(self.state, event) or "")
        if about is not None:
            return about.site in sites
        return not event.site or event.site in sites


class LimitedAccess(Access):
    """Access by the roles that are held here, which may be fewer than the user has."""


class ReadOnlyAccess(Access):
    """Access to an earlier state of the trial, to which nothing can be added."""

    def has_any(self, roles: Iterable[str], site: str = "") -> bool:
        """Return False: nobody records or has a task in the past."""
        return False


def access_of(state: State, user: str, at: datetime | None = None) -> Access:
    """Return what a user may see and do, by the delegation log.

    Args:
        state: the trial.
        user: who.
        at: the moment, by which urgent delegations may have lapsed; None when the last entry was
            recorded.
    """
    held: dict[str, frozenset[str]] = {}
    for site in [site for name, site in state.roles if name == user]:
        for role in held_at(state, user, site, at):
            held[role] = held.get(role, frozenset()) | {site}
    return Access(user, state, held)


def limited_access_of(
    state: State, user: str, role: str, at: datetime | None = None
) -> LimitedAccess:
    """Return what a user may see and do in one of their roles alone; "" for all of them."""
    held = access_of(state, user, at).held
    held = {name: sites for name, sites in held.items() if role in ("", name)}
    return LimitedAccess(user, state, held)
