"""Policies of a prepared and a given dose: the right amount, within the product's limits."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from gradatim.conduct.days import happened_at
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.product import (
    DoseAdministered,
    DosePrepared,
    PreDoseChecklistSigned,
    ProductDestroyed,
    ProductQuarantined,
    ProductReturned,
    ProductShipped,
    TemperatureExcursion,
    TemperatureExcursionAssessed,
)
from gradatim.conduct.folding.product import bags_given
from gradatim.conduct.messages import Breach, Standing, listed
from gradatim.conduct.policies.dosing import moment, this_dose
from gradatim.conduct.policies.entry import person
from gradatim.conduct.policies.verdicts import broken, either, every, holds, unknown
from gradatim.conduct.state import Participant, State
from gradatim.conduct.transfers import site_then
from gradatim.conduct.views.comparison import plan_of
from gradatim.conduct.views.weights import weights_for_dose
from gradatim.core.message import Argument, Number, Pair, Term, join
from gradatim.core.quantity import compare_numbers
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth
from gradatim.core.verdict import Verdict
from gradatim.dosing.counting import per_measure
from gradatim.dosing.inventory import ROUNDING, Container, ContainerKey
from gradatim.dosing.limits import DMSO_DENSITY, dmso, in_date, rate, thaw_clock, viability
from gradatim.dosing.product import Weights
from gradatim.dosing.weight import weight_used
from gradatim.protocol.study import Study

WEIGHING = 0.05
"""kg by which a weight that a preparation names may be rounded."""
Drawn = tuple[Container, float]
"""A bag, thawed as it was for a dose, with the mL drawn from it."""


def the_bags_were_released(state: State, event: DosePrepared) -> Verdict:
    """A dose is prepared from bags that are released."""
    bags = state.inventory.find(event.lot, (one.bag for one in event.drawn))
    wrong = [one for one in bags if one.status != "released"]
    if not wrong:
        return holds("they are released")
    return broken(Breach.BAGS(kind=Term(wrong[0].kind), bags=_told(wrong)))


def the_bags_were_assigned(state: State, event: DosePrepared) -> Verdict:
    """A dose is prepared from the bags that were set aside for it."""
    bags = state.inventory.find(event.lot, (one.bag for one in event.drawn))
    ours = {one.key for one in state.inventory.reserved(event.participant, event.dose)}
    if strange := [one.bag for one in event.drawn if (event.lot, one.bag) not in ours]:
        return broken(Breach.NOT_SET_ASIDE(bags=listed(strange)))
    return holds(f"{len(bags)} bags set aside for this dose")


def the_planned_dose_is_that_of_the_level(
    state: State, event: DosePrepared | DoseAdministered
) -> Verdict:
    """The planned dose is the level's, times the weight that counts where it is scaled by weight.

    The weight that counts is chosen by the protocol's rule from the weights recorded.
    """
    if isinstance(event, DosePrepared):
        return _planned_right(state, event, event.occurred_on, happened_at(state, event))
    prepared = this_dose(state, event).prepared
    if prepared is None:
        return unknown(Breach.NO_PREPARATION(dose=event.dose))
    return _planned_right(state, prepared, event.occurred_on, event.started_at)


def _planned_right(state: State, prepared: DosePrepared, day: date, moment: datetime) -> Verdict:
    """Whether what was planned is right on the day of a dose, by the weights taken until then."""
    one = person(state, prepared)
    study = state.governing("treatment", one)
    right, doubt = plan_of(state, one, prepared.dose, day, since=prepared.occurred_on, until=moment)
    if right is None:
        return unknown(doubt)
    weights = right.weights
    named = [] if weights is None else [_weight_named(study, prepared, weights)]
    if right.weight is not None and right.weight.truth is not TRUE:
        return every(right.weight, *named)
    same = right.planned.unit == prepared.unit and compare_numbers(
        abs(prepared.planned / right.planned.value - 1), "<=", ROUNDING
    )
    told = Breach.PLANNED_DOSE(level=right.level.number, quantity=right.planned)
    if right.weight:
        told = Breach.PLANNED_DOSE_BY(**told.arguments, weight=right.weight.text)
    return every(*named, either(same, f"it is {right.planned}", told))


def _weight_named(study: Study, prepared: DosePrepared, weights: Weights) -> Verdict:
    """Whether the weight that a preparation names is recorded: that of the day, or what counts."""
    said = prepared.weight_kg
    if said is None:
        return unknown(Breach.NO_WEIGHT_NAMED())
    counts = weight_used(study.treatment.administration, study.treatment.preparation, weights)
    known = (weights.on_day, counts.kg)
    return either(
        any(abs(said - kg) <= WEIGHING for kg in known),
        f"{said:g} kg is the weight of the day, or the one that counts",
        Breach.ANOTHER_WEIGHT(kg=Number(said, "g"), kg2=Number(weights.on_day, "g")),
    )


def the_amount_is_the_planned_one(state: State, event: DosePrepared | DoseAdministered) -> Verdict:
    """The dose is the planned one, within the protocol's tolerance."""
    one = person(state, event)
    rules = state.governing("treatment", one).treatment.preparation
    tolerance = rules.tolerance if rules else 0.0
    prepared = event if isinstance(event, DosePrepared) else this_dose(state, event).prepared
    if prepared is None or prepared.unit != event.unit:
        return unknown(Breach.PLANNED_UNKNOWN())
    off = event.amount / prepared.planned - 1
    return either(
        compare_numbers(abs(off), "<=", tolerance),
        f"it is {off:+.1%} off the planned dose",
        Breach.OFF_PLANNED(off=Number(off, "+.1%"), tolerance=Number(tolerance, ".0%")),
    )


def the_amount_is_what_was_drawn(state: State, event: DosePrepared) -> Verdict:
    """The dose is what the drawn volumes hold: viability is applied once, where it has to be."""
    rules = state.governing("treatment", person(state, event)).treatment.preparation
    drawn = list(_drawn(state, event))
    if rules is None or not drawn:
        return holds("it is not drawn from a fluid of cells")
    held = [(per_measure(bag, rules.counts), ml) for bag, ml in drawn]
    known = [each * ml for each, ml in held if each is not None]
    if len(known) < len(held):
        return unknown(Breach.CELLS_UNKNOWN(counted=Term(rules.counts)))
    total = sum(known)
    volume = sum(ml for _, ml in drawn)
    off = abs(event.amount / total - 1) if total else 1.0
    return either(
        compare_numbers(off, "<=", ROUNDING),
        f"{volume:.4g} mL hold {total:.4g} {rules.counts} cells",
        Breach.CELLS_OTHER(
            ml=Number(volume, ".4g"),
            n=Number(total, ".4g"),
            counted=Term(rules.counts),
            n2=Number(event.amount, ".4g"),
        ),
    )


def _drawn(state: State, event: DosePrepared) -> Iterator[Drawn]:
    """Yield the bags of fluid that a dose was drawn from, whatever their labels say."""
    for drawn in event.drawn:
        for bag in state.inventory.find(event.lot, (drawn.bag,)):
            if bag.volume_ml is not None:
                yield bag._replace(thawed_at=drawn.thawed_at), drawn.volume_ml


def the_preparation_keeps_its_limits(state: State, event: DosePrepared) -> Verdict:
    """Every bag is in date and viable enough, and the dose has not too much dimethyl sulfoxide."""
    rules = state.governing("treatment", person(state, event)).treatment.preparation
    drawn = list(_drawn(state, event))
    if rules is None or not drawn:
        return holds("there are no limits")
    kg = _weight_of_day(state, person(state, event), event)
    children = [dmso(_dmso(drawn, kg), rules.maximum_dmso)]
    for bag, _ in drawn:
        children += [
            in_date(bag, happened_at(state, event)),
            viability(bag.concentration, rules.minimum_viability, bag.certified_viability),
        ]
    return every(*children)


def _weight_of_day(state: State, one: Participant, event: DosePrepared) -> float | None:
    """Return the real weight on the day in kg; the one that the preparation names stands in."""
    known = weights_for_dose(state, one, event.occurred_on, until=happened_at(state, event)).weights
    return known.on_day if known and known.of_the_day else event.weight_kg


def _dmso(drawn: list[Drawn], weight_kg: float | None) -> float | None:
    """Give the dimethyl sulfoxide in what was drawn, in g per kg of body weight."""
    if weight_kg is None or any(bag.dmso_fraction is None for bag, _ in drawn):
        return None
    return sum(ml * (bag.dmso_fraction or 0) for bag, ml in drawn) * DMSO_DENSITY / weight_kg


def the_infusion_keeps_its_limits(state: State, event: DoseAdministered) -> Verdict:
    """The infusion ended in time after each thaw and before each expiry, and was not too fast."""
    one = person(state, event)
    rules = state.governing("treatment", one).treatment.preparation
    prepared = this_dose(state, event).prepared
    if rules is None or prepared is None:
        return (
            holds("there are no limits") if rules is None else unknown(Breach.PREPARATION_UNKNOWN())
        )
    children = []
    for bag in _bags_infused(state, event, prepared):
        children += [
            thaw_clock(bag, event.ended_at, rules.thaw_to_end),
            in_date(bag, event.ended_at),
        ]
    ran = minutes_run(event)
    children.append(rate(event.volume_ml, max(ran, 1 / 60), rules.maximum_rate))
    return every(*children)


_AFTER_DRAWING = ("prepared", "infused", "used", "discarded")
"""States of a bag that was drawn for a dose while nothing speaks against it."""
_AGAINST: tuple[type[Event], ...] = (
    ProductQuarantined,
    TemperatureExcursion,
    TemperatureExcursionAssessed,
    ProductReturned,
    ProductDestroyed,
    ProductShipped,
)
"""What speaks against bags: recalled, too warm, judged unfit, gone."""


def the_product_is_still_fit(state: State, event: DoseAdministered) -> Verdict:
    """Every bag of the dose was fit when it was given: not recalled, nor too warm, nor gone.

    What happened to a bag before the infusion ended counts, whenever it was recorded.
    """
    prepared = this_dose(state, event).prepared
    if prepared is None:
        return unknown(Breach.PREPARATION_UNKNOWN())
    asked = [(bag, _by_then(state, bag, event)) for bag in _unfit(state, prepared)]
    if wrong := [bag for bag, then in asked if then is TRUE]:
        return broken(Breach.BAGS(kind=Term(wrong[0].kind), bags=_told(wrong)))
    if unsure := [bag for bag, then in asked if then is UNKNOWN]:
        return unknown(Breach.BAGS_PERHAPS(kind=Term(unsure[0].kind), bags=_told(unsure)))
    return holds("its bags are fit")


def _told(bags: list[Container]) -> Argument:
    """Return bags, each with how it stands."""
    return join(
        [Standing.BAG(bag=Term(one.id), status=Term(one.status)) for one in bags], Pair.COMMA
    )


def _unfit(state: State, prepared: DosePrepared) -> Iterator[Container]:
    """Yield the bags and boxes of a dose that something speaks against."""
    drawn = {(prepared.lot, one.bag) for one in prepared.drawn}
    mine = state.inventory.find(prepared.lot, (one.bag for one in prepared.drawn))
    for bag in mine:
        if bag.status not in _AFTER_DRAWING and not bag.on_its_shelf:
            yield bag
    for box in state.inventory.reserved(prepared.participant, prepared.dose):
        whole = box.volume_ml is None and box.key not in drawn
        if whole and box.status not in ("released", *_AFTER_DRAWING):
            yield box


def _by_then(state: State, bag: Container, event: DoseAdministered) -> Truth:
    """Say whether a bag was unfit by the end of an infusion.

    It was where no entry says since when. Of what is told of that day after the end nobody knows
    when it happened; but that a bag went back, or was destroyed, is told as it is done.
    """
    made: list[Any] = [
        one
        for kind in _AGAINST
        for _, one in state.events.of(kind)
        if one.lot == bag.lot and bag.id in one.bags  # type: ignore[attr-defined]
    ]
    if not made or any(
        one.occurred_on < event.occurred_on or one.recorded_at <= event.ended_at for one in made
    ):
        return TRUE
    same = any(
        one.occurred_on == event.occurred_on
        and not isinstance(one, ProductReturned | ProductDestroyed | ProductShipped)
        for one in made
    )
    return UNKNOWN if same else FALSE


def _bags_infused(
    state: State, event: DoseAdministered, prepared: DosePrepared
) -> Iterator[Container]:
    """Yield the bags of cells that were given, as far as it is said; else those drawn for it.

    One that was set aside and never opened is none of them; where no preparation names bags, all
    that are held for the dose are.
    """
    named = [one.container for one in bags_given(state, event)] if event.given else []
    if not named:
        drawn = {(prepared.lot, one.bag) for one in prepared.drawn}
        for one in containers_of_dose(state, event.participant, event.dose, prepared):
            if not drawn or one.key in drawn:
                yield one
    for one in named:
        if one.holds_cells:
            yield one


def minutes_run(event: DoseAdministered) -> float:
    """Return the minutes for which an infusion ran; what stood still at once counts once."""
    stood, until = timedelta(0), event.started_at
    for pause in sorted(event.interruptions, key=lambda one: one.from_):
        first, last = max(pause.from_, until), min(pause.to, event.ended_at)
        if last > first:
            stood, until = stood + (last - first), last
    return (event.ended_at - event.started_at - stood).total_seconds() / 60


def containers_of_dose(
    state: State, participant: str, dose: int, prepared: DosePrepared | None
) -> Iterator[Container]:
    """Yield what is set aside for a dose and holds cells, thawed as the preparation says.

    Args:
        state: the trial.
        participant, dose: whose dose, and its number.
        prepared: the preparation; None before it, when nothing is thawed.
    """
    thawed: dict[ContainerKey, datetime | None] = {}
    if prepared is not None:
        thawed = {(prepared.lot, one.bag): one.thawed_at for one in prepared.drawn}
    for container in state.inventory.reserved(participant, dose):
        if container.holds_cells:
            yield container._replace(thawed_at=thawed.get(container.key))


def the_preparation_still_holds(state: State, event: PreDoseChecklistSigned) -> Verdict:
    """What was prepared is the planned dose, from bags that may be given, and still in time."""
    one = person(state, event)
    prepared = this_dose(state, event).prepared
    if prepared is None:
        return unknown(Breach.NO_PREPARATION(dose=event.dose))
    rules = state.governing("treatment", one).treatment.preparation
    children = [asked(state, prepared) for asked in _OF_A_PREPARATION]
    children.append(_planned_right(state, prepared, event.occurred_on, moment(event)))
    unfit, here = tuple(_unfit(state, prepared)), site_then(state, event)
    children += [broken(f"{bag.name} is {bag.status}") for bag in unfit]
    for drawn in prepared.drawn:
        for bag in state.inventory.find(prepared.lot, (drawn.bag,)):
            if bag not in unfit and bag.status != "prepared" and not bag.on_its_shelf:
                children.append(broken(f"{bag.name} is {bag.status}"))
            if not bag.is_at((here,)):
                children.append(broken(f"{bag.name} is at site {bag.site}, not at {here}"))
    for bag, _ in _drawn(state, prepared):
        children += [
            thaw_clock(bag, moment(event), rules.thaw_to_end if rules else None),
            in_date(bag, moment(event)),
        ]
    return every(*children)


_OF_A_PREPARATION = (
    the_amount_is_the_planned_one,
    the_amount_is_what_was_drawn,
    the_preparation_keeps_its_limits,
)
