"""The data of a waterfall plot: the best change from baseline of each participant, in percent.

Who has no baseline, or no value after the first dose, is listed with the reason and has no bar.
"""

from typing import Literal, NamedTuple

from gradatim.analysis.responses import Course, EndpointElement, Measure, responses
from gradatim.conduct.state import State

Better = Literal["lower", "higher"]


class Bar(NamedTuple):
    """The best change of one participant.

    Args:
        baseline, best: values in the unit of the element.
        change: from the baseline to the best value, in percent of the baseline; negative is a fall.
        days: from the first dose to the best value; None where its day is not known exactly.
        values: how many values after the first dose it is the best of.
        left_out: how many more have no exact number, any of which may have been better.
    """

    participant: str
    level: int | None
    label: str
    baseline: float
    best: float
    change: float
    days: int | None
    encounter: str
    values: int
    left_out: int


class WithoutBar(NamedTuple):
    """A participant whose change is not known, and why."""

    participant: str
    level: int | None
    label: str
    why: str


class Waterfall(NamedTuple):
    """Everybody dosed, each once: in a bar, the worst first, or without one."""

    of: EndpointElement
    better: Better
    bars: tuple[Bar, ...]
    without: tuple[WithoutBar, ...]


def waterfall(state: State, of: EndpointElement, better: Better = "lower") -> Waterfall:
    """Give the best changes of an element.

    Args:
        state: the trial, already as of the data cut.
        of: the element.
        better: which way is better. The protocol does not say it: lower, as in scores of disease
            activity, unless told otherwise.
    """
    found = [_best(one, better) for one in responses(state, of).courses]
    bars = [one for one in found if isinstance(one, Bar)]
    bars.sort(key=lambda one: one.change, reverse=better == "lower")
    return Waterfall(
        of, better, tuple(bars), tuple(one for one in found if isinstance(one, WithoutBar))
    )


def _best(course: Course, better: Better) -> Bar | WithoutBar:
    who = course.participant, course.level, course.label
    base, later = course.baseline, course.later
    known = [(one.value, one) for one in later if one.value is not None]
    why = _why_not(base, later)
    if why or base is None or base.value is None:
        return WithoutBar(*who, why)
    pick = min if better == "lower" else max
    value, at = pick(known, key=lambda pair: pair[0])
    change = 100 * (value - base.value) / abs(base.value)
    return Bar(
        *who, base.value, value, change, at.days, at.encounter, len(known), len(later) - len(known)
    )


def _why_not(base: Measure | None, later: tuple[Measure, ...]) -> str:
    """Say why there is no change to show; empty where there is one."""
    if base is None:
        return "no baseline"
    if base.value is None:
        return f"baseline {base.why}"
    if base.value == 0:
        return "baseline of 0, of which there is no percentage"
    if not later:
        return "no value after the first dose"
    if all(one.value is None for one in later):
        return f"no exact value after the first dose ({later[0].why})"
    return ""
