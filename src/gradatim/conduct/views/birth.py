"""When a participant was born: one date, sealed, and what the ledger has of it in clear."""

from typing import NamedTuple

from gradatim.conduct.state import Participant, State
from gradatim.core.dates import ANY_DAY, Day, parse_day
from gradatim.evidence.doubts import Doubt

CONFLICT = str(Doubt.BIRTH_CONFLICT())


class Birth(NamedTuple):
    """A date of birth, as exactly as it is known here.

    Args:
        day: the date; ANY_DAY where nothing of it is known, or what is known contradicts itself.
        conflict: what contradicts what; empty if nothing does.
    """

    day: Day
    conflict: str = ""


def birth_of(state: State, participant: Participant) -> Birth:
    """Return when a participant was born: the sealed date where it can be read.

    Where it cannot, because the state is one of an earlier time, the ledger is read without the
    keys, or the key was destroyed, the ledger's own value stands.
    """
    recorded = parse_day(participant.birth) if participant.birth else ANY_DAY
    sealed = sealed_birth(state, participant)
    if sealed is None:
        return Birth(recorded)
    both = agreed(sealed, recorded)
    return Birth(ANY_DAY, CONFLICT) if both is None else Birth(both)


def sealed_birth(state: State, participant: Participant) -> Day | None:
    """Return the sealed date of birth, if there is one and it can be read here."""
    if participant.erased or state.unsealed_birth is None:
        return None
    return state.unsealed_birth(participant.id, participant.identity)


def agreed(one: Day, other: Day) -> Day | None:
    """Return the days that two dates of the same birth leave open; None if they contradict."""
    first, last = max(one.first, other.first), min(one.last, other.last)
    return Day(first, last) if first <= last else None
