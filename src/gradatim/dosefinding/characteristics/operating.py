"""Operating characteristics of a design, by the method that is asked for or that fits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.characteristics.exact import (
    MOST_STATES,
    TooLarge,
    compile_design,
    final_states,
)
from gradatim.dosefinding.characteristics.final_states import (
    OperatingCharacteristics,
    summarise,
)
from gradatim.dosefinding.characteristics.simulate import TrialTiming, simulate_trials
from gradatim.dosefinding.designs.base import Design
from gradatim.dosefinding.designs.modifiers import layers
from gradatim.dosefinding.designs.two_parameter_logistic import TwoParameter
from gradatim.dosefinding.recommended import DEFAULT_CRITERIA, RecommendationCriteria
from gradatim.dosefinding.trial_states import Floats

_METHODS = ("auto", "exact", "bounded", "simulate")
LEAVE_OUT = 1e-9
EXACT_STATES = 20_000_000
"""More states than this do not fit into ten gigabytes."""
MOST_FITS = 20_000
"""Of the two-parameter models: each state is fitted, a few thousand in a second."""


@dataclass(frozen=True)
class Computation:
    """How operating characteristics are computed.

    Args:
        method: exact; bounded: states of a probability below `leave_out` are not followed, and what
            is lost bounds the error; simulate; or auto: exact where that is a matter of seconds,
            else simulate. With `conduct`, always simulate.
        trials, seed, threads: of a simulation.
        conduct: how trials pass in time, if that is to be simulated.
        needed: what calling a dose recommended asks for.
        leave_out: see `bounded`.
    """

    method: str = "auto"
    trials: int = 100_000
    seed: int = 1
    threads: int = 2
    conduct: TrialTiming | None = None
    needed: RecommendationCriteria = DEFAULT_CRITERIA
    leave_out: float = LEAVE_OUT


DEFAULT_COMPUTATION = Computation()


def operating_characteristics(
    design: Design,
    scenarios: Sequence[Sequence[float]],
    limit: float,
    how: Computation = DEFAULT_COMPUTATION,
) -> list[OperatingCharacteristics]:
    """Say what to expect of a design.

    Args:
        design: the design.
        scenarios: true DLT rates of each dose, one or several.
        limit: rates above this count as too toxic.
        how: the method.

    Raises:
        UnusableInput: rates that are none, or too many states for the method.
    """
    rates = [check_rates(scenario, design.doses) for scenario in scenarios]
    if how.method not in _METHODS:
        raise UnusableInput(
            f"there is no method {how.method!r}",
            "--method",
            todo=f"use one of {', '.join(_METHODS)}",
        )
    if how.conduct is not None and how.method in ("exact", "bounded"):
        raise UnusableInput(
            "time is simulated, never enumerated",
            "--method",
            todo="leave the times out, or use --method simulate",
        )
    if how.conduct is None and how.method != "simulate":
        try:
            return _enumerated(design, rates, limit, how)
        except TooLarge:
            if how.method != "auto":
                raise
    return [_simulated(design, truth, limit, how) for truth in rates]


def check_rates(rates: Sequence[float], doses: int, where: str = "--truth") -> Floats:
    """Return true DLT rates as an array.

    Raises:
        UnusableInput: not one for each dose, not strictly between 0 and 1, or falling.
    """
    if len(rates) != doses:
        raise UnusableInput(
            f"{len(rates)} rates for {doses} dose levels",
            where,
            todo="give one for each level, the lowest first",
        )
    for i, rate in enumerate(rates):
        if not 0 < rate < 1:
            raise UnusableInput(
                f"the rate of level {i + 1}, {rate:g}, is not a rate",
                where,
                todo="give numbers between 0 and 1, neither included",
            )
        if i and rate < rates[i - 1]:
            raise UnusableInput(
                f"the rates fall from level {i} to level {i + 1}",
                where,
                "a higher dose is taken to be at least as toxic",
                "give them from the lowest level to the highest",
            )
    return np.array(rates, dtype=float)


def _enumerated(
    design: Design, rates: list[Floats], limit: float, how: Computation
) -> list[OperatingCharacteristics]:
    if how.method == "bounded":
        compiled = compile_design(
            design, limit=EXACT_STATES, scenarios=np.array(rates), leave_out=how.leave_out
        )
    else:
        most = EXACT_STATES if how.method == "exact" else _in_seconds(design)
        compiled = compile_design(design, limit=most)
    method = "bounded" if compiled.pruned else "exact"
    return [
        summarise(final_states(compiled, truth), truth, limit, method, *how.needed)
        for truth in rates
    ]


def _in_seconds(design: Design) -> int:
    """Return the states of a step that are enumerated in a matter of seconds."""
    model = getattr(layers(design)[-1], "model", None)
    return MOST_FITS if isinstance(model, TwoParameter) else MOST_STATES


def _simulated(
    design: Design, rates: Floats, limit: float, how: Computation
) -> OperatingCharacteristics:
    ends = simulate_trials(
        design, rates, how.trials, how.seed, conduct=how.conduct, threads=how.threads
    )
    return summarise(ends, rates, limit, "simulate", *how.needed)
