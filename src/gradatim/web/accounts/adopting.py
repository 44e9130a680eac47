"""A person's key comes into the ledger: from then on what they sign bears a signature by it."""

import logging
from contextlib import suppress

from gradatim.conduct.days import day_at
from gradatim.conduct.event_store import Head
from gradatim.conduct.events.trial import SigningKeyAdopted
from gradatim.conduct.signing_keys import is_held
from gradatim.conduct.trial import Trial
from gradatim.core.errors import UnusableInput
from gradatim.web.accounts.models import User
from gradatim.web.accounts.signing_keys import retire_key, signing_key_of
from gradatim.web.clock import now_at

LOG = logging.getLogger("gradatim.accounts")


def adopt_key(trial: Trial, user: User) -> None:
    """Have the trial know the key by which a person signs now, unless it does.

    A key that was replaced is not taken back, nor one of which it is not proved that this person
    holds it: others put it there, and its owner makes another when they next show their password.

    Args:
        trial: the trial.
        user: who showed every factor that is asked of them.

    Raises:
        UnusableInput: nothing can be recorded.
    """
    key = signing_key_of(user)
    if key is None or key.trial != trial.name:
        return
    known = _known(trial, user)
    if known[-1:] == [key.public_key]:
        return
    if key.public_key in known or not is_held(trial.name, user.username, key.public_key, key.proof):
        retire_key(user)
        return
    at = now_at(trial.state, "")

    def made(_head: Head) -> SigningKeyAdopted:
        if key.public_key in _known(trial, user):
            raise _AdoptedMeanwhile
        return SigningKeyAdopted(
            occurred_on=day_at(trial.state, "", at),
            recorded_at=at,
            recorded_by=user.username,
            public_key=key.public_key,
            proof=key.proof,
            invited_by=key.invited_by,
        )

    with suppress(_AdoptedMeanwhile):
        trial.record_own(made)


class _AdoptedMeanwhile(Exception):
    """Another session of the same person adopted it."""


def _known(trial: Trial, user: User) -> list[str]:
    """Return the keys that a trial knows of a person, in hex, the one in force last."""
    return [one.public_key for one in trial.state.signing_keys.get(user.username, ())]


def adopt_key_if_possible(trial: Trial, user: User) -> None:
    """Have the trial know a person's key; where nothing can be recorded, their next signature will.

    Args:
        trial: the trial.
        user: who has just signed in.
    """
    try:
        adopt_key(trial, user)
    except UnusableInput as error:
        LOG.warning("key not adopted", extra={"user": user.username, "why": str(error)})
