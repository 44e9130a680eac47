"""From the donor to the participant and back: donor, cell bank, lot, bags, dose, participant.

Source of the duty: Directive 2004/23/EC, article 8, and Commission Directive 2006/86/EC (cells are
traced from donor to recipient and back).
"""

from datetime import datetime
from typing import NamedTuple

from gradatim.conduct.events.product import DoseAdministered
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import Dose, doses
from gradatim.dosing.inventory import Lot

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
    from the lot and bags it was prepared from, else from those assigned to it. One that was given
    of two lots comes from each.
    """
    known = sorted(doses(state, participant).items())
    found: dict[tuple[int, str], DoseOrigin] = {}
    for _, dose in known:
        for event in sorted(dose.administrations, key=lambda one: one.started_at):
            lot, bags = _from(dose, event)
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
    """Return each administration with where it came from, in the order of time."""
    found = [
        (event, _origin(state, participant, event, *_from(dose, event)))
        for dose in doses(state, participant).values()
        for event in dose.administrations
    ]
    return sorted(found, key=lambda one: one[0].started_at)


def _from(dose: Dose, event: DoseAdministered) -> tuple[str, tuple[str, ...]]:
    """Return the lot and the bags that an administration was of; empty where no entry says so."""
    lot, bags = NO_LOT, tuple[str, ...]()
    if dose.assigned is not None:
        lot, bags = dose.assigned.lot, dose.assigned.bags
    if dose.prepared is not None:
        drawn = tuple(one.bag for one in dose.prepared.drawn)
        # A preparation without volumes (tablets) names no bags: those assigned are of it.
        bags = drawn or (bags if dose.prepared.lot == lot else ())
        lot = dose.prepared.lot
    if event.given:
        return event.lot or lot, tuple(one.bag for one in event.given)
    if event.lot is not None and event.lot != lot:
        return event.lot, ()
    return lot, bags


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
