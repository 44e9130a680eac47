"""An act that is sent again: it must be the one that was recorded under its key."""

from typing import Any

import msgspec
from django.utils.translation import gettext as _

from gradatim.conduct.corrections import as_recorded
from gradatim.conduct.events import built
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.participants import ParticipantRegistered
from gradatim.conduct.identity import person_of
from gradatim.conduct.state import State
from gradatim.core.errors import UnusableInput
from gradatim.web.api.input_events import filled_in, instead


def refuse_another(
    state: State, position: int, name: str, site: str, fields: dict[str, Any]
) -> None:
    """Refuse an act whose idempotency key recorded something else.

    Raises:
        UnusableInput: the entry at the key's position is another act, or says something else.
    """
    entry = as_recorded(state, position)
    same = type(entry).__name__ == name and site == entry.site and _says(state, entry, name, fields)
    if not same:
        raise UnusableInput(
            _("this key was used for another act"),
            "Idempotency-Key",
            _("it is entry %(n)d") % {"n": position},
            _("give each act a key of its own"),
        )


def _of_the_same(state: State, entry: ParticipantRegistered, fields: dict[str, Any]) -> bool:
    """Whether a registration is of the person that is given, as far as its key still tells."""
    known = state.recognised and state.recognised(entry.participant, entry.identity)
    return not known or known.same == person_of(fields).same


def _says(state: State, entry: Event, name: str, fields: dict[str, Any]) -> bool:
    """Whether an entry says what is given, with what the application filled in left aside."""
    given = {key: value for key, value in fields.items() if key not in instead(name)}
    if isinstance(entry, ParticipantRegistered) and not _of_the_same(state, entry, fields):
        return False
    ours = {
        key: value
        for key, value in msgspec.to_builtins(entry).items()
        if key in {*filled_in(name), "site"}
    }
    return built({**ours, **given, "event": name}) == entry
