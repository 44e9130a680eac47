"""The prose of a protocol in another language: complete, of these very words, or told."""

from pathlib import Path

import pytest

from gradatim.core.errors import UnusableInput
from gradatim.protocol.load import bundled, load
from gradatim.protocol.translation.check import differences, readings_of, shown_labels
from gradatim.protocol.translation.document import Translation
from gradatim.protocol.translation.load import (
    load_translation,
    told,
    translation_of,
    translations_in,
)

TRIAL = "nct05962762"
STUDY = load(TRIAL).study
BESIDE = [
    (name, path)
    for name, protocol in bundled().items()
    for path in translations_in(protocol.parent)
]


def chinese() -> Translation:
    found = translation_of("NCT05962762", "zh-hans")
    assert found is not None
    return found


@pytest.mark.parametrize(("name", "path"), BESIDE)
def test_bundled_translations_are_complete(name: str, path: Path):
    """Every criterion, reading and label that a sheet shows, and nothing that is not there."""
    assert list(differences(load_translation(path), load(name).study)) == []


def test_the_chinese_one_is_found_by_study_and_language():
    """In any case of the tag; of a study or language without one there is none."""
    assert chinese().language == "zh-Hans"
    assert translation_of("NCT05962762", "fr") is None
    assert translation_of("ANOTHER", "zh-hans") is None


def test_a_changed_original_is_not_translated():
    """An amended criterion is never shown in the words of what it said before."""
    criterion = STUDY.criteria[1]
    assert chinese().text(criterion)
    amended = criterion.model_copy(update={"text": criterion.text.replace("1984", "2009")})
    assert chinese().text(amended) is None
    name, words = criterion.reading_name, criterion.reading
    assert chinese().reading(criterion, name, words)
    assert chinese().reading(criterion, name, words + " Or so.") is None
    assert chinese().reading(criterion, "no_such_reading", words) is None


def test_line_breaks_do_not_make_it_another_text():
    """The same words in other lines are the same text."""
    criterion = STUDY.criteria[1]
    wrapped = criterion.model_copy(update={"text": criterion.text.replace(" ", "\n")})
    assert chinese().text(wrapped) == chinese().text(criterion)


def told_of(**changed: object) -> list[tuple[str, bool]]:
    translation = chinese().model_copy(update=changed)
    return [(one.what, one.warning) for one in differences(translation, STUDY)]


def test_what_is_unknown_is_a_fault():
    """A criterion, a reading or a label that the protocol does not have; another study."""
    criteria = chinese().criteria
    assert told_of(criteria={**criteria, "X9": criteria["I0"]}) == [
        ("the protocol has no criterion X9", False)
    ]
    assert ("the protocol has no label 'no such'", False) in told_of(
        labels={**chinese().labels, "no such": "-"}
    )
    renamed = criteria["I0"].model_copy(update={"readings": criteria["E7c"].readings})
    assert ("I0 has no reading 'A'", False) in told_of(criteria={**criteria, "I0": renamed})
    assert told_of(study="OTHER") == [("this is of OTHER, not of NCT05962762", False)]


def test_what_is_missing_or_changed_is_a_warning():
    """A sheet shows the English there."""
    missing = told_of(labels={}, criteria={})
    assert all(warning for _, warning in missing)
    readings = sum(len(readings_of(one)) for one in STUDY.criteria)
    texts = sum(bool(one.text) for one in STUDY.criteria)
    assert len(missing) == len(shown_labels(STUDY)) + readings + texts
    other = chinese().criteria["E12"].model_copy(update={"text": chinese().criteria["E14"].text})
    assert told_of(criteria={**chinese().criteria, "E12": other}) == [
        ("E12 text has changed since it was translated", True)
    ]


def test_faults_are_told_with_their_line(tmp_path: Path):
    """The check of a protocol looks at the translations beside it."""
    (tmp_path / "protocol.yaml").write_bytes(bundled()[TRIAL].read_bytes())
    text = (bundled()[TRIAL].parent / "zh-Hans.yaml").read_text("utf-8")
    at = text.splitlines().index('  AST: "天冬氨酸氨基转移酶（AST）"') + 1
    (tmp_path / "zh-Hans.yaml").write_text(text.replace("\n  AST: ", "\n  ASTT: "), "utf-8")
    found = told(tmp_path, STUDY)
    assert (f"{tmp_path / 'zh-Hans.yaml'}:{at}", "the protocol has no label 'ASTT'", False) in found
    assert "the label 'AST' is not translated" in [what for _, what, _ in found]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("language: zh\n", "Field required"),
        ("language: 中文\nstudy: X\n", "language"),
        ("- 1\n", "not YAML|found"),
    ],
)
def test_a_file_that_does_not_follow_the_schema_is_refused(tmp_path: Path, content: str, why: str):
    """With file, line and what is wrong."""
    path = tmp_path / "zh.yaml"
    path.write_text(f"schema: gradatim.translation/1\n{content}", "utf-8")
    with pytest.raises(UnusableInput, match=rf"zh\.yaml:.*{why}"):
        load_translation(path)
