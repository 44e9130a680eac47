"""One trial's next step: the decision, its reasons, and what could still change it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import NamedTuple

import numpy as np

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.designs.base import DecisionReason, Design
from gradatim.dosefinding.designs.model import SAFETY, ModelDesign
from gradatim.dosefinding.designs.modifiers import HardSafety, layers, with_open_holds
from gradatim.dosefinding.outcomes import WHERE, Cohort, DoseOutcome
from gradatim.dosefinding.recommended import (
    DEFAULT_CRITERIA,
    LevelCounts,
    Recommendation,
    RecommendationCriteria,
    recommendation,
)
from gradatim.dosefinding.replay import Replay, replay, replay_each, states_before_decision
from gradatim.dosefinding.trial_states import Decisions, StopReason, TrialStates

EARLY = ("stop", "de_escalate")
"""What may be decided while outcomes are pending, if every way they can turn out says so."""
MOST_RESOLUTIONS = 4_096
Kinds = tuple[DoseOutcome, ...]
PENDING: Kinds = (DoseOutcome.PENDING,)
OPEN: Kinds = (DoseOutcome.PENDING, DoseOutcome.CANDIDATE)
"""Who may yet turn out to have had a DLT or none; whoever is missing is the first kind."""


class Advice(NamedTuple):
    """What a design says.

    Args:
        action: escalate, stay, de_escalate, stop, hold; start before the first participant;
            continue_cohort while a cohort is incomplete; pending while windows are open.
        dose: the level, from 1: to be given next, or selected where the trial stops; None if none.
    """

    action: str
    dose: int | None


class Flip(NamedTuple):
    """How far a decision is from another.

    Args:
        dlts: how many more DLTs (or fewer, if negative) at the present level would change it.
        advice: what it would be then.
    """

    dlts: int
    advice: Advice


class Resolution(NamedTuple):
    """One way in which what is open can turn out.

    Args:
        cohorts: the outcomes, with every pending participant resolved.
        advice: what the design would say.
    """

    cohorts: tuple[Cohort, ...]
    advice: Advice


@dataclass(frozen=True)
class DoseDecision:
    """A design's decision on one trial.

    Args:
        action, dose: see `Advice`.
        reasons: which rule said what, and which overrode which.
        distance_to_flip: the nearest changes of the number of DLTs that would change it.
        counts: participants, DLTs and pending ones at each level, (n, y, pending).
        resolutions: every way in which pending participants can turn out.
        recommendation: what may be said of the selected level, once the trial stops; recommended
            only if it is so however everything that is open turns out.
        notes: where the trial was not led as the design advised, and what counts as what.
    """

    action: str
    dose: int | None
    reasons: tuple[DecisionReason, ...]
    distance_to_flip: tuple[Flip, ...]
    counts: tuple[tuple[int, int, int], ...]
    resolutions: tuple[Resolution, ...] = ()
    recommendation: Recommendation | None = None
    notes: tuple[str, ...] = ()


def decide(
    design: Design,
    cohorts: Sequence[Cohort],
    *,
    complete: bool = False,
    needed: RecommendationCriteria = DEFAULT_CRITERIA,
) -> DoseDecision:
    """Say what the design advises after these cohorts.

    Args:
        design: the design.
        cohorts: what was observed (`outcomes.parse_outcomes`).
        complete: whether the last cohort is complete although it is smaller than planned.
        needed: what calling a level recommended asks for.

    Raises:
        UnusableInput: the design has no advice for such counts, or too many outcomes are pending.
    """
    design, counts = with_open_holds(design), _counts(design, cohorts)
    if not cohorts:
        first = DecisionReason(
            f"nobody has been treated; the trial starts at level {design.start + 1}", "start"
        )
        return DoseDecision("start", design.start + 1, (first,), (), counts)
    now = replay(design, cohorts, complete)
    notes = (*now.notes, *_candidates(design, cohorts, complete))
    if now.decisions is not None and not any(cohort.is_pending for cohort in cohorts):
        found = _settled(design, now)
    else:
        found = _open(design, cohorts, now)
    if found.action == "stop":
        found = replace(found, recommendation=_called(design, cohorts, now, found, needed))
    notes = (*notes, *_unprotected(design, now.trials, found))
    return replace(found, counts=counts, notes=notes)


def _unprotected(design: Design, trials: TrialStates, found: DoseDecision) -> Iterator[str]:
    """Warn of a level that a hard safety rule would close, where a model design has none."""
    made = layers(design)
    if not isinstance(made[-1], ModelDesign) or any(
        isinstance(layer, HardSafety) for layer in made
    ):
        return
    rule = HardSafety(design, made[-1].too_toxic, SAFETY)
    closed = int(rule.closed(trials)[0])
    if found.dose is not None and found.dose > closed:
        n, y = int(trials.n[0, closed]), int(trials.y[0, closed])
        yield (
            f"NO hard safety rule is on, which would close level {closed + 1} and those above "
            f"it: {y} of {n} participants there had a DLT"
        )


def _counts(design: Design, cohorts: Sequence[Cohort]) -> tuple[tuple[int, int, int], ...]:
    return tuple(
        (level.n, level.dlts + level.candidates, level.pending)
        for level in _at_levels(design, cohorts)
    )


def _at_levels(design: Design, cohorts: Sequence[Cohort]) -> list[LevelCounts]:
    return [
        _at_level([cohort for cohort in cohorts if cohort.level == level])
        for level in range(1, design.doses + 1)
    ]


def _at_level(cohorts: Sequence[Cohort]) -> LevelCounts:
    """Count the participants of cohorts at one level."""
    return LevelCounts(
        sum(cohort.size for cohort in cohorts),
        sum(cohort.count(DoseOutcome.DLT) for cohort in cohorts),
        sum(cohort.count(DoseOutcome.PENDING) for cohort in cohorts),
        sum(cohort.count(DoseOutcome.CANDIDATE) for cohort in cohorts),
    )


def advice(design: Design, trials: TrialStates, decisions: Decisions) -> Advice:
    """Put what is decided for one trial into words."""
    return advice_for_each(design, trials, decisions)[0]


def advice_for_each(design: Design, trials: TrialStates, decisions: Decisions) -> list[Advice]:
    """Put what is decided for each of several trials into words."""
    full = (decisions.stop_reason == StopReason.GOING_ON) & (trials.total() >= design.maximum)
    ended = full | (
        (decisions.stop_reason != StopReason.GOING_ON) & (decisions.stop_reason != StopReason.HOLD)
    )
    selected = np.full(len(trials), -1)
    if ended.any():
        last = replace(trials, barred=decisions.barred).take(ended)
        selected[ended] = design.select(last)
    return [
        _in_words(StopReason(why), bool(over), int(here), int(dose), int(chosen))
        for why, over, here, dose, chosen in zip(
            decisions.stop_reason, ended, trials.dose, decisions.dose, selected, strict=True
        )
    ]


def _in_words(why: StopReason, ended: bool, here: int, dose: int, selected: int) -> Advice:
    if why is StopReason.HOLD:
        return Advice("hold", here + 1)
    if ended:
        return Advice("stop", selected + 1 if selected >= 0 else None)
    return Advice(
        "stay" if dose == here else "escalate" if dose > here else "de_escalate", dose + 1
    )


def _settled(design: Design, now: Replay) -> DoseDecision:
    """Decide where nothing is pending."""
    trials, decisions = now.trials, now.decisions
    assert decisions is not None
    said = advice(design, trials, decisions)
    grounds = design.reasons(trials, decisions)
    if said.action == "stop":
        grounds = [*grounds, *_ending(design, trials, decisions, said)]
    return DoseDecision(
        said.action, said.dose, tuple(grounds), nearest_changes(design, now, said), ()
    )


def _ending(
    design: Design, trials: TrialStates, decisions: Decisions, said: Advice
) -> Iterator[DecisionReason]:
    if decisions.stop_reason[0] == StopReason.GOING_ON:
        yield DecisionReason(
            f"all {design.maximum} planned participants have been treated", "maximum"
        )
    if said.dose is None:
        yield DecisionReason("no level is selected", "selection", design.source)
    else:
        yield DecisionReason(
            f"level {said.dose} is selected from all counts", "selection", design.source
        )


def nearest_changes(design: Design, now: Replay, said: Advice) -> tuple[Flip, ...]:
    """Find the fewest DLTs more, and fewer, at the present level that would change the decision."""
    n, y = (int(count[0]) for count in now.trials.at_current_dose())
    found = []
    for way in (range(1, n - y + 1), range(-1, -y - 1, -1)):
        for change in way:
            other = _with(design, now.trials, change)
            if other != said:
                found.append(Flip(change, other))
                break
    return tuple(found)


def _with(design: Design, trials: TrialStates, change: int) -> Advice:
    """Return the advice with other DLTs at the present level, as if in the last cohort."""
    y = trials.y.copy()
    y[0, trials.dose[0]] += change
    seen = np.clip(trials.cohort_y + change, 0, trials.cohort_n)
    other = replace(trials, y=y, cohort_y=seen)
    return advice(design, other, design.decide(other))


def _open(design: Design, cohorts: Sequence[Cohort], now: Replay) -> DoseDecision:
    """Decide where outcomes are open: early only if every resolution says stop or de-escalate."""
    ways = resolutions(design, cohorts, now.missing)
    pending = _number(cohorts, DoseOutcome.PENDING)
    said = ways[0].advice
    if (
        said.action in EARLY
        and all(way.advice == said for way in ways)
        and (said.action != "stop" or _selected_as_it_stands(design, cohorts, said.dose))
    ):
        first = _settled(design, replay(design, ways[0].cohorts, complete=True))
        text = f"{_left(pending, now.missing)}, and however they turn out the advice is the same"
        outcomes = " ".join(map(str, ways[0].cohorts))
        grounds = [
            reason._replace(text=f"if it is {outcomes}: {reason.text}") for reason in first.reasons
        ]
        return DoseDecision(
            said.action,
            said.dose,
            (DecisionReason(text, "unanimous"), *grounds),
            (),
            (),
            resolutions=ways,
        )
    level = cohorts[-1].level
    action = "pending" if pending else "continue_cohort"
    ground = DecisionReason(f"{_left(pending, now.missing)}; {_could(ways)}", "open outcomes")
    return DoseDecision(action, level, (ground,), (), (), resolutions=ways)


def _selected_as_it_stands(design: Design, cohorts: Sequence[Cohort], level: int | None) -> bool:
    """Whether a trial that stops now, with nobody treated any more, selects this level too.

    No level is the most cautious answer, and holds in any case.
    """
    if level is None:
        return True
    stopped = states_before_decision(design, _resolved(cohorts, PENDING))
    return bool((design.select(stopped) == level - 1).all())


def _called(
    design: Design,
    cohorts: Sequence[Cohort],
    now: Replay,
    found: DoseDecision,
    needed: RecommendationCriteria,
) -> Recommendation:
    """Say what the selected level may be called; candidates are open here, as what is pending is.

    It is not settled which level that is as long as a candidate at another one decides it.
    """
    settled = True
    if _number(cohorts, DoseOutcome.CANDIDATE):
        said = Advice(found.action, found.dose)
        few = _many(cohorts, now.missing, OPEN) <= MOST_RESOLUTIONS
        ways = resolutions(design, cohorts, now.missing, OPEN) if few else ()
        settled = few and all(way.advice == said for way in ways)
    at, last = _at_levels(design, cohorts), cohorts[-1].level - 1
    at[last] = at[last]._replace(missing=now.missing)
    return recommendation(found.dose, at, needed, settled)


def _left(pending: int, missing: int) -> str:
    parts = [f"{pending} participants are pending"] * bool(pending)
    parts += [f"{missing} of the cohort are still to be treated"] * bool(missing)
    return (
        " and ".join(parts)
        .replace("1 participants are", "1 participant is")
        .replace("1 of the cohort are", "1 of the cohort is")
    )


def _could(ways: Sequence[Resolution]) -> str:
    told = list(dict.fromkeys(_said(way.advice) for way in ways))
    if len(told) == 1:
        return f"every way they can turn out says {told[0]}, which waits for the outcomes"
    return f"they can still make it {', '.join(told[:-1])} or {told[-1]}"


def _said(said: Advice) -> str:
    words = said.action.replace("_", "-")
    if said.action == "stop":
        return "stop" if said.dose is None else f"stop with level {said.dose}"
    return f"{words} {'at' if said.action in ('stay', 'hold') else 'to'} level {said.dose}"


def resolutions(
    design: Design, cohorts: Sequence[Cohort], missing: int, open_kinds: Kinds = PENDING
) -> tuple[Resolution, ...]:
    """Return every way in which open participants, and those missing, can turn out.

    Args:
        design: the design.
        cohorts: what was observed.
        missing: participants of the last cohort still to be treated.
        open_kinds: who is open: those pending, or candidates too.

    Raises:
        UnusableInput: there are too many to show; the design has no advice for some of them.
    """
    if _many(cohorts, missing, open_kinds) > MOST_RESOLUTIONS:
        pending = _number(cohorts, DoseOutcome.PENDING) + missing
        raise UnusableInput(
            f"{pending} participants are pending",
            WHERE,
            f"their outcomes can combine in more than {MOST_RESOLUTIONS:,} ways",
            "give those that are known",
        )
    ways = _resolved(cohorts, open_kinds, missing)
    trials, decisions = replay_each(design, ways)
    return tuple(map(Resolution, ways, advice_for_each(design, trials, decisions)))


def _many(cohorts: Sequence[Cohort], missing: int, open_kinds: Kinds) -> int:
    """Return how many ways there are."""
    open_ = _open_in(cohorts, open_kinds)
    open_[-1] += missing
    return prod(k + 1 for k in open_)


def _open_in(cohorts: Sequence[Cohort], open_kinds: Kinds) -> list[int]:
    return [cohort.count(*open_kinds) for cohort in cohorts]


def _number(cohorts: Sequence[Cohort], kind: DoseOutcome) -> int:
    return sum(cohort.count(kind) for cohort in cohorts)


def _resolved(
    cohorts: Sequence[Cohort], open_kinds: Kinds, missing: int = 0
) -> list[tuple[Cohort, ...]]:
    """Return the cohorts in every way, those missing treated at the end of the last one."""
    whole = [*cohorts[:-1], cohorts[-1].extended(open_kinds[0], missing)]
    each = [
        [_resolve(cohort, dlts, open_kinds) for dlts in range(cohort.count(*open_kinds) + 1)]
        for cohort in whole
    ]
    return list(product(*each))


def _resolve(cohort: Cohort, dlts: int, open_kinds: Kinds) -> Cohort:
    """Let the first so many of the open participants have a DLT, the others none."""
    resolved = []
    for outcome in cohort.outcomes:
        if outcome in open_kinds:
            outcome, dlts = (DoseOutcome.DLT, dlts - 1) if dlts else (DoseOutcome.NO_DLT, 0)
        resolved.append(outcome)
    return Cohort(cohort.level, tuple(resolved))


def _candidates(design: Design, cohorts: Sequence[Cohort], complete: bool) -> Iterator[str]:
    """Say that candidates count as DLTs, and what the advice would be if none were one."""
    number = _number(cohorts, DoseOutcome.CANDIDATE)
    if not number:
        return
    counted = (
        f"{number} DLT candidate{'s' * (number > 1)} not adjudicated "
        f"count{'s' * (number == 1)} as DLT{'s' * (number > 1)}"
    )
    cleared = [cohort.replaced(DoseOutcome.CANDIDATE, DoseOutcome.NO_DLT) for cohort in cohorts]
    then = replay(design, cleared, complete)
    if then.decisions is None or any(cohort.is_pending for cohort in cohorts):
        yield counted
        return
    said = _said(advice(design, then.trials, then.decisions))
    yield f"{counted}; adjudicated as none it would be {said}"
