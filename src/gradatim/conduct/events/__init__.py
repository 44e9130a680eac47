"""Every type of event there is, and how an event becomes bytes and is read back.

The bytes are canonical: fields in the order of their class, nothing that has its default. They are
what the ledger keeps and what its hashes cover. Where the type of an event has been written in
other shapes before, they name its version as `schema` (see `upcasting`).
"""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any

import msgspec

from gradatim.conduct.events import (
    coding,
    findings,
    logs,
    participants,
    product,
    records,
    review,
    safety,
    trial,
)
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.upcasting import UPCASTS, upcast, version_of
from gradatim.core.errors import UnusableInput, shortened

EVENTS: tuple[type[Event], ...] = (
    *trial.EVENTS,
    *participants.EVENTS,
    *records.EVENTS,
    *product.EVENTS,
    *findings.EVENTS,
    *logs.EVENTS,
    *safety.EVENTS,
    *coding.EVENTS,
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


_OF_SEVERAL = frozenset(BY_NAME[name] for name in UPCASTS)
"""Types of which events may be of an earlier shape."""


def encoded(event: Event) -> tuple[bytes, Event]:
    """Give the bytes of an event, and the event that they say: nothing unreadable is ever stored.

    An event built in Python may hold what its bytes do not, such as 80 for 80.0; what is read back
    counts, and its bytes are stored.

    Raises:
        UnusableInput: a field holds what it may not hold.
    """
    try:
        read: Event = _DECODE(_ENCODE(event))
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeEncodeError) as error:
        raise UnusableEvent(type(event).__name__, str(error)) from error
    body = _ENCODE(read)
    if type(read) in _OF_SEVERAL:
        name = type(read).__name__
        tag = b'{"event":"%b"' % name.encode()
        body = b'%b,"schema":%d%b' % (tag, version_of(name), body.removeprefix(tag))
    return body, read


def decoded(body: bytes) -> Event:
    """Read an event from its bytes, of today's shape or of an earlier one.

    Raises:
        UnusableInput: it is not an event of any known type, or of a later version.
    """
    try:
        event: Event = _DECODE(body)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        return _of_another_shape(body, error)
    return _of_another_shape(body) if type(event) in _OF_SEVERAL else event


def _of_another_shape(body: bytes, why: Exception | None = None) -> Event:
    try:
        fields = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnusableEvent("event", str(error)) from error
    if not isinstance(fields, dict):
        raise UnusableEvent("event", str(why or "it is not an object"))
    return built(fields)


def without_unknown_fields(body: bytes) -> tuple[Event | None, str]:
    """Read what can be read of an event that another version of the software may have written.

    Returns:
        The event without the fields that its type has not, None where nothing is left to read; and
        what could not be read, empty where everything could.
    """
    try:
        return decoded(body), ""
    except UnusableEvent as error:
        why = error.why
    try:
        fields = msgspec.json.decode(body)
        kind = BY_NAME[fields["event"]]
        known = {"event", "schema", *kind.__struct_fields__}
        event = built({name: value for name, value in fields.items() if name in known})
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError, UnusableInput):
        return None, why
    return event, why


def built(fields: Mapping[str, Any]) -> Event:
    """Build an event from plain values, as a form or a file gives them; `event` names its type.

    Raises:
        UnusableEvent: an unknown type or field, a value of the wrong kind, or a later version.
    """
    name = str(fields.get("event", "event"))
    if name not in BY_NAME:
        raise UnusableEvent(name, f"there is no type of event {shortened(name)}")
    if name in UPCASTS or "schema" in fields:
        fields = _of_today(name, fields)
    try:
        event: Event = msgspec.convert(fields, BY_NAME[name])
    except msgspec.ValidationError as error:
        raise UnusableEvent(name, str(error), faulty_fields(BY_NAME[name], fields)) from error
    return event


def _of_today(name: str, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fields of an event in today's shape, its type among them, without its version."""
    own = {key: value for key, value in fields.items() if key not in ("event", "schema")}
    version, known = fields.get("schema", 1), version_of(name)
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= known:
        said = version if isinstance(version, int) else shortened(repr(version))
        why = f"it is of version {said}; of {name} this software knows {known}"
        raise UnusableEvent(name, why, ("schema",))
    return {"event": name, **upcast(name, own, version)}
