"""Over generated histories of the product every bag adds up, or its difference is shown.

The account is checked by a second one that is written apart: it reads the entries as they stand and
adds up what they say of each bag, without the inventory.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events.base import Event
from gradatim.conduct.fold import apply
from gradatim.conduct.folding.product import refold
from gradatim.conduct.state import State
from gradatim.dosing.accountability import adds_up, balances
from tests.conduct.trials import event

THAW = datetime(2027, 1, 4, 9, tzinfo=UTC)
BAGS = {("L1", "001"): 20.0, ("L1", "002"): 20.0, ("L2", "001"): 10.0}
PEOPLE = ("P1", "P2")


def made(kind: type[Event], **fields: Any) -> Event:
    return event(kind, "i", "S01", **fields)


def received() -> Iterator[Event]:
    for lot in ("L1", "L2"):
        bags = tuple(x.Bag(id=bag, volume_ml=ml) for (of, bag), ml in BAGS.items() if of == lot)
        yield made(x.ProductReceived, lot=lot, bags=bags)
        yield made(x.ProductReleased, lot=lot, bags=tuple(one.id for one in bags))


keys, people = st.sampled_from(list(BAGS)), st.sampled_from(PEOPLE)
millilitres = st.sampled_from([0.0, 2.5, 4.0, 10.0])
known = st.one_of(st.none(), millilitres)


def prepared(who: str, key: tuple[str, str], drawn: float, rest: float | None) -> Event:
    left = BAGS[key] - drawn if rest is None else rest
    rows = (x.Drawn(key[1], drawn, max(left, 0.0), THAW),)
    fields: dict[str, Any] = {"amount": 1.0, "planned": 1.0, "unit": "{cells}", "drawn": rows}
    return made(x.DosePrepared, participant=who, dose=1, lot=key[0], **fields)


def infused(who: str, volume: float | None, row: tuple[Any, ...] | None) -> Event:
    fields: dict[str, Any] = {"volume_ml": volume}
    if row is not None:
        (lot, bag), ml, discarded, returned = row
        one = x.BagUse(bag=bag, volume_ml=ml, discarded_ml=discarded, returned_ml=returned)
        fields |= {"lot": lot, "given": (one,)}
    return made(
        x.DoseAdministered,
        participant=who,
        dose=1,
        started_at=THAW,
        ended_at=THAW + timedelta(hours=1),
        amount=1.0,
        unit="{cells}",
        **fields,
    )


def corrected(of: int, volume: float) -> Event:
    return made(p.EntryCorrected, of=of, fields={"volume_ml": volume}, reason="slip")


class Explained(NamedTuple):
    """Stands for the explanation of whatever a bag's difference then is."""

    key: tuple[str, str]


class Corrected(NamedTuple):
    """Stands for the correction of the volume of the last administration."""

    volume: float


acts = st.one_of(
    st.builds(prepared, people, keys, millilitres, known),
    st.builds(infused, people, known, st.one_of(st.none(), st.tuples(keys, known, known, known))),
    st.builds(
        lambda key, kind, ml: made(kind, lot=key[0], bags=(key[1],), reason="gone", amount=ml),
        keys,
        st.sampled_from([x.ProductReturned, x.ProductDestroyed]),
        known,
    ),
    st.builds(lambda who: made(x.DoseWithheld, participant=who, dose=1, reason="fever"), people),
    st.builds(Corrected, millilitres),
    st.builds(Explained, keys),
)


def told(history: list[Any]) -> tuple[State, dict[tuple[str, str], float]]:
    """Fold a history; return the state, and what was explained of each bag."""
    state, explained = State("t"), defaultdict[tuple[str, str], float](float)
    for one in [*received(), *history]:
        if isinstance(one, Explained):
            (bag,) = state.inventory.find(one.key[0], (one.key[1],))
            off = bag.unexplained
            explained[one.key] += off
            fields: dict[str, Any] = {"lot": bag.lot, "bag": bag.id, "difference": off}
            one = made(x.ProductDifferenceExplained, reason="looked into", **fields)
        elif isinstance(one, Corrected):
            doses = [at for at, _ in state.events.of(x.DoseAdministered)]
            if not doses:
                continue
            one = corrected(doses[-1], one.volume)
        apply(state, state.position + 1, one)
    return state, explained


@settings(max_examples=150)
@given(st.lists(acts, max_size=12))
def test_every_bag_adds_up_or_its_difference_is_shown_until_it_is_signed(history):
    state, explained = told(history)
    for bag in state.inventory.containers:
        total = bag.used + bag.discarded + bag.returned + bag.destroyed + bag.on_hand
        off = bag.received - total - explained[bag.key]
        assert bag.received == BAGS[bag.key]
        assert adds_up(bag) is (abs(off) < 1e-6)
        shown = [
            fault
            for account in balances(state.inventory)
            for fault in account.faults
            if (fault.lot, fault.container) == bag.key
        ]
        assert bool(shown) or abs(off) < 1e-6, "a difference that nobody signed is never hidden"


@settings(max_examples=150)
@given(st.lists(acts, max_size=12))
def test_what_was_given_is_what_the_entries_say(history):
    """The mL given to each, added up from the entries that name their bags."""
    state, _ = told(history)
    wanted = defaultdict[tuple[str, str], float](float)
    for _, one in state.events.of(x.DoseAdministered):
        for row in one.given:
            if row.volume_ml is not None:
                wanted[one.participant, f"{one.lot}/{row.bag}"] += row.volume_ml
    found = defaultdict[tuple[str, str], float](float)
    for bag in state.inventory.containers:
        for use in bag.uses:
            found[use.participant, f"{bag.lot}/{bag.id}"] += use.amount
    silent = [
        one
        for _, one in state.events.of(x.DoseAdministered)
        if not one.given or any(row.volume_ml is None for row in one.given)
    ]
    for key, ml in wanted.items():
        if silent:
            assert found[key] >= ml - 1e-9
        else:
            assert abs(found[key] - ml) < 1e-9


@settings(max_examples=100)
@given(st.lists(acts, max_size=12))
def test_the_inventory_is_that_of_the_entries_as_they_stand(history):
    """Folded one by one, with corrections in between, or all anew: it is the same inventory."""
    state, _ = told(history)
    before = {one.key: one for one in state.inventory.containers}
    refold(state)
    after = {one.key: one for one in state.inventory.containers}
    assert after == before
