"""The formatter lays the code out; only a few tables of data keep their own columns."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("src", "tests", "benchmarks", "docs", "scripts")
MARK = "fmt: " + "skip"
MOST = 20
"""As many tables of data may keep a layout of their own, over the whole project."""


def marked_statements() -> Iterator[tuple[str, ast.stmt]]:
    """Yield each statement that the formatter is told to leave alone, with where it ends."""
    for path in (file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")):
        text = path.read_text("utf-8")
        if MARK not in text:
            continue
        lines = [number for number, line in enumerate(text.splitlines(), 1) if MARK in line]
        ends = {node.end_lineno: node for node in ast.parse(text).body}
        for line in lines:
            place = f"{path.relative_to(ROOT)}:{line}"
            assert line in ends, f"{place} is not the end of a statement of the module"
            yield place, ends[line]


def test_only_tables_of_data_keep_a_layout_of_their_own():
    """Each is a collection that is assigned to a name of a module."""
    marked = dict(marked_statements())
    assert 0 < len(marked) < MOST
    for place, statement in marked.items():
        assert isinstance(statement, ast.Assign | ast.AnnAssign), place
        assert isinstance(statement.value, ast.Dict | ast.List | ast.Tuple), place
