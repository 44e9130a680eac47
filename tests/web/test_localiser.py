"""Every message that rules, screening and reports can make is said in Chinese, and in whole."""

import re
from collections.abc import Iterator
from datetime import date
from itertools import chain
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.utils import translation

from gradatim.conduct.messages import Breach, Standing
from gradatim.core.dates import Calendar, Day, Duration, parse_day
from gradatim.core.message import (
    Argument,
    Label,
    Message,
    Number,
    Pair,
    Series,
    Template,
    Term,
    clauses,
    join,
)
from gradatim.core.message import Text as Words
from gradatim.core.quantity import Quantity
from gradatim.core.truth import TRUE
from gradatim.dosing.messages import Limit
from gradatim.evidence.doubts import read_doubt
from gradatim.protocol.load import load
from gradatim.protocol.translation.load import translation_of
from gradatim.rules.messages import COMPARISONS, REFERENCES, Clause, Part
from gradatim.web.localiser import Localised, Localiser
from tests.web.rare_texts import of_rare
from tests.web.texts import TRIALS, Text, of_generated, of_people, of_tables

pytestmark = pytest.mark.xdist_group("localiser")  # its texts are collected once
SOURCE = Path(__file__).parents[2] / "src/gradatim"
LOCALE = SOURCE / "web/locale"
ALLOWED = "BASDAI TRUST SPOT ESAT HBsAg HBcAb DMARD APTT MDRD umol ukat"
"""Units, and abbreviations that Chinese physicians write so, beside the Chinese name."""
HOLE = re.compile(r"\{\w+\}")


TEMPLATES = {
    one
    for catalogue in Template.__subclasses__()
    if catalogue.__module__.startswith("gradatim.")
    for one in catalogue
}
OF_CONDUCT = {one for one in TEMPLATES if isinstance(one, Breach | Standing | Limit)}
"""What is said of acts, not of criteria."""
IN_NO_MESSAGE = {Calendar.ONGOING}
"""What only a day by itself says."""


@pytest.fixture(scope="module")
def texts() -> list[Text]:
    """Every different message of tables, generated rules and some two thousand people."""
    made = chain(of_tables(), of_rare(), of_generated(600), *map(of_people, TRIALS))
    return list({(str(one.message), id(one.study)): one for one in made if one.message}.values())


def localisers(texts: list[Text]) -> Iterator[tuple[Text, Localiser]]:
    """Give each message with what says it."""
    known: dict[int, Localiser] = {}
    for one in texts:
        if id(one.study) not in known:
            words = translation_of(one.study.study.id, "zh-hans")
            known[id(one.study)] = Localiser(one.study, words, active=True)
        yield one, known[id(one.study)]


@pytest.mark.slow
def test_every_message_is_said(texts: list[Text]):
    """No text is left as it was made."""
    with translation.override("zh-hans"):
        left = [
            str(one.message)
            for one, says in localisers(texts)
            if says.localise(one.message).original
        ]
    assert left == []


@pytest.mark.slow
def test_every_message_of_the_translated_trial_is_in_chinese(texts: list[Text]):
    """Nothing of the sentences, labels, drugs and results of the first trial stays English."""
    with translation.override("zh-hans"):
        left = {
            word
            for one, says in localisers(texts)
            if one.study.study.id == "NCT05962762"
            for word in re.findall(r"[A-Za-z]{4,}", says.localise(one.message).text)
        }
    assert left <= set(ALLOWED.split())


def templates(what: Argument) -> Iterator[Template]:
    """Give every template of a message."""
    if isinstance(what, Message):
        yield what.template
        for value in what.arguments.values():
            yield from templates(value)
    elif isinstance(what, Series):
        yield from (what.pair, what.last or what.pair)
        for value in what.items:
            yield from templates(value)
    elif isinstance(what, Day | Duration):
        yield from templates(what.wording())


@pytest.mark.slow
def test_every_template_is_used(texts: list[Text]):
    """A template that no message has is one of a sentence that has changed."""
    used = {template for one in texts for template in templates(one.message)}
    assert TEMPLATES - OF_CONDUCT - used == IN_NO_MESSAGE


def test_every_sentence_of_conduct_is_said_somewhere():
    """The same of what policies say."""
    code = "".join(path.read_text() for path in SOURCE.rglob("*.py"))
    assert {
        one.id for one in OF_CONDUCT if not re.search(rf"\b{re.escape(one.id)}\b", code)
    } == set()


@pytest.mark.parametrize("path", sorted(LOCALE.rglob("*.po")), ids=lambda path: path.parts[-3])
def test_every_template_has_words_with_the_same_holes(path: Path):
    """In each language there is; and no file has a phrase that is no template."""
    with path.open("rb") as file:
        known = {str(one.id): str(one.string) for one in read_po(file) if one.context == "phrase"}
    every = {str(one.value) for one in TEMPLATES}
    assert not every - set(known), f"{path} has no phrase for {sorted(every - set(known))}"
    assert not set(known) - every, f"{path} has what no template says: {sorted(set(known) - every)}"
    for english, words in known.items():
        assert sorted(HOLE.findall(english)) == sorted(HOLE.findall(words)), english


def test_identifiers_are_unique():
    """A catalogue's name and a template's name say which sentence it is."""
    assert len({one.id for one in TEMPLATES}) == len(TEMPLATES)


DAY = date(2026, 11, 16)
AST = Label("AST", "ast")
MEASURED = Part.VALUE(label=AST, quantity=Quantity(100.1, "U/L"), day=date(2026, 11, 2))
HAPPENED = ("heart attack", "ischaemic stroke", "pulmonary embolism")


def chinese(said: Words) -> Localised:
    study = load("nct05962762").study
    says = Localiser(study, translation_of("NCT05962762", "zh-hans"), active=True)
    with translation.override("zh-hans"):
        return says.localise(said)


@pytest.mark.parametrize(
    ("said", "english", "words"),
    [
        (
            Clause.RATIO(
                value=MEASURED,
                n=Number(2.5025),
                reference=REFERENCES["ULN"],
                n2=Number(40),
                comparison=COMPARISONS[">", TRUE](quantity=Quantity(2.5, "")),
            ),
            "AST 100.1 U/L on 2026-11-02 is 2.5025 x ULN (40), above 2.5",
            "天冬氨酸氨基转移酶（AST）（2026-11-02）100.1 U/L，"
            "为正常值上限（40）的2.5025倍，高于 2.5 倍",
        ),
        (
            Clause.ON(event=Label("sulfasalazine or methotrexate"), day=parse_day("2026-11")),
            "sulfasalazine or methotrexate on 2026-11",
            "柳氮磺吡啶或甲氨蝶呤（2026-11）",
        ),
        (
            Clause.NONE_OVER(
                labels=join([Label(one) for one in HAPPENED], Pair.COMMA, last=Pair.OR),
                over=Part.UP_TO(day=DAY),
            ),
            "no heart attack, ischaemic stroke or pulmonary embolism recorded up to 2026-11-16",
            "截至2026-11-16无心肌梗死、缺血性卒中或肺栓塞的记录",
        ),
        (
            clauses(
                Clause.LAST_TAKEN(drug=Term("leflunomide"), day=date(2026, 9, 22)),
                Clause.WAIT_FROM(wait=Duration(0, 56), day=DAY, day2=date(2026, 9, 21)),
            ),
            "leflunomide last taken 2026-09-22; 56 days before 2026-11-16 begin on 2026-09-21",
            "来氟米特末次使用于2026-09-22；2026-11-16前56天自2026-09-21起算",
        ),
    ],
)
def test_some_messages(said: Words, english: str, words: str):
    """What some of them say."""
    assert str(said) == english
    assert chinese(said) == Localised(words)


def test_what_is_in_no_catalogue_stays_english_in_whole():
    """Half a sentence is never said in another language."""
    said = Clause.NOT_ANSWERED(label=AST)
    both = clauses(said, "something nobody has written yet")
    assert chinese(both) == Localised(str(both), original=True)
    assert chinese("written by somebody") == Localised("written by somebody", original=True)


def test_english_pages_say_what_was_made():
    """Nothing is touched there."""
    says = Localiser(load("nct05962762").study, None, active=False)
    assert says.localise(Clause.NOT_ANSWERED(label=AST)) == Localised("AST: not answered")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "unconfirmed",
        "status stopped",
        "status not recorded",
        "not understood: ICD-10 C50",
        "taken as needed, if at all",
    ],
)
def test_a_doubt_that_a_ledger_keeps_in_english_is_the_message_again(text: str):
    """Ledgers of every version are told of in the language of the page."""
    doubt = read_doubt(text)
    assert str(doubt) == text
    assert not chinese(doubt).original


def test_a_doubt_in_other_words_stays_as_it_was_written():
    """It is somebody's own."""
    assert read_doubt("not sure") == "not sure"
