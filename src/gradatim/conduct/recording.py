"""How an act of a person or a program is recorded: the use case of the pages and of the JSON API.

what others changed -> words of records sealed -> Trial.record -> erased keys destroyed
"""

from collections.abc import Callable, Sequence

from gradatim.conduct.conflicts import changed_by_others
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.participants import ParticipantRegistered, PersonalDataErased
from gradatim.conduct.keyring.stores import Keyring
from gradatim.conduct.numbering import with_free_number
from gradatim.conduct.paper import is_authorisation
from gradatim.conduct.personal import forget, resealed
from gradatim.conduct.sealed_records import has_clear_words, record_seal
from gradatim.conduct.signatures import Signer
from gradatim.conduct.state import State
from gradatim.conduct.trial import Recorded, RecordOutcome, Refused, Stale, Trial


def record(
    trial: Trial,
    event: Event,
    seen: int,
    request: str,
    keyring: Callable[[], Keyring],
    signer: Signer | None = None,
) -> RecordOutcome:
    """Record an event, unless it is refused or somebody else was faster.

    A fact about a participant whom another user has changed since it was looked at is handed back
    as an authorisation would be: its user looks at the change, and sends it again.

    Args:
        trial: the trial.
        event: what is recorded.
        seen: position of the ledger that its user has looked at.
        request: idempotency key.
        keyring: gives the participants' keys; called only where something is sealed or erased.
        signer: makes the signature of what is signed, by the key of who signs.

    Raises:
        UnusableInput: it names what does not exist, or what cannot be.
    """
    known = trial.position_of(request)
    if known is None and not is_authorisation(event):
        changed = changed_by_others(trial.state, event, seen)
        if changed:
            return Stale(changed)

    def reseal(one: ParticipantRegistered, number: str) -> ParticipantRegistered:
        keys = keyring()
        return resealed(keys, trial.name, one, number, keys.random)

    def numbered(state: State, event: Event) -> Event:
        return with_free_number(state, event, reseal)

    outcome = trial.record(
        with_sealed_words(trial, event, keyring), seen, request, numbered, signer
    )
    if isinstance(event, PersonalDataErased) and isinstance(outcome, Recorded):
        forget(keyring(), trial.state)
    return outcome


def record_together(
    trial: Trial, events: Sequence[Event], request: str, keyring: Callable[[], Keyring]
) -> Recorded | Refused:
    """Record several facts in one append, all or none: see `Trial.record_together`."""
    return trial.record_together(
        [with_sealed_words(trial, one, keyring) for one in events], request
    )


def with_sealed_words(trial: Trial, event: Event, keyring: Callable[[], Keyring]) -> Event:
    """Return an event as it is kept: what records say stands in none in clear."""
    one = trial.state.participants.get(getattr(event, "participant", None) or "")
    if one is None or not has_clear_words(event):
        return event
    return record_seal(keyring(), trial.state, one).entry(event)
