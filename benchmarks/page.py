"""Figures in docs/benchmarks.md: each table stands between two marks and is replaced whole."""

import os
import platform
import subprocess
from collections.abc import Iterable
from datetime import date
from importlib.metadata import version
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
Row = tuple[str, str, str]


def write_table(name: str, head: str, rows: Iterable[Row]) -> None:
    """Print rows as they are measured, and put the table in place of the one of that name."""
    write_section(name, table(head, rows))


def machine(*packages: str) -> str:
    """Return what a table was measured on: day, commit, processor, Python, versions of packages."""
    parts = (f"Python {platform.python_version()}", *(f"{one} {version(one)}" for one in packages))
    cores = f"{os.cpu_count()} cores ({platform.machine()})"
    return f"{date.today()}, commit {_commit()}; {cores}, {', '.join(parts)}"


def _commit() -> str:
    """Return the name of the commit of the code that is measured."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=10"],
        cwd=PAGE.parent,
        capture_output=True,
        text=True,
    )
    return described.stdout.strip() or "unknown"


def table(head: str, rows: Iterable[Row]) -> str:
    """Print rows as they are measured; give the table with a line on the machine before it."""
    lines = [head, "", "| what | measured | ratio |", "|---|---|---|"]
    for row in rows:
        lines.append(f"| {' | '.join(row)} |")
        print(*row, sep="\n  ", flush=True)
    return "\n".join(lines)


def write_section(name: str, text: str) -> None:
    """Put a text between the marks of that name.

    Raises:
        ValueError: the page has no such marks.
    """
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    page = PAGE.read_text(encoding="utf-8")
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{PAGE.name} has no place for {name!r}")
    PAGE.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")
