"""What a dose decision rests on: the advice, the candidates, who is evaluable, and the rules.

What leaves all of it as it was does not bear on the decision, however much is recorded of anybody.
`alterations` compares it entry by entry.
"""

from datetime import date
from typing import Any, NamedTuple

from gradatim.conduct.escalation import advice_or_why
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import given
from gradatim.conduct.views.safety import DltCandidate, dlt_outcome, possible_dlts
from gradatim.conduct.views.stopping_rules import FiredRule, fired_rules
from gradatim.dosefinding.outcomes import DoseOutcome
from gradatim.dosefinding.protocol_design import settings_of


class DosedParticipant(NamedTuple):
    """How somebody who was given a dose stands.

    Args:
        participant: their number.
        level: of their place; None without one.
        outcome: for the design, as of the day; None for who does not count.
        in_the_end: the same once every window is closed, if nothing more comes to light.
        candidates: what may be dose-limiting, adjudicated or not.
    """

    participant: str
    level: int | None
    outcome: DoseOutcome | None
    in_the_end: DoseOutcome | None
    candidates: tuple[DltCandidate, ...]


class DecisionBasis(NamedTuple):
    """What a dose decision rests on, as of a day.

    Args:
        advice: action, level and outcomes of the design's advice; or why there is none.
        people: whoever was given a dose.
        fired: the stopping rules that have fired, or may have, answered or not.
        rules: the settings of the design in force, and the safety rules of the protocol.
    """

    advice: Any
    people: tuple[DosedParticipant, ...]
    fired: tuple[FiredRule, ...]
    rules: Any


def basis_of(state: State, on: date) -> DecisionBasis | None:
    """Return what a dose decision rests on; None before a protocol is in force."""
    if not state.versions:
        return None
    study = state.governing("safety")
    advice, why = advice_or_why(state, on)
    everybody = state.participants.values()
    return DecisionBasis(
        why if advice is None else (advice.action, advice.level, advice.outcomes),
        tuple(_dosed(state, one, on) for one in everybody if given(state, one)),
        tuple(fired_rules(state, on)),
        (settings_of(study), study.safety),
    )


def _dosed(state: State, one: Participant, on: date) -> DosedParticipant:
    return DosedParticipant(
        one.id,
        one.level,
        dlt_outcome(state, one, on),
        dlt_outcome(state, one, date.max),
        possible_dlts(state, one),
    )
