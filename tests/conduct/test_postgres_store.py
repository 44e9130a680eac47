"""PostgreSQL alone: truncation, sessions' settings, isolation levels, roles, lost connections."""

from typing import Any

import psycopg
import pytest

from gradatim.conduct.event_store import Cause, StorageUnavailable
from gradatim.conduct.ledger import verify
from gradatim.conduct.stores import PostgresStore, StoreMode, open_store
from gradatim.core.errors import UnusableInput
from tests.conduct.ledgers import TRIAL, PostgresLedger, fill
from tests.relay import relay


@pytest.fixture
def postgres_ledger(postgres):
    made = PostgresLedger(postgres)
    yield made
    made.close()


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
class TestPostgres:
    """What only a server has: truncation, sessions' settings, other isolation levels."""

    def test_truncate_is_refused(self, postgres_ledger):
        fill(postgres_ledger.store(), 2)
        with pytest.raises(Exception, match="ledger: events are never changed or deleted"):
            postgres_ledger.connect().execute("TRUNCATE ledger_event")

    @pytest.mark.parametrize("setting", ["off", "local", "remote_write"])
    def test_a_session_that_would_lose_events_is_refused(self, postgres_ledger, setting):
        postgres_ledger.store()
        connection = postgres_ledger.connect()
        connection.autocommit = True
        connection.execute(f"SET synchronous_commit = {setting}")
        with pytest.raises(UnusableInput, match=f"runs with synchronous_commit = {setting}"):
            PostgresStore(connection)

    def test_a_setting_turned_off_later_is_seen_at_the_next_event(self, postgres_ledger):
        store = postgres_ledger.store()
        head = fill(store, 1)
        store.connection.execute("SET synchronous_commit = off")
        with pytest.raises(UnusableInput, match="would not survive a crash"):
            store.append(TRIAL, [(b"{}", "")], head)
        assert store.head(TRIAL) == head

    @pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
    def test_a_stale_snapshot_cannot_fork_the_chain(self, postgres_ledger, level):
        store = postgres_ledger.store()
        head = fill(store, 1)
        connection = postgres_ledger.connect()
        connection.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
        late = PostgresStore(connection)
        assert late.head(TRIAL) == head
        store.append(TRIAL, [(b"{}", "")], head)
        with pytest.raises(UnusableInput):
            late.append(TRIAL, [(b"other", "")], head)
        connection.rollback()
        assert verify(store.read(TRIAL), TRIAL)[:3] == (2, store.head(TRIAL).hash, True)

    def test_a_lock_held_too_long_is_said(self, postgres_ledger, monkeypatch):
        monkeypatch.setattr("gradatim.conduct.postgresql.stores.WAIT", "50ms")
        store = postgres_ledger.store()
        head = fill(store, 1)
        other = postgres_ledger.connect()
        other.execute("SELECT 1")  # its transaction begins
        PostgresStore(other)._lock(TRIAL)
        with pytest.raises(UnusableInput, match="in use by another writer"):
            store.append(TRIAL, [(b"{}", "")], head)

    def test_a_role_that_may_only_read_is_told(self, postgres_ledger):
        head = fill(postgres_ledger.store(), 2)
        schema = postgres_ledger.schema
        schema.execute(f"GRANT SELECT ON {schema.schema}.ledger_event TO reader")
        store = open_store(postgres_ledger.url.replace("postgres@", "reader@"))
        assert verify(store.read(TRIAL), TRIAL).ok
        with pytest.raises(UnusableInput, match="Give the user the right"):
            store.append(TRIAL, [(b"{}", "")], head)
        store.close()

    def test_a_lost_connection_is_said(self, postgres_ledger):
        store = postgres_ledger.store()
        head = fill(store, 1)
        pid = store.connection.info.backend_pid
        postgres_ledger.schema.execute(f"SELECT pg_terminate_backend({pid})")
        with pytest.raises(UnusableInput, match="whether it was recorded"):
            store.append(TRIAL, [(b"{}", "")], head)
        assert postgres_ledger.store().head(TRIAL) == head

    def test_a_server_that_does_not_answer_is_said(self, tmp_path):
        with pytest.raises(UnusableInput, match="PostgreSQL says"):
            open_store(f"postgresql://postgres@/postgres?host={tmp_path}")


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
class TestWaiting:
    """How long a server is waited for."""

    def test_a_silent_server_is_given_up(self, postgres_ledger):
        """While an append waits for it, and while a connection is made."""
        with relay(postgres_ledger.schema.host) as way:
            url = postgres_ledger.url.replace("@/", f"@127.0.0.1:{way.port}/")
            url = url.replace(f"host={postgres_ledger.schema.host}&", "")
            store: Any = open_store(url, StoreMode.CREATE, patience=0.5)
            head = fill(store, 1)
            way.swallow()
            for asked in (lambda: store.append(TRIAL, [(b"{}", "")], head), reopened(url)):
                with pytest.raises(StorageUnavailable, match="does not answer") as told:
                    asked()
                assert told.value.cause is Cause.SILENT
            assert (store.connection.closed, store.connection.gave_up) == (True, True)
        assert postgres_ledger.store().head(TRIAL) == head

    def test_long_statements_and_waits_end_unless_the_address_says_otherwise(self, postgres_ledger):
        store: Any = open_store(postgres_ledger.url, StoreMode.CREATE, patience=0.5)
        assert limits(store) == ("400ms", "250ms")
        with pytest.raises(StorageUnavailable, match="does not answer") as told, store._faults():
            store._rows("SELECT pg_sleep(60)", ())
        assert told.value.cause is Cause.SILENT
        assert not store.connection.closed
        store.close()
        own = open_store(f"{postgres_ledger.url}%20-cstatement_timeout%3D7s", patience=0.5)
        assert limits(own) == ("7s", "250ms")
        own.close()

    @pytest.mark.parametrize("ready", [0, 1])
    def test_only_silence_is_given_up(self, postgres_ledger, monkeypatch, ready: int):
        """Each sign of the server counts, however long all of it takes."""
        clock, connection = iter(range(0, 100, 4)), postgres_ledger.store().connection
        monkeypatch.setattr("gradatim.conduct.postgresql.bounded.monotonic", lambda: next(clock))
        waiting = connection._bounded(one for one in "rrrrr")
        next(waiting)
        if ready:
            assert [waiting.send(1) for _ in range(4)] == ["r"] * 4
            return
        with pytest.raises(psycopg.OperationalError, match="no answer within 10 seconds"):
            [waiting.send(0) for _ in range(4)]
        monkeypatch.undo()


def reopened(url):
    return lambda: open_store(url, patience=0.5)


def limits(store):
    shown = (store.connection.execute(f"SHOW {one}_timeout") for one in ("statement", "lock"))
    return tuple(one.fetchone()[0] for one in shown)
