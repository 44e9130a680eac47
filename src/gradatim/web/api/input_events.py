"""Events as programs give them: the classes of the ledger without what the application fills in.

The classes here are made from those of `conduct.events`, and the OpenAPI document from both: a
field has one meaning and stands in one place.
"""

from collections.abc import Mapping
from datetime import date
from functools import reduce
from operator import or_
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from gradatim.conduct.catalogue import act_named
from gradatim.conduct.events import BY_NAME, EVENTS
from gradatim.conduct.events.base import Event, PartialDate
from gradatim.conduct.events.records import RecordRead
from gradatim.conduct.signatures import MEANINGS
from gradatim.web.api.serialise import HIDDEN

PREFIX = "Given"
REFERENCE = "#/components/schemas/{name}"
_Name = Annotated[str, Meta(min_length=1, max_length=200)]
INSTEAD: Mapping[str, list[tuple[str, Any, Any]]] = {
    "ParticipantRegistered": [
        ("name", _Name, msgspec.NODEFAULT),
        ("birth_date", date, msgspec.NODEFAULT),
        ("birth", PartialDate | None, None),
    ],
}
"""What is given in the place of what is sealed; it never reaches the ledger.

A `birth` given beside the date may not contradict it; what the ledger keeps is made from the date.
"""


def instead(name: str) -> frozenset[str]:
    """Give the names of what a program gives in the place of what is sealed."""
    return frozenset(field for field, *_ in INSTEAD.get(name, ()))


def filled_in(name: str) -> frozenset[str]:
    """Give the fields of an event that no program may give; the site it must."""
    return act_named(name).not_asked_for - {"site"}


def _class(kind: type[Event]) -> type[msgspec.Struct]:
    name = kind.__name__
    own = [_field(one) for one in msgspec.structs.fields(kind) if one.name not in filled_in(name)]
    return msgspec.defstruct(
        PREFIX + name,
        [*own, *map(_replacing, INSTEAD.get(name, ()))],
        tag_field="event",
        tag=name,
        frozen=True,
        kw_only=True,
        omit_defaults=True,
        forbid_unknown_fields=True,
        namespace={"__doc__": kind.__doc__},
    )


def _replacing(one: tuple[str, Any, Any]) -> Any:
    name, type_, default = one
    return (name, type_) if default is msgspec.NODEFAULT else one


def _field(one: msgspec.structs.FieldInfo) -> Any:
    if one.default_factory is not msgspec.NODEFAULT:
        return one.name, one.type, msgspec.field(default_factory=one.default_factory)
    return (one.name, one.type) if one.required else (one.name, one.type, one.default)


GIVEN: Mapping[str, type[msgspec.Struct]] = {
    kind.__name__: _class(kind) for kind in EVENTS if kind not in MEANINGS
}
"""Every event that is not signed, as a program gives it."""
_ANY: Any = reduce(or_, GIVEN.values())


def read_event(raw: Any) -> Any:
    """Read an event that was given, from plain values.

    Raises:
        msgspec.ValidationError: it is none, or a field cannot hold what it was given.
    """
    return msgspec.convert(raw, _ANY)


def components() -> dict[str, Any]:
    """Give the schemas of events, as given and as recorded, and of all that they are made of."""
    (given, recorded), found = msgspec.json.schema_components(
        (_ANY, reduce(or_, EVENTS)), ref_template=REFERENCE
    )
    for name in (*BY_NAME, RecordRead.__name__):
        _hide(found[name])
    named = {**found, "GivenEvent": given, "RecordedEvent": recorded}
    return {name: _portable(schema) for name, schema in named.items()}


def _hide(schema: dict[str, Any]) -> None:
    for name in HIDDEN:
        schema["properties"].pop(name, None)
    schema["required"] = [name for name in schema["required"] if name not in HIDDEN]


def _portable(value: Any) -> Any:
    r"""Write patterns as every JSON Schema validator reads them: the end is `$`, not `\Z`."""
    if isinstance(value, dict):
        return {
            name: one.replace(r"\Z", "$")
            if name == "pattern" and isinstance(one, str)
            else _portable(one)
            for name, one in value.items()
        }
    return [_portable(one) for one in value] if isinstance(value, list) else value
