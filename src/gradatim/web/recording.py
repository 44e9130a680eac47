"""From a filled-in form to the ledger: the one way in which the application records anything.

fields -> event -> what others changed meanwhile -> Trial.record -> what came of it
"""

import logging
import secrets
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from django.http import HttpRequest

from gradatim.conduct.access import Access
from gradatim.conduct.conflicts import touched, whom
from gradatim.conduct.events import built
from gradatim.conduct.events.base import Event, Signature
from gradatim.conduct.events.participants import PersonalDataErased
from gradatim.conduct.events.review import SourceDataVerified
from gradatim.conduct.personal import forget
from gradatim.conduct.policies import is_authorisation
from gradatim.conduct.sealed_records import has_clear_words, record_seal
from gradatim.conduct.signatures import MEANINGS
from gradatim.conduct.system_fields import Circumstances
from gradatim.conduct.trial import Outcome, Overtaken, Recorded, Trial
from gradatim.web.clock import now
from gradatim.web.keyring import keyring
from gradatim.web.telling import told_in_words

LOG = logging.getLogger("gradatim.record")


def circumstances_of(access: Access, site: str, head_hash: str) -> Circumstances:
    """Return under which a user records an act, with the keys of this installation.

    Args:
        access: of the user, or of their token.
        site: where it is recorded; "" the trial as a whole.
        head_hash: hash of the ledger's last entry, in hex.
    """
    return Circumstances(access.state, access.user, site, head_hash, keyring, secrets.token_bytes)


class Told(NamedTuple):
    """An entry as it is shown to whoever has not seen it yet."""

    position: int
    recorded_at: datetime
    recorded_by: str
    text: str


def event_of(request: HttpRequest, name: str, site: str, fields: dict[str, Any]) -> Event:
    """Build the event of an act by the user of a request, signed where the act is always signed.

    Raises:
        UnusableInput: a field cannot hold what it was given.
    """
    user: Any = request.user
    own = built(
        {
            **fields,
            "event": name,
            "recorded_at": now(),
            "site": site,
            "recorded_by": user.get_username(),
        }
    )
    meaning = MEANINGS.get(type(own))
    return own if meaning is None else signed(request, own, meaning)


def signed(request: HttpRequest, event: Event, meaning: str) -> Event:
    """Return an event under the signature of the user of a request.

    Whoever calls this has had the user identify themselves again.
    """
    user: Any = request.user
    return msgspec.structs.replace(event, signature=Signature(user.printed_name, meaning))


def record(trial: Trial, event: Event, seen: int, request: str) -> Outcome:
    """Record an event, unless it is refused or somebody else was faster.

    A fact about a participant whom another user has changed since the page was made is handed back
    as an authorisation would be: its user looks at the change, and sends it again.

    Args:
        trial: the trial.
        event: what is recorded.
        seen: position of the ledger that the user's page was made from.
        request: idempotency key of the form.

    Raises:
        UnusableInput: it names what does not exist, or what cannot be.
    """
    known = bool(request) and trial.store.position_of(trial.name, request) is not None
    if not known and not is_authorisation(event) and (changed := _by_others(trial, event, seen)):
        return Stale(changed)
    outcome = trial.record(_sealed(trial, event), seen, request)
    if isinstance(event, PersonalDataErased) and isinstance(outcome, Recorded):
        forget(keyring(), trial.state)
    LOG.info(
        "record",
        extra={
            "act": type(event).__name__,
            "user": event.recorded_by,
            "outcome": type(outcome).__name__.lower(),
            "position": outcome.position if isinstance(outcome, Recorded) else 0,
        },
    )
    return outcome


def _sealed(trial: Trial, event: Event) -> Event:
    """Return an event as the ledger keeps it: what records say stands in none in clear."""
    one = trial.state.participants.get(getattr(event, "participant", None) or "")
    if one is None or not has_clear_words(event):
        return event
    return record_seal(keyring(), trial.state, one).entry(event)


def _by_others(trial: Trial, event: Event, seen: int) -> tuple[int, ...]:
    state = trial.state
    if participant_of(state, event) is None and not isinstance(event, SourceDataVerified):
        return ()
    return tuple(
        at
        for at in conflicting_entries(state, event, seen)
        if state.events[at].recorded_by != event.recorded_by
    )


def shown(trial: Trial, positions: tuple[int, ...]) -> list[Told]:
    """Give entries as they are told to a user."""
    found = [(at, trial.state.events[at]) for at in positions]
    return [
        Told(at, one.recorded_at, one.recorded_by, told_in_words(trial.state, one))
        for at, one in found
    ]
