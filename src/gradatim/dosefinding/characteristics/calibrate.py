"""Choosing a design's settings from what they bring, on common scenarios and in the worst case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.characteristics.exact import compile_design
from gradatim.dosefinding.characteristics.scenarios import curves_on_target
from gradatim.dosefinding.characteristics.soundness import refuse_unsound
from gradatim.dosefinding.characteristics.worst_case import WorstCase, worst_cases
from gradatim.dosefinding.designs.registry import (
    SETTING_TYPES,
    build,
    refuse_foreign,
    refuse_too_few_cohorts,
    with_settings,
)
from gradatim.dosefinding.designs.settings import DesignSettings

MOST_CANDIDATES = 500
VARIED = (
    "safe",
    "toxic",
    "cutoff",
    "below",
    "over",
    "half_width",
    "middle",
    "prior_sd",
    "overdose",
    "stop_too_toxic",
    "safety",
    "cohorts",
    "cohort_size",
    "stop_at",
    "enough",
    "start",
    "run_in",
)
"""Settings that can be varied, by their public names."""


class CalibratedSettings(NamedTuple):
    """Settings with what they bring.

    Args:
        varied: the values tried, by name.
        correct: mean probability of selecting the dose on target, over the common scenarios.
        expected_n: mean expected participants over the common scenarios.
        worst_correct: the least probability of selecting the dose on target, over all curves.
        worst_toxic: the greatest probability of selecting a too toxic dose, over all curves.
        keeps: whether `worst_toxic` is within the limit.
        curves: the curves of both.
    """

    varied: dict[str, float]
    correct: float
    expected_n: float
    worst_correct: float
    worst_toxic: float
    keeps: bool
    curves: tuple[WorstCase, WorstCase]


@dataclass(frozen=True)
class CalibrationGoal:
    """What is wanted.

    Args:
        gap: how far from the target a rate must be to be wrong.
        risk: the greatest worst-case probability of selecting a too toxic dose; None for any.
    """

    gap: float
    risk: float | None = None


def calibrate(
    settings: DesignSettings, vary: Mapping[str, Sequence[float]], aim: CalibrationGoal
) -> list[CalibratedSettings]:
    """Try every combination of settings, best first.

    First come those that keep the risk, by their worst probability of selecting rightly.

    Args:
        settings: the design, with what is not varied.
        vary: values to try, by the setting's name.
        aim: what is wanted.

    Raises:
        UnusableInput: a setting that cannot be varied, too many combinations, or one that cannot
        be, or can never escalate: it would keep any risk.
    """
    refuse_foreign(settings.design, vary, "--vary {}")
    tried = [
        _candidate(settings, dict(zip(vary, values, strict=True)), aim) for values in _grid(vary)
    ]
    return sorted(tried, key=lambda candidate: (not candidate.keeps, -candidate.worst_correct))


def _grid(vary: Mapping[str, Sequence[float]]) -> list[tuple[float, ...]]:
    for name in vary:
        if name not in VARIED:
            raise UnusableInput(
                f"{name!r} cannot be varied", "--vary", todo=f"use one of {', '.join(VARIED)}"
            )
    combinations = list(product(*vary.values()))
    if len(combinations) > MOST_CANDIDATES:
        raise UnusableInput(
            f"there are {len(combinations):,} combinations",
            "--vary",
            todo=f"try at most {MOST_CANDIDATES} at a time",
        )
    return combinations


def _candidate(
    fixed: DesignSettings, varied: dict[str, float], aim: CalibrationGoal
) -> CalibratedSettings:
    values: dict[str, Any] = {
        name: int(value) if SETTING_TYPES[name].element is int else value
        for name, value in varied.items()
    }
    settings = with_settings(fixed, values)
    if "cohorts" in varied:
        refuse_too_few_cohorts(settings)
    target = settings.required_target()
    told = ", ".join(f"{name}={value:g}" for name, value in varied.items())
    compiled = compile_design(refuse_unsound(build(settings), f"--vary {told}"))
    right, sizes = [], []
    for dose, rates in enumerate(curves_on_target(settings.doses, target, aim.gap)):
        probability = compiled.probability(np.array(rates))
        right.append(float(probability @ (compiled.selected == dose)))
        sizes.append(float(probability @ compiled.n.sum(axis=1)))
    worst = worst_cases(compiled, target, aim.gap)
    correct = min(
        (case for case in worst if case.question == "on_target"), key=lambda w: w.probability
    )
    toxic = max(
        (case for case in worst if case.question == "too_toxic"), key=lambda w: w.probability
    )
    keeps = aim.risk is None or toxic.probability <= aim.risk
    return CalibratedSettings(
        varied,
        float(np.mean(right)),
        float(np.mean(sizes)),
        correct.probability,
        toxic.probability,
        keeps,
        (correct, toxic),
    )
