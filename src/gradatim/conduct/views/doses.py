"""The doses of a participant: prepared, verified, signed for, given or withheld."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar, overload

from gradatim.conduct.days import day_of
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.participants import EntryVoided, VoidConfirmed
from gradatim.conduct.events.product import (
    BedsideChecked,
    DoseAdministered,
    DosePrepared,
    DoseWithheld,
    PreDoseChecklistSigned,
    PreparationVerified,
    ProductAssigned,
)
from gradatim.conduct.state import Participant, State

A = TypeVar("A", bound=Event)
B = TypeVar("B", bound=Event)
C = TypeVar("C", bound=Event)


@dataclass(slots=True)
class Dose:
    """One planned dose, by its number; what has not happened is None.

    Each field is the latest entry of that kind. A preparation that is new, or was corrected, has to
    be verified and signed for anew.

    Args:
        number: from 1.
        preparations: every time it was recorded as prepared, in the order of the entries.
        administrations: every time it was recorded as given: what is recorded twice is not lost.
        at: positions of the latest entries, by field.
        prepared_since: the entry since which its preparation is as it is: made, corrected, or what
            is left once another was marked as made in error; what was signed before is of another.
    """

    number: int
    assigned: ProductAssigned | None = None
    prepared: DosePrepared | None = None
    verified: PreparationVerified | None = None
    signed: PreDoseChecklistSigned | None = None
    checked: BedsideChecked | None = None
    withheld: DoseWithheld | None = None
    preparations: list[DosePrepared] = field(default_factory=list)
    administrations: list[DoseAdministered] = field(default_factory=list)
    at: dict[str, int] = field(default_factory=dict)
    prepared_since: int = 0

    @property
    def given(self) -> DoseAdministered | None:
        """The dose as it was first given."""
        return min(self.administrations, key=lambda one: one.started_at, default=None)

    @property
    def sources(self) -> dict[str, tuple[str, ...]]:
        """The bags by the lots that it was prepared from, else those that were assigned to it."""
        assigned = {self.assigned.lot: self.assigned.bags} if self.assigned else {}
        found: dict[str, tuple[str, ...]] = {}
        for made in self.preparations:
            # A preparation without volumes (tablets) names no bags: those assigned are of it.
            bags = tuple(one.bag for one in made.drawn) or assigned.get(made.lot, ())
            found[made.lot] = tuple(dict.fromkeys((*found.get(made.lot, ()), *bags)))
        return found or assigned

    @property
    def authorised(self) -> bool:
        """Whether the checklist is signed, and the dose neither given nor withheld.

        One signed on paper is of a dose that was given then, and authorises none.
        """
        signed = self.signed is not None and self.signed.paper is None
        return signed and not self.administrations and self.withheld is None

    @property
    def fraction(self) -> float | None:
        """The part of the planned dose that was given; None if one of them is not known."""
        if (
            not self.administrations
            or self.prepared is None
            or any(one.unit != self.prepared.unit for one in self.administrations)
        ):
            return None
        return sum(one.amount for one in self.administrations) / self.prepared.planned


_FIELDS: dict[type[Event], str] = {
    ProductAssigned: "assigned",
    DosePrepared: "prepared",
    PreparationVerified: "verified",
    PreDoseChecklistSigned: "signed",
    BedsideChecked: "checked",
    DoseWithheld: "withheld",
}


def entries(state: State, participant: Participant) -> Iterator[tuple[int, Event]]:
    """Give a participant's entries as they stand corrected, in the order of the ledger."""
    for position in participant.entries:
        yield position, state.events[position]


@overload
def entries_of(
    state: State, participant: Participant, kind: type[A], /
) -> Iterator[tuple[int, A]]: ...
@overload
def entries_of(
    state: State, participant: Participant, kind: type[A], other: type[B], /
) -> Iterator[tuple[int, A | B]]: ...
@overload
def entries_of(
    state: State, participant: Participant, kind: type[A], other: type[B], third: type[C], /
) -> Iterator[tuple[int, A | B | C]]: ...
@overload
def entries_of(
    state: State, participant: Participant, /, *kinds: type[Event]
) -> Iterator[tuple[int, Event]]: ...
def entries_of(
    state: State, participant: Participant, /, *kinds: type[Event]
) -> Iterator[tuple[int, Any]]:
    """Give a participant's entries of some types, as `entries` does; no others are read."""
    found = [at for kind in kinds for at in participant.entries_of.get(kind, ())]
    for position in sorted(found):
        yield position, state.events[position]


def doses(state: State, participant: Participant) -> dict[int, Dose]:
    """Give a participant's doses by number."""
    return participant.grown(
        "doses",
        lambda: _doses(state, participant),
        lambda known, positions: _further(state, participant, known, positions),
    )


def _further(
    state: State, participant: Participant, known: dict[int, Dose], positions: list[int]
) -> dict[int, Dose]:
    """Return the doses after more entries, of which few are of any dose."""
    of_doses = any(isinstance(state.events[at], (DoseAdministered, *_FIELDS)) for at in positions)
    return _doses(state, participant) if of_doses else known


def _doses(state: State, participant: Participant) -> dict[int, Dose]:
    found: dict[int, Dose] = {}
    for position, event in entries_of(state, participant, DoseAdministered, *_FIELDS):
        number = event.dose  # type: ignore[attr-defined]  # each of these types has it
        dose = found.setdefault(number, Dose(number))
        if isinstance(event, DoseAdministered):
            dose.administrations.append(event)
            continue
        if isinstance(event, DosePrepared):
            dose.preparations.append(event)
        name = _FIELDS[type(event)]
        setattr(dose, name, event)
        dose.at[name] = position
    marked = _preparations_marked(state, participant)
    for number, dose in found.items():
        prepared = dose.at.get("prepared", 0)
        corrections = state.corrected_by.get(prepared, [])
        # One before it never stood in its place: whether that counts changes nothing.
        since = [at for made, at in marked.get(number, ()) if made >= prepared]
        dose.prepared_since = max([prepared, *corrections, *since])
        _anew(dose)
    return found


def _preparations_marked(
    state: State, participant: Participant
) -> dict[int, list[tuple[int, int]]]:
    """Return preparations with since when they do not count, or count again, by their dose."""
    marked = []
    for position in participant.voided:
        void = state.voids.get(position)
        if void is not None and void.since is not None:
            marked.append((position, void.since))
    for at, event in entries_of(state, participant, EntryVoided, VoidConfirmed):
        said = state.events[event.of]
        if isinstance(said, EntryVoided) and not _waits(state, at):
            marked.append((_marked(state, said), at))
    found: dict[int, list[tuple[int, int]]] = {}
    for position, at in marked:
        made = state.events[position]
        if isinstance(made, DosePrepared):
            found.setdefault(made.dose, []).append((position, at))
    return found


def _waits(state: State, position: int) -> bool:
    """Whether the mark that a mark was in error still waits for somebody to sign it."""
    void = next((one for one in state.voids.values() if one.position == position), None)
    return void is not None and void.since is None


def _marked(state: State, said: EntryVoided) -> int:
    """Return the entry that a mark is about, or the mark that it takes back."""
    made = state.events[said.of]
    return _marked(state, made) if isinstance(made, EntryVoided) else said.of


def _anew(dose: Dose) -> None:
    """Drop what was verified and signed before the preparation was as it is now."""
    since = dose.prepared_since
    for name in ("verified", "signed", "checked"):
        if dose.at.get(name, since) < since:
            setattr(dose, name, None)


def given(state: State, participant: Participant) -> list[DoseAdministered]:
    """Give the doses administered, in the order of time."""
    known = doses(state, participant).values()
    done = [event for one in known for event in one.administrations]
    return sorted(done, key=lambda one: one.started_at)


def first_dose(state: State, participant: Participant) -> DoseAdministered | None:
    """Give the first dose administered; None before it."""
    done = given(state, participant)
    return done[0] if done else None


def dose_days(state: State, participant: Participant) -> list[date]:
    """Give the days of the doses administered, by the clocks of their site, in their order."""
    return [day_of(state, one) for one in given(state, participant)]


def first_dose_on(state: State, participant: Participant) -> date | None:
    """Give the day of the first dose, by the clocks of its site; None before it."""
    dose = first_dose(state, participant)
    return None if dose is None else day_of(state, dose)


def first_dose_at(state: State, participant: Participant) -> datetime | None:
    """Give when the first dose began; None before it."""
    dose = first_dose(state, participant)
    return None if dose is None else dose.started_at
