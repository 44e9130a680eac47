"""A trial adopts the key by which the application seals what it records."""

from contextlib import suppress
from datetime import datetime

from gradatim.conduct.days import day_at
from gradatim.conduct.event_store import Head, NotSealed
from gradatim.conduct.events.base import SYSTEM
from gradatim.conduct.events.trial import SealingKeyAdopted
from gradatim.conduct.ledger import verify
from gradatim.conduct.sealing.stores import SealingKeys
from gradatim.conduct.trial import Trial
from gradatim.core.errors import UnusableInput


def adopt_first_key(trial: Trial, keys: SealingKeys, now: datetime) -> int | None:
    """Adopt a key where nothing of a trial is sealed yet; return the position of the entry.

    Returns:
        None where the trial is sealed already; its key is here.

    Raises:
        NotSealed: it is sealed and its key is not here, or its seals were taken away.
        UnusableInput: no key can be made.
    """
    if not _has_seals(trial):
        key = keys.begin(trial.name)

        def first(_head: Head) -> SealingKeyAdopted:
            if _has_seals(trial):  # another process was faster, by the same key
                raise _SealedMeanwhile
            return _adoption(trial, key, now)

        with suppress(_SealedMeanwhile):
            at = trial.record_own(first)
            keys.adopted(trial.name)
            return at
        trial.refresh()
    if not keys.has(trial.name):
        raise NotSealed(
            trial.head.position,
            f"there is no key in {keys.path(trial.name)}",
            "put the key there that seals this ledger",
        )
    return None


def adopt_another_key(
    trial: Trial, keys: SealingKeys, now: datetime, reason: str, lost: bool = False
) -> int:
    """Adopt a new key in the place of the one in force, which endorses it and is destroyed.

    Args:
        trial: the trial.
        keys: of this installation.
        now: the time.
        reason: why.
        lost: whether the one in force is lost with every copy; then nothing endorses the new one,
            and it counts once somebody vouches for it by a checkpoint.

    Returns:
        The position of the entry.

    Raises:
        NotSealed: the ledger is not sealed by the key that is here.
        UnusableInput: nothing is sealed yet, or no key can be made; or none is lost, or something
            is wrong with the ledger.
    """
    if not _has_seals(trial):
        raise UnusableInput(
            f"{trial.name} is not sealed yet",
            todo="start the application: it adopts the first key",
        )
    if lost:
        keys.give_up(trial.name)
        _refuse_unsound(trial)
    key = keys.begin(trial.name)

    def made(head: Head) -> SealingKeyAdopted:
        endorsement = "" if lost else keys.endorsement(trial.name, head, key).hex()
        return _adoption(trial, key, now, endorsement, reason)

    at = trial.record_own(made)
    keys.adopted(trial.name)
    return at


def _refuse_unsound(trial: Trial) -> None:
    """Refuse a ledger that is wrong by the keys that it names: nobody else could tell here."""
    entries, seals = trial.store.contents(trial.name)
    found = verify(entries, trial.name, seals=seals, vouched=trial.head.position)
    if not found.ok:
        raise UnusableInput(
            "no key is adopted", trial.name, found.why, "find out what happened to the ledger"
        )


def _has_seals(trial: Trial) -> bool:
    """Whether anything of a trial is sealed."""
    return next(trial.store.seals(trial.name), None) is not None


class _SealedMeanwhile(Exception):
    """Another process adopted the first key."""


def _adoption(
    trial: Trial, key: bytes, now: datetime, endorsement: str = "", reason: str = ""
) -> SealingKeyAdopted:
    return SealingKeyAdopted(
        occurred_on=day_at(trial.state, "", now),
        recorded_at=now,
        recorded_by=SYSTEM,
        public_key=key.hex(),
        endorsement=endorsement,
        reason=reason,
    )
