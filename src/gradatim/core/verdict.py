"""Verdicts: a truth with its text, its evidence and the verdicts it was made from."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple

from gradatim.core.message import Text
from gradatim.core.truth import Truth


class Reason(StrEnum):
    """Why a verdict is UNKNOWN; of several reasons the first in this list is given."""

    NO_RECORD = "no record"
    NOT_UNDERSTOOD = "not understood"
    STALE = "stale"
    NO_REFERENCE_RANGE = "no reference range"
    UNIT_MISMATCH = "unit mismatch"
    PARTIAL_DATE = "partial date"
    CONFLICT = "conflict"
    JUDGEMENT = "judgement needed"


_PLACES = {reason: place for place, reason in enumerate(Reason)}


def foremost(reasons: Iterable[Reason | None]) -> Reason | None:
    """Give the reason that comes first in the list of reasons; None if there is none.

    So it depends on what is known and not on the order in which it was told.
    """
    return min((one for one in reasons if one), key=_PLACES.__getitem__, default=None)


class Verdict(NamedTuple):
    """A truth that carries its reasons.

    Args:
        truth: the value.
        message: one clause, or several; empty where the children say it all.
        evidence: the facts that were looked at (any objects the floor above defines).
        children: the verdicts this one was made from.
        reason: for an UNKNOWN leaf, why it is unknown.
        element: for a leaf, the protocol element it asks about.
    """

    truth: Truth
    message: Text = ""
    evidence: tuple[Any, ...] = ()
    children: tuple["Verdict", ...] = ()
    reason: Reason | None = None
    element: str | None = None

    @property
    def text(self) -> str:
        """The message in English."""
        return str(self.message)

    def deciding(self) -> Iterator["Verdict"]:
        """Give the leaves that settle this verdict, or leave it open.

        Of a conjunction or a disjunction those are the children of the same truth; a negation has
        one child, of the opposite truth.
        """
        if not self.children:
            yield self
        for child in self.children:
            if child.truth is self.truth or len(self.children) == 1:
                yield from child.deciding()

    def clauses(self) -> Iterator[str]:
        """Yield in English the texts that say why; see `messages`."""
        return map(str, self.messages())

    def messages(self) -> Iterator[Text]:
        """Yield the texts that say why; a text above the leaves speaks for all below it."""
        if self.message:
            yield self.message
            return
        for child in self.children:
            if child.truth is self.truth or len(self.children) == 1:
                yield from child.messages()

    def leaves(self) -> Iterator["Verdict"]:
        """Give every leaf, deciding or not."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()
