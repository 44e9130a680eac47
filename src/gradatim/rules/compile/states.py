"""States: a truth with the reason for its being unknown, as one small number that has an order.

FALSE is 0, TRUE is 8, and between them UNKNOWN by its reason: 7 for the first in the list of
reasons, 1 for the last. So the disjunction of states is their maximum, which also keeps the
foremost reason; the negation exchanges 0 and 8; and the conjunction is the negated maximum of the
negations. A record that says nothing has no state at all: stored states are one higher, 0 is none.
"""

from gradatim.core.verdict import Reason

NO, YES = 0, 8
STATES = 9
"""How many states there are."""
_OF_REASON = {reason: YES - place for place, reason in enumerate(Reason, 1)}


def unknown(reason: Reason) -> int:
    """Give the state UNKNOWN for that reason."""
    return _OF_REASON[reason]


def negated(state: int) -> int:
    """Give the state of the opposite; UNKNOWN stays as it is."""
    return {NO: YES, YES: NO}.get(state, state)


NO_RECORD = unknown(Reason.NO_RECORD)
STALE = unknown(Reason.STALE)
NO_RANGE = unknown(Reason.NO_REFERENCE_RANGE)
UNIT = unknown(Reason.UNIT_MISMATCH)
PARTIAL = unknown(Reason.PARTIAL_DATE)
CONFLICT = unknown(Reason.CONFLICT)
JUDGEMENT = unknown(Reason.JUDGEMENT)
