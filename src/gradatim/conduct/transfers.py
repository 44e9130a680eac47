"""A participant who goes on at another site: what is proposed, and which site had them when.

From the moment at which the other site takes them over, everything about them is recorded there:
tasks, corrections, doses. What was recorded before keeps its site, with its clock.
"""

from gradatim.conduct.events.base import Event
from gradatim.conduct.events.participants import TransferProposed
from gradatim.conduct.state import Participant, State
from gradatim.conduct.transitions import NEVER_THERE


def proposed_transfer(state: State, one: Participant) -> tuple[int, TransferProposed] | None:
    """Return the transfer that waits for the other site, with its entry; None where none does."""
    if one.status in NEVER_THERE:
        return None
    since = one.moves[-1].position if one.moves else 0
    for at in reversed(one.entries_of.get(TransferProposed, ())):
        event = state.events[at]
        if at > since and isinstance(event, TransferProposed):
            return at, event
    return None


def said_by(event: Event) -> str:
    """Return who said something: of what was written on paper, who signed there."""
    return event.recorded_by if event.paper is None else event.paper.signed_by


def site_of(state: State, entry: Event) -> str:
    """Return the site that an entry is a matter of now: that of its participant, else its own."""
    one = state.participants.get(getattr(entry, "participant", None) or "")
    if one is None or (entry.site != one.site and entry.site not in one.former_sites):
        return entry.site
    return one.site


def site_then(state: State, event: Event) -> str:
    """Return where what an entry says was done: of what a former site wrote on paper, there."""
    one = state.participants.get(getattr(event, "participant", None) or "")
    if event.paper is None or one is None:
        return event.site
    signed_at, moves = event.paper.signed_at, one.moves
    later = (at.from_site for at in moves if signed_at < state.events[at.position].recorded_at)
    return next(later, event.site)


def last_seen(one: Participant, sites: frozenset[str]) -> int | None:
    """Return the last entry at which a participant was at one of these sites; None if never."""
    left = [move.position for move in one.moves if move.from_site in sites]
    return left[-1] - 1 if left else None
