"""From the donor to the participant and back: donor, cell bank, lot, bag, participant.

Source of the duty: EU Directive 2004/23/EC, article 8, and Commission Directive 2006/86/EC (cells
are traced from donor to recipient and back).
"""

from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from gradatim.core.truth import TRUE, UNKNOWN
from gradatim.core.verdict import Reason, Verdict
from gradatim.dosing.accountability import Stock
from gradatim.dosing.movements import Lot

T = TypeVar("T")
NO_LOT = ""
"""The group of those who were given nothing, or of whom no lot is known."""


class Trace(NamedTuple):
    """The way of one bag; what is not known is empty."""

    donor: str
    cell_bank: str
    lot: str
    bag: str
    participants: tuple[str, ...]


def trace(stock: Stock, bag: str) -> Trace:
    """Give the way of a bag from its donor to whom it was infused to."""
    if bag not in stock.bags:
        return Trace("", "", "", bag, ())
    status = stock.bags[bag]
    lot = stock.lots.get(status.bag.lot, Lot(status.bag.lot))
    return Trace(lot.donor, lot.cell_bank, lot.id, bag, status.given_to)


def traceable(stock: Stock, bag: str) -> Verdict:
    """Say whether the way of a bag is known from the donor on; UNKNOWN names what is missing."""
    found = trace(stock, bag)
    missing = [name for name in ("donor", "cell_bank", "lot") if not getattr(found, name)]
    if missing:
        names = " and ".join(missing).replace("_", " ")
        return Verdict(UNKNOWN, f"{bag}: {names} not known", reason=Reason.NO_RECORD)
    return Verdict(
        TRUE, f"{bag}: donor {found.donor}, cell bank {found.cell_bank}, lot {found.lot}"
    )


def participants_of(stock: Stock, lot: str) -> tuple[str, ...]:
    """Give the participants who were given any of a lot, each once, in the order of the bags."""
    given = [who for one in stock.bags.values() if one.bag.lot == lot for who in one.given_to]
    return tuple(dict.fromkeys(given))


def lots_of(stock: Stock, participant: str) -> tuple[str, ...]:
    """Give the lots that a participant was given, each once."""
    lots = [one.bag.lot for one in stock.bags.values() if participant in one.given_to]
    return tuple(dict.fromkeys(lots))


def by_lot(stock: Stock, rows: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    """Group rows of participants by lot, for tables of safety.

    Args:
        stock: who was given what.
        rows: participant and anything that is counted, such as an adverse event.

    Returns:
        The rows under each lot; under two if the participant was given two, and under `NO_LOT` if
        none is known. No row is lost.
    """
    groups: dict[str, list[T]] = {lot: [] for lot in stock.lots}
    for participant, row in rows:
        for lot in lots_of(stock, participant) or (NO_LOT,):
            groups.setdefault(lot, []).append(row)
    return groups
