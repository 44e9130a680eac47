"""The check at the bedside: what the protocol asks for, the labels, and who has checked."""

from datetime import datetime

from gradatim.conduct.days import begun_at, done_by
from gradatim.conduct.events.product import BedsideChecked
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import doses, entries_of
from gradatim.dosing.inventory import Container
from gradatim.protocol.base import Basis
from gradatim.protocol.treatment import BedsideCheck

ASSUMED = BedsideCheck(
    people=2,
    identifiers=2,
    basis=Basis.ASSUMED,
    source="WHO, Patient Safety Solutions 2 (2007); FACT-JACIE Standards, 8th edition",
    note="The protocol does not say who checks person and product at the bedside.",
)
"""What is asked for where a protocol says nothing of it."""


def bedside_rules(state: State, one: Participant | None = None) -> BedsideCheck:
    """Return what the protocol asks for at the bedside of a participant, or what is assumed."""
    return state.governing("treatment", one).treatment.bedside or ASSUMED


def bags_of_dose(state: State, participant: str, dose: int) -> list[Container]:
    """Return the bags of the latest preparation of a dose, in their order."""
    keys = state.inventory.prepared.get((participant, dose), ())
    return [one for lot, bag in keys for one in state.inventory.find(lot, (bag,))]


def checked_by(
    state: State, one: Participant, dose: int, before: datetime | None = None
) -> tuple[str, ...]:
    """Return who has checked at the bedside since the dose was prepared as it is, each once.

    Args:
        state: the trial.
        one: whose dose.
        dose: its number.
        before: when the dose began, if it has: who checked later did not check before it.
    """
    known = doses(state, one).get(dose)
    since = known.prepared_since if known else 0
    return tuple(
        dict.fromkeys(
            done_by(event)
            for at, event in entries_of(state, one, BedsideChecked)
            if event.dose == dose
            and at > since
            and (before is None or (begun_at(event) or event.recorded_at) <= before)
        )
    )
