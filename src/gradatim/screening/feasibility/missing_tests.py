"""Which single test would settle most of the people who are not excluded."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from gradatim.screening.feasibility.patterns import Patterns, mask


class Needed(NamedTuple):
    """An element that open criteria ask about.

    Args:
        element: its name.
        criteria: the warehouse-knowable criteria that ask about it.
        asked: people not excluded who have one of these criteria open.
        only: of them, those who have no other warehouse-knowable criterion open: nothing but this
            element (and what else the same criteria ask about) stands between them and an answer.
    """

    element: str
    criteria: tuple[str, ...]
    asked: int
    only: int


def needed_elements(patterns: Patterns, elements: Mapping[str, frozenset[str]]) -> list[Needed]:
    """Count, for each element, the people whose open criteria ask about it.

    Args:
        patterns: the people.
        elements: for each criterion the elements its rule asks about.

    Returns:
        The elements, the one that is all that most people lack first.
    """
    stays = ~patterns.excluded
    known = mask(patterns.warehouse)[:, None]
    waiting, counts = patterns.open[:, stays] & known, patterns.counts[stays]
    found = []
    for name in sorted(set().union(*elements.values()) if elements else ()):
        asks = [
            known_here and name in elements.get(id, ())
            for id, known_here in zip(patterns.criteria, patterns.warehouse, strict=True)
        ]
        inside = mask(asks)[:, None]
        has = (waiting & inside).any(axis=0)
        only = has & ~(waiting & ~inside).any(axis=0)
        if asked := int(counts[has].sum()):
            ids = tuple(np.array(patterns.criteria)[asks].tolist())
            found.append(Needed(name, ids, asked, int(counts[only].sum())))
    return sorted(found, key=lambda one: (-one.only, -one.asked, one.element))
