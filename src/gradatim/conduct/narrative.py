"""Each event as one sentence, so that a ledger can be read as the story of its trial.

`narrate` says an event with the names that stand in it, as the ledger has them. For people,
`narrate_in_words` says elements and visits by their labels in the protocol, and units as they are
usually written; what a person wrote stays as it was written.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from gradatim.conduct.catalogue import ACTS
from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.events.product import Bag
from gradatim.conduct.state import State
from gradatim.core.quantity import Quantity, shown_unit
from gradatim.protocol.study import Study

_HASHED = re.compile(r"[0-9a-f]{64}")
_YES_NO = {"true": "yes", "false": "no"}


class NarratedEntry(NamedTuple):
    """An entry in a sentence, for whoever has not seen it yet."""

    position: int
    recorded_at: datetime
    recorded_by: str
    text: str


def narrated_entries(state: State, positions: Iterable[int]) -> list[NarratedEntry]:
    """Return entries in sentences for people."""
    found = ((at, state.events[at]) for at in positions)
    return [
        NarratedEntry(at, one.recorded_at, one.recorded_by, narrate_in_words(state, one))
        for at, one in found
    ]


def narrate_in_words(state: State, event: Event) -> str:
    """Return an event in a sentence for people; as it stands, while no protocol names anything."""
    return narrate(with_labels(event, state.study) if state.versions else event)


def with_labels(event: Event, study: Study) -> Event:
    """Return an event for narration only: its elements and visits are labels, no names."""
    named = {name: _labelled(name, getattr(event, name), study) for name in event.__struct_fields__}
    return msgspec.structs.replace(event, **named)


def _labelled(field: str, value: Any, study: Study) -> Any:
    if isinstance(value, Measured):
        return msgspec.structs.replace(
            value,
            element=element_label(value.element, study),
            unit=shown_unit(value.unit),
            code=_YES_NO.get(value.code, value.code),
        )
    if isinstance(value, tuple):
        return tuple(_labelled("", one, study) for one in value)
    if field == "element":
        return element_label(value, study)
    return visit_label(value, study) if field == "encounter" else value


def element_label(name: Any, study: Study) -> Any:
    """Return the label of an element; of a name that the protocol has not, the name."""
    return study.elements[name].label if name in study.elements else name


def visit_label(name: Any, study: Study) -> Any:
    """Return the label of a visit; of a name that the protocol has not, the name."""
    known = study.schedule.encounters
    return known[name].label if name in known else name


def measured_words(value: float | None, unit: str, bound: str, *more: str) -> str:
    """Return a measured value with its unit, and what is said beside it; what is empty left out."""
    number = "" if value is None else str(Quantity(value, unit, bound))
    return " ".join(part for part in (number, *more) if part)


def narrate(event: Event) -> str:
    """Return an event in a sentence; of what was written on paper, with who signed when."""
    told = _narrated(event)
    if (paper := event.paper) is None:
        return told
    return f"{told} (on paper, signed by {paper.signed_by} at {paper.signed_at:%Y-%m-%d %H:%M %Z})"


def _narrated(event: Event) -> str:
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
    return f"{one.element} {measured_words(one.value, one.unit, one.bound, one.code)}".rstrip()
