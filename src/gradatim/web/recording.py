"""From a filled-in form to the ledger: the one way in which the application records anything.

fields -> event, signed where it has to be -> conduct.recording -> what came of it, logged

While the ledger takes nothing, facts go into the downtime journal: see `conduct.downtime`.
"""

import logging
import secrets
from collections.abc import Sequence
from typing import Any

import msgspec
from django.http import HttpRequest

from gradatim.conduct import recording
from gradatim.conduct.access import Access
from gradatim.conduct.downtime.keeping import KeptInJournal, keep, known_as
from gradatim.conduct.events import built
from gradatim.conduct.events.base import Event, Signature
from gradatim.conduct.signatures import Signer, meaning_of
from gradatim.conduct.state import State
from gradatim.conduct.system_fields import Circumstances
from gradatim.conduct.trial import Recorded, RecordOutcome, Refused, Trial
from gradatim.web.clock import now_at
from gradatim.web.keyring import keyring
from gradatim.web.live_trial import running

LOG = logging.getLogger("gradatim.record")


def circumstances_of(access: Access, site: str, head_hash: str) -> Circumstances:
    """Return under which a user records an act, with the keys of this installation.

    Args:
        access: of the user, or of their token.
        site: where it is recorded; "" the trial as a whole.
        head_hash: hash of the ledger's last entry, in hex.
    """
    return Circumstances(access.state, access.user, site, head_hash, keyring, secrets.token_bytes)


def event_of(request: HttpRequest, name: str, site: str, fields: dict[str, Any]) -> Event:
    """Build the event of an act by the user of a request, signed where the act is always signed.

    Raises:
        UnusableInput: a field cannot hold what it was given.
    """
    user: Any = request.user
    state: State = request.trial.state  # type: ignore[attr-defined]
    own = built(
        {
            **fields,
            "event": name,
            "recorded_at": now_at(state, site),
            "site": site,
            "recorded_by": user.get_username(),
        }
    )
    meaning = meaning_of(own)
    return own if meaning is None else signed(request, own, meaning)


def signed(request: HttpRequest, event: Event, meaning: str) -> Event:
    """Return an event under the signature of the user of a request.

    Whoever calls this has had the user identify themselves again.
    """
    user: Any = request.user
    return msgspec.structs.replace(event, signature=Signature(user.printed_name, meaning))


def record(request: HttpRequest, event: Event, seen: int, key: str) -> RecordOutcome:
    """Record an event with the keys of this installation: see `conduct.recording.record`.

    Args:
        request: of the user; where they have shown who they are to sign, their key signs it.
        event: what is recorded.
        seen: position of the ledger that the user's page was made from.
        key: idempotency key of the form.

    Raises:
        UnusableInput: it names what does not exist, or what cannot be.
    """
    trial: Trial = request.trial  # type: ignore[attr-defined]
    signer: Signer | None = getattr(request, "signer", None)
    outcome = recording.record(trial, event, seen, key, keyring, signer)
    _log(event, outcome)
    return outcome


def record_or_keep(
    request: HttpRequest, event: Event, seen: int, key: str
) -> RecordOutcome | KeptInJournal:
    """Record an event as `record` does, or keep a fact while the ledger takes nothing.

    Raises:
        CannotRecord: the ledger takes nothing, and this is none of what the journal keeps.
        UnusableInput: it names what does not exist, or what cannot be; the journal was altered.
    """
    trial: Trial = request.trial  # type: ignore[attr-defined]
    journal = running().journal
    known = known_as(trial, journal, event, key)
    if known is None and trial.standstill is None:
        return record(request, event, seen, key)
    outcome = known or keep(trial, journal, event, key, keyring)
    _log(event, outcome)
    return outcome


def record_together(trial: Trial, events: Sequence[Event], request: str) -> Recorded | Refused:
    """Record facts in one append, all or none: see `conduct.recording.record_together`."""
    outcome = recording.record_together(trial, events, request, keyring)
    _log(events[0], outcome)
    return outcome


def _log(event: Event, outcome: RecordOutcome | KeptInJournal) -> None:
    LOG.info(
        "record",
        extra={
            "act": type(event).__name__,
            "user": event.recorded_by,
            "outcome": type(outcome).__name__.lower(),
            "position": outcome.position if isinstance(outcome, Recorded) else 0,
        },
    )
