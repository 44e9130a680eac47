"""What the design is told of the trial, and what it advises."""

from datetime import date
from itertools import groupby
from typing import NamedTuple

from gradatim.conduct.state import Cohort, Participant, State
from gradatim.conduct.views.doses import first_dose_at
from gradatim.conduct.views.safety import letter
from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.decide import DoseDecision, decide
from gradatim.dosefinding.designs import build
from gradatim.dosefinding.outcomes import Cohort as Observed
from gradatim.dosefinding.protocol_design import needed_of, settings_of
from gradatim.protocol.study import Study

_BOLDNESS = {"stop": 0, "hold": 1, "de_escalate": 1, "stay": 2, "start": 2, "escalate": 3}
_ALLOWED = {
    "stop": 0, "de_escalate": 1, "pending": 1, "continue_cohort": 1, "stay": 2, "start": 2,
    "escalate": 3, "hold": 3,
}  # fmt: skip


def bolder(action: str, advice: str) -> bool:
    """Whether a decision is less cautious than the advice allows.

    While outcomes are open nothing bolder than going down or holding may be decided. A design that
    says hold leaves it to the committee.
    """
    return _BOLDNESS[action] > _ALLOWED[advice]


class Advised(NamedTuple):
    """The design's advice on the present ledger.

    Args:
        action, level: see `dosefinding.decide.Advice`.
        outcomes: what the design was told.
        decision: the whole decision with its reasons.
    """

    action: str
    level: int | None
    outcomes: str
    decision: DoseDecision

    def __str__(self) -> str:
        """As a sentence names it."""
        words = self.action.replace("_", "-")
        return f"{words} at level {self.level}" if self.level is not None else words


def treated(state: State) -> list[Participant]:
    """Give who has had a dose at the level they were enrolled at, in the order of first doses."""
    dosed = [(first_dose_at(state, one), one) for one in state.participants.values()
             if one.level is not None]  # fmt: skip
    times = [(at, one.position, one) for at, one in dosed if at is not None]
    return [one for _, _, one in sorted(times, key=lambda item: item[:2])]


def observed(state: State, on: date) -> list[Observed]:
    """Give the outcomes as of a day; who is not evaluable is left out, and shown elsewhere."""
    told = [(one.level or 0, letter(state, one, on)) for one in treated(state)]
    known = [(level, said) for level, said in told if said]
    return [Observed(level, "".join(said for _, said in some))
            for level, some in groupby(known, key=lambda pair: pair[0])]  # fmt: skip


def advised(state: State, on: date) -> Advised:
    """Ask the design in force what it advises as of a day.

    Raises:
        UnusableInput: the design has no advice for such counts.
    """
    study: Study = state.governing("safety")
    cohorts = observed(state, on)
    outcomes = " ".join(map(str, cohorts))
    design = build(settings_of(study))
    found = decide(design, cohorts, needed=needed_of(study), complete=_complete(state))
    if found.action not in ("pending", "stop", "de_escalate") and (left := _still_to_treat(state)):
        return Advised("continue_cohort", left.level, outcomes, found)
    return Advised(found.action, found.dose, outcomes, found)


def advice_or_why(state: State, on: date) -> tuple[Advised | None, str]:
    """Give the design's advice, or why it has none for what is recorded."""
    try:
        return advised(state, on), ""
    except UnusableInput as error:
        return None, str(error)


def _complete(state: State) -> bool:
    """Whether the cohort is smaller than planned and yet all it will be."""
    cohort = state.cohort
    return cohort is not None and cohort.places < _size(state) and not _still_to_treat(state)


def _size(state: State) -> int:
    """Give the cohort size of the design in force."""
    return settings_of(state.governing("safety")).cohort_size


def _still_to_treat(state: State) -> Cohort | None:
    """Give the open cohort if a place of it is free, or its holder has not had a dose."""
    cohort = state.cohort
    if cohort is None:
        return None
    waiting = [one for one in cohort.members if not state.participants[one].replaced
               and first_dose_at(state, state.participants[one]) is None]  # fmt: skip
    return cohort if waiting or state.free_places(cohort) > 0 else None
