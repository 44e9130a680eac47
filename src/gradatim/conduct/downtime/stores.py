"""The file of a downtime journal, in the folder of the sealing keys, and those that were merged.

NAME.downtime.jsonl      the journal in use
NAME.downtime.1.jsonl    one whose facts are all in the ledger; it is kept
NAME.downtime.lock       held while one of several processes reads or adds
"""

import fcntl
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from gradatim.conduct.checkpoints import key_signed
from gradatim.conduct.downtime.lines import (
    JOURNAL_DOMAIN,
    AlteredJournal,
    FactKept,
    Journal,
    JournalBegun,
    KeptFact,
    MergeAsked,
    SaidInJournal,
    first_hash,
    hash_of,
    read_journal,
    signed_of,
    written,
)
from gradatim.conduct.event_store import Cause, StorageUnavailable
from gradatim.conduct.keyring.stores import private_folder, sync_folder
from gradatim.conduct.sealing.stores import SealingKeys

Keys = Collection[bytes]
Saying = Callable[[Journal | None], list[SaidInJournal]]
"""Returns what is added, for the journal as it is; None where there is none yet."""


class DowntimeJournal:
    """The downtime journal of one trial, as one process has it.

    Args:
        sealing: the keys by which lines are signed; the journal is in their folder.
        trial: the trial's identifier.

    Every reading holds each line against those before, and against what this process has seen:
    `AlteredJournal` names the first that is wrong. `keys` are the public sealing keys that the
    ledger names (`keeping.sealing_keys_of`).
    """

    def __init__(self, sealing: SealingKeys, trial: str) -> None:
        self._sealing, self._trial = sealing, trial
        self._name = quote(trial, safe="")
        self.path = sealing.folder / f"{self._name}.downtime.jsonl"
        self._seen: bytes | None = None
        self._read: tuple[object, Journal] | None = None

    def is_begun(self) -> bool:
        """Whether there is a journal, was one that this process has seen, or one was merged."""
        with self._faults():
            return self._seen is not None or self.path.exists() or bool(self._old())

    def read(self, keys: Keys) -> Journal | None:
        """Return the journal in use; None where there is none.

        Raises:
            AlteredJournal: it is not as the application wrote it.
            StorageUnavailable: it cannot be read.
        """
        with self._faults():
            try:
                now = self.path.stat()
            except FileNotFoundError:
                self._not_taken_away(keys)
                return None
            mark = (now.st_ino, now.st_size, now.st_mtime_ns, frozenset(keys))
            if self._read is not None and self._read[0] == mark:
                return self._read[1]
        with self._locked():
            found = self._whole(keys)
        if found is not None:
            self._read = mark, found
        return found

    def signs(self, keys: Keys) -> bool:
        """Whether lines can be signed as the ledger asks: by one of its keys, or not at all."""
        signature = self._sealing.signature(self._trial, JOURNAL_DOMAIN)
        if signature is None:
            return not keys
        return any(key_signed(one, signature, JOURNAL_DOMAIN) for one in keys)

    def kept_under(self, request: str, keys: Keys) -> KeptFact | None:
        """Return the fact that a request made, in the journal in use or in one that was merged."""
        current = self.read(keys)
        with self._faults():
            return _under(request, [current, *self._merged(keys)])

    def keep(self, begun: JournalBegun, request: str, body: str, keys: Keys) -> FactKept:
        """Keep a fact; durable on return. The same request is kept once.

        Args:
            begun: with what the journal begins, where this is its first fact.
            request: idempotency key.
            body: the event.
            keys: see the class.
        """

        def made(journal: Journal | None) -> list[SaidInJournal]:
            number = len(journal.facts()) + 1 if journal else 1
            fact = FactKept(number=number, request=request, body=body)
            return [fact] if journal else [begun, fact]

        with self._locked():
            known = _under(request, [self._whole(keys), *self._merged(keys)])
            if known is not None:
                return known.said
            said = self._add(made, keys)
        assert isinstance(said, FactKept)
        return said

    def ask(self, asked: MergeAsked, keys: Keys) -> None:
        """Note that somebody asks for the facts of a site to be merged."""
        with self._locked():
            self._add(lambda journal: [asked], keys)

    def put_away(self, keys: Keys, is_merged: Callable[[KeptFact], bool]) -> Path | None:
        """Rename the journal once all its facts are in the ledger; return its new name."""
        with self._locked():
            journal = self._whole(keys)
            if journal is None or not all(map(is_merged, journal.facts())):
                return None
            new = self._put_away(len(self._old()) + 1)
            os.link(self.path, new)  # unlike a rename, never over another's
            self.path.unlink()
            sync_folder(self.path.parent)
            self._seen = self._read = None
            return new

    def _put_away(self, number: int) -> Path:
        return self.path.with_name(f"{self._name}.downtime.{number}.jsonl")

    def _old(self) -> list[Path]:
        """Return the journals that were merged, the first first."""
        found: list[Path] = []
        while (path := self._put_away(len(found) + 1)).exists():
            found.append(path)
        return found

    def _merged(self, keys: Keys) -> Iterator[Journal]:
        for path in self._old():
            yield read_journal(self._trial, path.read_bytes(), keys, str(path))

    def _whole(self, keys: Keys) -> Journal | None:
        """Read the file itself, and hold it against what this process has seen of it."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            self._not_taken_away(keys)
            return None
        journal = read_journal(self._trial, content, keys, str(self.path))
        if self._seen is not None and not (journal.holds(self._seen) or self._is_merged(keys)):
            line = len(journal.lines) + 2
            raise AlteredJournal(str(self.path), line, "it, or what followed, was taken away")
        self._seen = journal.last
        return journal

    def _not_taken_away(self, keys: Keys) -> None:
        """Refuse a journal that is not there and that nobody has merged."""
        if self._seen is not None and not self._is_merged(keys):
            raise AlteredJournal(str(self.path), 1, "the file was taken away")
        self._seen = None

    def _is_merged(self, keys: Keys) -> bool:
        """Whether what this process has seen last is in a journal that another has put away."""
        return any(one.holds(self._seen or b"") for one in self._merged(keys))

    def _add(
        self, made: Callable[[Journal | None], list[SaidInJournal]], keys: Keys
    ) -> SaidInJournal:
        """Add lines, whole or not at all; return what the last of them says."""
        journal = self._whole(keys)
        before = first_hash(self._trial) if journal is None else journal.last
        text, said = b"", made(journal)
        for one in said:
            signed = signed_of(hash_of(one, before))
            line = written(one, before, self._sealing.signature(self._trial, signed))
            text, before = text + line.text, line.hash
        self._append(text)
        self._seen = before
        return said[-1]

    def _append(self, text: bytes) -> None:
        new = not self.path.exists()
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        size = os.fstat(file).st_size
        try:
            if os.write(file, text) != len(text):
                raise OSError("the disk took only part of it")
            os.fsync(file)
        except OSError:
            os.ftruncate(file, size)
            raise
        finally:
            os.close(file)
        if new:
            sync_folder(self.path.parent)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep other processes from adding meanwhile."""
        private_folder(self.path.parent)
        with self._faults():
            lock = os.open(
                self.path.with_name(f"{self._name}.downtime.lock"), os.O_RDWR | os.O_CREAT, 0o600
            )
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
            finally:
                os.close(lock)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageUnavailable(
                Cause.JOURNAL,
                "the downtime journal cannot be kept or read",
                str(error.strerror or error),
                "see to the disk that the sealing keys are on, and to the rights to their folder",
                str(self.path),
            ) from error


def _under(request: str, journals: Iterable[Journal | None]) -> KeptFact | None:
    """Return the fact that a request made in some journals."""
    found = (one.under(request) for one in journals if one is not None and request)
    return next((one for one in found if one is not None), None)
