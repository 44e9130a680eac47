"""The day of a stored time is told in one place: in a time zone, not as the time happens to be."""

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "gradatim"
PACKAGES = ("conduct", "safety", "analysis", "reports", "exports", "web", "cli/ledger")
ALLOWED = {
    "conduct/days.py": "the one place",
    "web/clock.py": "the present, in the zone that it is asked in",
    "conduct/simulate/visits.py": "makes times up, in UTC",
    "safety/clocks.py": "counts from a time that is given in the zone of whoever must act",
}
"""Where a time is made a day all the same, and why."""


def days_made(path: Path) -> Iterator[int]:
    """Yield the lines in which a time is made a day."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or node.args:
            continue
        if isinstance(node.func, ast.Attribute) and node.func.attr == "date":
            yield node.lineno


def found() -> dict[str, list[int]]:
    """Return where times are made days: the lines by file."""
    paths = (path for name in PACKAGES for path in sorted((SOURCE / name).rglob("*.py")))
    lines = {str(path.relative_to(SOURCE)): list(days_made(path)) for path in paths}
    return {name: some for name, some in lines.items() if some}


def test_a_day_is_made_of_a_time_in_one_place():
    """`conduct.days` tells the day of a moment at a site."""
    assert found().keys() - ALLOWED.keys() == set()


def test_every_exception_is_still_one():
    assert ALLOWED.keys() <= found().keys()


WITHOUT_A_SITE = {
    "web/views/paper.py": "a blank form is printed, of no site yet",
    "web/api/fhir.py": "the statement of what the server can do is of the installation",
}
"""Where the day of the installation is asked for, and why."""


def days_of_the_installation() -> set[str]:
    """Return the files of pages, forms and the API that ask for the day of the installation."""
    found = set()
    for name in ("web/views", "web/forms", "web/api"):
        for path in (SOURCE / name).rglob("*.py"):
            tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            froms = (one.names for one in tree if isinstance(one, ast.ImportFrom))
            if {one.name for some in froms for one in some} & {"today", "get_current_timezone"}:
                found.add(str(path.relative_to(SOURCE)))
    return found


def test_what_a_site_does_is_of_the_day_at_the_site():
    """`today_at` tells it; the day of the installation may be another."""
    assert days_of_the_installation() == WITHOUT_A_SITE.keys()
