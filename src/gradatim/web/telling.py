"""An entry told in a sentence as people say it: elements and visits by their labels, usual units.

Only what the event's fields name is put in words; what a person wrote stays as it was written.
"""

from typing import Any

import msgspec

from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.state import State
from gradatim.conduct.story import told
from gradatim.core.quantity import shown_unit
from gradatim.protocol.study import Study

WORDS = {"true": "yes", "false": "no"}


def told_in_words(state: State, event: Event) -> str:
    """Tell an entry; as it stands, while there is no protocol that could name anything."""
    return told(worded(event, state.study)) if state.versions else told(event)


def worded(event: Event, study: Study) -> Event:
    """Give an event for telling only: its elements and visits are labels, no names."""
    named = {name: _named(name, getattr(event, name), study) for name in event.__struct_fields__}
    return msgspec.structs.replace(event, **named)


def _named(field: str, value: Any, study: Study) -> Any:
    if isinstance(value, Measured):
        return msgspec.structs.replace(
            value,
            element=element_label(value.element, study),
            unit=shown_unit(value.unit),
            code=WORDS.get(value.code, value.code),
        )
    if isinstance(value, tuple):
        return tuple(_named("", one, study) for one in value)
    if field == "element":
        return element_label(value, study)
    return visit_label(value, study) if field == "encounter" else value


def element_label(name: Any, study: Study) -> Any:
    """Give the label of an element; of a name that the protocol has not, the name."""
    return study.elements[name].label if name in study.elements else name


def visit_label(name: Any, study: Study) -> Any:
    """Give the label of a visit; of a name that the protocol has not, the name."""
    known = study.schedule.encounters
    return known[name].label if name in known else name
