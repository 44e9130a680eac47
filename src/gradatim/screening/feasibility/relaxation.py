"""Relaxation: whom a moved limit lets pass, told from margins alone."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradatim.screening.feasibility.chunk import Margins, Truths
from gradatim.screening.feasibility.columns import CriterionColumn
from gradatim.screening.feasibility.movable_limits import Movable
from gradatim.screening.feasibility.patterns import Flags

_EQUAL = {8: 1e-9, 4: 2.5e-7}
"""Relative difference within which two numbers are equal, by the bytes a margin is stored in."""


def first_passing(margins: Margins, moves: Sequence[float], limit: Movable) -> NDArray[np.int64]:
    """Say at which move people who fail now first pass.

    Moving the limit L to L(1 + d) flips the verdict once d passes the margin; a value equal to the
    moved limit passes where the limit is inclusive. What the limit's own direction cannot reach
    (an infinite margin, or one on the other side) is never reached.

    Args:
        margins: of people who fail, in units of the limit.
        moves: d for each limit tried, away from 0 in the permissive direction, in order.
        limit: the limit.

    Returns:
        For each person the place of the first move that lets them pass; len(moves) if none does.
    """
    way = 1.0 if limit.upward else -1.0
    reached = margins.astype(np.float64) * way
    reached[~np.isfinite(reached) | (reached < -_EQUAL[margins.dtype.itemsize])] = np.inf
    steps = np.asarray(moves, np.float64) * way
    room = _EQUAL[margins.dtype.itemsize] * np.abs(1.0 + np.asarray(moves, np.float64))
    if limit.inclusive:
        found = np.searchsorted(steps + room, reached, side="left")
    else:
        found = np.searchsorted(steps - room, reached, side="right")
    return found.astype(np.int64)


def relaxed(
    truths: Truths,
    column: CriterionColumn,
    limit: Movable,
    move: float,
    margins: Mapping[str, Margins],
) -> Truths:
    """Give the verdicts of a criterion after its limit moved.

    Whom the moved limit no longer excludes passes if everything else the verdict then rests on has
    a margin, and is otherwise UNKNOWN: the files do not say more.
    """
    fails = np.flatnonzero(truths == column.fails)
    flips = fails[first_passing(margins[limit.column][fails], [move], limit) == 0]
    known = np.full(len(flips), limit.others is not None)
    for name in limit.others or ():
        known &= ~np.isnan(margins[name][flips]) if name in margins else False
    moved = truths.copy()
    moved[flips] = np.where(known, column.passes, 1)
    return moved


class Curve:
    """How many people each of a series of limits would let pass."""

    def __init__(self, limit: Movable, numbers: Sequence[float]) -> None:
        """Begin with nobody.

        Args:
            limit: the limit.
            numbers: the limits tried, in its own terms, the stated one first.
        """
        self.limit, self.numbers = limit, list(numbers)
        self._moves = [number / limit.limit.number - 1 for number in numbers[1:]]
        self._criterion = np.zeros(len(numbers), np.int64)
        self._all = np.zeros(len(numbers), np.int64)

    def add(self, fails: Flags, alone: Flags, margins: Margins) -> None:
        """Add people: who fails the criterion, who fails it alone, and the margins of all."""
        rows = np.flatnonzero(fails)
        first = first_passing(margins[rows], self._moves, self.limit) + 1
        size = len(self.numbers)
        self._criterion += np.bincount(first, minlength=size + 1)[:size]
        self._all += np.bincount(first[alone[rows]], minlength=size + 1)[:size]

    @property
    def points(self) -> list[tuple[float, int, int]]:
        """Each limit with the people whom the criterion, and whom nothing, no longer excludes."""
        counts: list[Any] = [np.cumsum(self._criterion), np.cumsum(self._all)]
        return [
            (number, int(counts[0][k]), int(counts[1][k])) for k, number in enumerate(self.numbers)
        ]
