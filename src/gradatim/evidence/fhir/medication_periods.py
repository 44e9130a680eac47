"""From when to when a drug was taken, as each kind of medication record tells it.

A record that is over but does not say since when ended on a day that is not known, at the latest
on the day of the evaluation. Source: as of `medications`.
"""

import math

from gradatim.core.dates import NEVER_ENDED, Day, Duration, step
from gradatim.evidence.fhir.datatypes import (
    Resource,
    Unreadable,
    day,
    items,
    last_day,
    length,
    number,
    obj,
    period,
    text,
)
from gradatim.evidence.fhir.observation_values import unit_of
from gradatim.evidence.fhir.reader_context import About
from gradatim.evidence.fhir.statuses import (
    MEDICATION_GOES_ON,
    PLANNED,
    REQUEST_BROKEN_OFF,
    STATEMENT_LASTING,
)
from gradatim.evidence.fhir.timings import as_needed, times_a_day

_NEARLY = 1e-9
MOST_REPEATS = 99
_MOST_DAYS = 36_525
"""A longer supply is a slip of the pen."""


def span_of(resource: Resource, about: About) -> tuple[Day, Day]:
    """Give the first and the last day of a medication record.

    Raises:
        Unreadable: a date is of the wrong shape, or the end lies before the start.
    """
    kind, status = resource["resourceType"], text(resource, "status")
    goes_on = status in MEDICATION_GOES_ON[kind]
    if kind == "MedicationRequest":
        return _ordered(resource, goes_on, status == REQUEST_BROKEN_OFF, about)
    if kind == "MedicationDispense":
        return _dispensed(resource, about)
    span = period(resource, "effectivePeriod")
    if span:
        start = span[0] or _open_start(span[1], about)
        return start, span[1] or about.until(start, goes_on)
    at = day(resource, "effectiveDateTime")
    if at:
        lasting = kind == "MedicationStatement" and status == STATEMENT_LASTING
        return at, about.until(at, True) if lasting else at
    start = _open_start(day(resource, "dateAsserted"), about)
    return start, about.until(start, goes_on)


def _open_start(known_on: Day | None, about: About) -> Day:
    """Give the start of something of which only a later day is known."""
    start = about.undated()
    return Day(min(start.first, known_on.last), known_on.last) if known_on else start


def is_reported(resource: Resource) -> bool:
    """Whether a MedicationRequest says what somebody reports to take, and orders nothing.

    Source: US Core 7.0.0, "Medication List": requests of intent `plan` represent reported
    medications; `requester` is then the patient, or `reported[x]` says so.

    Raises:
        Unreadable: a part is of the wrong shape.
    """
    if resource["resourceType"] != "MedicationRequest" or text(resource, "intent") != PLANNED:
        return False
    if resource.get("reportedBoolean") is True or obj(resource, "reportedReference"):
        return True
    requester, subject = (obj(resource, one) or {} for one in ("requester", "subject"))
    asked_by = text(requester, "reference")
    return bool(asked_by) and asked_by == text(subject, "reference")


def _ordered(resource: Resource, goes_on: bool, stopped: bool, about: About) -> tuple[Day, Day]:
    repeat = _repeat(resource)
    bounds = period(repeat, "boundsPeriod") if repeat else None
    written = day(resource, "authoredOn")
    # Of what somebody reports, the record is written down later than it began.
    since = _open_start(written, about) if is_reported(resource) else written or about.undated()
    start = (bounds and bounds[0]) or since
    end = (bounds and bounds[1]) or _ordered_until(resource, repeat, start)
    if end is None:
        return start, about.until(start, goes_on)
    if end.last < start.first:
        raise Unreadable(f"its end ({end}) lies before its start ({start})")
    if stopped:
        # It ended before its time, nobody wrote when.
        end = Day(start.first, max(start.first, min(end.last, about.on)))
    return start, end


def _repeat(resource: Resource) -> Resource | None:
    dosages = items(resource, "dosageInstruction")
    return obj(obj(dosages[0], "timing") or {}, "repeat") if dosages else None


def _ordered_until(resource: Resource, repeat: Resource | None, start: Day) -> Day | None:
    if lasting := _bounded(repeat, start):
        return lasting
    dispensed = obj(resource, "dispenseRequest")
    if dispensed is None:
        return None
    valid = period(dispensed, "validityPeriod")
    if valid and valid[1]:
        return valid[1]
    supply = length(dispensed, "expectedSupplyDuration") or _quantity_lasts(resource, dispensed)
    return _supplied_until(dispensed, supply, start) if supply else None


def _dispensed(resource: Resource, about: About) -> tuple[Day, Day]:
    """Return the days of what was handed over: as long as its supply lasts.

    How long one lasts that nobody wrote down is not known; one that stopped may have ended before.
    """
    repeat = _repeat(resource)
    bounds = period(repeat, "boundsPeriod") if repeat else None
    handed_over = day(resource, "whenHandedOver") or day(resource, "whenPrepared")
    start = (bounds and bounds[0]) or handed_over or about.undated()
    end = (bounds and bounds[1]) or _bounded(repeat, start)
    if end is None:
        supply = length(resource, "daysSupply") or _quantity_lasts(resource, resource)
        end = last_day(start, supply) if supply else Day(start.first, NEVER_ENDED.last)
    if end.last < start.first:
        raise Unreadable(f"its end ({end}) lies before its start ({start})")
    complete = text(resource, "status") == "completed"
    return start, end if complete else Day(min(start.first, end.first), end.last)


def _bounded(repeat: Resource | None, start: Day) -> Day | None:
    """Return the end of a timing that lasts so long, or is repeated so many times."""
    if repeat is None:
        return None
    if lasting := length(repeat, "boundsDuration"):
        return last_day(start, lasting)
    if between := obj(repeat, "boundsRange"):
        least, most = (length(between, one) for one in ("low", "high"))
        if most:
            first = last_day(start, least or Duration(0, 1))
            return Day(first.first, max(first.first, last_day(start, most).last))
    count = number(repeat, "count")
    times = times_a_day({"repeat": repeat}) if count else None
    if not count or count < 0 or times is None or times.least <= 0:
        return None
    most_times = max(number(repeat, "countMax") or count, count)
    few, many = math.ceil(count / times.most), math.ceil(most_times / times.least)
    if many > _MOST_DAYS:
        return None
    first = last_day(start, Duration(0, few))
    return Day(first.first, last_day(start, Duration(0, many)).last)


def _quantity_lasts(resource: Resource, holder: Resource) -> Duration | None:
    """Return how long a quantity lasts that is taken at a known rate, in one unit."""
    quantity, dosages = obj(holder, "quantity"), items(resource, "dosageInstruction")
    if quantity is None or len(dosages) != 1 or as_needed(dosages[0]):
        return None
    rates = items(dosages[0], "doseAndRate")
    dose = obj(rates[0], "doseQuantity") if len(rates) == 1 else None
    times = times_a_day(obj(dosages[0], "timing") or {})
    amount, single = number(quantity, "value"), number(dose, "value") if dose else None
    if not amount or not single or dose is None or times is None or amount < 0 or single < 0:
        return None
    if unit_of(quantity) != unit_of(dose) or times.least != times.most or times.least <= 0:
        return None
    days = math.floor(amount / (single * times.least) + _NEARLY)
    return Duration(0, days) if 0 < days <= _MOST_DAYS else None


def _supplied_until(dispensed: Resource, supply: Duration, start: Day) -> Day:
    """Give the end of the supply; repeats may or may not have been fetched."""
    repeats = int(min(max(number(dispensed, "numberOfRepeatsAllowed") or 0, 0), MOST_REPEATS))
    end = last_day(start, supply)
    more = Duration(supply.months * repeats, supply.days * repeats)
    return Day(end.first, step(end.last, more))
