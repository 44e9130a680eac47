"""From when to when a drug was taken, as each kind of medication record tells it.

A record that is over but does not say since when ended on a day that is not known, at the latest
on the day of the evaluation. Source: as of `medications`.
"""

from gradatim.core.dates import Day, Duration, step
from gradatim.evidence.sources.about import About
from gradatim.evidence.sources.datatypes import (
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

_GOES_ON = {
    "MedicationStatement": ("active", "unknown"),
    "MedicationAdministration": ("in-progress",),
    "MedicationRequest": ("active", "unknown"),
}
MOST_REPEATS = 99


def span_of(resource: Resource, about: About) -> tuple[Day, Day]:
    """Give the first and the last day of a medication record.

    Raises:
        Unreadable: a date is of the wrong shape, or the end lies before the start.
    """
    kind, status = resource["resourceType"], text(resource, "status")
    goes_on = status in _GOES_ON[kind]
    if kind == "MedicationRequest":
        return _ordered(resource, goes_on, status == "stopped", about)
    span = period(resource, "effectivePeriod")
    if span:
        start = span[0] or _open_start(span[1], about)
        return start, span[1] or about.until(start, goes_on)
    at = day(resource, "effectiveDateTime")
    if at:
        lasting = kind == "MedicationStatement" and status == "active"
        return at, about.until(at, True) if lasting else at
    start = _open_start(day(resource, "dateAsserted"), about)
    return start, about.until(start, goes_on)


def _open_start(known_on: Day | None, about: About) -> Day:
    """Give the start of something of which only a later day is known."""
    start = about.undated()
    return Day(min(start.first, known_on.last), known_on.last) if known_on else start


def _ordered(resource: Resource, goes_on: bool, stopped: bool, about: About) -> tuple[Day, Day]:
    dosages = items(resource, "dosageInstruction")
    repeat = obj(obj(dosages[0], "timing") or {}, "repeat") if dosages else None
    bounds = period(repeat, "boundsPeriod") if repeat else None
    start = (bounds and bounds[0]) or day(resource, "authoredOn") or about.undated()
    end = (bounds and bounds[1]) or _ordered_until(resource, repeat, start)
    if end is None:
        return start, about.until(start, goes_on)
    if end.last < start.first:
        raise Unreadable(f"its end ({end}) lies before its start ({start})")
    if stopped:
        # It ended before its time, nobody wrote when.
        end = Day(start.first, max(start.first, min(end.last, about.on)))
    return start, end


def _ordered_until(resource: Resource, repeat: Resource | None, start: Day) -> Day | None:
    lasting = length(repeat, "boundsDuration") if repeat else None
    if lasting:
        return last_day(start, lasting)
    dispensed = obj(resource, "dispenseRequest")
    if dispensed is None:
        return None
    valid = period(dispensed, "validityPeriod")
    if valid and valid[1]:
        return valid[1]
    supply = length(dispensed, "expectedSupplyDuration")
    return _supplied_until(dispensed, supply, start) if supply else None


def _supplied_until(dispensed: Resource, supply: Duration, start: Day) -> Day:
    """Give the end of the supply; repeats may or may not have been fetched."""
    repeats = int(min(max(number(dispensed, "numberOfRepeatsAllowed") or 0, 0), MOST_REPEATS))
    end = last_day(start, supply)
    more = Duration(supply.months * repeats, supply.days * repeats)
    return Day(end.first, step(end.last, more))
