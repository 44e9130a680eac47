"""What the events of the product add to the state: where each bag is, and for whom it is held."""

from collections.abc import Iterable

from gradatim.conduct.events import product
from gradatim.conduct.events.base import Event
from gradatim.conduct.folding.handlers import Handlers
from gradatim.conduct.state import Lot, State, Unit
from gradatim.dosing.movements import Movement, after


def _received(state: State, position: int, event: product.ProductReceived) -> None:
    lot = state.lots.setdefault(event.lot, Lot(event.lot))
    lot.donor = lot.donor or event.donor or ""
    lot.cell_bank = lot.cell_bank or event.cell_bank or ""
    for bag in event.bags:
        if bag.id not in lot.units:
            lot.units[bag.id] = Unit(bag, event.lot, event.site)
            move(state, event, lot.units[bag.id], "received")


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
    for unit in units_of(state, event.lot, event.bags):
        move(state, event, unit, word)


def _assigned(state: State, position: int, event: product.ProductAssigned) -> None:
    for unit in units_of(state, event.lot, event.bags):
        unit.held_for = (event.participant, event.dose)


def _prepared(state: State, position: int, event: product.DosePrepared) -> None:
    for drawn in event.drawn:
        for unit in units_of(state, event.lot, (drawn.bag,)):
            unit.held_for, unit.drawn_ml = (event.participant, event.dose), drawn.volume_ml
            move(state, event, unit, "prepared")


def _given(state: State, position: int, event: product.DoseAdministered) -> None:
    for unit in held(state, event.participant, event.dose):
        if unit.drawn_ml is None and unit.bag.volume_ml is not None:
            unit.held_for = None  # set aside and never opened
            continue
        move(state, event, unit, "infused", unit.drawn_ml)
        move(state, event, unit, "discarded")


def _withheld(state: State, position: int, event: product.DoseWithheld) -> None:
    for unit in held(state, event.participant, event.dose):
        if unit.drawn_ml is None:
            unit.held_for = None  # not thawed: it can be given to another
        else:
            move(state, event, unit, "discarded")


def units_of(state: State, lot: str, bags: Iterable[str]) -> list[Unit]:
    """Give the bags of a lot that are known."""
    known = state.lots[lot].units if lot in state.lots else {}
    return [known[one] for one in bags if one in known]


def held(state: State, participant: str, dose: int) -> list[Unit]:
    """Give the bags held for a dose."""
    return [
        unit
        for lot in state.lots.values()
        for unit in lot.units.values()
        if unit.held_for == (participant, dose)
    ]


def move(state: State, event: Event, unit: Unit, word: str, volume: float | None = None) -> None:
    """Let something happen to a bag, in the words of `dosing.movements`."""
    whom = getattr(event, "participant", "")
    unit.status, _ = after(unit.status, word)
    state.movements.append(
        Movement(
            unit.bag.id,
            word,
            event.recorded_at,
            event.recorded_by,
            volume,
            whom,
            getattr(event, "reason", ""),
        )
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
