"""Accountability: the account of every lot, and whether received = accounted for.

received = on hand + used + discarded + returned + destroyed, in mL, for each container and so
for each lot. A mismatch is reported, and two mismatches never cancel. Source of the duty: ICH
E6(R2) 4.6.3 and 5.14 (records of delivery, inventory, use, return and disposal of the product).
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from gradatim.core.quantity import same
from gradatim.dosing.inventory import Container, Inventory
from gradatim.dosing.movements import ContainerFault


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
    faults: tuple[ContainerFault, ...]

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


def balance(inventory: Inventory, lot: str) -> Balance:
    """Return the account of a lot, of what comes in mL."""
    known = inventory.lots[lot].containers.values() if lot in inventory.lots else ()
    containers = [one for one in known if one.volume_ml is not None]
    states: dict[str, int] = {}
    for one in containers:
        states[one.status] = states.get(one.status, 0) + 1
    faults = [fault for fault in inventory.faults if fault.lot == lot]
    faults += [fault for one in containers for fault in (*one.faults, *_mismatch(one))]
    return Balance(
        lot,
        sum(one.received_ml for one in containers),
        sum(one.on_hand_ml for one in containers),
        sum(one.infused_ml for one in containers),
        sum(one.discarded_ml for one in containers),
        sum(one.returned_ml for one in containers),
        sum(one.destroyed_ml for one in containers),
        states,
        tuple(faults),
    )


def balances(inventory: Inventory) -> tuple[Balance, ...]:
    """Return the account of every lot, of those too that only a movement names."""
    lots = dict.fromkeys([*inventory.lots, *(fault.lot for fault in inventory.faults)])
    return tuple(balance(inventory, lot) for lot in lots)


def _mismatch(one: Container) -> Iterator[ContainerFault]:
    accounted = (
        one.on_hand_ml + one.infused_ml + one.discarded_ml + one.returned_ml + one.destroyed_ml
    )
    if not same(one.received_ml, accounted):
        off = one.received_ml - accounted
        yield ContainerFault(
            *one.key,
            f"{one.received_ml:.4g} mL received and {accounted:.4g} mL "
            f"accounted for: {abs(off):.4g} mL {'missing' if off > 0 else 'too many'}",
        )
