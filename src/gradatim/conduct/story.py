"""Each event as one sentence, so that a ledger can be read as the story of its trial."""

import re
from collections.abc import Iterable
from typing import Any

from gradatim.conduct.catalogue import ACTS
from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.events.product import Bag
from gradatim.core.quantity import Quantity

_HASHED = re.compile(r"[0-9a-f]{64}")


def told(event: Event) -> str:
    """Tell an event in a sentence."""
    fields = {name: _word(getattr(event, name)) for name in event.__struct_fields__}
    if "unit" in fields:
        fields["unit"] = fields["unit"].replace("{", "").replace("}", "")
    return " ".join(ACTS[type(event)].sentence.format(**fields).split()).rstrip(":, ")


def _word(value: Any) -> Any:
    if isinstance(value, Measured):
        return _measured(value)
    if isinstance(value, Bag):
        return value.id
    if isinstance(value, dict):
        plain = {name: one for name, one in value.items() if isinstance(one, str | int | float)}
        return ", ".join(
            f"{name} {_word(one)}" for name, one in plain.items() if not _HASHED.fullmatch(str(one))
        )
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "–"
    if isinstance(value, str | int | float):
        return value
    return _listed(value) if isinstance(value, Iterable) else str(value)


def _listed(values: Iterable[Any], most: int = 6) -> str:
    words = [str(_word(one)) for one in values]
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def _measured(one: Measured) -> str:
    if one.value is None:
        return f"{one.element} {one.code}".rstrip()
    return f"{one.element} {Quantity(one.value, one.unit, one.bound)} {one.code}".rstrip()
