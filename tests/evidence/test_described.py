"""What a user says of a source in a file: what is read from it, and what is refused."""

from datetime import date
from pathlib import Path

import pytest

from gradatim.core.errors import UnusableInput
from gradatim.evidence.facts import Observed
from gradatim.evidence.source_description import KEYS, Described, read_description


@pytest.fixture
def described(tmp_path: Path):
    def of(text: str) -> Described:
        file = tmp_path / "source.yaml"
        file.write_text(text, encoding="utf-8")
        return read_description(file)

    return of


def test_everything_that_can_be_said(described, tmp_path: Path) -> None:
    found = described("""
        exhaustive: {condition: 2015-01-01.., exposure: ..2026-06-30, procedure: ..}
        observation_period: true
        reference_ranges: laboratory/ranges.csv
    """)
    assert found.coverage == {
        "condition": Observed(date(2015, 1, 1), None),
        "exposure": Observed(None, date(2026, 6, 30)),
        "procedure": Observed(None, None),
    }
    assert found.observation_period
    assert found.reference_ranges == tmp_path / "laboratory" / "ranges.csv"


def test_what_is_not_said_is_not_so(described) -> None:
    assert described("observation_period: false") == Described()
    assert described("exhaustive: []") == Described()


def test_a_list_of_kinds_is_without_limit(described) -> None:
    found = described("exhaustive: [condition, procedure]")
    assert found.coverage == dict.fromkeys(("condition", "procedure"), Observed(None, None))


@pytest.mark.parametrize("word", ["true", "True", "TRUE"])
def test_true_is_written_as_yaml_has_it(described, word: str) -> None:
    assert described(f"observation_period: {word}").observation_period


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("exhaustive: [measurement]", "the kind 'measurement' cannot be declared"),
        ("exhaustive: {answer: ..}", "the kind 'answer' cannot be declared"),
        ("exhaustive: [{condition: ..}]", "cannot be declared"),
        ("exhaustive: condition", "neither a list of kinds nor kinds with days"),
        ("exhaustive: {condition: 2015}", "'2015' is not FROM..TO"),
        ("exhaustive: {condition: 2015-13-01..}", "is not FROM..TO"),
        ("exhaustive: {condition: }", "'' is not FROM..TO"),
        ("exhaustive: {condition: {since: 2015-01-01}}", "is not FROM..TO"),
        ("exhaustive: {condition: 2020-01-01..2010-01-01}", "end .* before they begin"),
        ("exhaustive: {condition: .., condition: 2020-01-01..}", "condition is said twice"),
        ("observation_period: maybe", "neither true nor false"),
        ("observation_period: [true]", "neither true nor false"),
        ("reference_ranges: [a.csv]", "not the name of a file"),
        ("reference_ranges:", "not the name of a file"),
        ("exhaustivity: [condition]", "'exhaustivity' is not known here"),
        ("- condition", "it is not a mapping"),
        ("", "it is not a mapping"),
        ("exhaustive: [condition", "cannot be read"),
        ("exhaustive: {[condition]: ..}", "cannot be read"),
    ],
)
def test_what_cannot_be_meant_is_refused(described, tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(UnusableInput, match=what) as refused:
        described(text)
    assert str(refused.value).startswith(str(tmp_path / "source.yaml"))
    assert "--" not in str(refused.value), "it is the file that is wrong, no option"


def test_the_line_of_what_is_no_yaml_is_told(described) -> None:
    with pytest.raises(UnusableInput, match=r"source\.yaml:3: "):
        described("exhaustive:\n  condition: ..\n bad\n")


def test_an_unknown_key_lists_the_known_ones(described) -> None:
    with pytest.raises(UnusableInput) as refused:
        described("ranges: a.csv")
    assert all(key in refused.value.todo for key in KEYS)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match=r"nowhere\.yaml"):
        read_description(tmp_path / "nowhere.yaml")
    with pytest.raises(UnusableInput, match="cannot be read"):
        read_description(tmp_path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "source.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UnusableInput, match="cannot be read"):
        read_description(tmp_path / "source.yaml")
