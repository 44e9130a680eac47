"""What investigators have still to endorse of their data: what is new or was changed since.

An endorsement covers what was recorded, and last changed, by the entry up to which it goes, of the
participants that its site had then. What is corrected after it is open again.

Source: ICH E6(R3), annex 1, 2.12.6; EMA/INS/GCP/112288/2023, section 6.3: investigators sign off
data in time, and one signature before the lock is rarely enough.
"""

from collections.abc import Iterable
from typing import NamedTuple

from gradatim.conduct.catalogue import ACTS
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.review import DataEndorsed
from gradatim.conduct.roles import SITE_STAFF
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import given

ENDORSED: tuple[type[Event], ...] = tuple(
    kind for kind, act in ACTS.items() if act.correctable and {*act.roles} & {*SITE_STAFF}
)
"""What a site records of its participants: facts; what authorises is signed for itself."""


class ToEndorse(NamedTuple):
    """What is to be endorsed of a participant: entries, in the order of the ledger."""

    participant: Participant
    entries: tuple[int, ...]


def to_endorse(state: State, site: str) -> list[ToEndorse]:
    """Return what the investigators of a site have still to endorse, by participant."""
    people = (one for one in state.participants.values() if one.site == site)
    found = (ToEndorse(one, not_endorsed(state, one)) for one in people)
    return [one for one in found if one.entries]


def not_endorsed(state: State, one: Participant) -> tuple[int, ...]:
    """Return the entries of a participant that no endorsement covers, in their order."""
    made = list(state.events.of(DataEndorsed))
    theirs = [event.upto for at, event in made if event.site == one.site_at(at)]
    endorsed: int = max(theirs, default=0)
    positions = (at for kind in ENDORSED for at in one.entries_of.get(kind, ()))
    return tuple(sorted(at for at in positions if last_changed(state, at) > endorsed))


def last_endorsement(state: State, site: str) -> DataEndorsed | None:
    """Return the last endorsement of a site; None before the first."""
    made = [event for _, event in state.events.of(DataEndorsed) if event.site == site]
    return made[-1] if made else None


def last_changed(state: State, position: int) -> int:
    """Return the position by which an entry says what it says: its own, or of a correction."""
    corrections = state.corrected_by.get(position, [])
    return max([position, *corrections])


def sites_to_endorse(state: State, people: Iterable[Participant]) -> dict[str, int]:
    """Return how many entries of these people are not endorsed, by the site that has them."""
    found: dict[str, int] = {}
    for one in people:
        if entries := not_endorsed(state, one):
            found[one.site] = found.get(one.site, 0) + len(entries)
    return found


def who_counts(state: State) -> list[Participant]:
    """Return whose data a dose decision rests on: whoever has a place, or was given a dose."""
    everybody = state.participants.values()
    return [one for one in everybody if one.level is not None or given(state, one)]
