"""Listings of how the trial was conducted: deviations, lots, abnormal results nobody signed."""

from collections import Counter
from datetime import date
from typing import NamedTuple

from gradatim.analysis.groups import dosed, people
from gradatim.analysis.listings import Who, who
from gradatim.conduct.state import Deviation, Participant, State
from gradatim.conduct.views.grades import Graded, unsigned
from gradatim.conduct.views.traceability import doses_by_lot
from gradatim.core.quantity import Quantity
from gradatim.dosing.inventory import Lot


class DeviationLine(NamedTuple):
    """A broken rule of the protocol.

    Args:
        who: of whom; None where it is of nobody in particular.
        of: the entry that shows it.
        important: as recorded, or as a person judged it since.
        action: what a person said was done; empty while nobody has reviewed it.
        recorded_by: `gradatim` where the rule found it.
    """

    position: int
    on: date
    who: Who | None
    rule: str
    description: str
    of: int | None
    important: bool
    action: str
    recorded_by: str


class _LotRecipient(NamedTuple):
    """A participant who had doses from a lot: which doses, and which other lots besides."""

    who: Who
    doses: tuple[int, ...]
    other_lots: tuple[str, ...]


class LotLine(NamedTuple):
    """A lot, where it came from, who had doses of it, and where its containers are.

    Args:
        lot: its number; empty of doses given from a lot that no entry names.
        given: who had doses of it, in the order of first doses.
        statuses: how many containers there are in each status.
    """

    lot: str
    donor: str
    cell_bank: str
    given: tuple[_LotRecipient, ...]
    statuses: dict[str, int]

    @property
    def levels(self) -> tuple[int, ...]:
        """The dose levels it was used at."""
        return tuple(sorted({one.who.level for one in self.given if one.who.level is not None}))


class UnsignedLine(NamedTuple):
    """An abnormal result, or one that may be, which no investigator has signed for.

    Args:
        day: when it was measured, as far as it is known.
        value: as a person writes it, with its unit.
        possible: every grade that it may have.
        baseline: every grade that the baseline may have; empty without one.
        needs: what is missing to grade it.
    """

    position: int
    who: Who
    element: str
    label: str
    day: str
    value: str
    term: str
    possible: tuple[int, ...]
    baseline: tuple[int, ...]
    after_dose: bool
    because: str
    needs: str


def deviations(state: State, important: bool = False) -> tuple[DeviationLine, ...]:
    """Give the deviations, the important ones first, and each part in the order of the ledger.

    Args:
        state: the trial, already as of the data cut.
        important: give only the important ones.
    """
    found = sorted(state.deviations.values(), key=lambda one: (not one.important, one.position))
    return tuple(_deviation(state, one) for one in found if one.important or not important)


def _deviation(state: State, one: Deviation) -> DeviationLine:
    event = state.events[one.position]
    person = state.participants.get(one.participant or "")
    return DeviationLine(
        one.position,
        event.occurred_on,
        None if person is None else who(person),
        one.rule,
        one.description,
        one.of,
        one.important,
        one.action,
        event.recorded_by,
    )


def lots(state: State) -> tuple[LotLine, ...]:
    """Give every lot that was received or given from, in the order in which they came."""
    had: dict[str, list[_LotRecipient]] = {}
    for one in dosed(state):
        by_lot = doses_by_lot(state, one)
        for lot, numbers in by_lot.items():
            others = tuple(other for other in by_lot if other != lot)
            had.setdefault(lot, []).append(_LotRecipient(who(one), tuple(numbers), others))
    names = dict.fromkeys([*state.lots, *had])
    return tuple(_lot(state.lots.get(name) or Lot(name), had.get(name, ())) for name in names)


def _lot(one: Lot, had: list[_LotRecipient] | tuple[()]) -> LotLine:
    statuses = Counter(container.status for container in one.containers.values())
    return LotLine(one.id, one.donor, one.cell_bank, tuple(had), dict(statuses))


def unsigned_results(state: State) -> tuple[UnsignedLine, ...]:
    """Give the abnormal results whose clinical significance no investigator has signed."""
    return tuple(
        _unsigned(state, one, found) for one in people(state) for found in unsigned(state, one)
    )


def _unsigned(state: State, participant: Participant, one: Graded) -> UnsignedLine:
    element = state.governing("elements", participant).elements[one.element]
    fact = one.fact
    assert fact.value is not None  # nothing else is graded
    return UnsignedLine(
        one.position,
        who(participant),
        one.element,
        element.label,
        str(fact.start),
        str(Quantity(fact.value, fact.unit, fact.bound)),
        one.grade.term,
        one.grade.possible,
        one.baseline.possible if one.baseline else (),
        one.after_dose,
        one.grade.because,
        one.grade.needs,
    )
