"""The inventory of the product: every lot and container, where each is, what became of its content.

A container is known by its lot and its number together: two lots may each have a bag 001. What
happens to it is a movement, and the inventory is the fold of the movements in their order. A fluid
is accounted for in mL, what is counted (tablets) in pieces.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, NamedTuple

from gradatim.core.errors import UnusableInput
from gradatim.core.quantity import RELATIVE_TOLERANCE
from gradatim.dosing.movements import (
    BETWEEN_SITES,
    EXPECTED,
    HANDLED,
    ON_HAND,
    ON_ITS_WAY,
    ContainerFault,
    Movement,
    after,
)
from gradatim.dosing.product import (
    Concentration,
    Counted,
    MeasuredAt,
    require_fraction,
    require_positive,
    usable_concentration,
)

ContainerKey = tuple[str, str]
"""The lot of a container, and its number."""
ForDose = tuple[str, int]
"""A participant, and the number of one of their doses."""
ROUNDING = 0.005
"""Part by which a volume that was read off, or a dose, may be rounded."""

_ContainerKind = Literal["bag", "bottle", "vial", "box"]


class ContainerUse(NamedTuple):
    """That something of a container was given: to whom, as which dose, and how much of it."""

    participant: str
    dose: int
    amount: float


class Container(NamedTuple):
    """A container of the product.

    Args:
        id: its number, as on its label; its own only within its lot.
        lot: the lot it is of; empty where it is not known.
        volume_ml: mL in it; None for what is not a fluid, such as a box of tablets.
        pieces: how many tablets or the like are in it; None for a fluid, or where nobody says.
        strength: what one piece holds, in the unit of the dose; None is not known.
        cells_per_ml: cells per mL on its label; None where the label does not say.
        counted: what the label counts; empty where it does not say.
        measured: when that was counted; empty where the label does not say.
        viability: see `Concentration`.
        recovery: see `Concentration`.
        certified_viability: viability on the certificate of the lot, held against the protocol's
            minimum only and never part of the arithmetic; for labels that count viable cells.
        dmso_fraction: dimethyl sulfoxide, volume by volume, 0 to 1; None is not known.
        expiry: it must have been given by then; None is not known.
        thawed_at: None is not thawed yet, or not known.
        site: where it was received last; on its way to another site, where it was sent from.
        bound_for: the site that it is on its way to; empty where it is at a site.
        shipment: the number of the shipment that it is on its way with.
        status: one of `movements.STATES`.
        reserved_for: the participant and the number of the dose that it is set aside for.
        drawn: mL, or pieces, taken from it for that dose; None before.
        rest: mL that its preparation says are discarded; None where none is made.
        received, discarded, returned, destroyed: mL, or pieces, so far.
        uses: what of it was given.
        prepared_for: the participant that it was last prepared for.
        faults: movements that should not have happened.
        explained: what is missing (negative: too many), by the signed explanations so far.
        explained_faults: which of its faults those explanations cover.
        kind: what it is.
    """

    id: str
    lot: str = ""
    volume_ml: float | None = None
    pieces: float | None = None
    strength: float | None = None
    cells_per_ml: float | None = None
    counted: Counted | Literal[""] = ""
    measured: MeasuredAt | Literal[""] = ""
    viability: float | None = None
    recovery: float = 1.0
    certified_viability: float | None = None
    dmso_fraction: float | None = None
    expiry: datetime | None = None
    thawed_at: datetime | None = None
    site: str = ""
    bound_for: str = ""
    shipment: str = ""
    status: str = EXPECTED
    reserved_for: tuple[str, int] | None = None
    drawn: float | None = None
    rest: float | None = None
    received: float = 0.0
    discarded: float = 0.0
    returned: float = 0.0
    destroyed: float = 0.0
    uses: tuple[ContainerUse, ...] = ()
    prepared_for: str = ""
    faults: tuple[ContainerFault, ...] = ()
    explained: float = 0.0
    explained_faults: tuple[ContainerFault, ...] = ()
    kind: _ContainerKind = "bag"

    @property
    def key(self) -> ContainerKey:
        """Its lot and its number, which only it has."""
        return self.lot, self.id

    @property
    def name(self) -> str:
        """What it is, and its number: `bag 001`."""
        return f"{self.kind} {self.id}"

    @property
    def concentration(self) -> Concentration | None:
        """What a mL of it holds; None where its label does not say all of it."""
        if self.cells_per_ml is None or not self.counted or not self.measured:
            return None
        return Concentration(
            self.cells_per_ml, self.counted, self.measured, self.viability, self.recovery
        )

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites that it is a matter of: where it is; on its way, both ends of it."""
        return tuple(one for one in (self.site, self.bound_for) if one)

    def is_at(self, sites: Collection[str]) -> bool:
        """Whether it is a matter of any of these sites; of one whose site nobody knows, of all."""
        return not self.sites or any(one in sites for one in self.sites)

    @property
    def holds_cells(self) -> bool:
        """Whether it is a fluid of which the label says how many cells a mL holds."""
        return self.volume_ml is not None and self.concentration is not None

    @property
    def labelled_viability(self) -> float | None:
        """The viability that its label or certificate states; None is not known."""
        return self.certified_viability if self.viability is None else self.viability

    @property
    def content(self) -> float | None:
        """What is in it when it comes, in its measure; None where nobody says."""
        return self.pieces if self.volume_ml is None else self.volume_ml

    @property
    def measure(self) -> str:
        """What its content is counted in: `mL`, or `pieces`."""
        return "pieces" if self.volume_ml is None else "mL"

    @property
    def on_its_shelf(self) -> bool:
        """Whether it is a released box that is opened many times, and may be given from."""
        return self.volume_ml is None and self.pieces is not None and self.status == "released"

    @property
    def used(self) -> float:
        """What of it was given."""
        return sum(one.amount for one in self.uses)

    @property
    def given_to(self) -> tuple[str, ...]:
        """The participants that it was given to, each once."""
        return tuple(dict.fromkeys(one.participant for one in self.uses if one.participant))

    @property
    def gone(self) -> float:
        """What of it was given, discarded, returned or destroyed."""
        return self.used + self.discarded + self.returned + self.destroyed

    @property
    def left(self) -> float:
        """What nobody has given, discarded, returned or destroyed, wherever it is."""
        return (self.content or 0.0) - self.gone

    @property
    def on_hand(self) -> float:
        """What is at the site: of what is not yet given, discarded or gone, all that is left.

        The rest of an infused container is not on hand: it must be accounted for.
        """
        return self.left if self.status in ON_HAND else 0.0

    @property
    def in_transit(self) -> float:
        """What is on its way from one site to another."""
        return self.left if self.status in ON_ITS_WAY else 0.0

    @property
    def difference(self) -> float:
        """What was received and nothing accounts for; negative if more is accounted for."""
        return self.received - self.gone - self.on_hand - self.in_transit

    @property
    def unexplained(self) -> float:
        """The part of the difference that no signed explanation covers."""
        return self.difference - self.explained

    @property
    def open_faults(self) -> tuple[ContainerFault, ...]:
        """The faults that no signed explanation covers."""
        covered = Counter(self.explained_faults)
        found = []
        for one in self.faults:
            if covered[one]:
                covered[one] -= 1
            else:
                found.append(one)
        return tuple(found)


@dataclass(slots=True)
class Lot:
    """A lot: where it comes from, and the containers it was filled into.

    Args:
        id: its number.
        donor, cell_bank: what it was made from; empty is not known.
        containers: by their number within the lot.
        sites: where any of it is, or ever was, or was sent.
    """

    id: str
    donor: str = ""
    cell_bank: str = ""
    containers: dict[str, Container] = field(default_factory=dict)
    sites: set[str] = field(default_factory=set)


class Shipment(NamedTuple):
    """What of a lot went from one site to another together.

    Args:
        number: of the shipment, as on its papers.
        lot: of the containers; a shipment of several lots is one for each.
        from_site, to_site: where it was sent from, and where to.
        containers: their numbers.
        sent_on: the day.
        expected_on: the day on which it is to arrive; None where nobody says.
    """

    number: str
    lot: str
    from_site: str
    to_site: str
    containers: tuple[str, ...]
    sent_on: date
    expected_on: date | None = None


@dataclass(slots=True)
class Inventory:
    """Every lot with its containers.

    Args:
        lots: by number.
        faults: what does not fit and is of no single known container.
        prepared: the containers of the latest preparation of each dose, in their order.
        unplaced: positions of administrations for which no container is known yet, by their dose.
        shipments: by their number and lot, in the order in which they were sent.
    """

    lots: dict[str, Lot] = field(default_factory=dict)
    faults: list[ContainerFault] = field(default_factory=list)
    prepared: dict[ForDose, tuple[ContainerKey, ...]] = field(default_factory=dict)
    unplaced: dict[ForDose, list[int]] = field(default_factory=dict)
    shipments: dict[tuple[str, str], Shipment] = field(default_factory=dict)
    _reserved: dict[ForDose, dict[ContainerKey, None]] = field(default_factory=dict)

    @property
    def containers(self) -> Iterator[Container]:
        """The containers of all lots, in the order in which they came."""
        return (one for lot in self.lots.values() for one in lot.containers.values())

    def find(self, lot: str, numbers: Iterable[str]) -> list[Container]:
        """Return the containers of a lot that have these numbers, of those that are known."""
        known = self.lots[lot].containers if lot in self.lots else {}
        return [known[one] for one in numbers if one in known]

    def on_its_way(self, sent: Shipment) -> list[Container]:
        """Return what of a shipment nobody has received, and nobody has said to be missing."""
        return [
            one
            for one in self.find(sent.lot, sent.containers)
            if one.shipment == sent.number and one.status in ON_ITS_WAY
        ]

    def reserved(self, participant: str, dose: int) -> list[Container]:
        """Return the containers that are set aside for a dose."""
        keys = self._reserved.get((participant, dose), ())
        return [self.lots[lot].containers[number] for lot, number in keys]

    def put(self, container: Container) -> None:
        """Keep a container as it is now; one that is new is added to its lot."""
        lot = self.lots.setdefault(container.lot, Lot(container.lot))
        before = lot.containers.get(container.id)
        was = before.reserved_for if before else None
        if was != container.reserved_for:
            if was is not None:
                self._reserved[was].pop(container.key, None)
            if container.reserved_for is not None:
                self._reserved.setdefault(container.reserved_for, {})[container.key] = None
        lot.containers[container.id] = container
        lot.sites.update(container.sites)

    def record(self, movement: Movement) -> None:
        """Let a movement happen; one of a container that nobody knows is a fault of its lot."""
        known = self.find(movement.lot, (movement.container,))
        for one in known:
            self.put(moved(one, movement))
        if not known:
            what = f"{movement.event}, but no such bag is known"
            self.faults.append(ContainerFault(movement.lot, movement.container, what))


def inventory_of(
    lots: Iterable[Lot], containers: Iterable[Container], movements: Iterable[Movement]
) -> Inventory:
    """Return the inventory of these lots and containers after these movements.

    Args:
        lots: those known, with where they come from.
        containers: as they are labelled, none of them received yet.
        movements: in the order in which they happened.
    """
    inventory = Inventory({lot.id: Lot(lot.id, lot.donor, lot.cell_bank) for lot in lots})
    named = frozenset(inventory.lots)
    for one in containers:
        if inventory.find(one.lot, (one.id,)):
            what = "two bags of the lot have this number; the first is counted"
            inventory.faults.append(ContainerFault(one.lot, one.id, what))
            continue
        inventory.put(one)
        if one.lot not in named:
            what = f"its lot {one.lot or '(none)'} is not known"
            inventory.faults.append(ContainerFault(one.lot, one.id, what))
    for movement in movements:
        inventory.record(movement)
    return inventory


def moved(container: Container, movement: Movement) -> Container:
    """Return a container after one more movement; what should not have been is a fault."""
    if container.pieces is not None and container.volume_ml is None:
        status, allowed = _counted_after(container.status, movement.event)
    else:
        status, allowed = after(container.status, movement.event)
    faults = list(_slips(container, movement))
    if not allowed:
        faults.insert(0, f"{movement.event} while {container.status}")
    when = f"on {movement.at:%Y-%m-%d} by {movement.by or 'nobody'}"
    found = tuple(ContainerFault(*container.key, f"{what}, {when}") for what in faults)
    done = _accounted(container._replace(faults=container.faults + found), movement)
    return _placed(done, movement)._replace(status=_as_emptied(container, done, movement, status))


def _placed(container: Container, movement: Movement) -> Container:
    """Say where a container is: with a shipment at neither of its ends until it is received."""
    match movement.event:
        case "shipped":
            return container._replace(
                bound_for=movement.to_site, site=movement.site or container.site
            )
        case "arrived":
            here = movement.site or container.bound_for or container.site
            return container._replace(site=here, bound_for="", shipment="")
        case event if event in HANDLED and not _brought_back(movement):  # whatever the account said
            here = movement.site or container.site
            return container._replace(site=here, bound_for="", shipment="")
    return container


def _brought_back(movement: Movement) -> bool:
    """Whether a participant brought back what they had of it: the rest stays where it stands."""
    return movement.event == "returned" and bool(movement.participant)


_IN_PARTS = ("infused", "discarded", "returned", "destroyed")


def _counted_after(state: str, event: str) -> tuple[str, bool]:
    """Return the state of a box after an event: it is opened many times, and stays on its shelf."""
    if event in ("prepared", "infused", "discarded"):
        return state, state == "released"
    return after(state, event)


def _as_emptied(before: Container, now: Container, movement: Movement, status: str) -> str:
    """Return the state of what is given in parts: it is over when nothing is left of it."""
    if movement.event not in _IN_PARTS or now.content is None:
        return status
    counted = now.measure == "pieces"  # what is counted is not rounded
    left = now.left > (RELATIVE_TOLERANCE if counted else ROUNDING) * now.content
    if counted:
        if movement.event in ("returned", "destroyed"):
            return before.status if left else status
        return status if left else "used"
    parts = movement.event != "infused" and before.status == "infused"
    return "infused" if parts and left else status


def _slips(container: Container, movement: Movement) -> Iterator[str]:
    """Say what is wrong with a movement, whatever state the container was in."""
    amount, who = movement.amount, movement.participant
    if amount is not None and not amount >= 0:
        yield f"{movement.event} {amount:g} {container.measure}"
    if movement.event == "infused" and not who:
        yield "infused, but not said to whom"
    elif movement.event == "infused" and container.prepared_for not in ("", who):
        yield f"infused to {who}, though prepared for {container.prepared_for}"
    away = movement.site and container.sites and movement.site not in container.sites
    if away and not _brought_back(movement):
        where = (
            f"on its way to {container.bound_for}"
            if container.status in BETWEEN_SITES
            else f"at {container.site}"
        )
        yield f"{movement.event} at {movement.site}, though it is {where}"


def _accounted(container: Container, movement: Movement) -> Container:
    """Add what a movement says of the content, and for whom it was."""
    amount = container.left if movement.amount is None else movement.amount
    match movement.event:
        case "received":
            return container._replace(received=container.received + (container.content or 0.0))
        case "prepared":
            return container._replace(prepared_for=movement.participant)
        case "discarded":
            return container._replace(discarded=container.discarded + amount)
        case "returned":
            return container._replace(returned=container.returned + amount)
        case "destroyed":
            return container._replace(destroyed=container.destroyed + amount)
        case "infused":
            use = ContainerUse(movement.participant, movement.dose, amount)
            return container._replace(uses=(*container.uses, use))
    return container


def names(containers: Sequence[Container]) -> dict[ContainerKey, str]:
    """Return what to call each container: its number, and its lot where two have that number."""
    numbers = Counter(one.id for one in containers)
    return {
        one.key: one.id if numbers[one.id] == 1 else f"{one.id} of lot {one.lot or '(none)'}"
        for one in containers
    }


def usable_containers(containers: tuple[Container, ...]) -> tuple[Container, ...]:
    """Return the containers that a dose may be drawn from, if each can be used and none is twice.

    Raises:
        UnusableInput: a number of a container cannot be used, or a container is there twice.
    """
    seen = set[ContainerKey]()
    for one in containers:
        _refuse_unusable(one)
        if one.key in seen:
            raise UnusableInput(
                f"the unit {one.id} is there twice",
                why="it would be drawn twice",
                todo="give each unit once",
            )
        seen.add(one.key)
    return containers


def _refuse_unusable(container: Container) -> None:
    """Refuse a container of which a number is not positive, or a fraction not between 0 and 1."""
    require_positive(container.volume_ml, "volume in mL", container.id)
    if (concentration := container.concentration) is not None:
        usable_concentration(concentration, container.id)
    require_fraction(container.certified_viability, "certified viability", container.id)
    if container.dmso_fraction != 0:
        require_fraction(container.dmso_fraction, "DMSO fraction", container.id)
