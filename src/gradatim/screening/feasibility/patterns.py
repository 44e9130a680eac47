"""People compressed to distinct patterns: which criteria they fail, which are open, how many."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Words = NDArray[np.uint64]
_Counts = NDArray[np.int64]
_BITS = 64


@dataclass(frozen=True)
class Patterns:
    """Distinct patterns with the number of people who show each.

    Args:
        criteria: ids in the protocol's order; bit i of a pattern is the i-th of them.
        warehouse: for each criterion, whether a warehouse can know it.
        failed: the criteria failed, as rows of 64-bit words, one column for each pattern.
        open: the criteria that are UNKNOWN, in the same form.
        counts: how many people show each pattern.
    """

    criteria: tuple[str, ...]
    warehouse: tuple[bool, ...]
    failed: Words
    open: Words
    counts: _Counts

    @property
    def people(self) -> int:
        """How many people there are."""
        return int(self.counts.sum())

    def fails(self, place: int) -> Flags:
        """Say which patterns fail the criterion at that place."""
        return bit(self.failed, place)

    def unknown(self, place: int) -> Flags:
        """Say which patterns leave the criterion at that place open."""
        return bit(self.open, place)

    @property
    def excluded(self) -> Flags:
        """Say which patterns fail at least one criterion."""
        return np.asarray(self.failed.any(axis=0))

    def failures(self) -> _Counts:
        """Count the criteria each pattern fails."""
        return ones(self.failed)

    def warehouse_open(self) -> _Counts:
        """Count the open criteria of each pattern that a warehouse can know."""
        return ones(self.open & mask(self.warehouse)[:, None])

    def number(self, chosen: Flags) -> int:
        """Count the people whose pattern is chosen."""
        return int(self.counts[chosen].sum())


def bit(words: Words, place: int) -> Flags:
    """Read one criterion's bit of every pattern."""
    found: Flags = (words[place // _BITS] >> np.uint64(place % _BITS)) & np.uint64(1) != 0
    return found


def ones(words: Words) -> _Counts:
    """Count the bits that are set in each pattern."""
    return np.asarray(np.bitwise_count(words).sum(axis=0, dtype=np.int64))


def mask(flags: Sequence[bool]) -> Words:
    """Write flags as the words of one pattern."""
    found = np.zeros(_words(len(flags)), np.uint64)
    for place, flag in enumerate(flags):
        found[place // _BITS] |= np.uint64(flag) << np.uint64(place % _BITS)
    return found


def _words(criteria: int) -> int:
    return max(1, -(-criteria // _BITS))


def pack(columns: Sequence[Flags]) -> Words:
    """Pack a column of flags for each criterion into words, one column for each person."""
    people = len(columns[0]) if columns else 0
    words = np.zeros((_words(len(columns)), people), np.uint64)
    for place, flags in enumerate(columns):
        words[place // _BITS] |= flags.astype(np.uint64) << np.uint64(place % _BITS)
    return words


def distinct(words: Words, counts: _Counts) -> tuple[Words, _Counts]:
    """Join equal patterns and add up their people."""
    if not len(counts):
        return words, counts
    order = np.lexsort(words)
    ordered = words[:, order]
    new = np.concatenate([[True], (ordered[:, 1:] != ordered[:, :-1]).any(axis=0)])
    starts = np.flatnonzero(new)
    return ordered[:, starts], np.add.reduceat(counts[order], starts)


class Collector:
    """Collects the patterns of people who arrive in chunks, in memory bounded by the patterns."""

    def __init__(self, criteria: Sequence[str], warehouse: Sequence[bool]) -> None:
        """Begin without anybody."""
        self._criteria, self._warehouse = tuple(criteria), tuple(warehouse)
        self._parts: list[tuple[Words, _Counts]] = []
        self._waiting, self._settled = 0, 0

    def add(self, failed: Words, open: Words) -> None:
        """Add people: words of what each fails and of what is open, one column for each person."""
        people = np.ones(failed.shape[1], np.int64)
        self._parts.append(distinct(np.concatenate([failed, open]), people))
        self._waiting += len(self._parts[-1][1])
        if self._waiting > max(self._settled, 1 << 18):  # so that each pattern is sorted log times
            self._merge()

    def _merge(self) -> None:
        if self._parts:
            words = np.concatenate([words for words, _ in self._parts], axis=1)
            self._parts = [distinct(words, np.concatenate([n for _, n in self._parts]))]
            self._waiting, self._settled = 0, len(self._parts[0][1])

    def patterns(self) -> Patterns:
        """Give the patterns of everybody added so far."""
        self._merge()
        size = _words(len(self._criteria))
        empty = (np.zeros((2 * size, 0), np.uint64), np.zeros(0, np.int64))
        words, counts = self._parts[0] if self._parts else empty
        return Patterns(self._criteria, self._warehouse, words[:size], words[size:], counts)
