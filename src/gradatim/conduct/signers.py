"""Who checked that a person is who they say, and whether that person may sign.

Source: 21 CFR 11.100(b): before a signature is given to a person, who they are is verified.

In a real trial whoever signs was identified before, by somebody else who is identified: the key by
which they sign is then known to be theirs. Of those who had a task before the trial's first key was
adopted this is asked within 30 days, and flagged until then. A key that takes the place of another
(a password was forgotten, or taken away) is identified anew before anything is signed by it.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from gradatim.conduct.events.base import Event
from gradatim.conduct.events.trial import PersonIdentified
from gradatim.conduct.signatures import ALWAYS_SIGNED, Signer
from gradatim.conduct.state import SigningKey, State
from gradatim.core.truth import FALSE, TRUE
from gradatim.core.verdict import Verdict

IDENTIFIED_WITHIN = timedelta(days=30)
"""How long those who had a task before there were keys may sign without having been identified."""


class Identification(NamedTuple):
    """How it stands with the identification of a person.

    Args:
        key: the key by which they sign; None before they have one.
        position: the entry that identified them under it; None where nobody has.
        until: to when they may sign without; None where they may not.
    """

    key: SigningKey | None
    position: int | None = None
    until: datetime | None = None


def identification_of(state: State, user: str) -> Identification:
    """Return how it stands with the identification of a person, by the key they adopted last."""
    keys = state.signing_keys.get(user)
    if not keys:
        return Identification(None)
    key = keys[-1]
    position = state.identified.get(key.public_key)
    return Identification(key, position, _until(state, user) if len(keys) == 1 else None)


def identified_by(state: State, user: str) -> PersonIdentified | None:
    """Return the entry that says who a person is, under the key they adopted last; None if none."""
    position = identification_of(state, user).position
    entry = None if position is None else state.events[position]
    return entry if isinstance(entry, PersonIdentified) else None


def _until(state: State, user: str) -> datetime | None:
    first = min(keys[0].position for keys in state.signing_keys.values())
    had_task = any(one.user == user and one.position < first for one in state.delegations)
    return state.events[first].recorded_at + IDENTIFIED_WITHIN if had_task else None


def nobody_is_identified(state: State) -> bool:
    """Whether nobody is, by a key in force: the first can only be by somebody who is not."""
    return not any(keys[-1].public_key in state.identified for keys in state.signing_keys.values())


def may_sign(state: State, event: Event, signer: Signer | None) -> Verdict:
    """Return whether a signature is by the key of its signer, who is known to be who they say.

    Args:
        state: the trial.
        event: what is recorded, signed or not.
        signer: the key that was opened for it; None where none was.
    """
    if event.signature is None:
        return _unsigned(state, event)
    by_key = _by_own_key(state, event, signer)
    return _as_themselves(state, event) if by_key.truth is TRUE else by_key


def _unsigned(state: State, event: Event) -> Verdict:
    """Say whether what is not signed may stay so: whoever has a key signs what is always signed."""
    if type(event).__name__ in ALWAYS_SIGNED and event.recorded_by in state.signing_keys:
        return Verdict(FALSE, f"{event.recorded_by} signs this by their own key")
    return Verdict(TRUE, "it is not signed")


def _as_themselves(state: State, event: Event) -> Verdict:
    """Say whether who signs is identified; asked in a real trial of whoever has adopted a key."""
    user = event.recorded_by
    found = identification_of(state, user)
    if state.mode != "real" or found.key is None or found.position is not None:
        return Verdict(TRUE, f"{user} is identified")
    if isinstance(event, PersonIdentified):  # has a policy of its own
        return Verdict(TRUE, f"{user} identifies another")
    if found.until is not None and event.recorded_at <= found.until:
        return Verdict(TRUE, f"{user} is to be identified until {found.until:%Y-%m-%d}")
    return Verdict(
        FALSE,
        f"{user} is not identified: before they sign, another person checks who they are, and "
        "records it",
    )


def _by_own_key(state: State, event: Event, signer: Signer | None) -> Verdict:
    """Say whether what is signed comes with the key that its signer adopted last, if any."""
    keys = state.signing_keys.get(event.recorded_by)
    in_force = keys[-1].public_key if keys else None
    opened = signer.public.hex() if signer is not None else None
    if opened == in_force:
        return Verdict(TRUE, "it is signed as it has to be")
    user = event.recorded_by
    if opened is None:
        return Verdict(FALSE, f"{user} signs by their own key, which opens with their password")
    return Verdict(FALSE, f"the key is not the one that {user} adopted last: sign in anew")
