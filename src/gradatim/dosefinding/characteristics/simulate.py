"""Trials by Monte Carlo, with the time they take: for what enumeration cannot hold or know.

The decisions are those of the design itself, asked of thousands of trials at once. Chunks of trials
have random streams of their own, so that the figures of a seed do not depend on the threads.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.characteristics.final_states import FinalStates
from gradatim.dosefinding.designs.base import Design
from gradatim.dosefinding.trial_states import Floats, Ints, StopReason, TrialStates

_CHUNK = 8_192
MOST_TRIALS = 10_000_000


@dataclass(frozen=True)
class TrialTiming:
    """How a trial passes in time; all in days.

    Args:
        between_arrivals: mean days from the trial being open to the next participant; arrivals are
            a Poisson process, and who arrives while the trial waits is not kept.
        window: days over which a participant is watched for DLTs.
        sentinel: days between the first participant of a level and the next one.
        stagger: days between any two participants of a cohort.
        review: days from the last outcome of a cohort to the next cohort's opening.
    """

    between_arrivals: float
    window: float
    sentinel: float = 0.0
    stagger: float = 0.0
    review: float = 0.0

    def __post_init__(self) -> None:
        """Refuse negative times."""
        for name in ("between_arrivals", "window", "sentinel", "stagger", "review"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0):
                raise UnusableInput(
                    f"{value:g} is no number of days",
                    name.replace("_", " "),
                    todo="give a number of 0 or more",
                )


def simulate_trials(
    design: Design,
    rates: Floats,
    trials: int,
    seed: int,
    *,
    conduct: TrialTiming | None = None,
    threads: int = 2,
) -> FinalStates:
    """Run trials.

    Args:
        design: the design.
        rates: the true DLT rates, (D,).
        trials: how many.
        seed: equal seeds give equal figures, whatever the number of threads.
        conduct: how time passes; without it only outcomes are drawn.
        threads: how many run at once.

    Returns:
        each trial's end, all of the same weight.

    Raises:
        UnusableInput: no trials, or more than ten million.
    """
    if not 1 <= trials <= MOST_TRIALS:
        raise UnusableInput(
            f"{trials} trials cannot be run",
            "--trials",
            todo=f"give a number from 1 to {MOST_TRIALS:,}",
        )
    sizes = [min(_CHUNK, trials - i) for i in range(0, trials, _CHUNK)]
    seeds = [np.random.SeedSequence(entropy=seed, spawn_key=(i,)) for i in range(len(sizes))]

    def run(chunk: tuple[int, np.random.SeedSequence]) -> list[_Ended]:
        return list(_chunk(design, rates, *chunk, conduct))

    with ThreadPoolExecutor(threads) as pool:
        ended = [end for some in pool.map(run, zip(sizes, seeds, strict=True)) for end in some]
    joined = TrialStates(
        *(np.concatenate(part) for part in zip(*(e.trials.arrays() for e in ended), strict=True))
    )
    why = np.concatenate([end.why for end in ended])
    days = np.concatenate([end.days for end in ended]) if conduct else None
    return FinalStates(
        design, joined.n, joined.y, design.select(joined), why, np.full(trials, 1 / trials), days
    )


@dataclass(frozen=True)
class _Ended:
    trials: TrialStates
    why: Ints
    days: Floats


def _chunk(
    design: Design,
    rates: Floats,
    size: int,
    seed: np.random.SeedSequence,
    conduct: TrialTiming | None,
) -> Iterator[_Ended]:
    """Run a chunk cohort by cohort; trials leave as they end."""
    rng = np.random.Generator(np.random.SFC64(seed))
    live, days = design.begin(size), np.zeros(size)
    while len(live):
        given = design.size(live)
        after, days = _treat(live, given, rates, rng, days, conduct)
        decisions = design.decide(after)
        full = (decisions.stop_reason == StopReason.GOING_ON) & (after.total() >= design.maximum)
        why = np.where(full, StopReason.MAXIMUM, decisions.stop_reason).astype(np.int8)
        after = replace(after, barred=decisions.barred)
        over = why != StopReason.GOING_ON
        if over.any():
            yield _Ended(after.take(over), why[over], days[over])
        live = replace(after, dose=decisions.dose).take(~over)
        days = days[~over] + (conduct.review if conduct else 0.0)


def _treat(
    live: TrialStates,
    given: Ints,
    rates: Floats,
    rng: np.random.Generator,
    days: Floats,
    conduct: TrialTiming | None,
) -> tuple[TrialStates, Floats]:
    """Treat a cohort of each trial; give the trials and the day on which all outcomes are known."""
    most, rate = int(given.max()), rates[live.dose]
    drawn = rng.random((most, len(live)))
    there = np.arange(most)[:, None] < given
    toxic = (drawn < rate) & there
    seen = toxic.sum(axis=0)
    if conduct is None:
        return live.after(given, seen), days
    n, _ = live.at_current_dose()
    known = days
    opens = days
    for i in range(most):
        treated = opens + rng.exponential(conduct.between_arrivals, len(live))
        # A DLT comes at any time of the window alike; `drawn` below `rate` is uniform there.
        follow = np.where(toxic[i], drawn[i] / rate, 1.0) * conduct.window
        known = np.where(there[i], np.maximum(known, treated + follow), known)
        first = n == 0 if i == 0 else False
        opens = treated + np.where(first, max(conduct.sentinel, conduct.stagger), conduct.stagger)
    return live.after(given, seen), known
