"""Over generated histories at several sites every bag is at one place, and adds up over all.

Where a bag is, is read a second time from the entries alone, by nothing that the inventory does.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from gradatim.conduct.events import product as x
from gradatim.conduct.events.base import Event
from gradatim.conduct.fold import apply
from gradatim.conduct.folding.product import refold
from gradatim.conduct.policies.shipping import what_is_handled_is_here
from gradatim.conduct.state import State
from gradatim.core.truth import FALSE
from gradatim.dosing.accountability import adds_up, balance
from gradatim.dosing.movements import ON_HAND, ON_ITS_WAY
from tests.conduct.trials import event

SITES = ("S01", "S02", "S03")
BAGS = {"001": 20.0, "002": 10.0}
THAW = datetime(2027, 1, 4, 9, tzinfo=UTC)
ON_THE_WAY = "on its way"
HANDLING = (x.DosePrepared, x.DoseAdministered, x.ProductReturned, x.ProductDestroyed)


def made(kind: type[Event], site: str = SITES[0], **fields: Any) -> Event:
    return event(kind, "i", site, lot="L1", **fields)


def label(bag: str) -> x.Bag:
    return x.Bag(id=bag, volume_ml=BAGS[bag])


class Received(NamedTuple):
    """Stands for the receipt of the last shipment, with the bags that came."""

    site: str
    bags: tuple[str, ...]
    temperature: str


class Explained(NamedTuple):
    """Stands for the explanation of whatever a bag's difference then is."""

    bag: str


def prepared(site: str, bag: str) -> Event:
    rows = (x.Drawn(bag, BAGS[bag], 0.0, THAW),)
    about: dict[str, Any] = {"participant": "P1", "dose": 1, "amount": 1.0, "planned": 1.0}
    return made(x.DosePrepared, site, drawn=rows, unit="{cells}", **about)


def infused(site: str, bag: str) -> Event:
    given_ = (x.BagUse(bag=bag, volume_ml=BAGS[bag]),)
    about: dict[str, Any] = {"participant": "P1", "dose": 1, "amount": 1.0, "unit": "{cells}"}
    ended = THAW + timedelta(hours=1)
    return made(x.DoseAdministered, site, given=given_, started_at=THAW, ended_at=ended, **about)


sites, bags = st.sampled_from(SITES), st.sampled_from(list(BAGS))
some = st.sampled_from([(), ("001",), ("002",), ("001", "002")])
routes = st.permutations(SITES).map(lambda three: (three[0], three[1]))
acts = st.one_of(
    st.builds(
        lambda way, of, n: made(
            x.ProductShipped, way[0], bags=of, shipment=f"W{n}", to_site=way[1]
        ),
        routes,
        some.filter(bool),
        st.integers(1, 3),
    ),
    st.builds(Received, sites, some, st.sampled_from(["in order", "not in order"])),
    st.builds(lambda site, bag: made(x.ProductReceived, site, bags=(label(bag),)), sites, bags),
    st.builds(lambda site, of: made(x.ProductReleased, site, bags=of), sites, some),
    st.builds(
        lambda site, of: made(
            x.TemperatureExcursion, site, bags=of, worst_celsius=9.0, minutes=1.0
        ),
        sites,
        some,
    ),
    st.builds(
        lambda kind, site, bag: made(kind, site, bags=(bag,), reason="gone"),
        st.sampled_from([x.ProductReturned, x.ProductDestroyed, x.ProductQuarantined]),
        sites,
        bags,
    ),
    st.builds(prepared, sites, bags),
    st.builds(infused, sites, bags),
    st.builds(Explained, bags),
)


class Place:
    """Where each bag is, by the entries alone."""

    def __init__(self) -> None:
        self.of: dict[str, str] = {}
        self.sent: dict[str, str] = {}

    def after(self, one: Event) -> None:
        match one:
            case x.ProductReceived(bags=came):
                for bag in came:
                    self.of.setdefault(bag.id, one.site)
                    self.of[bag.id] = one.site
            case x.ProductShipped(bags=went):
                self.of |= dict.fromkeys(went, ON_THE_WAY)
                self.sent |= dict.fromkeys(went, one.shipment)
            case x.ShipmentReceived(bags=back):
                self.of |= dict.fromkeys(back, one.site)
            case _ if isinstance(one, HANDLING):
                self.of |= dict.fromkeys(_numbers(one), one.site)


def told(history: list[Any]) -> Iterator[tuple[State, Place, Event]]:
    """Fold a history, and stop after each entry."""
    state, place = State("t"), Place()
    begin = made(x.ProductReceived, bags=tuple(map(label, BAGS)))
    for one in [begin, made(x.ProductReleased, bags=tuple(BAGS)), *history]:
        match one:
            case Explained():
                (bag,) = state.inventory.find("L1", (one.bag,))
                said: dict[str, Any] = {
                    "bag": bag.id,
                    "difference": bag.unexplained,
                    "reason": "looked into",
                }
                done = made(x.ProductDifferenceExplained, **said)
            case Received():
                if not state.inventory.shipments:
                    continue
                number = list(state.inventory.shipments.values())[-1].number
                look = {"temperature": one.temperature, "seals": "in order"}
                done = made(x.ShipmentReceived, one.site, bags=one.bags, shipment=number, **look)
            case _:
                done = one
        yield state, place, done
        apply(state, state.position + 1, done)
        place.after(done)
    yield state, place, made(x.ProductReleased, bags=())


@settings(max_examples=150)
@given(st.lists(acts, max_size=14))
def test_every_bag_is_at_one_place_at_a_time_and_adds_up_over_all_sites(history):
    for state, place, _ in told(history):
        for bag in state.inventory.containers:
            assert bag.received == BAGS[bag.id]
            whole = bag.on_hand + bag.in_transit + bag.gone + bag.explained + bag.unexplained
            assert abs(bag.received - whole) < 1e-9
            assert bag.on_hand == 0 or bag.in_transit == 0
            if bag.status in ON_HAND:
                assert (bag.site, bag.bound_for) == (place.of[bag.id], "")
            if bag.status in ON_ITS_WAY:
                assert place.of[bag.id] == ON_THE_WAY
                assert bag.shipment == place.sent[bag.id]
            faults = balance(state.inventory, "L1").faults
            shown = [one for one in faults if one.container == bag.id]
            assert adds_up(bag) or shown
        at_sites = sum(bag.on_hand + bag.in_transit for bag in state.inventory.containers)
        account = balance(state.inventory, "L1") if state.inventory.lots else None
        assert account is None or abs(account.on_hand + account.in_transit - at_sites) < 1e-9


@settings(max_examples=150)
@given(st.lists(acts, max_size=14))
def test_nothing_is_handled_where_it_is_not_without_a_deviation_and_a_fault(history):
    last, before = None, 0
    for state, place, next_ in told(history):
        if last is not None:
            (bag,) = state.inventory.find("L1", (last,))
            assert len(bag.faults) > before, "and it stands in the account"
        last, before = None, 0
        if not isinstance(next_, HANDLING):
            continue
        (number,) = _numbers(next_)
        (bag,) = state.inventory.find("L1", (number,))
        if place.of[number] != next_.site:
            assert what_is_handled_is_here(state, next_).truth is FALSE
            last, before = number, len(bag.faults)


def _numbers(one: Event) -> list[str]:
    """Return the bags that an entry handles."""
    if isinstance(one, x.DosePrepared):
        return [row.bag for row in one.drawn]
    if isinstance(one, x.DoseAdministered):
        return [row.bag for row in one.given]
    assert isinstance(one, x.ProductReturned | x.ProductDestroyed)
    return list(one.bags)


@settings(max_examples=80)
@given(st.lists(acts, max_size=14))
def test_folded_anew_it_is_the_same_inventory(history):
    state = [state for state, _, _ in told(history)][-1]
    before = {one.key: one for one in state.inventory.containers}
    shipments = dict(state.inventory.shipments)
    refold(state)
    assert {one.key: one for one in state.inventory.containers} == before
    assert state.inventory.shipments == shipments
