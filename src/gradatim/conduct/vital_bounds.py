"""Vital signs that no living adult has: they are questioned where the protocol gives no bounds.

A slip of the pen or of the unit is meant: 366 for 36.6, a heart rate of 800. The bounds are wide on
purpose, so that nothing that a sick person may have is questioned. They are `assumed`; a protocol
that gives an element `plausible` says otherwise.
"""

from collections.abc import Iterator

from gradatim.core.quantity import convert
from gradatim.evidence.facts import Fact
from gradatim.protocol.elements import Element
from gradatim.protocol.study import Study

LIVING_BOUNDS: dict[str, tuple[float, float, str]] = {
    "8310-5": (25, 45, "Cel"),
    "8867-4": (20, 300, "/min"),
    "8480-6": (40, 300, "mm[Hg]"),
    "8462-4": (15, 200, "mm[Hg]"),
    "9279-1": (4, 80, "/min"),
    "59408-5": (30, 100, "%"),
    "2708-6": (30, 100, "%"),
    "8302-2": (50, 250, "cm"),
}
"""Lowest and highest value by LOINC code, with the unit that they are in."""


def bounds_of(element: Element) -> tuple[float, float, str] | None:
    """Return the bounds of an element that is a vital sign; None where the protocol gives its own.

    It is known by its LOINC code.
    """
    if element.plausible is not None:
        return None
    return next((LIVING_BOUNDS[code] for code in element.loinc if code in LIVING_BOUNDS), None)


def beyond(study: Study, entered: list[Fact]) -> Iterator[tuple[Fact, str]]:
    """Yield the values that lie outside the bounds, with the question about each."""
    for fact in entered:
        element = study.elements.get(fact.element)
        bounds = bounds_of(element) if element is not None else None
        if element is None or bounds is None or fact.value is None:
            continue
        low, high, unit = bounds
        value = convert(fact.value, fact.unit, unit)
        if value is not None and not low <= value <= high:
            told = f"{element.label} {fact.value:g} {fact.unit} on {fact.start}"
            yield fact, f"Is this right? {told}: outside {low:g} to {high:g} {unit}."
