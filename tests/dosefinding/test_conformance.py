"""What every design must keep, over every path of small trials."""

from dataclasses import replace

import numpy as np
import pytest

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.characteristics.exact import compile_design, final_states
from gradatim.dosefinding.characteristics.final_states import summarise
from gradatim.dosefinding.characteristics.simulate import simulate_trials
from gradatim.dosefinding.decision_table import Action
from gradatim.dosefinding.designs.base import Design
from gradatim.dosefinding.designs.modifiers import Modifier, layers
from gradatim.dosefinding.designs.registry import (
    DESIGN_KINDS,
    SETTING_TYPES,
    build,
    settings_for,
)
from gradatim.dosefinding.designs.settings import public_settings, type_of
from gradatim.dosefinding.designs.table import TableDesign
from gradatim.dosefinding.trial_states import StopReason, TrialStates
from tests.dosefinding.suite import CASES, RATES, design, enumerated, visits

every_case = pytest.mark.parametrize("case", CASES)


def test_a_setting_of_one_name_takes_the_same_in_every_design() -> None:
    """The command line reads it before it knows the design."""
    assert [
        f"the setting {name} of {design} takes another type, or has another default: rename it"
        for design, kind in DESIGN_KINDS.items()
        for name, one in public_settings(kind.settings).items()
        if type_of(one) != SETTING_TYPES[name]
    ] == []


@pytest.mark.parametrize("name", sorted(set(DESIGN_KINDS) - {"table"}))
def test_a_design_needs_a_target_where_its_kind_says_so(name: str) -> None:
    """What needs none is built without; nothing else is."""
    settings = settings_for(name, 3)
    if DESIGN_KINDS[name].target != "needed":
        assert build(settings).doses == 3
        return
    with pytest.raises(UnusableInput, match="target"):
        build(settings)


@pytest.mark.parametrize("name", sorted(set(DESIGN_KINDS) - {"table"}))
def test_a_design_has_cohorts_of_the_size_its_kind_says(name: str) -> None:
    """Of any size where that is free; else of that one only."""
    own = DESIGN_KINDS[name].cohort_size
    settings = settings_for(name, 3, target=0.25, cohort_size=4 if own == 2 else 2)
    if own is None:
        assert build(settings).doses == 3
        return
    with pytest.raises(UnusableInput, match="has cohorts of"):
        build(settings)


def test_every_design_and_every_modifier_is_in_the_suite() -> None:
    """A design without the suite is not one."""
    known = {one.design for one in CASES.values()}
    assert [
        f"the design {name} is not known to tests/dosefinding/suite.py: add it to CASES"
        for name in DESIGN_KINDS
        if name not in known
    ] == []
    assert known <= set(DESIGN_KINDS)
    used = {type(layer) for case in CASES for layer in layers(design(case))}
    assert {one for one in Modifier.__subclasses__() if one not in used} == set()


@every_case
def test_no_dose_is_skipped_or_given_after_it_was_barred(case: str) -> None:
    """Neither given next nor selected; nor is a dose selected that nobody was given."""
    of = design(case)
    for one in visits(of):
        highest = int(one.after.highest()[0])
        dose, barred = int(one.decisions.dose[0]), int(one.decisions.barred[0])
        assert barred <= one.before.barred[0]
        if not one.ended:
            assert dose <= highest + 1
            assert dose < barred
            continue
        selected = int(of.select(replace(one.after, barred=one.decisions.barred))[0])
        assert selected < max(barred, 0) or selected == -1
        assert selected == -1 or one.after.n[0, selected] > 0


@every_case
def test_the_maximum_is_kept(case: str) -> None:
    """Nobody is treated beyond it."""
    of = design(case)
    assert max(int(one.after.total()[0]) for one in visits(of)) <= of.maximum


@every_case
def test_it_never_escalates_from_a_dose_that_is_too_toxic(case: str) -> None:
    """Not where the table says to go down or stop, nor when all of the last cohort had a DLT."""
    of = design(case)
    inner = layers(of)[-1]
    for one in visits(of):
        up = not one.ended and one.decisions.dose[0] > one.after.dose[0]
        n, y = (int(part[0]) for part in one.after.at_current_dose())
        if up and isinstance(inner, TableDesign):
            assert inner.table.of(n, y) in (Action.ESCALATE, Action.HOLD, Action.NONE)
        if up:
            assert one.after.cohort_y[0] < one.after.cohort_n[0]


@every_case
def test_exact_is_what_all_paths_add_up_to(case: str) -> None:
    """Merging states changes nothing; the mass is 1."""
    of = design(case)
    slow, compiled = enumerated(of, RATES), compile_design(of)
    fast = summarise(final_states(compiled, np.array(RATES)), np.array(RATES), 0.25, "exact")
    assert compiled.probability(np.array(RATES)).sum() == pytest.approx(1, abs=1e-12)
    assert slow["mass"] == pytest.approx(1, abs=1e-12)
    chosen = [slow["selection"][i] for i in range(-1, of.doses)]  # type: ignore[index]
    ours = [one.value for one in (fast.none_selected, *fast.selection)]
    assert ours == pytest.approx(chosen, abs=1e-12)
    assert [one.value for one in fast.patients] == pytest.approx(slow["n"], abs=1e-12)
    assert [one.value for one in fast.dlts] == pytest.approx(slow["y"], abs=1e-12)


@every_case
def test_simulation_agrees_within_its_errors(case: str) -> None:
    """Each figure within four and a half standard errors of the exact one."""
    of, rates = design(case), np.array(RATES)
    exact = summarise(final_states(compile_design(of), rates), rates, 0.25, "exact")
    drawn = summarise(simulate_trials(of, rates, 20_000, 11), rates, 0.25, "simulate")
    for name in ("selection", "patients", "dlts"):
        for a, b in zip(getattr(exact, name), getattr(drawn, name), strict=True):
            assert abs(a.value - b.value) <= 4.5 * max(b.error, 2e-5), name


@every_case
def test_many_trials_at_once_are_each_decided_alike(case: str) -> None:
    """A trial's decision does not depend on the others it is asked with."""
    of = design(case)
    some = list(visits(of))[::7][:200]
    parts = zip(*(one.after.arrays() for one in some), strict=True)
    together = TrialStates(*(np.concatenate(part) for part in parts))
    decisions, selected = of.decide(together), of.select(together)
    for i, one in enumerate(some):
        alone = (one.decisions.dose[0], one.decisions.barred[0], one.decisions.stop_reason[0])
        assert (decisions.dose[i], decisions.barred[i], decisions.stop_reason[i]) == alone
        assert selected[i] == of.select(one.after)[0]


@pytest.mark.parametrize("case", [case for case in CASES if "titrated" not in case])
def test_more_dlts_never_give_a_higher_dose(case: str) -> None:
    """With the same participants, a DLT more is never answered more daringly."""
    of = design(case)
    for one in visits(of):
        here = int(one.after.dose[0])
        n, y = (int(part[0]) for part in one.after.at_current_dose())
        if y == n or one.after.cohort_y[0] == one.after.cohort_n[0]:
            continue
        more = one.after.y.copy()
        more[0, here] += 1
        worse = replace(one.after, y=more, cohort_y=one.after.cohort_y + 1)
        decisions = of.decide(worse)
        assert _daring(decisions.stop_reason[0], decisions.dose[0]) <= _daring(
            one.decisions.stop_reason[0], one.decisions.dose[0]
        )


def _daring(why: int, dose: int) -> int:
    """Rank a decision: the dose that is given next, a stop for toxicity below all of them."""
    return -1 if why in (StopReason.TOO_TOXIC, StopReason.HOLD) else int(dose)


def test_a_defect_would_be_seen() -> None:
    """The suite fails for a design that goes up whatever happens."""

    class Reckless(TableDesign):
        def decide(self, trials):
            decisions = super().decide(trials)
            up = np.minimum(trials.dose + 1, trials.doses - 1)
            return decisions._replace(dose=up, stop_reason=np.zeros(len(trials), dtype=int))

    honest = layers(design("boin"))[-1]
    assert isinstance(honest, TableDesign)
    reckless: Design = Reckless(
        **{name: getattr(honest, name) for name in TableDesign.__dataclass_fields__}
    )
    found = [
        one
        for one in visits(reckless)
        if not one.ended and one.decisions.dose[0] >= one.decisions.barred[0]
    ]
    assert found
