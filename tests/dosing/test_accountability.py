"""Where every bag went: the table of movements, the account of each lot, its release."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.core.quantity import Quantity
from gradatim.core.truth import FALSE, TRUE, UNKNOWN
from gradatim.dosing.accountability import balance, balances
from gradatim.dosing.inventory import Container, Inventory, Lot, inventory_of, moved
from gradatim.dosing.limits import two_people
from gradatim.dosing.movements import (
    EVENTS,
    LEADS_TO,
    ON_HAND,
    PRODUCT_TRANSITIONS,
    STATES,
    Movement,
)
from gradatim.dosing.release import SponsorDecision, release_check
from gradatim.protocol.base import Limit

START = datetime(2026, 11, 2, 8)
LOTS = (Lot("L1", "donor 7", "bank 3"), Lot("L2", "donor 7", "bank 4"))
BAGS = (Container("a", "L1", 5), Container("b", "L1", 5), Container("c", "L2", 10))
LOT_OF = {one.id: one.lot for one in BAGS}


def told(*lines: str) -> Inventory:
    """Fold lines of `bag event [mL] [participant]`; a bag `lot/number` is of that lot."""
    movements = []
    for n, line in enumerate(lines):
        bag, event, *rest = line.split(" ", 1)[0], *line.split(" ", 1)[1].split(", ")
        ml = next((float(one.removesuffix(" mL")) for one in rest if one.endswith("mL")), None)
        who = next((one for one in rest if not one.endswith("mL")), "")
        lot, _, number = bag.rpartition("/")
        at = START + timedelta(hours=n)
        movements.append(Movement(lot or LOT_OF[bag], number, event, at, "Li", ml, who))
    return inventory_of(LOTS, BAGS, movements)


def bag_a(inventory: Inventory) -> Container:
    """Bag a of the first lot."""
    return inventory.lots["L1"].containers["a"]


GIVEN = ("a received", "a released", "a prepared, p1", "a infused, 3 mL, p1", "a discarded, 2 mL")


def test_a_bag_is_received_released_prepared_infused_and_its_rest_discarded():
    account = balance(told(*GIVEN, "b received"), "L1")
    assert account.closes
    assert (account.received, account.used, account.discarded, account.on_hand) == (
        10,
        3,
        2,
        5,
    )
    assert account.states == {"used": 1, "quarantined": 1}


def test_what_a_participant_brings_back_at_another_site_leaves_the_box_where_it_stands():
    box = Container("X1", "L1", pieces=30, kind="box")
    for event, amount, who, site in (
        ("received", None, "", "S01"),
        ("released", None, "", "S01"),
        ("infused", 10, "p1", "S01"),
        ("returned", 4, "p1", "S02"),
    ):
        box = moved(box, Movement("L1", "X1", event, START, "Li", amount, who, site=site))
    assert (box.site, box.status, box.on_hand, box.faults) == ("S01", "released", 16, ())


def test_a_rest_that_nobody_discarded_is_reported_and_not_hidden():
    account = balance(told(*GIVEN[:-1]), "L1")
    assert account.difference == 2
    assert [one.what for one in account.faults] == [
        "5 mL received and 3 mL accounted for: 2 mL missing"
    ]


def test_two_mismatches_do_not_cancel():
    stock = told(
        *GIVEN[:-1],
        "b received",
        "b released",
        "b prepared, p1",
        "b infused, 7 mL, p1",
        "b discarded, 0 mL",
    )
    account = balance(stock, "L1")
    assert account.difference == 0
    assert not account.closes
    assert [
        "2 mL missing" in one.what or "2 mL too many" in one.what for one in account.faults
    ] == [True, True]


@pytest.mark.parametrize(
    ("lines", "bag", "state", "what"),
    [
        (("a infused, p1",), "a", "infused", "infused while expected"),
        (("a received", "a prepared, p1"), "a", "prepared", "prepared while quarantined"),
        (("a received", "a excursion", "a released"), "a", "released", "released while excursion"),
        (("a received", "a received"), "a", "quarantined", "received while quarantined"),
        ((*GIVEN[:3], "a released"), "a", "released", "released while prepared"),
        ((*GIVEN[:3], "a infused, p2"), "a", "infused", "infused to p2, though prepared for p1"),
        ((*GIVEN[:3], "a infused"), "a", "infused", "infused, but not said to whom"),
        ((*GIVEN[:3], "a infused, -1 mL, p1"), "a", "infused", "infused -1 mL"),
        (("a received", "a lost"), "a", "quarantined", "lost while quarantined"),
    ],
)
def test_what_should_not_have_happened_is_kept_and_is_a_fault(lines, bag, state, what):
    found = told(*lines).lots[LOT_OF[bag]].containers[bag]
    assert found.status == state
    assert any(what in one.what for one in found.faults)
    assert all("by Li" in one.what for one in found.faults)
    assert not balance(told(*lines), "L1").closes


def test_an_excursion_keeps_a_bag_in_quarantine_until_it_is_assessed_and_released_again():
    lines = ["a received", "a released", "a excursion"]
    assert bag_a(told(*lines)).status == "excursion"
    assert bag_a(told(*lines, "a prepared, p1")).faults
    assert bag_a(told(*lines, "a assessed fit")).status == "quarantined"
    fit = bag_a(told(*lines, "a assessed fit", "a released", "a prepared, p1"))
    assert (fit.status, fit.faults) == ("prepared", ())
    unfit = told(*lines, "a assessed unfit", "a destroyed")
    assert balance(unfit, "L1").closes
    assert balance(unfit, "L1").destroyed == 5


def test_a_thawed_bag_never_goes_back_to_the_shelf():
    reached, more = set[str](), {"prepared"}
    while more - reached:
        reached |= more
        more = {to for (state, _), to in PRODUCT_TRANSITIONS.items() if state in reached}
    gone = {"infused", "discarded", "destroyed", "used"}
    assert reached == {"prepared", "held", "unfit thawed", *gone}


def test_only_a_released_bag_can_be_prepared():
    assert [state for state, event in PRODUCT_TRANSITIONS if event == "prepared"] == ["released"]


def test_every_state_of_the_table_can_be_reached_and_every_event_leads_somewhere():
    reached, more = set[str](), {"expected"}
    while more - reached:
        reached |= more
        more = {to for (state, _), to in PRODUCT_TRANSITIONS.items() if state in reached}
    assert reached == set(STATES)
    assert set(LEADS_TO) == set(EVENTS)
    assert set(LEADS_TO.values()) | set(ON_HAND) <= set(STATES)


def test_a_movement_of_an_unknown_bag_and_a_bag_of_an_unknown_lot_are_faults():
    stock = told("L2/x received")
    assert [str(one) for one in stock.faults] == ["x: received, but no such bag is known"]
    assert [one.closes for one in balances(stock)] == [True, False]
    containers = [Container("d", "L9", 5), Container("d", "L1", 5), Container("d", "L1", 7)]
    other = inventory_of(LOTS, containers, ())
    assert [(one.lot, one.what) for one in other.faults] == [
        ("L9", "its lot L9 is not known"),
        ("L1", "two bags of the lot have this number; the first is counted"),
    ]
    assert not balance(other, "L9").closes
    assert [one.lot for one in balances(other)] == ["L1", "L2", "L9"]
    assert not balance(told("L8/x received"), "L8").closes


# --- two lots with bags of one number -------------------------------------------

TWINS = (Container("001", "L1", 20), Container("001", "L2", 10))
THEIRS = (
    Movement("L1", "001", "received", START, "Li"),
    Movement("L2", "001", "received", START, "Li"),
    Movement("L1", "001", "released", START, "Li"),
    Movement("L2", "001", "quarantined", START, "Li"),
    Movement("L1", "001", "prepared", START, "Li", participant="p1"),
    Movement("L1", "001", "infused", START, "Li", 15, "p1"),
    Movement("L1", "001", "discarded", START, "Li"),
)


def test_two_lots_that_both_have_a_bag_001_are_each_accounted_for_by_themselves():
    stock = inventory_of(LOTS, TWINS, [*THEIRS[:3], *THEIRS[4:]])
    first, second = balances(stock)
    assert (first.received, first.used, first.discarded, first.on_hand) == (
        20,
        15,
        5,
        0,
    )
    assert (second.received, second.used, second.on_hand) == (10, 0, 10)
    assert first.closes
    assert second.closes
    assert (first.states, second.states) == ({"used": 1}, {"quarantined": 1})


@pytest.mark.parametrize("event", ["returned", "destroyed"])
def test_a_bag_that_leaves_is_of_its_lot_alone(event):
    stock = inventory_of(LOTS, TWINS, [*THEIRS[:2], Movement("L2", "001", event, START, "Li")])
    first, second = balances(stock)
    assert (first.on_hand, first.returned, first.destroyed) == (20, 0, 0)
    gone = second.returned if event == "returned" else second.destroyed
    assert (second.on_hand, gone) == (0, 10)
    assert first.closes
    assert second.closes


def test_what_should_not_have_happened_to_one_bag_001_is_no_fault_of_the_other():
    first, second = balances(inventory_of(LOTS, TWINS, THEIRS))
    assert first.closes
    assert [one.lot for one in second.faults] == ["L2"]


# --- laws ---------------------------------------------------------------------


@st.composite
def histories(draw: st.DrawFn) -> list[Movement]:
    """Histories that the table allows, of several bags, with every mL of a given bag recorded."""
    found = []
    for bag in BAGS:
        state, left = "expected", bag.volume_ml or 0.0
        for _ in range(draw(st.integers(0, 12))):
            events = [event for at, event in PRODUCT_TRANSITIONS if at == state]
            if not events:
                break
            event = draw(st.sampled_from(events))
            ml = None
            if event == "infused":
                ml = draw(st.floats(0, left))
            left = left - ml if ml is not None else left
            who = "p1" if event in ("prepared", "infused") else ""
            found.append(Movement(bag.lot, bag.id, event, START, "Li", ml, who))
            state = PRODUCT_TRANSITIONS[state, event]
        if state in ("infused", "missing"):
            last = "discarded" if state == "infused" else "arrived"
            found.append(Movement(bag.lot, bag.id, last, START, "Li"))
    return found


@given(histories())
def test_the_balance_of_a_history_that_the_table_allows_always_closes(movements):
    for account in balances(inventory_of(LOTS, BAGS, movements)):
        assert account.closes, account.faults
        assert account.difference == pytest.approx(0, abs=1e-9)


movements = st.builds(
    lambda bag, *more: Movement(LOT_OF[bag], bag, *more),
    st.sampled_from("abc"),
    st.sampled_from(EVENTS),
    st.just(START),
    st.just("Li"),
    st.sampled_from([None, 0, 1, 2.5, 5, 10]),
    st.sampled_from(["", "p1", "p2"]),
)


@given(st.lists(movements, max_size=25))
def test_whatever_is_told_a_difference_never_goes_unreported(told_so):
    stock = inventory_of(LOTS, BAGS, told_so)
    for account in balances(stock):
        assert not account.closes or account.difference == pytest.approx(0, abs=1e-9)
        assert sum(account.states.values()) == sum(one.lot == account.lot for one in BAGS)


numbers = st.sampled_from(["001", "002"])
lot_ids = st.sampled_from(["L1", "L2", "L3"])
any_containers = st.lists(
    st.tuples(numbers, lot_ids, st.sampled_from([5.0, 10.0, 20.0])).map(
        lambda one: Container(*one)
    ),
    max_size=6,
)
any_movements = st.lists(
    st.builds(
        Movement,
        lot_ids,
        numbers,
        st.sampled_from(EVENTS),
        st.just(START),
        st.just("Li"),
        st.sampled_from([None, 0, 1, 2.5, 5, 10]),
        st.sampled_from(["", "p1", "p2"]),
    ),
    max_size=25,
)


@given(any_containers, any_movements)
def test_the_account_of_a_lot_is_the_same_alone_as_beside_others(containers, told_so):
    together = inventory_of(LOTS, containers, told_so)
    for account in balances(together):
        lot = account.lot
        alone = inventory_of(
            [one for one in LOTS if one.id == lot],
            [one for one in containers if one.lot == lot],
            [one for one in told_so if one.lot == lot],
        )
        assert balance(alone, lot) == account


@pytest.mark.parametrize(("state", "event"), list(PRODUCT_TRANSITIONS))
def test_each_transition_of_the_table_can_be_reached(state, event):
    lines = [*_way_to(state), event]
    found = bag_a(
        told(*(f"a {one}, p1" if one in ("prepared", "infused") else f"a {one}" for one in lines))
    )
    assert found.status == PRODUCT_TRANSITIONS[state, event]
    assert found.faults == ()


def _way_to(state: str) -> list[str]:
    ways: dict[str, list[str]] = {"expected": []}
    while state not in ways:
        for (at, event), to in PRODUCT_TRANSITIONS.items():
            if at in ways and to not in ways:
                ways[to] = [*ways[at], event]
    return ways[state]


# --- release ------------------------------------------------------------------

WANTED: dict[str, Limit | str] = {
    "viability": Limit(">=", 80, "%"),
    "endotoxin": Limit("<", 0.5, "[EU]/mL"),
    "mycoplasma": "negative",
}
GOOD: dict[str, Quantity | str] = {
    "viability": Quantity(0.8, "1"),
    "endotoxin": Quantity(0.5, "[EU]/mL", "<"),
    "mycoplasma": "Negative",
}
DECISION = SponsorDecision("Dr Wang", date(2026, 11, 2), "no other lot", ("viability",))


@pytest.mark.parametrize(
    ("change", "decision", "truth", "says"),
    [
        ({}, None, TRUE, ""),
        ({"viability": Quantity(79, "%")}, None, FALSE, "viability: 79 %, must be >= 80 %"),
        ({"viability": Quantity(79, "%")}, DECISION, TRUE, "accepted by Dr Wang on 2026-11-02"),
        ({"viability": Quantity(79, "%")}, DECISION._replace(by=" "), FALSE, "no name"),
        ({"viability": Quantity(79, "%")}, DECISION._replace(reason=""), FALSE, "no reason"),
        (
            {"viability": Quantity(79, "%"), "mycoplasma": "positive"},
            DECISION,
            FALSE,
            "mycoplasma: positive, must be negative (out of specification)",
        ),
        ({"viability": None}, DECISION, UNKNOWN, "viability: no result"),
        ({"endotoxin": Quantity(1, "[EU]/mL", "<")}, None, UNKNOWN, "endotoxin: <1"),
        ({"endotoxin": Quantity(0.1, "ng/mL")}, None, UNKNOWN, "cannot be held against"),
        ({"mycoplasma": Quantity(0, "1")}, None, UNKNOWN, "cannot be held against"),
    ],
)
def test_only_a_named_and_reasoned_decision_releases_what_is_out_of_specification(
    change, decision, truth, says
):
    results = {name: one for name, one in {**GOOD, **change}.items() if one is not None}
    verdict = release_check(results, WANTED, decision)
    assert verdict.truth is truth
    assert says in " / ".join(one.text for one in verdict.children)
    assert [one.element for one in verdict.children] == list(WANTED)


def test_without_a_specification_nothing_is_released():
    assert release_check(GOOD, {}).truth is UNKNOWN


@pytest.mark.parametrize(
    ("first", "second", "truth"),
    [("Li", "Chen", TRUE), ("Li", " li ", FALSE), ("Li", "", UNKNOWN), ("", "", UNKNOWN)],
)
def test_two_different_people_prepare_and_verify(first, second, truth):
    assert two_people(first, second).truth is truth


def test_a_box_is_used_up_when_no_piece_is_left() -> None:
    """One tablet of three hundred is no rounding."""
    box = Container("X1", "L1", kind="box", pieces=300, status="released")

    def infused(one: Container, pieces: float) -> Container:
        return moved(one, Movement("L1", "X1", "infused", START, "n", pieces, "P1"))

    most = infused(box, 299)
    assert (most.status, most.left) == ("released", 1)
    assert infused(most, 1).status == "used"
