"""DesignSettings of a design: what cannot be is refused when it is built, in one clear message."""

import re
from math import inf, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.characteristics.calibrate import CalibrationGoal, calibrate
from gradatim.dosefinding.characteristics.exact import compile_design
from gradatim.dosefinding.characteristics.operating import (
    Computation,
    check_rates,
    operating_characteristics,
)
from gradatim.dosefinding.characteristics.soundness import refuse_unsound, soundness_fault
from gradatim.dosefinding.decision_table import Action, Table
from gradatim.dosefinding.designs.boin import boin_table, boundaries
from gradatim.dosefinding.designs.registry import (
    DESIGN_KINDS,
    FRAME,
    SETTABLE,
    SETTING_TYPES,
    build,
    designs_with,
    settings_for,
)
from gradatim.dosefinding.designs.settings import DesignSettings

OWN = boin_table(boundaries(0.3), 12, equal_stays=True)
SEVEN = boin_table(boundaries(0.3), 7, equal_stays=True)


def of(design: str = "boin", doses: int = 3, **more: Any) -> DesignSettings:
    """Return settings that can be, but for what a test changes."""
    return settings_for(design, doses, **{"target": 0.3, "cohorts": 4, **more})


def test_a_design_that_does_not_exist_is_refused() -> None:
    """And names those that do."""
    with pytest.raises(UnusableInput, match="there is no design 'bion'") as caught:
        of("bion")
    assert caught.value.where == "--design"
    assert all(name in caught.value.todo for name in DESIGN_KINDS)


BAD: dict[str, tuple[DesignSettings, str, str]] = {
    "no levels": (of(doses=0), "--levels", "0 is not from 1 to 20"),
    "too many levels": (of(doses=21), "--levels", "21 is not from 1 to 20"),
    "no target": (of(target=None), "--target", "boin needs a target"),
    "no target for a model": (of("crm", target=None), "--target", "crm needs a target"),
    "target 0": (of(target=0.0), "--target", "0 is not a rate"),
    "target 1": (of(target=1.0), "--target", "1 is not a rate"),
    "target in percent": (of(target=30.0), "--target", "30 is not a rate"),
    "target no number": (of(target=nan), "--target", "nan is not a rate"),
    "target beyond BOIN": (of(target=0.7), "--target", "outside 0.05 to 0.6"),
    "cohort of none": (of(cohort_size=0), "--cohort-size", "0 is not from 1"),
    "no cohort": (of(cohorts=0), "--cohorts", "0 is not from 1"),
    "too many participants": (of(cohort_size=50, cohorts=50), "--cohorts", "more than 1,000"),
    "start 0": (of(start=0), "--start", "0 is not from 1 to 3"),
    "start beyond": (of(start=4), "--start", "4 is not from 1 to 3"),
    "maximum 0": (of(maximum=0), "maximum", "0 is not from 1"),
    "stop_at 0": (of(stop_at=0), "stop_at", "0 is not from 1"),
    "enough 0": (of(enough=0), "enough", "0 is not from 1"),
    "run_in 0": (of(run_in=0), "run_in", "0 is not from 1"),
    "middle beyond": (of("crm", middle=4), "middle", "4 is not from 1 to 3"),
    "size 0": (of(sizes=(3, 0, 3)), "sizes", "0 is not from 1"),
    "too few sizes": (of(sizes=(3, 3)), "sizes", "2 values for 3 dose levels"),
    "cutoff 1": (of(cutoff=1.0), "cutoff", "1 is not a rate"),
    "safe too near": (of(safe=0.29), "safe", "do not lie apart from the target"),
    "toxic below": (of(toxic=0.2), "toxic", "do not lie apart from the target"),
    "interval below 0": (of("mtpi", below=0.3), "below", "from 0 to 0.35"),
    "interval above 1": (of("keyboard", over=0.7), "over", "from 0.25 to 1"),
    "interval inside out": (of("mtpi2", below=-0.1), "below", "from 0.4 to 0.35"),
    "interval of no width": (of("i3_plus_3", below=0.0, over=0.0), "over", "from 0.3 to 0.3"),
    "interval too narrow": (of("keyboard", below=0.0, over=1e-9), "over", "0.3 to 0.3 is too"),
    "skeleton falls": (of("crm", skeleton=(0.1, 0.3, 0.2)), "skeleton", "do not rise"),
    "skeleton level": (of("crm", skeleton=(0.1, 0.2, 0.2)), "skeleton", "do not rise"),
    "skeleton short": (of("crm", skeleton=(0.1, 0.2)), "skeleton", "2 values for 3"),
    "skeleton 0": (of("crm", skeleton=(0.0, 0.2, 0.3)), "skeleton", "0 is not a rate"),
    "half-width": (of("crm", half_width=0.3), "half_width", "does not fit around 0.3"),
    "model": (of("crm", model="probit"), "model", "there is no model 'probit'"),
    "prior_sd 0": (of("crm", prior_sd=0.0), "prior_sd", "0 is not a positive number"),
    "prior_sd wide": (of("crm", prior_sd=1e9), "prior_sd", "1e+09 is too wide"),
    "prior_sd narrow": (of("crm", prior_sd=1e-300), "prior_sd", "1e-300 is too narrow"),
    "prior_sds wide": (of("blrm", prior_sds=(2.0, 1000.0)), "prior_sds", "1000 is too wide"),
    "prior_sds narrow": (of("blrm", prior_sds=(1e-300, 1.0)), "prior_sds", "is too narrow"),
    "prior_mean far": (of("blrm", prior_mean=(1e300, 0.0)), "prior_mean", "is no prior mean"),
    "prior_sds 0": (of("blrm", prior_sds=(2.0, 0.0)), "prior_sds", "0 is not a positive"),
    "prior_mean": (of("blrm", prior_mean=(0.0,)), "prior_mean", "1 values where 2"),
    "correlation 1": (of("blrm", correlation=1.0), "correlation", "1 is not a correlation"),
    "amounts fall": (of("blrm", amounts=(1.0, 3.0, 2.0)), "amounts", "do not rise"),
    "amount 0": (of("blrm", amounts=(0.0, 1.0, 2.0)), "amounts", "0 is not a positive"),
    "amount no number": (of("blrm", amounts=(1.0, nan, 2.0)), "amounts", "nan is not"),
    "amount endless": (of("blrm", amounts=(1.0, 2.0, inf)), "amounts", "inf is not"),
    "reference": (of("blrm", reference=-1.0), "reference", "-1 is not a positive"),
    "on_target falls": (of("blrm", on_target=(0.4, 0.2)), "on_target", "do not rise"),
    "overdose": (of("blrm", overdose=0.0), "overdose", "0 is not a rate"),
    "stop_too_toxic": (of(stop_too_toxic=95.0), "stop_too_toxic", "95 is not a rate"),
    "stop_too_toxic without target": (
        of("three_plus_three", target=None, stop_too_toxic=0.9),
        "--target",
        "needs a target",
    ),
    "3+3 in twos": (of("three_plus_three", cohort_size=2), "--cohort-size", "cohorts of 3"),
    "3+3 titrated": (of("three_plus_three", titration=True), "titration", "cannot follow"),
    "committee": (of("three_per_group", committee="vote"), "committee", "taken to 'vote'"),
    "table not given": (of("table"), "--table", "the table is not given"),
    "table without the cohort": (of("table", table=OWN, cohort_size=13), "", "13 participants"),
}


@pytest.mark.parametrize(("settings", "where", "says"), BAD.values(), ids=BAD)
def test_what_cannot_be_is_refused_in_one_clear_message(
    settings: DesignSettings, where: str, says: str
) -> None:
    """What, where and what to do, on one line."""
    with pytest.raises(UnusableInput) as caught:
        build(settings)
    assert says in caught.value.what
    assert where in caught.value.where
    assert caught.value.todo
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "settings",
    [
        of("table", table=OWN, committee="vote"),  # as three_per_group refuses it
        of(safer=True, offset=2.0),  # cutoff - offset is no probability, so every trial would stop
        of(safer=True, offset=-0.5),
        of("blrm", prior_mean=(nan, 0.0)),
        of("blrm", prior_mean=(0.0, -1e9)),
        of("crm", model="logistic2", prior_mean=(inf, 0.0)),
        of(
            "crm", model="logistic", skeleton=(0.2, 0.5, 1 / (1 + np.exp(-3.0)))
        ),  # at the intercept
    ],
    ids=["committee", "offset", "negative offset", "nan", "far", "inf", "skeleton"],
)
def test_what_would_compute_nonsense_is_refused(settings: DesignSettings) -> None:
    """It is not silently taken for something else."""
    with pytest.raises(UnusableInput):
        build(settings)


@pytest.mark.parametrize(
    "settings",
    [
        of("three_plus_three", maximum=10),
        of("three_plus_three_korn", maximum=11),
        of("three_plus_three", sizes=(2, 2, 2)),
        of("three_plus_three", run_in=9),
        of("three_per_group", run_in=6),
        of("table", table=SEVEN),
        of("table", table=SEVEN, cohort_size=2, cohorts=6),
    ],
    ids=[
        "maximum",
        "maximum of korn",
        "sizes",
        "run-in",
        "run-in of one cohort",
        "table of 7",
        "table of 7 in twos",
    ],
)
def test_a_design_that_was_built_never_runs_out_of_advice(settings: DesignSettings) -> None:
    """It is refused when it is built, or every one of its trials comes to an end."""
    try:
        design = build(settings)
    except UnusableInput:
        return
    rates = np.full(3, 0.3)
    assert compile_design(design).probability(rates).sum() == pytest.approx(1, abs=1e-12)


def test_the_maximum_that_was_asked_for_is_the_one_that_is_kept() -> None:
    """More than cohorts x cohort size as well as fewer."""
    assert build(of(maximum=10)).maximum == 10
    assert build(of(maximum=24)).maximum == 24


def own_table(design: str) -> dict[str, Any]:
    """Return a table for the design that takes one."""
    return {"table": OWN} if DESIGN_KINDS[design].has("table") else {}


@pytest.mark.parametrize("name", DESIGN_KINDS)
def test_a_design_states_its_settings(name: str) -> None:
    """A line each, with the doses and the participants in the first."""
    design = build(of(name, **own_table(name), start=2))
    first, *others = design.describe()
    size = DESIGN_KINDS[name].cohort_size or 3
    assert first.startswith(f"3 doses from level 2, cohorts of {size}, at most ")
    assert others
    assert all("\n" not in line for line in others)
    assert design.source


@pytest.mark.parametrize(
    ("rates", "says"),
    [
        ((0.1, 0.2), "2 rates for 3 dose levels"),
        ((0.1, 0.2, 0.3, 0.4), "4 rates for 3"),
        ((0.0, 0.2, 0.3), "level 1, 0, is not a rate"),
        ((0.1, 0.2, 1.0), "level 3, 1, is not a rate"),
        ((0.1, 0.3, 0.2), "fall from level 2 to level 3"),
        ((0.1, nan, 0.3), "level 2, nan, is not"),
    ],
)
def test_true_rates_that_cannot_be(rates: tuple[float, ...], says: str) -> None:
    """One for each level, each a rate, none falling; equal ones may be."""
    with pytest.raises(UnusableInput, match=says):
        check_rates(rates, 3)
    assert check_rates((0.2, 0.2, 0.2), 3).tolist() == [0.2] * 3


def test_a_method_that_is_none() -> None:
    """The known ones are named."""
    with pytest.raises(UnusableInput, match="auto, exact, bounded, simulate"):
        operating_characteristics(build(of()), [(0.1, 0.2, 0.3)], 0.3, Computation("guess"))


# --- settings of other designs --------------------------------------------------------------------

VALUES: dict[str, Any] = {
    "cutoff": 0.9,
    "stop_at": 9,
    "safe": 0.1,
    "toxic": 0.5,
    "safer": True,
    "offset": 0.04,
    "bound": True,
    "below": 0.06,
    "over": 0.06,
    "model": "logistic",
    "skeleton": (0.1, 0.2, 0.3),
    "half_width": 0.04,
    "middle": 1,
    "prior_sd": 1.0,
    "prior_mean": (0.0, 0.0),
    "prior_sds": (1.0, 1.0),
    "amounts": (1.0, 2.0, 4.0),
    "reference": 2.0,
    "correlation": 0.1,
    "on_target": (0.2, 0.3),
    "overdose": 0.3,
    "safety": 0.9,
    "untried": True,
    "committee": "escalate",
}
"""A value for each setting that not every design has, other than its default."""


def of_some_designs() -> set[str]:
    """Return the settings that not every design has."""
    return {name for name in SETTING_TYPES if len(designs_with(name)) < len(DESIGN_KINDS)}


def test_every_setting_of_some_designs_has_a_value_here() -> None:
    """Else it would not be tried."""
    assert set(VALUES) == of_some_designs() - {"table"}


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("design", DESIGN_KINDS)
def test_a_setting_that_a_design_does_not_have_is_refused(design: str, name: str) -> None:
    """And names those that have it; one that it has changes what it says of itself or decides."""
    kind, given = DESIGN_KINDS[design], {**own_table(design), name: VALUES[name]}
    if not kind.has(name):
        with pytest.raises(UnusableInput) as caught:
            of(design, **given)
        assert f"{design} has no setting {name}" in caught.value.what
        assert all(one in caught.value.why for one in designs_with(name))
        assert (caught.value.where, bool(caught.value.todo)) == (f"--set {name}", True)
    elif dict(kind.settings.idle({name: VALUES[name]}, 3, 0.3)):
        with pytest.raises(UnusableInput, match="would have no effect"):
            build(of(design, **given))
    else:
        assert repr(build(of(design, **given))) != repr(build(of(design, **own_table(design))))


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (of(offset=0.04), "offset"),
        (of("table", table=OWN, target=None, cutoff=0.9), "cutoff"),
        (of("crm", skeleton=(0.1, 0.2, 0.3), half_width=0.04), "half_width"),
        (of("crm", skeleton=(0.1, 0.2, 0.3), middle=1), "middle"),
        (of("crm", model="logistic2", prior_sd=1.0), "prior_sd"),
        (of("crm", prior_mean=(0.0, 0.0)), "prior_mean"),
        (of("crm", prior_sds=(1.0, 1.0)), "prior_sds"),
        (of(titration=True, cohort_size=1), "titration"),
    ],
    ids=str,
)
def test_a_setting_that_another_one_makes_idle_is_refused(
    settings: DesignSettings, name: str
) -> None:
    """It would be accepted and ignored."""
    with pytest.raises(UnusableInput, match=f"the setting {name} would have no effect") as caught:
        build(settings)
    assert caught.value.why


def test_the_page_names_the_designs_of_each_setting() -> None:
    """docs/dosefinding.md has a row for every setting."""
    page = (Path(__file__).parents[2] / "docs" / "dosefinding.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert set(SETTING_TYPES) - FRAME <= named
    assert set(SETTABLE) | {"maximum"} == set(SETTING_TYPES) - FRAME


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"cutoff": (0.9, 0.95)}, "crm has no setting cutoff"),
        ({"stop_at": (9,)}, "crm has no setting stop_at"),
    ],
)
def test_calibrate_varies_only_what_the_design_has(changes: dict[str, Any], says: str) -> None:
    """Else every candidate would be the same one."""
    with pytest.raises(UnusableInput, match=says):
        calibrate(of("crm"), changes, CalibrationGoal(0.1))


@pytest.mark.parametrize("prior_sds", [(1_000.0, 1_000.0), (2.0, 11.0)])
def test_a_prior_beyond_the_grid_is_refused(prior_sds: tuple[float, float]) -> None:
    """It was a crash, or would be minutes."""
    with pytest.raises(UnusableInput, match="too wide"):
        build(of("blrm", prior_sds=prior_sds))


# --- soundness ------------------------------------------------------------------------------------

NEVER = Table(np.where(OWN.actions == Action.ESCALATE, Action.STAY, OWN.actions))
LATE = Table(
    np.where(
        (OWN.actions == Action.ESCALATE) & (np.arange(13)[:, None] % 3 == 0),
        Action.STAY,
        OWN.actions,
    )
)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (of("table", table=NEVER), "escalates at no number of participants"),
        (of("table", table=NEVER, cohorts=1), "escalates at no number of participants"),
        (of("table", table=LATE), "never leaves level 1"),  # E only where cohorts of 3 never come
        (of(stop_too_toxic=0.2), "stops at level 1 as too toxic"),
        (of("keyboard", cutoff=0.2), "stops at level 1 as too toxic"),
        (of("crm", skeleton=(0.29, 0.8, 0.9), prior_sd=0.1), "never leaves level 1"),
        (of("blrm", prior_mean=(3.0, 0.0), prior_sds=(0.1, 0.1)), "level 1"),
    ],
    ids=str,
)
def test_a_design_that_can_never_escalate_is_not_sound(settings: DesignSettings, says: str) -> None:
    """One trial without any DLT shows it."""
    assert says in soundness_fault(build(settings))
    with pytest.raises(UnusableInput, match="is not sound"):
        refuse_unsound(build(settings))


@pytest.mark.parametrize("target", [0.06, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4])
@pytest.mark.parametrize("design", [one for one in DESIGN_KINDS if one not in ("table", "blrm")])
def test_every_design_escalates_at_every_target(design: str, target: float) -> None:
    """Keyboard never did below 0.15."""
    assert soundness_fault(build(of(design, 5, target=target, cohorts=10))) == ""


def test_a_plan_with_few_participants_is_sound() -> None:
    """It is not the design that keeps it from the highest level."""
    assert soundness_fault(build(of(doses=8, cohorts=2))) == ""
    assert soundness_fault(build(of("crm", doses=8, cohorts=2))) == ""
    assert soundness_fault(build(of("three_per_group", doses=8))) == ""
