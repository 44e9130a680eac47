"""A sentence as the ledger keeps it: the identifier of its template, and what fills the holes.

The classes are those of `core.message`, as JSON: `is` says which.
"""

from datetime import date
from typing import Annotated, Union

from msgspec import Meta, Struct


class _Stored(
    Struct,
    frozen=True,
    kw_only=True,
    tag_field="is",
    omit_defaults=True,
    forbid_unknown_fields=True,
):
    """A part of a sentence."""


class StoredMessage(_Stored, frozen=True, tag="message"):
    """A template, by its identifier, with its arguments."""

    id: str
    arguments: dict[str, "StoredText"] = {}


class StoredSeries(_Stored, frozen=True, tag="series"):
    """Several values one after another; `pair` and `last` are identifiers of templates."""

    items: tuple["StoredText", ...]
    pair: str
    last: str | None = None
    distinct: bool = False


class StoredLabel(_Stored, frozen=True, tag="label"):
    """A label of the protocol."""

    words: str
    name: str = ""


class StoredTerm(_Stored, frozen=True, tag="term"):
    """A word of a record."""

    text: str


class StoredMeasure(_Stored, frozen=True, tag="measure"):
    """A unit, or a number with its unit."""

    text: str


class StoredNumber(_Stored, frozen=True, tag="number"):
    """A number, and how many of its digits are shown."""

    value: float
    format: Annotated[str, Meta(pattern=r"^\+?(\.\d{1,2})?[efg%]?\Z")] = ""


class StoredQuantity(_Stored, frozen=True, tag="quantity"):
    """A number with its UCUM unit; `bound` is `<` or `>` where only that much is known."""

    value: float
    unit: str
    bound: str = ""


class StoredDay(_Stored, frozen=True, tag="day"):
    """A day."""

    on: date


StoredText = Union[  # noqa: UP007 (classes that name it themselves)
    StoredMessage,
    StoredSeries,
    StoredLabel,
    StoredTerm,
    StoredMeasure,
    StoredNumber,
    StoredQuantity,
    StoredDay,
    int,
    str,
]
"""A sentence or a part of one; a `str` is in nobody's catalogue, and stays as it is."""
