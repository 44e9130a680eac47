"""An export file as a store: read only."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from gradatim.conduct.chain import Entry, genesis
from gradatim.conduct.event_store import Bodies, Head
from gradatim.conduct.jsonl_export import export_lines, parse_lines
from gradatim.conduct.seals import Seal
from gradatim.core.errors import UnusableInput


class ExportStore:
    """A trial's export in JSON Lines; every question reads the file anew.

    Raises:
        UnusableInput: the file cannot be read, or its first line is not an export's.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.trials()

    def head(self, trial: str) -> Head:
        """Give the last event's position and hash."""
        last = Head(0, genesis(trial))
        for entry in self.read(trial):
            last = Head(entry.position, entry.hash)
        return last

    def append(self, trial: str, bodies: Bodies, expected: Head) -> Head:
        """Refuse: an export is a copy."""
        raise self._read_only()

    def copy(
        self, trial: str, entries: Sequence[Entry], seals: Sequence[Seal], expected: Head
    ) -> Head:
        """Refuse: an export is written whole."""
        raise self._read_only()

    def read(self, trial: str, after: int = 0, upto: int | None = None) -> Iterator[Entry]:
        """Give the entries with positions in after + 1 .. upto as the file has them."""
        whole = not after and upto is None
        for entry in self._all():
            inside = after < entry.position and (upto is None or entry.position <= upto)
            if entry.trial == trial and (whole or inside):
                yield entry

    def seals(self, trial: str, after: int = 0, upto: int | None = None) -> Iterator[Seal]:
        """Return the seals as the file has them, of the positions in after + 1 .. upto."""
        whole = not after and upto is None
        with self._opened() as lines:
            named, found = parse_lines(lines, str(self.path))
            for one in found if named == trial else ():
                inside = after < one.position and (upto is None or one.position <= upto)
                if isinstance(one, Seal) and (whole or inside):
                    yield one

    def contents(self, trial: str) -> tuple[Iterator[Entry], Iterator[Seal]]:
        """Return all entries and seals of the file."""
        return self.read(trial), self.seals(trial)

    def sealed_head(self, trial: str, head: Head) -> Head:
        """Return the head: an export seals nothing."""
        return head

    def position_of(self, trial: str, request: str) -> int | None:
        """Give the position of the event with this idempotency key, if there is one."""
        found = (one.position for one in self.read(trial) if request and one.request == request)
        return next(found, None)

    def trials(self) -> list[str]:
        """Give the identifier of the export's trial."""
        with self._opened() as lines:
            return [parse_lines(lines, str(self.path))[0]]

    def try_to_write(self) -> None:
        """Refuse: an export is never written to."""
        raise self._read_only()

    def _read_only(self) -> UnusableInput:
        return UnusableInput(
            "an export cannot be written to", str(self.path), todo="give the ledger's database"
        )

    def _all(self) -> Iterator[Entry]:
        with self._opened() as lines:
            for one in parse_lines(lines, str(self.path))[1]:
                if isinstance(one, Entry):
                    yield one

    def close(self) -> None:
        """Nothing: the file is open only while it is read."""

    @contextlib.contextmanager
    def _opened(self) -> Iterator[Iterator[bytes]]:
        try:
            with self.path.open("rb") as lines:
                yield iter(lines)
        except OSError as error:
            raise UnusableInput(
                "this export cannot be read", str(self.path), str(error.strerror or error)
            ) from error


def write_export(
    path: Path, entries: Iterable[Entry], trial: str, seals: Iterable[Seal] = ()
) -> int:
    """Write an export so that it appears whole or not at all; give the number of events.

    Args:
        path: where.
        entries: of the trial, in order.
        trial: its identifier.
        seals: of these entries, by position.

    Raises:
        UnusableInput: it cannot be written.
    """
    new, events = path.with_name(f".{path.name}.new"), 0

    def counted() -> Iterator[Entry]:
        nonlocal events
        for entry in entries:
            events += 1
            yield entry

    try:
        with new.open("w", encoding="ascii", newline="") as file:
            file.writelines(export_lines(counted(), trial, seals))
        new.replace(path)
    except OSError as error:
        raise UnusableInput(
            "this file cannot be written", str(path), str(error.strerror or error)
        ) from error
    finally:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
    return events
