"""The page of coding: what changed is decided one by one, what did not is carried over at once."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from gradatim.conduct.events.base import Signature
from gradatim.conduct.events.logs import MedicalHistoryRecorded
from gradatim.conduct.events.participants import ParticipantRegistered, ParticipantsMerged
from gradatim.conduct.events.safety import AdverseEventReported, TermCoded
from gradatim.conduct.state import Participant
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.coding import to_code_anew
from gradatim.core.errors import UnusableInput
from gradatim.vocabulary.concepts import MEDDRA, WHODRUG, Concept, Held, Link, Source
from gradatim.vocabulary.stores.writing import new_file
from gradatim.web.clock import today_at
from gradatim.web.configuration import configuration
from gradatim.web.dictionaries import dictionary
from gradatim.web.live_trial import Running
from tests.conduct.trials import event, recorded
from tests.web.conftest import state
from tests.web.security.test_data import GOOD

SAME, RETIRED, MOVED, PREFERRED, OTHER = "90000041", "90000042", "90000043", "90000031", "90000032"
UP = {SAME: PREFERRED, RETIRED: PREFERRED, MOVED: PREFERRED}


def release(folder: Path, version: str, up: dict[str, str], retired: str = "") -> None:
    """Write a made-up version of MedDRA as a vocabulary file."""
    with new_file(folder / f"meddra-{version}.vocabulary") as writer:
        writer.source(Source("made up", "MedDRA", f"{version} English"))
        writer.concepts(
            Held(Concept(MEDDRA, code, f"Term {code}", code != retired))
            for code in {*up, *up.values()}
        )
        pairs = (((MEDDRA, low), (MEDDRA, high)) for low, high in up.items())
        writer.links(Link.IS_A, pairs)


@pytest.fixture
def dictionaries(tmp_path: Path, settings) -> Path:
    """Two versions: of the later one a term is retired, and another stands elsewhere."""
    folder = tmp_path / "dictionaries"
    folder.mkdir()
    release(folder, "99.0", UP)
    release(folder, "99.1", {**UP, MOVED: OTHER}, RETIRED)
    settings.DICTIONARIES = folder
    return folder


def uncoded(app: Running) -> list[tuple[Participant, str]]:
    """Return adverse events that have no code yet, with whose they are."""
    now = state(app)
    return [
        (one, number)
        for one in now.participants.values()
        for number, course in courses(now, one).items()
        if not course.coded
    ]


def coded(client: Client, participant: str, number: str, code: str, term: str = "") -> None:
    """Code an adverse event with version 99.0 through the form."""
    path = f"/record/TermCoded/?participant={participant}&adverse_event={number}"
    page = client.get(path)
    data = {name: page.context["form"].initial[name] for name in ("seen", "request")}
    said = {"dictionary": "MedDRA", "version": "99.0", "code": code}
    said["term"] = term or f"Term {code}"
    day = page.context["asked"].today
    sent = client.post(path, {**data, **said, "occurred_on": str(day)})
    assert sent.status_code == 302, sent.content.decode()


def adopted(client: Client, version: str) -> None:
    """Adopt a version of MedDRA through the form."""
    page = client.get("/record/DictionaryVersionAdopted/?next=/coding/")
    data = {name: page.context["form"].initial[name] for name in ("seen", "request")}
    day = page.context["asked"].today
    said = {"dictionary": "MedDRA", "version": version, "occurred_on": str(day)}
    assert client.post(page.request["PATH_INFO"], {**data, **said}).status_code == 302


SignIn = Callable[[str], Client]


def test_what_is_unchanged_is_carried_over_at_once(
    app: Running, signed_in: SignIn, dictionaries: Path
) -> None:
    client = signed_in("coder.1")
    events = uncoded(app)[:3]
    for (one, number), code in zip(events, (SAME, RETIRED, MOVED), strict=True):
        coded(client, one.id, number, code)
    adopted(client, "99.1")
    page = client.get("/coding/")
    assert [row.code.event.code for row in page.context["unchanged"]] == [SAME]
    mine = [row for row in page.context["changed"] if row.code.event.code in UP]
    assert {row.code.event.code for row in mine} == {RETIRED, MOVED}
    text = page.content.decode()
    assert "no longer current" in text
    assert "stands under another term" in text
    data = {
        "request": page.context["request_key"],
        "code": [row.shown_as for row in (*page.context["unchanged"], *mine)],
    }
    before = state(app).position
    assert client.post("/coding/", data).status_code == 302
    now = state(app)
    assert now.position == before + 1
    made = now.events[now.position]
    assert isinstance(made, TermCoded)
    assert (made.code, made.version, made.recorded_by) == (SAME, "99.1", "coder.1")
    assert "99.0" in made.comment
    person, number = events[0]
    assert [code.version for code in courses(now, person)[number].coded] == ["99.0", "99.1"]
    client.post("/coding/", data)
    assert state(app).position == now.position


def test_the_form_begins_with_what_the_new_version_says(
    app: Running, signed_in: SignIn, dictionaries: Path
) -> None:
    client = signed_in("coder.1")
    for (one, number), code in zip(uncoded(app)[:2], (MOVED, RETIRED), strict=True):
        coded(client, one.id, number, code)
    adopted(client, "99.1")
    rows = client.get("/coding/").context["changed"]
    moved, retired = (
        client.get(next(row.link for row in rows if row.code.event.code == code)).context["form"]
        for code in (MOVED, RETIRED)
    )
    assert (moved.initial["version"], moved.initial["code"]) == ("99.1", MOVED)
    assert "code" not in retired.initial


def test_without_the_files_nothing_is_taken_for_unchanged(app: Running, signed_in: SignIn) -> None:
    client = signed_in("coder.1")
    one, number = uncoded(app)[0]
    coded(client, one.id, number, SAME)
    adopted(client, "99.1")
    page = client.get("/coding/")
    assert page.context["unchanged"] == []
    assert "does not hold both versions" in page.content.decode()
    where = [row.shown_as for row in page.context["changed"]]
    client.post("/coding/", {"request": "r", "code": where})
    now = state(app)
    assert SAME in {found.event.code for found in to_code_anew(now, one)}


def test_a_file_of_two_versions_is_of_neither(
    app: Running, signed_in: SignIn, dictionaries: Path
) -> None:
    client = signed_in("coder.1")
    one, number = uncoded(app)[0]
    coded(client, one.id, number, SAME)
    adopted(client, "99.1")
    path = dictionaries / "meddra-99.1.vocabulary"
    path.unlink()
    with new_file(path) as writer:
        writer.source(Source("made up", "MedDRA", "99.1 English"))
        writer.source(Source("made up", "MedDRA", "99.2 English"))
        writer.concepts([Held(Concept(MEDDRA, SAME, f"Term {SAME}"))])
    assert client.get("/coding/").context["unchanged"] == []


def carried(client: Client, page: Any) -> list[str]:
    """Carry over what a page has shown as unchanged, by its own form; return what is said."""
    shown = re.findall(r'name="code" value="(.*?)"', page.content.decode())
    sent = client.post("/coding/", {"request": "r", "code": shown}, follow=True)
    assert sent.redirect_chain == [("/coding/", 302)], sent.content.decode()
    return [str(said) for said in sent.context["messages"]]


def test_a_code_beside_another_term_is_decided_by_itself(
    app: Running, signed_in: SignIn, dictionaries: Path
) -> None:
    client = signed_in("coder.1")
    (one, number), (other, second) = uncoded(app)[:2]
    coded(client, one.id, number, SAME, "Quite another term")
    coded(client, other.id, second, SAME, f"TERM {SAME}")
    adopted(client, "99.1")
    page = client.get("/coding/")
    assert [row.code.event.adverse_event for row in page.context["unchanged"]] == [second]
    (changed,) = (row for row in page.context["changed"] if row.code.event.code == SAME)
    assert changed.compared.was == "Quite another term"


def test_nothing_is_carried_over_to_a_version_that_was_not_shown(
    app: Running, signed_in: SignIn, dictionaries: Path
) -> None:
    client = signed_in("coder.1")
    release(dictionaries, "99.2", UP)
    one, number = uncoded(app)[0]
    coded(client, one.id, number, SAME)
    adopted(client, "99.1")
    page = client.get("/coding/")
    adopted(client, "99.2")
    before = state(app).position
    said = carried(client, page)
    assert said[-1].startswith("1 code is not carried over")
    assert not any(one.endswith("carried over.") for one in said)
    assert state(app).position == before
    carried(client, client.get("/coding/"))
    assert state(app).position == before + 1


def test_codes_of_a_number_that_was_given_up_are_carried_over_too(
    app: Running, signed_in: SignIn, dictionaries: Path
) -> None:
    client, nurse, lead = signed_in("coder.1"), "nurse.S01.1", "investigator.S01.1"
    now = state(app)
    goes_on = next(
        one for one in now.participants.values() if (one.site, one.status) == ("S01", "treated")
    )
    about: dict[str, Any] = {"participant": "TWICE", "on": today_at(now, "S01")}
    signed: dict[str, Any] = {"signature": Signature("Lead", "They are one person.")}
    for made in (
        event(ParticipantRegistered, "coordinator.S01.1", "S01", person_token="0" * 64, **about),
        event(
            AdverseEventReported,
            nurse,
            "S01",
            adverse_event="TWICE-AE1",
            term="Nausea",
            onset=str(about["on"]),
            **about,
        ),
        event(MedicalHistoryRecorded, nurse, "S01", condition="A broken arm", **about),
    ):
        recorded(app.trial.record(made))
    history = state(app).position
    coded(client, "TWICE", "TWICE-AE1", SAME)
    code: dict[str, Any] = {
        "dictionary": "MedDRA",
        "version": "99.0",
        "code": SAME,
        "term": f"Term {SAME}",
    }
    recorded(app.trial.record(event(TermCoded, "coder.1", "", of=history, **code, **about)))
    merge = event(ParticipantsMerged, lead, "S01", into=goes_on.id, reason="one", **signed, **about)
    recorded(app.trial.record(merge))
    adopted(client, "99.1")
    page = client.get("/coding/")
    assert len(page.context["unchanged"]) == 2
    carried(client, page)
    assert not list(to_code_anew(state(app), state(app).participants[goes_on.id]))


def test_a_file_that_cannot_be_read_holds_up_no_adverse_event(
    app: Running, signed_in: SignIn, dictionaries: Path
) -> None:
    client = signed_in("coder.1")
    one, number = uncoded(app)[0]
    coded(client, one.id, number, SAME)
    adopted(client, "99.1")
    (dictionaries / "a.vocabulary").write_text("half copied")
    assert len(client.get("/coding/").context["unchanged"]) == 1
    (dictionaries / "meddra-99.1.vocabulary").write_text("half copied")
    assert client.get("/coding/").context["unchanged"] == []
    path = f"/record/AdverseEventReported/?participant={one.id}"
    assert signed_in(f"nurse.{one.site}.1").get(path).status_code == 200


def test_a_version_is_that_of_a_file_and_no_word_of_it(dictionaries: Path) -> None:
    for name, stated in (("a", ""), ("b", "WHODrug Global March 2099")):
        with new_file(dictionaries / f"{name}.vocabulary") as writer:
            writer.source(Source("made up", "WHODrug C3", stated))
            writer.concepts([Held(Concept(WHODRUG, "90000101001", "ALPHAMAB"))])
    assert dictionary("WHODrug", "WHODrug Global March 2099")
    assert dictionary("MedDRA", "v99.0")
    for asked in ("WHODrug", "v", " "):
        assert dictionary("WHODrug", asked) is None


@pytest.mark.parametrize("user", ["nurse.S01.1", "monitor.1"])
def test_who_does_not_code_carries_nothing_over(
    app: Running, signed_in: SignIn, dictionaries: Path, user: str
) -> None:
    client = signed_in(user)
    assert client.get("/coding/").status_code == 200
    assert client.post("/coding/", {"code": ["1"]}).status_code == 404


def test_the_folder_of_dictionaries_is_looked_at_when_the_application_starts(
    tmp_path: Path, dictionaries: Path
) -> None:
    def said(path: Path) -> Path | None:
        return configuration({**GOOD, "GRADATIM_DICTIONARIES": str(path)}).dictionaries

    assert said(dictionaries) == dictionaries
    with pytest.raises(UnusableInput, match="no such folder"):
        said(tmp_path / "none")
    (dictionaries / "b.vocabulary").write_text("nothing")
    with pytest.raises(UnusableInput, match="vocabulary"):
        said(dictionaries)
