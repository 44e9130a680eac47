"""The events of a trial by position; those that nobody has looked at yet are still bytes.

Most events of a trial are results and facts, which add nothing to its state but their place. To
read them costs most of what it costs to fold a ledger; of those who left long ago nobody asks.
"""

from bisect import insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, NamedTuple, TypeVar, overload

import msgspec

from gradatim.conduct.chain import Entry
from gradatim.conduct.events import EVENTS, decoded, without_unknown_fields
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.upcasting import version_of
from gradatim.core.errors import UnusableInput

A = TypeVar("A", bound=Event)
B = TypeVar("B", bound=Event)


class EventHeader(NamedTuple):
    """What can be told of an event without reading all of it."""

    recorded_at: datetime
    participant: str | None
    software: str


def _outline(kind: type[Event]) -> type[msgspec.Struct]:
    """Return a type that has the names of an event's fields, and reads hardly any of them."""
    read: dict[str, Any] = {"recorded_at": datetime, "participant": str, "software": str}
    empty: dict[str, Any] = {"software": ""}
    fields = [
        (one.name, read.get(one.name, msgspec.Raw))
        if one.required
        else (one.name, read.get(one.name, msgspec.Raw), empty.get(one.name))
        for one in msgspec.structs.fields(kind)
    ]
    return msgspec.defstruct(
        kind.__name__,
        [*fields, ("schema", int, 1)],
        tag_field="event",
        tag=kind.__name__,
        forbid_unknown_fields=True,
        kw_only=True,
        gc=False,
    )


_OUTLINES = {_outline(kind): (kind, version_of(kind.__name__)) for kind in EVENTS}
_OUTLINED: Any = reduce(or_, _OUTLINES)
_HEADER = msgspec.json.Decoder(_OUTLINED).decode


def peek(body: bytes) -> tuple[type[Event], EventHeader] | None:
    """Look at the bytes of an event, and give its type too.

    None where they are no event of a type, of its version of today and of fields that are known
    here; what the fields hold is not looked at.
    """
    try:
        seen = _HEADER(body)
    except (msgspec.ValidationError, msgspec.DecodeError):
        return None
    kind, version = _OUTLINES[type(seen)]
    if seen.schema != version:
        return None
    return kind, EventHeader(seen.recorded_at, getattr(seen, "participant", None), seen.software)


class UnreadableEntry(UnusableInput):
    """An entry that this software cannot read."""

    def __init__(self, position: int, why: str) -> None:
        super().__init__(
            f"entry {position} cannot be read",
            "",
            why,
            "use the version of gradatim that wrote it, or a later one; `gradatim ledger log` "
            "and `as-of` show the rest",
        )
        self.position = position


def decoded_at(position: int, body: bytes) -> Event:
    """Read the event at a position from its bytes.

    Raises:
        UnreadableEntry: it is none of those that are known here.
    """
    try:
        return decoded(body)
    except UnusableInput as error:
        raise UnreadableEntry(position, error.why) from error


def unread_in(entries: Iterable[Entry], unread: dict[int, str]) -> Iterator[Entry]:
    """Pass entries on, and note which of them are no events that are known here, with the reason.

    Types, versions and fields are looked at; what the fields hold is seen when they are read.
    """
    for entry in entries:
        if peek(entry.body) is None and (why := without_unknown_fields(entry.body)[1]):
            unread[entry.position] = why
        yield entry


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
            found = self._held[position] = decoded_at(position, found)
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
        again: positions of events that were dropped, and are found by their type.
    """

    __slots__ = ("_instead",)

    def __init__(
        self,
        log: EventLog,
        without: Iterable[int] = (),
        instead: Mapping[int, Event] = {},
        again: Iterable[int] = (),
    ) -> None:
        self._held, self._instead = log._held, {**getattr(log, "_instead", {}), **instead}
        self._of = defaultdict(list, log._of)
        for position in without:
            kind = type(self[position])
            self._of[kind] = [at for at in self._of[kind] if at != position]
        for position in again:
            kind = type(self[position])
            self._of[kind] = sorted([*self._of[kind], position])

    def __getitem__(self, position: int) -> Event:
        """Give the event at a position, as it would be."""
        return self._instead.get(position) or super().__getitem__(position)
