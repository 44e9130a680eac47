"""The worksheet of each dose: its arithmetic, what must hold before it, and its steps in order."""

import math
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from gradatim.conduct.access import Access
from gradatim.conduct.events.base import Event
from gradatim.conduct.policies import gates, withdrawn_since
from gradatim.conduct.policies.preparation import containers_of_dose
from gradatim.conduct.policies.verdicts import rule, sentence
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.allowances import level_of_dose
from gradatim.conduct.views.bedside import bedside_rules, checked_by
from gradatim.conduct.views.comparison import Compared, beside_the_plan
from gradatim.conduct.views.doses import Dose, doses
from gradatim.conduct.views.weights import weights_for_dose
from gradatim.core.errors import UnusableInput
from gradatim.core.verdict import Verdict
from gradatim.dosing.draws import first_expiring_first
from gradatim.dosing.inventory import Container, Lot
from gradatim.dosing.preparation import prepare
from gradatim.dosing.prepared import Prepared
from gradatim.dosing.product import Intended, Weights

STEPS = (
    ("ProductAssigned", "assigned"),
    ("DosePrepared", "prepared"),
    ("PreparationVerified", "verified"),
    ("PreDoseChecklistSigned", "signed"),
    ("BedsideChecked", "checked"),
    ("DoseAdministered", "given"),
)
"""The acts of a dose in their order, each with the field of `Dose` that it fills."""


class Moment(NamedTuple):
    """When a worksheet is looked at.

    Args:
        now: the time.
        day: the day, by the clock of the sites.
        zone: of the sites: times of bags and infusions are reckoned by their clock.
    """

    now: datetime
    day: date
    zone: tzinfo


class WorksheetStep(NamedTuple):
    """A step on the way to a dose.

    Args:
        event: the act.
        entry: what is recorded of it; None while it is still to be done.
        position: of that entry.
        may: whether the user may do it, the dose being neither given nor withheld.
        is_next: whether it is the next one.
    """

    event: str
    entry: Event | None
    position: int | None
    may: bool
    is_next: bool


class SetAside(NamedTuple):
    """What can be set aside for a dose: of one lot, the bags that expire first.

    Args:
        lot, bags: which; empty where no lot of the site has enough.
        needed: how many bags, or pieces, the dose takes; None where that is not known.
        computed: the arithmetic for them; None where it cannot be done.
    """

    lot: str
    bags: tuple[str, ...]
    needed: int | None
    computed: Prepared | None


NO_BAGS = SetAside("", (), None, None)
"""Where nothing can be proposed."""


class Worksheet(NamedTuple):
    """A dose of a participant as it is worked on.

    Args:
        number: of the dose.
        dose: what is recorded of it.
        steps: in their order.
        computed: the arithmetic for the bags set aside; None where it cannot be done.
        fault: why not.
        gates: what must hold before a dose, each with its answer now.
        end_by: when the infusion must have ended, for the thaw.
        withdrawn: what has come to speak against the dose since its checklist was signed: it is
            not to be given; empty where the signature stands, or there is none.
        set_aside: what can be set aside for it; nothing once something is.
        compared: the preparation beside the plan; empty before it.
    """

    number: int
    dose: Dose
    steps: list[WorksheetStep]
    computed: Prepared | None
    fault: str
    gates: list[tuple[str, Verdict]]
    end_by: datetime | None
    withdrawn: tuple[str, ...]
    set_aside: SetAside
    compared: list[Compared]


def worksheets(access: Access, one: Participant, at: Moment) -> list[Worksheet]:
    """Return the worksheets of a participant's doses: those recorded, and those planned."""
    planned = access.state.governing("treatment", one).treatment.administration.doses or 1
    found = doses(access.state, one)
    numbers = range(1, max(planned, *found, 1) + 1) if found else range(1, planned + 1)
    return [_worksheet(access, one, found.get(n) or Dose(n), at) for n in numbers]


def _worksheet(access: Access, one: Participant, dose: Dose, at: Moment) -> Worksheet:
    state = access.state
    computed, fault = None, ""
    try:
        computed = compute_preparation(state, one, dose, at)
    except UnusableInput as error:
        fault = str(error)
    against = withdrawn(state, one, dose, at)
    open_ = not dose.administrations and dose.withheld is None and one.level is not None
    return Worksheet(
        dose.number,
        dose,
        list(_steps(access, one, dose, bool(against))),
        computed,
        fault,
        gates_in_words(state, one, dose.number, at) if open_ else [],
        _end_by(state, one, dose),
        against,
        to_set_aside(state, one, dose.number, at) if open_ and dose.assigned is None else NO_BAGS,
        beside_the_plan(state, one.id, dose.number),
    )


def withdrawn(state: State, one: Participant, dose: Dose, at: Moment) -> tuple[str, ...]:
    """Return why a dose that was signed for is not to be given now, each reason once.

    Empty where the signature stands, where there is none, and once it is given or withheld.
    """
    if not dose.authorised:
        return ()
    reasons = (why for _, why in withdrawn_since(state, one, dose.number, at.day, at.now))
    return tuple(dict.fromkeys(map(str, reasons)))


def compute_preparation(state: State, one: Participant, dose: Dose, at: Moment) -> Prepared | None:
    """Return the arithmetic of a dose for the bags set aside; None before there is a level.

    Raises:
        UnusableInput: it cannot be done.
    """
    level = level_of_dose(state, one, dose.number)
    if level is None:
        return None
    study = state.governing("treatment", one)
    weights = (
        _weights(state, one, dose, at.day) if study.treatment.administration.dose_per else None
    )
    containers = tuple(_containers(state, one, dose, at.zone))
    return prepare(study, level, weights, containers, intended=_as_given(dose, at.zone))


def to_set_aside(state: State, one: Participant, number: int, at: Moment) -> SetAside:
    """Return the bags to set aside for a dose of a participant, of those that are free."""
    try:
        wanted = compute_preparation(state, one, Dose(number), at)
    except UnusableInput:
        return NO_BAGS
    if wanted is None:
        return NO_BAGS
    of_fluid = state.governing("treatment", one).treatment.preparation is not None
    choose = _bags_for if of_fluid else _boxes_for
    found = [choose(state, one, wanted, lot, at) for lot in state.lots.values()]
    enough = [each for each in found if each is not None]
    return min(enough, key=lambda each: each[0], default=(0, NO_BAGS))[1]


def _free(lot: Lot, one: Participant, at: Moment) -> list[Container]:
    """Return what of a lot is released, in date, at the site, and held for nobody."""
    found = [
        bag
        for bag in lot.containers.values()
        if bag.status == "released"
        and bag.site in ("", one.site)
        and (bag.reserved_for is None or (bag.on_its_shelf and bag.reserved_for[0] == one.id))
        and (bag.expiry is None or bag.expiry > at.now)
    ]
    return first_expiring_first(found)


def _soonest(bags: Sequence[Container]) -> float:
    """Return when the first of some bags expires, to compare with others."""
    known = [bag.expiry.timestamp() for bag in bags if bag.expiry]
    return min(known, default=math.inf)


def _bags_for(
    state: State, one: Participant, wanted: Prepared, lot: Lot, at: Moment
) -> tuple[float, SetAside] | None:
    """Return the bags of a lot that hold a dose, first expiring first; None if they do not."""
    free = [bag for bag in _free(lot, one, at) if bag.holds_cells]
    if not free:
        return None
    study = state.governing("treatment", one)
    found = prepare(study, wanted.level.number, wanted.weights, free)
    rules = found.rules
    if not found.draws or found.deviation is None or rules is None:
        return None
    if abs(found.deviation) > rules.tolerance:
        return None
    bags = tuple(draw.container.id for draw in found.draws)
    opened = [draw.container for draw in found.draws]
    return _soonest(opened), SetAside(lot.id, bags, len(bags), found)


def _boxes_for(
    state: State, one: Participant, wanted: Prepared, lot: Lot, at: Moment
) -> tuple[float, SetAside] | None:
    """Return the box of a lot that has the tablets of a dose; None if none has."""
    for box in _free(lot, one, at):
        if box.pieces is None or box.strength is None:
            return _soonest([box]), SetAside(lot.id, (box.id,), None, wanted)
        pieces = wanted.planned.value / box.strength
        whole = round(pieces)
        if whole and abs(pieces - whole) <= 1e-6 * whole and box.left >= whole:
            return _soonest([box]), SetAside(lot.id, (box.id,), whole, wanted)
    return None


def _weights(state: State, one: Participant, dose: Dose, today: date) -> Weights | None:
    """Return the recorded weights of the day on which the dose was given, or would be.

    Raises:
        UnusableInput: one of them is in doubt.
    """
    day = dose.given.occurred_on if dose.given else today
    prepared = dose.prepared.occurred_on if dose.prepared else day
    until = dose.given.started_at if dose.given else None
    found = weights_for_dose(state, one, day, since=min(prepared, day), until=until)
    if found.doubt:
        raise UnusableInput("the weights recorded cannot be relied on", one.id, found.doubt)
    return found.weights


def _containers(state: State, one: Participant, dose: Dose, zone: tzinfo) -> Iterator[Container]:
    """Yield the bags set aside, with their times as the clock of the sites shows them."""
    for bag in containers_of_dose(state, one.id, dose.number, dose.prepared):
        yield bag._replace(
            thawed_at=bag.thawed_at and bag.thawed_at.astimezone(zone),
            expiry=bag.expiry and bag.expiry.astimezone(zone),
        )


def _as_given(dose: Dose, zone: tzinfo) -> Intended:
    """Return how long the infusion took and when it ended; before it nothing of it is known."""
    if dose.given is None:
        return Intended()
    took = dose.given.ended_at - dose.given.started_at
    return Intended(took / timedelta(minutes=1), dose.given.ended_at.astimezone(zone))


def gates_in_words(
    state: State, one: Participant, number: int, at: Moment
) -> list[tuple[str, Verdict]]:
    """Return what must hold before a dose, in sentences, each with its answer now."""
    found = gates(state, one, number, at.day, at.now)
    return [(sentence(gate) or rule(gate), answer) for gate, answer in found]


def _end_by(state: State, one: Participant, dose: Dose) -> datetime | None:
    rules = state.governing("treatment", one).treatment.preparation
    if rules is None or rules.thaw_to_end is None or dose.prepared is None:
        return None
    thawed = [d.thawed_at for d in dose.prepared.drawn if d.thawed_at is not None]
    return min(thawed) + timedelta(hours=rules.thaw_to_end) if thawed else None


def _steps(
    access: Access, one: Participant, dose: Dose, withdrawn: bool
) -> Iterator[WorksheetStep]:
    over = bool(dose.administrations or dose.withheld)
    rules = bedside_rules(access.state, one)
    began = dose.given.started_at if dose.given else None
    by = checked_by(access.state, one, dose.number, began)
    done = {name for name, field in STEPS if getattr(dose, field) is not None}
    done = done | {"BedsideChecked"} if len(by) >= rules.people else done - {"BedsideChecked"}
    next_ = next((name for name, _ in STEPS if name not in done), "")
    now = {next_, "DoseAdministered"} if next_ == "BedsideChecked" else {next_}
    if withdrawn:  # it is signed anew; what was done all the same can be recorded
        now.add("PreDoseChecklistSigned")
    for event, field in STEPS:
        if event == "BedsideChecked" and not rules.people:
            continue
        may = access.may(event, one.site) and not over and one.level is not None
        may = may and not (event == "BedsideChecked" and access.user in by)
        yield WorksheetStep(
            event,
            getattr(dose, field),
            dose.at.get(field),
            may,
            event in now and not over,
        )
