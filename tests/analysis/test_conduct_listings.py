"""Listings of conduct: deviations, lots, abnormal results that nobody signed."""

import pytest

from gradatim.analysis.conduct_listings import deviations, lots, unsigned_results
from gradatim.analysis.groups import dosed
from gradatim.conduct.events import findings as f
from gradatim.conduct.events import product as x
from gradatim.conduct.events import safety as s
from tests.analysis import small
from tests.conduct.trials import TABLET, UC_MSC


def test_a_deviation_becomes_important_by_its_review() -> None:
    state = small.opened()
    small.enrolled(state, "P1")
    at = small.add(
        state, "P1", s.ProtocolDeviation, 3, rule="no visit is missed", description="day 7"
    )
    (found,) = deviations(state)
    assert (found.position, found.on, found.rule) == (at, small.on(3), "no visit is missed")
    assert found.who is not None
    assert (found.who.participant, found.recorded_by, found.important) == (
        "P1",
        small.INVESTIGATOR,
        False,
    )
    assert deviations(state, important=True) == ()
    small.add(state, None, s.ProtocolDeviationReviewed, 4, of=at, important=True, action="trained")
    (found,) = deviations(state, important=True)
    assert found.action == "trained"


def test_important_deviations_come_first_and_each_part_in_the_order_of_the_ledger() -> None:
    state = small.opened()
    at = [
        small.add(
            state,
            None,
            s.ProtocolDeviation,
            day,
            rule=f"rule {day}",
            description="told",
            important=day % 2 == 1,
        )
        for day in range(4)
    ]
    assert [one.position for one in deviations(state)] == [at[1], at[3], at[0], at[2]]
    assert [one.position for one in deviations(state, important=True)] == [at[1], at[3]]


def test_a_deviation_of_nobody_in_particular_is_listed() -> None:
    state = small.opened()
    small.add(state, None, s.ProtocolDeviation, rule="filing", description="misfiled")
    assert [one.who for one in deviations(state)] == [None]


def test_a_lot_names_who_had_it_and_what_else_they_had() -> None:
    state = small.opened()
    bags = tuple(x.Bag(id=f"B{n}", volume_ml=50) for n in range(3))
    small.add(state, None, x.ProductReceived, -20, lot="L1", bags=bags, donor="D1", cell_bank="C1")
    small.add(state, None, x.ProductReceived, -19, lot="L0", bags=(x.Bag(id="B9"),))
    small.dosed(state, "P1", lot="L1")
    small.give(state, "P1", dose=2, day=7, lot="L2")
    small.dosed(state, "P2", level=2, day=1, lot="L1")
    found = {one.lot: one for one in lots(state)}
    assert list(found) == ["L1", "L0", "L2"]
    assert [(one.who.participant, one.doses, one.other_lots) for one in found["L1"].given] == [
        ("P1", (1,), ("L2",)),
        ("P2", (1,), ()),
    ]
    assert (found["L1"].donor, found["L1"].cell_bank, found["L1"].levels) == ("D1", "C1", (1, 2))
    assert sum(found["L1"].statuses.values()) == 3
    assert found["L0"].given == ()
    assert found["L2"].statuses == {}  # never received, and yet it was given


def test_a_dose_of_an_unknown_lot_is_listed() -> None:
    state = small.opened()
    small.dosed(state, "P1", lot="")
    assert [(one.lot, len(one.given)) for one in lots(state)] == [("", 1)]


def test_an_abnormal_result_is_listed_until_it_is_signed() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.result(state, "P1", "alt", 30, "U/L", -2, high=40.0)
    at = small.result(state, "P1", "alt", 90, "U/L", 5, high=40.0)
    (found,) = unsigned_results(state)
    assert (found.position, found.who.participant, found.label) == (at, "P1", "ALT")
    assert (found.value, found.possible, found.baseline) == ("90 U/L", (1,), (0,))
    assert found.after_dose
    small.add(
        state,
        "P1",
        f.ClinicalSignificanceSigned,
        6,
        of=at,
        element="alt",
        significant=False,
        signer=small.INVESTIGATOR,
    )
    assert unsigned_results(state) == ()


def test_a_result_that_may_be_abnormal_is_listed_with_what_is_missing() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.result(state, "P1", "alt", 90, "U/L", 5)
    (found,) = unsigned_results(state)
    assert len(found.possible) > 1
    assert "no reference range" in found.needs


@pytest.mark.parametrize("name", [UC_MSC, TABLET])
def test_every_participant_dosed_is_in_a_lot_and_every_deviation_is_listed(name) -> None:
    state = small.under_way(name)
    found = lots(state)
    assert {given.who.participant for one in found for given in one.given} == {
        one.id for one in dosed(state)
    }
    assert set(state.lots) <= {one.lot for one in found}
    assert sorted(one.position for one in deviations(state)) == sorted(state.deviations)
    assert state.deviations
