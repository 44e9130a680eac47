"""While the ledger takes nothing: facts are kept, nothing is authorised, two people merge."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from gradatim.conduct.access import access_of
from gradatim.conduct.events.findings import VitalSignsRecorded
from gradatim.conduct.events.participants import EntryCorrected
from gradatim.conduct.events.safety import AdverseEventReported
from gradatim.conduct.events.trial import RoleGranted
from gradatim.conduct.roles import ROLES
from gradatim.conduct.sealing.adoption import adopt_first_key
from gradatim.web.accounts.models import User
from gradatim.web.accounts.tokens import make_token
from gradatim.web.keyring import sealing_keys
from gradatim.web.live_trial import Running, forget_running, running
from tests.conduct.trials import event
from tests.markup import markup
from tests.web.conftest import BACKEND, NOW, PASSWORD, opened
from tests.web.test_not_sealed import forge

ENTERED = "Kept in the downtime journal as entry"
BANNERS = {
    "forged": "Somebody else than this application wrote to the ledger",
    "rewritten": "The ledger went back or was rewritten",
    "unprotected": "The ledger cannot be read on",
}


@pytest.fixture
def app(first_made: Path, tmp_path: Path, settings, db, at) -> Iterator[Running]:
    """The application on a sealed ledger."""
    settings.SEALING_FOLDER = tmp_path / "sealing"
    now = opened(first_made, tmp_path, settings)
    adopt_first_key(now.trial, sealing_keys(), NOW)
    granted = event(RoleGranted, "sponsor.1", on=NOW.date(), user="auditor.1", role="auditor")
    now.trial.record_own(lambda head: granted)
    yield now
    forget_running()


def cut_last(app: Running, tmp_path: Path) -> None:
    """Put the ledger back by an append, past the application."""
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as database, database:
        kept = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = kept.fetchall()
        for name, _ in triggers:
            database.execute(f"DROP TRIGGER {name}")
        last = (app.trial.state.position,)
        database.execute("DELETE FROM ledger_event WHERE position = ?", last)
        database.execute("DELETE FROM ledger_seal WHERE position = ?", last)
        for _, sql in triggers:
            database.execute(sql)


def unprotected(app: Running, tmp_path: Path) -> None:
    """Take the triggers away; a thread that connects from then on finds none."""
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as database, database:
        kept = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in kept.fetchall():
            database.execute(f"DROP TRIGGER {name}")
    app.store.close()


STRIKES = {"forged": forge, "rewritten": cut_last, "unprotected": unprotected}


@pytest.fixture(params=STRIKES)
def struck(app: Running, tmp_path: Path, request) -> Callable[[], str]:
    """Do something to the ledger; `restored` undoes it."""

    def strike() -> str:
        copied(tmp_path / "ledger.sqlite", tmp_path / "kept.sqlite")
        STRIKES[request.param](app, tmp_path)
        return BANNERS[request.param]

    return strike


def copied(source: Path, to: Path) -> None:
    """Copy a database with what its journal of writes still holds."""
    with closing(sqlite3.connect(source)) as before, closing(sqlite3.connect(to)) as now:
        before.backup(now)


def restore(tmp_path: Path) -> None:
    """Put the ledger there as it was."""
    copied(tmp_path / "kept.sqlite", tmp_path / "ledger.sqlite")


def treated(app: Running, site: str = "S01") -> Any:
    people = app.trial.state.participants.values()
    return next(one for one in people if one.site == site and one.status == "treated")


def report(client: Client, id: str, term: str = "Headache", key: str = "r-1"):
    """Send the form of an adverse event."""
    fields = {
        "occurred_on": str(NOW.date()),
        "term": term,
        "scale": "CTCAE v5.0",
        "grade": "1",
        "onset": str(NOW.date()),
        "seen": str(running().trial.state.position),
        "request": key,
        "_right": "yes",
    }
    return client.post(f"/record/AdverseEventReported/?participant={id}", fields)


def weigh(client: Client, token: str, id: str, key: str = "k-1"):
    weighed = {
        "event": "VitalSignsRecorded",
        "participant": id,
        "site": "S01",
        "occurred_on": str(NOW.date()),
        "results": [{"element": "body_weight", "value": 61.5, "unit": "kg"}],
    }
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    return client.post("/api/events", weighed, "application/json", headers=headers)


def kept() -> list[Any]:
    """Return what the file keeps."""
    path = running().journal.path
    lines = [json.loads(one)["said"] for one in path.read_text().splitlines()]
    return [one for one in lines if one["line"] == "kept"]


def kept_last() -> str:
    """Return the hash of the last fact in the file."""
    lines = [json.loads(one) for one in running().journal.path.read_text().splitlines()]
    return [one["hash"] for one in lines if one["said"]["line"] == "kept"][-1]


def last_of(page: Any) -> str:
    text = markup(page)
    return text.split('name="last" value="')[1].split('"')[0] if 'name="last"' in text else ""


def asked(client: Client, last: str, *more: str, site: str = "S01"):
    data = {"site": site, "last": last, **dict.fromkeys(more, "yes")}
    return client.post("/downtime/", data, follow=True)


def test_pages_stay_open_and_a_fact_is_kept(app: Running, tmp_path, struck, signed_in) -> None:
    one, nurse = treated(app), signed_in("nurse.S01.1")
    last = app.trial.state.position
    banner = struck()
    for path in ("/", f"/participants/{one.id}/", f"/participants/{one.id}/emergency/"):
        page = nurse.get(path)
        assert page.status_code == 200
        assert banner in markup(page)
        assert 'href="/downtime/"' in markup(page)
    for _ in range(2):  # sent again, it is kept once
        sent = report(nurse, one.id)
        assert sent.status_code == 302
        assert f"{ENTERED} 1" in markup(nurse.get("/downtime/"))
    assert running().trial.state.position == last
    (fact,) = kept()
    assert "AdverseEventReported" in fact["body"]
    assert oct(running().journal.path.stat().st_mode & 0o777) == "0o600"


def test_an_authorisation_is_refused_with_what_to_do(app: Running, struck) -> None:
    state, one = app.trial.state, treated(app)
    lot, bag = next(
        (lot.id, bag)
        for lot in state.lots.values()
        for bag, held in lot.containers.items()
        if held.site == "S01"
    )
    assigned = {
        "event": "ProductAssigned",
        "site": "S01",
        "occurred_on": str(NOW.date()),
        "participant": one.id,
        "lot": lot,
        "dose": 1,
        "bags": [bag],
    }
    struck()
    token = make_token(User.objects.get(username="pharmacist.S01.1"), "test", "")
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k-1"}
    answer = Client().post("/api/events", assigned, "application/json", headers=headers)
    assert answer.status_code == 503, answer.content
    assert "ProductAssigned is not kept in the downtime journal" in answer.json()["what"]
    assert answer.json()["todo"]
    assert not running().journal.path.exists()


def test_what_is_no_fact_of_a_site_is_refused(app: Running, struck, signed_in) -> None:
    sponsor = signed_in("sponsor.1")
    struck()
    sent = sponsor.post("/audit/export/", {"recipient": "the inspector"})
    assert sent.status_code in (400, 503), "400 where it cannot be read at all"
    assert "What to do:" in markup(sent)
    assert not running().journal.path.exists()


def test_a_program_is_told_that_its_fact_is_kept(app: Running, struck) -> None:
    one = treated(app)
    token = make_token(User.objects.get(username="nurse.S01.1"), "test", "")
    struck()
    client = Client(enforce_csrf_checks=True)
    for _ in range(2):
        answer = weigh(client, token, one.id)
        assert answer.status_code == 202, answer.content
        assert answer.json()["kept"] == 1
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k-2"}
    at = max(n for n, e in app.trial.state.events.items() if isinstance(e, VitalSignsRecorded))
    corrected = {
        "event": EntryCorrected.__name__,
        "site": app.trial.state.events[at].site,
        "of": at,
        "occurred_on": str(NOW.date()),
        "reason": "it was misread",
        "fields": {"encounter": None},
    }
    answer = client.post("/api/events", corrected, "application/json", headers=headers)
    assert answer.status_code in (403, 404, 503), "a correction is none of what is kept"
    assert len(kept()) == 1


def kept_of_two(app: Running, nurse: Client) -> str:
    """Have a report and a weight kept; return the token under which the weight was sent."""
    one, token = treated(app), make_token(User.objects.get(username="nurse.S01.1"), "test", "")
    assert report(nurse, one.id).status_code == 302
    assert weigh(Client(), token, one.id).status_code == 202
    return token


def test_nobody_merges_alone(app: Running, tmp_path: Path, struck, signed_in) -> None:
    nurse, first = signed_in("nurse.S01.1"), signed_in("investigator.S01.1")
    struck()
    kept_of_two(app, nurse)
    page = first.get("/downtime/")
    assert "They can be merged once the ledger is sound again." in markup(page)
    assert asked(first, kept_last()).status_code == 503
    restore(tmp_path)
    before = app.trial.state.position
    page = first.get("/downtime/")
    last = last_of(page)
    assert last == kept_last()
    assert "2 entries are in the downtime journal" in markup(page)
    assert "nobody merges the downtime journal alone" in markup(asked(first, last, "merge"))
    assert "a second person merges" in markup(asked(first, last))
    assert "nobody merges the downtime journal alone" in markup(asked(first, last, "merge"))
    for who in ("nurse.S01.1", "investigator.S02.1", "sponsor.1"):
        assert "is merged by others" in markup(asked(signed_in(who), last, "merge"))
    assert running().trial.state.position == before


def test_two_people_merge_once_the_ledger_is_restored(
    app: Running, tmp_path: Path, struck, signed_in, at
) -> None:
    nurse, before = signed_in("nurse.S01.1"), app.trial.state.position
    first, second = signed_in("investigator.S01.1"), signed_in("coordinator.S01.1")
    struck()
    token = kept_of_two(app, nurse)
    restore(tmp_path)
    at(NOW + timedelta(hours=3))
    asked(first, kept_last())
    page = asked(second, kept_last(), "merge")
    assert "Entry 1 of the downtime journal is entry" in markup(page)
    assert "Nothing is kept that is not in the ledger." in markup(page)
    state = running().trial.state
    made = [state.events[n] for n in range(before + 1, state.position + 1)]
    reported = next(e for e in made if isinstance(e, AdverseEventReported))
    assert reported.recorded_by == "coordinator.S01.1"
    assert reported.paper
    assert reported.paper.signed_by == "nurse.S01.1"
    assert reported.paper.signed_at == NOW
    assert reported.paper.filed == "downtime journal, entry 1"
    assert sum(isinstance(e, VitalSignsRecorded) for e in made) == 1
    assert [p.name for p in running().journal.path.parent.glob("*.downtime.*jsonl")] == [
        f"{running().trial.name}.downtime.1.jsonl"
    ]
    again = weigh(Client(), token, treated(app).id)  # it never heard of the first answer
    assert again.status_code == 201, again.content
    assert running().trial.state.position == state.position


def test_what_came_after_the_asking_is_looked_at_too(
    app: Running, tmp_path: Path, struck, signed_in
) -> None:
    one, nurse = treated(app), signed_in("nurse.S01.1")
    first, second = signed_in("investigator.S01.1"), signed_in("coordinator.S01.1")
    struck()
    report(nurse, one.id)
    restore(tmp_path)
    last = last_of(first.get("/downtime/"))
    asked(first, last)
    forge(running(), tmp_path)
    report(nurse, one.id, "Nausea", "r-2")
    restore(tmp_path)
    assert "has changed since it was looked at" in markup(asked(second, last, "merge"))
    assert "nobody merges" in markup(asked(second, last_of(second.get("/downtime/")), "merge"))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("site", ["S02", ""])
def test_who_sees_and_merges_is_of_the_site(
    app: Running, tmp_path: Path, signed_in, role: str, site: str
) -> None:
    one = treated(app)
    forge(app, tmp_path)
    assert report(signed_in("nurse.S01.1"), one.id).status_code == 302
    app.trial.state.roles["probe", site] = {role}
    user = User.objects.create_user("probe", "Probe", PASSWORD)
    client = Client()
    client.force_login(user, backend=BACKEND)
    page = client.get("/downtime/")
    seen = page.status_code == 200 and "Headache" in markup(page)
    access = access_of(running().trial.state, "probe", NOW)
    assert seen is ("S01" in access.sites("participants"))
    assert not (seen and site == "S02")


def test_an_altered_journal_is_told_and_pages_stay_open(
    app: Running, tmp_path: Path, signed_in
) -> None:
    one, nurse = treated(app), signed_in("nurse.S01.1")
    forge(app, tmp_path)
    report(nurse, one.id)
    path = running().journal.path
    path.write_text(path.read_text().replace("Headache", "Heartache"))
    page = nurse.get(f"/participants/{one.id}/emergency/")
    assert page.status_code == 200
    assert "The downtime journal cannot be read as this application wrote it" in markup(page)
    sent = report(nurse, one.id, "Nausea", "r-2")
    assert sent.status_code == 422
    assert "line 2 of the downtime journal is not as" in markup(sent)
    page = nurse.get("/downtime/")
    assert page.status_code == 400
    assert "line 2 of the downtime journal is not as" in markup(page)
