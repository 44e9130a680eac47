"""Loading a protocol: bad documents give one message with file, line and what to do."""

import subprocess
import sys

import pytest
import yaml

from gradatim.core.errors import UnusableInput
from gradatim.protocol.load import load, parse
from gradatim.protocol.questions import questions
from tests.protocol.documents import SMALL, criterion, small

LINES = SMALL.splitlines()


def _refused(text: str) -> str:
    with pytest.raises(UnusableInput) as caught:
        parse(text.encode(), "p.yaml")
    return str(caught.value)


def test_a_sound_document_is_read_with_its_lines_and_hash():
    """Every part knows its line; the hash is of the bytes."""
    document = parse(SMALL.encode(), "p.yaml")
    line = LINES.index("eligibility:") + 1
    assert document.where(("eligibility",)) == f"p.yaml:{line}"
    assert len(document.sha256) == 64


BAD = {
    "not YAML": ("study: [", "not YAML"),
    "empty": ("", "empty"),
    "a list": ("- 1", "not a mapping"),
    "an alias": (SMALL.replace("arms: []", "arms: &a []"), "anchors and aliases"),
    "a bomb": ("a: &a [x, x]\nb: [*a, *a]\n", "anchors and aliases"),
    "a key twice": (SMALL + "endpoints: []\n", "'endpoints' stands twice"),
    "an unknown key": (SMALL + "colour: red\n", "colour"),
    "an unknown kind of rule": (
        SMALL.replace("{attested: willing}", "{dreams: willing}"),
        "a rule has one of the keys",
    ),
    "a wrong limit": (SMALL.replace('<= 3 x ULN", at', 'about 3", at'), "is not a limit"),
    "a wrong length": (SMALL.replace("-28 days", "-4 fortnights"), "is not a length of time"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_document_is_refused_with_its_line(name):
    """The message names file and line and says what is wrong."""
    text, words = BAD[name]
    message = _refused(text)
    assert words in message
    assert message.startswith("p.yaml")


def test_the_line_of_a_fault_deep_inside_is_right():
    """A fault in a rule is reported where the rule stands."""
    message = _refused(SMALL.replace("about", "").replace('<= 3 x ULN"', 'three"'))
    line = next(i for i, text in enumerate(LINES, 1) if "<= 3 x ULN" in text)
    assert f"p.yaml:{line}:" in message


def test_words_that_other_yaml_reads_as_booleans_are_words():
    """`on` and `no` stay words (YAML 1.2)."""
    text = SMALL.replace("title: A small trial", "title: no")
    assert parse(text.encode(), "p").study.study.title == "no"


def test_a_circle_of_derived_elements_is_refused():
    """It could never be computed."""

    def change(data):
        alt = data["elements"]["alt"]
        data["elements"]["ast"] = {**alt, "derived": {"expression": "a", "inputs": {"a": "alt"}}}
        alt["derived"] = {"expression": "a", "inputs": {"a": "ast"}}

    with pytest.raises(UnusableInput, match="alt -> ast -> alt"):
        small(change)


def test_names_that_refer_to_nothing_stop_screening(tmp_path):
    """A protocol with an undefined element cannot be loaded to screen with."""
    path = tmp_path / "protocol.yaml"
    path.write_text(SMALL.replace("{attested: willing}", "{attested: able}"))
    with pytest.raises(UnusableInput, match="no element named 'able'"):
        load(path)


def test_a_huge_document_is_not_parsed():
    """There is a limit, and the message says so."""
    assert "at most" in _refused("#" * 6_000_000)


def test_what_is_not_settled_becomes_a_question_and_a_ruling_settles_it():
    """The list is numbered, keyed, and knows rulings."""

    def change(data):
        data["safety"]["escalation"]["basis"] = "assumed"
        criterion(data, 1)["alternatives"] = [
            {"name": "b", "reading": "always", "rule": {"all": []}}
        ]
        data["rulings"] = [
            {"question": "eligibility.I2", "answer": "b", "by": "the sponsor", "on": "2026-11-22"}
        ]

    found = questions(small(change).study)
    assert [one.number for one in found] == list(range(1, len(found) + 1))
    by_key = {one.key: one for one in found}
    assert by_key["safety.escalation"].safety
    assert by_key["safety.escalation"].ruling is None
    ruling = by_key["eligibility.I2"].ruling
    assert ruling is not None
    assert ruling.answer == "b"


def test_the_schema_describes_the_small_document():
    """The JSON Schema printed for editors accepts a sound document and refuses a bad one."""
    import json

    import jsonschema

    printed = subprocess.run(
        [sys.executable, "-m", "gradatim.cli.main", "protocol", "schema"],
        capture_output=True,
        check=True,
    ).stdout
    schema = json.loads(printed)
    data = json.loads(json.dumps(yaml.safe_load(SMALL), default=str))
    jsonschema.validate(data, schema)
    del data["study"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, schema)
