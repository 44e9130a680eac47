"""The commonest Observation, a final number of one day, read at once.

It means what `observations` says, which reads every other one: whatever is out of the ordinary is
left to it. Tests read Observations of every shape both ways.
"""

from typing import NamedTuple

from gradatim.core.dates import Day
from gradatim.core.quantity import Quantity
from gradatim.evidence.facts import Fact, NotUsed
from gradatim.evidence.fhir.datatypes import Resource, Unreadable, content_of, day, number, obj
from gradatim.evidence.fhir.observation_facts import VALUES
from gradatim.evidence.fhir.observation_values import OTHER_VALUES, Said, implausible, unit_of
from gradatim.evidence.fhir.reader_context import MOST_REMEMBERED, About
from gradatim.evidence.fhir.reference_ranges import Whose, depends_on_age, reference_range
from gradatim.evidence.fhir.statuses import OBSERVATION_USED
from gradatim.protocol.elements import Element

_FURTHER = OTHER_VALUES | {"component", "dataAbsentReason", "focus", "interpretation", "method"}
"""Parts that may say more of a number, or another thing."""


class _NumberMeaning(NamedTuple):
    """What a number is of, whatever the number: the element, its unit and its limits."""

    element: str
    unit: str
    low: Quantity | None
    high: Quantity | None
    bounded: Element | None
    """The element, where some values of it are not plausible."""


def read_plain_number(resource: Resource, id_: str, about: About) -> list[Fact | NotUsed] | None:
    """Return what an Observation says that is a plain number of elements; None of any other."""
    quantity = resource.get("valueQuantity")
    if not isinstance(quantity, dict) or "comparator" in quantity:
        return None
    if resource.get("status") not in OBSERVATION_USED or not _FURTHER.isdisjoint(resource):
        return None
    try:
        at, value = day(resource, "effectiveDateTime"), number(quantity, "value")
    except Unreadable:
        return None
    if at is None or value is None or at.last < about.person.birth.first:
        return None
    facts: list[Fact | NotUsed] = []
    for name, unit, low, high, bounded in _measured(resource, quantity, at, about):
        if bounded is not None and implausible(Said(value, unit), bounded):
            return None
        facts.append(Fact(name, id_, at, at, value, unit, "", low, high))
    return facts or None


def _measured(
    resource: Resource, quantity: Resource, at: Day, about: About
) -> tuple[_NumberMeaning, ...]:
    """Return what a number is of, found out once for the same code, units, ranges and sex.

    Returns:
        Nothing where it is not plain: it is to be read in full.
    """
    get = quantity.get
    known: dict[bytes, tuple[_NumberMeaning, ...]] = about.numbers_read
    units = get("unit"), get("code"), get("system")
    sex = about.person.sex
    content = content_of((resource.get("code"), resource.get("referenceRange"), units, sex))
    if content is not None and (remembered := known.get(content)) is not None:
        return remembered
    try:
        found = tuple(_each(resource, quantity, at, about))
    except Unreadable:
        found = ()
    if content is not None and len(known) < MOST_REMEMBERED:
        known[content] = found
    return found


def _each(resource: Resource, quantity: Resource, at: Day, about: About) -> list[_NumberMeaning]:
    if depends_on_age(resource):
        return []
    unit, whose = unit_of(quantity), Whose(about.person, at)
    found = []
    for name in about.asked(obj(resource, "code")):
        element = about.elements[name]
        limits = reference_range(resource, unit, element, whose)
        if limits.conflict or element.kind not in VALUES:
            return []
        bounded = element if element.plausible is not None else None
        found.append(_NumberMeaning(name, unit, limits.low, limits.high, bounded))
    return found
