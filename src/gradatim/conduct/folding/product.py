"""What the events of the product add to the state: where each bag is, and what became of it.

The account follows the entries as they stand: a product entry that is corrected has the inventory
folded anew, which costs the entries of the product and no others.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from gradatim.conduct.events import product
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.participants import ParticipantTransferred
from gradatim.conduct.folding.handlers import Handlers
from gradatim.conduct.state import State
from gradatim.conduct.transfers import site_then
from gradatim.dosing.accountability import adds_up
from gradatim.dosing.inventory import ROUNDING, Container, Inventory, Lot, Shipment
from gradatim.dosing.movements import BETWEEN_SITES, ON_HAND, Movement


def _received(state: State, position: int, event: product.ProductReceived) -> None:
    lot = state.lots.setdefault(event.lot, Lot(event.lot))
    lot.donor = lot.donor or event.donor or ""
    lot.cell_bank = lot.cell_bank or event.cell_bank or ""
    for bag in event.bags:
        known = lot.containers.get(bag.id)
        if known is None:
            state.inventory.put(_labelled(bag, event))
            _move(state, event, event.lot, (bag.id,), "received")
        elif known.status in BETWEEN_SITES or _elsewhere(known, event.site):
            _move(state, event, event.lot, (bag.id,), "arrived")  # it is one bag, wherever it is


def _elsewhere(one: Container, site: str) -> bool:
    return bool(one.site and site) and one.site != site


def _shipped(state: State, position: int, event: product.ProductShipped) -> None:
    inventory, key = state.inventory, (event.shipment, event.lot)
    known = inventory.shipments.get(key)
    inventory.shipments[key] = Shipment(
        event.shipment,
        event.lot,
        event.site,
        event.to_site,
        tuple(dict.fromkeys((*(known.containers if known else ()), *event.bags))),
        event.occurred_on,
        event.expected_on,
    )
    _move(state, event, event.lot, event.bags, "shipped")
    for one in inventory.find(event.lot, event.bags):
        inventory.put(one._replace(shipment=event.shipment, reserved_for=None))


def _shipment_received(state: State, position: int, event: product.ShipmentReceived) -> None:
    sent = state.inventory.shipments.get((event.shipment, event.lot))
    _move(state, event, event.lot, event.bags, "arrived")
    if "not in order" in (event.temperature, event.seals):
        _move(state, event, event.lot, event.bags, "excursion")
    left = state.inventory.on_its_way(sent) if sent else []
    _move(state, event, event.lot, [one.id for one in left], "missing")


def _labelled(bag: product.Bag, event: product.ProductReceived) -> Container:
    """Return a bag as it is labelled; the viability beside a count of viable cells certifies it."""
    certified = bag.viability if bag.counted == "viable" else None
    return Container(
        bag.id,
        event.lot,
        kind="box"
        if bag.container == "bag" and bag.volume_ml is None and bag.pieces
        else bag.container,
        volume_ml=bag.volume_ml,
        pieces=None if bag.volume_ml is not None else bag.pieces,
        strength=bag.strength,
        cells_per_ml=bag.cells_per_ml,
        counted=bag.counted,
        measured=bag.measured,
        viability=None if certified else bag.viability,
        certified_viability=certified,
        dmso_fraction=bag.dmso,
        expiry=bag.expires_at,
        site=event.site,
    )


_Moved = (
    product.ProductQuarantined
    | product.TemperatureExcursion
    | product.TemperatureExcursionAssessed
    | product.ProductReleased
    | product.ProductReturned
    | product.ProductDestroyed
)
_WORDS: dict[type[Event], str] = {
    product.ProductQuarantined: "quarantined",
    product.TemperatureExcursion: "excursion",
    product.ProductReleased: "released",
    product.ProductReturned: "returned",
    product.ProductDestroyed: "destroyed",
}


def _moved(state: State, position: int, event: _Moved) -> None:
    if isinstance(event, product.TemperatureExcursionAssessed):
        word = "assessed fit" if event.fit else "assessed unfit"
    else:
        word = _WORDS[type(event)]
    _move(state, event, event.lot, event.bags, word, getattr(event, "amount", None))


def _explained(state: State, position: int, event: product.ProductDifferenceExplained) -> None:
    """Let an explanation cover the faults that its signer could see, whatever came since."""
    for one in state.inventory.find(event.lot, (event.bag,)):
        explained = one.explained + event.difference
        seen = state.explained.setdefault(position, one.faults)
        state.inventory.put(one._replace(explained=explained, explained_faults=seen))


def _assigned(state: State, position: int, event: product.ProductAssigned) -> None:
    for one in state.inventory.find(event.lot, event.bags):
        state.inventory.put(one._replace(reserved_for=(event.participant, event.dose)))


def _prepared(state: State, position: int, event: product.DosePrepared) -> None:
    inventory, whom = state.inventory, (event.participant, event.dose)
    for drawn in event.drawn:
        for one in inventory.find(event.lot, (drawn.bag,)):
            fluid = one.volume_ml is not None
            inventory.put(
                one._replace(
                    reserved_for=whom,
                    drawn=drawn.volume_ml if fluid else drawn.pieces,
                    rest=drawn.discarded_ml if fluid else None,
                    thawed_at=drawn.thawed_at,
                )
            )
        _move(state, event, event.lot, (drawn.bag,), "prepared")
    keys = [(event.lot, one.bag) for one in event.drawn if inventory.find(event.lot, (one.bag,))]
    inventory.prepared[whom] = tuple(keys)
    for late in inventory.unplaced.pop(whom, ()) if keys else ():
        given = state.events[late]
        assert isinstance(given, product.DoseAdministered)
        _given(state, late, given)


class BagGiven(NamedTuple):
    """What became of one bag by an administration.

    Args:
        container: the bag before it.
        used: mL, or pieces, given; None is all that is in it.
        discarded: thrown away beside that.
        returned: kept for return.
    """

    container: Container
    used: float | None
    discarded: float = 0.0
    returned: float = 0.0


def bags_given(state: State, event: product.DoseAdministered) -> list[BagGiven]:
    """Return what became of which bags by an administration, as it says, before it is folded.

    Where it names no bags, they are those of the latest preparation of the dose that are still
    held for it. What was drawn and not given, beyond what stays in filter and line, is unaccounted
    for until somebody says what became of it.
    """
    if event.given:
        return list(_named(state, event))
    whom = (event.participant, event.dose)
    drawn = [
        one
        for lot, bag in state.inventory.prepared.get(whom, ())
        for one in state.inventory.find(lot, (bag,))
        if one.drawn is not None and _held_for(one, whom) and event.lot in (None, lot)
    ]
    boxes = [one for one in drawn if one.volume_ml is None]
    fluids = [one for one in drawn if one.volume_ml is not None]
    found = [BagGiven(one, one.drawn) for one in boxes]
    found += _poured(state, event, fluids)
    if not drawn:  # a box of which nobody says how many are in it is given as a whole
        held = state.inventory.reserved(*whom)
        found += [BagGiven(one, None) for one in held if one.content is None]
    return found


def _held_for(one: Container, whom: tuple[str, int]) -> bool:
    """Whether a container is held for a dose; a box is put back after each."""
    return one.reserved_for == whom or (one.volume_ml is None and one.reserved_for is None)


def _poured(
    state: State, event: product.DoseAdministered, fluids: list[Container]
) -> Iterator[BagGiven]:
    """Yield what of each bag ran in: one bag after the other, what is too much from the last."""
    total = sum(one.drawn or 0.0 for one in fluids)
    run = _as_drawn(total, event.volume_ml)
    short, stays = total - run, _hold_up(state, event.participant) + ROUNDING * total
    for n, one in enumerate(fluids, 1):
        drawn = one.drawn or 0.0
        used = run if n == len(fluids) else min(drawn, run)
        run -= used
        held = max(drawn - used, 0.0) if short <= stays else 0.0
        yield BagGiven(one, used, _rest(one) + held)


def _as_drawn(total: float, volume_ml: float | None) -> float:
    """Return the mL given; of a volume that was rounded, what was drawn."""
    if volume_ml is None:
        return total
    return total if abs(volume_ml - total) <= ROUNDING * total else volume_ml


def _rest(one: Container) -> float:
    """Return what was left in a bag and discarded, by its preparation, if it is not yet counted."""
    if one.rest is None or one.volume_ml is None or one.uses:
        return 0.0
    left = one.volume_ml - (one.drawn or 0.0)
    return left if abs(left - one.rest) <= ROUNDING * one.volume_ml else one.rest


def _hold_up(state: State, participant: str) -> float:
    """Return the mL that stay in filter and line by the protocol."""
    if not state.versions:
        return 0.0
    whom = state.participants.get(participant)
    rules = state.governing("treatment", whom).treatment.preparation
    return rules.filter_and_hold_up if rules else 0.0


def _named(state: State, event: product.DoseAdministered) -> Iterator[BagGiven]:
    """Yield what became of the bags that an administration names."""
    prepared = state.inventory.prepared.get((event.participant, event.dose), ())
    lots = dict.fromkeys(lot for lot, _ in prepared)
    lot = event.lot or next(iter(lots), "")
    if all(row.volume_ml is None and row.discarded_ml is None for row in event.given):
        numbers = [row.bag for row in event.given if not row.returned_ml]
        fluids = [one for one in state.inventory.find(lot, numbers) if one.volume_ml is not None]
        if len(fluids) == len(event.given) and any(one.drawn is not None for one in fluids):
            yield from _poured(state, event, fluids)
            return
    for row in event.given:
        for one in state.inventory.find(lot, (row.bag,)):
            if one.volume_ml is None:
                said = row.pieces if row.pieces is not None else one.drawn
                yield BagGiven(one, said)
                continue
            drawn = one.drawn or 0.0
            alone = event.volume_ml if len(event.given) == 1 else None
            said = row.volume_ml if row.volume_ml is not None else alone
            discarded, returned = row.discarded_ml or 0.0, row.returned_ml or 0.0
            used = said
            if said is None and one.drawn is not None:  # all that did not go elsewhere
                used = max(drawn - discarded - returned, 0.0)
            short = drawn - (used or 0.0) - discarded - returned
            if row.discarded_ml is None and short > 0:
                stays = _hold_up(state, event.participant) + ROUNDING * drawn
                discarded += short if short <= stays else 0.0
            yield BagGiven(one, used, _rest(one) + discarded, returned)


def _given(state: State, position: int, event: product.DoseAdministered) -> None:
    inventory, whom = state.inventory, (event.participant, event.dose)
    found = bags_given(state, event)
    for one, used, discarded, returned in found:
        key = one.lot, (one.id,)
        _move(state, event, *key, "infused", used)
        if one.content is None:
            _move(state, event, *key, "discarded")
        if discarded:
            _move(state, event, *key, "discarded", discarded)
        if returned:
            _move(state, event, *key, "returned", returned)
        for now in inventory.find(*key):
            again = now.pieces is not None and now.status == "released"
            over = now.status == "infused" and now.volume_ml is not None and adds_up(now)
            inventory.put(
                now._replace(
                    status="used" if over else now.status,
                    reserved_for=None if again else whom,
                    prepared_for="" if again else now.prepared_for,
                )
            )
    if not found:
        inventory.unplaced.setdefault(whom, []).append(position)
    for one in inventory.reserved(*whom):
        if (
            one.drawn is None
            and one.content is not None
            and one.status in ("released", "quarantined")
        ):
            inventory.put(one._replace(reserved_for=None))  # set aside and never opened


def _withheld(state: State, position: int, event: product.DoseWithheld) -> None:
    for one in state.inventory.reserved(event.participant, event.dose):
        if one.drawn is None or one.pieces is not None:  # not thawed: it can be given to another
            state.inventory.put(one._replace(reserved_for=None, drawn=None, prepared_for=""))
        elif one.status in ON_HAND:
            _move(state, event, one.lot, (one.id,), "discarded")


def set_free(state: State, position: int, event: ParticipantTransferred) -> None:
    """Free what is set aside for a participant at the site that they left, and not yet opened."""
    for one in list(state.inventory.containers):
        mine = one.reserved_for is not None and one.reserved_for[0] == event.participant
        if mine and one.site != event.site and one.status in ("quarantined", "released"):
            state.inventory.put(one._replace(reserved_for=None))


def _move(
    state: State,
    event: Event,
    lot: str,
    bags: Iterable[str],
    word: str,
    amount: float | None = None,
) -> None:
    """Let something happen to bags of a lot, in the words of `dosing.movements`."""
    whom, dose = getattr(event, "participant", None) or "", getattr(event, "dose", 0)
    where = site_then(state, event)
    said = Movement(lot, "", word, event.recorded_at, event.recorded_by, amount, whom, dose, where)
    to_site = getattr(event, "to_site", "")
    for bag in bags:
        state.inventory.record(said._replace(container=bag, to_site=to_site))


def refold(state: State) -> None:
    """Fold the product anew from its entries as they stand, once one of them says another thing."""
    state.inventory = Inventory()
    every: Handlers = {**HANDLERS, ParticipantTransferred: set_free}
    for position, event in state.events.of(*every):
        every[type(event)](state, position, event)


HANDLERS: Handlers = {
    product.ProductReceived: _received,
    product.ProductShipped: _shipped,
    product.ShipmentReceived: _shipment_received,
    product.ProductQuarantined: _moved,
    product.TemperatureExcursion: _moved,
    product.TemperatureExcursionAssessed: _moved,
    product.ProductReleased: _moved,
    product.ProductReturned: _moved,
    product.ProductDestroyed: _moved,
    product.ProductDifferenceExplained: _explained,
    product.ProductAssigned: _assigned,
    product.DosePrepared: _prepared,
    product.DoseAdministered: _given,
    product.DoseWithheld: _withheld,
}
