"""An erasure: recorded first, then the key goes, and a name can never be read again."""

from datetime import timedelta

import pytest

from gradatim.conduct import recording
from gradatim.conduct.ledger import verify
from gradatim.web.keyring import keyring
from gradatim.web.live_trial import Running
from gradatim.web.operations import application
from tests.web.conftest import NOW, PASSWORD, state

NAME = "Somebody Madeup"


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


def erase(app: Running, signed_in, number: str) -> None:
    """Order that somebody's identifying data be destroyed."""
    answer = signed_in("sponsor.1").post(
        f"/record/PersonalDataErased/?participant={number}",
        {
            "seen": app.trial.state.position,
            "request": "erase",
            "occurred_on": str(NOW.date()),
            "order": "order of the court",
            "password": PASSWORD,
            "retention_ended_on": str(NOW.date() - timedelta(days=1)),
        },
    )
    assert answer.status_code == 302, answer.content.decode()


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
