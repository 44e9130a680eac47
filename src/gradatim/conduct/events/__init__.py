"""Every type of event there is, and how an event becomes bytes and is read back.

The bytes are canonical: fields in the order of their class, nothing that has its default. They are
what the ledger keeps and what its hashes cover.
"""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any

import msgspec

from gradatim.conduct.events import (
    findings,
    participants,
    product,
    records,
    review,
    safety,
    trial,
)
from gradatim.conduct.events.base import Event
from gradatim.core.errors import UnusableInput

EVENTS: tuple[type[Event], ...] = (
    *trial.EVENTS,
    *participants.EVENTS,
    *records.EVENTS,
    *product.EVENTS,
    *findings.EVENTS,
    *safety.EVENTS,
    *review.EVENTS,
)
BY_NAME: Mapping[str, type[Event]] = {one.__name__: one for one in EVENTS}
_ANY: Any = reduce(or_, EVENTS)
_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(_ANY).decode


class UnusableEvent(UnusableInput):
    """An event that cannot be recorded for what its fields hold.

    Args:
        kind: its type.
        why: what a person reads.
        fields: which of its fields are at fault; `why` is about the first.
    """

    def __init__(self, kind: str, why: str, fields: tuple[str, ...] = (), what: str = "") -> None:
        todo = "correct the field and send it again"
        super().__init__(what or f"this {kind} cannot be recorded", why=why, todo=todo)
        self.fields = fields


def faulty_fields(kind: type[Event], fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Return which fields of an event cannot hold their value, are none of it, or are missing.

    They are in the order in which msgspec looks at them, so that its message is about the first.

    Args:
        kind: the type of the event.
        fields: its fields, as plain values.
    """
    own = {one.name: one for one in msgspec.structs.fields(kind)}
    given = [name for name in fields if name != "event"]
    faulty = [name for name in given if name not in own or not _holds(own[name].type, fields[name])]
    missing = (name for name, one in own.items() if one.required and name not in fields)
    return (*faulty, *missing)


def _holds(type_: Any, value: Any) -> bool:
    try:
        msgspec.convert(value, type_)
    except msgspec.ValidationError:
        return False
    return True


def encoded(event: Event) -> tuple[bytes, Event]:
    """Give the bytes of an event, and the event that they say: nothing unreadable is ever stored.

    An event built in Python may hold what its bytes do not, such as 80 for 80.0; what is read back
    counts, and its bytes are stored.

    Raises:
        UnusableInput: a field holds what it may not hold.
    """
    try:
        read: Event = _DECODE(_ENCODE(event))
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise UnusableEvent(type(event).__name__, str(error)) from error
    return _ENCODE(read), read


def decoded(body: bytes) -> Event:
    """Read an event from its bytes.

    Raises:
        UnusableInput: it is not an event of any known type.
    """
    try:
        event: Event = _DECODE(body)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise UnusableEvent("event", str(error)) from error
    return event


def built(fields: Mapping[str, Any]) -> Event:
    """Build an event from plain values, as a form or a file gives them; `event` names its type.

    Raises:
        UnusableEvent: an unknown type or field, or a value of the wrong kind.
    """
    try:
        event: Event = msgspec.convert(fields, _ANY)
    except msgspec.ValidationError as error:
        name = str(fields.get("event", "event"))
        faulty = faulty_fields(BY_NAME[name], fields) if name in BY_NAME else ()
        raise UnusableEvent(name, str(error), faulty) from error
    return event
