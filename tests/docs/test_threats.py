"""Who could do what: nothing is said to be impossible without a test that tries it."""

import re
from pathlib import Path

import pytest

from tests.docs.named_tests import NAMED, missing_tests

PAGE = (Path(__file__).parents[2] / "docs/threats.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+)\n((?:(?!^## ).*\n?)*)", PAGE, re.MULTILINE))
WHO = (
    "Whoever is outside",
    "A participant",
    "Whoever works at a site",
    "The sponsor",
    "Whoever administers the database",
    "Whoever administers the server",
    "Together",
)


def rows(section: str) -> list[list[str]]:
    """Return the rows of a section's tables of what somebody cannot do."""
    found: list[list[str]] = []
    cannot = False
    for line in SECTIONS[section].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if not line.startswith("|"):
            cannot = False
        elif cells[0] == "they cannot":
            cannot = True
        elif cannot and not set(line) <= set("|-"):
            found.append(cells)
    return found


def test_everybody_around_a_trial_is_there() -> None:
    assert tuple(SECTIONS) == WHO


@pytest.mark.parametrize(
    "section", [one for one in WHO if one not in ("A participant", "Together")]
)
def test_what_somebody_cannot_do_is_tried(section: str) -> None:
    found = rows(section)
    assert found
    for what, keeps, tests in found:
        assert len(what) > 8
        assert len(keeps) > 5
        assert NAMED.search(tests), what


def test_every_test_that_the_page_names_is_there() -> None:
    assert missing_tests(PAGE) == []
    assert missing_tests("`docs/test_threats.py::test_nothing`") == [
        "docs/test_threats.py::test_nothing"
    ]
