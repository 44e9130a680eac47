"""From the donor to the participant and back: donor, cell bank, lot, bags, dose, participant.

Source of the duty: Directive 2004/23/EC, article 8, and Commission Directive 2006/86/EC (cells are
traced from donor to recipient and back).
"""

from datetime import datetime
from typing import NamedTuple

from gradatim.conduct.events.product import DoseAdministered
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import Dose, doses
from gradatim.dosing.inventory import ROUNDING, Lot

NO_LOT = ""
"""Stands for the lot of a dose that no entry names."""


class DoseOrigin(NamedTuple):
    """Where one given dose came from; what no entry names is empty.

    Args:
        participant: who was given it.
        dose: its number.
        started_at: when it was first given.
    """

    participant: str
    dose: int
    started_at: datetime
    lot: str
    bags: tuple[str, ...]
    donor: str
    cell_bank: str


def dose_origins(state: State, participant: Participant) -> tuple[DoseOrigin, ...]:
    """Return where each dose that was given came from, in the order of their numbers.

    A dose comes from the bags that its administration names, whoever they were prepared for; else
    from every lot that it was prepared from, unless it is accounted for that nothing of it was
    given; else from the bags assigned to it. One that may be of two lots comes from each.
    """
    found: dict[tuple[int, str], DoseOrigin] = {}
    for _, dose in sorted(doses(state, participant).items()):
        for event in sorted(dose.administrations, key=lambda one: one.started_at):
            for lot, bags in _from(state, dose, event).items():
                before = found.get((dose.number, lot))
                if before is None:
                    found[dose.number, lot] = _origin(state, participant, event, lot, bags)
                else:
                    more = tuple(dict.fromkeys((*before.bags, *bags)))
                    found[dose.number, lot] = before._replace(bags=more)
    return tuple(found.values())


def administration_origins(
    state: State, participant: Participant
) -> list[tuple[DoseAdministered, DoseOrigin]]:
    """Return each administration with where it came from, in the order of time.

    One that may be of two lots is there with each.
    """
    found = [
        (event, _origin(state, participant, event, lot, bags))
        for dose in doses(state, participant).values()
        for event in dose.administrations
        for lot, bags in _from(state, dose, event).items()
    ]
    return sorted(found, key=lambda one: one[0].started_at)


def _from(state: State, dose: Dose, event: DoseAdministered) -> dict[str, tuple[str, ...]]:
    """Return the bags of an administration by lot; of no lot where no entry says so."""
    known = {
        lot: bags for lot, bags in dose.sources.items() if not _surely_not_given(state, lot, bags)
    } or dose.sources
    if event.given:
        named = tuple(one.bag for one in event.given)
        lots = [event.lot] if event.lot is not None else _drawn_from(dose, named)
        return dict.fromkeys(lots or list(known)[-1:] or [NO_LOT], named)
    if event.lot is not None:
        return {event.lot: dose.sources.get(event.lot, ())}
    return known or {NO_LOT: ()}


def _drawn_from(dose: Dose, named: tuple[str, ...]) -> list[str]:
    """Return the lots that a dose was prepared from of which a bag has one of these numbers."""
    return [lot for lot, bags in dose.sources.items() if not set(bags).isdisjoint(named)]


def _surely_not_given(state: State, lot: str, bags: tuple[str, ...]) -> bool:
    """Whether all that bags held went elsewhere: it was discarded, went back or was destroyed."""
    found = state.inventory.find(lot, bags)
    return (
        bool(found)
        and len(found) == len(bags)
        and all(
            one.content and not one.uses and one.left <= ROUNDING * one.content for one in found
        )
    )


def _origin(
    state: State, participant: Participant, event: DoseAdministered, lot: str, bags: tuple[str, ...]
) -> DoseOrigin:
    known = state.lots.get(lot, Lot(lot))
    return DoseOrigin(
        participant.id, event.dose, event.started_at, lot, bags, known.donor, known.cell_bank
    )


def doses_by_lot(state: State, participant: Participant) -> dict[str, list[int]]:
    """Return the numbers of the doses that were given, by lot, in the order of their use."""
    found: dict[str, list[int]] = {}
    for one in dose_origins(state, participant):
        found.setdefault(one.lot, []).append(one.dose)
    return found


def lots_of(state: State, participant: Participant) -> tuple[str, ...]:
    """Return the lots that a participant's doses were given from, each once, in that order."""
    return tuple(doses_by_lot(state, participant))


def doses_of_lot(state: State, lot: str) -> tuple[DoseOrigin, ...]:
    """Return every dose that was given from a lot, in the order of time."""
    found = [
        one
        for participant in state.participants.values()
        for one in dose_origins(state, participant)
        if one.lot == lot
    ]
    return tuple(sorted(found, key=lambda one: (one.started_at, one.participant)))
