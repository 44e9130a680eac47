"""Draw a table of transitions as SVG: a box for each status, an arrow for each way.

What leaves a status where it is stands in its box, and so does what leads there from three others
or more. Where a status stands is said by hand; that nothing is left out, a test sees.
"""

from collections.abc import Iterator, Mapping
from html import escape
from textwrap import wrap
from typing import NamedTuple

Table = Mapping[tuple[str, str], str]
WIDTH, GAP_X, GAP_Y, EDGE, LINE, FEW = 144, 90, 60, 16, 13, 2
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1f2937}.s{font-weight:600;text-anchor:middle}"
    ".a{font-size:11px;fill:#374151;text-anchor:middle;paint-order:stroke;stroke:#fff;"
    "stroke-width:4px}.n{font-size:10.5px;fill:#4b5563;text-anchor:middle}"
    "rect{fill:#eef2ff;stroke:#4f46e5}line{stroke:#6b7280;stroke-width:1.4;"
    "marker-end:url(#to)}"
)
HEAD = (
    '<defs><marker id="to" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" '
    'orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="#6b7280"/></marker></defs>'
)


class Box(NamedTuple):
    """A status: its left upper corner, its height, and the notes in it."""

    x: float
    y: float
    height: float
    notes: tuple[str, ...]

    @property
    def middle(self) -> tuple[float, float]:
        """The middle of the box."""
        return self.x + WIDTH / 2, self.y + self.height / 2


def draw(table: Table, rows: list[list[str]], title: str, drop: str = "") -> str:
    """Draw a table.

    Args:
        table: from a status, by an act, to a status.
        rows: the statuses as they stand, from above and from the left; empty is a gap.
        title: for who cannot see it.
        drop: words that every act begins with and that need not be repeated.
    """
    boxes = _boxes(table, rows, drop)
    parts = [_box(state, box) for state, box in boxes.items()]
    for (before, after), acts in _drawn(table).items():
        parts += _arrow(boxes[before], boxes[after], [_words(act, drop) for act in acts])
    width = max(box.x for box in boxes.values()) + WIDTH + EDGE
    height = max(box.y + box.height for box in boxes.values()) + EDGE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" role="img" aria-label="{escape(title)}"><title>{escape(title)}'
        f"</title><style>{STYLE}</style>{HEAD}"
        '<rect width="100%" height="100%" style="fill:#fff;stroke:none"/>'
        + "".join(parts)
        + "</svg>\n"
    )


def _words(act: str, drop: str = "") -> str:
    """Write `InformedConsentObtained` as `informed consent obtained`."""
    name, colon, rest = act.partition(":")
    spaced = "".join(f" {one.lower()}" if one.isupper() else one for one in name).strip()
    return (spaced + colon + rest).removeprefix(drop).strip()


def _sources(table: Table) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for (before, act), after in table.items():
        if before != after:
            found.setdefault((after, act), []).append(before)
    return found


def _drawn(table: Table) -> dict[tuple[str, str], list[str]]:
    """Give the ways that are drawn as arrows, with their acts."""
    sources, found = _sources(table), dict[tuple[str, str], list[str]]()
    for (before, act), after in table.items():
        if before != after and len(sources[after, act]) <= FEW:
            found.setdefault((before, after), []).append(act)
    return found


def _notes(table: Table, state: str, drop: str) -> Iterator[str]:
    """Say what leaves a status where it is, and what leads there from many."""
    stays = [
        _words(act, drop) for (before, act), after in table.items() if before == after == state
    ]
    if stays:
        yield f"stays: {', '.join(stays)}"
    for (after, act), some in _sources(table).items():
        if after == state and len(some) > FEW:
            yield f"{_words(act, drop)}, from {', '.join(some)}"


def _boxes(table: Table, rows: list[list[str]], drop: str) -> dict[str, Box]:
    boxes, y = dict[str, Box](), float(EDGE + 2 * LINE)
    for row in rows:
        notes = {
            state: tuple(line for note in _notes(table, state, drop) for line in wrap(note, 25))
            for state in row
            if state
        }
        height = 34 + LINE * max(map(len, notes.values()))
        for i, state in enumerate(row):
            if state:
                boxes[state] = Box(EDGE + i * (WIDTH + GAP_X), y, height, notes[state])
        y += height + GAP_Y
    return boxes


def _box(state: str, box: Box) -> str:
    x, _ = box.middle
    notes = "".join(
        f'<text class="n" x="{x:g}" y="{box.y + 38 + LINE * i:g}">{escape(line)}</text>'
        for i, line in enumerate(box.notes)
    )
    return (
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{WIDTH}" height="{box.height:g}" rx="8"/>'
        f'<text class="s" x="{x:g}" y="{box.y + 22:g}">{escape(state)}</text>{notes}'
    )


def _arrow(a: Box, b: Box, acts: list[str]) -> Iterator[str]:
    x1, y1, x2, y2 = _ends(a, b)
    yield f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"/>'
    lines = [line for act in acts for line in wrap(act, 15)]
    below = a.y == b.y and a.x > b.x
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    if a.x == b.x:  # of two ways side by side each has its words outside
        left = b.y > a.y and a.x > EDGE
        x += (-1 if left else 1) * (4 + 3 * max(map(len, lines)))
    top = y + 14 if below else y - 5 - LINE * (len(lines) - 1) if a.y == b.y else y + 4
    for i, line in enumerate(lines):
        yield f'<text class="a" x="{x:g}" y="{top + LINE * i:g}">{escape(line)}</text>'


def _ends(a: Box, b: Box) -> tuple[float, float, float, float]:
    """Give where an arrow begins and ends; the two ways between a pair run side by side."""
    (ax, ay), (bx, _) = a.middle, b.middle
    if a.y == b.y:
        right = b.x > a.x
        y = ay - 7 if right else ay + 7
        return (a.x + WIDTH, y, b.x, y) if right else (a.x, y, b.x + WIDTH, y)
    down = b.y > a.y
    side = (-26 if down else 26) if a.x == b.x else 0
    if down:
        return ax + side, a.y + a.height, bx + side, b.y
    return ax + side, a.y, bx + side, b.y + b.height
