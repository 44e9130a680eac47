"""The documentation is complete and true: commands, pages, examples."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gradatim.evidence.source_description import KEYS
from gradatim.protocol.elements import COVERABLE
from gradatim.protocol.load import bundled, load
from gradatim.protocol.nodes import NODE_KINDS
from gradatim.screening.feasibility.reasons import NUMBERS
from gradatim.screening.feasibility.recontact import HEADER
from gradatim.screening.prescreen.evidence import ARROW_SCHEMA
from gradatim.screening.prescreen.folder import FILES

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
PROSE = [ROOT / "README.md", *(p for p in PAGES if p.name not in ("cli.md", "language.md"))]


def _text(*names: str) -> str:
    return (ROOT.joinpath(*names)).read_text(encoding="utf-8")


def test_generated_pages_are_up_to_date() -> None:
    """No page differs from what it is generated from."""
    ran = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_page_is_in_the_navigation() -> None:
    """A page that cannot be reached is not documentation."""
    nav = str(tomllib.loads(_text("zensical.toml"))["project"]["nav"])
    assert [page.name for page in PAGES if str(page.relative_to(ROOT / "docs")) not in nav] == []


def test_every_command_and_option_is_documented() -> None:
    """The page of the command line has each command, and says what each option is for."""
    page = _text("docs", "cli.md")
    for command in (
        "screen",
        "demo",
        "candidates",
        "serve",
        "database migrate",
        "backup",
        "restore",
        "trial begin",
        "user invite",
        "protocol check",
        "protocol show",
        "protocol questions",
        "protocol schema",
        "prescreen",
        "feasibility",
        "recontact",
        "synthetic",
        "export cql",
        "next-dose",
        "design table",
        "design decide",
        "design paths",
        "design oc",
        "design compare",
        "design calibrate",
        "design report",
    ):
        assert f"## `gradatim {command}`" in page
    options = re.findall(r"^  --[a-z-]+(?: \S+)? +(.*)$", page, re.MULTILINE)
    assert len(options) > 12
    assert all(options)


CODE = [
    path.relative_to(ROOT).as_posix()
    for folder in ("src", "tests", "benchmarks", "scripts", "docs")
    for path in (ROOT / folder).rglob("*.py")
]


@pytest.mark.parametrize("page", [*PROSE, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_modules_and_functions_in_the_prose_exist(page: Path) -> None:
    """Each `folder/module.py` is there, and each `call(of, names)` is one of a function of ours."""
    prose = page.read_text()
    for module in re.findall(r"`([a-z_]\w*/[\w/]+\.py)`", prose):
        assert any(path.endswith(f"/{module}") or path == module for path in CODE), module
    for name, _ in re.findall(r"`(\w+)\(([a-z_]+(?:, [a-z_]+)*)\)`", prose):
        found = re.compile(rf"^ *def {name}\(", re.MULTILINE)
        assert any(found.search(_text(path)) for path in CODE), name


@pytest.mark.parametrize("page", PROSE, ids=lambda page: page.name)
def test_commands_in_the_prose_exist(page: Path) -> None:
    """Each `gradatim ...` example names a real command, with real options."""
    known = _text("docs", "cli.md")
    for example in re.findall(r"^(?:gradatim|    gradatim) (.+)$", page.read_text(), re.MULTILINE):
        words = example.split("#")[0].split()
        grouped = words[0] in (
            "protocol",
            "export",
            "design",
            "ledger",
            "database",
            "trial",
            "user",
            "vocabulary",
        )
        name = " ".join(words[:2]) if grouped else words[0]
        assert f"## `gradatim {name}`" in known, example
        for option in re.findall(r"--[a-z-]+", example):
            assert f"  {option}" in known, example


def test_every_kind_of_rule_is_on_the_language_page() -> None:
    """And the pages count them rightly."""
    page = _text("docs", "language.md")
    assert all(f"`{kind}`" in page for kind in NODE_KINDS)
    counted = "fourteen kinds of node"
    assert counted in _text("docs", "protocol.md")
    assert len(NODE_KINDS) == 14, f"docs/protocol.md, and this test, say {counted!r}"


def test_the_numbers_in_the_prose_are_right() -> None:
    """Counts that the README and the quickstart state."""
    criteria = load("nct05962762").study.criteria
    assert f"{len(criteria)} criteria" in _text("docs", "quickstart.md")
    alternatives = sum(len(one.alternatives) for one in criteria)
    assert f"{len(criteria)} criteria, {alternatives} alternative readings" in _text("CHANGELOG.md")


def test_kinds_and_trials_are_named() -> None:
    """What can be declared, and what is bundled, is written where a user looks."""
    assert all(kind in _text("docs", "screening.md") for kind in COVERABLE)
    assert all(f"`{name}`" in _text("docs", "cli.md") for name in bundled())


def test_the_page_on_prescreening_names_every_file_column_and_option() -> None:
    """What a run writes, and what it can be told, stands on its page."""
    page = _text("docs", "prescreen.md")
    for names in (FILES, ARROW_SCHEMA.names, HEADER):
        assert [name for name in names if f"`{name}`" not in page] == []
    assert [key for key in KEYS if f"`{key}" not in page] == []
    cli = _text("docs", "cli.md").split("## `gradatim prescreen`")[1].split("## `")[0]
    options = set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", cli, re.MULTILINE)) - {"--help", "--out"}
    assert len(options) > 12
    assert [one for one in sorted(options) if one not in page] == []
    words = " ".join(page.split())
    assert [n for reason, n in NUMBERS.items() if f"{n} {reason}" not in words] == []
