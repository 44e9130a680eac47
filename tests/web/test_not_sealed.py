"""An entry that the database's own user added: pages say so, show nothing of it, record nothing."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.test import Client

from gradatim.conduct.chain import chain
from gradatim.conduct.events import encoded
from gradatim.conduct.events.trial import RoleGranted
from gradatim.conduct.sealing.adoption import adopt_first_key
from gradatim.web.accounts.models import User
from gradatim.web.accounts.tokens import make_token
from gradatim.web.keyring import sealing_keys
from gradatim.web.live_trial import Running, forget_running, running
from tests.conduct.trials import event
from tests.markup import markup
from tests.web.conftest import NOW, opened

BANNER = "Somebody else than this application wrote to the ledger"


@pytest.fixture
def app(first_made: Path, tmp_path: Path, settings, db, at) -> Iterator[Running]:
    """The application on a sealed ledger."""
    settings.SEALING_FOLDER = tmp_path / "sealing"
    now = opened(first_made, tmp_path, settings)
    adopt_first_key(now.trial, sealing_keys(), NOW)
    yield now
    forget_running()


def forge(app: Running, tmp_path: Path) -> None:
    """Make somebody a sponsor, as if the sponsor had signed it, past the application."""
    name, head = app.trial.name, app.trial.head
    made = event(RoleGranted, "sponsor.1", on=NOW.date(), user="nurse.S01.1", role="sponsor")
    (row,) = chain(head.hash, name, head.position, [(encoded(made)[0], "")])
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)) as database:
        database.execute("INSERT INTO ledger_event VALUES (?, ?, ?, ?, ?)", row)


def exported(client: Client):
    return client.post("/audit/export/", {"recipient": "the inspector"})


@pytest.mark.parametrize("started_anew", [False, True])
def test_a_forged_entry_stops_recording_and_nothing_else(
    app: Running, tmp_path: Path, signed_in, started_anew: bool
) -> None:
    """In the process that ran meanwhile, and in one that starts on it."""
    sponsor, nurse = signed_in("sponsor.1"), signed_in("nurse.S01.1")
    assert exported(sponsor).status_code == 200
    last = app.trial.state.position
    forge(app, tmp_path)
    if started_anew:
        forget_running()
    for client, path in ((sponsor, "/"), (sponsor, "/people/"), (nurse, "/participants/")):
        page = client.get(path)
        assert page.status_code == 200
        assert BANNER in markup(page)
        assert f"entry {last + 1} is not sealed" in markup(page)
    state = running().trial.state
    assert state.position == last
    assert "sponsor" not in state.roles["nurse.S01.1", "S01"]
    assert not state.roles.get(("nurse.S01.1", ""))
    refused = exported(sponsor)
    assert refused.status_code == 503
    assert f"entry {last + 1} is not sealed by this application" in markup(refused)
    assert running().store.head(running().trial.name).position == last + 1


def test_the_emergency_page_stays_open(app: Running, tmp_path: Path, signed_in) -> None:
    one = next(p for p in app.trial.state.participants.values() if p.site == "S01")
    forge(app, tmp_path)
    page = signed_in("nurse.S01.1").get(f"/participants/{one.id}/emergency/")
    assert page.status_code == 200
    assert BANNER in markup(page)
    assert one.id in markup(page)


def test_a_program_is_told_to_come_again(app: Running, tmp_path: Path) -> None:
    """Of what the downtime journal does not keep: it sends it once somebody has looked."""
    forge(app, tmp_path)
    token = make_token(User.objects.get(username="sponsor.1"), "test", "")
    taken: dict[str, object] = {
        "event": "ExportMade",
        "occurred_on": str(NOW.date()),
        "recipient": "the inspector",
        "format": "gradatim.ledger/1",
        "head": 1,
        "sha256": "0" * 64,
    }
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k-1"}
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/api/events", taken, "application/json", headers=headers)
    assert answer.status_code == 503, answer.content
    assert "is not sealed by this application" in answer.json()["why"]


def test_what_is_said_of_it_is_for_who_is_signed_in(app: Running, tmp_path: Path) -> None:
    forge(app, tmp_path)
    assert BANNER not in markup(Client().get("/sign-in/"))


def test_the_proof_tells_from_where_on_the_ledger_is_sealed(app: Running, signed_in) -> None:
    at = next(
        n for n, one in app.trial.state.events.items() if type(one).__name__ == "SealingKeyAdopted"
    )
    page = markup(signed_in("sponsor.1").post("/audit/proof/", {"verify": "1"}))
    assert f"Sealed by the application from entry {at} on" in page
