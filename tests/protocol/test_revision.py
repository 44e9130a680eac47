"""A changed document: what a ruling asks for stands in it, and every other line as it was."""

import json
from difflib import ndiff
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradatim.core.errors import UnusableInput
from gradatim.protocol.base import Basis
from gradatim.protocol.load import bundled, parse
from gradatim.protocol.questions import can_be_ruled_on, ruled_value
from gradatim.protocol.revision import (
    RequestedChange,
    can_be_changed,
    revise,
    sourced_by_question,
    value_in_lines,
)
from gradatim.protocol.study import Study

TABLET = "example_oncology_tablet"
SENTINEL, LEVEL = "safety.sentinel", "treatment.dose_levels.2"


@cache
def text(name: str = TABLET) -> str:
    return bundled()[name].read_text(encoding="utf-8")


def study(document: str) -> Study:
    return parse(document.encode(), "protocol.yaml").study


@cache
def said(document: str) -> dict[str, str]:
    """What each part of a document says, by the key of its question."""
    return {key: ruled_value(one.part) for key, one in sourced_by_question(study(document)).items()}


def asked(key: str, **more: object) -> RequestedChange:
    """A change of some fields of a part of the tablet trial."""
    return RequestedChange(
        key, json.dumps(json.loads(said(text())[key]) | more), "asked for by a.1"
    )


def lines(before: str, after: str) -> list[str]:
    """The lines in which two documents differ."""
    compared = ndiff(before.splitlines(), after.splitlines())
    return [line for line in compared if line[:1] in "+-"]


def test_a_part_says_something_else_and_by_whom():
    made = revise(text(), [asked(SENTINEL, wait="2 days")], "1.1")
    assert lines(text(), made) == [
        '-   version: "1.0"',
        "+   version: '1.1'",
        "-     wait: 1 day",
        "+     wait: 2 days",
        "-     basis: assumed",
        "+     basis: proposed",
        "+     source: asked for by a.1",
        "-     source: illustrative example",
        "-     note: Between the first participant of a level and the next.",
    ]


def test_several_changes_are_one_version():
    made = revise(text(), [asked(SENTINEL, wait="2 days"), asked(LEVEL, dose=30)], "2")
    now = study(made)
    assert now.safety.sentinel
    assert str(now.safety.sentinel.wait) == "2 days"
    assert now.treatment.dose_levels[1].dose == 30
    assert now.treatment.dose_levels[1].basis is Basis.PROPOSED
    assert now.study.version == "2"


def test_what_the_document_says_nothing_of_is_written_into_it():
    before = text("nct05962762")
    assert "\n  gate:" not in before
    value = json.loads(said(before)["treatment.gate"])
    value["after_dose_limiting_toxicity"] = "committee"
    made = revise(before, [RequestedChange("treatment.gate", json.dumps(value), "a.1")], "1.1")
    gate = study(made).treatment.gate
    assert (gate.after_dose_limiting_toxicity, gate.basis) == ("committee", Basis.PROPOSED)


def test_a_field_that_the_new_value_lacks_is_left_out():
    """A reading that is given up, for one."""
    key = next(key for key, value in said(text()).items() if '"alternatives"' in value)
    value = json.loads(said(text())[key])
    del value["alternatives"]
    made = revise(text(), [RequestedChange(key, json.dumps(value), "a.1")], "1.1")
    assert json.loads(said(made)[key]) == value


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (RequestedChange(SENTINEL, "2 days", "a.1"), "not a mapping"),
        (RequestedChange(SENTINEL, "[]", "a.1"), "not a mapping"),
        (RequestedChange(SENTINEL, "", "a.1"), "it is empty"),
        (RequestedChange(SENTINEL, "wait: [" * 200, "a.1"), "nested too deeply"),
        (RequestedChange(SENTINEL, '{"wait": "2 days", "wait": "3 days"}', "a.1"), "stands twice"),
        (RequestedChange(SENTINEL, "wait: 2 days\nbasis: stated", "a.1"), "Leave out basis"),
        (RequestedChange(SENTINEL, '{"wait": "soon"}', "a.1"), "does not follow the schema"),
        (RequestedChange(SENTINEL, '{"wait": "2 days", "colour": "red"}', "a.1"), "colour"),
        (RequestedChange(LEVEL, said(text())[LEVEL].replace("2", "9", 1), "a.1"), "keeps its name"),
        (RequestedChange("elements.codes", "{}", "a.1"), "no single part"),
        (RequestedChange("safety.nothing", "{}", "a.1"), "no single part"),
    ],
)
def test_what_makes_no_document_is_refused(change: RequestedChange, why: str):
    with pytest.raises(UnusableInput, match=why):
        revise(text(), [change], "1.1")


WAIT, NOTE = (
    "    wait: 1 day\n",
    "    note: Between the first participant of a level and the next.\n",
)
LAYOUTS = {
    "a mark of the byte order": lambda document: "\ufeff" + document,
    "characters outside the plane": lambda document: "# \U0001f600 é\n" + document,
    "lines of Windows": lambda document: document.replace("\n", "\r\n"),
    "a comment beside it": lambda document: document.replace(WAIT, "    wait: 1 day # why\n", 1),
    "a key in quotes": lambda document: document.replace(WAIT, '    "wait": 1 day\n', 1),
    "a comment beside what is left out": lambda document: document.replace(
        NOTE, NOTE.replace("\n", "  # a note\n"), 1
    ),
    "words in blocks": lambda document: document.replace(
        NOTE, "    note: |\n      Between\n\n      two.\n\n", 1
    ),
    "nothing in a field": lambda document: document.replace(NOTE, '    note: ""\n', 1),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_however_it_is_laid_out_only_the_part_changes(layout: str):
    document = LAYOUTS[layout](text())
    assert document != text()
    made = revise(document, [asked(SENTINEL, wait="2 days")], "1.1")
    assert said(made)[SENTINEL] == '{"wait": "2 days"}'
    assert {k: v for k, v in said(made).items() if not SENTINEL.startswith(k)} == {
        k: v for k, v in said(text()).items() if not SENTINEL.startswith(k)
    }


@settings(max_examples=30)
@given(st.text(min_size=1, max_size=12) | st.sampled_from(["1e3", "no", "~", "1_0", "a: b # c"]))
def test_words_read_back_as_they_were_asked_for_or_are_refused(words: str):
    try:
        made = revise(text(), [asked(LEVEL, label=words)], "1.1")
    except UnusableInput:
        return
    assert json.loads(said(made)[LEVEL])["label"] == words


def test_words_that_look_like_something_else_are_taken():
    for words in ("1e3", "no", "~", "a: b # c", "2026-01-01"):
        made = revise(text(), [asked(LEVEL, label=words)], "1.1")
        assert json.loads(said(made)[LEVEL])["label"] == words


def test_what_a_part_says_is_asked_for_in_lines_too():
    lined = value_in_lines(said(text())[SENTINEL]).replace("1 day", "2 days")
    assert lined == "wait: 2 days\n"
    made = revise(text(), [RequestedChange(SENTINEL, lined, "a.1")], "1.1")
    assert said(made)[SENTINEL] == '{"wait": "2 days"}'


@settings(max_examples=20)
@given(
    st.sampled_from(sorted(bundled())).flatmap(
        lambda name: st.tuples(st.just(name), st.sampled_from(sorted(said(text(name)))))
    )
)
def test_a_part_that_is_written_as_it_is_changes_nothing_else(which: tuple[str, str]):
    """Whatever the part, and however it is laid out: it reads back, and so do all others."""
    name, key = which
    made = revise(
        text(name), [RequestedChange(key, said(text(name))[key], "asked for by a.1")], "9.9"
    )
    assert said(made) == said(text(name))
    part = sourced_by_question(study(made))[key].part
    assert (part.basis, part.source, part.note) == (Basis.PROPOSED, "asked for by a.1", "")


@pytest.mark.parametrize("name", sorted(bundled()))
def test_every_question_but_that_of_the_codes_is_about_one_part(name: str):
    one = study(text(name))
    asked_about = can_be_ruled_on(one)
    assert {key for key in asked_about if not can_be_changed(one, key)} == {"elements.codes"}
