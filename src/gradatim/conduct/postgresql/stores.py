"""The tables of events and seals in PostgreSQL, through a connection of psycopg 3."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.resources import files
from typing import Any

from gradatim.conduct.event_store import Cause, Sealing, StorageUnavailable, StoreMode
from gradatim.conduct.event_table import INSERT, INSERT_SEAL, SEALS, TABLE, EventTable, Refused
from gradatim.conduct.ledger import Entry
from gradatim.core.errors import UnusableInput

WAIT = "5s"  # for another writer to finish
REQUIRED = {
    "fsync": ("on",),
    "full_page_writes": ("on",),
    "synchronous_commit": ("on", "remote_apply"),
}
_SETTINGS = "SELECT name, setting FROM pg_settings WHERE name = ANY(?)"
PROTECTIONS = {
    f"{table}_{what}" for table in (TABLE, SEALS) for what in ("next", "no_change", "no_truncate")
}
TRIGGERS = """
SELECT tgname FROM pg_trigger
WHERE tgrelid IN (to_regclass(?), to_regclass(?)) AND NOT tgisinternal AND tgenabled = 'O'"""
LOCK = """
SELECT set_config('lock_timeout', ?, true), current_setting('synchronous_commit'),
       pg_advisory_xact_lock(hashtextextended(?, 5962762))"""
MAKING = "SELECT pg_advisory_xact_lock(5962762)"


class PostgresStore(EventTable):
    """The ledger in a PostgreSQL schema (the first of the connection's search path).

    Raises:
        UnusableInput: the server would lose acknowledged events in a crash, or it is not a ledger.
    """

    page = (
        f"SELECT position, request, body, hash FROM {TABLE} "
        "WHERE trial = ? AND position > ? AND position <= ? ORDER BY position LIMIT ?"
    )

    def __init__(
        self,
        connection: Any,
        mode: StoreMode = StoreMode.CREATE,
        sealing: Sealing | None = None,
    ) -> None:
        import psycopg

        self.psycopg = psycopg
        super().__init__(connection, mode, sealing)

    def _prepare(self) -> None:
        if self.mode is not StoreMode.READ:
            for name, setting in self._rows(_SETTINGS, (list(REQUIRED),)):
                _assert_setting(name, setting)
        if self.mode is StoreMode.CREATE and not self._exists(TABLE):
            self._create("table.sql")
        if not self._exists(TABLE):
            raise UnusableInput("there is no ledger in this database", "", f"no table {TABLE}")
        self.has_seals = self._exists(SEALS)
        if not self.has_seals and self.mode is not StoreMode.READ:
            self._add_seals()
        missing = PROTECTIONS - {name for (name,) in self._rows(TRIGGERS, (TABLE, SEALS))}
        if missing and self.mode is not StoreMode.READ:
            raise UnusableInput(
                "this ledger is not protected",
                "",
                f"the trigger {', '.join(sorted(missing))} is missing or off",
                "verify it against a checkpoint before it is used",
            )

    def _exists(self, table: str) -> bool:
        return self._rows("SELECT to_regclass(?) IS NOT NULL", (table,)) == [(True,)]

    def _add_seals(self) -> None:
        """Make the table that the ledger of an earlier version has not."""
        try:
            self._create("seals.sql")
        except self.psycopg.errors.InsufficientPrivilege as error:
            raise UnusableInput(
                "the ledger has no table of seals yet",
                "",
                f"{str(error).strip()}: this user may not make it",
                "run `gradatim database migrate` as the owner of the tables",
            ) from error
        self.has_seals = True

    def _create(self, name: str) -> None:
        statements = files("gradatim.conduct.postgresql").joinpath(name).read_text("utf-8")
        with self._transaction():
            self.connection.execute(MAKING)
            self.connection.execute(statements)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except self.psycopg.IntegrityError as error:
            raise Refused(str(error)) from error
        except self.psycopg.Error as error:
            raise _explained(error) from error

    def _transaction(self) -> AbstractContextManager[Any]:
        made: AbstractContextManager[Any] = self.connection.transaction()
        return made

    def _try_to_write(self) -> None:
        if self._rows("SELECT current_setting('transaction_read_only')", ()) == [("on",)]:
            raise _of_state("25006", "its transactions are read-only")

    def _lock(self, trial: str) -> None:
        ((_, setting, _),) = self._rows(LOCK, (WAIT, trial))
        _assert_setting("synchronous_commit", setting)

    def _rows(self, statement: str, parameters: Sequence[Any]) -> list[Any]:
        rows = self.psycopg.rows.tuple_row
        with self._ended(), self.connection.cursor(binary=True, row_factory=rows) as cursor:
            return list(cursor.execute(statement.replace("?", "%s"), parameters).fetchall())

    def _ended(self) -> AbstractContextManager[Any]:
        """End what reading alone would begin: later appends would wait for a commit unseen."""
        idle = self.connection.info.transaction_status == self.psycopg.pq.TransactionStatus.IDLE
        return self._transaction() if idle and not self.connection.autocommit else nullcontext()

    def _insert(self, entries: Sequence[Entry]) -> None:
        with self.connection.cursor() as cursor:
            cursor.executemany(INSERT.replace("?", "%b"), entries)

    def _insert_seals(self, seals: Sequence[tuple[str, int, bytes, bytes]]) -> None:
        with self.connection.cursor() as cursor:
            cursor.executemany(INSERT_SEAL.replace("?", "%b"), seals)


def _assert_setting(name: str, setting: str) -> None:
    if setting not in REQUIRED[name]:
        raise UnusableInput(
            f"PostgreSQL runs with {name} = {setting}",
            "",
            "acknowledged events would not survive a crash",
            f"set {name} = on",
        )


_ASK = "ask by the request's key whether it was recorded"
_FULL = "the server's disk is full", "make room; nothing was recorded"
_BUSY = "the ledger is in use by another writer", "try again"
_SILENT = "the database does not answer", f"see to the server, then {_ASK}"
_STATES = {
    "53100": (Cause.FULL, *_FULL),
    "55P03": (Cause.BUSY, *_BUSY),
    "57014": (Cause.SILENT, *_SILENT),
    "25006": (Cause.READ_ONLY, "this ledger cannot be written to", "connect to the primary server"),
    "42501": (Cause.UNUSABLE, "this ledger cannot be used", "give the user the right to it"),
}
_CLASSES = {
    "08": (Cause.SILENT, *_SILENT),  # the connection
    "53": (Cause.UNUSABLE, "the server has too little of something", "see to the server"),
    "57": (Cause.SILENT, *_SILENT),  # it is shut down, or starts
    "58": (Cause.UNUSABLE, "the server's disk fails", "see to the server"),
}
"""By state, or the class of it. Source: PostgreSQL 18, appendix A."""


def postgres_unavailable(error: Exception) -> StorageUnavailable | None:
    """Return what an error of psycopg says of the database; None where it is of a statement."""
    state = getattr(error, "sqlstate", None) or ""
    if state in _STATES or state[:2] in _CLASSES:
        return _of_state(state, str(error).strip())
    if not state and type(error).__name__ in ("OperationalError", "ConnectionTimeout"):
        return _of_state("08000", str(error).strip())  # psycopg's own: there is no connection
    return None


def _of_state(state: str, said: str) -> StorageUnavailable:
    cause, what, todo = _STATES.get(state) or _CLASSES[state[:2]]
    return StorageUnavailable(cause, what, f"PostgreSQL says: {said}", todo)


def _explained(error: Exception) -> StorageUnavailable:
    said = f"PostgreSQL says: {str(error).strip()}"
    cannot = StorageUnavailable(Cause.UNUSABLE, "the ledger cannot be used", said, _ASK)
    return postgres_unavailable(error) or cannot


def open_postgres(
    url: str, mode: StoreMode, sealing: Sealing | None = None, patience: float | None = None
) -> PostgresStore:
    """Connect to a PostgreSQL URL as a ledger.

    Args:
        url: as libpq reads it.
        mode: what for.
        sealing: the keys that seal what is recorded.
        patience: seconds after which a server that does not answer is given up.

    Raises:
        UnusableInput: psycopg is not installed, the server does not answer, or is not fit.
    """
    try:
        import psycopg

        from gradatim.conduct.postgresql.bounded import PATIENCE, BoundedConnection
    except ImportError as error:
        raise UnusableInput(
            "PostgreSQL cannot be reached",
            "",
            "psycopg is not installed",
            "install gradatim[postgres]",
        ) from error
    try:
        connection = BoundedConnection.connect(
            url, autocommit=True, patience=PATIENCE if patience is None else patience
        )
    except psycopg.Error as error:
        raise _explained(error) from error
    try:
        return PostgresStore(connection, mode, sealing)
    except BaseException:
        connection.close()
        raise
