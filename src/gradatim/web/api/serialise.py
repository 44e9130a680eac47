"""Entries as programs see them: plain values, without what tells who a participant is."""

from typing import Any

import msgspec

from gradatim.conduct.events.base import Event

HIDDEN = ("identity", "person_token", "likeness", "namesakes", "document", "sealed")
"""Fields that are never shown: seals, the keyed hash of a person, and a protocol's whole text."""


def plain_event(event: Event) -> dict[str, Any]:
    """Give an event's fields as plain values, its type under `event`; of a birth the year."""
    found = msgspec.to_builtins(event)
    shown = _without_hidden(found)
    if "records" in shown:
        shown["records"] = [_without_hidden(one) for one in shown["records"]]
    return shown if "birth" not in shown else {**shown, "birth": shown["birth"][:4]}


def _without_hidden(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in HIDDEN}
