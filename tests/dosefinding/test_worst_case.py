"""Derivatives, worst curves, calibration, and the designs of protocols."""

from datetime import date

import numpy as np
import pytest

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.characteristics.calibrate import CalibrationGoal, calibrate
from gradatim.dosefinding.characteristics.exact import compile_design
from gradatim.dosefinding.characteristics.scenarios import curves_on_target, scenarios
from gradatim.dosefinding.characteristics.worst_case import worst_cases
from gradatim.dosefinding.designs.registry import build, settings_for
from gradatim.dosefinding.protocol_design import (
    alternatives,
    design_faults,
    recommendation_criteria,
    settings_of,
    trial_timing,
)
from gradatim.protocol.load import bundled, load
from gradatim.protocol.study import Ruling

BOIN = compile_design(build(settings_for("boin", 4, target=0.3, cohorts=6)))


def test_slopes_are_those_of_central_differences() -> None:
    """Of every level's selection, and of the expected participants."""
    rates, h = np.array((0.05, 0.15, 0.3, 0.5)), 1e-6
    values = [(BOIN.selected == i).astype(float) for i in range(4)] + [
        BOIN.n.sum(axis=1).astype(float)
    ]
    for value in values:
        slope = BOIN.slope(rates, value)
        for i in range(4):
            step = h * np.eye(4)[i]
            around = [float(BOIN.probability(rates + sign * step) @ value) for sign in (1, -1)]
            assert slope[i] == pytest.approx((around[0] - around[1]) / (2 * h), abs=1e-6)


def test_worst_curves_rise_keep_their_bounds_and_are_not_beaten_at_random() -> None:
    """Three hundred random rising curves for each."""
    rng = np.random.default_rng(1)
    for one in worst_cases(BOIN, 0.3, 0.1):
        rates, dose = np.array(one.rates), one.dose - 1
        assert (np.diff(rates) >= 0).all()
        toxic = one.question == "too_toxic"
        chosen = BOIN.selected >= dose if toxic else BOIN.selected == dose
        assert BOIN.probability(rates) @ chosen == pytest.approx(one.probability)
        for _ in range(300):
            below = np.sort(rng.uniform(0.001, 0.4 if toxic else 0.2, dose))
            over = np.sort(rng.uniform(0.4, 0.999, 4 - dose - (not toxic)))
            curve = np.concatenate([below, over] if toxic else [below, [0.3], over])
            found = float(BOIN.probability(curve) @ chosen)
            assert found <= one.probability + 1e-6 if toxic else found >= one.probability - 1e-6


def test_calibration_ranks_and_keeps_the_risk() -> None:
    """First those that keep it, then by the worst probability of selecting rightly."""
    of = settings_for("boin", 3, target=0.3, cohorts=6)
    found = calibrate(of, {"cutoff": [0.8, 0.95], "cohorts": [4, 6]}, CalibrationGoal(0.1, 0.4))
    keys = [(not one.keeps, -one.worst_correct) for one in found]
    assert keys == sorted(keys)
    assert all(one.keeps == (one.worst_toxic <= 0.4) for one in found)
    assert {one.keeps for one in found} == {True, False}
    with pytest.raises(UnusableInput, match="cannot be varied"):
        calibrate(of, {"design": [1]}, CalibrationGoal(0.1))
    with pytest.raises(UnusableInput, match="combinations"):
        calibrate(of, {"cutoff": list(np.linspace(0.5, 0.9, 600))}, CalibrationGoal(0.1))
    with pytest.raises(UnusableInput, match="gap"):
        calibrate(of, {"cutoff": [0.9]}, CalibrationGoal(0.4))


def test_scenarios_rise_and_put_each_level_on_target() -> None:
    """With the gap to the neighbours."""
    for i, rates in enumerate(curves_on_target(4, 0.3, 0.1)):
        assert rates[i] == pytest.approx(0.3)
        assert list(rates) == sorted(rates)
        assert i == 0 or rates[i - 1] == pytest.approx(0.2)
        assert i == 3 or rates[i + 1] == pytest.approx(0.4)
    for one in scenarios(5, 0.25):
        assert all(0 < rate < 1 for rate in one.rates)
        assert list(one.rates) == sorted(one.rates)


@pytest.mark.parametrize("name", bundled())
def test_every_bundled_design_can_be_built(name: str) -> None:
    """And its alternatives; the operating characteristics are exact."""
    study = load(name).study
    assert list(design_faults(study)) == []
    for settings in alternatives(study).values():
        assert compile_design(build(settings)).probability(
            np.linspace(0.1, 0.5, settings.doses)
        ).sum() == pytest.approx(1, abs=1e-12)


def test_the_first_trial_is_3_plus_3_until_the_sponsor_rules() -> None:
    """Assumed, at most 18; a ruling chooses three per level; its own window and sentinel."""
    study = load("nct05962762").study
    first = build(settings_of(study))
    assert (first.name, first.doses, first.maximum) == ("three_plus_three", 3, 18)
    ruling = Ruling(
        question="safety.escalation",
        answer="three_per_group",
        by="sponsor",
        on=date(2026, 11, 25),
    )
    ruled = build(settings_of(study.model_copy(update={"rulings": [ruling]})))
    assert (ruled.name, ruled.maximum) == ("three_per_group", 9)
    assert recommendation_criteria(study) == (6, 1)
    conduct = trial_timing(study, 10)
    assert (conduct.window, conduct.sentinel, conduct.stagger) == (28, 14, 3)
    with pytest.raises(UnusableInput, match="no escalation design 'other'"):
        settings_of(study, "other")


def test_what_can_never_escalate_is_no_candidate() -> None:
    """It gives nobody a dose that is too toxic, and so would keep any risk."""
    settings = settings_for("crm", 3, target=0.3, cohorts=3, skeleton=(0.2, 0.3, 0.4))
    with pytest.raises(UnusableInput, match="never leaves level 2") as caught:
        calibrate(settings, {"prior_sd": (0.02, 1.0)}, CalibrationGoal(0.1))
    assert caught.value.where == "--vary prior_sd=0.02"
