"""Of several values, which count: any of them, or the latest."""

from collections.abc import Iterable
from typing import NamedTuple

from gradatim.core.message import Argument, Label, Term, Text, clauses
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth, any_of
from gradatim.core.verdict import Reason, Verdict, foremost
from gradatim.evidence.facts import Fact
from gradatim.protocol.elements import Element
from gradatim.rules.messages import Clause


class ValueReading(NamedTuple):
    """What one value says; `asks` names another element if it is that one which leaves it open."""

    truth: Truth
    message: Text
    reason: Reason | None = None
    asks: str = ""


def unsettled_reading(element: Element, fact: Fact) -> ValueReading:
    """Say of a record that is not settled that it leaves the question open, and why."""
    why: Argument = fact.doubtful
    if isinstance(why, str) or ";" in str(why):
        why = Term(str(why).replace(";", ","))  # a clause ends with a semicolon
    label = Label(element.label, fact.element)
    said = Clause.NOT_SETTLED(label=label, day=fact.start, why=why)
    return ValueReading(UNKNOWN, said, fact.unsettled)


class CandidateValue(NamedTuple):
    """A value that may count, whether it surely lies in the window, and what it says."""

    fact: Fact
    surely: bool
    says: ValueReading


def pick(which: str, candidates: list[CandidateValue], element: str) -> Verdict:
    """Settle what the values say together (there is at least one).

    `any`: TRUE when one that surely counts is. `latest`: what the last one says; values that may
    be the last one (the same day, or a partial date) must agree.
    """
    sure = [one for one in candidates if one.surely]
    if not sure:
        return _verdict(UNKNOWN, candidates, candidates, element, Reason.PARTIAL_DATE)
    return (_any if which == "any" else _latest)(candidates, sure, element)


def _any(candidates: list[CandidateValue], sure: list[CandidateValue], element: str) -> Verdict:
    truth = any_of(one.says.truth for one in sure)
    doubtful = [one for one in candidates if not one.surely and one.says.truth is not FALSE]
    if truth is FALSE and doubtful:
        return _verdict(UNKNOWN, doubtful, candidates, element, Reason.PARTIAL_DATE)
    return _verdict(truth, [one for one in sure if one.says.truth is truth], candidates, element)


def _latest(candidates: list[CandidateValue], sure: list[CandidateValue], element: str) -> Verdict:
    last = max(one.fact.start.first for one in sure)
    contenders = [one for one in candidates if one.fact.start.last >= last]
    truths = {one.says.truth for one in contenders}
    if len(truths) == 1:
        return _verdict(truths.pop(), contenders, contenders, element)
    exact = all(one.surely and one.fact.start.exact for one in contenders)
    if not exact:
        return _verdict(UNKNOWN, contenders, contenders, element, Reason.PARTIAL_DATE)
    if {TRUE, FALSE} <= truths:
        return _verdict(UNKNOWN, contenders, contenders, element, Reason.CONFLICT)
    open_ = [one for one in contenders if one.says.truth is UNKNOWN]
    return _verdict(UNKNOWN, open_, contenders, element)


_CAVEATS = {
    Reason.PARTIAL_DATE: Clause.BY_THE_DATE(),
    Reason.CONFLICT: Clause.CONFLICT(),
}


def _verdict(
    truth: Truth,
    told: list[CandidateValue],
    looked_at: Iterable[CandidateValue],
    element: str,
    reason: Reason | None = None,
) -> Verdict:
    caveat: Text = _CAVEATS.get(reason, "") if reason else ""
    if truth is UNKNOWN and reason is None:
        reason = foremost(one.says.reason for one in told) or Reason.JUDGEMENT
        caveat = _CAVEATS[reason] if reason is Reason.PARTIAL_DATE else ""
    if truth is UNKNOWN:
        asks = (one.says.asks for one in told if one.says.reason is reason)
        element = next((name for name in asks if name), element)
    said = clauses(*(one.says.message for one in told), caveat)
    return Verdict(
        truth, said, tuple(one.fact for one in looked_at), element=element, reason=reason
    )
