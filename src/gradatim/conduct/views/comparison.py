"""What was prepared beside what should have been: each amount with the plan, and how far it is off.

The plan is the dose of the level, by the weight that counts of those recorded: not what somebody
typed as planned. Where that is not known, nothing is taken to agree with it. A factor is said as
one, since a tenfold amount reads like the right one.
"""

from collections.abc import Iterator
from datetime import date, datetime
from enum import Enum
from typing import NamedTuple

from gradatim.conduct.events.product import DosePrepared
from gradatim.conduct.messages import Breach, Standing
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.allowances import level_of_dose
from gradatim.conduct.views.doses import doses
from gradatim.conduct.views.weights import weights_for_dose
from gradatim.core.errors import UnusableInput
from gradatim.core.message import Message, Number, Term, Text
from gradatim.core.quantity import Quantity, compare_numbers, shown_unit
from gradatim.core.truth import TRUE, UNKNOWN, Truth, truth_of
from gradatim.dosing.counting import per_measure
from gradatim.dosing.inventory import ROUNDING
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
        truth: whether it is within the tolerance; UNKNOWN where the plan is not known.
        fold: whether it is so many times the plan, or such a part of it, that it is told as a
            factor.
        departs: how it departs, or why nobody knows, in a sentence.
    """

    what: ComparedAmount
    recorded: Quantity
    plan: Quantity | None
    off: float | None
    truth: Truth
    fold: bool
    departs: Message


class DosePlan(NamedTuple):
    """What a dose should be.

    Args:
        prepared: the dose by level and weights; None where it cannot be computed.
        doubt: why it is not known, or not known to be right; empty where it is.
    """

    prepared: Prepared | None
    doubt: Text


def beside_the_plan(state: State, participant: str, dose: int) -> list[Compared]:
    """Return the latest preparation of a dose beside the plan; empty before it."""
    one = state.participants.get(participant)
    known = doses(state, one).get(dose) if one else None
    if one is None or known is None or known.prepared is None:
        return []
    return list(_compared(state, one, known.prepared))


def plan_of(
    state: State,
    one: Participant,
    dose: int,
    day: date,
    *,
    since: date | None = None,
    until: datetime | None = None,
) -> DosePlan:
    """Return what a dose of a participant should be on a day, by the weights that are recorded.

    Args:
        state: the trial.
        one: whose dose.
        dose: its number; the committee may have allowed it at a lower level.
        day: the day of the dose.
        since, until: which weights count, as for `weights_for_dose`.
    """
    study = state.governing("treatment", one)
    level = level_of_dose(state, one, dose)
    if level is None:
        return DosePlan(None, Breach.NO_DOSE_LEVEL(participant=Term(one.id)))
    weights = None
    if study.treatment.administration.dose_per:
        recorded = weights_for_dose(state, one, day, since=since, until=until)
        if recorded.weights is None:
            return DosePlan(None, Breach.NO_WEIGHT(participant=Term(one.id)))
        if recorded.doubt:
            return DosePlan(None, recorded.doubt)
        weights = recorded.weights
    try:
        right = prepare(study, level, weights)
    except UnusableInput as error:
        return DosePlan(None, str(error))
    weight = right.weight
    return DosePlan(right, "" if weight is None or weight.truth is TRUE else weight.message)


def _compared(state: State, one: Participant, made: DosePrepared) -> Iterator[Compared]:
    rules = state.governing("treatment", one).treatment.preparation
    tolerance = rules.tolerance if rules else ROUNDING
    right, doubt = plan_of(state, one, made.dose, made.occurred_on)
    plan = right.planned if right else None
    if plan is not None and plan.unit != made.unit:
        plan, doubt = None, Breach.PLANNED_UNKNOWN()
    recorded, amount = Quantity(made.planned, made.unit), Quantity(made.amount, made.unit)
    yield _line(ComparedAmount.PLANNED, recorded, plan, tolerance, doubt)
    yield _line(ComparedAmount.AMOUNT, amount, plan, tolerance, doubt)
    held = _held(state, made, rules)
    if held is not None:
        yield _line(ComparedAmount.HELD, Quantity(held, made.unit), amount, tolerance)
    if made.weight_kg is not None and right is not None and right.weights is not None:
        day = Quantity(right.weights.on_day, "kg")
        yield _line(ComparedAmount.WEIGHT, Quantity(made.weight_kg, "kg"), day, tolerance)


def _line(
    what: ComparedAmount,
    recorded: Quantity,
    plan: Quantity | None,
    tolerance: float,
    doubt: Text = "",
) -> Compared:
    unsure = Standing.NO_PLAN(why=doubt)
    if plan is None or not plan.value:
        return Compared(what, recorded, None, None, UNKNOWN, False, unsure)
    ratio = recorded.value / plan.value
    fold = not 1 / FOLD < ratio < FOLD
    told = {"amount": _shown(recorded), "planned": _shown(plan)}
    departs = (
        Standing.TENFOLD(times=Number(ratio, ".3g"), **told)
        if fold
        else Standing.OFF(off=Number(ratio - 1, "+.1%"), **told)
    )
    within = truth_of(compare_numbers(abs(ratio - 1), "<=", tolerance))
    if doubt and within is TRUE:
        within, departs = UNKNOWN, unsure
    return Compared(what, recorded, plan, ratio - 1, within, fold, departs)


def _shown(quantity: Quantity) -> Term:
    return Term(f"{quantity.value:,.10g} {shown_unit(quantity.unit)}".rstrip())


def _held(state: State, made: DosePrepared, rules: Preparation | None) -> float | None:
    """Return what the drawn volumes or pieces hold, in the unit of the dose; None if unknown."""
    total, seen = 0.0, False
    for drawn in made.drawn:
        for bag in state.inventory.find(made.lot, (drawn.bag,)):
            each = per_measure(bag, rules.counts if rules else None)
            taken = drawn.pieces if bag.volume_ml is None else drawn.volume_ml
            if each is None or taken is None:
                return None
            total, seen = total + taken * each, True
    return total if seen else None
