"""One trial's next step: the decision, its reasons, and what could still change it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import NamedTuple

import numpy as np

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.design import Design, Ground
from gradatim.dosefinding.modifiers import uncommitted
from gradatim.dosefinding.outcomes import WHERE, Cohort
from gradatim.dosefinding.recommended import NEEDED, Needed, Recommendation, recommendation
from gradatim.dosefinding.replay import Replay, replay
from gradatim.dosefinding.trials import Moves, Trials, Why

EARLY = ("stop", "de_escalate")
"""What may be decided while outcomes are pending, if every way they can turn out says so."""
MOST_RESOLUTIONS = 4_096


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
        recommendation: what may be said of the selected level, once the trial stops.
        notes: where the trial was not led as the design advised, and what counts as what.
    """

    action: str
    dose: int | None
    reasons: tuple[Ground, ...]
    distance_to_flip: tuple[Flip, ...]
    counts: tuple[tuple[int, int, int], ...]
    resolutions: tuple[Resolution, ...] = ()
    recommendation: Recommendation | None = None
    notes: tuple[str, ...] = ()


def decide(design: Design, cohorts: Sequence[Cohort], *, complete: bool = False,
           needed: Needed = NEEDED) -> DoseDecision:  # fmt: skip
    """Say what the design advises after these cohorts.

    Args:
        design: the design.
        cohorts: what was observed (`outcomes.parse`).
        complete: whether the last cohort is complete although it is smaller than planned.
        needed: what calling a level recommended asks for.

    Raises:
        UnusableInput: the design has no advice for such counts, or too many outcomes are pending.
    """
    design, counts = uncommitted(design), _counts(design, cohorts)
    if not cohorts:
        first = Ground(
            f"nobody has been treated; the trial starts at level {design.start + 1}", "start"
        )
        return DoseDecision("start", design.start + 1, (first,), (), counts)
    now = replay(design, cohorts, complete)
    notes = (*now.notes, *_candidates(design, cohorts, complete))
    if now.moves is not None and not any(one.results.count("P") for one in cohorts):
        return replace(_settled(design, now, needed), counts=counts, notes=notes)
    return replace(_open(design, cohorts, now, complete, needed), counts=counts, notes=notes)


def _counts(design: Design, cohorts: Sequence[Cohort]) -> tuple[tuple[int, int, int], ...]:
    at = [[one for one in cohorts if one.level == level] for level in range(1, design.doses + 1)]
    return tuple((sum(len(one.results) for one in some), sum(one.dlts for one in some),
                  sum(one.results.count("P") for one in some)) for some in at)  # fmt: skip


def advice(design: Design, trials: Trials, moves: Moves) -> Advice:
    """Put what is decided for one trial into words."""
    why, here, dose = Why(moves.why[0]), int(trials.dose[0]), int(moves.dose[0])
    if why is Why.HOLD:
        return Advice("hold", here + 1)
    if why is Why.GOING_ON and trials.total()[0] >= design.maximum:
        why = Why.MAXIMUM
    if why is not Why.GOING_ON:
        selected = int(design.select(replace(trials, barred=moves.barred))[0])
        return Advice("stop", selected + 1 if selected >= 0 else None)
    return Advice(
        "stay" if dose == here else "escalate" if dose > here else "de_escalate", dose + 1
    )


def _settled(design: Design, now: Replay, needed: Needed) -> DoseDecision:
    """Decide where nothing is pending."""
    trials, moves = now.trials, now.moves
    assert moves is not None
    said = advice(design, trials, moves)
    grounds = design.because(trials, moves)
    called = recommendation(said.dose, trials, needed) if said.action == "stop" else None
    if said.action == "stop":
        grounds = [*grounds, *_ending(design, trials, moves, said)]
    return DoseDecision(said.action, said.dose, tuple(grounds), flips(design, now, said), (),
                        recommendation=called)  # fmt: skip


def _ending(design: Design, trials: Trials, moves: Moves, said: Advice) -> Iterator[Ground]:
    if moves.why[0] == Why.GOING_ON:
        yield Ground(f"all {design.maximum} planned participants have been treated", "maximum")
    if said.dose is None:
        yield Ground("no level is selected", "selection", design.source)
    else:
        yield Ground(f"level {said.dose} is selected from all counts", "selection", design.source)


def flips(design: Design, now: Replay, said: Advice) -> tuple[Flip, ...]:
    """Find the fewest DLTs more, and fewer, at the present level that would change the decision."""
    n, y = (int(one[0]) for one in now.trials.here())
    found = []
    for way in (range(1, n - y + 1), range(-1, -y - 1, -1)):
        for change in way:
            other = _with(design, now.trials, change)
            if other != said:
                found.append(Flip(change, other))
                break
    return tuple(found)


def _with(design: Design, trials: Trials, change: int) -> Advice:
    """Give the advice with other DLTs at the present level, as if in the last cohort."""
    y = trials.y.copy()
    y[0, trials.dose[0]] += change
    seen = np.clip(trials.seen + change, 0, trials.given)
    other = replace(trials, y=y, seen=seen)
    return advice(design, other, design.decide(other))


def _open(design: Design, cohorts: Sequence[Cohort], now: Replay, complete: bool,
          needed: Needed) -> DoseDecision:  # fmt: skip
    """Decide where outcomes are open: early only if every resolution says stop or de-escalate."""
    ways = tuple(resolutions(design, cohorts, now.missing, complete))
    pending = sum(one.results.count("P") for one in cohorts)
    distinct = {one.advice.action for one in ways}
    if len(distinct) == 1 and distinct <= set(EARLY) and len({one.advice for one in ways}) == 1:
        first = replay(design, ways[0].cohorts, complete)
        sure = _settled(design, first, needed)
        text = (f"{_left(pending, now.missing)}, and however they turn out the advice is the same; "
                "with the fewest DLTs")  # fmt: skip
        ground = Ground(text, "unanimous")
        return replace(sure, reasons=(ground, *sure.reasons), distance_to_flip=(), resolutions=ways)
    level = cohorts[-1].level
    action = "pending" if pending else "continue_cohort"
    ground = Ground(f"{_left(pending, now.missing)}; {_could(ways)}", "open outcomes")
    return DoseDecision(action, level, (ground,), (), (), resolutions=ways)


def _left(pending: int, missing: int) -> str:
    parts = [f"{pending} participants are pending"] * bool(pending)
    parts += [f"{missing} of the cohort are still to be treated"] * bool(missing)
    return " and ".join(parts).replace("1 participants are", "1 participant is").replace(
        "1 of the cohort are", "1 of the cohort is")  # fmt: skip


def _could(ways: Sequence[Resolution]) -> str:
    told = list(dict.fromkeys(_said(one.advice) for one in ways))
    if len(told) == 1:
        return f"every way they can turn out says {told[0]}, which waits for the outcomes"
    return f"they can still make it {', '.join(told[:-1])} or {told[-1]}"


def _said(one: Advice) -> str:
    words = one.action.replace("_", "-")
    if one.action == "stop":
        return "stop" if one.dose is None else f"stop with level {one.dose}"
    return f"{words} {'at' if one.action in ('stay', 'hold') else 'to'} level {one.dose}"


def resolutions(design: Design, cohorts: Sequence[Cohort], missing: int,
                complete: bool) -> Iterator[Resolution]:  # fmt: skip
    """Give every way in which pending participants, and those missing, can turn out.

    Raises:
        UnusableInput: there are too many to show.
    """
    open_ = [one.results.count("P") for one in cohorts]
    open_[-1] += missing
    if np.prod([k + 1 for k in open_]) > MOST_RESOLUTIONS:
        raise UnusableInput(f"{sum(open_)} participants are pending", WHERE,
                            f"their outcomes can combine in more than {MOST_RESOLUTIONS:,} ways",
                            "give those that are known")  # fmt: skip
    for dlts in product(*(range(k + 1) for k in open_)):
        resolved = tuple(_resolve(one, k, missing if i == len(cohorts) - 1 else 0)
                         for i, (one, k) in enumerate(zip(cohorts, dlts, strict=True)))  # fmt: skip
        then = replay(design, resolved, complete)
        assert then.moves is not None
        yield Resolution(resolved, advice(design, then.trials, then.moves))


def _resolve(cohort: Cohort, dlts: int, missing: int) -> Cohort:
    """Let the first so many of the open participants have a DLT, the others none."""
    letters = []
    for letter in cohort.results + "P" * missing:
        if letter == "P":
            letter, dlts = ("T", dlts - 1) if dlts else ("N", 0)
        letters.append(letter)
    return Cohort(cohort.level, "".join(letters))


def _candidates(design: Design, cohorts: Sequence[Cohort], complete: bool) -> Iterator[str]:
    """Say that candidates count as DLTs, and what the advice would be if none were one."""
    number = sum(one.results.count("C") for one in cohorts)
    if not number:
        return
    counted = (f"{number} DLT candidate{'s' * (number > 1)} not adjudicated "
               f"count{'s' * (number == 1)} as DLT{'s' * (number > 1)}")  # fmt: skip
    cleared = [Cohort(one.level, one.results.replace("C", "N")) for one in cohorts]
    then = replay(design, cleared, complete)
    if then.moves is None or any("P" in one.results for one in cohorts):
        yield counted
        return
    said = _said(advice(design, then.trials, then.moves))
    yield f"{counted}; adjudicated as none it would be {said}"
