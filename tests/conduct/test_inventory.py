"""The product on the ledger: two lots may have bags of one number, and each is its own."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.conduct.events import product as x
from gradatim.conduct.events.base import Event
from gradatim.conduct.fold import fold
from gradatim.conduct.policies.dosing import the_bags_are_free
from gradatim.conduct.policies.preparation import (
    containers_of_dose,
    the_bags_were_assigned,
    the_bags_were_released,
)
from gradatim.conduct.snapshot import snapshot
from gradatim.conduct.state import Participant, State
from gradatim.core.truth import FALSE, TRUE
from gradatim.dosing.accountability import Balance, balance, balances
from tests.conduct.trials import START, event

THAW = datetime(2027, 1, 4, 9, tzinfo=UTC)
DOSE: dict[str, Any] = {"participant": "P1", "dose": 1}
CELLS: dict[str, Any] = {
    "cells_per_ml": 5e6,
    "counted": "viable",
    "measured": "release",
    "viability": 0.9,
}


def made(kind: type[Event], **fields: Any) -> Event:
    """Return an event of the product at the site."""
    return event(kind, "i", "S01", **fields)


def received(lot: str, volume_ml: float | None, *numbers: str, **label: Any) -> Event:
    """Return the receipt of bags that are alike."""
    bags = tuple(x.Bag(id=one, volume_ml=volume_ml, **label) for one in numbers)
    return made(x.ProductReceived, lot=lot, bags=bags, donor=f"donor of {lot}")


def released(lot: str, *numbers: str) -> Event:
    """Return the release of bags."""
    return made(x.ProductReleased, lot=lot, bags=numbers)


def prepared(
    lot: str, drawn_ml: float, number: str = "001", rest: float = 0.0, **fields: Any
) -> Event:
    """Return the preparation of a dose from one bag, the rest of which is discarded."""
    drawn = (x.Drawn(number, drawn_ml, rest, THAW),)
    return made(
        x.DosePrepared,
        lot=lot,
        amount=1.0,
        planned=1.0,
        unit="{cells}",
        drawn=drawn,
        **{**DOSE, **fields},
    )


def infused(**fields: Any) -> Event:
    """Return the administration of a dose."""
    ended = THAW + timedelta(hours=1)
    about = {**DOSE, "started_at": THAW, "ended_at": ended, "amount": 1.0, "unit": "{cells}"}
    return made(x.DoseAdministered, **{**about, **fields})


def stock(*events: Event) -> State:
    """Return the state after these events."""
    return fold("t", enumerate(events, 1))


def millilitres(account: Balance) -> dict[str, float]:
    """Return what is in an account in mL, without what is zero."""
    names = ("received", "on_hand", "used", "discarded", "returned", "destroyed")
    return {name: getattr(account, name) for name in names if getattr(account, name)}


BOTH = (
    received("L1", 20, "001", **CELLS),
    received("L2", 10, "001", **CELLS),
    released("L1", "001"),
    released("L2", "001"),
)


def test_received_administered_and_discarded_are_of_the_lot_that_was_given() -> None:
    given_ = made(x.ProductAssigned, lot="L1", bags=("001",), **DOSE)
    state = stock(*BOTH, given_, prepared("L1", 15, rest=5), infused())
    first, second = balances(state.inventory)
    assert millilitres(first) == {"received": 20, "used": 15, "discarded": 5}
    assert millilitres(second) == {"received": 10, "on_hand": 10}
    assert first.closes
    assert second.closes
    assert {one.key: one.status for one in state.inventory.containers} == {
        ("L1", "001"): "used",
        ("L2", "001"): "released",
    }


@pytest.mark.parametrize(
    ("kind", "name"), [(x.ProductReturned, "returned"), (x.ProductDestroyed, "destroyed")]
)
def test_returned_and_destroyed_are_of_the_lot_that_went(kind: type[Event], name: str) -> None:
    state = stock(*BOTH, made(kind, lot="L2", bags=("001",), reason="expired"))
    first, second = balances(state.inventory)
    assert millilitres(first) == {"received": 20, "on_hand": 20}
    assert millilitres(second) == {"received": 10, name: 10}
    assert first.closes
    assert second.closes


def test_what_another_program_is_told_names_lot_and_bag() -> None:
    state = stock(*BOTH, prepared("L2", 8, rest=2), infused())
    assert snapshot(state, START)["product"] == [
        {
            "lot": lot,
            "bag": "001",
            "site": "S01",
            "bound_for": "",
            "state": status,
            "received": ml,
            "used": used,
            "discarded": discarded,
            "returned": 0,
            "left": left,
            "in_transit": 0,
            "difference": 0,
            "explained": 0,
            "measure": "mL",
            "given_to": given_to,
        }
        for lot, ml, status, used, discarded, left, given_to in (
            ("L1", 20, "released", 0, 0, 20, []),
            ("L2", 10, "used", 8, 2, 0, ["P1"]),
        )
    ]


def test_a_box_without_millilitres_does_not_hide_a_bag_of_its_number() -> None:
    state = stock(received("T1", None, "001"), received("L1", 20, "001"), released("T1", "001"))
    tablets, fluid = balances(state.inventory)
    assert (millilitres(tablets), tablets.faults) == ({}, ())
    assert millilitres(fluid) == {"received": 20, "on_hand": 20}
    assert fluid.states == {"quarantined": 1}


def test_a_movement_of_a_bag_that_the_lot_does_not_have_is_a_fault_of_that_lot() -> None:
    gone = made(x.ProductReturned, lot="L1", bags=("002",), reason="expired")
    state = stock(*BOTH, received("L2", 10, "002"), gone)
    assert [str(one) for one in balance(state.inventory, "L1").faults] == [
        "002: returned, but no such bag is known"
    ]
    assert balance(state.inventory, "L2").closes


def test_a_bag_of_another_lot_was_not_set_aside_though_one_of_its_number_was() -> None:
    state = stock(*BOTH, made(x.ProductAssigned, lot="L1", bags=("001",), **DOSE))
    assert the_bags_were_assigned(state, prepared("L1", 8)).truth is TRUE  # type: ignore[arg-type]
    assert the_bags_were_assigned(state, prepared("L2", 8)).truth is FALSE  # type: ignore[arg-type]


def test_a_bag_is_free_and_released_whatever_one_of_its_number_is() -> None:
    state = stock(*BOTH, made(x.ProductAssigned, lot="L1", bags=("001",), **DOSE))
    state.participants["P2"] = Participant("P2", "S01", 1)
    for lot, free in (("L1", FALSE), ("L2", TRUE)):
        asked: Any = made(x.ProductAssigned, lot=lot, bags=("001",), participant="P2", dose=1)
        assert the_bags_are_free(state, asked).truth is free
    held = stock(*BOTH[:3])
    for lot, usable in (("L1", TRUE), ("L2", FALSE)):
        asked = prepared(lot, 8)
        assert the_bags_were_released(held, asked).truth is usable


def test_only_the_bag_of_the_prepared_lot_was_thawed() -> None:
    both = [made(x.ProductAssigned, lot=lot, bags=("001",), **DOSE) for lot in ("L1", "L2")]
    made_: Any = prepared("L1", 8)
    state = stock(*BOTH, *both, made_)
    found = {one.lot: one.thawed_at for one in containers_of_dose(state, "P1", 1, made_)}
    assert found == {"L1": THAW, "L2": None}


# --- law ----------------------------------------------------------------------

lots, numbers = st.sampled_from(["L1", "L2"]), st.sampled_from(["001", "002"])
people, volumes = st.sampled_from(["P1", "P2"]), st.sampled_from([0.0, 5.0, 10.0])
events = st.one_of(
    st.builds(received, lots, st.sampled_from([10.0, 20.0]), numbers),
    st.builds(released, lots, numbers),
    st.builds(
        lambda kind, lot, number: made(kind, lot=lot, bags=(number,), reason="r"),
        st.sampled_from([x.ProductQuarantined, x.ProductReturned, x.ProductDestroyed]),
        lots,
        numbers,
    ),
    st.builds(
        lambda lot, number, who: made(
            x.ProductAssigned, lot=lot, bags=(number,), participant=who, dose=1
        ),
        lots,
        numbers,
        people,
    ),
    st.builds(
        lambda lot, ml, number, who: prepared(lot, ml, number, participant=who),
        lots,
        volumes,
        numbers,
        people,
    ),
    st.builds(
        lambda who, lot, number, ml: infused(
            participant=who, lot=lot, given=(x.BagUse(bag=number, volume_ml=ml),)
        ),
        people,
        lots,
        numbers,
        st.sampled_from([None, 5.0, 10.0]),
    ),
    st.builds(lambda who: made(x.DoseWithheld, participant=who, dose=1, reason="r"), people),
)


@given(st.lists(events, max_size=20))
def test_the_account_of_a_ledger_is_that_of_each_lot_by_itself(ledger: list[Event]) -> None:
    together = stock(*ledger)
    for lot in ("L1", "L2"):
        alone = stock(*(one for one in ledger if getattr(one, "lot", lot) == lot))
        assert balance(alone.inventory, lot) == balance(together.inventory, lot)
        assert statuses(alone, lot) == statuses(together, lot)


def statuses(state: State, lot: str) -> dict[str, str]:
    """Return the status of each bag of a lot."""
    known = state.lots[lot].containers if lot in state.lots else {}
    return {number: one.status for number, one in known.items()}


def test_a_container_is_called_what_it_is() -> None:
    """A vial is no bag; what an earlier version recorded is one."""
    assert msgspec.json.encode(x.Bag(id="001")) == b'{"id":"001"}'
    state = stock(received("L1", 20, "001"), received("L2", 2, "002", container="vial"))
    assert [one.name for one in state.inventory.containers] == ["bag 001", "vial 002"]
    made_ready = prepared("L2", 1.0, "002")
    assert isinstance(made_ready, x.DosePrepared)
    verdict = the_bags_were_released(state, made_ready)
    assert verdict.text == "vial 002 is quarantined"
