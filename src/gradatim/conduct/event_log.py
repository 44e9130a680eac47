"""The events of a trial by position; those that nobody has looked at yet are still bytes.

Most events of a trial are results and facts, which add nothing to its state but their place. To
read them costs most of what it costs to fold a ledger; of those who left long ago nobody asks.
"""

from bisect import insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar, overload

import msgspec

from gradatim.conduct.events import BY_NAME, decoded
from gradatim.conduct.events.base import Event

A = TypeVar("A", bound=Event)
B = TypeVar("B", bound=Event)


class EventHeader(msgspec.Struct, gc=False):
    """What can be told of an event without reading all of it."""

    event: str
    recorded_at: datetime
    participant: str | None = None


_HEADER = msgspec.json.Decoder(EventHeader).decode


def peek(body: bytes) -> tuple[type[Event], EventHeader] | None:
    """Look at the bytes of an event, and give its type too; None where they are no event."""
    try:
        header = _HEADER(body)
    except (msgspec.ValidationError, msgspec.DecodeError):
        return None
    kind = BY_NAME.get(header.event)
    return None if kind is None else (kind, header)


class EventLog(Mapping[int, Event]):
    """Every event by its position, as it stands corrected, in the order of the ledger.

    Raises:
        UnusableInput: when one is read, its bytes are no event.
    """

    __slots__ = ("_held", "_of")

    def __init__(self) -> None:
        self._held: dict[int, Event | bytes] = {}
        self._of: dict[type[Event], list[int]] = defaultdict(list)

    def __getitem__(self, position: int) -> Event:
        """Give the event at a position."""
        found = self._held[position]
        if isinstance(found, bytes):
            found = self._held[position] = decoded(found)
        return found

    def __iter__(self) -> Iterator[int]:
        """Give the positions."""
        return iter(self._held)

    def __len__(self) -> int:
        """Count the events."""
        return len(self._held)

    def __repr__(self) -> str:
        """Write every event, read or not."""
        return repr(dict(self.items()))

    def put(self, position: int, kind: type[Event], event: Event | bytes) -> None:
        """Add an event, or its bytes, after those that are here."""
        self._held[position] = event
        self._of[kind].append(position)

    def correct(self, position: int, event: Event) -> None:
        """Put a corrected event, of the same type, in the place of another."""
        self._held[position] = event

    def drop(self, position: int, kind: type[Event]) -> None:
        """Let an event count no more: it is still here by its position, and no more by its type."""
        self._of[kind].remove(position)

    def restore(self, position: int, kind: type[Event]) -> None:
        """Let an event count again that did not."""
        insort(self._of[kind], position)

    @overload
    def of(self, kind: type[A], /) -> Iterator[tuple[int, A]]: ...
    @overload
    def of(self, kind: type[A], other: type[B], /) -> Iterator[tuple[int, A | B]]: ...
    @overload
    def of(self, /, *kinds: type[Event]) -> Iterator[tuple[int, Event]]: ...
    def of(self, /, *kinds: type[Event]) -> Iterator[tuple[int, Any]]:
        """Give the events of some types with their positions; no others are read."""
        for position in sorted(at for kind in kinds for at in self._of.get(kind, ())):
            yield position, self[position]


class AlteredLog(EventLog):
    """The events of a log as they would be without one of them, or with another in its place.

    Args:
        log: the events as they are.
        without: positions of events that are not found by their type.
        instead: events that stand in the place of others of the same type.
    """

    __slots__ = ("_instead",)

    def __init__(
        self, log: EventLog, without: Iterable[int] = (), instead: Mapping[int, Event] = {}
    ) -> None:
        self._held, self._instead = log._held, {**getattr(log, "_instead", {}), **instead}
        self._of = defaultdict(list, log._of)
        for position in without:
            kind = type(self[position])
            self._of[kind] = [at for at in self._of[kind] if at != position]

    def __getitem__(self, position: int) -> Event:
        """Give the event at a position, as it would be."""
        return self._instead.get(position) or super().__getitem__(position)
