"""An export file as a store: read only."""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from gradatim.conduct.chain import Entry, genesis
from gradatim.conduct.event_store import Bodies, Head
from gradatim.conduct.jsonl_export import export_lines, parse_lines
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
        raise UnusableInput(
            "an export cannot be written to", str(self.path), todo="give the ledger's database"
        )

    def read(self, trial: str, after: int = 0, upto: int | None = None) -> Iterator[Entry]:
        """Give the entries with positions in after + 1 .. upto as the file has them."""
        whole = not after and upto is None
        for entry in self._all():
            inside = after < entry.position and (upto is None or entry.position <= upto)
            if entry.trial == trial and (whole or inside):
                yield entry

    def position_of(self, trial: str, request: str) -> int | None:
        """Give the position of the event with this idempotency key, if there is one."""
        found = (one.position for one in self.read(trial) if request and one.request == request)
        return next(found, None)

    def trials(self) -> list[str]:
        """Give the identifier of the export's trial."""
        with self._opened() as lines:
            return [parse_lines(lines, str(self.path))[0]]

    def _all(self) -> Iterator[Entry]:
        with self._opened() as lines:
            yield from parse_lines(lines, str(self.path))[1]

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


def write_export(path: Path, entries: Iterable[Entry], trial: str) -> int:
    """Write an export so that it appears whole or not at all; give the number of events.

    Raises:
        UnusableInput: it cannot be written.
    """
    new, lines = path.with_name(f".{path.name}.new"), -1
    try:
        with new.open("w", encoding="ascii", newline="") as file:
            for line in export_lines(entries, trial):
                file.write(line)
                lines += 1
        new.replace(path)
    except OSError as error:
        raise UnusableInput(
            "this file cannot be written", str(path), str(error.strerror or error)
        ) from error
    finally:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
    return lines
