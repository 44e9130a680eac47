"""Tests that a page names as its evidence, `path::name` below `tests/`."""

import re
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parents[1]
NAMED = re.compile(r"`([\w/.]+\.py)::(\w+)`")


@cache
def _source(path: str) -> str:
    file = TESTS / path
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def missing_tests(text: str) -> list[str]:
    """Return the tests named in a text that there are not."""
    named = NAMED.findall(text)
    return [f"{path}::{name}" for path, name in named if f"def {name}(" not in _source(path)]
