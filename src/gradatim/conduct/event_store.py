"""What every store of events does, and what it refuses."""

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import NamedTuple, Protocol

from gradatim.conduct.ledger import Entry, Seal
from gradatim.core.errors import UnusableInput, shortened

LARGEST_BODY = 1_000_000  # bytes
LONGEST_NAME = 200  # characters of a trial's identifier or an idempotency key

Bodies = Sequence[tuple[bytes, str]]


class StoreMode(Enum):
    """What a store is opened for: CREATE also makes the table where there is none."""

    READ = "read"
    WRITE = "write"
    CREATE = "create"


class Head(NamedTuple):
    """The last event of a trial: its position and hash; 0 and the genesis when there is none."""

    position: int
    hash: bytes


class HeadMoved(UnusableInput):
    """The ledger is not as the caller last read it; `head` is what it is now."""

    def __init__(self, head: Head) -> None:
        super().__init__(
            "the ledger has changed since it was read",
            "",
            f"its last event is now {head.position}",
            "read it again, and decide again",
        )
        self.head = head


class CannotRecord(UnusableInput):
    """Nothing is recorded for now, whatever is given: it is not the fault of who gave it."""


class LedgerRewritten(CannotRecord):
    """The ledger no longer holds what was read of it: it went back, or was rewritten."""

    def __init__(self, known: Head, now: Head) -> None:
        super().__init__(
            "the ledger is not the one that was read before",
            "",
            f"entry {known.position} was read and is not there as it was; "
            f"its last entry is now {now.position}",
            "restore the ledger, and verify it against a checkpoint; where it is right as it is, "
            "start the application anew",
        )
        self.position = known.position


class Cause(Enum):
    """Why a database, the folder of keys or the downtime journal keeps nothing, or is silent."""

    FULL = "full"
    READ_ONLY = "read-only"
    BUSY = "busy"
    SILENT = "silent"
    UNUSABLE = "unusable"
    KEYS = "keys"
    JOURNAL = "journal"


class StorageUnavailable(CannotRecord):
    """The database, or the folder of keys, keeps nothing or does not answer.

    Args:
        cause: why, as far as causes are told apart.
        what: the same in words.
        said: what it says of it itself, for whoever runs it.
        todo: what to do about it.
        where: the file that it is of, if any.
    """

    def __init__(self, cause: Cause, what: str, said: str, todo: str = "", where: str = "") -> None:
        super().__init__(what, where, said, todo)
        self.cause = cause

    def inside(self, file: str) -> "StorageUnavailable":
        """The same fault, with the file it was found in."""
        return StorageUnavailable(self.cause, self.what, self.why, self.todo, file)


class NotSealed(CannotRecord):
    """The last entry is not sealed by the application's own key: nothing is recorded on it."""

    def __init__(self, position: int, why: str, todo: str) -> None:
        super().__init__(f"entry {position} is not sealed by this application", "", why, todo)
        self.position = position


class RequestKnown(UnusableInput):
    """A request with this idempotency key was recorded before, at `position`."""

    def __init__(self, position: int) -> None:
        super().__init__(f"this request is already recorded, as event {position}")
        self.position = position


class Store(Protocol):
    """Where the events of trials stand: appended, read, never changed."""

    def head(self, trial: str) -> Head:
        """Give the last event's position and hash."""
        ...

    def append(self, trial: str, bodies: Bodies, expected: Head) -> Head:
        """Record events, all or none; durable on return unless the caller began a transaction.

        Args:
            trial: the trial's identifier.
            bodies: (body, idempotency key or "") of each event.
            expected: the head on which the decision to record them was taken.

        Returns:
            The new head.

        Raises:
            RequestKnown: an idempotency key is already there; comes before HeadMoved.
            HeadMoved: the head is another; nothing was recorded.
            NotSealed: others than this application wrote the last entry; nothing was recorded.
            UnusableInput: it cannot be recorded; nothing was.
        """
        ...

    def copy(
        self, trial: str, entries: Sequence[Entry], seals: Sequence[Seal], expected: Head
    ) -> Head:
        """Add entries with their seals as another ledger has them: none is made, none asked for.

        Args:
            trial: the trial's identifier.
            entries: those that follow `expected` there.
            seals: that stand beside them there.
            expected: the head here.

        Returns:
            The new head.

        Raises:
            HeadMoved: the head is another; nothing was added.
            UnusableInput: they cannot be added; nothing was.
        """
        ...

    def read(self, trial: str, after: int = 0, upto: int | None = None) -> Iterator[Entry]:
        """Give the entries with positions in after + 1 .. upto, in order."""
        ...

    def seals(self, trial: str, after: int = 0, upto: int | None = None) -> Iterator[Seal]:
        """Return the seals of the entries with positions in after + 1 .. upto, in order."""
        ...

    def contents(self, trial: str) -> tuple[Iterator[Entry], Iterator[Seal]]:
        """Return all entries and seals of a trial; what is appended meanwhile is in neither."""
        ...

    def sealed_head(self, trial: str, head: Head) -> Head:
        """Return the last entry up to a head that the application's own key has sealed.

        The head itself where it is sealed, and where this store seals nothing of the trial.

        Raises:
            NotSealed: it has sealed none of them.
        """
        ...

    def position_of(self, trial: str, request: str) -> int | None:
        """Give the position of the event with this idempotency key, if there is one."""
        ...

    def trials(self) -> list[str]:
        """Give the identifiers of the trials that have events."""
        ...

    def try_to_write(self) -> None:
        """Find out whether anything can be recorded, as far as that is told without recording.

        Raises:
            StorageUnavailable: it cannot.
        """
        ...

    def close(self) -> None:
        """End it; for whoever opened it by its address."""
        ...


class Sealing(Protocol):
    """The keys with which a store seals what is appended."""

    def seal(
        self, trial: str, head: Head, last: Seal | None, new: Head, adopted: bytes | None
    ) -> Seal | None:
        """Return the seal of a new head; None where nothing of the trial is sealed.

        Args:
            trial: the trial's identifier.
            head: the head before, which the same key must have sealed.
            last: the last seal there is.
            new: the head that the append leaves.
            adopted: the public key that the append adopts; None where it adopts none.

        Raises:
            NotSealed: the head before is not sealed as it has to be.
        """
        ...

    def sealed(self, trial: str, head: Head, seal: Seal | None) -> bool:
        """Whether a seal is the application's own, of this head; so is any of an unsealed trial."""
        ...


def check_appended(trial: str, bodies: Bodies) -> None:
    """Refuse what no store may hold.

    Raises:
        UnusableInput: a name or a body is empty, too long, or not text.
    """
    _check_name(trial, "the trial's identifier")
    requests = [request for _, request in bodies if request]
    for request in requests:
        _check_name(request, "an idempotency key")
    if len(set(requests)) != len(requests):
        raise UnusableInput("two events of one batch have the same idempotency key")
    for body, _ in bodies:
        if not 0 < len(body) <= LARGEST_BODY:
            raise UnusableInput(
                f"an event of {len(body)} bytes cannot be recorded",
                "",
                f"an event has 1 to {LARGEST_BODY} bytes",
                "keep large documents elsewhere and record their hash",
            )
        try:
            body.decode()
        except UnicodeDecodeError as error:
            raise UnusableInput("an event is not UTF-8 text", "", str(error)) from error


def _check_name(name: str, what: str) -> None:
    if not (0 < len(name) <= LONGEST_NAME and name.isprintable()):
        raise UnusableInput(
            f"{what} cannot be {shortened(name)}",
            "",
            f"it has 1 to {LONGEST_NAME} printable characters",
        )
