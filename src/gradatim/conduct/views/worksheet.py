"""The worksheet of each dose: its arithmetic, what must hold before it, and its steps in order."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from gradatim.conduct.access import Access
from gradatim.conduct.events.base import Event
from gradatim.conduct.policies import gates, withdrawn_since
from gradatim.conduct.policies.preparation import containers_of_dose
from gradatim.conduct.policies.verdicts import rule, sentence
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import Dose, doses
from gradatim.conduct.views.weights import weights_for_dose
from gradatim.core.errors import UnusableInput
from gradatim.core.verdict import Verdict
from gradatim.dosing.inventory import Container
from gradatim.dosing.preparation import prepare
from gradatim.dosing.prepared import Prepared
from gradatim.dosing.product import Intended, Weights

STEPS = (
    ("ProductAssigned", "assigned"),
    ("DosePrepared", "prepared"),
    ("PreparationVerified", "verified"),
    ("PreDoseChecklistSigned", "signed"),
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
    """

    number: int
    dose: Dose
    steps: list[WorksheetStep]
    computed: Prepared | None
    fault: str
    gates: list[tuple[str, Verdict]]
    end_by: datetime | None
    withdrawn: tuple[str, ...]


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
    if one.level is None:
        return None
    study = state.governing("treatment", one)
    weights = (
        _weights(state, one, dose, at.day) if study.treatment.administration.dose_per else None
    )
    containers = tuple(_containers(state, one, dose, at.zone))
    return prepare(study, one.level, weights, containers, intended=_as_given(dose, at.zone))


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
    next_ = next((name for name, field in STEPS if getattr(dose, field) is None), "")
    if withdrawn:
        next_ = "PreDoseChecklistSigned"
    for event, field in STEPS:
        may = access.may(event, one.site) and not over and one.level is not None
        yield WorksheetStep(
            event,
            getattr(dose, field),
            dose.at.get(field),
            may,
            event == next_ and not over,
        )
