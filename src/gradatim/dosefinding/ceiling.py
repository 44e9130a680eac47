"""How high a design lets doses be given, on all that is observed, whenever it became known.

A decision looks at the level given last. What comes to light later at a lower level, after the
trial has gone up, bears on every level above it: if the design would not go up from there now, or
would not give that level again, no level above it may be given meanwhile either.
Source: toxicity is taken not to fall with the dose, as every escalation design takes it (Storer BE
(1989), Design and analysis of phase I clinical trials, Biometrics 45:925-937).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.decision import EARLY, Advice, DoseDecision, advice, decide
from gradatim.dosefinding.designs.base import DecisionReason, Design
from gradatim.dosefinding.designs.modifiers import layers, with_open_holds
from gradatim.dosefinding.designs.table import TableDesign
from gradatim.dosefinding.outcomes import Cohort, DoseOutcome
from gradatim.dosefinding.recommended import (
    DEFAULT_CRITERIA,
    Recommendation,
    RecommendationCriteria,
    recommendation,
)
from gradatim.dosefinding.replay import Replay, replay
from gradatim.dosefinding.trial_states import StopReason, TrialStates


class LevelLimit(NamedTuple):
    """What the outcomes at one level say of how high doses may be given.

    Args:
        at: the level whose outcomes say so, from 1.
        supported: the highest level that somebody may be given for the first time; 0 for none.
        kind: `advice` of the design; `pending`, its outcomes are open; `hold`, it leaves it to the
            committee; `unknown`, it has no advice for such counts.
        text: why, in a clause.
        advice: what the design would say there, if that is the `kind`.
    """

    at: int
    supported: int
    kind: Literal["advice", "pending", "hold", "unknown"]
    text: str
    advice: Advice | None = None


class Ceiling(NamedTuple):
    """How high doses may be given.

    Args:
        limits: what each level below the one given last says, the lowest first. Of levels above
            it nothing is asked: the design itself decides whether to go up to them again.
        tolerated: the highest level that the design has not found too toxic, however what is open
            turns out; 0 for none. Nobody is given a level above it, not even once more.
    """

    limits: tuple[LevelLimit, ...]
    tolerated: int

    def lowest(self, besides: frozenset[int] = frozenset()) -> LevelLimit | None:
        """Return the strictest limit, but for those of some levels; None without any."""
        found = [limit for limit in self.limits if limit.at not in besides]
        return min(found, key=lambda limit: (limit.supported, limit.at), default=None)


def ceiling(design: Design, cohorts: Sequence[Cohort], *, complete: bool = False) -> Ceiling:
    """Return how high a design lets doses be given after these cohorts.

    Args:
        design: the design.
        cohorts: what was observed (`outcomes.parse_outcomes`).
        complete: whether the last cohort is complete although it is smaller than planned.

    Raises:
        UnusableInput: the design has no advice for such counts.
    """
    design = with_open_holds(design)
    if not cohorts:
        return Ceiling((), design.doses)
    barred = _barred(design, cohorts, replay(design, cohorts, complete))
    if not isinstance(layers(design)[-1], TableDesign):  # a model weighs every level by itself
        return Ceiling((), barred)
    lower = sorted({cohort.level for cohort in cohorts if cohort.level < cohorts[-1].level})
    limits = [limit for level in lower for limit in _limits(design, cohorts, level)]
    return Ceiling(tuple(limits), barred)


def limit_from_rule(design: Design, cohorts: Sequence[Cohort], level: int, why: str) -> LevelLimit:
    """Return what follows where a level is ended by a rule that is not the design's own.

    Args:
        design: the design.
        cohorts: what was observed.
        level: the level that is ended; those above it are too.
        why: the rule, in a clause.

    Returns:
        The level below, unless the design would end there, as where it has had all the
        participants it may have; no level where there is none below.
    """
    design, at = with_open_holds(design), level - 1
    if at < 1 or not cohorts:
        return LevelLimit(level, max(at, 0), "advice", why)
    try:
        now = replay(design, cohorts, complete=True).trials
        now = replace(_at(now, at), barred=np.minimum(now.barred, at))
        said = advice(design, now, design.decide(now))
    except UnusableInput:  # too few there for the design to say anything but to go on with it
        return LevelLimit(level, at, "advice", why)
    most = min(at, said.dose or 0) if said.action in ("stop", "de_escalate") else at
    return LevelLimit(level, most, "advice", why, said if said.action == "stop" else None)


def _limits(design: Design, cohorts: Sequence[Cohort], level: int) -> Iterator[LevelLimit]:
    """Ask what was to follow on the last cohort at a level, by what is known of it now."""
    seen = _counted(cohorts, level)
    if any(cohort.is_pending for cohort in cohorts if cohort.level == level):
        yield LevelLimit(level, level, "pending", f"{seen}, and outcomes there are open")
        return
    last = max(i for i, cohort in enumerate(cohorts) if cohort.level == level)
    try:
        then = replay(design, cohorts[: last + 1], complete=True)
    except UnusableInput as error:
        yield LevelLimit(level, level, "unknown", f"{seen}: {error.what}")
        return
    decisions = then.decisions
    assert decisions is not None
    why, most = (
        StopReason(decisions.stop_reason[0]),
        min(int(decisions.dose[0]) + 1, int(decisions.barred[0])),
    )
    if why is StopReason.HOLD:
        yield LevelLimit(level, level, "hold", f"{seen}: {why.words}")
    elif why is StopReason.TOO_TOXIC or most <= level:
        what = (
            f"the design does not go up from level {level}"
            if most == level
            else f"level {level} is too toxic"
        )
        yield LevelLimit(
            level, most, "advice", f"{seen}: {what}", advice(design, then.trials, decisions)
        )


def _counted(cohorts: Sequence[Cohort], level: int) -> str:
    here = [cohort for cohort in cohorts if cohort.level == level]
    n, dlts = sum(cohort.size for cohort in here), sum(cohort.dlts for cohort in here)
    return f"{dlts} of {n} at level {level} count as having had a DLT"


def _at(trials: TrialStates, level: int) -> TrialStates:
    """Return a trial as if a level were the present one, and no cohort had just been seen."""
    none = np.zeros_like(trials.cohort_n)
    return replace(trials, dose=np.full_like(trials.dose, level - 1), cohort_n=none, cohort_y=none)


def _barred(design: Design, cohorts: Sequence[Cohort], now: Replay) -> int:
    """Return the lowest level barred, from 0, if whoever is open or missing has no DLT."""
    if now.decisions is not None:
        return int(now.decisions.barred[0])
    filled = [*cohorts[:-1], cohorts[-1].extended(DoseOutcome.NO_DLT, now.missing)]
    decisions = replay(design, filled, complete=True).decisions
    assert decisions is not None
    return int(decisions.barred[0])


def highest_supported(said: DoseDecision, last: int) -> int:
    """Return the highest level that a decision on the level given last supports; 0 for none."""
    if said.action in ("stop", "de_escalate", "escalate"):
        return said.dose or 0
    return last


def apply_limits(
    found: DoseDecision, cohorts: Sequence[Cohort], limits: Iterable[LevelLimit | None]
) -> DoseDecision:
    """Lower a decision to what the outcomes at other levels, or stopping rules, leave."""
    last = cohorts[-1].level if cohorts else found.dose or 0
    for limit in limits:
        if limit is not None and limit.supported < highest_supported(found, last):
            found = _lowered(found, last, limit)
    return found


def advise(
    design: Design,
    cohorts: Sequence[Cohort],
    *,
    complete: bool = False,
    needed: RecommendationCriteria = DEFAULT_CRITERIA,
) -> DoseDecision:
    """Say what the design advises after these cohorts, and never above what lower levels support.

    A trial that went up from where the design leaves it to the committee went up by its decision.

    Args:
        design: the design.
        cohorts: what was observed (`outcomes.parse_outcomes`).
        complete: whether the last cohort is complete although it is smaller than planned.
        needed: what calling a level recommended asks for.

    Raises:
        UnusableInput: the design has no advice for such counts, or too many outcomes are pending.
    """
    found = ceiling(design, cohorts, complete=complete)
    limit = found.lowest(frozenset(limit.at for limit in found.limits if limit.kind == "hold"))
    said = decide(design, cohorts, complete=complete, needed=needed)
    return apply_limits(said, cohorts, [limit])


def _lowered(found: DoseDecision, last: int, limit: LevelLimit) -> DoseDecision:
    action, dose = found.action, limit.supported or None
    if dose is None:
        action = "stop"
    elif limit.advice is not None and limit.advice.action == "stop":
        action, dose = "stop", min(limit.advice.dose or 0, limit.supported) or None
    elif found.action in EARLY:
        dose = min(found.dose or 0, dose) or None
        action = "stop" if dose is None else found.action
    elif limit.kind == "advice":
        action = "de_escalate" if dose < last else "stay"
    else:
        action, dose = ("hold" if limit.kind == "hold" else "pending"), limit.at
    ground = DecisionReason(
        f"{limit.text}; no dose is given above what that leaves", "closed levels"
    )
    called = _called(dose, limit) if action == "stop" else None
    return replace(
        found,
        action=action,
        dose=dose,
        reasons=(ground, *found.reasons),
        distance_to_flip=(),
        resolutions=(),
        recommendation=called,
    )


def _called(level: int | None, limit: LevelLimit) -> Recommendation:
    """Say what the level that a limit leaves may be called: it is never a recommended one."""
    if level is None:
        return recommendation(None, (), DEFAULT_CRITERIA)
    return Recommendation(level, False, f"level {level}; not a recommended level, as {limit.text}")
