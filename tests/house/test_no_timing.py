"""Tests wait for conditions and never for times: a busy machine must not make one fail."""

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
CLOCKS = {"monotonic", "perf_counter", "process_time", "thread_time", "time", "time_ns"}
SLEEPS = {"sleep", "wait_for_timeout"}
ALLOWED = {
    "waiting.py: wait_until": "the one loop that waits for a condition",
    "conduct/faults.py: life": "a writer is killed at a moment that nothing it does decides",
    "web/accounts/test_sessions.py: aged": "sets how long ago a session was used; judges nothing",
    "web/conftest.py: SessionClock": "where the clock stands that a test then sets forward",
}
"""Where a clock is read or something sleeps all the same, and why."""


def uses(path: Path) -> Iterator[tuple[str, int]]:
    """Yield each call of a clock or of a sleep: the definition it is in, and its line."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {
        one.asname or one.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "time"
        for one in node.names
    }
    for top in tree.body:
        name = top.name if isinstance(top, ast.FunctionDef | ast.ClassDef) else "the module"
        for node in ast.walk(top):
            if isinstance(node, ast.Call) and _waits_or_measures(node.func, imported):
                yield name, node.lineno


def _waits_or_measures(called: ast.expr, imported: set[str]) -> bool:
    if isinstance(called, ast.Name):
        return called.id in imported
    if not isinstance(called, ast.Attribute):
        return False
    of_time = isinstance(called.value, ast.Name) and called.value.id == "time"
    return called.attr in SLEEPS or (of_time and called.attr in CLOCKS)


def found() -> dict[str, list[int]]:
    """Return where tests read a clock or sleep: the lines by file and definition."""
    places: dict[str, list[int]] = {}
    for path in sorted(TESTS.rglob("*.py")):
        for name, line in uses(path):
            places.setdefault(f"{path.relative_to(TESTS)}: {name}", []).append(line)
    return places


def test_no_test_sleeps_or_measures_time():
    """`tests.waiting.wait_until` waits; what is promised of speed is measured by `make guard`."""
    unexplained = {place: lines for place, lines in found().items() if place not in ALLOWED}
    assert unexplained == {}


def test_every_exception_is_still_one():
    assert ALLOWED.keys() <= found().keys()


def test_a_clock_is_seen_however_it_is_called(tmp_path):
    path = tmp_path / "test_some.py"
    path.write_text(
        "import time\nfrom time import perf_counter as now\n"
        "def test_a(page):\n    time.sleep(1)\n    now()\n    page.wait_for_timeout(2)\n"
        "    time.monotonic()\n    page.time()\n"
    )
    assert list(uses(path)) == [("test_a", line) for line in (4, 5, 6, 7)]
