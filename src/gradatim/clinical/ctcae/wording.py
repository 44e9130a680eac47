"""The arithmetic behind a grade, in words: `ALT 121 U/L is 3.025 x ULN (40)`."""

from gradatim.clinical.ctcae.inputs import GradingContext, MeasuredValue, corrected_calcium
from gradatim.clinical.ctcae.table import Analyte, CtcaeTerm
from gradatim.clinical.formulas import is_number
from gradatim.clinical.units import convert_for
from gradatim.core.quantity import Quantity, plain_number


def because(analyte: Analyte, term: CtcaeTerm, value: MeasuredValue, given: GradingContext) -> str:
    """Write a value beside what its term compares it with, as far as that is known."""
    if not is_number(value.value):
        return f"{analyte.name}: no value"
    said = f"{analyte.name} {Quantity(value.value, value.unit, value.bound)}"
    number, by_albumin = _corrected(analyte, value, given)
    said += by_albumin
    parts = []
    for anchor, by_distance in term.anchors:
        limit = _limit(anchor, analyte, value, given)
        if is_number(limit) and limit > 0:
            parts.append(_against(number, value.unit, anchor, limit, by_distance))
    return f"{said} is {' and '.join(parts)}" if parts else said


def _corrected(analyte: Analyte, value: MeasuredValue, given: GradingContext) -> tuple[float, str]:
    """Return the number that is graded, and how it came about where it was corrected."""
    assert value.value is not None, value
    ionized = given.ionized if analyte.ionized is None else analyte.ionized
    albumin = given.albumin
    if not analyte.corrected_by or ionized or albumin is None or albumin.value is None:
        return value.value, ""
    found = corrected_calcium(value, albumin)
    if not isinstance(found, MeasuredValue) or found.value is None:
        return value.value, ""
    number = float(f"{found.value:.12g}")
    by = Quantity(albumin.value, albumin.unit)
    shown = Quantity(number, value.unit, value.bound)
    return number, f", corrected {shown} for albumin {by},"


def _limit(
    anchor: str, analyte: Analyte, value: MeasuredValue, given: GradingContext
) -> float | None:
    """Give what a value is compared with, in the unit of the value."""
    if anchor != "baseline":
        return value.high if anchor == "ULN" else value.low
    before = None if given.at_baseline else given.baseline
    if before is None or not is_number(before.value):
        return None
    return convert_for(analyte.substance, before.value, before.unit, value.unit)


def _against(number: float, unit: str, anchor: str, limit: float, by_distance: bool) -> str:
    """Write a number as a multiple of what it is compared with, or as its distance from that."""
    if not by_distance:
        return f"{plain_number(float(f'{number / limit:.4g}'))} x {anchor} ({plain_number(limit)})"
    side = "below" if number < limit else "above"
    return f"{Quantity(abs(number - limit), unit)} {side} {anchor} ({plain_number(limit)})"
