"""Measure two things in turn, A B A B ..., so that a drifting machine does not favour one."""

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple


class Pair(NamedTuple):
    """Seconds of CPU for one call of each, medians over rounds, and the median of their ratios."""

    a: float
    b: float
    ratio: float
    lowest: float
    highest: float


def in_turn(a: Callable[[], object], b: Callable[[], object], rounds: int = 15) -> Pair:
    """Time two functions in turn, after one warm-up of each."""
    a(), b()
    times = [(_seconds(a), _seconds(b)) for _ in range(rounds)]
    ratios = sorted(x / y for x, y in times)
    return Pair(
        statistics.median(x for x, _ in times),
        statistics.median(y for _, y in times),
        statistics.median(ratios),
        ratios[0],
        ratios[-1],
    )


def _seconds(call: Callable[[], object]) -> float:
    """Give the processor seconds of one call, repeated until it takes a measurable time."""
    repeats, begun = 0, time.process_time()
    while True:
        call()
        repeats += 1
        spent = time.process_time() - begun
        if spent > 0.05:
            return spent / repeats
