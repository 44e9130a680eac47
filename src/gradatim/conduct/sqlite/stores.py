"""The tables of events and seals in SQLite, through a connection of the standard library."""

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from gradatim.conduct.event_store import Cause, Sealing, StorageUnavailable, StoreMode
from gradatim.conduct.event_table import (
    INSERT,
    INSERT_SEAL,
    SEALS,
    TABLE,
    EventTable,
    Refused,
    as_text,
)
from gradatim.conduct.ledger import Entry
from gradatim.core.errors import Defect, UnusableInput
from gradatim.core.stores import make_private

WAIT = 10.0  # seconds for another writer to finish
LEAST_FREE = 4_000_000  # bytes: with less the next entry may find no room
_SETTINGS = (
    ("journal_mode", "wal"),
    ("synchronous", 2),
    ("foreign_keys", 1),
    ("busy_timeout", int(WAIT * 1000)),
)
PROTECTIONS = {
    ("table", TABLE),
    ("index", f"{TABLE}_request"),
    ("trigger", f"{TABLE}_next"),
    ("trigger", f"{TABLE}_no_update"),
    ("trigger", f"{TABLE}_no_delete"),
    ("table", SEALS),
    ("trigger", f"{SEALS}_next"),
    ("trigger", f"{SEALS}_no_update"),
    ("trigger", f"{SEALS}_no_delete"),
}
ABSENT = "there is no ledger in this database"


class SqliteStore(EventTable):
    """The ledger in a SQLite file. Write-ahead log, synced at every commit; one writer at a time.

    Raises:
        UnusableInput: a setting that durability needs was not taken, or it is not a ledger.
    """

    page = (
        f"SELECT position, CAST(request AS BLOB), body, hash FROM {TABLE} "
        "WHERE trial = ? AND position > ? AND position <= ? ORDER BY position LIMIT ?"
    )

    def _prepare(self) -> None:
        found = self._found()
        events, seals = ("table", TABLE) in found, ("table", SEALS) in found
        if not events and self.mode is not StoreMode.CREATE:
            raise UnusableInput(ABSENT, self._place(), f"it has no table {TABLE}")
        if self.mode is StoreMode.READ:
            self.has_seals = seals
            return
        for name, value in _SETTINGS:
            self._set(name, value)
        if not events:
            self._create("table.sql")
        if not seals:  # the ledger of an earlier version
            self._create("seals.sql")
        missing = {name for _, name in PROTECTIONS - self._found()}
        if missing:
            raise UnusableInput(
                "this ledger is not protected",
                self._place(),
                f"{', '.join(sorted(missing))} is missing",
                "verify it against a checkpoint before it is used",
            )

    def _set(self, name: str, value: str | int) -> None:
        """Set a pragma and assert it. None of it is parameterised: all values are our own."""
        if not self.connection.in_transaction:
            self.connection.execute(f"PRAGMA {name} = {value}")
        taken = as_text(self._rows(f"PRAGMA {name}", ())[0][0])
        if taken != value:
            raise UnusableInput(
                f"SQLite did not take {name} = {value}",
                self._place(),
                f"it is {taken}, and events would not survive a crash",
                "open it as a file, outside a transaction",
            )

    def _create(self, name: str) -> None:
        statements = files("gradatim.conduct.sqlite").joinpath(name).read_text("utf-8")
        with self._transaction():
            for statement in statements.split(";\n\n"):
                self.connection.execute(statement)

    def _found(self) -> set[tuple[str, str]]:
        asked = "SELECT type, name FROM sqlite_master WHERE tbl_name IN (?, ?)"
        rows = self._rows(asked, (TABLE, SEALS))
        return {(as_text(kind), as_text(name)) for kind, name in rows}

    def _place(self) -> str:
        return str(as_text(self._rows("PRAGMA database_list", ())[0][2]))

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError as error:
            raise Refused(str(error)) from error
        except sqlite3.ProgrammingError as error:
            raise Defect(str(error)) from error
        except (sqlite3.Error, UnicodeDecodeError) as error:  # SQLite quotes what is damaged
            raise _explained(error) from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        inside = self.connection.in_transaction
        self.connection.execute("SAVEPOINT ledger_append" if inside else "BEGIN IMMEDIATE")
        try:
            yield
            self.connection.execute("RELEASE ledger_append" if inside else "COMMIT")
        except BaseException:
            self._undo(inside)
            raise

    def _undo(self, inside: bool) -> None:
        if not self.connection.in_transaction:  # SQLite has undone it by itself: disk full
            return
        if inside:
            self.connection.execute("ROLLBACK TO ledger_append")
        self.connection.execute("RELEASE ledger_append" if inside else "ROLLBACK")

    def _try_to_write(self) -> None:
        with self._transaction():
            pass
        if shutil.disk_usage(Path(self._place()).parent).free < LEAST_FREE:
            said = f"less than {LEAST_FREE // 1_000_000} MB are free"
            raise StorageUnavailable(Cause.FULL, "the disk is full", said, "make room")

    def _lock(self, trial: str) -> None:
        """Nothing: BEGIN IMMEDIATE has done it, or the caller's first write does."""

    def _rows(self, statement: str, parameters: Sequence[Any]) -> list[Any]:
        cursor = self.connection.cursor()
        cursor.row_factory = None
        return list(cursor.execute(statement, parameters))

    def _insert(self, entries: Sequence[Entry]) -> None:
        self.connection.executemany(INSERT, entries)

    def _insert_seals(self, seals: Sequence[tuple[str, int, bytes, bytes]]) -> None:
        self.connection.executemany(INSERT_SEAL, seals)


_IN_USE = "the ledger is in use by another writer"
_DAMAGED = "the database file is damaged", "restore a copy, and verify it"
_NO_LEDGER = "this is not a ledger", "give a SQLite file or an export"
_RIGHT = "give the user the right to write to it"
_PATH = "check the path and the rights to it"
_CAUSES = (
    ("locked", Cause.BUSY, _IN_USE, "try again"),
    ("disk is full", Cause.FULL, "the disk is full", "make room; nothing was recorded"),
    ("readonly", Cause.READ_ONLY, "this ledger cannot be written to", _RIGHT),
    ("disk I/O", Cause.UNUSABLE, "the disk fails", "look at its log; nothing was recorded"),
    ("not a database", Cause.UNUSABLE, *_NO_LEDGER),
    ("malformed", Cause.UNUSABLE, *_DAMAGED),
    ("codec can't decode", Cause.UNUSABLE, *_DAMAGED),
    ("unable to open", Cause.UNUSABLE, "this ledger cannot be opened", _PATH),
)


def sqlite_unavailable(error: Exception) -> StorageUnavailable | None:
    """Return what an error of SQLite says of the database; None where it is of a statement."""
    for sign, cause, what, todo in _CAUSES:
        if sign in str(error):
            return StorageUnavailable(cause, what, f"SQLite says: {error}", todo)
    return None


def _explained(error: Exception) -> StorageUnavailable:
    said = f"SQLite says: {error}"
    cannot = StorageUnavailable(Cause.UNUSABLE, "the ledger cannot be used", said)
    return sqlite_unavailable(error) or cannot


def open_sqlite(path: Path, mode: StoreMode, sealing: Sealing | None = None) -> SqliteStore:
    """Open a SQLite file as a ledger.

    Raises:
        UnusableInput: it is missing, not a ledger, or cannot be opened.
    """
    if mode is not StoreMode.CREATE and not path.is_file():
        raise UnusableInput("there is no such ledger", str(path))
    try:
        if mode is StoreMode.READ:
            return _readable(path)
        if mode is StoreMode.CREATE:
            make_private(path)  # before SQLite makes it as the umask says
        return _store(sqlite3.connect(path, timeout=WAIT, isolation_level=None), mode, sealing)
    except sqlite3.Error as error:
        raise _explained(error).inside(str(path)) from error
    except UnusableInput as error:
        raise error.inside(str(path)) from error


def _readable(path: Path) -> SqliteStore:
    """Open to read; on a medium that cannot be written to SQLite must be told so."""
    address = f"{path.resolve().as_uri()}?mode=ro"
    try:
        return _store(_connected(address), StoreMode.READ)
    except UnusableInput:
        if path.with_name(path.name + "-wal").exists():
            raise  # its events would silently be left out
        return _store(_connected(address + "&immutable=1"), StoreMode.READ)


def _connected(address: str) -> sqlite3.Connection:
    return sqlite3.connect(address, uri=True, timeout=WAIT, isolation_level=None)


def _store(
    connection: sqlite3.Connection, mode: StoreMode, sealing: Sealing | None = None
) -> SqliteStore:
    try:
        return SqliteStore(connection, mode, sealing)
    except BaseException:
        connection.close()
        raise
