"""Accountability: the account of every lot, and whether received = accounted for.

received = on hand + in transit + used + discarded + returned + destroyed, for each container and so
for each lot, over all sites: in mL, or in pieces of what is counted. A mismatch is reported until a
signed explanation covers it, and two mismatches never cancel. Source of the duty: ICH E6(R3) 2.10
and 3.15.3; 21 CFR 312.57(a), 312.59 and 312.62(a) (records of delivery, inventory, use, return and
disposal).
"""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from gradatim.core.quantity import RELATIVE_TOLERANCE
from gradatim.dosing.inventory import Container, Inventory
from gradatim.dosing.movements import ContainerFault


class Balance(NamedTuple):
    """The account of one lot in its measure, and everything in it that does not fit.

    Args:
        lot: its number.
        received, on_hand, used, discarded, returned, destroyed: mL, or pieces.
        explained: what is missing (negative: too many) by signed explanations.
        states: how many containers are in each state.
        faults: what does not fit and nobody has explained.
        measure: what it is counted in: `mL`, or `pieces`.
        in_transit: what is on its way from one site to another.
    """

    lot: str
    received: float
    on_hand: float
    used: float
    discarded: float
    returned: float
    destroyed: float
    explained: float
    states: Mapping[str, int]
    faults: tuple[ContainerFault, ...]
    measure: str
    in_transit: float = 0.0

    @property
    def difference(self) -> float:
        """What was received and nothing accounts for; negative if more is accounted for."""
        accounted = self.on_hand + self.used + self.discarded + self.returned + self.destroyed
        return self.received - accounted - self.in_transit

    @property
    def closes(self) -> bool:
        """Whether everything fits, or is explained."""
        return not self.faults


def balance(inventory: Inventory, lot: str, sites: Collection[str] | None = None) -> Balance:
    """Return the account of a lot, of what comes in mL or in pieces.

    Args:
        inventory: of the trial.
        lot: which.
        sites: only what is a matter of these; None is all there is.
    """
    known = inventory.lots[lot].containers.values() if lot in inventory.lots else ()
    containers = [
        one for one in known if one.content is not None and (sites is None or one.is_at(sites))
    ]
    states: dict[str, int] = {}
    for one in containers:
        states[one.status] = states.get(one.status, 0) + 1
    faults = [fault for fault in inventory.faults if fault.lot == lot]
    faults += [fault for one in containers for fault in (*one.open_faults, *mismatch(one))]
    return Balance(
        lot,
        sum(one.received for one in containers),
        sum(one.on_hand for one in containers),
        sum(one.used for one in containers),
        sum(one.discarded for one in containers),
        sum(one.returned for one in containers),
        sum(one.destroyed for one in containers),
        sum(one.explained for one in containers),
        states,
        tuple(faults),
        next((one.measure for one in containers), "mL"),
        sum(one.in_transit for one in containers),
    )


def balances(inventory: Inventory, sites: Collection[str] | None = None) -> tuple[Balance, ...]:
    """Return the account of every lot, of those too that only a movement names; see `balance`."""
    lots = dict.fromkeys([*inventory.lots, *(fault.lot for fault in inventory.faults)])
    return tuple(balance(inventory, lot, sites) for lot in lots)


def adds_up(one: Container) -> bool:
    """Whether all that a container held is accounted for, or what is not is explained."""
    scale = max(abs(one.received), abs(one.gone), abs(one.on_hand), abs(one.in_transit))
    return abs(one.unexplained) <= RELATIVE_TOLERANCE * scale


def mismatch(one: Container) -> Iterator[ContainerFault]:
    """Yield what of a container is missing or too many, if it is and nobody has explained it."""
    if not adds_up(one):
        off, unit = one.unexplained, one.measure
        known = one.gone + one.on_hand + one.in_transit
        yield ContainerFault(
            *one.key,
            f"{one.received:.4g} {unit} received and {known:.4g} {unit} accounted "
            f"for: {abs(off):.4g} {unit} {'missing' if off > 0 else 'too many'}"
            + (f" beside the {one.explained:.4g} {unit} explained" if one.explained else ""),
        )
