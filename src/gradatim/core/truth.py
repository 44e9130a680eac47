"""Three-valued truth (Kleene's strong logic), encoded so that every engine can compute it.

FALSE=0, UNKNOWN=1, TRUE=2 makes "and" the minimum, "or" the maximum and "not" `2 - x`, which
aggregate correctly in SQL where NULL does not: `any()` over [FALSE, NULL] is FALSE on several
engines. Source: S. C. Kleene, Introduction to Metamathematics (1952), section 64.
"""

from collections.abc import Iterable
from enum import IntEnum


class Truth(IntEnum):
    """A truth value; UNKNOWN means that the facts do not settle the question."""

    FALSE = 0
    UNKNOWN = 1
    TRUE = 2

    def __invert__(self) -> "Truth":
        """Negate: UNKNOWN stays UNKNOWN."""
        return _NEGATED[self]

    @property
    def word(self) -> str:
        """The value as contract and pages write it: `true`, `false` or `unknown`."""
        return self.name.lower()


FALSE, UNKNOWN, TRUE = Truth.FALSE, Truth.UNKNOWN, Truth.TRUE
_NEGATED = {FALSE: TRUE, UNKNOWN: UNKNOWN, TRUE: FALSE}


def truth_of(value: bool | None) -> Truth:
    """Give the Truth of a bool; None, a missing value, is UNKNOWN."""
    if value is None:
        return UNKNOWN
    return TRUE if value else FALSE


def all_of(values: Iterable[Truth]) -> Truth:
    """Conjunction (the minimum); TRUE for no values."""
    return min(values, default=TRUE)


def any_of(values: Iterable[Truth]) -> Truth:
    """Disjunction (the maximum); FALSE for no values."""
    return max(values, default=FALSE)
