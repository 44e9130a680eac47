"""A list of terms is loaded through its form, and adverse events are picked from it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from gradatim.conduct.events.coding import TermListLoaded
from gradatim.conduct.events.safety import AdverseEventReported
from gradatim.conduct.state import Participant
from gradatim.conduct.views.adverse_events import courses
from gradatim.safety.dlt import perhaps_of, watched_elements
from gradatim.vocabulary.concepts import MEDDRA, Concept, Held, Source
from gradatim.vocabulary.stores.writing import new_file
from gradatim.web.live_trial import Running
from tests.web.conftest import PASSWORD, state

SignIn = Callable[[str], Client]
LIST = "term,synonyms\nMade-up swelling,Anaphylaxis;咽部水肿\nMade-up wobble,sway\n"
PATH = "/record/TermListLoaded/?site=S01"


def sent(client: Client, text: bytes, **more: str):
    """Send the form of a list."""
    page = client.get(PATH)
    data = {name: page.context["form"].initial[name] for name in ("seen", "request")}
    said = {"name": "site", "version": "1", "occurred_on": str(page.context["asked"].today)}
    file = SimpleUploadedFile("site.csv", text)
    return client.post(PATH, {**data, **said, "document": file, "password": PASSWORD, **more})


def treated(app: Running) -> Participant:
    """Return somebody treated at the first site."""
    everybody = state(app).participants.values()
    return next(one for one in everybody if one.site == "S01" and one.status == "treated")


def reported(client: Client, one: Participant, **said: str) -> str:
    """Report an adverse event through the form; give where it leads."""
    path = f"/record/AdverseEventReported/?participant={one.id}"
    page = client.get(path)
    data = {name: page.context["form"].initial[name] for name in ("seen", "request")}
    day = str(page.context["asked"].today)
    fields = {"onset": day, "occurred_on": day, "scale": "CTCAE v5.0", "grade": "1", **said}
    answer = client.post(path, {**data, **fields})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def test_a_list_is_loaded_and_offered_with_its_synonyms(app: Running, signed_in: SignIn) -> None:
    client = signed_in("investigator.S01.1")
    assert sent(client, b"\xef\xbb\xbf" + LIST.encode()).status_code == 302
    made = state(app).events[state(app).position]
    assert isinstance(made, TermListLoaded)
    assert (made.site, made.document) == ("S01", LIST)
    assert made.signature is not None
    one = treated(app)
    form = client.get(f"/record/AdverseEventReported/?participant={one.id}").content.decode()
    assert '<option value="Made-up swelling" label="Anaphylaxis; 咽部水肿; site">' in form
    assert '<option value="Headache">' in form
    shown = client.get("/coding/").content.decode()
    assert f'<a href="/entries/{state(app).position}/">site</a>' in shown
    elsewhere = signed_in("investigator.S02.1")
    other = next(p for p in state(app).participants.values() if p.site == "S02")
    page = elsewhere.get(f"/record/AdverseEventReported/?participant={other.id}")
    assert "Made-up swelling" not in page.content.decode()


def test_what_is_picked_counts_as_the_protocol_says_and_the_words_are_kept(
    app: Running, signed_in: SignIn
) -> None:
    client = signed_in("investigator.S01.1")
    sent(client, LIST.encode())
    one = treated(app)
    where = reported(client, one, term="Made-up swelling", verbatim="嗓子肿了")
    assert "AdverseEventClassified" in where
    now = state(app)
    study = now.governing("safety", now.participants[one.id])
    *_, swelling = courses(now, now.participants[one.id]).values()
    assert (swelling.event.term, swelling.verbatim) == ("Made-up swelling", "嗓子肿了")
    others = [name for name in watched_elements(study) if name != "anaphylaxis"]
    assert list(perhaps_of(study, swelling.event)) == others
    entry = now.events[swelling.position]
    assert isinstance(entry, AdverseEventReported)
    assert entry.term == "Made-up swelling"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"name\nAche\n", "site.csv, line 1"),
        (b"term,code\nAche,1\n", "site.csv, line 2"),
        ("term\n皮疹和头痛\n".encode("gb18030"), "UTF-8"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_in_one_message(
    app: Running, signed_in: SignIn, text: bytes, says: str
) -> None:
    before = state(app).position
    answer = sent(signed_in("investigator.S01.1"), text)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert state(app).position == before


@pytest.mark.parametrize("user", ["nurse.S01.1", "monitor.1"])
def test_who_may_not_load_a_list_does_not_find_its_form(
    app: Running, signed_in: SignIn, user: str
) -> None:
    assert signed_in(user).get(PATH).status_code == 404


def test_meddra_at_hand_is_looked_into_while_somebody_types(
    app: Running, signed_in: SignIn, tmp_path: Path, settings
) -> None:
    folder = tmp_path / "dictionaries"
    folder.mkdir()
    with new_file(folder / "made-up.vocabulary") as writer:
        writer.source(Source("made up", "MedDRA", "made up"))
        names = {"1": "Wobble 100%", "2": "Chronic wobble", "3": "Old wobble", "4": 'A "b" <c>'}
        writer.concepts(Held(Concept(MEDDRA, n, name, n != "3")) for n, name in names.items())
        writer.concepts([Held(Concept(MEDDRA, "9", "Wobble disorders"), placed=True)])
    one, client = treated(app), signed_in("nurse.S01.1")
    path = f"/record/AdverseEventReported/?participant={one.id}"
    assert "/coding/terms/" not in client.get(path).content.decode()
    settings.DICTIONARIES = folder
    assert 'hx-get="/coding/terms/"' in client.get(path).content.decode()

    def offered(text: str) -> list[str]:
        answer = client.get("/coding/terms/", {"term": text}).content.decode()
        return re.findall('value="(.*?)"', answer)

    assert offered("WOBBLE") == ["Wobble 100%", "Chronic wobble"]
    assert offered("ｗｏbb") == ["Wobble 100%", "Chronic wobble"]
    assert offered("%") == offered("w") == offered("") == []
    assert offered("0%") == ["Wobble 100%"]
    assert offered('"b"') == ["A &quot;b&quot; &lt;c&gt;"]
    where = reported(client, one, term="Chronic wobble")
    now = state(app)
    study = now.governing("safety", now.participants[one.id])
    *_, last = courses(now, now.participants[one.id]).values()
    assert where
    assert perhaps_of(study, last.event)
