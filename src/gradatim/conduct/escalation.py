"""What the design is told of the trial, and what it advises."""

from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple

from gradatim.conduct.events.review import DoseDecision as DoseMade
from gradatim.conduct.state import Cohort, Participant, State
from gradatim.conduct.views.doses import first_dose_at
from gradatim.conduct.views.safety import dlt_outcome
from gradatim.conduct.views.stopping_rules import unanswered_rules
from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.ceiling import (
    Ceiling,
    LevelLimit,
    apply_limits,
    ceiling,
    highest_supported,
    limit_from_rule,
)
from gradatim.dosefinding.decision import DoseDecision, decide
from gradatim.dosefinding.designs.base import DecisionReason, Design
from gradatim.dosefinding.designs.registry import build
from gradatim.dosefinding.outcomes import Cohort as Observed
from gradatim.dosefinding.outcomes import dlts_written, joined
from gradatim.dosefinding.protocol_design import recommendation_criteria, settings_of
from gradatim.protocol.study import Study

_BOLDNESS = {"stop": 0, "hold": 1, "de_escalate": 1, "stay": 2, "start": 2, "escalate": 3}
_ALLOWED = {
    "stop": 0,
    "de_escalate": 1,
    "pending": 1,
    "continue_cohort": 1,
    "stay": 2,
    "start": 2,
    "escalate": 3,
    "hold": 3,
}


def bolder(action: str, advice: str) -> bool:
    """Whether a decision is less cautious than the advice allows.

    While outcomes are open nothing bolder than going down or holding may be decided. A design that
    says hold leaves it to the committee.
    """
    return _BOLDNESS[action] > _ALLOWED[advice]


class Advised(NamedTuple):
    """The design's advice on the present ledger.

    Args:
        action, level: see `dosefinding.decision.Advice`.
        outcomes: what the design was told.
        decision: the whole decision with its reasons.
    """

    action: str
    level: int | None
    outcomes: str
    decision: DoseDecision

    def __str__(self) -> str:
        """As a sentence names it."""
        return in_words(self.action, self.level)


def in_words(action: str, level: int | None) -> str:
    """Write an advice as a sentence names it; of a stop, the level is the one selected."""
    words = action.replace("_", "-")
    if action == "stop":
        return f"{words} with {'no level' if level is None else f'level {level}'} selected"
    return f"{words} at level {level}" if level is not None else words


def treated(state: State) -> list[Participant]:
    """Give who has had a dose at the level they were enrolled at, in the order of first doses."""
    dosed = [
        (first_dose_at(state, one), one)
        for one in state.participants.values()
        if one.level is not None
    ]
    times = [(at, one.position, one) for at, one in dosed if at is not None]
    return [one for _, _, one in sorted(times, key=lambda item: item[:2])]


def observed(state: State, on: date, at: datetime | None = None) -> list[Observed]:
    """Return the outcomes as of a day; who is not evaluable is left out, and shown elsewhere.

    Args:
        state: the trial.
        on: the day.
        at: a moment in the past at which what has been cleared since counted; see
            `views.safety.counting_dlts`.
    """
    each = [(one.level or 0, dlt_outcome(state, one, on, at)) for one in treated(state)]
    return joined(Observed(level, (outcome,)) for level, outcome in each if outcome)


def advised(state: State, on: date) -> Advised:
    """Ask the design in force what it advises as of a day.

    What became known late at a lower level counts at once: while the design would not go up from
    there, it advises no level above it. A level that a stopping rule has ended is not advised, nor
    one above it; where a rule ends the trial, the advice is to stop. While it only may have ended
    the present level, or the trial, the advice is to wait until that is known.

    Raises:
        UnusableInput: the design has no advice for such counts.
    """
    return state.remembered(f"advice {on}", lambda: _advised(state, on))


def _advised(state: State, on: date) -> Advised:
    study: Study = state.governing("safety")
    cohorts, design, complete = observed(state, on), build(settings_of(study)), _complete(state)
    outcomes = " ".join(map(str, cohorts))
    limits = (
        _limit(state, cohorts, ceiling(design, cohorts, complete=complete)),
        _ended(state, cohorts, design, on),
    )
    found = decide(design, cohorts, needed=recommendation_criteria(study), complete=complete)
    found = apply_limits(found, cohorts, limits)
    if found.action != "stop" and (held := _held(state, on)):
        here = cohorts[-1].level if cohorts else found.dose
        ground = DecisionReason(f"{held}; no dose is given until that is known", "stopping rule")
        found = replace(found, action="pending", dose=here, reasons=(ground, *found.reasons))
    left = _still_to_treat(state)
    goes_on = found.action not in ("pending", "stop")
    most = found.dose or 0 if found.action == "de_escalate" else supported(state, on).highest
    if left is not None and goes_on and left.level <= most:
        return Advised("continue_cohort", left.level, outcomes, found)
    here = state.cohorts[-1].level if state.cohorts else 0
    if found.action == "stay" and found.dose is not None and found.dose < here:
        return Advised("de_escalate", found.dose, outcomes, found)
    return Advised(found.action, found.dose, outcomes, found)


def _ended(state: State, cohorts: list[Observed], design: Design, on: date) -> LevelLimit | None:
    """Return what stopping rules leave of the levels; None where none has ended any."""
    lowest = min(one.number for one in state.governing("safety").treatment.dose_levels)
    rules = [one for one in unanswered_rules(state, on) if one.action != "pause" and one.certain]
    ending = [one.text for one in rules if one.ends_the_trial(lowest)]
    if ending:
        return LevelLimit(lowest, 0, "advice", "; ".join(ending))
    first = min(rules, key=lambda one: one.level or lowest, default=None)
    return first and limit_from_rule(design, cohorts, first.level or lowest, first.text)


def _held(state: State, on: date) -> str:
    """Return which rules may have ended the levels that doses are given at; empty if none has."""
    here = state.cohorts[-1].level if state.cohorts else None
    rules = [one for one in unanswered_rules(state, on) if one.action != "pause"]
    return "; ".join(one.text for one in rules if not one.certain and one.closes(here))


class Supported(NamedTuple):
    """How high doses may be given as of a day, by the design.

    Args:
        highest: the highest level that somebody may be given for the first time; 0 for none.
        tolerated: the highest level not found too toxic; nobody is given one above it.
        why: on what outcomes; empty where nobody has been treated.
    """

    highest: int
    tolerated: int
    why: str


def supported(state: State, on: date, at: datetime | None = None) -> Supported:
    """Say how high the design in force lets doses be given as of a day.

    Args:
        state: the trial.
        on: the day.
        at: see `observed`.

    Raises:
        UnusableInput: the design has no advice for such counts.
    """
    cohorts = observed(state, on, at)
    told = " ".join(map(str, cohorts))
    return state.remembered(f"supported {on} {told}", lambda: _supported(state, cohorts))


def _supported(state: State, cohorts: list[Observed]) -> Supported:
    study = state.governing("safety")
    design, complete = build(settings_of(study)), _complete(state)
    top = len(study.treatment.dose_levels)
    if not cohorts:
        return Supported(top, top, "")
    last, found = cohorts[-1].level, ceiling(design, cohorts, complete=complete)
    limit = _limit(state, cohorts, found)
    try:
        said = decide(design, cohorts, needed=recommendation_criteria(study), complete=complete)
    except UnusableInput:  # too much is open to be worked through; what is settled limits
        most, why = last, ""
    else:
        by_committee = said.action == "hold" and _decided_upon(state, cohorts, last)
        most = last + 1 if by_committee else highest_supported(said, last)
        why = f"the design advises {in_words(said.action, said.dose)}"
    if limit is not None and limit.supported < most:
        most, why = limit.supported, limit.text
    outcomes = " ".join(map(str, cohorts))
    return Supported(most, found.tolerated, f"on {outcomes}: {why}" if why else f"on {outcomes}")


def _limit(state: State, cohorts: list[Observed], found: Ceiling) -> LevelLimit | None:
    """Return the strictest limit, but for what the design left to the committee's decision."""
    held = [one.at for one in found.limits if one.kind == "hold"]
    return found.lowest(frozenset(at for at in held if _decided_upon(state, cohorts, at)))


def _decided_upon(state: State, cohorts: list[Observed], level: int) -> bool:
    """Whether the committee opened a higher level knowing of as many DLTs at this one."""
    now = sum(one.dlts for one in cohorts if one.level == level)
    for position in reversed(state.decisions):
        made = state.events[position]
        assert isinstance(made, DoseMade)
        if made.level is not None and made.level > level:
            return now <= dlts_written(made.outcomes, level)
    return False


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
    waiting = [
        one
        for one in cohort.members
        if not state.participants[one].replaced
        and first_dose_at(state, state.participants[one]) is None
    ]
    return cohort if waiting or state.free_places(cohort) > 0 else None
