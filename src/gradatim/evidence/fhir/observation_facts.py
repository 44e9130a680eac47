"""What one part of an Observation says of one element: a fact, or why it says none.

Source: HL7 FHIR R4 (4.0.1), section 10.1, Observation.
"""

from typing import NamedTuple

from gradatim.core.dates import NEVER_ENDED, Day
from gradatim.core.message import Text
from gradatim.core.quantity import Quantity
from gradatim.evidence.facts import Fact
from gradatim.evidence.fhir.datatypes import Contradictory, Resource, Unreadable
from gradatim.evidence.fhir.interpretations import (
    contradicts_range,
    contradicts_word,
    interpretation,
)
from gradatim.evidence.fhir.observation_values import (
    Said,
    absent_reason,
    implausible,
    value_of,
    yes_or_no,
)
from gradatim.evidence.fhir.reader_context import OCCURRENCES, About
from gradatim.evidence.fhir.reference_ranges import Limits, Whose, reference_range
from gradatim.protocol.elements import Element

VALUES = ("measurement", "adverse_event")
DaySpan = tuple[Day, Day]


class PartFault(NamedTuple):
    """Why a part gives no fact.

    Args:
        why: the reason.
        says: whether it says something all the same, which keeps its element open.
        conflict: whether it contradicts itself.
    """

    why: Text
    says: bool = True
    conflict: bool = False


class ObservedPlace(NamedTuple):
    """What a value is of, where it stands, and of when and how it is."""

    name: str
    id: str
    span: DaySpan
    method: str


def fact_or_fault(at: ObservedPlace, holder: Resource, about: About) -> Fact | PartFault:
    """Read what a part of an Observation says of an element.

    Args:
        at: the element, and the part's id, days and method.
        holder: the Observation or component.
        about: the questions and the person.
    """
    try:
        return _fact(at, holder, about)
    except Unreadable as error:
        return PartFault(error.message, conflict=isinstance(error, Contradictory))


def _fact(at: ObservedPlace, holder: Resource, about: About) -> Fact | PartFault:
    element = about.elements[at.name]
    value = value_of(holder)
    if value is not None and holder.get("dataAbsentReason") is not None:
        return PartFault("has a value, and a reason why there is none", conflict=True)
    if element.kind not in VALUES:
        if value is None:
            return PartFault(absent_reason(holder), says=False)
        return _yes_or_no(at, value, element.kind in OCCURRENCES)
    _, result = interpretation(holder)
    if value is None and result and _is_in_words(element) and not holder.get("dataAbsentReason"):
        value = Said(code=result)
    if value is None:
        return PartFault(absent_reason(holder), says=False)
    day_ = one_day(at.span)
    if value.value is None:
        if why := contradicts_word(value.code, result):
            return PartFault(why, conflict=True)
        return Fact(at.name, at.id, day_, day_, code=value.code, method=at.method)
    if doubt := implausible(value, element):
        return PartFault(doubt)
    return _number(at, day_, value, element, holder, about)


def _is_in_words(element: Element) -> bool:
    """Whether an element is asked about in words, such as `positive`, and not as a number."""
    return not element.unit


def _number(
    at: ObservedPlace, day_: Day, value: Said, element: Element, holder: Resource, about: About
) -> Fact | PartFault:
    """Return a number with its range; the laboratory's own word for it where words are asked."""
    assert value.value is not None, at
    level, result = interpretation(holder)
    limits = Limits()
    if "referenceRange" in holder:
        whose = Whose(about.person, day_)
        limits = reference_range(holder, value.unit, element, whose)
    if limits.conflict:
        return PartFault(limits.conflict, conflict=True)
    number = Quantity(value.value, value.unit, value.bound)
    if why := contradicts_range(number, level, limits.low, limits.high):
        return PartFault(why, conflict=True)
    word = result if _is_in_words(element) else ""
    return Fact(
        at.name,
        at.id,
        day_,
        day_,
        value.value,
        value.unit,
        value.bound,
        limits.low,
        limits.high,
        word,
        at.method,
    )


def _yes_or_no(at: ObservedPlace, value: Said, lasting: bool) -> Fact | PartFault:
    """Read an explicit answer; of what can last, its days are those on which it happened or not."""
    answer = yes_or_no(value)
    if not answer:
        return PartFault(f"its value is neither yes nor no, which is what {at.name} asks")
    start, end = at.span if lasting else (one_day(at.span),) * 2
    return Fact(at.name, at.id, start, end, code=answer)


def one_day(span: tuple[Day, Day]) -> Day:
    """Return the day of a value; of one observed over several days, which of them is not known."""
    start, end = span
    if start is end:
        return start
    return start if end is NEVER_ENDED else Day(start.first, max(end.last, start.first))
