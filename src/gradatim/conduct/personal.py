"""Who a participant is: sealed into their registration, opened for those who may, forgotten.

The keys stand in a folder outside the database. An erasure is an event first; then the key goes.
Should the machine stop between the two, `forget` does the rest when it is next called.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress

import msgspec

from gradatim.conduct.events.base import Sealed
from gradatim.conduct.events.participants import ParticipantRegistered
from gradatim.conduct.identity import (
    BIRTH_DATE,
    PERSON,
    Person,
    Whose,
    person_of,
    seal,
    unseal,
)
from gradatim.conduct.keyring.stores import Keyring, records_key
from gradatim.conduct.state import (
    Participant,
    Recognised,
    State,
    UnsealedBirth,
    UnsealedWords,
)
from gradatim.conduct.views.birth import agreed
from gradatim.core.dates import Day, parse_day
from gradatim.core.errors import UnusableInput


def sealed(
    keyring: Keyring,
    trial: str,
    participant: str,
    values: Mapping[str, str],
    random: Callable[[int], bytes],
) -> dict[str, Sealed]:
    """Seal a person's identifying data under a key of their own, made now.

    Args:
        keyring: of the trial.
        trial, participant: whose they are.
        values: with `name` and `birth_date`, by which the same person is met again.
        random: gives that many unpredictable bytes.

    Raises:
        UnusableInput: name or birth date is missing; the key cannot be kept.
    """
    person_of(values)
    return seal(Whose(trial, participant), values, keyring.make(participant), random)


def sealed_anew(
    keyring: Keyring,
    state: State,
    participant: Participant,
    values: Mapping[str, str],
    random: Callable[[int], bytes],
) -> dict[str, Sealed]:
    """Seal a person's identifying data as they are corrected, under the key that they have.

    Raises:
        UnusableInput: name or birth date is missing; their key was destroyed, or is not here.
    """
    key = keyring.key(participant.id)
    if key is None:
        raise UnusableInput("identifying data are not held", participant.id)
    person_of(values)
    return seal(Whose(state.trial, participant.id), values, key, random)


def resealed(
    keyring: Keyring,
    trial: str,
    event: ParticipantRegistered,
    number: str,
    random: Callable[[int], bytes],
) -> ParticipantRegistered:
    """Return a registration under another number, with who it is sealed under that one's key.

    Raises:
        UnusableInput: the key of the number that it had is not here, or does not open it; the new
            one cannot be kept.
    """
    key = keyring.key(event.participant)
    if key is None:
        raise UnusableInput("identifying data are not held", event.participant)
    values = unseal(Whose(trial, event.participant), event.identity, key)
    made = seal(Whose(trial, number), values, keyring.make(number), random)
    return msgspec.structs.replace(event, participant=number, identity=made)


def open_identity(keyring: Keyring, state: State, participant: Participant) -> dict[str, str]:
    """Give who a participant is; of an erased one that it was erased.

    Raises:
        UnusableInput: a key does not open a value.
    """
    whose = Whose(state.trial, participant.id)
    return unseal(whose, participant.identity, keyring.key(participant.id))


def birth_recorded(birth_date: str, given: str = "") -> str:
    """Return what the ledger keeps in clear of a date of birth: its year.

    Args:
        birth_date: the date that is sealed.
        given: a date, or part of one, that was given beside it.

    Raises:
        UnusableInput: the two contradict each other, or are no dates.
    """
    try:
        sealed = parse_day(birth_date)
        fits = not given or agreed(sealed, parse_day(given)) is not None
    except ValueError as error:
        raise UnusableInput(
            "the date of birth cannot be read", "birth", str(error), "write it as 1980-03-14"
        ) from error
    if not fits:
        raise UnusableInput(
            f"birth is {given}, and the date of birth is another",
            "birth",
            todo="give the date of birth once",
        )
    return birth_date[:4]


def unsealing(keyring: Callable[[], Keyring | None], trial: str) -> UnsealedBirth:
    """Return what opens the sealed dates of birth of a trial's participants.

    Args:
        keyring: gives the keys, asked each time, since they may be made or destroyed meanwhile;
            None while there are none.
        trial: its name.
    """

    def birth(participant: str, identity: Mapping[str, Sealed]) -> Day | None:
        one = {name: value for name, value in identity.items() if name == BIRTH_DATE}
        try:
            whose = Whose(trial, participant)
            return parse_day(_unsealed(keyring, participant, whose, one)[BIRTH_DATE])
        except (ValueError, KeyError):  # nothing that can be read as a date
            return None

    return birth


def recognising(keyring: Callable[[], Keyring | None], trial: str) -> Recognised:
    """Return what tells by what a trial's participants are met again, while their keys are there.

    So that a person is registered once, nothing has to be kept that could be tried against a guess
    once their key is destroyed.
    """

    def person(participant: str, identity: Mapping[str, Sealed]) -> Person | None:
        one = {name: value for name, value in identity.items() if name in PERSON}
        try:
            return person_of(_unsealed(keyring, participant, Whose(trial, participant), one))
        except UnusableInput:  # sealed in part, or not to be opened here
            return None

    return person


def unsealing_words(keyring: Callable[[], Keyring | None], trial: str) -> UnsealedWords:
    """Return what opens the sealed words of the records of a trial's participants.

    Args:
        keyring: gives the keys, as for `unsealing`.
        trial: its name.
    """

    def words(participant: str, sealed: Mapping[str, Sealed]) -> Mapping[str, str]:
        return _unsealed(keyring, records_key(participant), Whose(trial, participant), sealed)

    return words


def _unsealed(
    keyring: Callable[[], Keyring | None], key: str, whose: Whose, sealed: Mapping[str, Sealed]
) -> Mapping[str, str]:
    """Return what the key of a name opens; what it does not is left out."""
    found: dict[str, str] = {}
    try:
        keys = keyring() if sealed else None
        held = keys.key(key) if keys else None
    except UnusableInput:
        return found
    for name, one in sealed.items() if held is not None else ():
        with suppress(UnusableInput):  # another's, or altered
            found |= unseal(whose, {name: one}, held)
    return found


def forget(keyring: Keyring, state: State) -> list[str]:
    """Destroy the keys of all whose data were erased; give those that were still there.

    With the first goes the pepper of earlier versions: by it a guess at a name could be tried
    against the tokens that those left in the ledger. Nothing is told by it any more.
    """
    erased = [one.id for one in state.participants.values() if one.erased]
    if erased:
        keyring.erase_pepper()
    return [id_ for id_ in erased if any([keyring.erase(id_), keyring.erase(records_key(id_))])]
