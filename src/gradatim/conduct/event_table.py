"""What SQLite and PostgreSQL share: events and seals read and appended to through a connection.

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
    NotSealed,
    RequestKnown,
    Sealing,
    StoreMode,
    check_appended,
)
from gradatim.conduct.ledger import Entry, Seal, chain, genesis
from gradatim.conduct.seals import adopted_key
from gradatim.core.errors import UnusableInput

PAGE = 4000  # entries fetched at a time: no cursor stays open while the caller writes

TABLE = "ledger_event"
HEAD = f"SELECT position, hash FROM {TABLE} WHERE trial = ? ORDER BY position DESC LIMIT 1"
INSERT = f"INSERT INTO {TABLE} (trial, position, request, body, hash) VALUES (?, ?, ?, ?, ?)"
POSITION = f"SELECT position FROM {TABLE} WHERE trial = ? AND request = ? AND request <> ''"
TRIALS = f"SELECT DISTINCT trial FROM {TABLE} ORDER BY trial"

SEALS = "ledger_seal"
LAST_SEAL = (
    f"SELECT position, link, signature FROM {SEALS} WHERE trial = ? ORDER BY position DESC LIMIT 1"
)
HEAD_AND_SEAL = f"SELECT h.*, s.* FROM ({HEAD}) AS h LEFT JOIN ({LAST_SEAL}) AS s ON true"
SEAL_OF = f"SELECT position, link, signature FROM {SEALS} WHERE trial = ? AND position = ?"
SEAL_BEFORE = (
    f"SELECT position, link, signature FROM {SEALS} "
    "WHERE trial = ? AND position < ? ORDER BY position DESC LIMIT 1"
)
SEAL_PAGE = (
    f"SELECT position, link, signature FROM {SEALS} "
    "WHERE trial = ? AND position > ? AND position <= ? ORDER BY position LIMIT ?"
)
INSERT_SEAL = f"INSERT INTO {SEALS} (trial, position, link, signature) VALUES (?, ?, ?, ?)"


LOOKED_BACK = 1_000
"""Seals that are looked at for one of the application's own, from the last on."""


class Refused(Exception):
    """The table's own protections refused a row."""


class EventTable(ABC):
    """The event table of one database.

    Args:
        connection: the caller's; whoever opened it closes it.
        mode: CREATE makes the table where it is missing, READ never writes.
        sealing: the keys that seal what is appended; none where no trial here is sealed.
    """

    page: str

    def __init__(
        self,
        connection: Any,
        mode: StoreMode = StoreMode.CREATE,
        sealing: Sealing | None = None,
    ) -> None:
        self.connection = connection
        self.mode = mode
        self.sealing = sealing
        self.has_seals = True
        with self._faults():
            self._prepare()

    def head(self, trial: str) -> Head:
        """Give the last event's position and hash."""
        with self._faults():
            return self._head(trial)

    def append(self, trial: str, bodies: Bodies, expected: Head) -> Head:
        """Record events, all or none: see `Store.append`."""
        check_appended(trial, bodies)
        entries = list(chain(expected.hash, trial, expected.position, bodies))
        return self._added(trial, entries, expected, None)

    def copy(
        self, trial: str, entries: Sequence[Entry], seals: Sequence[Seal], expected: Head
    ) -> Head:
        """Add entries with their seals as another ledger has them: see `Store.copy`."""
        bodies = [(one.body, one.request) for one in entries]
        check_appended(trial, bodies)
        made = list(chain(expected.hash, trial, expected.position, bodies))
        return self._added(trial, made, expected, seals)

    def _added(
        self, trial: str, entries: list[Entry], expected: Head, seals: Sequence[Seal] | None
    ) -> Head:
        if self.mode is StoreMode.READ:
            raise UnusableInput("this ledger was opened to be read", todo="open it to write")
        new = Head(entries[-1].position, entries[-1].hash) if entries else expected
        try:
            with self._faults(), self._transaction():
                last = self._locked(trial, expected)
                if seals is None:
                    seals = self._sealed(trial, expected, last, new, entries)
                self._insert(entries)
                if seals:
                    self._insert_seals([(trial, *one) for one in seals])
        except (HeadMoved, Refused) as refusal:
            raise self._refused(trial, [(one.body, one.request) for one in entries]) from refusal
        return new

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

    def seals(self, trial: str, after: int = 0, upto: int | None = None) -> Iterator[Seal]:
        """Return the seals of the entries with positions in after + 1 .. upto, in order."""
        last = 2**62 if upto is None else upto
        while self.has_seals:
            with self._faults():
                rows = self._rows(SEAL_PAGE, (trial, after, last, PAGE))
            for row in rows:
                yield Seal(*row)
            if len(rows) < PAGE:
                return
            after = rows[-1][0]

    def contents(self, trial: str) -> tuple[Iterator[Entry], Iterator[Seal]]:
        """Return all entries and seals: see `Store.contents`."""
        last = self.head(trial).position
        return self.read(trial, 0, last), self._seals_upto(trial, last)

    def _seals_upto(self, trial: str, last: int) -> Iterator[Seal]:
        """Yield the seals up to a position, and those of entries that are not there."""
        yield from self.seals(trial, 0, last)
        later = list(self.seals(trial, last))
        there = self.head(trial).position if later else last
        yield from (one for one in later if one.position > there)

    def sealed_head(self, trial: str, head: Head) -> Head:
        """Return the last entry up to a head that is sealed: see `Store.sealed_head`."""
        if self.sealing is None or not head.position:
            return head
        with self._faults():
            rows = self._rows(SEAL_OF, (trial, head.position))
        if self.sealing.sealed(trial, head, Seal(*rows[0]) if rows else None):
            return head
        for seal in self._seals_before(trial, head.position):
            for entry in self.read(trial, seal.position - 1, seal.position):
                before = Head(entry.position, entry.hash)
                if self.sealing.sealed(trial, before, seal):
                    return before
        raise NotSealed(
            head.position,
            "no seal of this ledger is of the key that is here",
            "put the key in its place that seals this ledger; where it is there, others took the "
            "seals away: keep the database as it is, and find out what happened",
        )

    def _seals_before(self, trial: str, position: int) -> Iterator[Seal]:
        """Yield the seals before a position, the last one first; at most `LOOKED_BACK`."""
        for _ in range(LOOKED_BACK):
            with self._faults():
                rows = self._rows(SEAL_BEFORE, (trial, position))
            if not rows:
                return
            yield Seal(*rows[0])
            position = rows[0][0]

    def position_of(self, trial: str, request: str) -> int | None:
        """Give the position of the event with this idempotency key, if there is one."""
        with self._faults():
            rows = self._rows(POSITION, (trial, request))
        return rows[0][0] if rows else None

    def trials(self) -> list[str]:
        """Give the identifiers of the trials that have events."""
        with self._faults():
            return [as_text(trial) for (trial,) in self._rows(TRIALS, ())]

    def try_to_write(self) -> None:
        """Find out whether anything can be recorded: see `Store.try_to_write`."""
        with self._faults():
            self._try_to_write()

    def close(self) -> None:
        """Close the connection; for whoever opened the store by its address."""
        self.connection.close()

    def _head(self, trial: str) -> Head:
        rows = self._rows(HEAD, (trial,))
        return Head(*rows[0]) if rows else Head(0, genesis(trial))

    def _locked(self, trial: str, expected: Head) -> Seal | None:
        """Keep others out; return the last seal of a ledger whose head is as expected."""
        self._lock(trial)
        rows = self._rows(HEAD_AND_SEAL, (trial, trial))
        head = Head(*rows[0][:2]) if rows else Head(0, genesis(trial))
        if head != expected:
            raise HeadMoved(head)
        return Seal(*rows[0][2:]) if rows and rows[0][2] is not None else None

    def _sealed(
        self, trial: str, head: Head, last: Seal | None, new: Head, entries: Sequence[Entry]
    ) -> list[Seal]:
        """Return the seal of a new head; none of a trial that is not sealed, or where it stays.

        Raises:
            NotSealed: the head before is not sealed, or its key is not here.
        """
        adopted = adopted_key(one.body for one in entries)
        if self.sealing is not None and entries:
            made = self.sealing.seal(trial, head, last, new, adopted)
            return [made] if made else []
        if entries and (last is not None or adopted):
            raise NotSealed(
                head.position + 1,
                "every entry of this ledger is sealed, and the key for it is not given here",
                "record in the application that has the key",
            )
        return []

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
    def _try_to_write(self) -> None:
        """Do what a database refuses that can only be read."""

    @abstractmethod
    def _lock(self, trial: str) -> None:
        """Keep other writers out until the transaction ends."""

    @abstractmethod
    def _rows(self, statement: str, parameters: Sequence[Any]) -> list[Any]:
        """Read, leaving no transaction open that was not."""

    @abstractmethod
    def _insert(self, entries: Sequence[Entry]) -> None:
        """Add rows."""

    @abstractmethod
    def _insert_seals(self, seals: Sequence[tuple[str, int, bytes, bytes]]) -> None:
        """Add rows: trial, position, link, signature."""


def as_text(stored: Any) -> Any:
    """Read text that may have been altered to bytes that are no text."""
    return stored.decode("utf-8", "surrogateescape") if isinstance(stored, bytes) else stored
