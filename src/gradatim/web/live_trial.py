"""The trial that this process runs: one state in memory, brought up to date for every request.

A state is folded in place, so whoever reads it keeps others from folding: a request holds the lock
while it is answered. Several processes run beside each other, each with a state of its own; the
ledger decides between them. A process that is forked shares the memory of the state until it folds;
connections are never shared.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import sleep

from gradatim.conduct.downtime.stores import DowntimeJournal
from gradatim.conduct.event_store import (
    Bodies,
    Cause,
    Head,
    Sealing,
    StorageUnavailable,
    Store,
    StoreMode,
)
from gradatim.conduct.ledger import Entry, Seal
from gradatim.conduct.personal import recognising, unsealing, unsealing_words
from gradatim.conduct.sealing.stores import SealingKeys
from gradatim.conduct.stores import open_store
from gradatim.conduct.trial import Trial
from gradatim.conduct.views.tasks import tasks
from gradatim.core.collecting import collector_paused
from gradatim.core.errors import UnusableInput
from gradatim.web import clock
from gradatim.web.keyring import keyring_or_none, sealing_keys

LONGEST_WAIT = 15.0
"""Seconds for which a request waits for others that read the state."""
_TURN = 0.002


class OwnConnections:
    """A store in which each thread has a connection of its own.

    A connection that the server has closed, as when it was started anew, is opened again by the
    next request: each begins with `head`.
    """

    def __init__(self, url: str, sealing: Sealing, patience: float) -> None:
        self._url, self._sealing, self._patience = url, sealing, patience
        self._own = threading.local()

    @property
    def _store(self) -> Store:
        if (found := getattr(self._own, "store", None)) is None:
            found = open_store(self._url, StoreMode.CREATE, self._sealing, self._patience)
            self._own.store = found
        return found

    def head(self, trial: str) -> Head:
        """See `Store.head`."""
        try:
            return self._store.head(trial)
        except UnusableInput:
            if not self._lost():
                raise
        return self._store.head(trial)

    def _lost(self) -> bool:
        """Let go of a connection that is closed; say whether it was from the other side."""
        connection = getattr(getattr(self._own, "store", None), "connection", None)
        if not getattr(connection, "closed", False):
            return False
        self._own.store = None
        return not getattr(connection, "gave_up", False)

    def append(self, trial: str, bodies: Bodies, expected: Head) -> Head:
        """See `Store.append`."""
        return self._store.append(trial, bodies, expected)

    def copy(
        self, trial: str, entries: Sequence[Entry], seals: Sequence[Seal], expected: Head
    ) -> Head:
        """See `Store.copy`."""
        return self._store.copy(trial, entries, seals, expected)

    def read(self, trial: str, after: int = 0, upto: int | None = None) -> Iterator[Entry]:
        """See `Store.read`."""
        return self._store.read(trial, after, upto)

    def seals(self, trial: str, after: int = 0, upto: int | None = None) -> Iterator[Seal]:
        """See `Store.seals`."""
        return self._store.seals(trial, after, upto)

    def contents(self, trial: str) -> tuple[Iterator[Entry], Iterator[Seal]]:
        """See `Store.contents`."""
        return self._store.contents(trial)

    def sealed_head(self, trial: str, head: Head) -> Head:
        """See `Store.sealed_head`."""
        return self._store.sealed_head(trial, head)

    def position_of(self, trial: str, request: str) -> int | None:
        """See `Store.position_of`."""
        return self._store.position_of(trial, request)

    def trials(self) -> list[str]:
        """See `Store.trials`."""
        return self._store.trials()

    def try_to_write(self) -> None:
        """See `Store.try_to_write`."""
        self._store.try_to_write()

    def close(self) -> None:
        """Close this thread's connection; the next call opens another."""
        if (found := getattr(self._own, "store", None)) is not None:
            self._own.store = None
            found.close()


class Running:
    """One trial on one ledger, for all threads of this process.

    Args:
        url: address of the ledger.
        sealing: the keys that seal what is recorded.
        name: of the trial; empty where the ledger has one only.
        patience: seconds after which a database that does not answer is given up.
    """

    def __init__(
        self, url: str, sealing: SealingKeys, name: str = "", patience: float = 10
    ) -> None:
        self.store = OwnConnections(url, sealing, patience)
        self.lock = threading.RLock()
        name = name or self._only(url)
        opening = unsealing(keyring_or_none, name), unsealing_words(keyring_or_none, name)
        self.trial = Trial(self.store, name, *opening, recognising(keyring_or_none, name))
        self.journal = DowntimeJournal(sealing, name)

    @contextmanager
    def held(self) -> Iterator[Trial]:
        """Keep the state still; others wait, but no longer than `LONGEST_WAIT`.

        Raises:
            StorageUnavailable: others have held it for so long.
        """
        if not self.lock.acquire(timeout=LONGEST_WAIT):
            what = "the application is busy with what others asked for"
            raise StorageUnavailable(Cause.BUSY, what, "", "try again in a minute")
        try:
            yield self.trial
        finally:
            self.lock.release()

    @contextmanager
    def let_others(self) -> Iterator[None]:
        """Let others have the state, while what needs it no more goes on; have it again after.

        Whoever holds it calls this, and brings what they know of it up to date afterwards.
        """
        self.lock.release()
        try:
            sleep(_TURN)  # whoever waits for it is quicker then
            yield
        finally:
            self.lock.acquire()

    def _only(self, url: str) -> str:
        found = list(self.store.trials())
        if len(found) != 1:
            shown = ", ".join(found) or "none"
            todo = "name the trial" if found else "begin one with `gradatim trial begin`"
            raise UnusableInput(
                "GRADATIM_TRIAL is not set",
                url.partition("://")[0],
                f"the ledger has {len(found)} trials: {shown}",
                todo,
            )
        return found[0]


_running: Running | None = None
_opening = threading.Lock()


def running() -> Running:
    """Give this process's trial, opened on first use."""
    global _running
    with _opening:
        if _running is None:
            from django.conf import settings

            _running = Running(
                settings.LEDGER_URL,
                sealing_keys(),
                settings.LEDGER_TRIAL,
                settings.DATABASE_SECONDS,
            )
        return _running


def before_fork() -> None:
    """Bring the state up to date and close the connection to the ledger.

    Children share the state's memory with this process, and open connections of their own.

    Raises:
        UnusableInput: the ledger cannot be read.
    """
    now = running()
    with now.lock, collector_paused():
        now.trial.refresh()
        state = now.trial.state
        tasks(state, clock.now(), clock.today_at(state, ""))  # what the first page would work out
        now.store.close()


def forget_running() -> None:
    """Close it; the next use opens it anew. After settings have changed."""
    global _running
    with _opening:
        if _running is not None:
            _running.store.close()
        _running = None
