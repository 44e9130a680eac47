"""An erasure: recorded first, then the key goes, and a name can never be read again."""

import pytest
from django.test import Client

from gradatim.conduct import recording
from gradatim.conduct.events.participants import ErasureRequested, PersonalDataErased
from gradatim.conduct.ledger import verify
from gradatim.web.keyring import keyring
from gradatim.web.live_trial import Running
from gradatim.web.operations import application
from tests.web.conftest import NOW, PASSWORD, state

NAME = "Somebody Madeup"
WHY = "the participant asks for it"


def registered(app: Running, signed_in) -> str:
    """Register somebody, and give their number."""
    before = set(app.trial.state.participants)
    signed_in("coordinator.S01.1").post(
        "/record/ParticipantRegistered/?site=S01",
        {
            "seen": app.trial.state.position,
            "request": "register",
            "sex": "female",
            "occurred_on": str(NOW.date()),
            "full_name": NAME,
            "birth_date": "1991-02-03",
        },
    )
    (number,) = set(state(app).participants) - before
    return number


def ask(app: Running, signed_in, number: str) -> None:
    """Ask that somebody's identifying data be destroyed, as an investigator of the site."""
    client = signed_in("investigator.S01.1")
    assert client.post("/identification/S01/", {"password": PASSWORD}).status_code == 200
    sent(app, client, "ErasureRequested", number, reason=WHY)


def erase(app: Running, signed_in, number: str) -> None:
    """Ask for it, and confirm it."""
    ask(app, signed_in, number)
    sent(app, signed_in("sponsor.1"), "PersonalDataErased", number)


def sent(app: Running, client: Client, act: str, number: str, **said: str) -> None:
    answer = client.post(
        f"/record/{act}/?participant={number}",
        {
            "seen": app.trial.state.position,
            "request": act,
            "occurred_on": str(NOW.date()),
            "password": PASSWORD,
            **said,
        },
    )
    assert answer.status_code == 302, answer.content.decode()


def test_only_the_confirmation_destroys_the_key(app: Running, signed_in):
    """Until then it is the sponsor's to confirm, as their page and the participant's say."""
    number = registered(app, signed_in)
    sponsor, path = signed_in("sponsor.1"), f"/participants/{number}/"
    form = f"/record/PersonalDataErased/?participant={number}"
    assert "PersonalDataErased" not in sponsor.get(path).content.decode()
    said = {"occurred_on": str(NOW.date()), "password": PASSWORD, "seen": 0, "request": "alone"}
    alone = sponsor.post(form, {**said, "order": "of a court", "retention_ended_on": "2020-01-01"})
    assert alone.status_code != 302
    assert "nobody has asked for this erasure" in alone.content.decode()
    ask(app, signed_in, number)
    assert keyring().key(number) is not None
    assert NAME in signed_in("investigator.S01.1").get(path).content.decode()
    assert "PersonalDataErased" in sponsor.get(path).content.decode()
    assert WHY in sponsor.get("/").content.decode()
    sent(app, sponsor, "PersonalDataErased", number)
    assert keyring().key(number) is None
    made = state(app).events[state(app).position]
    assert isinstance(made, PersonalDataErased)
    assert made.order == WHY
    assert isinstance(state(app).events[made.of or 0], ErasureRequested)


def test_an_erasure_destroys_the_key(app: Running, signed_in):
    number = registered(app, signed_in)
    investigator = signed_in("investigator.S01.1")
    path = f"/participants/{number}/"
    assert NAME in investigator.get(path).content.decode()
    erase(app, signed_in, number)
    assert keyring().key(number) is None
    page = investigator.get(path).content.decode()
    assert NAME not in page
    assert "identifying data erased" in page
    assert state(app).participants[number].identity  # the commitments stay: what stood there
    assert verify(app.trial.store.read(app.trial.name), app.trial.name).ok


def test_what_broke_off_is_finished_at_the_next_start(
    app: Running, signed_in, settings, monkeypatch
):
    """The machine stops between the event and the key."""
    number = registered(app, signed_in)
    with monkeypatch.context() as patched:
        patched.setattr(recording, "forget", lambda *_: pytest.fail("out of power"))
        with pytest.raises(pytest.fail.Exception):
            erase(app, signed_in, number)
    assert state(app).participants[number].erased
    assert keyring().key(number) is not None
    settings.DEMO = True
    # it would let go of the test's database
    monkeypatch.setattr(application, "prepare_to_fork", lambda: None)
    application.load_application()
    assert keyring().key(number) is None
