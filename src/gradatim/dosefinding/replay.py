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
    for cohort in cohorts:
        results = cohort.results
        while results:
            trials = _led(trials, moves, cohort.level)
            planned = int(design.size(trials)[0])
            now, results = results[: planned or None], results[planned or len(results) :]
            part = Cohort(cohort.level, now)
            note = _deviation(design, trials, moves, part)
            notes += [note] if note else []
            trials = trials.after(np.array([len(now)]), np.array([part.dlts]))
            missing = max(planned - len(now), 0)
            if missing and not complete and cohort is cohorts[-1]:
                return Replay(trials, None, missing, tuple(notes))
            moves = design.decide(trials)
    return Replay(trials, moves, 0, tuple(notes))


def _led(trials: Trials, moves: Moves | None, level: int) -> Trials:
    """Give the trial as it goes on at a level, whatever was advised."""
    barred = trials.barred if moves is None else moves.barred
    return replace(trials, dose=np.array([level - 1]), barred=barred)


def _deviation(design: Design, trials: Trials, moves: Moves | None, cohort: Cohort) -> str:
    """Say where a cohort was not given what the design advised."""
    if moves is not None:
        full = trials.total()[0] >= design.maximum
        why = Why.MAXIMUM if moves.why[0] == Why.GOING_ON and full else Why(moves.why[0])
        if why is not Why.GOING_ON:
            return f"{cohort} was treated although the design had ended ({why.words})"
    advised = int(design.start if moves is None else moves.dose[0]) + 1
    if cohort.level == advised:
        return ""
    how = "more cautious" if cohort.level < advised else "LESS cautious"
    return f"{cohort} was treated where the design advised level {advised}: {how} than the design"
