"""The security checklist is complete, and what it points at is there."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.docs.named_tests import missing_tests

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/asvs.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (V[\d.]+) \| (\d) \| (.*) \| (.*) \| (.*) \|$", PAGE, re.MULTILINE)
VERDICTS = ("met", "installation", "partly", "open", "not applicable")
SETTING = re.compile(r"\]\(operations\.md(#[\w-]+)\)")
CODE = re.compile(r"`((?:web|conduct)/[\w/.]+)`")


def test_every_requirement_of_both_levels_is_there_once() -> None:
    """Numbers and levels as OWASP publishes them (5.0.0, folder 5.0/docs_en, CSV)."""
    with (ROOT / "tests/docs/asvs_5.0.0_ids.csv").open(encoding="utf-8") as file:
        asked = [(row["id"], row["level"]) for row in csv.DictReader(file)]
    assert Counter(level for _id, level in asked) == {"1": 70, "2": 183}
    assert [(id, level) for id, level, *_rest in ROWS] == asked


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_every_row_has_its_evidence(row: tuple[str, str, str, str, str]) -> None:
    """A test that exists, a file that exists, or words; what is partly done says what is not."""
    _id, _level, asks, verdict, evidence = row
    assert asks
    assert verdict in VERDICTS
    assert len(evidence) > 8
    assert missing_tests(evidence) == []
    for path in CODE.findall(evidence):
        assert (ROOT / "src/gradatim" / path).exists(), path
    if verdict == "met":
        assert "`" in evidence or "](" in evidence
        assert "Open:" not in evidence


@pytest.mark.parametrize(
    "row", [one for one in ROWS if one[3] == "installation"], ids=lambda row: row[0]
)
def test_what_is_left_to_the_installation_is_told_to_it(row: tuple[str, ...]) -> None:
    """Where it is written down how, in a section that there is."""
    evidence = row[4]
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    places = {
        "#" + re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-")
        for one in re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    }
    told = set(SETTING.findall(evidence))
    assert told
    assert told <= places
    assert "Open:" not in evidence


def test_the_count_of_verdicts_is_right() -> None:
    count = Counter(verdict for _id, _level, _asks, verdict, _evidence in ROWS)
    told = (
        "Of {} requirements, {} are met, {} are the installation's to meet, {} are partly met, "
        "{} open, and {} do not apply.".format(len(ROWS), *(count[one] for one in VERDICTS))
    )
    assert told in " ".join(PAGE.split())


def test_the_standard_is_cited() -> None:
    """It is licensed CC BY-SA: named, with its version and address."""
    for words in ("5.0.0", "CC BY-SA 4.0", "github.com/OWASP/ASVS"):
        assert words in PAGE
