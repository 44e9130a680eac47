"""The hard safety rule of model designs: a level is closed by its own counts alone.

Liu and Yuan 2015, JRSS C 64:507-523, section 2.3: P(rate > target) above 0.95 with a uniform prior
and three participants or more, by scipy's beta distribution here.
"""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gradatim.dosefinding.characteristics.exact import compile_design, final_states
from gradatim.dosefinding.characteristics.final_states import summarise
from gradatim.dosefinding.designs.modifiers import HardSafety, layers
from gradatim.dosefinding.designs.registry import build, settings_for
from gradatim.dosefinding.designs.settings import DesignSettings
from gradatim.dosefinding.trial_states import one_trial
from tests.dosefinding.written import ask

STEEP = np.array((0.001, 0.999, 0.999, 0.999, 0.999))


def crm(**more: Any) -> DesignSettings:
    """Return CRM for a target of 25 %."""
    return settings_for("crm", 5, target=0.25, **more)


@pytest.mark.parametrize("model", ["empiric", "logistic", "logistic2"])
def test_a_level_at_which_all_three_had_a_dlt_is_not_escalated_to(model: str) -> None:
    """However many had none at the level below; the reason gives the figures."""
    found = ask(build(crm(model=model)), "1NNN 2TTT 1NNN 1NNN")
    assert (found.action, found.dose) == ("stay", 1)
    last = found.reasons[-1]
    if last.rule == "hard safety rule":
        assert last.overrides == "crm"
        assert "3 of 3 participants at level 2 had a DLT" in last.text
        assert "99.6%" in last.text


def test_without_the_rule_it_is_as_dfcrm_and_says_so() -> None:
    """Package dfcrm 0.2-2.1 goes to level 2; a note warns, and so do the settings."""
    design = build(crm(safety="off"))
    found = ask(design, "1NNN 2TTT 1NNN 1NNN")
    assert (found.action, found.dose) == ("escalate", 2)
    assert any("NO hard safety rule is on" in note and "3 of 3" in note for note in found.notes)
    assert any("no hard safety rule" in line for line in design.describe())
    assert ask(design, "1NNN 2NNN").notes == ()


def test_the_rule_states_itself() -> None:
    """In the settings that reports print."""
    (line,) = [one for one in build(crm(safety=0.9)).describe() if "hard safety rule" in one]
    assert "P(DLT rate > 0.25) > 0.9" in line


def test_at_the_lowest_level_the_trial_stops() -> None:
    """And no level is selected."""
    found = ask(build(crm()), "1TTT")
    assert (found.action, found.dose) == ("stop", None)
    (rule,) = [one for one in found.reasons if one.rule == "hard safety rule"]
    assert "the trial stops" in rule.text


@pytest.mark.parametrize("safety", [0.95, "off"])
def test_exact_figures_where_the_second_level_kills(safety: Any) -> None:
    """dfcrm's rules select level 2 in 97.64 % of trials; with the rule hardly any does."""
    of = compile_design(build(crm(cohorts=8, safety=safety)))
    found = summarise(final_states(of, STEEP), STEEP, 0.25, "exact")
    second = found.selection[1].value
    assert second == pytest.approx(0.976362 if safety == "off" else 0.0, abs=5e-7)
    assert found.patients[1].value < (25 if safety == "off" else 3.01)


def test_crm_without_the_rule_keeps_the_published_figures() -> None:
    """Its rules walked exactly beside dfcrm 0.2-2.1 (docs/benchmarks.md): 6,848 ends."""
    compiled = compile_design(build(settings_for("crm", 5, target=0.3, safety="off")))
    assert (compiled.visited, len(compiled.ways)) == (6_508, 6_848)


@pytest.mark.parametrize(
    ("settings", "threshold"),
    [
        (crm(), 0.25),
        (settings_for("blrm", 3), 0.33),
        (settings_for("blrm", 3, target=0.2), 0.2),
        (settings_for("blrm", 3, on_target=(0.2, 0.4)), 0.4),
    ],
)
def test_what_is_too_toxic(settings: DesignSettings, threshold: float) -> None:
    """The target; of BLRM without one, what lies above its interval on target."""
    (rule,) = [one for one in layers(build(settings)) if isinstance(one, HardSafety)]
    assert (rule.threshold, rule.confidence, rule.fewest) == (threshold, 0.95, 3)


@given(
    counts=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=3),
    barred=st.integers(1, 3),
)
def test_the_lowest_level_with_too_many_is_closed(
    counts: list[tuple[int, int]], barred: int
) -> None:
    """By scipy's beta distribution; what was barred before stays so."""
    n, y = [max(one) for one in counts], [min(one) for one in counts]
    (rule,) = [
        one
        for one in layers(build(settings_for("crm", 3, target=0.25)))
        if isinstance(one, HardSafety)
    ]
    toxic = [
        i for i in range(3) if n[i] >= 3 and stats.beta.sf(0.25, 1 + y[i], 1 + n[i] - y[i]) > 0.95
    ]
    trials = one_trial(n, y, 0, barred, (3, 0))
    assert rule.closed(trials)[0] == min([*toxic, barred])
