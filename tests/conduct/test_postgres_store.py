"""PostgreSQL alone: truncation, sessions' settings, isolation levels, roles, lost connections."""

import pytest

from gradatim.conduct.ledger import verify
from gradatim.conduct.stores import PostgresStore, open_store
from gradatim.core.errors import UnusableInput
from tests.conduct.ledgers import TRIAL, PostgresLedger, fill


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
