"""How trials end, and what to expect of a design: its operating characteristics."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from gradatim.dosefinding.designs.base import Design
from gradatim.dosefinding.trial_states import Bools, Floats, Ints, StopReason

ENOUGH, AT_MOST = 6, 1
"""A dose is called recommended with so many evaluable participants and at most so many DLTs, unless
the protocol says otherwise."""


@dataclass(frozen=True)
class FinalStates:
    """Ends of trials with their weights: final states with probabilities, or simulated trials.

    Args:
        design: the design.
        n, y: participants and DLTs, (F, D).
        selected: the dose selected, from 0; -1 for none, (F,).
        stop_reason: a `StopReason`, (F,).
        weight: probability, (F,).
        days: how long each took, if time was simulated, (F,).
    """

    design: Design
    n: Ints
    y: Ints
    selected: Ints
    stop_reason: Ints
    weight: Floats
    days: Floats | None = None


@dataclass(frozen=True)
class Estimate:
    """An expected value with its standard error, which is 0 where it is exact."""

    value: float
    error: float = 0.0


@dataclass(frozen=True)
class OperatingCharacteristics:
    """What to expect of a design when the true DLT rates are these.

    Args:
        rates: the true DLT rates, (D,).
        limit: rates above this count as too toxic.
        selection: probability of selecting each dose.
        none_selected: probability of selecting none.
        patients, dlts: expected participants and DLTs at each dose.
        expected_n, expected_dlts: in all.
        too_toxic_selected: probability of selecting a dose that is too toxic.
        overdosed: expected share of participants at doses that are too toxic.
        overdose_60, overdose_80: probability that more than 60 or 80 % of the planned participants
            are treated at such doses.
        recommended: probability that a dose is selected on the number of participants, and with no
            more DLTs, than calling it recommended asks for.
        ends: probability of each way to end.
        sizes: probability of each total number of participants.
        days: mean length, with the days by which a tenth, half and nine tenths of trials had ended.
        error_bound: no probability is off by more.
        method: exact, bounded or simulate.
        states: final states, or trials.
    """

    rates: tuple[float, ...]
    limit: float
    selection: tuple[Estimate, ...]
    none_selected: Estimate
    patients: tuple[Estimate, ...]
    dlts: tuple[Estimate, ...]
    expected_n: Estimate
    expected_dlts: Estimate
    too_toxic_selected: Estimate
    overdosed: Estimate
    overdose_60: Estimate
    overdose_80: Estimate
    recommended: Estimate
    ends: dict[StopReason, float]
    sizes: dict[int, float]
    days: tuple[Estimate, float, float, float] | None
    error_bound: float
    method: str
    states: int


def summarise(
    finals: FinalStates,
    rates: Floats,
    limit: float,
    method: str,
    enough: int = ENOUGH,
    at_most: int = AT_MOST,
) -> OperatingCharacteristics:
    """Sum up how trials end.

    Args:
        finals: the ends.
        rates: the true DLT rates, (D,).
        limit: rates above this count as too toxic.
        method: exact, bounded or simulate.
        enough, at_most: what calling a dose recommended asks for.
    """
    of = _Expected(finals, method == "simulate")
    n, doses = finals.n.astype(float), range(finals.design.doses)
    toxic = rates > limit * (1 + 1e-9)
    total, over = n.sum(axis=1), n[:, toxic].sum(axis=1)
    planned = finals.design.maximum
    return OperatingCharacteristics(
        rates=tuple(float(rate) for rate in rates),
        limit=limit,
        method=method,
        states=len(finals.weight),
        error_bound=_lost(finals) if method == "bounded" else 0.0,
        selection=tuple(of.mean(finals.selected == i) for i in doses),
        none_selected=of.mean(finals.selected < 0),
        patients=tuple(of.mean(n[:, i]) for i in doses),
        dlts=tuple(of.mean(finals.y[:, i]) for i in doses),
        expected_n=of.mean(total),
        expected_dlts=of.mean(finals.y.sum(axis=1, dtype=float)),
        too_toxic_selected=of.mean((finals.selected >= 0) & toxic[finals.selected]),
        overdosed=of.mean(over / total),
        overdose_60=of.mean(over > 0.6 * planned),
        overdose_80=of.mean(over > 0.8 * planned),
        recommended=of.mean(_recommended(finals, enough, at_most)),
        ends={why: of.mean(finals.stop_reason == why).value for why in StopReason if why},
        sizes=_sizes(total, finals.weight),
        days=of.days(),
    )


def _lost(finals: FinalStates) -> float:
    """Return the probability of the states that were not followed."""
    return max(0.0, 1.0 - float(finals.weight.sum()))


def _recommended(finals: FinalStates, enough: int, at_most: int) -> Bools:
    row, dose = np.arange(len(finals.selected)), finals.selected
    n, y = finals.n[row, dose], finals.y[row, dose]
    return np.asarray((dose >= 0) & (n >= enough) & (y <= at_most))


def _sizes(total: Floats, weight: Floats) -> dict[int, float]:
    found = np.bincount(total.astype(np.int64), weights=weight)
    return {int(n): float(found[n]) for n in np.flatnonzero(found)}


class _Expected:
    """Expected values over ends, with standard errors where the ends are a sample."""

    def __init__(self, finals: FinalStates, sampled: bool) -> None:
        self.weight, self.length, self.sampled = finals.weight, finals.days, sampled

    def mean(self, value: Any) -> Estimate:
        value = np.asarray(value, dtype=float)
        mean = float(self.weight @ value)
        if not self.sampled:
            return Estimate(mean)
        spread = float(self.weight @ (value - mean) ** 2)
        return Estimate(mean, float(np.sqrt(spread / max(len(value) - 1, 1))))

    def days(self) -> tuple[Estimate, float, float, float] | None:
        if self.length is None:
            return None
        low, half, high = (float(days) for days in np.quantile(self.length, (0.1, 0.5, 0.9)))
        return self.mean(self.length), low, half, high
