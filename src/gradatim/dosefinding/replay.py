"""From observed cohorts to a design's state: the same steps as in exact enumeration."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from gradatim.dosefinding.design import Design
from gradatim.dosefinding.outcomes import Cohort
from gradatim.dosefinding.trials import Moves, Trials, Why


class Replay(NamedTuple):
    """A trial so far.

    Args:
        trials: its state after the last cohort and before the decision on it, one trial.
        moves: what the design decides there; None before the first participant.
        missing: participants of the last cohort still to be treated.
        notes: where the trial was led otherwise than the design advised.
    """

    trials: Trials
    moves: Moves | None
    missing: int
    notes: tuple[str, ...]


def replay(design: Design, cohorts: Sequence[Cohort], complete: bool = False) -> Replay:
    """Lead a trial through its cohorts; letters other than T and C count as no DLT.

    Args:
        design: the design.
        cohorts: what was observed, neighbours of one level joined.
        complete: whether the last cohort is complete although it is smaller than planned.

    Raises:
        UnusableInput: the design has no advice for such counts.
    """
    trials, moves, missing, notes = design.begin(), None, 0, list[str]()
    for i, cohort in enumerate(cohorts):
        note = _deviation(trials, moves, cohort)
        notes += [note] if note else []
        barred = trials.barred if moves is None else moves.barred
        trials = replace(trials, dose=np.array([cohort.level - 1]), barred=barred)
        results = cohort.results
        while results:
            planned = int(design.size(trials)[0])
            now, results = results[: planned or None], results[planned or len(results) :]
            last = i == len(cohorts) - 1 and not results
            missing = planned - len(now) if last and planned and not complete else 0
            dlts = Cohort(cohort.level, now).dlts
            trials = trials.after(np.array([len(now)]), np.array([dlts]))
            if missing:
                moves = None
                break
            moves = design.decide(trials)
            if results:
                trials = replace(trials, barred=moves.barred)
    return Replay(trials, moves, missing, tuple(notes))


def _deviation(trials: Trials, moves: Moves | None, cohort: Cohort) -> str:
    """Say where a cohort was not given what the design advised."""
    if moves is None:
        return ""
    if moves.why[0] != Why.GOING_ON:
        return f"{cohort} was treated although the design had ended ({Why(moves.why[0]).words})"
    advised = int(moves.dose[0]) + 1
    if cohort.level == advised:
        return ""
    how = "more cautious" if cohort.level < advised else "LESS cautious"
    return f"{cohort} was treated where the design advised level {advised}: {how} than the design"
