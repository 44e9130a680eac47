"""After any crash: no acknowledged event is lost, none is half there, and the chain holds.

The full-size run is `python -m benchmarks.faults`; its figures are in docs/faults.md.
"""

import json
import subprocess
import sys

import pytest

from gradatim.conduct.stores import PostgresStore, StoreMode, open_store
from gradatim.core.errors import UnusableInput
from tests.conduct import torn
from tests.conduct.ledgers import TRIAL, PostgresLedger, body, fill
from tests.conduct.syncs import CALLS, calls, unsynced, untraceable
from tests.waiting import wait_until

KILLS, STEP = 100, 211
SEED = 5962762

ACKNOWLEDGE = """
import os, sys
from gradatim.conduct.stores import StoreMode, open_store
store = open_store(sys.argv[1], StoreMode.CREATE)
head = store.head("T")
for _ in range(20):
    head = store.append("T", [(b"x" * 5000, "")], head)
    os.write(1, b"acknowledged %d\\n" % head.position)
"""


def killed(target):
    ran = subprocess.run(
        [sys.executable, "-m", "tests.conduct.faults", str(target), str(KILLS), str(SEED)],
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    figures = json.loads(ran.stdout)
    assert figures.pop("kills") == KILLS
    assert figures.pop("acknowledged") >= KILLS
    assert figures.pop("kept_unacknowledged") > 0
    return figures


NOTHING = {"lost": 0, "half_written": 0, "broken_chains": 0, "refused_openings": 0}


@pytest.mark.slow
def test_killed_writers_lose_nothing_they_acknowledged_sqlite(tmp_path):
    assert killed(tmp_path) == NOTHING


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
def test_killed_writers_lose_nothing_they_acknowledged_postgres(postgres):
    assert killed(PostgresLedger(postgres).url) == NOTHING


@pytest.mark.slow
def test_a_log_torn_or_altered_after_the_last_sync_gives_exactly_what_was_acknowledged(tmp_path):
    recorded = torn.record(tmp_path)
    assert len({one.head for one in recorded.synced}) == 6
    for how, log, expected in torn.torn(recorded, STEP):
        assert torn.recovered(tmp_path, recorded.database, log) == (expected, True, True), how


@pytest.mark.skipif(bool(untraceable()), reason=untraceable() or "traced")
def test_an_fsync_of_the_log_precedes_each_acknowledgement_sqlite(tmp_path):
    trace, path = tmp_path / "trace", tmp_path / "trial.sqlite"
    ran = subprocess.run(
        ["strace", "-f", "-y", "-e", CALLS, "-o", trace, sys.executable, "-c", ACKNOWLEDGE, path],
        capture_output=True,
        text=True,
    )
    assert ran.stdout.count("acknowledged") == 20, ran.stderr
    traced = list(calls(trace.read_text().splitlines()))
    assert unsynced(traced, "trial.sqlite-wal", "acknowledged") == (20, 0)
    first = next(n for n, call in enumerate(traced) if "acknowledged" in call.rest)
    folder = [
        n for n, call in enumerate(traced) if call.file == str(tmp_path) and "sync" in call.name
    ]
    assert folder
    assert folder[0] < first  # the log's name is on the disk too


@pytest.mark.skipif(bool(untraceable()), reason=untraceable() or "traced")
def test_an_acknowledgement_without_fsync_would_be_seen(tmp_path):
    """The proof proves something: with synchronous off every acknowledgement is bad."""
    trace, path = tmp_path / "trace", tmp_path / "trial.sqlite"
    off = "store.connection.execute('PRAGMA synchronous = OFF')\nfor _"
    code = ACKNOWLEDGE.replace("for _", off)
    subprocess.run(
        ["strace", "-f", "-y", "-e", CALLS, "-o", trace, sys.executable, "-c", code, path],
        capture_output=True,
        check=True,
    )
    traced = calls(trace.read_text().splitlines())
    assert unsynced(traced, "trial.sqlite-wal", "acknowledged") == (20, 20)


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
class TestPostgres:
    """The server's side: what it syncs before it says COMMIT, and what it is asked at start."""

    @pytest.fixture
    def store(self, postgres):
        made = open_store(PostgresLedger(postgres).url, StoreMode.CREATE)
        fill(made, 1)
        yield made
        made.close()

    @pytest.mark.skipif(bool(untraceable()), reason=untraceable() or "traced")
    def test_an_fsync_of_the_log_precedes_each_commit(self, store, tmp_path):
        """The session's process and the log writer's are traced together: either may sync."""
        trace = tmp_path / "trace"
        ids = store.connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE pid = pg_backend_pid() "
            "OR backend_type = 'walwriter'"
        ).fetchall()
        attached = [word for (pid,) in ids for word in ("-p", str(pid))]
        tracer = subprocess.Popen(
            ["strace", "-f", "-y", "-e", CALLS, "-o", trace, *attached],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert tracer.stderr
        assert all("attached" in tracer.stderr.readline() for _ in ids)
        head = store.head(TRIAL)
        for number in range(20):
            head = store.append(TRIAL, [(body(number), "")], head)

        def traced():
            return unsynced(calls(trace.read_text().splitlines()), "pg_wal", "COMMIT")

        wait_until(lambda: traced()[0] == 20, lambda: f"20 traced commits, not {traced()[0]}")
        tracer.terminate()
        tracer.wait()
        assert traced() == (20, 0)

    @pytest.mark.parametrize("setting", ["off", "local", "remote_write"])
    def test_a_session_that_would_not_wait_for_the_log_is_refused(self, store, setting):
        store.connection.execute(f"SET synchronous_commit = {setting}")
        with pytest.raises(UnusableInput, match=f"synchronous_commit = {setting}"):
            PostgresStore(store.connection)

    @pytest.mark.parametrize("name", ["fsync", "full_page_writes"])
    def test_a_server_that_would_lose_events_in_a_crash_is_refused(self, store, postgres, name):
        def turn(value):
            postgres.execute(f"ALTER SYSTEM SET {name} = {value}", "SELECT pg_reload_conf()")
            wait_until(lambda: shown() == (value,), f"{name} = {value}")

        def shown():
            with postgres.owner() as owner:
                return owner.execute(f"SHOW {name}").fetchone()

        try:
            turn("off")
            with pytest.raises(UnusableInput, match=f"PostgreSQL runs with {name} = off"):
                PostgresStore(store.connection)
        finally:
            turn("on")
            postgres.execute(f"ALTER SYSTEM RESET {name}", "SELECT pg_reload_conf()")
        assert PostgresStore(store.connection).head(TRIAL).position == 1
