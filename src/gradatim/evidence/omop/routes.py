"""Classes of routes: routes that mean the same to every element of a protocol."""

from collections.abc import Mapping
from typing import NamedTuple

from gradatim.evidence.omop.concepts import Concepts
from gradatim.protocol.elements import Element

NOT_RECORDED = ""
_OTHER = "another route"


class Routes(NamedTuple):
    """The classes, by number.

    Args:
        examples: of each class one route (SNOMED CT); the first is that none is recorded, the last
            any that no element names.
        concepts: route concepts of each class but these two.
    """

    examples: tuple[str, ...]
    concepts: Mapping[int, tuple[int, ...]]


def route_classes(concepts: Concepts) -> Routes:
    """Sort the routes that a protocol names by what they mean to its elements."""
    elements = [one for one in concepts.elements.values() if one.routes or one.not_routes]
    named = {code for one in elements for code in (*one.routes, *one.not_routes)}
    by_meaning: dict[tuple[bool, ...], list[str]] = {}
    for code in sorted(named):
        meaning = tuple(counts(one, code) for one in elements)
        if meaning != tuple(counts(one, _OTHER) for one in elements):
            by_meaning.setdefault(meaning, []).append(code)
    found = {}
    for number, codes in enumerate(by_meaning.values(), 1):
        found[number] = tuple(sorted(i for i, code in concepts.routes.items() if code in codes))
    examples = [NOT_RECORDED, *(codes[0] for codes in by_meaning.values()), _OTHER]
    return Routes(tuple(examples), found)


def counts(element: Element, route: str) -> bool:
    """Whether a drug taken by a route counts for an element; not recorded, it may."""
    if route in element.not_routes:
        return False
    return not (route and element.routes and route not in element.routes)
