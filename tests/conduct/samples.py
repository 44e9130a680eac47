"""An event of any type, made of nothing but what its class asks for."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import inspect

from gradatim.conduct.events.base import Event

DAY, TIME = "2027-01-04", "2027-01-04T09:00:00Z"
WORDS = ("a1", DAY, "0" * 64, "<", "A1")
"""Words of which one is right wherever a pattern is asked for."""


def sample(kind: type[Event]) -> dict[str, Any]:
    """Return the fields that an event must have, each with a value that it may hold."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return _fields(info)


def _fields(info: inspect.StructType) -> dict[str, Any]:
    return {one.name: _value(one.type) for one in info.fields if one.required}


def _value(type_: inspect.Type) -> Any:
    return next(make(type_) for kind, make in _VALUES.items() if isinstance(type_, kind))


def _words(type_: Any) -> str:
    if type_.pattern is None:
        return "a" * max(type_.min_length or 0, 3)
    return next(word for word in WORDS if re.search(type_.pattern, word))


_VALUES: Mapping[type[inspect.Type], Callable[[Any], Any]] = {
    inspect.UnionType: lambda one: _value(one.types[0]),
    inspect.StructType: lambda one: _fields(one),
    inspect.LiteralType: lambda one: one.values[0],
    inspect.BoolType: lambda one: False,
    inspect.IntType: lambda one: one.ge or 1,
    inspect.FloatType: lambda one: 1.0,
    inspect.DateType: lambda one: DAY,
    inspect.DateTimeType: lambda one: TIME,
    inspect.DictType: lambda one: {},
    inspect.VarTupleType: lambda one: (),
    inspect.StrType: _words,
}
