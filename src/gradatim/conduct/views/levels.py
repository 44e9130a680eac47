"""At which dose levels doses may be given, and why not at the others.

A level that a stopping rule ends, or that the design has found too toxic, is closed, and every
level above it: toxicity is taken not to fall with the dose.
"""

from datetime import date, datetime
from typing import NamedTuple

from gradatim.conduct.escalation import supported
from gradatim.conduct.messages import Breach
from gradatim.conduct.state import State
from gradatim.conduct.views.stopping_rules import unanswered_rules
from gradatim.core.errors import UnusableInput
from gradatim.core.message import Text


class _Level(NamedTuple):
    """A dose level.

    Args:
        number: from 1.
        enrolling: whether a cohort at it is open.
        closed: why nobody is given a dose at it, each reason once; empty where somebody may be.
    """

    number: int
    enrolling: bool
    closed: tuple[str, ...]

    @property
    def open(self) -> bool:
        """Whether a dose may be given at it, as far as the levels decide."""
        return not self.closed


def levels(state: State, on: date) -> list[_Level]:
    """Return the dose levels of the protocol as of a day, the lowest first."""
    now = state.cohort
    return [
        _Level(
            one.number,
            now is not None and now.level == one.number,
            tuple(closed_by(state, one.number, on)),
        )
        for one in state.study.treatment.dose_levels
    ]


def closed_by(state: State, level: int, on: date) -> list[str]:
    """Return why nobody is given a first dose at a level, as of a day; empty where one may be."""
    if state.stopped is not None:
        return [str(Breach.STOPPED())]
    found = [f"dosing is paused (entry {state.pauses[-1]})"] if state.pauses else []
    found += [one.text for one in unanswered_rules(state, on) if one.closes(level)]
    return [*found, *map(str, against(state, level, on, first=True))]


def against(
    state: State, level: int, on: date, *, first: bool, at: datetime | None = None
) -> list[Text]:
    """Return what the design says against a dose at a level, as of a day; empty where nothing.

    Args:
        state: the trial.
        level: the dose level.
        on: the day.
        first: whether it is somebody's first dose. Who has had one goes on at a level that the
            design has not found too toxic, though it would give it to nobody new.
        at: when a dose was given that is entered later; see `escalation.observed`.
    """
    try:
        found = supported(state, on, at)
    except UnusableInput as error:
        return [Breach.DESIGN_SILENT(why=str(error))] if first else []
    if level > found.tolerated:
        return [Breach.NOT_TOLERATED(level=level, why=found.why)]
    if first and level > found.highest:
        if not found.highest:
            return [Breach.NO_DOSE_SUPPORTED(why=found.why)]
        return [Breach.NOT_ABOVE(level=found.highest, why=found.why)]
    return []
