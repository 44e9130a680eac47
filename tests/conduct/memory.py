"""A ledger in a list: as small as the port allows, and in the stores' own conformance suite."""

from collections.abc import Iterator, Sequence

from gradatim.conduct.chain import chain, genesis
from gradatim.conduct.event_store import Bodies, Head, HeadMoved, RequestKnown, check_appended
from gradatim.conduct.ledger import Entry, Seal


class ListStore:
    """Keeps each trial's entries in a list."""

    def __init__(self) -> None:
        self.entries: dict[str, list[Entry]] = {}

    def head(self, trial: str) -> Head:
        """Give the last event's position and hash."""
        some = self.entries.get(trial)
        return Head(some[-1].position, some[-1].hash) if some else Head(0, genesis(trial))

    def append(self, trial: str, bodies: Bodies, expected: Head) -> Head:
        """Record events, all or none."""
        check_appended(trial, bodies)
        for _, request in bodies:
            if request and (known := self.position_of(trial, request)):
                raise RequestKnown(known)
        if self.head(trial) != expected:
            raise HeadMoved(self.head(trial))
        new = list(chain(expected.hash, trial, expected.position, bodies))
        self.entries.setdefault(trial, []).extend(new)
        return self.head(trial)

    def read(self, trial: str, after: int = 0, upto: int | None = None) -> Iterator[Entry]:
        """Give the entries with positions in after + 1 .. upto."""
        return iter(self.entries.get(trial, [])[after:upto])

    def copy(
        self, trial: str, entries: Sequence[Entry], seals: Sequence[Seal], expected: Head
    ) -> Head:
        """Add entries as another ledger has them."""
        return self.append(trial, [(one.body, one.request) for one in entries], expected)

    def seals(self, trial: str, after: int = 0, upto: int | None = None) -> Iterator[Seal]:
        """Give none: nothing here is sealed."""
        return iter(())

    def contents(self, trial: str) -> tuple[Iterator[Entry], Iterator[Seal]]:
        """Give all entries."""
        return self.read(trial), self.seals(trial)

    def sealed_head(self, trial: str, head: Head) -> Head:
        """Give the head."""
        return head

    def try_to_write(self) -> None:
        """Nothing: a list takes all."""

    def position_of(self, trial: str, request: str) -> int | None:
        """Give the position of the event with this idempotency key."""
        found = (one.position for one in self.entries.get(trial, []) if one.request == request)
        return next(found, None) if request else None

    def close(self) -> None:
        """Nothing is held open."""

    def trials(self) -> list[str]:
        """Give the trials that have events."""
        return sorted(self.entries)
