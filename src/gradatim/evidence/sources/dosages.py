"""Dosages: how much a day, and by which route.

Source: HL7 FHIR R4 (4.0.1), sections 2.33 (Dosage) and 2.24.0.13 (Timing).
"""

from gradatim.clinical.units import convert_for
from gradatim.evidence.sources.datatypes import (
    Resource,
    Unreadable,
    codes,
    items,
    number,
    obj,
    text,
    words,
)
from gradatim.evidence.sources.results import unit_of

DAILY_DOSE_UNIT = "mg/d"
_DAYS = {"h": 1 / 24, "d": 1.0, "wk": 7.0, "mo": 365.25 / 12, "a": 365.25, "min": 1 / 1440}
_TIMES_A_DAY = {"qd": 1.0, "am": 1.0, "pm": 1.0, "bed": 1.0, "bid": 2.0, "tid": 3.0, "qid": 4.0,
                "qod": 0.5, "q4h": 6.0, "q6h": 4.0, "q8h": 3.0, "q12h": 2.0,
                "wk": 1 / 7}  # fmt: skip
ROUTES = {
    **dict.fromkeys(("intravenous", "intravenous route", "iv", "ivinj", "iv drip"), "47625008"),
    **dict.fromkeys(("oral", "oral route", "po", "by mouth", "orally"), "26643006"),
    **dict.fromkeys(("intramuscular", "intramuscular route", "im"), "78421000"),
    **dict.fromkeys(("subcutaneous", "subcutaneous route", "sc", "sq"), "34206005"),
    **dict.fromkeys(("topical", "topical route"), "6064005"),
}  # fmt: skip


def daily_dose(dosages: list[Resource]) -> float | None:
    """Give the total daily dose in mg, or None if any part of it is not certain.

    Not certain are: tablets or mg/kg instead of a mass, ranges, doses as needed, and steps of a
    titration (dosages with different sequence numbers follow each other).

    Raises:
        Unreadable: a part is of the wrong shape.
    """
    if not dosages or len({number(one, "sequence") for one in dosages}) > 1:
        return None
    doses = [_daily(one) for one in dosages]
    known = [dose for dose in doses if dose is not None]
    return sum(known) if len(known) == len(doses) else None


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


def _daily(dosage: Resource) -> float | None:
    if dosage.get("asNeededBoolean") is True or dosage.get("asNeededCodeableConcept") is not None:
        return None
    rates = items(dosage, "doseAndRate")
    dose = milligrams(obj(rates[0], "doseQuantity")) if rates else None
    times = _times_a_day(obj(dosage, "timing") or {})
    return None if dose is None or times is None else dose * times


def _times_a_day(timing: Resource) -> float | None:
    repeat = obj(timing, "repeat") or {}
    if {"frequencyMax", "periodMax"} & repeat.keys():
        return None
    times, unit = number(repeat, "period"), text(repeat, "periodUnit")
    if times is None:
        named = [one for one in words(obj(timing, "code")) if one in _TIMES_A_DAY]
        return _TIMES_A_DAY[named[0]] if named else _moments_a_day(repeat)
    if times <= 0 or unit not in _DAYS or ("dayOfWeek" in repeat and unit != "wk"):
        return None
    frequency = number(repeat, "frequency")
    if frequency is not None and frequency <= 0:
        return None
    return (frequency or 1.0) / (times * _DAYS[unit])


def _moments_a_day(repeat: Resource) -> float | None:
    """Count the moments of a day that are named, such as MORN and HS."""
    moments = repeat.get("timeOfDay") or repeat.get("when")
    if "dayOfWeek" in repeat or not isinstance(moments, list):
        return None
    return float(len(moments))
