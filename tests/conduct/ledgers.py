"""Ledgers to test: one port over a SQLite file and a schema of a real PostgreSQL."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from gradatim.conduct.event_store import Sealing
from gradatim.conduct.stores import Head, Store, StoreMode, open_store
from tests.engines import POSTGRES, PostgresSchema

TRIAL = "NCT05962762"
STORES = ["sqlite", pytest.param("postgres", marks=POSTGRES)]


def body(number: int) -> bytes:
    """An event's bytes, not all of them ASCII."""
    return f'{{"event":"weight","n":{number},"of":"Grün 陈"}}'.encode()


def fill(store: Store, events: int, trial: str = TRIAL) -> Head:
    """Record events in one go; every second one has an idempotency key."""
    return store.append(
        trial,
        [(body(n), f"request-{n}" if n % 2 else "") for n in range(1, events + 1)],
        store.head(trial),
    )


class Ledger:
    """A place for a ledger, and what its owner can do to it behind the store's back."""

    url: str
    kind: str

    def __init__(self) -> None:
        self.opened: list[Any] = []

    def store(self, mode: StoreMode = StoreMode.CREATE, sealing: Sealing | None = None) -> Any:
        """Open it once more, through a connection of its own."""
        store: Any = open_store(self.url, mode, sealing)
        self.opened.append(store.connection)
        return store

    def close(self) -> None:
        for connection in self.opened:
            connection.close()
        self.opened.clear()

    def connect(self) -> Any:
        """A plain connection, in the state in which an application has it."""
        raise NotImplementedError

    def tampered(self) -> AbstractContextManager[Callable[..., Any]]:
        """As the table's owner, with the protections off: give a function that executes."""
        raise NotImplementedError

    def copy(self) -> Callable[[], None]:
        """Keep a copy; give a function that puts it back in place of the ledger."""
        raise NotImplementedError


class SqliteLedger(Ledger):
    kind = "sqlite"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.path = folder / "trial.sqlite"
        self.url = f"sqlite:///{self.path}"

    def connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path)
        self.opened.append(connection)
        return connection

    @contextmanager
    def tampered(self) -> Iterator[Callable[..., Any]]:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as owner:
            kept = owner.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = kept.fetchall()
            for name, _ in triggers:
                owner.execute(f"DROP TRIGGER {name}")
            yield owner.execute
            for _, sql in triggers:
                owner.execute(sql)

    def copy(self) -> Callable[[], None]:
        kept = self.path.with_suffix(".backup")
        with closing(sqlite3.connect(self.path)) as owner, closing(sqlite3.connect(kept)) as copy:
            owner.backup(copy)

        def restore() -> None:
            self.close()
            for ending in ("-wal", "-shm"):
                self.path.with_name(self.path.name + ending).unlink(missing_ok=True)
            shutil.copy(kept, self.path)

        return restore


class PostgresLedger(Ledger):
    kind = "postgres"

    def __init__(self, schema: PostgresSchema) -> None:
        super().__init__()
        self.schema = schema
        self.url = (
            f"postgresql://postgres@/postgres?host={schema.host}"
            f"&options=-csearch_path%3D{schema.schema}"
        )

    def connect(self) -> Any:
        import psycopg

        connection = psycopg.connect(self.url)
        self.opened.append(connection)
        return connection

    @contextmanager
    def tampered(self) -> Iterator[Callable[..., Any]]:
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as owner:
            for table in ("ledger_event", "ledger_seal"):
                owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            yield lambda sql, values=(): owner.execute(sql.replace("?", "%s"), values)
            for table in ("ledger_event", "ledger_seal"):
                owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    def copy(self) -> Callable[[], None]:
        self.schema.execute(
            f"CREATE TABLE {self.schema.schema}.kept AS "
            f"SELECT * FROM {self.schema.schema}.ledger_event"
        )

        def restore() -> None:
            with self.tampered() as execute:
                execute("DELETE FROM ledger_event")
                execute("INSERT INTO ledger_event SELECT * FROM kept")

        return restore


@pytest.fixture(params=STORES)
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    """A place for a ledger in each database in turn; nothing is there yet."""
    made: Ledger
    if request.param == "postgres":
        made = PostgresLedger(PostgresSchema(request.getfixturevalue("postgres_server")))
    else:
        made = SqliteLedger(tmp_path)
    yield made
    made.close()
