"""An entry of the ledger as pages show it: each field by its label, in words."""

from typing import Any

import msgspec
from django.utils.translation import gettext as _

from gradatim.conduct.events.base import Event
from gradatim.web.forms.wording import label_of

HIDDEN = {"identity", "person_token", "document", "signature"}
"""Fields that no page shows: seals, and what has a page of its own."""


def fields_shown(event: Event) -> list[tuple[Any, str]]:
    """Give an entry's fields as label and value; what is not set is left out."""
    plain = msgspec.to_builtins(event)
    name = type(event).__name__
    left_out = {*HIDDEN, "event"}
    said = {key: value for key, value in plain.items()
            if key not in left_out and value not in ("", None, [], {})}  # fmt: skip
    return [(label_of(key, name), shown(value)) for key, value in said.items()]


def shown(value: Any) -> str:
    """Write a value of an entry."""
    if isinstance(value, dict):
        return ", ".join(f"{label_of(key)}: {shown(one)}" for key, one in value.items())
    if isinstance(value, list):
        return "; ".join(shown(one) for one in value)
    return {True: _("yes"), False: _("no")}[value] if isinstance(value, bool) else str(value)
