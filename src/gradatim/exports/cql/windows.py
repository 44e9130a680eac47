"""Days counted from anchors, and whether something lies in a window of them."""

from collections.abc import Iterable

from gradatim.core.dates import Duration
from gradatim.exports.cql.library import Library
from gradatim.protocol.base import Window


def anchor(library: Library, title: str) -> str:
    """Write an anchor: a parameter, to be given as a date."""
    return library.parameter(title, "Date")


def edge(library: Library, of: str, length: Duration) -> str:
    """Write the day at a distance from an anchor."""
    at = anchor(library, of)
    if length == Duration():
        return at
    before = length < Duration()
    away = -length if before else length
    sign = "-" if before else "+"
    steps = [
        f"{n} {unit}{'s' * (abs(n) != 1)}"
        for n, unit in ((away.months, "month"), (away.days, "day"))
        if n
    ]
    expression = f" {sign} ".join([at, *steps])
    return library.define(f"{away} {'before' if before else 'after'} {of}", expression)


def ends(library: Library, window: Window | None) -> tuple[str, str]:
    """Write the first and the last day of a window, bounds aside; `null` where it is open."""
    if window is None:
        return "null", "null"
    return tuple(
        "null" if length is None else edge(library, window.anchor, length)
        for length in (window.from_, window.to)
    )  # type: ignore[return-value]


ONE_DAY = ("{0}.first, {0}.last",) * 2
LASTING = ("{0}.start_first, {0}.start_last", "{0}.end_first, {0}.end_last")
BEGUN = ("{0}.start_first, {0}.start_last",) * 2
"""What of a row must lie in a window: its one day, any day of it, or the day it began on."""


def inside(
    library: Library, windows: Iterable[Window | None], row: str, days: tuple[str, str] = ONE_DAY
) -> str:
    """Write whether a row lies in all the windows: true, false, or null if it depends on the day.

    Args:
        library: the library.
        windows: the windows; None is any day.
        row: alias of the row.
        days: of the row, those of which the first and the last must lie in a window.
    """
    begun, ended = (one.format(row) for one in days)
    tests = []
    for window in windows:
        if window is None:
            continue
        first, last = ends(library, window)
        if first != "null":
            limit = f"{first} + 1 day" if window.bounds[0] == "(" else first
            tests.append(f"{library.function('Is on or after')}({ended}, {limit})")
        if last != "null":
            limit = f"{last} - 1 day" if window.bounds[1] == ")" else last
            tests.append(f"{library.function('Is on or before')}({begun}, {limit})")
    return "\n  and ".join(tests) or "true"
