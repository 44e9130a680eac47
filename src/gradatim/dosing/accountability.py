"""Accountability: where every bag of every lot is, and whether received = accounted for.

received = on hand + used + discarded + returned + destroyed, in mL, for each bag and so for each
lot. A mismatch is reported, and two mismatches never cancel. Source of the duty: ICH E6(R2) 4.6.3
and 5.14 (records of delivery, inventory, use, return and disposal of the product).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from gradatim.core.quantity import same
from gradatim.dosing.movements import EXPECTED, ON_HAND, Bag, Fault, Lot, Movement, after


class BagStatus(NamedTuple):
    """Where a bag is, and what became of its mL.

    Args:
        bag: the bag.
        state: one of `movements.STATES`.
        received_ml: mL received.
        infused_ml: mL infused.
        discarded_ml: mL discarded.
        prepared_for: the participant that it was last prepared for.
        given_to: the participants that it was infused to.
        faults: movements that should not have happened.
    """

    bag: Bag
    state: str = EXPECTED
    received_ml: float = 0.0
    infused_ml: float = 0.0
    discarded_ml: float = 0.0
    prepared_for: str = ""
    given_to: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def on_hand_ml(self) -> float:
        """The mL at the site: of a bag that is not yet given, discarded or gone, all that is left.

        The rest of an infused bag is not on hand: it must be recorded as discarded.
        """
        return self._left if self.state in ON_HAND else 0.0

    @property
    def returned_ml(self) -> float:
        """The mL returned to the sponsor."""
        return self._left if self.state == "returned" else 0.0

    @property
    def destroyed_ml(self) -> float:
        """The mL destroyed unused."""
        return self._left if self.state == "destroyed" else 0.0

    @property
    def _left(self) -> float:
        return self.bag.volume_ml - self.infused_ml - self.discarded_ml


class Stock(NamedTuple):
    """Every lot and bag, with what became of it; `faults` are of no single known bag."""

    lots: Mapping[str, Lot]
    bags: Mapping[str, BagStatus]
    faults: tuple[Fault, ...] = ()


class Balance(NamedTuple):
    """The account of one lot in mL, and everything in it that does not fit."""

    lot: str
    received_ml: float
    on_hand_ml: float
    used_ml: float
    discarded_ml: float
    returned_ml: float
    destroyed_ml: float
    states: Mapping[str, int]
    faults: tuple[Fault, ...]

    @property
    def difference_ml(self) -> float:
        """The mL received that nothing accounts for; negative if more is accounted for."""
        return self.received_ml - (
            self.on_hand_ml
            + self.used_ml
            + self.discarded_ml
            + self.returned_ml
            + self.destroyed_ml
        )

    @property
    def closes(self) -> bool:
        """Whether everything fits."""
        return not self.faults


def fold(lots: Iterable[Lot], bags: Iterable[Bag], movements: Iterable[Movement]) -> Stock:
    """Give the stock after these movements, in the order in which they happened."""
    known = {lot.id: lot for lot in lots}
    statuses, faults = dict[str, BagStatus](), list[Fault]()
    for bag in bags:
        if bag.id in statuses:
            faults.append(Fault(bag.id, "two bags have this id; the first is counted"))
            continue
        statuses[bag.id] = BagStatus(bag)
        if bag.lot not in known:
            faults.append(Fault(bag.id, f"its lot {bag.lot or '(none)'} is not known"))
    for movement in movements:
        if movement.bag in statuses:
            statuses[movement.bag] = moved(statuses[movement.bag], movement)
        else:
            faults.append(Fault(movement.bag, f"{movement.event}, but no such bag is known"))
    return Stock(known, statuses, tuple(faults))


def moved(status: BagStatus, movement: Movement) -> BagStatus:
    """Give the status of a bag after one more movement; what should not have been is a fault."""
    state, allowed = after(status.state, movement.event)
    faults = list(_slips(status, movement))
    if not allowed:
        faults.insert(0, f"{movement.event} while {status.state}")
    when = f"on {movement.at:%Y-%m-%d} by {movement.by or 'nobody'}"
    told = tuple(Fault(status.bag.id, f"{what}, {when}") for what in faults)
    return _accounted(status._replace(state=state, faults=status.faults + told), movement)


def _slips(status: BagStatus, movement: Movement) -> Iterator[str]:
    """Say what is wrong with a movement, whatever state the bag was in."""
    volume, who = movement.volume_ml, movement.participant
    if volume is not None and not volume >= 0:
        yield f"{movement.event} {volume:g} mL"
    if movement.event == "infused" and not who:
        yield "infused, but not said to whom"
    elif movement.event == "infused" and status.prepared_for not in ("", who):
        yield f"infused to {who}, though prepared for {status.prepared_for}"


def _accounted(status: BagStatus, movement: Movement) -> BagStatus:
    """Add the mL of a movement, and for whom it was."""
    left = status.bag.volume_ml - status.infused_ml - status.discarded_ml
    volume, who = left if movement.volume_ml is None else movement.volume_ml, movement.participant
    match movement.event:
        case "received":
            return status._replace(received_ml=status.received_ml + status.bag.volume_ml)
        case "prepared":
            return status._replace(prepared_for=who)
        case "discarded":
            return status._replace(discarded_ml=status.discarded_ml + volume)
        case "infused":
            given = status.given_to if who in ("", *status.given_to) else (*status.given_to, who)
            return status._replace(infused_ml=status.infused_ml + volume, given_to=given)
    return status


def balance(stock: Stock, lot: str) -> Balance:
    """Give the account of a lot."""
    bags = [one for one in stock.bags.values() if one.bag.lot == lot]
    ids = {one.bag.id for one in bags}
    states: dict[str, int] = {}
    for one in bags:
        states[one.state] = states.get(one.state, 0) + 1
    faults = [fault for fault in stock.faults if fault.where in ids]
    faults += [fault for one in bags for fault in (*one.faults, *_mismatch(one))]
    return Balance(
        lot,
        sum(one.received_ml for one in bags),
        sum(one.on_hand_ml for one in bags),
        sum(one.infused_ml for one in bags),
        sum(one.discarded_ml for one in bags),
        sum(one.returned_ml for one in bags),
        sum(one.destroyed_ml for one in bags),
        states,
        tuple(faults),
    )


def balances(stock: Stock) -> tuple[Balance, ...]:
    """Give the account of every lot, of those too that are only named by a bag."""
    lots = dict.fromkeys([*stock.lots, *(one.bag.lot for one in stock.bags.values())])
    return tuple(balance(stock, lot) for lot in lots)


def _mismatch(one: BagStatus) -> Iterator[Fault]:
    accounted = (
        one.on_hand_ml + one.infused_ml + one.discarded_ml + one.returned_ml + one.destroyed_ml
    )
    if not same(one.received_ml, accounted):
        off = one.received_ml - accounted
        yield Fault(
            one.bag.id,
            f"{one.received_ml:.4g} mL received and {accounted:.4g} mL "
            f"accounted for: {abs(off):.4g} mL {'missing' if off > 0 else 'too many'}",
        )
