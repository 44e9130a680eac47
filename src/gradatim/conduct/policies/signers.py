"""Who may say who a person is.

Source: 21 CFR 11.100(b) and 11.200(a)(3): no one person makes an account and vouches for it.
"""

from gradatim.conduct.events.trial import PersonIdentified
from gradatim.conduct.policies.verdicts import broken, either
from gradatim.conduct.signers import identification_of, nobody_is_identified
from gradatim.conduct.state import State
from gradatim.core.verdict import Verdict


def the_key_is_theirs_now(state: State, event: PersonIdentified) -> Verdict:
    """The person has signed in, and the key is the one that they adopted last."""
    key = identification_of(state, event.user).key
    if key is None:
        return broken(f"{event.user} has no key yet: they sign in once before they are identified")
    return either(
        key.public_key == event.public_key,
        "the key is the one that they sign by",
        f"{event.user} has adopted another key since: look at it anew",
    )


def another_person_identifies(state: State, event: PersonIdentified) -> Verdict:
    """Nobody identifies themselves, nor whom they let choose a password."""
    by, key = event.recorded_by, identification_of(state, event.user).key
    if by == event.user:
        return broken(f"{by} does not say who they are themselves")
    return either(
        key is None or key.invited_by != by,
        "another person invited them",
        f"{by} invited {event.user}: another person identifies them",
    )


def who_identifies_is_identified(state: State, event: PersonIdentified) -> Verdict:
    """Whoever identifies others is identified; but for the first, when nobody is."""
    by = event.recorded_by
    known = identification_of(state, by).position is not None
    return either(
        state.mode != "real" or known or nobody_is_identified(state),
        f"{by} is identified",
        f"{by} is not identified, and so identifies nobody",
    )
