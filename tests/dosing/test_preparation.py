"""From a dose level to bags: volumes, limits, and the arithmetic of every step."""

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.core.errors import UnusableInput
from gradatim.core.quantity import Quantity, compare_numbers
from gradatim.core.truth import FALSE, TRUE, UNKNOWN
from gradatim.core.verdict import Verdict
from gradatim.dosing.inventory import Container
from gradatim.dosing.preparation import prepare
from gradatim.dosing.prepared import Prepared
from gradatim.dosing.product import Concentration, Intended, Weights
from gradatim.dosing.steps import Step, signed_percent
from gradatim.dosing.weight import implausible, in_doubt
from gradatim.protocol.base import Basis
from tests.dosing.made import (
    END,
    LABELLED,
    TABLET,
    THAW,
    TOTAL,
    TRIAL,
    bags,
    with_administration,
    with_rules,
)

GIVEN = Intended(duration_min=60, ends_at=END)
WHOLE = Intended(mode="whole units")


def check(prepared: Prepared, name: str) -> Verdict:
    return dict(prepared.checks)[name]


def because(prepared: Prepared, name: str) -> str:
    return "; ".join(check(prepared, name).clauses())


# level, kg, cells, bags of 5e7, bags of 1e8, mL at 1e7 per mL
DOSES = [
    (1, 50, 5.0e7, 1, 1, 5.0),
    (1, 70, 7.0e7, 2, 1, 7.0),
    (1, 92.5, 9.25e7, 2, 1, 9.25),
    (2, 50, 1.5e8, 3, 2, 15.0),
    (2, 70, 2.1e8, 5, 3, 21.0),
    (2, 92.5, 2.775e8, 6, 3, 27.75),
    (3, 50, 2.5e8, 5, 3, 25.0),
    (3, 70, 3.5e8, 7, 4, 35.0),
    (3, 92.5, 4.625e8, 10, 5, 46.25),
]


@pytest.mark.parametrize(("level", "kg", "cells", "of_5e7", "of_1e8", "ml"), DOSES)
def test_level_and_weight_give_cells_volume_and_bags(level, kg, cells, of_5e7, of_1e8, ml):
    for volume, opened in ((5.0, of_5e7), (10.0, of_1e8)):
        units = bags(20, volume_ml=volume)
        prepared = prepare(TRIAL, level, Weights(kg, kg), units, intended=GIVEN)
        assert prepared.planned == Quantity(cells, "{cells}")
        assert prepared.infused_ml == pytest.approx(ml)
        assert prepared.drawn_ml == pytest.approx(ml)
        assert prepared.infused_cells == pytest.approx(cells)
        assert len(prepared.draws) == opened
        assert prepared.discarded_ml == pytest.approx(opened * volume - ml)
        assert prepared.status == "accepted", [
            list(one.verdict.clauses()) for one in prepared.checks
        ]


def test_whole_bags_outside_the_tolerance_are_refused():
    prepared = prepare(TRIAL, 1, Weights(70, 70), bags(2), intended=GIVEN._replace(mode=WHOLE.mode))
    assert prepared.status == "refused"
    assert prepared.deviation == pytest.approx(0.428571, abs=1e-6)
    assert because(prepared, "deviation") == (
        "+43 %: 100,000,000 instead of 70,000,000 cells, outside ±10 %"
    )
    assert [one.name for one in prepared.checks if one.verdict.truth is FALSE] == ["deviation"]


@pytest.mark.parametrize(
    ("level", "kg", "opened", "deviation", "truth"),
    [
        (3, 70, 7, 0.0, TRUE),
        (3, 92.5, 10, 0.081081, TRUE),
        (1, 52, 1, -0.038462, TRUE),  # two would be +92 %, one is within the tolerance
        (1, 70, 2, 0.428571, FALSE),
        (1, 40, 1, 0.25, FALSE),
    ],
)
def test_whole_bags_reach_the_dose_or_are_just_below_it(level, kg, opened, deviation, truth):
    study = with_rules(mode="whole units")
    prepared = prepare(study, level, Weights(kg, kg), bags(20))
    assert len(prepared.draws) == opened
    assert prepared.discarded_ml == 0
    assert prepared.deviation == pytest.approx(deviation, abs=1e-6)
    assert check(prepared, "deviation").truth is truth
    assert check(prepared, "mode").truth is TRUE


def test_another_mode_may_be_tried_while_the_protocols_is_open_and_not_once_it_is_settled():
    tried = prepare(TRIAL, 3, Weights(70, 70), bags(7), intended=WHOLE)
    assert check(tried, "mode").truth is TRUE
    assert "the protocol has exact volume (proposed)" in because(tried, "mode")
    settled = prepare(with_rules(basis=Basis.RULED), 3, Weights(70, 70), bags(7), intended=WHOLE)
    assert check(settled, "mode").truth is FALSE


def test_too_few_bags_are_refused_unless_within_the_tolerance():
    short = prepare(TRIAL, 3, Weights(70, 70), bags(6))
    assert short.deviation == pytest.approx(-1 / 7)
    assert check(short, "deviation").truth is FALSE
    nearly = prepare(TRIAL, 3, Weights(66, 66), bags(6))
    assert nearly.deviation == pytest.approx(-1 / 11)
    assert check(nearly, "deviation").truth is TRUE


# dose counts, label counts, viability, recovery, mL for 2.1e8 cells; None where it is not computed
BASES = [
    ("viable", "viable", None, 1.0, TRUE, 21.0),
    ("viable", "viable", None, 0.7, TRUE, 30.0),
    ("viable", "viable", 0.9, 1.0, FALSE, None),
    ("viable", "viable", 1.0, 1.0, FALSE, None),
    ("viable", "total", 0.84, 1.0, TRUE, 25.0),
    ("viable", "total", 0.84, 0.5, TRUE, 50.0),
    ("viable", "total", None, 1.0, UNKNOWN, None),
    ("total", "total", None, 1.0, TRUE, 21.0),
    ("total", "total", 0.84, 1.0, TRUE, 21.0),
    ("total", "total", 0.84, 0.7, TRUE, 30.0),
    ("total", "viable", None, 1.0, FALSE, None),
    ("total", "viable", 0.9, 1.0, FALSE, None),
]


@pytest.mark.parametrize(("counts", "counted", "viability", "recovery", "truth", "ml"), BASES)
def test_viability_is_applied_once_or_not_at_all(counts, counted, viability, recovery, truth, ml):
    label = Concentration(1e7, counted, "release", viability, recovery)
    study = with_rules(counts=counts)
    for prepared in (
        prepare(study, 2, Weights(70, 70), bags(20, label)),
        prepare(study, 2, Weights(70, 70), label=label),
    ):
        assert check(prepared, "basis").truth is truth
        assert because(prepared, "basis")
        assert prepared.infused_ml == (None if ml is None else pytest.approx(ml))
        if ml is None:
            assert prepared.draws == ()
            assert prepared.verdict.truth is truth


@pytest.mark.parametrize(
    ("day", "then", "kg", "says"),
    [
        (70, 70, 70, "the weight at baseline"),
        (77, 70, 70, "+10 % since baseline, within ±10 %"),
        (77.01, 70, 77.01, "+10.01 % since baseline, more than ±10 %: dosed anew"),
        (63, 70, 70, "-10 % since baseline, within ±10 %"),
        (60, 70, 60, "more than ±10 %: dosed anew by the weight on the day, 60 kg"),
    ],
)
def test_the_dose_is_computed_anew_when_the_weight_changed_too_much(day, then, kg, says):
    prepared = prepare(TRIAL, 1, Weights(day, then), bags(3))
    assert prepared.planned.value == pytest.approx(kg * 1e6)
    assert check(prepared, "weight").truth is TRUE
    assert says in because(prepared, "weight")


def test_a_weight_that_is_not_given_at_the_anchor_is_unknown_and_that_of_the_day_stands_in():
    prepared = prepare(TRIAL, 1, Weights(70), bags(2))
    assert prepared.planned.value == 7e7
    assert check(prepared, "weight").truth is UNKNOWN
    on_the_day = prepare(with_administration(weight_from=None), 1, Weights(70), bags(2))
    assert check(on_the_day, "weight").truth is TRUE


def test_a_cap_comes_last_and_dmso_is_of_the_real_weight():
    prepared = prepare(with_rules(weight_cap=100), 3, Weights(120, 118), bags(20))
    assert prepared.planned.value == 5e8
    assert "capped at 100 kg" in because(prepared, "weight")
    assert prepared.dmso_per_kg == pytest.approx(50 * 0.1 * 1.10 / 120)
    below = prepare(with_rules(weight_cap=100), 3, Weights(80, 80), bags(20))
    assert below.planned.value == 4e8


def test_what_stays_in_filter_and_line_is_drawn_on_top_and_discarded():
    prepared = prepare(with_rules(filter_and_hold_up=2), 1, Weights(70, 70), bags(3))
    assert prepared.infused_cells == pytest.approx(7e7)
    assert prepared.drawn_ml == pytest.approx(9)
    assert prepared.discarded_ml == pytest.approx(3)
    assert [one.held_ml for one in prepared.draws] == pytest.approx([0, 2])
    short = prepare(with_rules(filter_and_hold_up=2), 1, Weights(80, 80), bags(2, volume_ml=4.5))
    assert short.infused_ml == pytest.approx(7)
    assert check(short, "deviation").truth is FALSE


def test_what_expires_first_is_drawn_first_and_what_is_not_needed_stays_closed():
    expiries = (END + timedelta(days=9), END + timedelta(days=1), None)
    late, early, unknown = (
        one._replace(expiry=expiry) for one, expiry in zip(bags(3), expiries, strict=True)
    )
    prepared = prepare(TRIAL, 1, Weights(70, 70), [unknown, late, early])
    assert [one.container.id for one in prepared.draws] == [early.id, late.id]
    assert [one.infused_ml for one in prepared.draws] == pytest.approx([5, 2])
    assert prepared.opened == (early, late)


def test_bags_of_two_concentrations_are_each_reckoned_by_their_own():
    units = [*bags(1, LABELLED), *(one._replace(id="bag 02") for one in bags(1, TOTAL, 10))]
    prepared = prepare(TRIAL, 1, Weights(70, 70), units)
    assert [one.infused_cells for one in prepared.draws] == pytest.approx([5e7, 2e7])
    assert prepared.draws[1].infused_ml == pytest.approx(2e7 / (1e7 * 0.9 * 0.95))
    assert prepared.needed_ml is None
    assert "cells still needed" in [one.label for one in prepared.steps]


@pytest.mark.parametrize(
    ("change", "name", "truth"),
    [
        ({"thawed_at": END - timedelta(hours=3)}, "thaw clock", TRUE),
        ({"thawed_at": END - timedelta(hours=3, seconds=1)}, "thaw clock", FALSE),
        ({"thawed_at": END + timedelta(minutes=1)}, "thaw clock", UNKNOWN),
        ({"thawed_at": None}, "thaw clock", UNKNOWN),
        ({"expiry": END}, "expiry", TRUE),
        ({"expiry": END - timedelta(seconds=1)}, "expiry", FALSE),
        ({"expiry": None}, "expiry", UNKNOWN),
        ({"certified_viability": 0.8}, "viability", TRUE),
        ({"certified_viability": 0.79}, "viability", FALSE),
        ({"certified_viability": None}, "viability", UNKNOWN),
        ({"dmso_fraction": None}, "dmso", UNKNOWN),
        ({"dmso_fraction": 0}, "dmso", TRUE),
    ],
)
def test_one_thing_wrong_with_a_bag_decides_the_preparation(change, name, truth):
    units = [*bags(1), *(one._replace(**change) for one in bags(2)[1:])]
    prepared = prepare(TRIAL, 1, Weights(70, 70), units, intended=GIVEN)
    assert check(prepared, name).truth is truth
    assert prepared.verdict.truth is truth


def test_a_bag_that_stays_closed_does_not_matter():
    spoiled = bags(2)[1]._replace(certified_viability=0.1, thawed_at=None)
    prepared = prepare(TRIAL, 1, Weights(50, 50), [*bags(1), spoiled], intended=GIVEN)
    assert prepared.status == "accepted"


def test_of_two_viabilities_the_lower_is_held_against_the_minimum():
    units = bags(10, TOTAL._replace(viability=0.95), certified_viability=0.7)
    assert check(prepare(TRIAL, 1, Weights(50, 50), units), "viability").truth is FALSE


@pytest.mark.parametrize(
    ("minutes", "truth"), [(35 / 6, TRUE), (35 / 6 - 0.01, FALSE), (None, UNKNOWN)]
)
def test_the_infusion_must_not_be_faster_than_the_protocol_says(minutes, truth):
    intended = GIVEN._replace(duration_min=minutes)
    prepared = prepare(TRIAL, 3, Weights(70, 70), bags(7), intended=intended)
    assert prepared.minimum_duration == pytest.approx(35 / 6)
    assert check(prepared, "rate").truth is truth


def test_dimethyl_sulfoxide_is_limited_per_kg_for_each_infusion():
    prepared = prepare(TRIAL, 3, Weights(70, 70), bags(7))
    assert prepared.dmso_per_kg == pytest.approx(35 * 0.1 * 1.10 / 70)
    thin = Concentration(4e5, "viable", "post-thaw")
    much = prepare(TRIAL, 3, Weights(70, 70), bags(9, thin, 100))
    assert much.dmso_per_kg == pytest.approx(875 * 0.1 * 1.10 / 70)
    assert check(much, "dmso").truth is FALSE


def test_each_bag_says_by_when_it_must_have_been_given():
    early, late = bags(2)
    early = early._replace(expiry=END)
    prepared = prepare(TRIAL, 1, Weights(70, 70), [early, late])
    assert late.thawed_at is not None
    assert prepared.end_before == {early.key: END, late.key: late.thawed_at + timedelta(hours=3)}


def test_a_limit_that_the_protocol_does_not_set_is_said_to_be_missing_and_holds():
    free = with_rules(
        maximum_rate=None, maximum_dmso=None, thaw_to_end=None, minimum_viability=None
    )
    prepared = prepare(free, 1, Weights(70, 70), bags(2))
    for name in ("rate", "dmso", "thaw clock", "viability"):
        assert check(prepared, name).truth is TRUE
        assert "the protocol sets no limit" in because(prepared, name)
    assert prepared.minimum_duration is None


def test_a_dose_that_is_not_scaled_by_weight_is_the_levels_own_and_has_no_volume():
    prepared = prepare(TABLET, 3)
    assert prepared.planned == Quantity(80, "mg")
    assert (prepared.draws, prepared.steps, prepared.drawn_ml) == ((), (), None)
    assert prepared.status == "accepted"


def test_every_value_of_the_protocol_that_was_used_shows_its_basis():
    found = {one.what: one for one in prepare(TRIAL, 3, Weights(70, 70), bags(7)).rests_on}
    assert found["dose of level 3"].basis is Basis.STATED
    assert found["weight from"].basis is Basis.ASSUMED
    assert (found["thaw to end"].value, found["thaw to end"].basis) == ("3 h", Basis.PROPOSED)
    assert found["weight cap"].value == "no limit"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((TRIAL, 4, Weights(70)), "there is no dose level 4"),
        ((TRIAL, 1), "there is no weight"),
        ((TRIAL, 1, Weights(0.5)), "0.5 kg is not a body weight"),
        ((TRIAL, 1, Weights(math.nan)), "nan kg is not a body weight"),
        ((TRIAL, 1, Weights(70, 70_000)), "70000 kg is not a body weight"),
        ((TRIAL, 1, Weights(154, 70)), r"154 kg is not plausible: it is \+120 % against 70 kg"),
        ((TRIAL, 1, Weights(70, 7.0)), "7 kg is not plausible: adults weigh 22.7 to 340.2 kg"),
        ((TRIAL, 1, Weights(56, 70.1)), "56 kg is not plausible"),
        ((TRIAL, 1, Weights(15.4)), "15.4 kg is not plausible"),
        ((TRIAL, 1, Weights(15.4, 15.4)), "15.4 kg is not plausible"),
        ((with_administration(dose_per=""), 1), "scaled by nothing"),
        ((with_administration(dose_per="body surface area"), 1), "only body weight"),
        ((TRIAL, 1, Weights(70), [bags(1)[0], bags(1)[0]]), "is there twice"),
        ((TRIAL, 1, Weights(70), bags(1, volume_ml=-1)), "is not a positive number"),
        ((TRIAL, 1, Weights(70), bags(1, TOTAL._replace(viability=90.0))), "write 90 % as 0.9"),
        ((TRIAL, 1, Weights(70), bags(1, LABELLED._replace(recovery=0.0))), "recovery: 0"),
        ((TRIAL, 1, Weights(70), bags(1, LABELLED._replace(cells_per_ml=math.inf))), "cells per"),
        ((TRIAL, 1, Weights(70), bags(1, dmso_fraction=10.0)), "DMSO fraction"),
    ],
)
def test_what_cannot_be_used_is_named(arguments, says):
    with pytest.raises(UnusableInput, match=f"(?i){says}") as caught:
        prepare(*arguments)
    assert str(caught.value).endswith(".")


def test_an_implausible_weight_is_computed_with_once_it_is_confirmed():
    """And the check says that it was: nobody takes it for an ordinary one."""
    prepared = prepare(TRIAL, 1, Weights(154, 70, meant=True))
    assert prepared.planned.value == 154e6
    assert prepared.weight is not None
    assert "confirmed as meant" in prepared.weight.text
    ordinary = prepare(TRIAL, 1, Weights(75, 70)).weight
    assert ordinary is not None
    assert "meant" not in ordinary.text


def test_a_weight_that_stands_in_for_that_of_the_day_leaves_the_check_open():
    prepared = prepare(TRIAL, 1, Weights(70, 70, of_the_day=False))
    assert check(prepared, "weight").truth is UNKNOWN


def test_a_protocol_that_does_not_say_how_a_dose_is_prepared_is_sent_back():
    treatment = TRIAL.treatment.model_copy(update={"preparation": None})
    study = TRIAL.model_copy(update={"treatment": treatment})
    with pytest.raises(UnusableInput, match="does not say how a dose is prepared"):
        prepare(study, 1, Weights(70))


def test_bags_of_one_number_from_two_lots_are_two_bags_and_named_with_their_lots():
    first, second = bags(1, lot="L1"), bags(1, TOTAL, lot="L2", thawed_at=THAW + timedelta(hours=2))
    prepared = prepare(TRIAL, 1, Weights(70, 70), [*second, *first], intended=GIVEN)
    assert [one.container.lot for one in prepared.draws] == ["L1", "L2"]
    assert [name for name, _ in prepared.named_draws] == ["bag 01 of lot L1", "bag 01 of lot L2"]
    assert prepared.end_before == {
        ("L1", "bag 01"): THAW + timedelta(hours=3),
        ("L2", "bag 01"): THAW + timedelta(hours=5),
    }
    assert "bag 01 of lot L1: ends 2 h 0 min" in because(prepared, "thaw clock")
    assert any(one.label == "cells infused from bag 01 of lot L2" for one in prepared.steps)


def test_a_bag_whose_label_is_incomplete_leaves_the_dose_undetermined():
    untold = [one._replace(counted="") for one in bags(2)]
    prepared = prepare(TRIAL, 1, Weights(70, 70), untold, intended=GIVEN)
    assert prepared.draws == ()
    assert check(prepared, "basis").truth is UNKNOWN
    assert "the label does not say" in because(prepared, "basis")


# --- laws ---------------------------------------------------------------------

fractions = st.floats(0.05, 1)
times = st.sampled_from(["release", "post-thaw"])
concentrations = st.builds(
    Concentration, st.floats(1e5, 1e8), st.just("total"), times, fractions, fractions
) | st.builds(Concentration, st.floats(1e5, 1e8), st.just("viable"), times, st.none(), fractions)
alike = st.builds(
    lambda sizes, label, dmso: [(size, label, dmso) for size in sizes],
    st.lists(st.sampled_from([5.0, 20.0]) | st.floats(0.5, 200), min_size=1, max_size=4),
    concentrations,
    fractions,
)
units = st.lists(alike, min_size=1, max_size=3).map(
    lambda batches: [
        Container(f"bag {n}", volume_ml=one[0], dmso_fraction=one[2], **one[1]._asdict())
        for n, one in enumerate(one for batch in batches for one in batch)
    ]
)
studies = st.builds(
    lambda mode, hold_up, tolerance, cap: with_rules(
        mode=mode, filter_and_hold_up=hold_up, tolerance=tolerance, weight_cap=cap
    ),
    st.sampled_from(["exact volume", "whole units"]),
    st.sampled_from([0, 0.5, 3, 20]),
    st.sampled_from([0.0, 0.05, 0.1, 0.5]),
    st.none() | st.just(90),
)
preparations = st.builds(
    lambda study, level, day, then, units: prepare(
        study, level, Weights(day, then, meant=True), units, intended=GIVEN
    ),
    studies,
    st.integers(1, 3),
    st.floats(30, 150),
    st.none() | st.floats(30, 150),
    units,
)


@given(st.floats(23, 340), st.floats(0.1, 10))
def test_a_weight_is_plausible_within_a_fifth_of_another(then, times):
    """Pounds (2.2), stones (6.35) and a slipped decimal point (10) never are, in either place."""
    day = then * times
    assert bool(implausible(day, (then,))) is (abs(times - 1) > 0.2 * (1 + 1e-9))
    assert not implausible(then, (day, then)), "one of them is enough"
    for factor in (1 / 10, 1 / 6.35, 1 / 2.2046, 2.2046, 6.35, 10):
        if 1 <= then * factor <= 500:
            with pytest.raises(UnusableInput):
                prepare(TRIAL, 1, Weights(then * factor, then))


@given(preparations)
def test_cells_infused_and_discarded_are_the_cells_thawed(prepared):
    thawed = sum(one.source.volume_ml * one.source.per_ml for one in prepared.draws)
    assert prepared.infused_cells + prepared.discarded_cells == pytest.approx(thawed)


@given(preparations)
def test_no_volume_exceeds_its_bag_or_is_negative(prepared):
    for one in prepared.draws:
        assert min(one.infused_ml, one.held_ml) >= 0
        assert compare_numbers(one.drawn_ml, "<=", one.source.volume_ml)
        assert compare_numbers(one.discarded_ml, ">=", 0) or abs(one.discarded_ml) < 1e-9


@given(preparations)
def test_an_accepted_deviation_is_within_the_tolerance_and_an_exact_dose_is_never_exceeded(
    prepared,
):
    accepted = check(prepared, "deviation").truth is TRUE
    assert accepted == compare_numbers(abs(prepared.deviation), "<=", prepared.rules.tolerance)
    if prepared.mode == "exact volume":
        assert prepared.deviation <= 1e-9


@given(preparations)
def test_in_exact_mode_the_dose_is_reached_whenever_there_is_enough(prepared):
    hold_up = prepared.rules.filter_and_hold_up
    at_hand = sum(one.volume_ml for one in prepared.containers) - hold_up
    if prepared.mode == "exact volume" and abs(prepared.deviation) > 1e-9:
        assert prepared.infused_ml == pytest.approx(max(at_hand, 0))


@given(preparations)
def test_the_numbers_of_every_step_reproduce_its_result(prepared):
    for one in prepared.steps:
        assert computed(one) == pytest.approx(one.result.value, rel=1e-9, abs=1e-6), one
    results = {one.label: one.result.value for one in prepared.steps}
    assert results["dose"] == prepared.planned.value
    assert results["deviation"] == pytest.approx(100 * prepared.deviation)
    assert results["volume discarded"] == pytest.approx(prepared.discarded_ml, abs=1e-9)
    assert results["DMSO per kg"] == pytest.approx(prepared.dmso_per_kg)


@given(preparations)
def test_every_step_shows_a_number_with_its_unit_for_every_word(prepared):
    for one in prepared.steps:
        left = one.written(lambda number: "")
        assert not set(left) - set(" ×÷+−(),min"), left
        assert all(number.quantity.unit for number in one.numbers)


def computed(one: Step) -> float:
    text = one.written(lambda number: repr(float(number.value)))
    for sign, python in (("×", "*"), ("÷", "/"), ("−", "-")):
        text = text.replace(sign, python)
    return float(eval(text, {"__builtins__": {}, "min": min}))


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (0, "0 %"),
        (0.428571, "+43 %"),
        (-0.038462, "-3.85 %"),
        (0.1004, "+10.04 %"),
        (-0.2, "-20 %"),
        (1e-12, "0 %"),
    ],
)
def test_deviations_are_written_with_their_sign(fraction, text):
    assert signed_percent(fraction) == text


@pytest.mark.parametrize(
    ("taken", "confirmed", "open_"),
    [
        ([70], (), []),
        ([70, 84], (), []),
        ([70, 84.1], (), [0, 1]),
        ([154, 70], (), [0, 1]),
        ([154, 70], (1,), [0]),
        ([154, 70], (0,), [1]),
        ([154, 70], (0, 1), []),
        ([70, 71, 154], (), [2]),
        ([70, 154, 71], (), [1]),
        ([70, 71, 154], (2,), [0, 1]),
        ([70, 71, 154], (1, 2), []),
        ([70, 154, 155], (), [0, 1, 2]),
        ([154, 70, 71], (), [0, 1, 2]),
        ([154, 70, 71], (2,), [0]),
        ([70, 80, 95], (), []),
        ([70, 95, 80], (), []),
        ([7, 70], (), [0]),
        ([70, 7], (), [1]),
        ([7], (0,), []),
        ([7, 70], (0,), [1]),
    ],
)
def test_of_weights_that_do_not_go_together_all_are_in_doubt_until_one_is_confirmed(
    taken, confirmed, open_
):
    """But those that were there first and are more; what is of no adult speaks against none."""
    found = in_doubt(taken, lambda places: bool({*places} & {*confirmed}))
    assert sorted(found) == open_
    assert all(found.values())


def test_why_a_weight_is_in_doubt_is_said_of_the_later_against_the_earlier():
    """70 kg after 85 is no great change; 85 after 70 is."""
    assert in_doubt([70, 85], lambda places: False) == {
        0: "85 kg is +21 % against it, and more than ±20 % is not expected of one person",
        1: "it is +21 % against 70 kg, and more than ±20 % is not expected of one person",
    }
    assert in_doubt([85, 70], lambda places: False) == {}
