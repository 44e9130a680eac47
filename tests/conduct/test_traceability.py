"""From the donor to the participant and back; a gap is shown as one."""

from typing import Any

import pytest

from gradatim.conduct.events import product as x
from gradatim.conduct.views.traceability import (
    NO_LOT,
    dose_origins,
    doses_by_lot,
    doses_of_lot,
    lots_of,
)
from tests.analysis import small
from tests.conduct.trials import TABLET, UC_MSC


def received(state, lot, *bags, **more):
    made = tuple(x.Bag(id=bag, volume_ml=50) for bag in bags)
    small.add(state, None, x.ProductReceived, -20, lot=lot, bags=made, **more)


def prepared_and_given(state, who, lot, *bags, dose=1, day=0):
    small.give(state, who, dose=dose, day=day, lot="")
    drawn = tuple(x.Drawn(bag=bag, volume_ml=40, discarded_ml=10) for bag in bags)
    fields = {"amount": small.DOSE, "planned": small.DOSE, "unit": "{cells}"}
    small.add(state, who, x.DosePrepared, day, lot=lot, dose=dose, drawn=drawn, **fields)


def test_a_dose_is_traced_to_its_donor_and_a_lot_to_everybody_who_had_it() -> None:
    state = small.opened()
    received(state, "L1", "B1", "B2", donor="D7", cell_bank="C3")
    for day, who in enumerate(("P1", "P2")):
        small.enrolled(state, who, day=day)
        prepared_and_given(state, who, "L1", f"B{day + 1}", day=day)
    (origin,) = dose_origins(state, state.participants["P1"])
    assert (origin.lot, origin.bags, origin.donor, origin.cell_bank) == ("L1", ("B1",), "D7", "C3")
    assert origin.started_at == small.moment(0)
    assert [(one.participant, one.bags) for one in doses_of_lot(state, "L1")] == [
        ("P1", ("B1",)),
        ("P2", ("B2",)),
    ]
    assert doses_of_lot(state, "L2") == ()


def test_bags_assigned_count_where_the_preparation_names_none() -> None:
    state = small.opened()
    for who, prepared in (("P1", ""), ("P2", "L7"), ("P3", "L8")):
        small.enrolled(state, who)
        small.add(state, who, x.ProductAssigned, lot="L7", dose=1, bags=("B1",))
        small.give(state, who, lot=prepared)
    found = [dose_origins(state, state.participants[who])[0] for who in ("P1", "P2", "P3")]
    assert [(one.lot, one.bags) for one in found] == [
        ("L7", ("B1",)),
        ("L7", ("B1",)),
        ("L8", ()),  # what was assigned is of another lot
    ]


def test_a_gap_stays_a_gap() -> None:
    state = small.opened()
    received(state, "L1", "B1", donor="D7")
    small.dosed(state, "P1", lot="L1")
    small.dosed(state, "P2", lot="")
    known, unknown = (dose_origins(state, state.participants[who])[0] for who in ("P1", "P2"))
    assert (known.donor, known.cell_bank, known.bags) == ("D7", "", ())
    assert (unknown.lot, unknown.bags, unknown.donor) == (NO_LOT, (), "")
    assert doses_by_lot(state, state.participants["P2"]) == {NO_LOT: [1]}


def test_a_dose_that_was_not_given_went_to_nobody() -> None:
    state = small.opened()
    small.enrolled(state, "P1")
    small.add(state, "P1", x.ProductAssigned, lot="L7", dose=1, bags=("B1",))
    assert dose_origins(state, state.participants["P1"]) == ()
    assert doses_of_lot(state, "L7") == ()


def test_a_dose_that_was_prepared_from_two_lots_is_named_by_each() -> None:
    """Nobody says of which it was given; a recall of either has to find who had it."""
    state = small.opened()
    for lot in ("L1", "L2"):
        received(state, lot, "B1")
    small.enrolled(state, "P1")
    prepared_and_given(state, "P1", "L1", "B1")
    drawn = (x.Drawn(bag="B1", volume_ml=40, discarded_ml=10),)
    fields: dict[str, Any] = {"amount": small.DOSE, "planned": small.DOSE, "unit": "{cells}"}
    small.add(state, "P1", x.DosePrepared, 1, lot="L2", dose=1, drawn=drawn, **fields)
    assert [one.lot for one in dose_origins(state, state.participants["P1"])] == ["L1", "L2"]
    assert [one.participant for one in doses_of_lot(state, "L1")] == ["P1"]
    assert [one.participant for one in doses_of_lot(state, "L2")] == ["P1"]


def test_a_preparation_that_was_thrown_away_went_to_nobody() -> None:
    state = small.opened()
    received(state, "L1", "B1")
    received(state, "L2", "B2")
    small.enrolled(state, "P1")
    fields: dict[str, Any] = {"amount": small.DOSE, "planned": small.DOSE, "unit": "{cells}"}
    drawn = (x.Drawn(bag="B1", volume_ml=40, discarded_ml=10),)
    small.add(state, "P1", x.DosePrepared, lot="L1", dose=1, drawn=drawn, **fields)
    small.add(state, None, x.ProductDestroyed, lot="L1", bags=("B1",), reason="it leaked")
    again = (x.Drawn(bag="B2", volume_ml=40, discarded_ml=10),)
    small.add(state, "P1", x.DosePrepared, lot="L2", dose=1, drawn=again, **fields)
    small.give(state, "P1", lot="")
    assert [one.lot for one in dose_origins(state, state.participants["P1"])] == ["L2"]
    assert doses_of_lot(state, "L1") == ()


@pytest.mark.parametrize("name", [UC_MSC, TABLET])
def test_participants_and_lots_name_each_other(name) -> None:
    state = small.under_way(name)
    by_participant = {
        (lot, one.id) for one in state.participants.values() for lot in lots_of(state, one)
    }
    lots = {lot for lot, _ in by_participant}
    by_lot = {(lot, one.participant) for lot in lots for one in doses_of_lot(state, lot)}
    assert by_lot == by_participant
    assert len(by_participant) > 3
