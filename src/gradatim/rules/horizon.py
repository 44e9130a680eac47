"""Horizon: over which first-dose days a rule passes, exactly.

A truth changes only where a date comparison does. Evaluating notes the next day on which any
comparison it made changes; walking from one such day to the next gives every stretch of days with
one truth. Days before the given first dose are not asked about.
"""

from datetime import date, timedelta
from typing import NamedTuple

from gradatim.core.truth import Truth
from gradatim.core.verdict import Verdict
from gradatim.protocol.nodes import Node
from gradatim.rules.context import FIRST_DOSE, Situation
from gradatim.rules.evaluate import evaluate

LAST_DAY = date(2200, 1, 1)
"""Truths are constant long before this; it only bounds the walk."""


class Stretch(NamedTuple):
    """First-dose days `first` to `last` (None: for good) with one truth."""

    first: date
    last: date | None
    truth: Truth


def horizon(rule: Node, s: Situation) -> tuple[Verdict, list[Stretch]]:
    """Give the verdict for the given first dose, and the truth for every later one.

    Returns:
        The verdict, and stretches that follow on each other from the given day on.
    """
    day: date | None = s.anchors[FIRST_DOSE]
    verdict: Verdict | None = None
    starts: list[tuple[date, Truth]] = []
    while day is not None and day < LAST_DAY:
        flips: set[date] = set()
        found = evaluate(rule, s.moved(day, flips))
        verdict = verdict or found
        if not starts or starts[-1][1] is not found.truth:
            starts.append((day, found.truth))
        day = min((flip for flip in flips if flip > day), default=None)
    if verdict is None:
        return evaluate(rule, s), []
    ends = [first - timedelta(days=1) for first, _ in starts[1:]] + [None]
    return verdict, [
        Stretch(first, last, truth) for (first, truth), last in zip(starts, ends, strict=True)
    ]
