"""A real trial goes live page by page: submitted, read, confirmed item by item, signed."""

import re
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from gradatim.conduct.event_store import StoreMode
from gradatim.conduct.events.base import Signature
from gradatim.conduct.events.trial import (
    ApprovalRecorded,
    RulingSigned,
)
from gradatim.conduct.folding.trial import study_of, submitted, submitted_study
from gradatim.conduct.signatures import MEANINGS
from gradatim.conduct.stores import open_store
from gradatim.protocol.load import bundled
from gradatim.protocol.questions import Question, questions
from gradatim.protocol.revision import value_in_lines
from gradatim.protocol.study import Study
from gradatim.web.accounts.models import User
from gradatim.web.live_trial import Running, forget_running, running
from tests.conduct.delegated import confirmed, two_sponsors
from tests.conduct.trials import event, recorded
from tests.markup import markup
from tests.web.conftest import NOW, PASSWORD, signer_of, state

SPONSOR = "sponsor.1"
TEXT = (bundled()["example_oncology_tablet"]).read_text(encoding="utf-8")
LEVEL, SENTINEL = "treatment.dose_levels.1", "safety.sentinel"


@pytest.fixture
def real(tmp_path: Path, settings, db, at) -> Iterator[Running]:
    """A real trial that has only begun."""
    settings.LEDGER_URL = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    settings.LEDGER_TRIAL, settings.KEYS_FOLDER = "", tmp_path / "keys"
    store = open_store(settings.LEDGER_URL, StoreMode.CREATE)
    two_sponsors(store)
    store.close()
    forget_running()
    User.objects.create_user(SPONSOR, "Sponsor One", PASSWORD)
    yield running()
    forget_running()
    shutil.rmtree(tmp_path / "keys", ignore_errors=True)


def submit(client: Client, text: str = TEXT) -> tuple[int, str]:
    """Submit a document; give the status and what the page says."""
    file = SimpleUploadedFile("protocol.yaml", text.encode(), "text/yaml")
    return post(client, "/record/ProtocolSubmitted/?site=", document=file)


def post(client: Client, path: str, **fields) -> tuple[int, str]:
    """Fill in the form of a page as it stands, change some fields, sign and send it."""
    page = client.get(path)
    if page.status_code != 200:
        return page.status_code, markup(page)
    hidden = re.findall(r'<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?', markup(page))
    data = {name: unescape(value) for name, value in hidden}
    said = {**data, "occurred_on": "2026-09-21", "password": PASSWORD, **fields}
    response = client.post(path, said)
    return response.status_code, unescape(markup(response))


def rule(client: Client, key: str, outcome: str = "confirmed", **more) -> tuple[int, str]:
    """Rule on a question from its page."""
    return post(client, f"/record/RulingSigned/?site=&question={key}", outcome=outcome, **more)


def confirm_all(app: Running) -> None:
    """Confirm every safety item of what is submitted, and record both approvals."""
    now = state(app)
    held = submitted(now)
    assert held is not None
    for one in asked(held.document):
        answer = one.names[0] if one.choices else ""
        recorded(
            app.trial.record(
                event(
                    RulingSigned,
                    SPONSOR,
                    on=NOW.date(),
                    question=one.key,
                    answer=answer,
                    value=one.value,
                    outcome="confirmed",
                    signer=SPONSOR,
                    signature=Signature("Sponsor One", MEANINGS[RulingSigned]),
                ),
                signer=signer_of(SPONSOR),
            )
        )
    for authority in ("ethics", "regulator"):
        recorded(
            app.trial.record(
                event(
                    ApprovalRecorded,
                    SPONSOR,
                    on=NOW.date(),
                    reference="yes",
                    authority=authority,
                    version=held.version,
                )
            )
        )


def ruled_study(app: Running) -> Study:
    """The submitted protocol, with the rulings on it."""
    found = submitted_study(state(app))
    assert found is not None
    return found


def flat(text: str) -> str:
    """Text without the breaks of its lines."""
    return " ".join(text.split())


def asked(text: str = TEXT) -> list[Question]:
    """The safety items of a document."""
    return [one for one in questions(study_of(text)) if one.safety]


def activate(client: Client, **more) -> tuple[int, str]:
    """Sign the activation of what is submitted."""
    return post(client, "/record/ProtocolActivated/?site=", **more)


def test_before_anything_is_submitted_there_is_nothing_to_rule_on(real: Running, signed_in):
    client, before = signed_in(SPONSOR), state(real).position
    assert client.get("/protocol/questions/").status_code == 404
    assert rule(client, LEVEL)[0] == 404
    assert activate(client)[0] == 422
    assert state(real).position == before


def test_a_confirmed_protocol_goes_live_and_says_who_ruled(real: Running, signed_in):
    """From the submitted file to the badge on every page that shows what a level rests on."""
    client = signed_in(SPONSOR)
    assert submit(client)[0] == 302
    assert "safety: 0 of" in unescape(markup(client.get("/protocol/questions/")))
    assert activate(client)[0] == 409
    confirm_all(real)
    page = unescape(markup(client.get("/record/ProtocolActivated/?site=")))
    assert "20 mg once daily" in page
    assert "design: boin" in page
    status, told = activate(client)
    assert status == 302, told
    assert [one.version for one in state(real).versions] == ["1.0"]
    for path in ("/", "/protocol/", "/protocol/questions/"):
        text = markup(client.get(path))
        assert "ruled by sponsor.1 on 2026-09-21" in text, path
    assert state(real).study.treatment.dose_levels[0].basis == "ruled"


@pytest.mark.parametrize("outcome", ["change requested", "deferred"])
def test_a_no_keeps_the_trial_from_going_live(real: Running, signed_in, outcome: str):
    """Whatever was confirmed before; the item is named, with what was ruled on it."""
    client = signed_in(SPONSOR)
    submit(client)
    confirm_all(real)
    said = "NO. This is wrong: level 1 is 10 mg."
    assert rule(client, LEVEL, outcome, answer=said)[0] == 302
    status, told = activate(client)
    assert status == 409
    assert f"1 safety items are assumed or proposed and not confirmed: {LEVEL} ({outcome})" in told
    text = unescape(markup(client.get("/protocol/questions/")))
    assert said in text
    assert "1 earlier ruling, superseded" in text
    assert not state(real).versions


def test_a_ruling_without_an_outcome_or_without_reasons_is_not_taken(real: Running, signed_in):
    client = signed_in(SPONSOR)
    submit(client)
    signer_of(SPONSOR)
    before = state(real).position
    assert rule(client, LEVEL, "")[0] == 422
    assert rule(client, LEVEL, "change requested")[0] == 409
    assert state(real).position == before


def test_a_key_that_is_no_question_has_no_page(real: Running, signed_in):
    client = signed_in(SPONSOR)
    submit(client)
    assert rule(client, "treatment.nonsense")[0] == 404
    confirm_all(real)
    activate(client)
    assert state(real).versions
    assert rule(client, "treatment.nonsense")[0] == 404


def test_the_same_ruling_again_is_none(real: Running, signed_in):
    client = signed_in(SPONSOR)
    submit(client)
    assert rule(client, LEVEL)[0] == 302
    status, told = rule(client, LEVEL)
    assert status == 409
    assert "nothing is to be ruled: confirmed by sponsor.1 on 2026-09-21" in told


def test_a_confirmation_has_no_conditions(real: Running, signed_in):
    """Words beside it could take it back."""
    client = signed_in(SPONSOR)
    submit(client)
    before = state(real).position
    status, told = rule(client, LEVEL, answer="NO. This is wrong: level 1 is 10 mg.")
    assert status == 422
    assert "eave the words out, or request a change" in told
    assert state(real).position == before


def test_a_ruling_made_meanwhile_is_looked_at_first(real: Running, signed_in):
    """A page opened before another's ruling does not supersede it unseen."""
    client = signed_in(SPONSOR)
    submit(client)
    seen = state(real).position
    assert rule(client, LEVEL, "change requested", answer="10 mg")[0] == 302
    status, told = rule(client, LEVEL, seen=seen)
    assert status == 409
    assert "10 mg" in told
    assert rule(client, LEVEL)[0] == 302


def test_a_page_that_shows_an_old_value_confirms_nothing(real: Running, signed_in):
    """Somebody submits another dose while the page is open: the old one is not confirmed."""
    client = signed_in(SPONSOR)
    submit(client)
    changed = TEXT.replace("dose: 20", "dose: 10", 1)
    assert changed != TEXT
    old = next(one.value for one in asked() if one.key == LEVEL)
    submit(client, changed)
    status, told = rule(client, LEVEL, value=old)
    assert status == 409
    assert "it is about" in told
    assert '"dose": 10.0' in told


def test_what_is_signed_is_the_document_that_was_read(real: Running, signed_in):
    """Another document is submitted while the page is open: its user reads that first."""
    client = signed_in(SPONSOR)
    submit(client)
    confirm_all(real)
    page = markup(client.get("/record/ProtocolActivated/?site="))
    read = re.search(r'name="shown_sha256" value="([0-9a-f]{64})"', page)
    assert read
    submit(client, TEXT.replace("dose: 20", "dose: 10", 1))
    status, told = activate(client, shown_sha256=read[1])
    assert status == 422
    assert "this is not the document that you were shown" in told
    assert not state(real).versions


FAULTS = {
    "design: boin": ("design: BOIN", "there is no design 'BOIN'"),
    'unit: "10*9/L"': ('unit: "G/L"', "'G/L' is not a UCUM unit"),
}


@pytest.mark.parametrize("good", FAULTS)
def test_what_the_check_faults_is_not_taken_in(real: Running, signed_in, good: str):
    """With the line of the file and the words of `gradatim protocol check`."""
    bad, words = FAULTS[good]
    assert good in TEXT
    status, told = submit(signed_in(SPONSOR), TEXT.replace(good, bad, 1))
    assert status == 422
    line = TEXT[: TEXT.index(good)].count("\n") + 1
    assert words in told
    assert any(f"protocol.yaml:{n}:" in told for n in range(line - 3, line + 2)), told
    assert state(real).submitted is None


def test_an_amended_value_asks_for_another_ruling(real: Running, signed_in):
    """The amendment is read beside what it changes, and waits for its own confirmation."""
    client = signed_in(SPONSOR)
    submit(client)
    confirm_all(real)
    activate(client)
    text = TEXT.replace("dose: 20", "dose: 10", 1).replace('version: "1.0"', 'version: "2.0"', 1)
    assert submit(client, text)[0] == 302
    for authority in ("ethics", "regulator"):
        post(
            client,
            "/record/ApprovalRecorded/?site=",
            authority=authority,
            version="2.0",
            reference="approved",
        )
    page = unescape(markup(client.get("/record/ProtocolAmended/?site=")))
    assert "+" in page
    assert "dose: 10" in page
    change = {
        "changes-0-part": "treatment",
        "changes-0-applies": "at once",
        "changes-0-why": "a lower first dose",
        "urgent_safety_measure": "no",
    }
    status, told = post(client, "/record/ProtocolAmended/?site=", **change)
    assert status == 409
    assert f"{LEVEL} (amended since the ruling)" in told
    assert "ruled by sponsor.1" in markup(client.get("/"))
    assert rule(client, LEVEL)[0] == 302
    assert post(client, "/record/ProtocolAmended/?site=", **change)[0] == 302
    assert [one.version for one in state(real).versions] == ["1.0", "2.0"]


def test_a_requested_change_is_fetched_as_the_next_version(real: Running, signed_in):
    """The form begins with what stands there; what is changed in it stands in the document."""
    sponsor = signed_in(SPONSOR)
    submit(sponsor)
    assert "Fetch the changed document" not in markup(sponsor.get("/protocol/questions/"))
    form = markup(sponsor.get(f"/record/RulingSigned/?site=&question={SENTINEL}"))
    shown = unescape(re.search(r'name="requested_value"[^>]*>([^<]*)<', form)[1])  # type: ignore[index]
    assert shown.strip() == "wait: 1 day"
    same = rule(sponsor, SENTINEL, requested_value=shown)
    assert same[0] == 302, "who confirms leaves the value as it is"
    asks = {"outcome": "change requested", "answer": "longer"}
    status, told = rule(sponsor, SENTINEL, **asks, requested_value="2 days")
    assert (status, "it is not a mapping" in told) == (409, True)
    assert (
        rule(sponsor, SENTINEL, **asks, requested_value=shown.replace("1 day", "2 days"))[0] == 302
    )
    page = markup(sponsor.get("/protocol/questions/"))
    assert "1 requested change says what is to stand there" in page
    assert "wait: 2 days" in page
    refused = sponsor.get("/protocol/revision/?version=1.0", follow=True)
    assert "version 1.0 is recorded" in markup(refused)
    made = sponsor.get("/protocol/revision/?version=1.1")
    assert made["Content-Disposition"] == 'attachment; filename="protocol.yaml"'
    assert submit(sponsor, made.content.decode())[0] == 302
    assert "wait: 2 days" in markup(sponsor.get("/protocol/questions/"))
    assert state(real).events[state(real).position].version == "1.1"  # type: ignore[attr-defined]


CONFIRM = "/protocol/questions/confirm/"


def test_several_questions_are_confirmed_under_one_signature(real: Running, signed_in):
    """Each by a mark of its own: nothing is marked at first, and what is not stays open."""
    sponsor = signed_in(SPONSOR)
    submit(sponsor)
    signer_of(SPONSOR)
    assert CONFIRM in markup(sponsor.get("/protocol/questions/"))
    page = unescape(markup(sponsor.get(CONFIRM)))
    marked = re.findall(r'<input[^>]*name="question-[^>]*\bchecked\b[^>]*>', page)
    assert all('value=""' in one for one in marked), "something is confirmed beforehand"
    first, second, *others = [one for one in asked() if not one.choices]
    assert all(flat(value_in_lines(one.value)) in flat(page) for one in (first, second))
    before = state(real).position
    marks = {f"question-{one.number}": "on" for one in (first, second)}
    assert post(sponsor, CONFIRM)[0] == 422, "nothing is marked"
    assert post(sponsor, CONFIRM, **marks, password="wrong")[0] == 422
    assert state(real).position == before
    assert post(sponsor, CONFIRM, **marks)[0] == 302
    made = [state(real).events[at] for at in range(before + 1, state(real).position + 1)]
    assert [(one.question, one.outcome, one.signer) for one in made] == [  # type: ignore[attr-defined]
        (one.key, "confirmed", SPONSOR) for one in (first, second)
    ]
    assert all(one.signature is not None for one in made)
    settled = {one.key for one in questions(ruled_study(real)) if one.settled}
    assert settled == {first.key, second.key}
    page = markup(sponsor.get(CONFIRM))
    assert f'name="question-{first.number}"' not in page
    assert f'name="question-{others[0].number}"' in page


def test_every_open_question_can_be_confirmed_at_once(real: Running, signed_in):
    """Where there are several readings, one of them is chosen; another is refused."""
    sponsor = signed_in(SPONSOR)
    submit(sponsor)
    signer_of(SPONSOR)
    for path, of_safety in ((f"{CONFIRM}?other", False), (CONFIRM, True)):
        these = [one for one in questions(study_of(TEXT)) if one.safety == of_safety]
        marks = {f"question-{one.number}": one.names[0] if one.choices else "on" for one in these}
        chosen = [one for one in these if one.choices]
        assert bool(chosen) != of_safety
        before = state(real).position
        for one in chosen[:1]:
            strange = marks | {f"question-{one.number}": "no such reading"}
            assert post(sponsor, path, **strange)[0] == 422
        assert state(real).position == before
        assert post(sponsor, path, **marks)[0] == 302
        assert state(real).position == before + len(these)
        assert "No question is open" in markup(sponsor.get(path))
    assert all(one.settled for one in questions(ruled_study(real)))


def test_what_changed_meanwhile_is_looked_at_anew(real: Running, signed_in):
    """A page made before another ruling, or another document, confirms nothing."""
    sponsor = signed_in(SPONSOR)
    submit(sponsor)
    page = markup(sponsor.get(CONFIRM))
    hidden = re.findall(r'<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?', page)
    stale = {name: unescape(value) for name, value in hidden}
    changed = TEXT.replace("wait: 1 day", "wait: 2 days").replace('version: "1.0"', 'version: "2"')
    assert changed.count("wait: 2 days") == 1
    submit(sponsor, changed)
    before = state(real).position
    number = next(one.number for one in asked() if one.key == SENTINEL)
    stale |= {f"question-{number}": "on", "password": PASSWORD}
    told = sponsor.post(CONFIRM, stale, follow=True)
    assert "The open questions have changed" in markup(told)
    assert state(real).position == before


def test_only_the_sponsor_confirms(real: Running, signed_in):
    """The address is nobody else's, whether they may read the questions or not."""
    submit(signed_in(SPONSOR))
    for role in ("data_manager", "safety_committee"):
        confirmed(real.trial, role, role)
        User.objects.create_user(role, role, PASSWORD)
        assert signed_in(role).get(CONFIRM).status_code == 404
