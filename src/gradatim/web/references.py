"""What a recorded event refers to: only what its user sees, and only of the site it is recorded at.

The permission is to record at a site. Without this, an entry, query or lot of another site could be
named in an act of one's own.
"""

from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _

from gradatim.conduct.conflicts import participant_of
from gradatim.conduct.events.base import Event
from gradatim.conduct.state import Participant, State
from gradatim.dosing.inventory import Lot
from gradatim.web.access import Access

OF_PARTICIPANTS = ("participants", "dosing", "screening")
"""Areas in any of which a participant has to be seen by whoever records something about them."""
OF_ENTRIES = ("participants", "dosing", "audit")
"""Areas in any of which an entry has to be seen by whoever refers to it."""


def sees_lot(access: Access, lot: Lot) -> bool:
    """Whether any bag of a lot is where the user sees the product."""
    sites = access.sites("dosing")
    return any(bag.site in sites or not bag.site for bag in lot.containers.values())


def sees_entry(access: Access, event: Event) -> bool:
    """Whether an entry is one that the user sees."""
    return any(access.sees(area) and access.sees_entry(area, event) for area in OF_ENTRIES)


def refuse_unseen(access: Access, name: str, given: Any) -> None:
    """Refuse an event that refers to what its user does not see, or to another site's.

    What is not there, and what is not there for this user, is answered in the same words.

    Args:
        access: of the user, or of the token.
        name: type of the event.
        given: the event, as it is or as a program gives it.

    Raises:
        Http404: it names such a participant, entry, query, lot or bag.
    """
    if name != "ParticipantRegistered":  # a registration makes a participant known
        _unseen_participant(access, given)
    _unseen_entries(access, name, given)
    if name != "ProductReceived":  # a receipt is what makes a lot known
        _unseen_product(access, given)


def _unseen_participant(access: Access, given: Any) -> None:
    name = getattr(given, "participant", None)
    if name is None:
        return
    one = access.state.participants.get(name)
    if one is None or not _sees_participant(access, one) or given.site not in ("", one.site):
        raise Http404(_("There is no such participant at this site."))


def _sees_participant(access: Access, one: Participant) -> bool:
    return any(access.sees_participant(area, one) for area in OF_PARTICIPANTS)


def _unseen_entries(access: Access, name: str, given: Any) -> None:
    named = [
        position
        for position in (getattr(given, "of", None), *getattr(given, "entries", ()))
        if position is not None
    ]
    query = None if name == "QueryOpened" else getattr(given, "query", None)
    if query is not None:
        found = access.state.queries.get(query)
        named.append(0 if found is None else found.of)
    for position in named:
        about = access.state.events.get(position)
        if (
            about is None
            or not sees_entry(access, about)
            or given.site not in ("", _site(access.state, about))
        ):
            raise Http404(_("There is no such entry or query at this site."))


def _site(state: State, entry: Event) -> str:
    one = state.participants.get(participant_of(state, entry) or "")
    return entry.site if one is None else one.site


def _unseen_product(access: Access, given: Any) -> None:
    name = getattr(given, "lot", None)
    if name is None:
        return
    lot = access.state.lots.get(name)
    if lot is None or not sees_lot(access, lot):
        raise Http404(_("There is no such lot at this site."))
    named = (*getattr(given, "bags", ()), *(one.bag for one in getattr(given, "drawn", ())))
    for bag in access.state.inventory.find(name, named):
        if given.site not in ("", bag.site):
            raise Http404(_("There is no such bag at this site."))
