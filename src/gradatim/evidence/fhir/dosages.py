"""Dosages: how much a day, and by which route.

Source: HL7 FHIR R4 (4.0.1), sections 2.33 (Dosage) and 2.24.0.13 (Timing).
"""

from typing import NamedTuple

from gradatim.clinical.units import convert_for
from gradatim.evidence.fhir.datatypes import (
    Resource,
    Unreadable,
    codes,
    items,
    number,
    obj,
    text,
    words,
)
from gradatim.evidence.fhir.observation_values import unit_of
from gradatim.evidence.fhir.timings import as_needed, times_a_day

DAILY_DOSE_UNIT = "mg/d"
ROUTES = {
    **dict.fromkeys(("intravenous", "intravenous route", "iv", "ivinj", "iv drip"), "47625008"),
    **dict.fromkeys(("oral", "oral route", "po", "by mouth", "orally"), "26643006"),
    **dict.fromkeys(("intramuscular", "intramuscular route", "im"), "78421000"),
    **dict.fromkeys(("subcutaneous", "subcutaneous route", "sc", "sq"), "34206005"),
    **dict.fromkeys(("topical", "topical route"), "6064005"),
    **dict.fromkeys(
        (
            "intra-articular",
            "intraarticular",
            "intra-articular route",
            "ia inj",
            "intraarticular route",
        ),
        "12130007",
    ),
}


class DailyDose(NamedTuple):
    """A daily dose in mg: the least and the most that it may be, equal where it is known."""

    least: float
    most: float


def daily_dose(dosages: list[Resource]) -> DailyDose | None:
    """Return the total daily dose, or None if some part of it has no upper end.

    What is taken as needed may be none. Not known are tablets or mg/kg instead of a mass, and steps
    of a titration (dosages with different sequence numbers follow each other).

    Raises:
        Unreadable: a part is of the wrong shape.
    """
    if not dosages or len({number(one, "sequence") for one in dosages}) > 1:
        return None
    doses = [_daily(one) for one in dosages]
    known = [dose for dose in doses if dose is not None]
    if len(known) < len(doses):
        return None
    return DailyDose(_tidy(sum(one.least for one in known)), _tidy(sum(one.most for one in known)))


def _tidy(dose: float) -> float:
    """Round away what the arithmetic added, so that equal doses are equal."""
    return float(f"{dose:.12g}")


def milligrams(quantity: Resource | None) -> float | None:
    """Convert a dose to mg; None for anything that is no exact mass.

    Raises:
        Unreadable: it is not of the shape of a Quantity, or negative.
    """
    value = number(quantity, "value") if quantity else None
    if quantity is None or value is None or text(quantity, "comparator"):
        return None
    if value < 0:
        raise Unreadable(f"dose {value:g} is negative")
    unit = unit_of(quantity)
    return convert_for(None, value, unit, "mg") if unit else None


def route_of(dosages: list[Resource]) -> str:
    """Return the route (SNOMED CT code) that all dosages have.

    Empty if one is not recorded clearly, or if they differ: one of them may be what counts.

    Raises:
        Unreadable: a part is of the wrong shape.
    """
    found = {_route(obj(one, "route")) for one in dosages}
    return found.pop() if len(found) == 1 else ""


def _route(route: Resource | None) -> str:
    if route is None:
        return ""
    coded = next((code for system, code in codes(route) if system == "snomed"), "")
    return coded or next((ROUTES[one] for one in words(route) if one in ROUTES), "")


def _daily(dosage: Resource) -> DailyDose | None:
    single = [_single(one) for one in items(dosage, "doseAndRate")]
    times = times_a_day(obj(dosage, "timing") or {})
    if times is None or not single or None in single:
        return None
    known = [one for one in single if one is not None]
    # An ordered and a calculated dose stand beside each other: it is one of them.
    least = 0.0 if as_needed(dosage) else min(one.least for one in known) * times.least
    return DailyDose(least, max(one.most for one in known) * times.most)


def _single(rate: Resource) -> DailyDose | None:
    """Return what is taken at one time, in mg."""
    between = obj(rate, "doseRange")
    if between is None:
        dose = milligrams(obj(rate, "doseQuantity"))
        return None if dose is None else DailyDose(dose, dose)
    least, most = milligrams(obj(between, "low")), milligrams(obj(between, "high"))
    return None if most is None else DailyDose(min(least or 0.0, most), most)
