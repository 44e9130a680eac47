"""Dose-transition pathways as a picture: a tree whose places are computed here."""

from collections.abc import Sequence
from typing import NamedTuple

from gradatim.dosefinding.characteristics.pathways import PathwayStep
from gradatim.dosefinding.decision import Advice

_ROW_HEIGHT, TOP, WIDTH = 25, 34, 1000
LETTER = 6.4
"""About the width of a letter, to begin a line after a text."""
_WORDS = {
    "escalate": "escalate to",
    "stay": "stay at",
    "de_escalate": "de-escalate to",
    "hold": "hold at",
}


class Node(NamedTuple):
    """An outcome in the picture.

    Args:
        x, y: where it stands; the line to it comes from `from_x`, `from_y`.
        kind: the action, which gives the colour and the shape.
        outcome: what was observed.
        words: what follows.
        line: from where to where a line leads on to the outcomes after it; none if there are none.
    """

    x: float
    y: float
    from_x: float
    from_y: float
    kind: str
    outcome: str
    words: str
    line: tuple[float, float] | None


class Drawing(NamedTuple):
    """The picture.

    Args:
        height: in its own units; it is `WIDTH` wide.
        nodes: from the next cohort on.
        columns: the left edge and title of each cohort.
        start: where the tree begins.
    """

    height: float
    nodes: list[Node]
    columns: list[tuple[float, str]]
    start: tuple[float, float]


def drawing(steps: Sequence[PathwayStep]) -> Drawing:
    """Place the outcomes of the next cohorts: leaves one below another, parents in their middle."""
    depth = max((one.depth for one in steps), default=1)
    at = _heights(steps)
    wide = (WIDTH - 30) / depth
    left = [20 + i * wide for i in range(depth)]
    parents = {one.parent for one in steps}
    roots = [at[i] for i, one in enumerate(steps) if one.parent < 0]
    start = (6.0, sum(roots) / len(roots) if roots else TOP)
    nodes = []
    for i, one in enumerate(steps):
        x = left[one.depth - 1] + 60
        parent = (left[one.depth - 2] + wide - 8, at[one.parent]) if one.parent >= 0 else start
        outcome = f"level {one.level}: {one.dlts} of {one.size}"
        told = _say_advice(one.advice)
        ends = x + 24 + LETTER * (len(outcome) + len(told))
        line = (ends, left[one.depth - 1] + wide - 8) if i in parents else None
        nodes.append(Node(x, at[i], *parent, one.advice.action, outcome, told, line))
    titles = [
        (x + 50, "next cohort" if not i else "the one after" if i == 1 else f"cohort {i + 1}")
        for i, x in enumerate(left)
    ]
    return Drawing(max(at, default=TOP) + _ROW_HEIGHT, nodes, titles, start)


def _heights(steps: Sequence[PathwayStep]) -> list[float]:
    """Return each outcome's height; children come after their parents in the list."""
    children: dict[int, list[int]] = {}
    for i, one in enumerate(steps):
        children.setdefault(one.parent, []).append(i)
    at, row = [0.0] * len(steps), 0
    for i in range(len(steps)):
        if i not in children:
            at[i], row = TOP + _ROW_HEIGHT * (row + 0.5), row + 1
    for i in reversed(range(len(steps))):
        if i in children:
            below = [at[k] for k in children[i]]
            at[i] = sum(below) / len(below)
    return at


def _say_advice(advice: Advice) -> str:
    """Say what follows, in a few words."""
    if advice.action == "stop":
        return "stop, none" if advice.dose is None else f"stop, level {advice.dose}"
    return f"{_WORDS[advice.action]} {advice.dose}"
