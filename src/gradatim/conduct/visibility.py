"""What an event refers to: only what its user sees, and only of the site it is recorded at.

The permission is to record at a site. Without this, an entry, query or lot of another site could be
named in an act of one's own.
"""

from collections.abc import Collection
from typing import Any, Literal

from gradatim.conduct.access import Access
from gradatim.conduct.conflicts import participant_of
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.participants import ParticipantTransferred
from gradatim.conduct.state import Participant, State
from gradatim.conduct.transfers import proposed_transfer
from gradatim.dosing.inventory import Lot
from gradatim.protocol.eligibility import EligibilityCriterion
from gradatim.protocol.nodes import Age

Reference = Literal["participant", "entry", "lot", "bag"]
OF_PARTICIPANTS = ("participants", "dosing", "screening")
"""Areas in any of which a participant has to be seen by whoever records something about them."""
OF_ENTRIES = ("participants", "dosing", "audit")
"""Areas in any of which an entry has to be seen by whoever refers to it."""


class NotVisible(Exception):
    """Something is referred to that is not there, or not there for this user: nobody says which.

    Args:
        reference: what kind of thing is referred to; `entry` is an entry, or a query about one.
    """

    def __init__(self, reference: Reference) -> None:
        super().__init__(reference)
        self.reference: Reference = reference


def sees_lot(access: Access, lot: Lot) -> bool:
    """Return whether a lot is, or was, a matter of a site where the user sees the product.

    Who sent all of it on still accounts for it. A bag whose site nobody knows is a matter of all.
    """
    sites = access.sites("dosing")
    return not lot.sites.isdisjoint(sites) or _is_there(lot, sites)


def _is_there(lot: Lot, sites: Collection[str]) -> bool:
    return any(bag.is_at(sites) for bag in lot.containers.values())


def sees_entry(access: Access, event: Event) -> bool:
    """Return whether an entry is one that the user sees in any area."""
    return any(access.sees(area) and access.sees_entry(area, event) for area in OF_ENTRIES)


def tells_birthday(access: Access, one: Participant, criterion: EligibilityCriterion) -> bool:
    """Return whether the days on which a criterion changes tell a birthday that is not to be seen.

    The age is reckoned with the sealed date; of it, those who do not treat a person see the years.
    """
    asks_age = any(isinstance(leaf, Age) for leaf in criterion.rule.leaves())
    return asks_age and not access.sees_participant("identity", one)


def require_visible(access: Access, name: str, event: Any) -> None:
    """Refuse an event that refers to what its user does not see, or to another site's.

    Args:
        access: of the user, or of a token of theirs.
        name: type of the event.
        event: the event, as it is or as a program gives it.

    Raises:
        NotVisible: it names such a participant, entry, query, lot or bag.
    """
    if name != "ParticipantRegistered":  # a registration makes a participant known
        _require_participant(access, event)
    _require_entries(access, name, event)
    if name != "ProductReceived":  # a receipt is what makes a lot known
        _require_product(access, event)


def _require_participant(access: Access, event: Any) -> None:
    name = getattr(event, "participant", None)
    if name is None:
        return
    one = access.state.participants.get(name)
    if isinstance(event, ParticipantTransferred) and takes_over(access, one):
        return
    if one is None or not _sees_participant(access, one) or event.site not in ("", one.site):
        raise NotVisible("participant")


def takes_over(access: Access, one: Participant | None) -> bool:
    """Return whether a participant waits for one of the sites at which the user may take them."""
    found = proposed_transfer(access.state, one) if one is not None else None
    return found is not None and access.may("ParticipantTransferred", found[1].to_site)


def _sees_participant(access: Access, one: Participant) -> bool:
    return any(access.sees_participant(area, one) for area in OF_PARTICIPANTS)


def _require_entries(access: Access, name: str, event: Any) -> None:
    named = [
        position
        for position in (getattr(event, "of", None), *getattr(event, "entries", ()))
        if position is not None
    ]
    query = None if name == "QueryOpened" else getattr(event, "query", None)
    if query is not None:
        found = access.state.queries.get(query)
        named.append(0 if found is None else found.of)
    for position in named:
        about = access.state.events.get(position)
        if (
            about is None
            or not sees_entry(access, about)
            or event.site not in ("", _site(access.state, about))
        ):
            raise NotVisible("entry")


def _site(state: State, entry: Event) -> str:
    one = state.participants.get(participant_of(state, entry) or "")
    return entry.site if one is None else one.site


def _require_product(access: Access, event: Any) -> None:
    name = getattr(event, "lot", None)
    if name is None:
        return
    lot = access.state.lots.get(name)
    if lot is None or not _is_there(lot, access.sites("dosing")):
        raise NotVisible("lot")
    named = [*getattr(event, "bags", ()), *(one.bag for one in getattr(event, "drawn", ()))]
    named += [one for one in (getattr(event, "bag", None),) if one is not None]
    for bag in access.state.inventory.find(name, named):
        if event.site and event.site not in (bag.site, *bag.sites):
            raise NotVisible("bag")
