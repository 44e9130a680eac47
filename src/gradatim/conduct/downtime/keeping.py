"""What is kept in the downtime journal while nothing is recorded in the ledger: unsigned facts.

What may be entered from paper later may be kept: what a site did, and no authorisation. What is
kept is asked as it will be when it is merged, so that it can be.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from gradatim.conduct.days import begun_at, believable, happened_at
from gradatim.conduct.downtime.lines import JournalBegun, KeptFact
from gradatim.conduct.downtime.stores import DowntimeJournal
from gradatim.conduct.event_store import CannotRecord
from gradatim.conduct.events import encoded
from gradatim.conduct.events.base import Event, Paper
from gradatim.conduct.events.trial import SealingKeyAdopted
from gradatim.conduct.keyring.stores import Keyring
from gradatim.conduct.paper import is_authorisation, may_be_on_paper
from gradatim.conduct.permissions import permitted
from gradatim.conduct.recording import with_sealed_words
from gradatim.conduct.state import State
from gradatim.conduct.trial import Recorded, Refused, Trial, says_the_same
from gradatim.core.errors import UnusableInput
from gradatim.core.truth import TRUE

FILED = "downtime journal, entry {number}"
_OF_NOTHING = "0" * 64


class KeptInJournal(NamedTuple):
    """It is in the downtime journal as this entry of it, and not in the ledger yet."""

    number: int


def sealing_keys_of(state: State) -> frozenset[bytes]:
    """Return the public sealing keys that the ledger names; none where it is not sealed."""
    adopted = state.events.of(SealingKeyAdopted)
    return frozenset(bytes.fromhex(one.public_key) for _, one in adopted)


def request_of(fact: KeptFact) -> str:
    """Return the idempotency key under which a fact is merged."""
    return f"downtime-{fact.line.sha256}"


def merged_at(trial: Trial, fact: KeptFact) -> int | None:
    """Return the entry that a fact has become: by merging, or because it was recorded before."""
    merged = trial.position_of(request_of(fact))
    return trial.position_of(fact.said.request) if merged is None else merged


def known_as(
    trial: Trial, journal: DowntimeJournal, event: Event, request: str
) -> KeptInJournal | Recorded | None:
    """Return what became of a request that the journal has; None where it has not.

    Raises:
        UnusableInput: the request was used for another event; the journal was altered.
    """
    if not journal.is_begun():  # the usual case: no entry is walked for the keys
        return None
    fact = journal.kept_under(request, sealing_keys_of(trial.state))
    if fact is None:
        return None
    if not says_the_same(fact.event, event):
        raise UnusableInput(
            "this request was used for another event",
            type(event).__name__,
            f"it is entry {fact.said.number} of the downtime journal",
            "give each event a request of its own",
        )
    position = None if trial.standstill is not None else merged_at(trial, fact)
    return KeptInJournal(fact.said.number) if position is None else Recorded(position)


def keep(
    trial: Trial,
    journal: DowntimeJournal,
    event: Event,
    request: str,
    keyring: Callable[[], Keyring],
) -> KeptInJournal | Refused:
    """Keep a fact in the downtime journal, once.

    Args:
        trial: which records nothing: see `Trial.standstill`.
        journal: of the trial.
        event: what its user records.
        request: idempotency key.
        keyring: gives the participants' keys.

    Raises:
        CannotRecord: it is none of what is kept; the journal cannot be written.
        UnusableInput: it names what does not exist, or what cannot be; the journal was altered.
    """
    why, state = trial.standstill, trial.state
    assert why is not None
    keys = sealing_keys_of(state)
    if not may_be_kept(event):
        raise CannotRecord(
            f"{type(event).__name__} is not kept in the downtime journal",
            "",
            f"it authorises, is signed, or is no fact of a site; {why.what}",
            why.todo,
        )
    if not journal.signs(keys):
        raise why
    may = permitted(state, event)
    if may.truth is not TRUE:
        return Refused("permission", may, (("permission", may.text),))
    merged = transcribed(state, event, event.recorded_by, event.recorded_at, _OF_NOTHING, 1)
    outcome = trial.would_record(merged)
    if isinstance(outcome, Refused):
        return outcome
    body, _ = encoded(with_sealed_words(trial, event, keyring))
    begun = JournalBegun(
        trial=trial.name,
        position=trial.head.position,
        head=trial.head.hash.hex(),
        at=event.recorded_at.astimezone(UTC),
        why=str(why),
    )
    return KeptInJournal(journal.keep(begun, request, body.decode(), keys).number)


def may_be_kept(event: Event) -> bool:
    """Whether an event is an unsigned fact of a site, which was not written on paper before."""
    is_fact = not is_authorisation(event) and may_be_on_paper(type(event))
    return is_fact and event.signature is None and event.paper is None


def transcribed(
    state: State, event: Event, by: str, at: datetime, line_sha256: str, number: int
) -> Event:
    """Return what is recorded of a fact that was kept: a transcription, by whom merges it.

    It names who recorded it and when: of what was recorded on a later day than it happened, the end
    of its own day, as on a paper that is dated that day. The line has the time itself.

    Args:
        state: the trial.
        event: the fact, as it was kept.
        by: who merges it.
        at: now.
        line_sha256: SHA-256 of the line of the journal, in hex.
        number: of the entry in the journal.
    """
    own = begun_at(event) is not None or believable(state, event, event.recorded_at)
    paper = Paper(
        signed_by=event.recorded_by,
        signed_at=event.recorded_at if own else happened_at(state, event),
        image_sha256=line_sha256,
        filed=FILED.format(number=number),
    )
    return msgspec.structs.replace(event, recorded_by=by, recorded_at=at, paper=paper)
