"""Events of an earlier shape, made into what their type says today, one step a version.

A type of event has version 1, and one more for each step that stands here. The bytes of an event
name its version as `schema` beside its type, where it is above 1; an event without one is of
version 1. A field that is added with a default needs no step: the default says what was so before.
A step is needed where a field is renamed, moved or comes to mean something else. Steps are never
taken away: what was written can be read for ever.
"""

from collections.abc import Callable, Mapping
from typing import Any

Fields = dict[str, Any]
Step = Callable[[Fields], Fields]
"""Takes the fields of an event, without its type, from one version to the next."""


def _design_defaults_are_said(fields: Fields) -> Fields:
    """A protocol went live without saying what holds where its design is silent: as of then."""
    return {**fields, "design_defaults": fields.get("design_defaults", 1)}


UPCASTS: Mapping[str, tuple[Step, ...]] = {
    "ProtocolActivated": (_design_defaults_are_said,),
    "ProtocolAmended": (_design_defaults_are_said,),
}
"""By type of event the steps from version 1, 2, ... to the next."""


def version_of(kind: str) -> int:
    """Return the version of a type of event that is written today, from 1."""
    return 1 + len(UPCASTS.get(kind, ()))


def upcast(kind: str, fields: Fields, version: int) -> Fields:
    """Return the fields of an event as they are written today.

    Args:
        kind: its type.
        fields: its fields as they were written, without type and version.
        version: the version in which they were written, at most that of today.
    """
    for step in UPCASTS.get(kind, ())[version - 1 :]:
        fields = step(fields)
    return fields
