"""The doses of a participant: prepared, verified, signed for, given or withheld."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from gradatim.conduct.events.base import Event
from gradatim.conduct.events.product import (
    DoseAdministered,
    DosePrepared,
    DoseWithheld,
    PreDoseChecklistSigned,
    PreparationVerified,
    ProductAssigned,
)
from gradatim.conduct.state import Participant, State


@dataclass(slots=True)
class Dose:
    """One planned dose, by its number; what has not happened is None.

    Each field is the latest entry of that kind. A new preparation has to be verified and signed for
    anew.
    """

    number: int
    assigned: ProductAssigned | None = None
    prepared: DosePrepared | None = None
    verified: PreparationVerified | None = None
    signed: PreDoseChecklistSigned | None = None
    given: DoseAdministered | None = None
    withheld: DoseWithheld | None = None

    @property
    def authorised(self) -> bool:
        """Whether the checklist is signed, and the dose neither given nor withheld."""
        return self.signed is not None and self.given is None and self.withheld is None

    @property
    def fraction(self) -> float | None:
        """The part of the planned dose that was given; None if one of them is not known."""
        if self.given is None or self.prepared is None or self.prepared.unit != self.given.unit:
            return None
        return self.given.amount / self.prepared.planned


_FIELDS: dict[type[Event], str] = {
    ProductAssigned: "assigned", DosePrepared: "prepared", PreparationVerified: "verified",
    PreDoseChecklistSigned: "signed", DoseAdministered: "given", DoseWithheld: "withheld",
}  # fmt: skip


def entries(state: State, participant: Participant) -> Iterator[tuple[int, Event]]:
    """Give a participant's entries as they stand corrected, in the order of the ledger."""
    for position in participant.entries:
        yield position, state.events[position]


def doses(state: State, participant: Participant) -> dict[int, Dose]:
    """Give a participant's doses by number."""
    return participant.remembered("doses", lambda: _doses(state, participant))


def _doses(state: State, participant: Participant) -> dict[int, Dose]:
    found: dict[int, Dose] = {}
    for _, event in entries(state, participant):
        name = _FIELDS.get(type(event))
        if name is not None:
            number = event.dose  # type: ignore[attr-defined]  # each of these types has it
            dose = found.setdefault(number, Dose(number))
            if name == "prepared":  # what was verified and signed for was another preparation
                dose.verified = dose.signed = None
            setattr(dose, name, event)
    return found


def given(state: State, participant: Participant) -> list[DoseAdministered]:
    """Give the doses administered, in the order of time."""
    done = [one.given for one in doses(state, participant).values() if one.given is not None]
    return sorted(done, key=lambda one: one.started_at)


def first_dose_at(state: State, participant: Participant) -> datetime | None:
    """Give when the first dose began; None before it."""
    done = given(state, participant)
    return done[0].started_at if done else None
