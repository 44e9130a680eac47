"""`gradatim serve` as it is run: begun, used, stopped, refused; on either database."""

import json
import os
import re
import signal
import socket
import threading
from datetime import UTC, datetime
from itertools import count

import psycopg
import pytest

from gradatim.conduct.event_store import StoreMode
from gradatim.conduct.events.trial import TrialCreated
from gradatim.conduct.ledger import verify
from gradatim.conduct.stores import open_store
from gradatim.conduct.trial import Trial
from gradatim.web.operations.smoke_test import Visitor
from tests.waiting import wait_until
from tests.web.operations.installed import SPONSOR, TRIAL, Installation, Sender, Serving, entered

pytestmark = pytest.mark.slow


def test_from_nothing_to_a_first_entry(either: Installation):
    """Tables, trial, first person by link, second factor, an act; then a stop that waits."""
    link = either.begin_anew()
    with either.served() as server:
        person = entered(Sender(server.address), link)
        # The second says by which key all is sealed, the fourth by which this person signs.
        assert "entry 4" in person.page("/")
        assert person.acknowledged(person.approval_form(), "first-act")
        assert "first-act" in person.page("/audit/")
        assert Visitor(server.address).ask(link).status == 404  # a link works once
        assert server.stop() == 0
    store = open_store(either.url, StoreMode.READ)
    entries, seals = store.contents(TRIAL)
    found = verify(entries, TRIAL, seals=seals)
    store.close()
    assert (found.ok, found.events, found.sealed_from) == (True, 5, 2)


def test_the_log_is_json_and_names_no_page(small: Installation):
    """Every line of it, those of the server's own too; no line holds what an address held."""
    small.begin()
    with small.served() as server:
        visitor = Visitor(server.address)
        visitor.ask("/participants/S01-secret/?name=secret")
        visitor.ask("/invitation/secret/")
    lines = [json.loads(line) for line in small.log.read_text().splitlines()]
    assert {"gradatim.request", "gunicorn.error"} <= {one["logger"] for one in lines}
    assert [one for one in lines if "secret" in json.dumps(one)] == []


def test_a_worker_that_dies_is_replaced(small: Installation):
    """The others answer meanwhile; the new one knows what was recorded since the start."""
    link = small.begin()
    with small.served(workers=1) as server:
        person = entered(Sender(server.address), link)
        assert person.acknowledged(person.approval_form(), "before-the-end")
        booted = re.findall(r"Booting worker with pid: (\d+)", small.log.read_text())
        os.kill(int(booted[-1]), signal.SIGKILL)
        wait_until(
            lambda: small.log.read_text().count("Booting worker") == 2, "a worker in its place"
        )
        assert "before-the-end" in person.page("/audit/")


def test_a_stop_lets_requests_finish(small: Installation):
    """What is under way when SIGTERM comes is answered."""
    small.begin()
    with small.served() as server:
        host, port = server.address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), 60) as open_:
            body = b"username=nobody&password=" + b"x" * 40
            open_.sendall(
                b"POST /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: "
                + str(len(body)).encode()
                + b"\r\nContent-Type: application/x-www-form-urlencoded"
                + b"\r\nExpect: 100-continue\r\n\r\n"
            )
            assert open_.recv(100).startswith(b"HTTP/1.1 100")  # it is under way
            server.process.terminate()
            wait_until(lambda: "Handling signal: term" in small.log.read_text(), "the signal")
            open_.sendall(body)
            assert open_.recv(100).startswith(b"HTTP/1.1 403")  # without a token it is forged
        assert server.process.wait(40) == 0


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
def test_connections_are_opened_again_when_the_server_closes_them(large: Installation):
    """PostgreSQL is restarted for an upgrade: the application goes on without being told."""
    link = large.begin()
    with large.served() as server:
        person = entered(Sender(server.address), link)
        with psycopg.connect(large.url, autocommit=True) as owner:
            owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        for _ in range(12):
            assert person.ask("/audit/").status == 200
            assert Visitor(server.address).ask("/healthz").status == 200


def test_made_up_people_are_not_served(small: Installation):
    """A simulated ledger is refused, by one message."""
    small.done("simulate", "example_oncology_tablet", small.url, "--until", "2027-01-06")
    small.done("database", "migrate")
    ran = small.run("serve", "--port", "0")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "this ledger is of a simulated trial" in ran.stderr
    assert len(ran.stderr.strip().splitlines()) == 1


def test_a_real_trial_is_not_served_as_a_demonstration(small: Installation):
    """GRADATIM_DEMO would switch the second factor off."""
    small.begin()
    ran = small.run("serve", "--port", "0", GRADATIM_DEMO="1")
    assert ran.returncode == 2
    assert "GRADATIM_DEMO=1 switches the second factor off" in ran.stderr


def test_what_is_missing_is_said_with_the_command_that_makes_it(small: Installation):
    """No tables; no trial; a trial of another name."""
    small.done("trial", "begin", TRIAL, "--sponsor", SPONSOR)
    ran = small.run("serve", "--port", "0")
    assert (ran.returncode, "`gradatim database migrate`" in ran.stderr) == (2, True)
    assert "back it up" in ran.stderr.lower()
    small.done("database", "migrate")
    assert "as they should be" in small.done("database", "migrate")
    ran = small.run("serve", "--port", "0", GRADATIM_TRIAL="NCT99999999")
    assert (ran.returncode, "has no trial NCT99999999" in ran.stderr) == (2, True)


def test_an_empty_ledger_says_how_to_begin(small: Installation):
    """Tables, but nothing in the ledger."""
    small.done("database", "migrate")
    ran = small.run("serve", "--port", "0")
    assert (ran.returncode, "`gradatim trial begin`" in ran.stderr) == (2, True)


def test_a_beginning_that_broke_off_is_gone_on_with(small: Installation):
    """The trial is there, its sponsor is not yet; a trial that has begun is not begun again."""
    small.done("database", "migrate")
    store = open_store(small.url, StoreMode.CREATE)
    now = datetime.now(UTC)
    Trial(store, TRIAL).record(
        TrialCreated(occurred_on=now.date(), recorded_at=now, recorded_by=SPONSOR, mode="real")
    )
    small.done("trial", "begin", TRIAL, "--sponsor", SPONSOR)
    assert Trial(store, TRIAL).state.roles == {(SPONSOR, ""): {"sponsor"}}
    store.close()
    ran = small.run("trial", "begin", TRIAL, "--sponsor", SPONSOR)
    assert (ran.returncode, "has a trial" in ran.stderr) == (2, True)


def test_without_https_only_this_machine_connects(small: Installation):
    """A password never travels in the open."""
    small.begin()
    ran = small.run("serve", "--host", "0.0.0.0", "--port", "0")
    assert (ran.returncode, "only this machine may connect" in ran.stderr) == (2, True)


def test_an_address_that_is_taken_is_refused_at_once(small: Installation):
    """One message, and not a minute of trying."""
    small.begin()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = small.run("serve", "--port", taken.getsockname()[1])
    assert (ran.returncode, "cannot be listened at" in ran.stderr) == (2, True)


def test_keys_that_others_may_read_stop_the_start(small: Installation):
    """Found when the server starts, not when the first participant is registered."""
    small.begin()
    (small.folder / "keys").mkdir(exist_ok=True)
    (small.folder / "keys").chmod(0o755)
    ran = small.run("serve", "--port", "0")
    assert (ran.returncode, "others may read these keys" in ran.stderr) == (2, True)


def test_killed_under_writes_it_loses_nothing_it_acknowledged(either: Installation):
    """kill -9 of all processes, three times: every acknowledged act is there, and once."""
    link, said = either.begin(), list[str]()
    with either.served() as server:
        person = entered(Sender(server.address), link)
        _write_until_killed(server, person, "round-1", said)
    for again in ("round-2", "round-3"):
        with either.served() as server:
            person.address = server.address
            _write_until_killed(server, person, again, said)
    store = open_store(either.url, StoreMode.READ)
    entries, seals = (list(store.read(TRIAL)), list(store.seals(TRIAL)))
    store.close()
    assert verify(entries, TRIAL, seals=seals).ok
    requests = [one.request for one in entries if one.request]
    assert len(said) > 30
    assert set(said) <= set(requests)
    assert len(requests) == len(set(requests))


def _write_until_killed(server: Serving, person: Sender, name: str, said: list[str]) -> None:
    """Have four clients record as fast as they can; end the server after a dozen acts of them."""
    form, killed = person.approval_form(), threading.Event()

    def write(client: int) -> None:
        for number in count():
            if killed.is_set():
                return
            reference = f"{name}-{client}-{number}"
            if person.acknowledged(form, reference):
                said.append(reference)

    clients = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for one in clients:
        one.start()
    before = len(said)
    wait_until(lambda: len(said) >= before + 12, "acknowledged acts")
    server.kill()
    killed.set()
    for one in clients:
        one.join()
