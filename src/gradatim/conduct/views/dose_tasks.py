"""What a dose asks of pharmacy, cell laboratory and bedside, and what the account still owes.

Who prepares a dose hears of it on the day before, and not only once somebody has prepared it: which
bags are to be set aside, drawn and verified. A bag whose account does not add up waits for whoever
can say why.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from gradatim.conduct.days import day_at, zone_of
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.bedside import bedside_rules, checked_by
from gradatim.conduct.views.doses import Dose, doses, first_dose_on, given
from gradatim.conduct.views.worksheet import Moment, to_set_aside
from gradatim.core.dates import step
from gradatim.core.quantity import shown_unit
from gradatim.dosing.accountability import adds_up, mismatch
from gradatim.dosing.inventory import Container

AHEAD = timedelta(days=1)
"""So long before a dose its bags are to be set aside."""


class DoseTask(NamedTuple):
    """One step on the way to a dose, or one thing that the account waits for.

    Args:
        what: in a sentence.
        event: the act that settles it.
        day: of the dose; None where there is none.
        given: fields of the act that are known.
        site: where.
    """

    what: str
    event: str
    day: date | None
    given: Mapping[str, str]
    site: str


def dose_steps(state: State, one: Participant, now: datetime, on: date) -> Iterator[DoseTask]:
    """Yield what is next for each dose of a participant that is begun, or whose day has come."""
    known = doses(state, one)
    here = one.status in ("enrolled", "treated")
    for dose in known.values():
        over = bool(dose.administrations or dose.withheld)
        if not over and (dose.prepared is not None or (here and dose.assigned is not None)):
            yield from _next(state, one, dose, now, on)
    planned = _planned(state, one, on)
    if planned is not None and not _begun(known.get(planned[0]) or Dose(planned[0])):
        yield from _next(state, one, Dose(planned[0]), now, on, planned[1])


def _begun(dose: Dose) -> bool:
    return dose.assigned is not None or dose.prepared is not None


def _planned(state: State, one: Participant, on: date) -> tuple[int, date] | None:
    """Return the next dose of somebody in treatment and its day, once that is near."""
    if one.status not in ("enrolled", "treated") or one.level is None or one.replaced:
        return None
    if state.stopped is not None:
        return None
    known = doses(state, one)
    done = {number for number, dose in known.items() if dose.given or dose.withheld}
    number = next(n for n in range(1, len(known) + 2) if n not in done)
    administration = state.governing("treatment", one).treatment.administration
    if number > (administration.doses or 1):
        return None
    day = _day_of(state, one, number)
    return (number, day) if day is not None and day - AHEAD <= on else None


def _day_of(state: State, one: Participant, number: int) -> date | None:
    """Return the day on which a dose is planned, or may be given at the earliest."""
    first = first_dose_on(state, one)
    if first is None:
        return one.first_dose_planned if number == 1 else None
    interval = state.governing("treatment", one).treatment.administration.interval
    before = [dose for dose in given(state, one) if dose.dose < number]
    if interval is None or not before:
        return None
    return step(before[-1].occurred_on, interval)


def _next(
    state: State,
    one: Participant,
    dose: Dose,
    now: datetime,
    on: date,
    day: date | None = None,
) -> Iterator[DoseTask]:
    day = day or (one.first_dose_planned if dose.number == 1 else None)
    about = {"dose": str(dose.number)}

    def task(what: str, event: str, **more: str) -> DoseTask:
        return DoseTask(
            f"{one.id}, dose {dose.number}: {what}", event, day, {**about, **more}, one.site
        )

    if dose.prepared is None and dose.assigned is None:
        yield task(_bags_in_words(state, one, dose.number, now, on), "ProductAssigned")
    elif dose.prepared is None and dose.assigned is not None:
        bags = ", ".join(dose.assigned.bags)
        yield task(f"prepare it from {bags}", "DosePrepared", lot=dose.assigned.lot)
    elif dose.verified is None:
        yield task("verify the preparation", "PreparationVerified")
    elif dose.signed is None:
        yield task("sign the checklist", "PreDoseChecklistSigned")
    else:
        missing = bedside_rules(state, one).people - len(checked_by(state, one, dose.number))
        if missing > 0:
            yield task("check person and product at the bedside", "BedsideChecked")
        yield task("give", "DoseAdministered")


def _bags_in_words(state: State, one: Participant, number: int, now: datetime, on: date) -> str:
    """Say which bags are to be set aside, as far as they can be worked out."""
    zone = zone_of(state, one.site) or now.tzinfo or UTC
    found = to_set_aside(state, one, number, Moment(now, on, zone))
    if not found.lot or found.computed is None:
        return "set aside what it takes"
    planned = found.computed.planned
    what = f"{planned.value:,.10g} {shown_unit(planned.unit)}"
    return f"set aside {', '.join(found.bags)} of lot {found.lot} ({what})"


def shipment_tasks(state: State) -> Iterator[DoseTask]:
    """Yield what is on its way from one site to another, for whoever is to receive it."""
    for sent in state.inventory.shipments.values():
        if waited := state.inventory.on_its_way(sent):
            bags = ", ".join(one.id for one in waited)
            what = f"receive {bags} of lot {sent.lot}, sent by site {sent.from_site}"
            about = {"lot": sent.lot, "shipment": sent.number}
            text = f"shipment {sent.number}: {what} on {sent.sent_on}"
            yield DoseTask(text, "ShipmentReceived", sent.expected_on, about, sent.to_site)


def account_tasks(state: State, on: date) -> Iterator[DoseTask]:
    """Yield what is to be received, and the bags whose account does not add up, or drawn in vain.

    What is missing of a shipment is asked of both its ends, for each knows half of its way.
    """
    yield from shipment_tasks(state)
    for one in state.inventory.containers:
        if one.content is None:
            continue
        about = {"lot": one.lot, "bag": one.id}
        told = [*mismatch(one), *one.open_faults]
        if not adds_up(one) or told:
            what = "; ".join(fault.what for fault in told)
            text = f"lot {one.lot}, bag {one.id}: {what}"
            for site in one.sites or (one.site,):
                yield DoseTask(text, "ProductDifferenceExplained", None, about, site)
        elif _drawn_in_vain(state, one, on):
            text = f"lot {one.lot}, bag {one.id} was thawed and not given: say what became of it"
            yield DoseTask(text, "ProductDestroyed", None, {"lot": one.lot}, one.site)


def _drawn_in_vain(state: State, one: Container, on: date) -> bool:
    """Whether a bag was thawed on an earlier day, or for a dose that had its end without it."""
    if one.status != "prepared" or one.reserved_for is None:
        return False
    if one.thawed_at is not None and day_at(state, one.site, one.thawed_at) < on:
        return True
    who = state.participants.get(one.reserved_for[0])
    dose = doses(state, who).get(one.reserved_for[1]) if who else None
    return dose is not None and bool(dose.administrations or dose.withheld)
