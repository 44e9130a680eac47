"""Attrition: what each criterion costs, in the protocol's order, alone, and in the best order."""

from typing import NamedTuple

import numpy as np

from gradatim.screening.feasibility.patterns import Patterns, bit, distinct


class _AttritionStep(NamedTuple):
    """The people left after a criterion.

    Args:
        criterion: its id.
        remaining: people whom neither it nor an earlier one excludes.
        passing: people known to pass it and every earlier one.
        passing_warehouse: of those remaining, people known to pass it and every earlier one that a
            warehouse can know.
    """

    criterion: str
    remaining: int
    passing: int
    passing_warehouse: int


class Solo(NamedTuple):
    """One criterion by itself: people who fail it, leave it open, pass it; and fail only it."""

    criterion: str
    failed: int
    open: int
    passing: int
    only: int
    open_not_excluded: int


class Best(NamedTuple):
    """One step of the best order: the people left after the criterion that excludes most."""

    criterion: str
    remaining: int


def sequential(patterns: Patterns) -> list[_AttritionStep]:
    """Apply the criteria one after another, in the protocol's order."""
    left = np.ones(len(patterns.counts), bool)
    passing, warehouse = left.copy(), left.copy()
    steps = []
    for place, id in enumerate(patterns.criteria):
        fails, unknown = patterns.fails(place), patterns.unknown(place)
        left &= ~fails
        passing &= ~fails & ~unknown
        if patterns.warehouse[place]:
            warehouse &= ~unknown
        steps.append(
            _AttritionStep(
                id,
                patterns.number(left),
                patterns.number(passing),
                patterns.number(left & warehouse),
            )
        )
    return steps


def solo(patterns: Patterns) -> list[Solo]:
    """Look at each criterion as if it were the only one, and at those whom it alone excludes."""
    alone, stays = patterns.failures() == 1, ~patterns.excluded
    found = []
    for place, id in enumerate(patterns.criteria):
        fails, unknown = patterns.fails(place), patterns.unknown(place)
        number = patterns.number
        found.append(
            Solo(
                id,
                number(fails),
                number(unknown),
                number(~fails & ~unknown),
                number(fails & alone),
                number(unknown & stays),
            )
        )
    return found


def best_order(patterns: Patterns) -> list[Best]:
    """Order the criteria greedily: next comes the one that excludes most of those remaining.

    Of equals the first of the protocol is taken; criteria that exclude nobody further are left out.
    """
    words, counts = distinct(patterns.failed, patterns.counts)
    order: list[Best] = []
    waiting = list(range(len(patterns.criteria)))
    while waiting:
        costs = [int(counts[bit(words, place)].sum()) for place in waiting]
        at = int(np.argmax(costs))
        if not costs[at]:
            break
        place = waiting.pop(at)
        left = ~bit(words, place)
        words, counts = words[:, left], counts[left]
        order.append(Best(patterns.criteria[place], int(counts.sum())))
    return order


def open_counts(patterns: Patterns) -> dict[int, int]:
    """Count the people not excluded by how many warehouse-knowable criteria are open."""
    stays = ~patterns.excluded
    found = np.bincount(patterns.warehouse_open()[stays], weights=patterns.counts[stays])
    return {k: round(n) for k, n in enumerate(found) if n}
