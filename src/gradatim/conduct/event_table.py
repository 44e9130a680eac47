"""What SQLite and PostgreSQL share: the event table read and appended to through a connection.

Statements stand here with `?` for a parameter; nothing else is ever put into them.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from gradatim.conduct.event_store import (
    Bodies,
    Head,
    HeadMoved,
    RequestKnown,
    StoreMode,
    check_appended,
)
from gradatim.conduct.ledger import Entry, chain, genesis
from gradatim.core.errors import UnusableInput

PAGE = 4000  # entries fetched at a time: no cursor stays open while the caller writes

TABLE = "ledger_event"
HEAD = f"SELECT position, hash FROM {TABLE} WHERE trial = ? ORDER BY position DESC LIMIT 1"
INSERT = f"INSERT INTO {TABLE} (trial, position, request, body, hash) VALUES (?, ?, ?, ?, ?)"
POSITION = f"SELECT position FROM {TABLE} WHERE trial = ? AND request = ? AND request <> ''"
TRIALS = f"SELECT DISTINCT trial FROM {TABLE} ORDER BY trial"


class Refused(Exception):
    """The table's own protections refused a row."""


class EventTable(ABC):
    """The event table of one database.

    Args:
        connection: the caller's; whoever opened it closes it.
        mode: CREATE makes the table where it is missing, READ never writes.
    """

    page: str

    def __init__(self, connection: Any, mode: StoreMode = StoreMode.CREATE) -> None:
        self.connection = connection
        self.mode = mode
        with self._faults():
            self._prepare()

    def head(self, trial: str) -> Head:
        """Give the last event's position and hash."""
        with self._faults():
            return self._head(trial)

    def append(self, trial: str, bodies: Bodies, expected: Head) -> Head:
        """Record events, all or none: see `Store.append`."""
        check_appended(trial, bodies)
        if self.mode is StoreMode.READ:
            raise UnusableInput("this ledger was opened to be read", todo="open it to write")
        entries = list(chain(expected.hash, trial, expected.position, bodies))
        try:
            with self._faults(), self._transaction():
                self._append(trial, entries, expected)
        except (HeadMoved, Refused) as refusal:
            raise self._refused(trial, bodies) from refusal
        return Head(entries[-1].position, entries[-1].hash) if entries else expected

    def read(self, trial: str, after: int = 0, upto: int | None = None) -> Iterator[Entry]:
        """Give the entries with positions in after + 1 .. upto, in order."""
        last = 2**62 if upto is None else upto
        while True:
            with self._faults():
                rows = self._rows(self.page, (trial, after, last, PAGE))
            for position, request, body, stored in rows:
                yield Entry(trial, position, as_text(request), body, stored)
            if len(rows) < PAGE:
                return
            after = rows[-1][0]

    def position_of(self, trial: str, request: str) -> int | None:
        """Give the position of the event with this idempotency key, if there is one."""
        with self._faults():
            rows = self._rows(POSITION, (trial, request))
        return rows[0][0] if rows else None

    def trials(self) -> list[str]:
        """Give the identifiers of the trials that have events."""
        with self._faults():
            return [as_text(trial) for (trial,) in self._rows(TRIALS, ())]

    def close(self) -> None:
        """Close the connection; for whoever opened the store by its address."""
        self.connection.close()

    def _head(self, trial: str) -> Head:
        rows = self._rows(HEAD, (trial,))
        return Head(*rows[0]) if rows else Head(0, genesis(trial))

    def _append(self, trial: str, entries: Sequence[Entry], expected: Head) -> None:
        self._lock(trial)
        head = self._head(trial)
        if head != expected:
            raise HeadMoved(head)
        self._insert(entries)

    def _refused(self, trial: str, bodies: Bodies) -> UnusableInput:
        """Say why a row was refused: the request is known, or the head is another.

        In a transaction that sees an older snapshot, neither can be read: the head has moved.
        """
        known = (self.position_of(trial, request) for _, request in bodies if request)
        position = next((one for one in known if one is not None), None)
        if position is not None:
            return RequestKnown(position)
        return HeadMoved(self.head(trial))

    @abstractmethod
    def _prepare(self) -> None:
        """Make the table if asked to; refuse a database that does not keep what it is given."""

    @abstractmethod
    def _faults(self) -> AbstractContextManager[None]:
        """Turn the database's errors into messages, and a broken constraint into Refused."""

    @abstractmethod
    def _transaction(self) -> AbstractContextManager[Any]:
        """Begin and commit; inside the caller's transaction only a savepoint."""

    @abstractmethod
    def _lock(self, trial: str) -> None:
        """Keep other writers out until the transaction ends."""

    @abstractmethod
    def _rows(self, statement: str, parameters: Sequence[Any]) -> list[Any]:
        """Read, leaving no transaction open that was not."""

    @abstractmethod
    def _insert(self, entries: Sequence[Entry]) -> None:
        """Add rows."""


def as_text(stored: Any) -> Any:
    """Read text that may have been altered to bytes that are no text."""
    return stored.decode("utf-8", "surrogateescape") if isinstance(stored, bytes) else stored
