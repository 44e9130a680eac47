"""The swimmer plot's lanes: spans and marks in days from the first dose."""

import pytest

from gradatim.analysis.adverse_events import SEVERE
from gradatim.analysis.groups import dosed
from gradatim.analysis.swimmer import DayRange, Mark, swimmer
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import safety as s
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.safety import possible_dlts
from gradatim.safety.events import graded, is_serious
from tests.analysis import small
from tests.conduct.trials import TABLET, UC_MSC


def marks(state, day=60):
    (lane,) = swimmer(state, small.on(day))
    return {(one.kind, one.first, one.last) for one in lane.marks}


def test_a_lane() -> None:
    state = small.opened()
    small.dosed(state, "P1", level=2)
    (lane,) = swimmer(state, small.on(60))
    assert (lane.participant, lane.level, lane.first_dose) == ("P1", 2, small.DOSED)
    assert (lane.last, lane.window_closes, lane.status) == (60, 28, "treated")
    assert lane.spans == (
        DayRange("screening", -10, -1),
        DayRange("DLT window", 0, 28),
        DayRange("follow-up", 29, 60),
    )
    assert lane.marks == (
        Mark("dose", 0, 0, "dose 1"),
        Mark("ongoing", 60, 60, "treated, observed"),
    )


def test_nothing_is_drawn_beyond_the_day() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    (lane,) = swimmer(state, small.on(9))
    assert lane.spans == (DayRange("screening", -10, -1), DayRange("DLT window", 0, 9))
    assert lane.window_closes == 28


def test_lanes_are_by_level_and_then_by_first_dose() -> None:
    state = small.opened()
    for who, level, day in (("P1", 2, 0), ("P2", 1, 5), ("P3", 1, 3), ("P4", None, 1)):
        small.dosed(state, who, level, day)
    small.enrolled(state, "P5")
    assert [one.participant for one in swimmer(state, small.LATER)] == ["P3", "P2", "P1", "P4"]


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"grade": 1}, None),
        ({"grade": 2}, None),
        ({"grade": 3, "relation": "unrelated"}, "AE grade 3 or more"),
        ({"grade": 1, "serious": ("hospitalisation",)}, "SAE"),
        ({"grade": None, "relation": "unrelated"}, "AE not graded"),
    ],
)
def test_marks_of_adverse_events(event, kind) -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.adverse(state, "P1", "A1", **event)
    expected = {("dose", 0, 0), ("ongoing", 60, 60)} | ({(kind, 4, 4)} if kind else set())
    assert marks(state) == expected


def test_a_candidate_becomes_a_dlt_or_nothing() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.adverse(state, "P1", "A1", grade=3)
    assert ("DLT candidate", 4, 4) in marks(state)
    for limiting in (True, False):
        small.add(
            state,
            "P1",
            s.DoseLimitingToxicityAdjudicated,
            9,
            candidate="A1",
            dose_limiting=limiting,
            reason="seen",
            signers=("c.1", "c.2"),
        )
        assert (("DLT", 4, 4) in marks(state)) is limiting
    assert ("DLT candidate", 4, 4) not in marks(state)


def test_a_result_is_a_candidate_on_the_day_it_was_collected() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.result(state, "P1", "platelets", 200.0, "10*9/L", -2, low=150.0)
    small.result(state, "P1", "platelets", 20.0, "10*9/L", 7, low=150.0)
    assert ("DLT candidate", 7, 7) in marks(state)


def test_a_partial_date_is_all_the_days_it_may_have_been_within_the_lane() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    month = small.on(0)
    small.adverse(state, "P1", "A1", grade=None, onset=f"{month:%Y-%m}", relation="unrelated")
    small.adverse(state, "P1", "A2", grade=None, onset=f"{month:%Y}", relation="unrelated")
    assert {("AE not graded", -10, 17), ("AE not graded", -10, 60)} <= marks(state)


@pytest.mark.parametrize(
    ("kind", "fields", "mark"),
    [
        (p.Disposition, {"status": "withdrawn"}, "discontinuation"),
        (p.Disposition, {"status": "lost to follow-up"}, "discontinuation"),
        (p.Disposition, {"status": "completed"}, "completed"),
        (p.InformedConsentWithdrawn, {"scope": "all"}, "discontinuation"),
    ],
)
def test_who_left_is_not_ongoing(kind, fields, mark) -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.add(state, "P1", kind, 35, **fields)
    assert marks(state) == {("dose", 0, 0), (mark, 35, 35)}
    (lane,) = swimmer(state, small.on(60))
    assert lane.spans[-1] == DayRange("follow-up", 29, 35)


def test_who_left_off_treatment_is_still_observed() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.add(state, "P1", x.DoseWithheld, 7, dose=2, reason="fever")
    small.add(state, "P1", p.InformedConsentWithdrawn, 9, scope="treatment")
    assert {("dose withheld", 7, 7), ("treatment stopped", 9, 9), ("ongoing", 60, 60)} <= (
        marks(state)
    )


def test_a_death_has_one_mark_on_its_day_or_on_all_days_it_may_have_been() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.adverse(state, "P1", "A1", grade=5, relation="unrelated")
    assert marks(state) == {("dose", 0, 0), ("SAE", 4, 4), ("death", 4, 60)}
    small.add(state, "P1", p.Disposition, 12, status="died", adverse_event="A1")
    assert [one for one in marks(state) if one[0] == "death"] == [("death", 12, 12)]


@pytest.mark.parametrize(
    ("resolved", "death", "last"),
    [
        (str(small.on(9)), (9, 9), 9),
        (f"{small.on(9):%Y-%m}", (4, 17), 60),
        (f"{small.on(9):%Y}", (4, 60), 60),
    ],
)
def test_who_died_is_not_ongoing_though_no_disposition_is_recorded(resolved, death, last) -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.adverse(state, "P1", "A1", grade=4, relation="unrelated")
    small.add(
        state,
        "P1",
        s.AdverseEventResolved,
        30,
        adverse_event="A1",
        outcome="fatal",
        resolved_on=resolved,
    )
    (lane,) = swimmer(state, small.on(60))
    assert {one[:3] for one in lane.marks} == {("dose", 0, 0), ("SAE", 4, 4), ("death", *death)}
    assert (lane.last, lane.spans[-1].last) == (last, last)


@pytest.mark.parametrize("name", [UC_MSC, TABLET])
@pytest.mark.parametrize("day", [40, 130, 600])
def test_every_mark_of_a_simulated_trial_is_drawn_once(name, day) -> None:
    state = small.under_way(name)
    lanes = {one.participant: one for one in swimmer(state, small.on(day))}
    assert list(lanes)
    assert set(lanes) == {one.id for one in dosed(state)}
    for name_, lane in lanes.items():
        one = state.participants[name_]
        kinds = [mark.kind for mark in lane.marks]
        known = [course.event for course in courses(state, one).values()]
        assert kinds.count("SAE") == sum(map(is_serious, known))
        mild = [event for event in known if not is_serious(event)]
        assert kinds.count("AE not graded") == sum(graded(event) is None for event in mild)
        assert kinds.count("AE grade 3 or more") == sum(
            (graded(event) or 0) >= SEVERE for event in mild
        )
        counting = [found.dose_limiting for found in possible_dlts(state, one) if found.counts]
        assert kinds.count("DLT") == counting.count(True)
        assert kinds.count("DLT candidate") == counting.count(None)
        days = [day for span in lane.spans for day in range(span.first, span.last + 1)]
        assert len(days) == len(set(days))
        assert max(days, default=0) <= lane.last
