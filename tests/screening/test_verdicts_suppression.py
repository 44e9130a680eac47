"""What is published says nothing certain of a few people, even to one who knows the rules."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.screening.feasibility.suppression import Mask


def compositions(total: int, cells: int) -> Iterator[tuple[int, ...]]:
    if cells == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in compositions(total - first, cells - 1):
            yield (first, *rest)


def pinned(published: Mapping[Any, list[tuple[int, ...]]], t: int) -> list[object]:
    """Give what would settle a cell of 1 to t - 1 people: all that is consistent agrees on it."""
    return [
        what
        for what, consistent in published.items()
        for cell in zip(*consistent, strict=True)
        if len(set(cell)) == 1 and 1 <= cell[0] < t
    ]


@pytest.mark.parametrize(
    ("t", "cells", "most"),
    [(2, 2, 9), (2, 4, 8), (3, 2, 12), (3, 3, 14), (5, 2, 22), (5, 3, 20), (5, 5, 21)],
)
def test_no_small_part_of_a_known_total_can_be_told(t, cells, most):
    """Every way in which people can stand, grouped by what would be published of it."""
    publish = Mask(t)
    for total in range(most + 1):
        seen = defaultdict(list)
        for parts in compositions(total, cells):
            seen[tuple(publish.parts(parts, total))].append(parts)
        assert pinned(seen, t) == []


@pytest.mark.parametrize(("t", "steps", "most"), [(2, 3, 7), (3, 3, 10), (5, 2, 16), (5, 3, 14)])
def test_no_small_step_of_a_funnel_can_be_told(t, steps, most):
    publish = Mask(t)
    for total in range(most + 1):
        seen = defaultdict(list)
        for removed in compositions(total, steps + 1):
            left = [total - sum(removed[:n]) for n in range(steps + 1)]
            counts = tuple(publish.whole(n) for n in left)
            falls = tuple(publish.fall(a, b) for a, b in pairwise(left))
            seen[counts, falls].append(removed[:steps])
        assert pinned(seen, t) == []


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(2, 50))
def test_no_difference_of_published_counts_is_small(a, b, t):
    publish = Mask(t)
    assert not 1 <= abs((publish.whole(a) or 0) - (publish.whole(b) or 0)) < t
    assert (publish.whole(a) is None) is (a < t)
    step = publish.fall(max(a, b), min(a, b))
    assert step is None or abs(a - b) >= t


@given(st.lists(st.integers(0, 30), min_size=1, max_size=8), st.integers(2, 9))
def test_parts_are_suppressed_or_near(cells, t):
    for cell, shown in zip(cells, Mask(t).parts(cells, sum(cells)), strict=True):
        assert abs((shown or 0) - cell) < t
        assert shown is None or shown % t == 0


@pytest.mark.parametrize("t", [0, 1])
def test_without_a_threshold_all_is_exact_and_said_to_be(t):
    publish = Mask(t)
    assert publish.parts([1, 2, 3], 6) == [1, 2, 3]
    assert (publish.whole(3), publish.fall(7, 3), publish.count(1.5)) == (3, 4, 1.5)
    assert "not for sharing" in str(publish.words()["meaning"])
