"""Monte Carlo: streams, threads, time, and agreement with the exact figures."""

import numpy as np
import pytest

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.characteristics.exact import compile_design, final_states
from gradatim.dosefinding.characteristics.final_states import summarise
from gradatim.dosefinding.characteristics.operating import Computation, operating_characteristics
from gradatim.dosefinding.characteristics.simulate import TrialTiming, simulate_trials
from gradatim.dosefinding.designs.registry import build, settings_for

RATES = np.array((0.05, 0.12, 0.30, 0.45, 0.60))
BOIN = build(settings_for("boin", 5, target=0.3))
CONDUCT = TrialTiming(between_arrivals=10, window=28, sentinel=14, stagger=3, review=7)


@pytest.mark.parametrize("conduct", [None, CONDUCT])
def test_a_seed_gives_the_same_trials_whatever_the_threads(conduct: TrialTiming | None) -> None:
    """To the last bit, over several chunks."""
    one, two, three = (
        simulate_trials(BOIN, RATES, 20_000, 3, conduct=conduct, threads=n) for n in (1, 2, 3)
    )
    other = simulate_trials(BOIN, RATES, 20_000, 4, conduct=conduct)
    for again in (two, three):
        assert np.array_equal(one.n, again.n)
        assert np.array_equal(one.y, again.y)
        assert conduct is None or np.array_equal(one.days, again.days)  # type: ignore[arg-type]
    assert not np.array_equal(one.n, other.n)


def test_with_time_the_figures_are_the_exact_ones() -> None:
    """Decisions wait for whole outcomes, so time changes none of them."""
    exact = summarise(final_states(compile_design(BOIN), RATES), RATES, 0.3, "exact")
    drawn = summarise(
        simulate_trials(BOIN, RATES, 60_000, 5, conduct=CONDUCT), RATES, 0.3, "simulate"
    )
    for a, b in zip(exact.selection, drawn.selection, strict=True):
        assert abs(a.value - b.value) < 4.5 * b.error


def test_the_length_of_a_trial_without_toxicity() -> None:
    """Three levels of three, arrivals at once: sentinel, stagger, window and review add up."""
    design = build(settings_for("three_plus_three", 3))
    conduct = TrialTiming(between_arrivals=0, window=28, sentinel=14, stagger=3, review=7)
    ends = simulate_trials(design, np.full(3, 1e-12), 50, 1, conduct=conduct)
    assert ends.days == pytest.approx(3 * (14 + 3 + 28) + 2 * 7)


def test_arrivals_make_it_longer_by_their_mean() -> None:
    """Nine participants wait ten days each."""
    design = build(settings_for("three_plus_three", 3))
    conduct = TrialTiming(between_arrivals=10, window=0)
    ends = simulate_trials(design, np.full(3, 1e-12), 20_000, 1, conduct=conduct)
    assert ends.days is not None
    assert ends.days.mean() == pytest.approx(90, abs=4.5 * 30 / np.sqrt(20_000))


def test_a_dlt_is_known_when_it_happens() -> None:
    """With everybody toxic, a trial of one cohort ends before the last window does."""
    design = build(settings_for("three_plus_three", 3))
    conduct = TrialTiming(between_arrivals=0, window=28)
    ends = simulate_trials(design, np.full(3, 1 - 1e-12), 20_000, 1, conduct=conduct)
    assert ends.days is not None
    assert ends.days.mean() == pytest.approx(28 * 3 / 4, abs=0.2)  # the last of three uniforms
    assert ends.days.max() <= 28


def test_bounded_is_within_its_bound_of_exact() -> None:
    """What is left out is the error of every figure at most."""
    (exact,) = operating_characteristics(BOIN, [tuple(RATES)], 0.3)
    how = Computation("bounded", leave_out=1e-5)
    (bounded,) = operating_characteristics(BOIN, [tuple(RATES)], 0.3, how)
    assert 0 < bounded.error_bound < 0.05
    assert bounded.states < exact.states
    for a, b in zip(exact.selection, bounded.selection, strict=True):
        assert 0 <= a.value - b.value <= bounded.error_bound


def test_requests_that_cannot_be() -> None:
    """No trials, negative times, time enumerated."""
    with pytest.raises(UnusableInput, match="0 trials"):
        simulate_trials(BOIN, RATES, 0, 1)
    with pytest.raises(UnusableInput, match="no number of days"):
        TrialTiming(-1, 28)
    with pytest.raises(UnusableInput, match="never enumerated"):
        operating_characteristics(BOIN, [tuple(RATES)], 0.3, Computation("exact", conduct=CONDUCT))
