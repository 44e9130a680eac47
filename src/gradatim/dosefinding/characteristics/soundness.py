"""Whether a design can escalate at all: what happens to a trial in which nobody has a DLT.

A decision table without an E for no DLT, an elimination rule that no DLT fulfils, or a prior that
no number of participants without one outweighs make a trial that stays where it is, or stops.
"""

from dataclasses import replace

import numpy as np

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.decision_table import Action
from gradatim.dosefinding.designs.base import Design
from gradatim.dosefinding.designs.modifiers import layers
from gradatim.dosefinding.designs.table import TableDesign
from gradatim.dosefinding.trial_states import StopReason

LONG = 2
"""Cohorts without a DLT after which a design that still stays at a level does not leave it. Of a
trial that is at its end after fewer, nothing can be said."""


def soundness_fault(design: Design) -> str:
    """Say why a design cannot escalate from some level; empty if it can.

    One trial is led to its end without a DLT. A plan with too few participants for all levels is no
    fault of the design, nor is a committee that has to be asked.
    """
    if design.doses > 1 and _has_no_way_up(design):
        return "its table escalates at no number of participants without a DLT"
    trials, stays = design.begin(), 0
    while True:
        here = int(trials.dose[0])
        trials = trials.after(np.asarray(design.size(trials)), np.zeros(1, dtype=np.int64))
        decisions = design.decide(trials)
        why, next_ = StopReason(decisions.stop_reason[0]), int(decisions.dose[0])
        if here + 1 == design.doses and why is not StopReason.TOO_TOXIC:
            return ""
        if why is StopReason.TOO_TOXIC:
            return f"a trial without any DLT stops at level {here + 1} as too toxic"
        next_ = here + 1 if why is StopReason.HOLD else next_
        stays = stays + 1 if next_ == here else 0
        if why is StopReason.SETTLED or (trials.total()[0] >= design.maximum and stays >= LONG):
            n = int(trials.n[0, here])
            return f"a trial without any DLT never leaves level {here + 1}, with none in {n} there"
        if trials.total()[0] >= design.maximum:
            return ""
        trials = replace(trials, dose=np.array([next_]), barred=decisions.barred)


def _has_no_way_up(design: Design) -> bool:
    inner = layers(design)[-1]
    if not isinstance(inner, TableDesign):
        return False
    without = inner.table.actions[1:, 0]
    return not np.isin(without, (Action.ESCALATE, Action.HOLD)).any()


def refuse_unsound(design: Design, where: str = "--design") -> Design:
    """Return the design if it is sound.

    Raises:
        UnusableInput: it can never escalate from some level.
    """
    if why := soundness_fault(design):
        raise UnusableInput(
            f"the design {design.name} is not sound",
            where,
            why,
            "change the setting or the table that keeps it from escalating",
        )
    return design
