"""What was prepared beside what should have been: each amount with the plan, and how far it is off.

The plan is the dose of the level, by the weight that counts of those recorded: not what somebody
typed as planned. A factor is said as one, since a tenfold amount reads like the right one.
"""

from collections.abc import Iterator
from datetime import date
from enum import Enum
from typing import NamedTuple

from gradatim.conduct.events.product import DosePrepared
from gradatim.conduct.messages import Standing
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import doses
from gradatim.conduct.views.weights import weights_for_dose
from gradatim.core.errors import UnusableInput
from gradatim.core.message import Message, Number, Term
from gradatim.core.quantity import Quantity, compare_numbers, shown_unit
from gradatim.core.truth import UNKNOWN, Truth, truth_of
from gradatim.dosing.counting import cells_that_count
from gradatim.dosing.inventory import ROUNDING, Container
from gradatim.dosing.preparation import prepare
from gradatim.dosing.prepared import Prepared
from gradatim.protocol.treatment import Preparation

FOLD = 1.95
"""From which factor on an amount is said to be so many times the plan."""


class ComparedAmount(Enum):
    """What of a preparation is compared."""

    PLANNED = "planned, as recorded"
    AMOUNT = "amount prepared"
    HELD = "amount that was drawn holds"
    WEIGHT = "body weight"


class Compared(NamedTuple):
    """One amount of a preparation beside the plan.

    Args:
        what: which.
        recorded: as it is recorded.
        plan: what it should be; None where that is not known.
        off: by which part it departs from that.
        truth: whether it is within the tolerance.
        fold: whether it is so many times the plan, or such a part of it, that it is told as a
            factor.
        departs: how it departs, in a sentence.
    """

    what: ComparedAmount
    recorded: Quantity
    plan: Quantity | None
    off: float | None
    truth: Truth
    fold: bool
    departs: Message | str


def beside_the_plan(state: State, participant: str, dose: int) -> list[Compared]:
    """Return the latest preparation of a dose beside the plan; empty before it."""
    one = state.participants.get(participant)
    known = doses(state, one).get(dose) if one else None
    if one is None or known is None or known.prepared is None:
        return []
    return list(_compared(state, one, known.prepared))


def plan_of(state: State, one: Participant, day: date) -> Prepared | None:
    """Return the dose of a participant's level on a day; None where it is not known.

    A doubtful weight gives no plan.
    """
    study = state.governing("treatment", one)
    if one.level is None:
        return None
    weights = None
    if study.treatment.administration.dose_per:
        recorded = weights_for_dose(state, one, day)
        if recorded.weights is None or recorded.doubt:
            return None
        weights = recorded.weights
    try:
        return prepare(study, one.level, weights)
    except UnusableInput:
        return None


def _compared(state: State, one: Participant, made: DosePrepared) -> Iterator[Compared]:
    rules = state.governing("treatment", one).treatment.preparation
    tolerance = rules.tolerance if rules else ROUNDING
    found = plan_of(state, one, made.occurred_on)
    plan = found.planned if found and found.planned.unit == made.unit else None
    recorded = Quantity(made.planned, made.unit)
    yield _line(ComparedAmount.PLANNED, recorded, plan, tolerance)
    amount = Quantity(made.amount, made.unit)
    yield _line(ComparedAmount.AMOUNT, amount, plan or recorded, tolerance)
    held = _held(state, made, rules)
    if held is not None:
        yield _line(ComparedAmount.HELD, Quantity(held, made.unit), amount, tolerance)
    if made.weight_kg is not None and found is not None and found.weights is not None:
        day = Quantity(found.weights.on_day, "kg")
        yield _line(ComparedAmount.WEIGHT, Quantity(made.weight_kg, "kg"), day, tolerance)


def _line(
    what: ComparedAmount, recorded: Quantity, plan: Quantity | None, tolerance: float
) -> Compared:
    if plan is None or not plan.value:
        return Compared(what, recorded, None, None, UNKNOWN, False, "")
    ratio = recorded.value / plan.value
    fold = not 1 / FOLD < ratio < FOLD
    told = {"amount": _shown(recorded), "planned": _shown(plan)}
    departs = (
        Standing.TENFOLD(times=Number(ratio, ".3g"), **told)
        if fold
        else Standing.OFF(off=Number(ratio - 1, "+.1%"), **told)
    )
    within = compare_numbers(abs(ratio - 1), "<=", tolerance)
    return Compared(what, recorded, plan, ratio - 1, truth_of(within), fold, departs)


def _shown(quantity: Quantity) -> Term:
    return Term(f"{quantity.value:,.10g} {shown_unit(quantity.unit)}".rstrip())


def _held(state: State, made: DosePrepared, rules: Preparation | None) -> float | None:
    """Return what the drawn volumes or pieces hold, in the unit of the dose; None if unknown."""
    total, seen = 0.0, False
    for drawn in made.drawn:
        for bag in state.inventory.find(made.lot, (drawn.bag,)):
            each = _per_measure(bag, rules)
            taken = drawn.pieces if bag.volume_ml is None else drawn.volume_ml
            if each is None or taken is None:
                return None
            total, seen = total + taken * each, True
    return total if seen else None


def _per_measure(bag: Container, rules: Preparation | None) -> float | None:
    if bag.volume_ml is None:
        return bag.strength
    if rules is None or bag.concentration is None:
        return None
    return cells_that_count(bag.concentration, rules.counts)
