"""Operating characteristics without simulation: all states a trial can end in, and their ways.

Trials that agree in all counts, the present dose and the barred doses have the same future, so they
are merged. What is left of a design is compiled once: the final states, the number of ways into
each (independent of the true rates) and the selected dose. The probability of a final state is then

    ways x product over doses of p^y (1 - p)^(n - y)

so that another scenario is a dot product and derivatives by the true rates follow. The idea of
enumerating outcomes instead of simulating them is as old as Storer (1989, Biometrics 45:930-931).
"""

from dataclasses import dataclass, replace
from functools import cached_property
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradatim.core.errors import Defect, UnusableInput
from gradatim.dosefinding.characteristics.final_states import FinalStates
from gradatim.dosefinding.designs.base import Design
from gradatim.dosefinding.trial_states import Floats, Ints, StopReason, TrialStates

MOST_STATES = 2_000_000
"""States of one step beyond which enumeration is not attempted unasked."""

IN_CACHE = 16_384
"""States whose selection is computed at a time, so that the arrays between stay in the cache."""


@dataclass(frozen=True)
class CompiledDesign:
    """A design's final states, F of them.

    Args:
        design: what was compiled.
        n, y: participants and DLTs, (F, D).
        ways: in how many ways a trial comes to each, (F,).
        selected: the dose selected, from 0; -1 for none, (F,).
        stop_reason: why it ended, a `StopReason`, (F,).
        visited: how many states were passed on the way.
        pruned: whether states were left out, so that probabilities need not add up to 1.
    """

    design: Design
    n: Ints
    y: Ints
    ways: Floats
    selected: Ints
    stop_reason: Ints
    visited: int
    pruned: bool

    @cached_property
    def pairs(self) -> NDArray[np.int32]:
        """Each dose's (n, y) as one number, (D, F)."""
        wide = self.n.T.astype(np.int32) * (self.design.maximum + 1) + self.y.T
        return np.ascontiguousarray(wide)

    def probability(self, rates: Floats) -> Floats:
        """Return the probability of every final state.

        Args:
            rates: the true DLT rate of each dose, (D,), each in [0, 1].

        Returns:
            (F,); they add up to 1 unless states were pruned, and then what is missing is the bound
            of the error of every probability derived from them.
        """
        found = self.ways.copy()
        for pair, rate in zip(self.pairs, rates, strict=True):
            found *= powers(float(rate), self.design.maximum)[pair]
        return found

    def slope(self, rates: Floats, value: Floats) -> Floats:
        """Return the derivatives of an expected value by each true rate.

        Args:
            rates: the true rates, (D,), each strictly between 0 and 1.
            value: what each final state counts for, (F,).

        Returns:
            (D,): by the derivative of p^y (1 - p)^(n - y).
        """
        weighted = self.probability(rates) * value
        size = (self.design.maximum + 1) ** 2
        count = np.arange(size)
        n, y = count // (self.design.maximum + 1), count % (self.design.maximum + 1)
        return np.array(
            [
                np.bincount(pair, weights=weighted, minlength=size)
                @ (y / rate - (n - y) / (1 - rate))
                for pair, rate in zip(self.pairs, rates, strict=True)
            ]
        )


def powers(rate: float, most: int) -> Floats:
    """Return p^y (1 - p)^(n - y) for all n and y up to `most`, flat; 0 where y > n."""
    n, y = np.arange(most + 1)[:, None], np.arange(most + 1)
    table = np.where(y <= n, rate**y * (1.0 - rate) ** np.maximum(n - y, 0), 0.0)
    return np.asarray(table.ravel())


def compile_design(
    design: Design,
    *,
    limit: int | None = MOST_STATES,
    scenarios: Floats | None = None,
    leave_out: float = 0.0,
) -> CompiledDesign:
    """Enumerate every state that trials of this design can come to.

    Args:
        design: the design.
        limit: the most states of one step; None for no limit.
        scenarios: true rates (K, D) for which little may be left out.
        leave_out: a state is dropped if its probability is below this in every scenario.

    Raises:
        TooLarge: there are more states than `limit`.
    """
    live, ways, keys = design.begin(), np.ones(1), _Keys(design)
    key, visited, pruned = np.zeros(1, dtype=np.uint64), 1, False
    ended: list[_States] = []
    while len(live):
        after, many, key = _branch(design, live, ways, key, keys)
        decisions = design.decide(after)
        why = np.where(
            (decisions.stop_reason == StopReason.GOING_ON) & (after.total() >= design.maximum),
            StopReason.MAXIMUM,
            decisions.stop_reason,
        )
        after = replace(after, barred=decisions.barred)
        over = why != StopReason.GOING_ON
        ended.append(_merge(_States(after.take(over), many[over], key[over], why[over]), keys))
        on = _States(
            replace(after, dose=decisions.dose).take(~over), many[~over], key[~over], why[~over]
        )
        on = _merge(on, keys)
        if scenarios is not None and leave_out:
            kept = _probable(on, scenarios, leave_out, design.maximum)
            pruned |= len(on.key) > kept.sum()
            on = _States(on.trials.take(kept), on.ways[kept], on.key[kept], on.why[kept])
        live, ways, key = on.trials, on.ways, on.key
        visited += len(live)
        if limit is not None and max(len(live), sum(len(states.key) for states in ended)) > limit:
            raise TooLarge(design, limit)
    return _compiled(design, ended, keys, visited, pruned)


class TooLarge(UnusableInput):
    """A design has too many states to enumerate."""

    def __init__(self, design: Design, limit: int) -> None:
        super().__init__(
            f"{design.name} with {design.doses} doses and {design.maximum} participants has more "
            f"than {limit:,} states",
            "--method",
            "they would not be enumerated in reasonable time",
            "use --method simulate, or --method bounded, which bounds the error",
        )


class _States(NamedTuple):
    trials: TrialStates
    ways: Floats
    key: NDArray[np.uint64]
    why: Ints


class _Keys:
    """Random numbers that make a 64-bit key of a state; equal keys are checked for equal states."""

    def __init__(self, design: Design) -> None:
        rng = np.random.Generator(np.random.Philox(20_260_101))
        draw = rng.integers(1, 2**63, size=2 * design.doses + 3, dtype=np.uint64) | np.uint64(1)
        self.given, self.seen = draw[: design.doses], draw[design.doses : 2 * design.doses]
        self.dose, self.barred, self.why = draw[2 * design.doses :]


def _branch(
    design: Design, live: TrialStates, ways: Floats, key: NDArray[np.uint64], keys: _Keys
) -> tuple[TrialStates, Floats, NDArray[np.uint64]]:
    """Return every outcome of every trial's next cohort."""
    size = design.size(live)
    most = int(size.max())
    ways_of = np.array([[float(comb(m, k)) for k in range(most + 1)] for m in range(most + 1)])
    parent = np.repeat(np.arange(len(live)), size + 1)
    first = np.cumsum(size + 1) - (size + 1)
    seen = np.arange(len(parent)) - first[parent]
    given, dose = size[parent], live.dose[parent]
    after = live.take(parent).after(given, seen)
    made = key[parent] + given.astype(np.uint64) * keys.given[dose]
    made += seen.astype(np.uint64) * keys.seen[dose]
    return after, ways[parent] * ways_of[given, seen], made


def _merge(states: _States, keys: _Keys) -> _States:
    """Make one state of equal ones; the ways into them add up."""
    trials, ways, key, why = states
    if not len(key):
        return states
    whole = key + trials.dose.astype(np.uint64) * keys.dose * (why == StopReason.GOING_ON)
    whole += trials.barred.astype(np.uint64) * keys.barred + why.astype(np.uint64) * keys.why
    order = np.argsort(whole, kind="stable")
    ranked = whole[order]
    new = np.append(True, ranked[1:] != ranked[:-1])
    starts = np.flatnonzero(new)
    _same(trials, order, new)
    kept = order[starts]
    return _States(trials.take(kept), np.add.reduceat(ways[order], starts), key[kept], why[kept])


def _same(trials: TrialStates, order: Ints, new: NDArray[np.bool_]) -> None:
    """Stop if two different states came to one key: about once in 10^6 runs of 10^7 states."""
    again = np.flatnonzero(~new)
    a, b = order[again], order[again - 1]
    for counts in (trials.n, trials.y):
        if not np.array_equal(np.take(counts, a, axis=0), np.take(counts, b, axis=0)):
            raise Defect("two different states of trials have the same key")


def _probable(states: _States, scenarios: Floats, leave_out: float, most: int) -> NDArray[np.bool_]:
    """Whether a state is likely enough in any scenario to be followed."""
    trials = states.trials
    pairs = trials.n.astype(np.int64) * (most + 1) + trials.y
    likely = np.zeros(len(pairs), dtype=bool)
    for rates in scenarios:
        found = states.ways.copy()
        for dose, rate in enumerate(rates):
            found *= powers(float(rate), most)[pairs[:, dose]]
        likely |= found > leave_out
    return likely


def _compiled(
    design: Design, ended: list[_States], keys: _Keys, visited: int, pruned: bool
) -> CompiledDesign:
    parts = [states for states in ended if len(states.key)]
    trials = TrialStates(
        *(
            np.concatenate(part)
            for part in zip(*(states.trials.arrays() for states in parts), strict=True)
        )
    )
    ways, key, why = (np.concatenate([states[i] for states in parts]) for i in (1, 2, 3))
    last = _merge(_States(trials, ways, key, why), keys)
    selected = np.empty(len(last.key), dtype=np.int8)
    for part in np.array_split(np.arange(len(last.key)), 1 + len(last.key) // IN_CACHE):
        selected[part] = design.select(last.trials.take(part))
    return CompiledDesign(
        design,
        last.trials.n,
        last.trials.y,
        last.ways,
        selected,
        last.why.astype(np.int8),
        visited,
        pruned,
    )


def final_states(compiled: CompiledDesign, rates: Floats) -> FinalStates:
    """Return the final states with their probabilities under these true rates, (D,)."""
    return FinalStates(
        compiled.design,
        compiled.n,
        compiled.y,
        compiled.selected,
        compiled.stop_reason,
        compiled.probability(rates),
    )
