"""YAML is read strictly: nothing is lost, nothing guessed, and every fault has its line."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gradatim.core.documents import DEEPEST, MOST_PARTS, Steps, place, read_yaml
from gradatim.core.errors import UnusableInput

NAMES = st.text("abcdefgh", min_size=1, max_size=4)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 999) | NAMES,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(NAMES, part, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(NAMES, VALUES, min_size=1))
def test_what_is_written_is_read_and_every_part_has_a_line(data: dict[str, object]) -> None:
    """Whatever is in it; the line of a key is the line it stands on."""
    text = yaml.safe_dump(data, default_flow_style=False, sort_keys=False)
    lines: dict[Steps, int] = {}
    assert read_yaml(text.encode(), "d.yaml", lines) == data
    written = text.splitlines()
    for key in data:
        found = written[lines[(key,)] - 1]
        assert found.startswith((f"{key}:", f"'{key}':"))


@given(st.lists(NAMES, min_size=1, max_size=6, unique=True), st.data())
def test_a_key_that_stands_twice_is_refused_at_its_second_line(
    keys: list[str], data: st.DataObject
) -> None:
    """Wherever it stands: one of the two would be lost."""
    again = data.draw(st.sampled_from(keys))
    text = "".join(f"{key}: 1\n" for key in [*keys, again])
    with pytest.raises(UnusableInput, match=f"the key '{again}' stands twice") as found:
        read_yaml(text.encode(), "d.yaml", {})
    assert found.value.where == f"d.yaml:{len(keys) + 1}"


@pytest.mark.parametrize(
    ("text", "value"),
    [("yes", "yes"), ("on", "on"), ("no", "no"), ("true", True), ("1_0", "1_0"), ("0x1", "0x1")],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    """A word is a word."""
    assert read_yaml(f"a: {text}\n".encode(), "d.yaml", {}) == {"a": value}


def test_aliases_are_read_only_where_they_are_allowed() -> None:
    """A part written once, used twice."""
    text = b"a: &part [1, 2]\nb: *part\n"
    with pytest.raises(
        UnusableInput, match=r"^d\.yaml:1: YAML anchors and aliases are not allowed"
    ):
        read_yaml(text, "d.yaml", {})
    assert read_yaml(text, "d.yaml", {}, aliases=True) == {"a": [1, 2], "b": [1, 2]}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a: [\n", "d.yaml:2: this is not YAML"),
        (b"\xff\xfe\x00", "d.yaml: this file is not UTF-8 text"),
        (b"", "d.yaml: this is not a document: it is empty"),
        (b"- a\n", "d.yaml: this is not a document: it is not a mapping"),
        (b"a: " + b"[" * (DEEPEST + 1), "d.yaml:1: this is nested too deeply"),
    ],
)
def test_what_is_no_document_is_refused(content: bytes, told: str) -> None:
    """With its line where there is one."""
    with pytest.raises(UnusableInput) as found:
        read_yaml(content, "d.yaml", {})
    assert str(found.value).startswith(told)


@pytest.mark.parametrize("part", [b"b", b"[]", b"{}", b'"b"'])
def test_a_document_has_so_many_parts_and_no_more(part: bytes) -> None:
    """Two are the name of the list and the mapping around it, and one is the list."""
    fits = b"a: [" + b",".join([part] * (MOST_PARTS - 3)) + b"]"
    assert len(read_yaml(fits, "d.yaml", {})["a"]) == MOST_PARTS - 3
    with pytest.raises(UnusableInput, match=r"^d\.yaml:1: this document is too long"):
        read_yaml(fits[:-1] + b"," + part + b"]", "d.yaml", {})


def test_the_place_of_a_part_is_that_of_the_nearest_part_with_a_line() -> None:
    """A path that goes deeper than the document is of the last part that there is."""
    lines: dict[Steps, int] = {}
    read_yaml(b"a:\n  b: 1\n", "d.yaml", lines)
    assert place("d.yaml", lines, ("a", "b", "c", 0)) == "d.yaml:2"
    assert place("d.yaml", lines, ("x",)) == "d.yaml:1"
