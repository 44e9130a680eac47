"""ASVS V15: nothing is set that no form asks for; parameters, types, and what is depended on."""

import hashlib
import re
from pathlib import Path

import pytest

from gradatim.conduct.catalogue import act_named
from gradatim.conduct.events import BY_NAME
from gradatim.web.forms.act import act_form
from gradatim.web.forms.base import ActForm
from gradatim.web.forms.choices import FormContext
from gradatim.web.live_trial import Running
from tests.web.conftest import NOW, PASSWORD, state
from tests.web.security.attacks import event_form, treated
from tests.web.test_forms import FORMS, user_for

ROOT = Path(__file__).parents[3]
FORGED = {
    "recorded_by": "investigator.S02.1",
    "recorded_at": "2020-01-01T00:00:00Z",
    "site": "S02",
    "protocol": "0.0",
    "signature": '{"printed_name": "Another", "meaning": "I sign"}',
    "adverse_event": "S01-001-AE99",
    "event": "TrialStopped",
    "signer": "investigator.S02.1",
    "signers": "committee.2",
}


def untouched(app: Running, event) -> None:
    """See that what the application fills in is what it fills in."""
    assert (event.recorded_by, event.recorded_at, event.site) == ("nurse.S01.1", NOW, "S01")
    assert event.protocol == state(app).versions[-1].version
    assert event.signature is None
    assert type(event).__name__ == "AdverseEventReported"
    assert event.adverse_event != "S01-001-AE99"
    assert event.participant == treated(app).id


@pytest.mark.parametrize("prefix", ["", "initial-"])
def test_what_the_application_fills_in_cannot_be_sent(app: Running, signed_in, prefix: str):
    """Neither in the form nor by the address: who, when, where, by which version, signed how."""
    path, said = event_form(
        app,
        **{f"{prefix}{name}": value for name, value in FORGED.items()},
        participant=treated(app, "S02").id,
    )
    assert signed_in("nurse.S01.1").post(path, said).status_code == 302
    untouched(app, state(app).events[state(app).position])


@pytest.mark.parametrize("name", [name for name in FORGED if name != "site"])
def test_nor_by_the_address(app: Running, signed_in, name: str):
    path, said = event_form(app)
    before = state(app).position
    response = signed_in("nurse.S01.1").post(f"{path}&{name}={FORGED[name]}", said)
    if response.status_code == 302:
        untouched(app, state(app).events[state(app).position])
    else:
        assert response.status_code == 422
        assert state(app).position == before


def test_a_site_of_another_cannot_be_chosen(app: Running, signed_in):
    path, said = event_form(app)
    other = treated(app, "S02").id
    client = signed_in("nurse.S01.1")
    assert client.post(path.replace(treated(app).id, other), said).status_code == 404
    assert client.post("/record/AdverseEventReported/?site=S02", said).status_code == 404


@pytest.mark.parametrize("event", FORMS)
def test_no_form_has_a_field_that_the_application_fills_in(app: Running, event: str):
    """Of every act; a form that one was added to by mistake is seen here."""
    from gradatim.conduct.access import access_of

    access = access_of(state(app), user_for(event))
    fields = act_form(FormContext(event, access, "S01", treated(app), {}, NOW.date())).base_fields
    filled_in = {
        "recorded_at",
        "recorded_by",
        "protocol",
        "signature",
        "signer",
        "signers",
        "person_token",
        "identity",
        "sha256",
        "head_hash",
    }
    assert not filled_in & set(fields)
    own = (
        set(fields)
        - set(ActForm.base_fields)
        - {
            "full_name",
            "birth_date",
            "site",
            "shown_sha256",
            "reading",
            "none_of_the_rest",
            "something_else",
        }
    )
    assert own <= set(BY_NAME[event].__struct_fields__) - act_named(event).not_asked_for


def test_a_parameter_that_comes_twice_or_from_elsewhere(app: Running, signed_in):
    """The last of two counts; a field is read from the form, an address from the address."""
    path, said = event_form(app, term=["Cough", "Vertigo"])
    client = signed_in("nurse.S01.1")
    client.cookies["term"] = "Fever"
    assert client.post(path, said).status_code == 302
    assert getattr(state(app).events[state(app).position], "term", "") == "Vertigo"
    here, there = treated(app).id, treated(app, "S02").id
    twice = f"/record/AdverseEventReported/?participant={here}&participant={there}"
    assert client.post(twice, said).status_code == 404


def test_a_signature_of_one_act_does_not_sign_another(app: Running, signed_in):
    """What was sent as signed is asked for again, by every form."""
    path = "/record/RoleGranted/?site="
    said = {
        "user": "guest.1",
        "role": "monitor",
        "occurred_on": "2026-09-21",
        "seen": state(app).position,
        "request": "g1",
    }
    client = signed_in("sponsor.1")
    assert client.post(path, said | {"password": PASSWORD}).status_code == 302
    again = {**said, "user": "guest.2", "request": "g2", "seen": state(app).position}
    assert client.post(path, again).status_code == 422


PINNED = sorted((ROOT / "requirements").glob("*.txt"))


@pytest.mark.parametrize("path", PINNED, ids=lambda path: path.name)
def test_every_dependency_is_pinned_with_hashes(path: Path):
    """An exact version, and the hash of each of its files; nothing from elsewhere."""
    text = path.read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert blocks
    for block in blocks:
        assert re.match(r"[a-z0-9][\w.-]*(\[[\w,-]+\])?==[\w.!+-]+( ;[^\\]*)? \\\n", block), block
        assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", block)) >= 1, block
    assert not re.search(r"(https?|git\+|--extra-index|--trusted)", text)


@pytest.mark.parametrize(
    ("path", "scripts"),
    [
        ("reports/vega", 3),
        ("web/static/gradatim/htmx", 1),
    ],
)
def test_what_is_run_in_the_browser_is_what_its_maker_published(path: str, scripts: int):
    """The hashes of the vendored files are those of their table."""
    folder = ROOT / "src/gradatim" / path
    rows = re.findall(
        r"^\| (\S+\.js) \|.*\| ([0-9a-f]{64}) \|$", (folder / "README.md").read_text(), re.MULTILINE
    )
    assert len(rows) == scripts
    for name, digest in rows:
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_every_install_asks_for_hashes():
    text = (ROOT / "Makefile").read_text()
    installs = [line for line in text.splitlines() if "$(INSTALL) " in line and " -r " in line]
    assert len(installs) >= 3
    assert [line for line in installs if "--require-hashes" not in line] == []
