"""The product as accountability sees it: where every millilitre of every lot is."""

from collections.abc import Iterator

from gradatim.conduct.state import State
from gradatim.dosing.accountability import Balance, Stock, balances, fold
from gradatim.dosing.movements import Bag, Lot


def stock(state: State) -> Stock:
    """Give every bag with what became of it; only of what comes in millilitres."""
    lots = [Lot(one.id, one.donor, one.cell_bank) for one in state.lots.values()]
    bags = list(_bags(state))
    known = {bag.id for bag in bags}
    return fold(lots, bags, [one for one in state.movements if one.bag in known])


def _bags(state: State) -> Iterator[Bag]:
    for lot in state.lots.values():
        for unit in lot.units.values():
            if unit.bag.volume_ml is not None:
                yield Bag(unit.bag.id, lot.id, unit.bag.volume_ml)


def accounts(state: State) -> tuple[Balance, ...]:
    """Give the account of each lot, which closes where every millilitre is accounted for."""
    return balances(stock(state))
