"""Dose-transition pathways: what each outcome of the next cohorts would lead to.

Yap C, Billingham LJ, Cheung YK, Craddock C, O'Quigley J (2017), Dose transition pathways: the
missing link between complex dose-finding designs and simple decision-making, Clinical Cancer
Research 23:7440-7447.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.decision import Advice, advice_for_each
from gradatim.dosefinding.designs.base import Design
from gradatim.dosefinding.designs.modifiers import with_open_holds
from gradatim.dosefinding.outcomes import Cohort
from gradatim.dosefinding.replay import replay
from gradatim.dosefinding.trial_states import StopReason, TrialStates

_MOST_PATHS = 20_000


class PathwayStep(NamedTuple):
    """A cohort that could come next.

    Args:
        depth: 1 for the next cohort, 2 for the one after.
        level: the level it is treated at, from 1.
        dlts, size: so many of so many have a DLT.
        n, y: participants and DLTs at that level then.
        advice: what the design says then.
        parent: the place in the list of the cohort before; -1 for none.
    """

    depth: int
    level: int
    dlts: int
    size: int
    n: int
    y: int
    advice: Advice
    parent: int


def pathways(design: Design, cohorts: Sequence[Cohort], ahead: int) -> list[PathwayStep]:
    """Return every path of the next cohorts, each after the one it follows.

    Args:
        design: the design.
        cohorts: what was observed; nothing pending.
        ahead: how many cohorts to look ahead.

    Raises:
        UnusableInput: outcomes are pending, or there would be too many paths.
    """
    design = with_open_holds(design)
    now = replay(design, cohorts)
    if any(cohort.is_pending for cohort in cohorts) or now.missing:
        raise UnusableInput(
            "the last cohort is not complete",
            "OUTCOMES",
            todo="wait for it, or write how it may turn out",
        )
    going = now.decisions is None or now.decisions.stop_reason[0] == StopReason.GOING_ON
    if not going or now.trials.total()[0] >= design.maximum:
        return []
    trials = now.trials
    if now.decisions is not None:
        trials = replace(trials, dose=now.decisions.dose, barred=now.decisions.barred)
    found: list[PathwayStep] = []
    _follow(design, trials, 1, ahead, -1, found)
    return found


def _follow(
    design: Design,
    trials: TrialStates,
    depth: int,
    ahead: int,
    parent: int,
    found: list[PathwayStep],
) -> None:
    size = int(design.size(trials)[0])
    each = trials.take(np.zeros(size + 1, dtype=np.int64))
    after = each.after(np.full(size + 1, size), np.arange(size + 1))
    decisions = design.decide(after)
    n, y = after.at_current_dose()
    for dlts, said in enumerate(advice_for_each(design, after, decisions)):
        found.append(
            PathwayStep(
                depth, int(trials.dose[0]) + 1, dlts, size, int(n[dlts]), int(y[dlts]), said, parent
            )
        )
        if len(found) > _MOST_PATHS:
            raise UnusableInput(
                f"there are more than {_MOST_PATHS:,} paths",
                "--ahead",
                todo="look fewer cohorts ahead",
            )
        if depth < ahead and said.action not in ("stop", "hold"):
            then = replace(after, dose=decisions.dose, barred=decisions.barred).take(
                np.array([dlts])
            )
            _follow(design, then, depth + 1, ahead, len(found) - 1, found)


def whole_paths(steps: Sequence[PathwayStep]) -> Iterator[list[PathwayStep]]:
    """Return each whole path, from the next cohort to the last one looked at."""
    parents = {step.parent for step in steps}
    for i, step in enumerate(steps):
        if i not in parents:
            path = [step]
            while path[0].parent >= 0:
                path.insert(0, steps[path[0].parent])
            yield path
