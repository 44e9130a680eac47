"""What the safety committee has allowed of a dose, and whom it has judged not evaluable.

The protocol says what is the committee's to allow (`treatment.gate`); everything else is refused.
What comes to light after the committee has signed is for it to look at anew.
"""

from collections.abc import Iterable

from gradatim.conduct.events.safety import (
    DoseLimitingToxicityAdjudicated,
    DosingAllowed,
    EvaluabilityJudged,
    SentinelObservationJudged,
)
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import entries_of


def allowed(state: State, participant: Participant, dose: int) -> tuple[int, DosingAllowed] | None:
    """Return what the committee has last allowed of a dose, and the entry; None where nothing."""
    found = [
        (at, event)
        for at, event in entries_of(state, participant, DosingAllowed)
        if event.dose == dose
    ]
    return found[-1] if found else None


def allowed_after(
    state: State, participant: Participant, dose: int, candidates: Iterable[str]
) -> bool:
    """Whether a dose is allowed after these candidates for a dose-limiting toxicity."""
    found = allowed(state, participant, dose)
    gate = state.governing("treatment", participant).treatment.gate
    if found is None or gate.after_dose_limiting_toxicity != "committee":
        return False
    return set(candidates) <= set(found[1].candidates)


def allowed_at_closed(state: State, participant: Participant, dose: int) -> bool:
    """Whether a dose is allowed at a level that is closed: by what was known when it was signed."""
    found = allowed(state, participant, dose)
    gate = state.governing("treatment", participant).treatment.gate
    if found is None or gate.under_closed_level != "committee" or not found[1].closed_level:
        return False
    return not any(
        event.dose_limiting and at > found[0]
        for at, event in state.events.of(DoseLimitingToxicityAdjudicated)
    )


def level_of_dose(state: State, participant: Participant, dose: int) -> int | None:
    """Return the level that a dose is given at: the one assigned, or the lower one allowed."""
    if participant.level is None:
        return None
    found = allowed(state, participant, dose)
    gate = state.governing("treatment", participant).treatment.gate
    lower = found[1].level if found is not None and gate.dose_reduction == "committee" else None
    return participant.level if lower is None else min(lower, participant.level)


def observed_by_judgement(
    state: State, participant: Participant, reactions: Iterable[str]
) -> bool | None:
    """Return whether the committee has judged a sentinel observed; None where it has not.

    Args:
        state: the trial.
        participant: who is watched.
        reactions: what counts as dose-limiting and began while they were watched; of one that the
            committee has not named it knew nothing.
    """
    judged = [event for _, event in entries_of(state, participant, SentinelObservationJudged)]
    if not judged:
        return None
    known = set(reactions) <= set(judged[-1].candidates)
    return judged[-1].observed if known or not judged[-1].observed else None


def judged_not_evaluable(state: State, participant: Participant) -> bool:
    """Whether the committee has judged last that a participant does not count for the design."""
    judged = [event for _, event in entries_of(state, participant, EvaluabilityJudged)]
    return bool(judged) and not judged[-1].evaluable
