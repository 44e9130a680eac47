"""Chinese where the trial is: the questionnaire and the eligibility sheet; English elsewhere."""

import re
import subprocess
import sys
from pathlib import Path

from babel.messages.pofile import read_po

from gradatim.web.running import Running
from tests.web.conftest import state

LOCALE = Path(__file__).parents[2] / "src/gradatim/web/locale"
ROOT = Path(__file__).parents[2]


def treated(app: Running) -> str:
    return next(p.id for p in state(app).participants.values()
                if p.site == "S01" and p.status == "treated")  # fmt: skip


def test_compiled_messages_are_up_to_date():
    """What is compiled is what the sources say."""
    ran = subprocess.run([sys.executable, "scripts/compile_messages.py", "--check"], cwd=ROOT,
                         capture_output=True, text=True, check=False)  # fmt: skip
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
    text = client.get(path, {"language": "zh-hans"}).content.decode()
    assert '<html lang="zh-hans"' in text
    assert "BASDAI 1:疲劳" in text
    main = re.sub(r"<[^>]+>", " ", text.split("<main")[1].split("</main>")[0])
    english = set(re.findall(r"[A-Za-z]{4,}", main)) - {"BASDAI", "BASFI", "English", "main"}
    assert english <= {"tabindex"}, english


def test_the_eligibility_sheet_is_in_chinese(app: Running, signed_in):
    """Headings, verdicts and what they mean; the record's own words stay as they are."""
    client, path = signed_in("investigator.S01.1"), f"/participants/{treated(app)}/eligibility/"
    text = client.get(path, {"language": "zh-hans"}).content.decode()
    for words in ("全部标准", "判定", "依据", "入选标准", "排除标准"):
        assert words in text
    assert "全部标准" not in client.get(path).content.decode()


def test_a_language_nobody_offers_is_english(app: Running, signed_in):
    """An address cannot ask for more than there is."""
    client, path = signed_in("nurse.S01.1"), f"/participants/{treated(app)}/questionnaire/"
    assert '<html lang="en"' in client.get(path, {"language": "../../x"}).content.decode()
