"""Who a participant is: sealed into their registration, opened for those who may, forgotten.

The keys stand in a folder outside the database. An erasure is an event first; then the key goes.
Should the machine stop between the two, `forget` does the rest when it is next called.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from gradatim.conduct.events.base import Sealed
from gradatim.conduct.identity import Whose, person_token, seal, unseal
from gradatim.conduct.keyring.stores import Keyring
from gradatim.conduct.state import Participant, State


class Identity(NamedTuple):
    """What a registration holds of who somebody is."""

    person_token: str
    identity: dict[str, Sealed]


def sealed(keyring: Keyring, trial: str, participant: str, values: Mapping[str, str],
           random: Callable[[int], bytes]) -> Identity:  # fmt: skip
    """Seal a person's identifying data under a key of their own, made now.

    Args:
        keyring: of the trial.
        trial, participant: whose they are.
        values: with `name` and `birth_date`, by which the same person is met again.
        random: gives that many unpredictable bytes.

    Raises:
        UnusableInput: name or birth date is missing; the key cannot be kept.
    """
    token = person_token(values, keyring.pepper())
    key = keyring.make(participant)
    return Identity(token, seal(Whose(trial, participant), values, key, random))


def opened(keyring: Keyring, state: State, participant: Participant) -> dict[str, str]:
    """Give who a participant is; of an erased one that it was erased.

    Raises:
        UnusableInput: a key does not open a value.
    """
    whose = Whose(state.trial, participant.id)
    return unseal(whose, participant.identity, keyring.key(participant.id))


def forget(keyring: Keyring, state: State) -> list[str]:
    """Destroy the keys of all whose data were erased; give those that were still there."""
    return [one.id for one in state.participants.values()
            if one.erased and keyring.erase(one.id)]  # fmt: skip
