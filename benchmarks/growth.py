"""A picture of how a cost grows: measured points, and the line of "so many times as many"."""

from collections.abc import Mapping, Sequence
from pathlib import Path

WIDTH, HEIGHT, EDGE = 320, 220, 40
TITLE = "CPU seconds; dashed: in proportion"
Points = Sequence[tuple[int, float]]


def draw(path: Path, panels: Mapping[str, Points]) -> None:
    """Write an SVG with a panel for each series.

    Args:
        path: the file.
        panels: by what is counted, the counts with the CPU seconds of each.
    """
    drawn = [_panel(n * WIDTH, what, points) for n, (what, points) in enumerate(panels.items())]
    size = f'width="{WIDTH * len(panels)}" height="{HEIGHT}"'
    style = 'font-family="sans-serif" font-size="11" fill="#333"'
    text = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>\n{"".join(drawn)}</svg>\n'
    path.write_text(text, encoding="utf-8")


def _panel(left: int, what: str, points: Points) -> str:
    most, (first, cost) = points[-1][0], points[0]
    top = max(seconds for _, seconds in points) * 1.15

    def at(count: float, seconds: float) -> str:
        x = left + EDGE + count / most * (WIDTH - 2 * EDGE)
        return f"{x:.1f},{HEIGHT - EDGE - seconds / top * (HEIGHT - 2 * EDGE):.1f}"

    until = min(most, first * top / cost)
    marks = "".join(_mark(at(count, seconds), f"{seconds:.1f}") for count, seconds in points)
    x, y = left + EDGE, HEIGHT - EDGE
    return (
        f'<path d="M{x},{EDGE} V{y} H{left + WIDTH - EDGE}" fill="none" stroke="#999"/>\n'
        f'<path d="M{at(0, 0)} L{at(until, cost / first * until)}" stroke="#bbb" '
        'stroke-dasharray="4 3"/>\n'
        f'<polyline points="{" ".join(at(*one) for one in points)}" fill="none" '
        f'stroke="#0b6e99" stroke-width="2"/>\n{marks}'
        f'<text x="{x}" y="{EDGE - 14}">{TITLE}</text>\n'
        f'<text x="{left + WIDTH // 2}" y="{HEIGHT - 10}" text-anchor="middle">{what}: '
        f"{', '.join(str(count) for count, _ in points)}</text>\n"
    )


def _mark(place: str, said: str) -> str:
    x, y = place.split(",")
    return (
        f'<circle cx="{x}" cy="{y}" r="3" fill="#0b6e99"/>'
        f'<text x="{x}" y="{float(y) - 7:.1f}" text-anchor="middle">{said}</text>\n'
    )
