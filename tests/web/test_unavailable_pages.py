"""Every page, act and answer where the database takes nothing: told truly, and nothing is lost."""

import html
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from gradatim.conduct.event_store import Cause, StorageUnavailable
from gradatim.web.accounts.models import User
from gradatim.web.accounts.tokens import make_token
from gradatim.web.live_trial import Running, running
from tests.markup import markup
from tests.web.conftest import NOW, PASSWORD, SessionClock, state
from tests.web.security.attacks import event_form, treated

PAGES = ("/", "/participants/", "/screening/", "/dosing/", "/review/", "/account/", "/tasks/")


def ledger_connection(app: Running) -> Any:
    store: Any = app.store._store
    return store.connection


def frozen(app: Running) -> None:
    """Let both connections only read, as SQLite does of a file that may not be written to."""
    ledger_connection(app).execute("PRAGMA query_only = ON")
    connection.cursor().execute("PRAGMA query_only = ON")


def full(app: Running) -> None:
    """Let neither file grow."""
    for execute in (ledger_connection(app).execute, connection.cursor().execute):
        (pages,) = execute("PRAGMA page_count").fetchone()
        execute(f"PRAGMA max_page_count = {pages}")


def made_writable(app: Running) -> None:
    for execute in (ledger_connection(app).execute, connection.cursor().execute):
        execute("PRAGMA query_only = OFF")
        execute("PRAGMA max_page_count = 1073741823")


@pytest.fixture(params=[frozen, full])
def unwritable(request: pytest.FixtureRequest, app: Running):
    """Return what makes the database of the application take nothing; it is undone."""
    ledger_connection(app)
    yield request.param
    made_writable(app)


WHY = {
    frozen: "The database can only be read. Nothing was recorded.",
    full: "The disk of the database is full. Nothing was recorded.",
}


def test_pages_are_read_though_no_session_is_saved(
    app: Running, signed_in, unwritable: Callable, session_clock: SessionClock
):
    """Long enough after the last request that its use would have been written down."""
    client = signed_in("nurse.S01.1")
    first = [client.get(path).status_code for path in PAGES]
    unwritable(app)
    for _ in range(3):
        session_clock.advance(120)
        assert [client.get(path).status_code for path in PAGES] == first


def refused_form(app: Running, client: Client) -> Any:
    """Send forms until one is not recorded: a file that is full has some room left in it."""
    for n in range(60):
        path, said = event_form(app, request=f"kept-{n}", narrative=f"n{n} " * 400)
        answer = client.post(path, said)
        if answer.status_code != 302:
            return answer
    raise AssertionError("everything was recorded")


def test_a_form_says_why_and_stays_filled_in(app: Running, signed_in, unwritable: Callable):
    client = signed_in("nurse.S01.1")
    unwritable(app)
    refused = refused_form(app, client)
    before = state(app).position
    assert refused.status_code == 503
    page = markup(refused)
    assert WHY[unwritable] in page
    assert 'value="Cough"' in page
    assert "sqlite" not in page.lower()
    assert running().store.head(app.trial.name).position == before


def test_it_is_recorded_once_there_is_room(app: Running, signed_in, unwritable: Callable):
    client = signed_in("nurse.S01.1")
    unwritable(app)
    before = refused_form(app, client) and state(app).position
    made_writable(app)
    path, said = event_form(app, request="again")
    assert [client.post(path, said).status_code for _ in range(2)] == [302, 302]
    assert state(app).position >= before + 1


def test_the_health_says_what_is_wrong(app: Running) -> None:
    assert Client().get("/healthz").json() == {"status": "ok"}
    frozen(app)
    told = Client().get("/healthz")
    made_writable(app)
    assert (told.status_code, told.json()) == (503, {"status": "the database can only be read"})


def test_signing_in_says_why_it_cannot(app: Running) -> None:
    """A session cannot be made, nor a failure counted: it is no fault of the program."""
    said = {"username": "nurse.S01.1", "password": PASSWORD}
    assert Client().get("/sign-in/").status_code == 200
    frozen(app)
    told = Client().post("/sign-in/", said)
    made_writable(app)
    assert told.status_code == 503
    assert WHY[frozen] in markup(told)
    assert int(told["Retry-After"]) > 0


def test_a_program_is_told_to_come_again(app: Running) -> None:
    """Not that its report is wrong: it keeps it, and sends it under the same key."""
    token = make_token(User.objects.get(username="nurse.S01.1"), "test", "")
    weighed = {
        "event": "VitalSignsRecorded",
        "participant": treated(app).id,
        "site": "S01",
        "occurred_on": str(NOW.date()),
        "results": [{"element": "heart_rate", "value": 72, "unit": "/min"}],
    }
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k-1"}

    def sent() -> Any:
        return Client().post("/api/events", weighed, "application/json", headers=headers)

    ledger_connection(app).execute("PRAGMA query_only = ON")
    told = sent()
    made_writable(app)
    assert told.status_code == 503, told.content
    assert int(told["Retry-After"]) > 0
    assert "SQLite" not in told.content.decode()
    assert (sent().status_code, sent().status_code) == (201, 201)


def test_keys_that_cannot_be_written_are_named_by_no_path(
    app: Running, signed_in, settings, tmp_path: Path
) -> None:
    settings.KEYS_FOLDER = tmp_path / "file" / "keys"
    (tmp_path / "file").write_text("no folder")
    one = {
        "full_name": "Wang Fang",
        "birth_date": "1990-02-01",
        "sex": "female",
        "participant": "S01-099",
        "occurred_on": str(NOW.date()),
        "seen": state(app).position,
        "request": "keys",
    }
    told = signed_in("coordinator.S01.1").post("/record/ParticipantRegistered/?site=S01", one)
    assert told.status_code == 503, markup(told)
    assert "The folder of the participants' keys cannot be used." in html.unescape(markup(told))
    assert str(tmp_path) not in markup(told)


def test_nobody_waits_for_the_state_for_ever(app: Running, signed_in, monkeypatch) -> None:
    """Whoever holds it holds others up for a stated time; they are told to come again."""
    monkeypatch.setattr("gradatim.web.live_trial.LONGEST_WAIT", 0.01)
    client, held, release = signed_in("nurse.S01.1"), threading.Event(), threading.Event()

    def hold() -> None:
        with app.lock:
            held.set()
            release.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    told = client.get("/")
    release.set()
    holder.join()
    assert told.status_code == 503
    assert client.get("/").status_code == 200


def test_a_state_that_cannot_be_brought_up_to_date_is_not_shown(
    app: Running, signed_in, monkeypatch
) -> None:
    client = signed_in("nurse.S01.1")

    def silent(_trial: str) -> None:
        raise StorageUnavailable(Cause.SILENT, "no answer", "of 192.0.2.7")

    monkeypatch.setattr(app.store, "head", silent)
    told = client.get("/participants/")
    assert told.status_code == 503
    assert "The database does not answer." in markup(told)
    assert "192.0.2.7" not in markup(told)
