"""Endpoints over time and the best change from baseline; what is not known is never zero."""

from typing import Any

import pytest

from gradatim.analysis.groups import dosed
from gradatim.analysis.responses import endpoint_elements, responses
from gradatim.analysis.waterfall import waterfall
from gradatim.conduct.events import findings as f
from gradatim.conduct.events.base import Measured
from gradatim.protocol.base import Basis
from tests.analysis import small
from tests.conduct.trials import TABLET, UC_MSC, protocol


def of(element="basdai", name=UC_MSC):
    return next(one for one in endpoint_elements(protocol(name)[0].study) if one.element == element)


def bars(state, element="basdai", better="lower"):
    return [
        (one.participant, one.baseline, one.best, round(one.change, 1), one.days)
        for one in waterfall(state, of(element), better).bars
    ]


def without(state, element="basdai"):
    return {one.participant: one.why for one in waterfall(state, of(element)).without}


def test_the_elements_are_those_of_endpoints_that_are_numbers() -> None:
    names = [one.element for one in endpoint_elements(protocol(UC_MSC)[0].study)]
    assert names[:4] == ["basdai", "asdas_crp", "asdas_esr", "basfi"]
    assert "adverse_event" not in names
    assert names.count("crp") == names.count("basfi") == 1
    tablet = endpoint_elements(protocol(TABLET)[0].study)
    assert [one.element for one in tablet] == ["largest_lesion"]
    (rests,) = of().rests_on
    assert (rests.what, rests.basis) == (
        "exploratory endpoint: Disease activity by BASDAI",
        Basis.PROPOSED,
    )


def test_the_best_change_the_worst_participant_first() -> None:
    state = small.opened()
    for number, values in enumerate(((6.0, 3.0, 4.5), (5.0, 6.0, 5.5))):
        small.dosed(state, f"P{number}", day=number)
        for value, day in zip(values, (-3, 9, 30), strict=True):
            small.scores(state, f"P{number}", day, basdai=value)
    assert bars(state) == [("P1", 5.0, 5.5, 10.0, 29), ("P0", 6.0, 3.0, -50.0, 9)]
    assert bars(state, better="higher") == [("P0", 6.0, 4.5, -25.0, 30), ("P1", 5.0, 6.0, 20.0, 8)]


def test_the_baseline_is_the_last_value_before_the_dose() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    for value, day in ((8.0, -9), (4.0, -2), (2.0, 0), (3.0, 9)):
        small.scores(state, "P1", day, basdai=value)
    assert bars(state) == [("P1", 4.0, 2.0, -50.0, 0)]


def test_who_has_no_baseline_or_no_value_after_has_no_bar() -> None:
    state = small.opened()
    for number in range(5):
        small.dosed(state, f"P{number}", day=number)
    small.scores(state, "P0", 30, basdai=3)
    small.scores(state, "P1", -3, basdai=6)
    small.scores(state, "P2", -3, basdai=0)
    small.scores(state, "P2", 30, basdai=3)
    small.scores(state, "P4", -3, basdai=5)
    small.scores(state, "P4", 30, basdai=5)
    assert bars(state) == [("P4", 5.0, 5.0, 0.0, 26)]
    assert without(state) == {
        "P0": "no baseline",
        "P1": "no value after the first dose",
        "P2": "baseline of 0, of which there is no percentage",
        "P3": "no baseline",
    }


def test_a_bound_is_no_value_to_compute_with() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    low = Measured(element="crp", value=1, unit="mg/L", bound="<")
    small.result(state, "P1", "crp", 12, "mg/L", -3)
    small.add(
        state,
        "P1",
        f.LaboratoryResultsRecorded,
        9,
        results=(low,),
        laboratory="l",
        ranges_version="v",
        collected_on=str(small.on(9)),
    )
    assert without(state, "crp") == {
        "P1": "no exact value after the first dose (known only as a bound)"
    }


def test_a_bar_says_how_many_values_may_have_been_better() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    low = Measured(element="crp", value=1, unit="mg/L", bound="<")
    for value, day in ((12, -3), (9, 8), (6, 20)):
        small.result(state, "P1", "crp", value, "mg/L", day)
    small.add(
        state,
        "P1",
        f.LaboratoryResultsRecorded,
        9,
        results=(low,),
        laboratory="l",
        ranges_version="v",
        collected_on=str(small.on(9)),
    )
    (bar,) = waterfall(state, of("crp")).bars
    assert (bar.change, bar.values, bar.left_out) == (-50, 2, 1)


def test_an_endpoint_of_the_other_trial() -> None:
    state = small.opened(TABLET)
    element = of("largest_lesion", TABLET)
    for number, values in enumerate(((40, 20), (50, 60), (30, None))):
        small.dosed(state, f"P{number}", day=number)
        for value, day in zip(values, (-3, 30), strict=True):
            if value is not None:
                small.result(state, f"P{number}", "largest_lesion", value, element.unit, day)
    found = waterfall(state, element)
    assert [(one.participant, one.change) for one in found.bars] == [("P1", 20), ("P0", -50)]
    assert [(one.participant, one.why) for one in found.without] == [
        ("P2", "no value after the first dose")
    ]


def test_values_are_in_the_unit_of_the_element_or_have_none() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    for value, unit, day in ((12, "mg/L", -3), (0.6, "mg/dL", 9), (1, "mmol/L", 20)):
        small.result(state, "P1", "crp", value, unit, day)
    (course,) = responses(state, of("crp")).courses
    assert [(one.days, one.value, one.why) for one in course.measures] == [
        (-3, 12, ""),
        (9, pytest.approx(6), ""),
        (20, None, "cannot be converted from mmol/L"),
    ]
    assert bars(state, "crp")[0][3] == -50


def test_a_score_is_derived_from_the_items_of_its_day() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    for day, value in ((-3, 6.0), (30, 3.0)):
        items: dict[str, Any] = {f"basdai_q{n}": value for n in range(1, 7)}
        small.scores(state, "P1", day, "day_28" if day > 0 else "screening", **items)
    (course,) = responses(state, of()).courses
    assert [(one.value, one.derived, one.encounter, one.baseline) for one in course.measures] == [
        (6.0, True, "screening", True),
        (3.0, True, "day_28", False),
    ]
    assert bars(state) == [("P1", 6.0, 3.0, -50.0, 30)]


def test_a_score_with_an_inexact_item_has_a_reason_and_no_value() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    items: dict[str, Any] = {f"basdai_q{n}": 3.0 for n in range(2, 7)}
    small.scores(state, "P1", 9, **items)
    first = Measured(element="basdai_q1", value=3, unit="{score}", bound="<")
    small.add(state, "P1", f.ScoresRecorded, 9, results=(first,))
    (measure,) = responses(state, of()).courses[0].measures
    assert measure.value is None
    assert "not an exact number" in measure.why


@pytest.mark.parametrize("name", [UC_MSC, TABLET])
@pytest.mark.parametrize("better", ["lower", "higher"])
def test_everybody_dosed_is_in_a_bar_or_without_one(name, better) -> None:
    state = small.under_way(name)
    people = sorted(one.id for one in dosed(state))
    drawn = 0
    for element in endpoint_elements(state.study):
        found = waterfall(state, element, better)
        drawn_or_not = [one.participant for one in found.bars]
        drawn_or_not += [one.participant for one in found.without]
        assert sorted(drawn_or_not) == people
        changes = [one.change for one in found.bars]
        assert changes == sorted(changes, reverse=better == "lower")
        courses = {one.participant: one for one in responses(state, element).courses}
        assert sorted(courses) == people
        for bar in found.bars:
            course = courses[bar.participant]
            assert course.baseline is not None
            assert bar.baseline == course.baseline.value != 0
            values = [one.value for one in course.later if one.value is not None]
            assert bar.best == (min if better == "lower" else max)(values)
            drawn += 1
        assert all(one.why for one in found.without)
    assert drawn > 3 or name == TABLET
