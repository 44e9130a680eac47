"""Limits of a laboratory for values of one person that came without their own."""

from collections.abc import Mapping
from dataclasses import replace

from gradatim.clinical.units import convert_for
from gradatim.core.dates import Day, completed_years
from gradatim.core.quantity import Quantity
from gradatim.evidence.facts import Fact, Facts
from gradatim.evidence.omop.options import ReferenceRange, ReferenceRanges
from gradatim.protocol.elements import Element


def with_limits(facts: Facts, ranges: ReferenceRanges, elements: Mapping[str, Element]) -> Facts:
    """Return what is known of a person with the limits of a laboratory filled in.

    A value keeps the limits that it came with. The first range counts that surely holds for the
    person on every day that the value may be of.

    Args:
        facts: what is known.
        ranges: of each element, the laboratory's ranges.
        elements: the protocol's elements by name.
    """
    if not ranges:
        return facts
    filled = {
        name: tuple(_filled(one, facts, ranges[name], elements[name]) for one in some)
        if name in ranges
        else some
        for name, some in facts.by_element.items()
    }
    return replace(facts, by_element=filled)


def _filled(fact: Fact, facts: Facts, ranges: tuple[ReferenceRange, ...], element: Element) -> Fact:
    if fact.value is None or (fact.low and fact.high):
        return fact
    found = next((one for one in ranges if _holds(one, facts, fact.start)), None)
    if found is None:
        return fact
    low = fact.low or _limit(found.low, found.unit, fact.unit, element)
    high = fact.high or _limit(found.high, found.unit, fact.unit, element)
    return fact._replace(low=low, high=high)


def _holds(one: ReferenceRange, facts: Facts, day: Day) -> bool:
    if one.for_all:
        return True
    youngest = completed_years(facts.birth.last, day.first)
    oldest = completed_years(facts.birth.first, day.last)
    return one.age_from <= youngest and oldest <= one.age_to and one.sex in ("", facts.sex)


def _limit(given: float | None, unit: str, to: str, element: Element) -> Quantity | None:
    """Return a limit in the unit of a value; None where it does not convert."""
    if given is None:
        return None
    value = given if unit == to else convert_for(element.analyte or None, given, unit, to)
    return None if value is None else Quantity(value, to)
