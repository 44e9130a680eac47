"""States: a truth with the reason for its being unknown, as one small number that has an order.

FALSE is 0, TRUE is 9, and between them UNKNOWN by its reason: 8 for the first in the list of
reasons, 1 for the last. So the disjunction of states is their maximum, which also keeps the
foremost reason; the negation exchanges 0 and 9; and the conjunction is the negated maximum of the
negations. A record that says nothing has no state at all: gathered states are one higher, 0 is
none. They live in memory and in queries only; the files of a prescreen have numbers of their own
(`screening.verdicts.reasons`).
"""

from gradatim.core.verdict import Reason

NO, YES = 0, 1 + len(Reason)
STATES = 1 + YES
"""How many states there are; they and the states that are one higher fit into four bits."""
_OF_REASON = {reason: YES - place for place, reason in enumerate(Reason, 1)}


def unknown(reason: Reason) -> int:
    """Give the state UNKNOWN for that reason."""
    return _OF_REASON[reason]


def negated(state: int) -> int:
    """Give the state of the opposite; UNKNOWN stays as it is."""
    return {NO: YES, YES: NO}.get(state, state)


NO_RECORD = unknown(Reason.NO_RECORD)
NOT_UNDERSTOOD = unknown(Reason.NOT_UNDERSTOOD)
STALE = unknown(Reason.STALE)
NO_RANGE = unknown(Reason.NO_REFERENCE_RANGE)
UNIT = unknown(Reason.UNIT_MISMATCH)
PARTIAL = unknown(Reason.PARTIAL_DATE)
CONFLICT = unknown(Reason.CONFLICT)
JUDGEMENT = unknown(Reason.JUDGEMENT)
