"""The true rates under which a design does worst, found along the exact gradient.

A dose-toxicity curve is only known to rise. For each dose that could be the first too toxic one,
the probability of selecting it or a higher one is maximised over all rising curves on which it is;
and for each dose that could be on target, the probability of selecting it is minimised over all
rising curves on which its neighbours are at least a gap away (Cheung YK 2011, Dose Finding by the
Continual Reassessment Method, section 5.3, calls such curves least favourable).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.characteristics.exact import CompiledDesign
from gradatim.dosefinding.trial_states import Floats

EDGE = 1e-3
STARTS = 4


class WorstCase(NamedTuple):
    """A curve on which a design does worst.

    Args:
        question: `too_toxic` or `on_target`.
        dose: the first too toxic dose, or the one on target, from 1.
        rates: the curve, (D,).
        probability: of selecting a too toxic dose, or of selecting the dose on target.
    """

    question: str
    dose: int
    rates: tuple[float, ...]
    probability: float


def worst_cases(compiled: CompiledDesign, target: float, gap: float) -> list[WorstCase]:
    """Find the worst curve for each dose and both questions.

    Args:
        compiled: the design.
        target: the DLT rate aimed at.
        gap: a rate of target + gap or more is too toxic; neighbours of the dose on target are at
            target - gap or below and at target + gap or above.

    Raises:
        UnusableInput: the gap does not fit around the target.
    """
    if not EDGE < target - gap < target + gap < 1 - EDGE:
        raise UnusableInput(
            f"a gap of {gap:g} does not fit around {target:g}", "--gap", todo="choose a smaller one"
        )
    found = []
    for dose in range(compiled.design.doses):
        found.append(_too_toxic(compiled, dose, target + gap))
        found.append(_on_target(compiled, dose, target, gap))
    return found


def _too_toxic(compiled: CompiledDesign, first: int, toxic: float) -> WorstCase:
    value = (compiled.selected >= first).astype(float)
    bounds = [
        (EDGE, toxic) if i < first else (toxic, 1 - EDGE) for i in range(compiled.design.doses)
    ]
    rates, best = _greatest(compiled, value, bounds)
    return WorstCase("too_toxic", first + 1, rates, best)


def _on_target(compiled: CompiledDesign, dose: int, target: float, gap: float) -> WorstCase:
    value = -(compiled.selected == dose).astype(float)
    bounds = [
        (EDGE, target - gap)
        if i < dose
        else (target, target)
        if i == dose
        else (target + gap, 1 - EDGE)
        for i in range(compiled.design.doses)
    ]
    rates, best = _greatest(compiled, value, bounds)
    return WorstCase("on_target", dose + 1, rates, -best)


def _greatest(
    compiled: CompiledDesign, value: Floats, bounds: Sequence[tuple[float, float]]
) -> tuple[tuple[float, ...], float]:
    """Maximise an expected value over rising rates within bounds, from several starts."""
    from scipy.optimize import LinearConstraint, minimize

    doses = len(bounds)
    rises = LinearConstraint(np.eye(doses)[1:] - np.eye(doses)[:-1], 0.0, np.inf)
    best, where = -np.inf, np.zeros(doses)
    for start in _starts(bounds):
        ran = minimize(
            lambda p: -float(compiled.probability(p) @ value),
            start,
            jac=lambda p: -compiled.slope(p, value),
            method="SLSQP",
            bounds=bounds,
            constraints=[rises] if doses > 1 else [],
            options={"maxiter": 100, "ftol": 1e-10},
        )
        rates = np.maximum.accumulate(np.clip(ran.x, *np.array(bounds).T))
        reached = float(compiled.probability(rates) @ value)
        if reached > best:
            best, where = reached, rates
    return tuple(float(rate) for rate in where), best


def _starts(bounds: Sequence[tuple[float, float]]) -> list[Floats]:
    """Return rising curves to start from: all low, all high, and between."""
    low, high = np.array(bounds).T
    shares = np.linspace(0.02, 0.98, STARTS)
    return [np.maximum.accumulate(low + share * (high - low)) for share in shares]
