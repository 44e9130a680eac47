"""Every text that rules, screening and reports can make is said in Chinese, and in whole."""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.utils import translation

from gradatim.protocol.load import load
from gradatim.protocol.translation.load import translation_of
from gradatim.web.phrases.parsing import Grammar
from gradatim.web.phrases.patterns import PATTERNS
from gradatim.web.phrases.saying import Said, Speaker, labels_of, parts_of
from tests.web.rare_texts import of_rare
from tests.web.texts import TRIALS, Text, of_generated, of_people, of_tables

LOCALE = Path(__file__).parents[2] / "src/gradatim/web/locale"
ALLOWED = "BASDAI TRUST SPOT ESAT HBsAg HBcAb DMARD APTT MDRD umol ukat"
"""Units, and abbreviations that Chinese physicians write so, beside the Chinese name."""
HOLE = re.compile(r"\{\w+\}")


@pytest.fixture(scope="module")
def texts() -> list[Text]:
    """Every different text of tables, generated rules and some two thousand people."""
    made = chain(of_tables(), of_rare(), of_generated(600), *map(of_people, TRIALS))
    return list({(one.kind, one.text, id(one.study)): one for one in made if one.text}.values())


def speakers(texts: list[Text]) -> Iterator[tuple[Text, Speaker]]:
    """Give each text with who says it."""
    known: dict[int, Speaker] = {}
    for one in texts:
        if id(one.study) not in known:
            words = translation_of(one.study.study.id, "zh-hans")
            known[id(one.study)] = Speaker(one.study, words, active=True)
        yield one, known[id(one.study)]


def said(one: Text, speaker: Speaker) -> Said:
    how = {"clauses": speaker.clauses, "sentences": speaker.sentences}
    return how[one.kind](one.text) if one.kind in how else speaker.phrase(one.kind, one.text)


@pytest.mark.slow
def test_every_text_is_said(texts: list[Text]):
    """No text is left as it was made."""
    with translation.override("zh-hans"):
        left = [one.text for one, speaker in speakers(texts) if said(one, speaker).original]
    assert left == []


@pytest.mark.slow
def test_every_text_of_the_translated_trial_is_in_chinese(texts: list[Text]):
    """Nothing of the sentences, labels, drugs and results of the first trial stays English."""
    with translation.override("zh-hans"):
        left = {
            word
            for one, speaker in speakers(texts)
            if one.study.study.id == "NCT05962762"
            for word in re.findall(r"[A-Za-z]{4,}", said(one, speaker).text)
        }
    assert left <= set(ALLOWED.split())


@pytest.mark.slow
def test_every_pattern_is_used(texts: list[Text]):
    """A pattern that no text has is a text that has changed."""
    used: set[tuple[str, str]] = set()
    grammars: dict[int, Grammar] = {}
    for one in texts:
        grammar = grammars.setdefault(id(one.study), Grammar(labels_of(one.study)))
        for kind, part in parts_of(one.kind, one.text):
            found = grammar.recognise(kind, part)
            used |= set(found.patterns()) if found else set()
    assert {(kind, one) for kind, some in PATTERNS.items() for one in some} - used == set()


@pytest.mark.parametrize("path", sorted(LOCALE.rglob("*.po")), ids=lambda path: path.parts[-3])
def test_every_pattern_has_words_with_the_same_holes(path: Path):
    """In each language there is; and no file has a phrase that is no pattern."""
    with path.open("rb") as file:
        known = {str(one.id): str(one.string) for one in read_po(file) if one.context == "phrase"}
    patterns = {one for some in PATTERNS.values() for one in some}
    assert set(known) == patterns
    for pattern, words in known.items():
        assert sorted(HOLE.findall(pattern)) == sorted(HOLE.findall(words)), pattern


def chinese(text: str, kind: str = "clauses") -> Said:
    study = load("nct05962762").study
    speaker = Speaker(study, translation_of("NCT05962762", "zh-hans"), active=True)
    with translation.override("zh-hans"):
        return said(Text(kind, text, study), speaker)


@pytest.mark.parametrize(
    ("english", "words"),
    [
        (
            "AST 100.1 U/L on 2026-11-02 is 2.5025 x ULN (40), above 2.5",
            "天冬氨酸氨基转移酶（AST）（2026-11-02）100.1 U/L，"
            "为正常值上限（40）的2.5025倍，高于 2.5 倍",
        ),
        ("sulfasalazine or methotrexate on 2026-11", "柳氮磺吡啶或甲氨蝶呤（2026-11）"),
        (
            "no heart attack, ischaemic stroke or pulmonary embolism recorded up to 2026-11-16",
            "截至2026-11-16无心肌梗死、缺血性卒中或肺栓塞的记录",
        ),
        (
            "leflunomide last taken 2026-09-22; 56 days before 2026-11-16 begin on 2026-09-21",
            "来氟米特末次使用于2026-09-22；2026-11-16前56天自2026-09-21起算",
        ),
    ],
)
def test_some_texts(english: str, words: str):
    """What some of them say."""
    assert chinese(english) == Said(words)


def test_what_is_not_recognised_stays_english_in_whole():
    """Half a sentence is never said in another language."""
    text = "AST: not answered; something nobody has written yet"
    assert chinese(text) == Said(text, original=True)


def test_english_pages_say_what_was_made():
    """Nothing is touched there."""
    speaker = Speaker(load("nct05962762").study, None, active=False)
    assert speaker.clauses("AST: not answered") == Said("AST: not answered")
