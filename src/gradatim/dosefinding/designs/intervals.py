"""Interval designs that compare posterior probabilities: mTPI, mTPI-2, Keyboard; and i3+3.

mTPI: Ji Y, Liu P, Li Y, Bekele BN (2010), A modified toxicity probability interval method for
dose-finding trials, Clinical Trials 7:653-663. mTPI-2: Guo W, Wang SJ, Yang S, Lynn H, Ji Y (2017),
A Bayesian interval dose-finding design addressing Ockham's razor: mTPI-2, Contemporary Clinical
Trials 58:23-33. Keyboard: Yan F, Mandrekar SJ, Yuan Y (2017), Keyboard: a novel Bayesian toxicity
probability interval design for phase I clinical trials, Clinical Cancer Research 23:3994-4003.
i3+3: Liu M, Wang SJ, Ji Y (2020), The i3+3 design for phase I clinical trials, Journal of
Biopharmaceutical Statistics 30:294-304.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import isclose
from typing import NamedTuple

import numpy as np

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.binomial import probability_above, probability_between
from gradatim.dosefinding.decision_table import Action, Table, empty_actions
from gradatim.dosefinding.designs.settings import setting
from gradatim.dosefinding.designs.table import TableDesign, TableDesignSettings
from gradatim.dosefinding.isotonic import IsotonicSelection
from gradatim.dosefinding.trial_states import Floats

NARROWEST = 0.001
"""Width of the narrowest interval: mTPI-2 and Keyboard compare with as many as fit beside it."""


@dataclass(frozen=True)
class IntervalSettings(TableDesignSettings):
    """Settings of the designs of this module, by the letters of mTPI's paper.

    Args:
        epsilon_1, epsilon_2: reach of the interval of equivalence below and above the target.
    """

    epsilon_1: float = setting(0.05, "below")
    epsilon_2: float = setting(0.05, "over")


class EquivalenceInterval(NamedTuple):
    """The rates that count as on target.

    Args:
        target: the DLT rate aimed at.
        low, high: the ends of the interval of equivalence around it.
        cutoff_eli: a dose is eliminated where P(rate > target) exceeds it.
        fewest: participants needed before a dose can be eliminated.
    """

    target: float
    low: float
    high: float
    cutoff_eli: float
    fewest: int


def interval(
    target: float, epsilon_1: float, epsilon_2: float, cutoff: float, fewest: int
) -> EquivalenceInterval:
    """Return the interval from `epsilon_1` below the target to `epsilon_2` above it.

    Raises:
        UnusableInput: it does not lie within 0 and 1, or has no width that can be told from none.
    """
    low, high = target - epsilon_1, target + epsilon_2
    if not (0 < low < high < 1) or epsilon_1 < 0 or epsilon_2 < 0:
        raise UnusableInput(
            f"the interval from {low:g} to {high:g} is not one of rates around {target:g}",
            "--target, --set below, --set over",
            "its ends must lie between 0 and 1, one of them off the target",
            "choose smaller distances",
        )
    if high - low < NARROWEST:
        raise UnusableInput(
            f"the interval from {low:g} to {high:g} is too narrow",
            "--set below, --set over",
            f"its width is below {NARROWEST:g}",
            "choose greater distances",
        )
    return EquivalenceInterval(target, low, high, cutoff, fewest)


def mtpi(of: EquivalenceInterval, most: int) -> Table:
    """Compare the posterior probability per unit length of under-, on- and over-dosing."""
    per_length = [
        probability_between(0.0, of.low, most) / of.low,
        probability_between(of.low, of.high, most) / (of.high - of.low),
        probability_between(of.high, 1.0, most) / (1.0 - of.high),
    ]
    return _strongest(of, most, per_length[0], per_length[1], per_length[2])


def equal_widths(of: EquivalenceInterval, most: int) -> Table:
    """Compare intervals (keys) of the width of the target's; shorter ones at the ends by length.

    So mTPI-2 (Guo et al. 2017, section 2.3) and Keyboard (Yan et al. 2017) as the package Keyboard
    0.1.3 has it: without what is shorter at the lower end a target below three times its interval's
    reach has nothing below it, and the design never escalates.
    """
    below, over = equal_width_intervals(of)
    heights = [
        [probability_between(low, high, most) / (high - low) for low, high in some]
        for some in (below, [(of.low, of.high)], over)
    ]
    return _strongest(of, most, *(np.max(some, axis=0) for some in heights))


def equal_width_intervals(
    of: EquivalenceInterval,
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Return the intervals of equal width below and above the target's; the last ones shorter."""
    width, slack = of.high - of.low, 1e-9
    below, over, edge = [], [], of.low
    while edge > slack:
        below.append((edge - width if edge > width + slack else 0.0, edge))
        edge -= width
    edge = of.high
    while edge < 1 - slack:
        over.append((edge, edge + width if edge < 1 - width - slack else 1.0))
        edge += width
    return below, over


def i3_plus_3(of: EquivalenceInterval, most: int) -> Table:
    """Compare the observed rate with the interval, and above it the rate with one DLT fewer."""
    actions = empty_actions(most)
    for n in range(1, most + 1):
        for y in range(n + 1):
            actions[n, y] = _i3(of, n, y)
    return _eliminating(of, Table(actions))


def _i3(of: EquivalenceInterval, n: int, y: int) -> Action:
    if _less(y / n, of.low):
        return Action.ESCALATE
    if not _less(of.high, y / n):
        return Action.STAY
    return Action.STAY if _less((y - 1) / n, of.low) else Action.DE_ESCALATE


def _less(a: float, b: float) -> bool:
    """Whether a is below b; numbers within a relative 1e-9 are equal."""
    return a < b and not isclose(a, b, rel_tol=1e-9)


def _strongest(
    of: EquivalenceInterval, most: int, under: Floats, on: Floats, over: Floats
) -> Table:
    """Escalate, stay or de-escalate by which is greatest; of equal ones the more careful."""
    actions = empty_actions(most)
    for n in range(1, most + 1):
        for y in range(n + 1):
            best = max(under[n, y], on[n, y], over[n, y])
            near = [isclose(strength, best, rel_tol=1e-9) for strength in (over[n, y], on[n, y])]
            actions[n, y] = (
                Action.DE_ESCALATE if near[0] else Action.STAY if near[1] else Action.ESCALATE
            )
    return _eliminating(of, Table(actions))


def _eliminating(of: EquivalenceInterval, table: Table) -> Table:
    """Never again a dose whose rate is above the target with more than the cutoff's probability."""
    exceeds = probability_above(of.target, table.most)
    n = np.arange(table.most + 1)[:, None]
    with np.errstate(invalid="ignore"):
        table.actions[(exceeds > of.cutoff_eli) & (n >= of.fewest)] = Action.ELIMINATE
    return table


class IntervalMethod(NamedTuple):
    """One of the designs of this module.

    Args:
        table: makes its table.
        source: where it was published.
        words: what its decision compares.
        fewest: participants needed before a dose can be eliminated.
        pseudo: added to both counts when rates are fitted for selection.
    """

    table: Callable[[EquivalenceInterval, int], Table]
    source: str
    words: str
    fewest: int
    pseudo: float


INTERVAL_METHODS = {
    "mtpi": IntervalMethod(
        mtpi,
        "Ji et al. 2010, Clinical Trials 7:653-663",
        "unit probability mass below, in and above the interval",
        fewest=2,
        pseudo=0.005,
    ),
    "mtpi2": IntervalMethod(
        equal_widths,
        "Guo et al. 2017, Contemporary Clinical Trials 58:23-33",
        "unit probability mass of intervals of equal width, shorter at the ends",
        fewest=2,
        pseudo=0.005,
    ),
    "keyboard": IntervalMethod(
        equal_widths,
        "Yan et al. 2017, Clinical Cancer Research 23:3994-4003",
        "probability of keys of equal width, of shorter ones by their length",
        fewest=3,
        pseudo=0.05,
    ),
    "i3_plus_3": IntervalMethod(
        i3_plus_3,
        "Liu et al. 2020, J Biopharm Stat 30:294-304",
        "the observed rate with the interval",
        fewest=3,
        pseudo=0.005,
    ),
}


def interval_design(settings: IntervalSettings) -> TableDesign:
    """Return mTPI, mTPI-2, Keyboard or i3+3.

    Raises:
        UnusableInput: no target, or the interval is none.
    """
    kind, target = INTERVAL_METHODS[settings.design], settings.required_target()
    cutoff, maximum = settings.cutoff_eli, settings.cohort_size * settings.cohorts
    of = interval(target, settings.epsilon_1, settings.epsilon_2, cutoff, kind.fewest)
    inside = f"{of.low:g} to {of.high:g}"
    return TableDesign(
        table=kind.table(of, maximum),
        doses=settings.doses,
        cohort=settings.cohort_size,
        maximum=maximum,
        start=settings.start - 1,
        target=target,
        name=settings.design,
        source=kind.source,
        selection=IsotonicSelection(target, cutoff, kind.fewest, kind.pseudo),
        n_earlystop=settings.n_earlystop,
        settings=(
            f"target DLT rate {target:g}, interval of equivalence {inside}",
            f"compares {kind.words}",
            f"never again a dose, or one above it, where P(DLT rate > {target:g}) > "
            f"{cutoff:g} with {of.fewest} participants or more",
        ),
        clauses={
            Action.ESCALATE: f"as the data speak for a rate below {inside}",
            Action.STAY: f"as the data speak for a rate in {inside}, or not clearly above",
            Action.DE_ESCALATE: f"as the data speak for a rate above {inside}",
            Action.ELIMINATE: f"as P(DLT rate > {target:g}) is above {cutoff:g}",
        },
    )
