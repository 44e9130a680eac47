"""Chinese where the trial is: the questionnaire and the eligibility sheet; English elsewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.utils.html import escape

from gradatim.core.errors import UnusableInput
from gradatim.protocol.load import bundled
from gradatim.protocol.translation.load import translation_of
from gradatim.web import languages
from gradatim.web.configuration import configuration
from gradatim.web.live_trial import Running
from tests.markup import markup
from tests.web.conftest import state
from tests.web.security.test_data import GOOD

LOCALE = Path(__file__).parents[2] / "src/gradatim/web/locale"
ROOT = Path(__file__).parents[2]


def treated(app: Running, site: str = "S01") -> str:
    return next(
        p.id for p in state(app).participants.values() if p.site == site and p.status == "treated"
    )


def test_compiled_messages_are_up_to_date():
    """What is compiled is what the sources say."""
    ran = subprocess.run(
        [sys.executable, "scripts/compile_messages.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def test_every_message_has_words():
    """No translation is empty, and none lost a placeholder."""
    for path in LOCALE.rglob("*.po"):
        with path.open("rb") as file:
            for message in read_po(file):
                assert not message.id or message.string
                holes = re.findall(r"%\(\w+\)\w", str(message.id))
                assert all(hole in str(message.string) for hole in holes)


def test_the_questionnaire_is_in_chinese(app: Running, signed_in):
    """Every question and every word of guidance, and the page says so to readers."""
    client, path = signed_in("nurse.S01.1"), f"/participants/{treated(app)}/questionnaire/"
    text = markup(client.get(path, {"language": "zh-hans"}))
    assert '<html lang="zh-hans"' in text
    assert "BASDAI 1：疲劳" in text
    main = re.sub(r"<[^>]+>", " ", text.split("<main")[1].split("</main>")[0])
    english = set(re.findall(r"[A-Za-z]{4,}", main)) - {"BASDAI", "BASFI", "English", "main"}
    assert english <= {"tabindex"}, english


def sheet_of(client, app: Running, person: str) -> str:
    path = f"/participants/{person}/eligibility/"
    return markup(client.get(path, {"language": "zh-hans"}))


def english_of(text: str) -> set[str]:
    """Give the English words of a page's sheet that are not marked as English."""
    main = text.split("<main")[1].split("</main>")[0].split('class="card"', 1)[1]
    # Marked as English, or as somebody's own words; names of records, links into forms.
    for name in ("q", "span", "a", "button"):
        main = re.sub(
            rf'<{name}\b[^>]*(?:lang="(?:en)?"|class="(?:button|mono))[^>]*>.*?</{name}>', " ", main
        )
    return set(re.findall(r"[A-Za-z]{4,}", re.sub(r"<[^>]+>", " ", main)))


KEPT = {
    "NSAIDs",
    "BASDAI",
    "TRUST",
    "SPOT",
    "HBsAg",
    "HBcAb",
    "DMARDs",
    "DMARD",
    "APTT",
    "umol",
    "ESAT",
}
"""Abbreviations that stand in the Chinese too, and units."""


def test_nothing_of_the_sheet_is_english_but_what_says_so(app: Running, signed_in):
    """Whoever it is about: reasons, readings, labels, what is missing and the evidence."""
    client = signed_in("investigator.S01.1")
    people = [one.id for one in state(app).participants.values() if one.site == "S01"]
    for person in people:
        text = sheet_of(client, app, person)
        assert english_of(text) <= KEPT, (person, english_of(text) - KEPT)
        assert "未经申办方验证" in text
        assert "未翻译" not in text


def test_the_record_stays_beside_its_translation(app: Running, signed_in):
    """Word by word, and marked as English for whoever has it read out."""
    text = sheet_of(signed_in("investigator.S01.1"), app, treated(app))
    for criterion in state(app).study.criteria:
        assert not criterion.text or f'<q lang="en">{escape(criterion.text)}</q>' in text
        assert f'<span lang="en">{escape(criterion.reading)}</span>' in text


def test_a_changed_criterion_is_shown_as_not_translated(app: Running, signed_in, monkeypatch):
    """An amended text is never shown in the words of the one before."""
    stale = translation_of("NCT05962762", "zh-hans")
    assert stale is not None
    wording = stale.criteria["E12"].model_copy(update={"text": stale.criteria["E14"].text})
    changed = stale.model_copy(update={"criteria": {**stale.criteria, "E12": wording}})
    monkeypatch.setattr(languages, "_words_of", lambda study, language: changed)
    text = sheet_of(signed_in("investigator.S01.1"), app, treated(app))
    row = text.split('id="criterion-E12"')[1].split("</tr>")[0]
    assert "未翻译" in row
    assert "脊柱或关节手术" not in row


@pytest.mark.parametrize("made", ["example_oncology_tablet"], indirect=True)
def test_a_trial_without_a_translation_has_chinese_reasons(either_app: Running, signed_in):
    """Its own words stay English; headings and reasons are Chinese, and the sheet says so."""
    person = treated(either_app, "S02")
    text = sheet_of(signed_in("investigator.S02.1"), either_app, person)
    assert "方案文字尚无中文译文" in text
    assert "周岁" in text
    assert '<q lang="en">' in text


def test_a_folder_of_translations_comes_first(app: Running, signed_in, settings, tmp_path: Path):
    """A site brings a translation of its own, one that somebody vouches for: the sheet says who."""
    source = bundled()["nct05962762"].parent / "zh-Hans.yaml"
    text = source.read_text("utf-8").replace("note: ", "validated_by: The sponsor\nnote: ")
    (tmp_path / "own.yaml").write_text(text, "utf-8")
    found = translation_of("NCT05962762", "zh-hans", tmp_path)
    assert found is not None
    assert found.validated_by == "The sponsor"
    settings.TRANSLATIONS = tmp_path
    languages._words_of.cache_clear()
    sheet = sheet_of(signed_in("investigator.S01.1"), app, treated(app))
    languages._words_of.cache_clear()
    assert "The sponsor" in sheet
    assert "自拟译文" not in sheet


def test_what_is_no_translation_is_refused_at_the_start(tmp_path: Path):
    """No such folder, or a file in it that does not follow the schema: one message each."""
    with pytest.raises(UnusableInput, match="GRADATIM_TRANSLATIONS"):
        configuration(GOOD | {"GRADATIM_TRANSLATIONS": str(tmp_path / "none")})
    (tmp_path / "broken.yaml").write_text("schema: gradatim.translation/1\nlanguage: zh\n", "utf-8")
    with pytest.raises(UnusableInput, match="does not follow the schema"):
        configuration(GOOD | {"GRADATIM_TRANSLATIONS": str(tmp_path)})
    (tmp_path / "broken.yaml").unlink()
    found = configuration(GOOD | {"GRADATIM_TRANSLATIONS": str(tmp_path)})
    assert found.translations == tmp_path


def test_the_eligibility_sheet_is_in_chinese(app: Running, signed_in):
    """Headings, verdicts and what they mean; the record's own words stay as they are."""
    client, path = signed_in("investigator.S01.1"), f"/participants/{treated(app)}/eligibility/"
    text = markup(client.get(path, {"language": "zh-hans"}))
    for words in ("全部标准", "判定", "依据", "入选标准", "排除标准"):
        assert words in text
    assert "全部标准" not in markup(client.get(path))


def test_a_language_nobody_offers_is_english(app: Running, signed_in):
    """An address cannot ask for more than there is."""
    client, path = signed_in("nurse.S01.1"), f"/participants/{treated(app)}/questionnaire/"
    assert '<html lang="en"' in markup(client.get(path, {"language": "../../x"}))
