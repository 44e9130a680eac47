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
        raise _unusable(type(event).__name__, error) from error
    return _ENCODE(read), read


def decoded(body: bytes) -> Event:
    """Read an event from its bytes.

    Raises:
        UnusableInput: it is not an event of any known type.
    """
    try:
        event: Event = _DECODE(body)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise _unusable("event", error) from error
    return event


def built(fields: Mapping[str, Any]) -> Event:
    """Build an event from plain values, as a form or a file gives them; `event` names its type.

    Raises:
        UnusableInput: an unknown type or field, or a value of the wrong kind.
    """
    try:
        event: Event = msgspec.convert(fields, _ANY)
    except msgspec.ValidationError as error:
        raise _unusable(str(fields.get("event", "event")), error) from error
    return event


def _unusable(what: str, error: Exception) -> UnusableInput:
    return UnusableInput(
        f"this {what} cannot be recorded",
        why=str(error),
        todo="correct the field and send it again",
    )
