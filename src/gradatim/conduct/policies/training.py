"""Policies of training: who obtains consent, judges or doses at a site knows the protocol.

What becomes of an act by somebody who does not is for the protocol to say; where it is silent, an
authorisation by whoever was never trained is refused, of whatever only the staff of a site
authorises. Facts are recorded, with a deviation. In a demonstration or a simulation it is asked at
the sites whose training is recorded.

Source: ICH E6(R3), annex 1, 2.3 and 3.7; 21 CFR 312.53(a).
"""

from typing import Literal

from gradatim.conduct.days import done_by
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.participants import InformedConsentObtained, InformedConsentRenewed
from gradatim.conduct.messages import Breach
from gradatim.conduct.policies.verdicts import broken, holds
from gradatim.conduct.state import State
from gradatim.core.message import Term
from gradatim.core.verdict import Verdict

Lack = Literal["never", "on_earlier_version"]


def who_acts(event: Event) -> str:
    """Return whose training is asked for: who signs, who obtained the consent, or who did it.

    Of what was written on paper it is asked of who signed there, not of who enters it.
    """
    user: str = getattr(event, "signer", "") or getattr(event, "obtained_by", "")
    return user or done_by(event)


def version_for(state: State, event: Event) -> str:
    """Return the newest version of the protocol that somebody must know to act on a participant.

    Of a consent, the version that its form tells of.
    """
    if isinstance(event, InformedConsentObtained | InformedConsentRenewed):
        return state.versions[state.informs_about(event.version)].version
    one = state.participants.get(getattr(event, "participant", ""))
    parts = ("treatment", "safety", "eligibility", "schedule")
    known = {id(state.governing(part, one)) for part in parts}  # type: ignore[arg-type]
    return next(
        (one.version for one in reversed(state.versions) if id(one.study) in known),
        state.versions[-1].version,
    )


def lack(state: State, event: Event) -> Lack | None:
    """Return which training is lacking, by the day of the act; None where none is, or is asked."""
    if state.mode != "real" and event.site not in state.trained_at:
        return None
    known = state.training.get(who_acts(event), {})
    then = {version for version, day in known.items() if day <= event.occurred_on}
    if not then:
        return "never"
    return None if version_for(state, event) in then else "on_earlier_version"


def who_authorises_is_trained(state: State, event: Event) -> Verdict:
    """Whoever authorises is trained, where the protocol refuses it to others."""
    if not state.versions:
        return holds("no protocol is active yet")
    found = lack(state, event)
    if found is None or getattr(state.study.training_asked, found) != "refused":
        return holds("the training that is demanded was given")
    return _lacking(state, event, found)


def who_acts_is_trained(state: State, event: Event) -> Verdict:
    """Whoever acts is trained on the version of the protocol that applies."""
    found = lack(state, event)
    if found is None or getattr(state.study.training_asked, found) == "not asked":
        return holds("the training that is asked for was given")
    return _lacking(state, event, found)


def _lacking(state: State, event: Event, found: Lack) -> Verdict:
    user = Term(who_acts(event))
    if found == "never":
        return broken(Breach.UNTRAINED(user=user))
    return broken(Breach.TRAINED_ON_ANOTHER(user=user, version=Term(version_for(state, event))))
