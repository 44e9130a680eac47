"""What the events of the product add to the state: where each bag is, and for whom it is held."""

from collections.abc import Iterable

from gradatim.conduct.events import product
from gradatim.conduct.events.base import Event
from gradatim.conduct.folding.handlers import Handlers
from gradatim.conduct.state import State
from gradatim.dosing.inventory import Container, Lot
from gradatim.dosing.movements import Movement


def _received(state: State, position: int, event: product.ProductReceived) -> None:
    lot = state.lots.setdefault(event.lot, Lot(event.lot))
    lot.donor = lot.donor or event.donor or ""
    lot.cell_bank = lot.cell_bank or event.cell_bank or ""
    for bag in event.bags:
        if bag.id not in lot.containers:
            state.inventory.put(_labelled(bag, event))
            _move(state, event, event.lot, (bag.id,), "received")


def _labelled(bag: product.Bag, event: product.ProductReceived) -> Container:
    """Return a bag as it is labelled; the viability beside a count of viable cells certifies it."""
    certified = bag.viability if bag.counted == "viable" else None
    return Container(
        bag.id,
        event.lot,
        kind=bag.container,
        volume_ml=bag.volume_ml,
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
    _move(state, event, event.lot, event.bags, word)


def _assigned(state: State, position: int, event: product.ProductAssigned) -> None:
    for one in state.inventory.find(event.lot, event.bags):
        state.inventory.put(one._replace(reserved_for=(event.participant, event.dose)))


def _prepared(state: State, position: int, event: product.DosePrepared) -> None:
    for drawn in event.drawn:
        for one in state.inventory.find(event.lot, (drawn.bag,)):
            reserved = (event.participant, event.dose)
            state.inventory.put(one._replace(reserved_for=reserved, drawn_ml=drawn.volume_ml))
        _move(state, event, event.lot, (drawn.bag,), "prepared")


def _given(state: State, position: int, event: product.DoseAdministered) -> None:
    for one in state.inventory.reserved(event.participant, event.dose):
        if one.drawn_ml is None and one.volume_ml is not None:
            state.inventory.put(one._replace(reserved_for=None))  # set aside and never opened
            continue
        _move(state, event, one.lot, (one.id,), "infused", one.drawn_ml)
        _move(state, event, one.lot, (one.id,), "discarded")


def _withheld(state: State, position: int, event: product.DoseWithheld) -> None:
    for one in state.inventory.reserved(event.participant, event.dose):
        if one.drawn_ml is None:  # not thawed: it can be given to another
            state.inventory.put(one._replace(reserved_for=None))
        else:
            _move(state, event, one.lot, (one.id,), "discarded")


def _move(
    state: State,
    event: Event,
    lot: str,
    bags: Iterable[str],
    word: str,
    volume_ml: float | None = None,
) -> None:
    """Let something happen to bags of a lot, in the words of `dosing.movements`."""
    whom = getattr(event, "participant", "")
    for bag in bags:
        state.inventory.record(
            Movement(lot, bag, word, event.recorded_at, event.recorded_by, volume_ml, whom)
        )


HANDLERS: Handlers = {
    product.ProductReceived: _received,
    product.ProductQuarantined: _moved,
    product.TemperatureExcursion: _moved,
    product.TemperatureExcursionAssessed: _moved,
    product.ProductReleased: _moved,
    product.ProductReturned: _moved,
    product.ProductDestroyed: _moved,
    product.ProductAssigned: _assigned,
    product.DosePrepared: _prepared,
    product.DoseAdministered: _given,
    product.DoseWithheld: _withheld,
}
