"""The release of a lot: its results against the specification, and the sponsor's exception."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from gradatim.core.quantity import Quantity, compare_bounded, convert
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, all_of, truth_of
from gradatim.core.verdict import Reason, Verdict
from gradatim.protocol.base import Limit

Specification = Mapping[str, Limit | str]
"""What is tested, and its limit (`>= 80 %`) or the answer it must have (`negative`)."""
_Results = Mapping[str, Quantity | str]


class SponsorDecision(NamedTuple):
    """The sponsor's decision to release a lot that is out of specification.

    Args:
        by: the name of who decided.
        on: the day.
        reason: why.
        covers: the tests whose result it accepts; others are not covered.
    """

    by: str
    on: date
    reason: str
    covers: tuple[str, ...]


def release_check(
    results: _Results, specification: Specification, decision: SponsorDecision | None = None
) -> Verdict:
    """Say whether a lot may be released.

    Args:
        results: of the lot, by test.
        specification: what each test must show.
        decision: the sponsor's exception for what is out of specification.

    Returns:
        TRUE: every test is in specification, or the sponsor's named and reasoned decision covers
        it. FALSE: one is out of specification. UNKNOWN: a result is missing; no decision stands in
        for a result that nobody has seen. One child for each test, `element` is its name.
    """
    children = []
    for name, wanted in specification.items():
        child = _tested(name, results.get(name), wanted)._replace(element=name)
        children.append(_excepted(child, decision) if child.truth is FALSE else child)
    if not children:
        return Verdict(UNKNOWN, "there is no specification", reason=Reason.NO_RECORD)
    return Verdict(all_of(one.truth for one in children), children=tuple(children))


def _tested(name: str, result: Quantity | str | None, wanted: Limit | str) -> Verdict:
    if result is None or result == "":
        return Verdict(UNKNOWN, f"{name}: no result", reason=Reason.NO_RECORD)
    if isinstance(wanted, Limit) and isinstance(result, Quantity):
        return _measured(name, result, wanted)
    if isinstance(wanted, str) and isinstance(result, str):
        good = result.strip().casefold() == wanted.strip().casefold()
        text = f"{name}: {result}" if good else f"{name}: {result}, must be {wanted}"
        return Verdict(truth_of(good), text)
    return Verdict(
        UNKNOWN, f"{name}: {result} cannot be held against {wanted}", reason=Reason.UNIT_MISMATCH
    )


def _measured(name: str, result: Quantity, wanted: Limit) -> Verdict:
    value = None if wanted.times else convert(result.value, result.unit, wanted.unit)
    if value is None:
        return Verdict(
            UNKNOWN,
            f"{name}: {result} cannot be held against {wanted}",
            reason=Reason.UNIT_MISMATCH,
        )
    truth = compare_bounded(value, result.bound, wanted.op, wanted.number)
    reason = Reason.CONFLICT if truth is UNKNOWN else None
    return Verdict(truth, f"{name}: {result}, must be {wanted}", reason=reason)


def _excepted(child: Verdict, decision: SponsorDecision | None) -> Verdict:
    """Accept what is out of specification, if somebody with a name and a reason said so."""
    if decision is None or child.element not in decision.covers:
        return child._replace(message=f"{child.text} (out of specification)")
    if not (decision.by.strip() and decision.reason.strip()):
        return child._replace(message=f"{child.text} (the decision has no name or no reason)")
    text = (
        f"{child.text} (out of specification; accepted by {decision.by} on {decision.on}: "
        f"{decision.reason})"
    )
    return child._replace(truth=TRUE, message=text)
