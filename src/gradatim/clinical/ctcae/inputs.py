"""What is known when a value is graded: the value in the printed unit, its limits, and the rest."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeGuard

from gradatim.clinical.ctcae.rules import LACKING, NO_NEED, Amount, Known, Need
from gradatim.clinical.ctcae.table import Analyte, GradeStep
from gradatim.clinical.formulas import is_number
from gradatim.clinical.units import TEMPERATURES, canonical_unit, convert_for
from gradatim.core.quantity import compare_bounded, compare_numbers
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth, any_of, truth_of

_BOUNDS = ("", "<", "<=", ">", ">=")
NO_VALUE, NO_SUCH_VALUE = Need("no value"), Need("unusable value")
UNIT_MISMATCH = Need("unit mismatch")
BASELINE_MISMATCH = Need("unit mismatch of the baseline")
NO_ALBUMIN = Need("no albumin of the same day, by which a total calcium is corrected")
ANTICOAGULATION = Need("whether on anticoagulation")
LOWEST_ALBUMIN, MOST_ALBUMIN = 10.0, 60.0
"""Between these, in g/L, an albumin that nobody measured lies, as docs/ctcae.md says."""
IONIZED = "ionized"
_CEILING_HOURS = 24
_PAYNE = (("mg/dL", "g/dL", 4.0, 0.8), ("mmol/L", "g/L", 40.0, 0.02))
"""Unit of calcium and of albumin, the normal albumin, what is added for each unit below it."""


class MeasuredValue(NamedTuple):
    """A measured value with its reference range.

    Args:
        value: the number in `unit`; None when there is no result.
        unit: as written or in UCUM.
        bound: `<`, `<=`, `>` or `>=` when only that much is known; else empty.
        low: the lower limit of normal in `unit`; None where not known.
        high: the upper limit of normal in `unit`; None where not known.
    """

    value: float | None
    unit: str
    bound: str = ""
    low: float | None = None
    high: float | None = None


class GradingContext(NamedTuple):
    """What else a grade can depend on; None is not known.

    Args:
        baseline: the value before treatment, with the reference range it had.
        at_baseline: whether the value is itself the baseline; `baseline` is then not used.
        anticoagulated: whether on anticoagulation (INR).
        symptomatic: whether with symptoms of this abnormality, or its physiologic consequences.
        bleeding: whether bleeding (aPTT, INR).
        life_threatening: whether its consequences threaten life.
        ionized: whether calcium is the ionized part; else it is total calcium.
        hours_above_40: hours of a temperature above 40 Cel.
        albumin: albumin of the same day, by which a total calcium is corrected.
        repeated: whether another reading is at least as bad (blood pressure, QTc); a term that
            speaks of what recurs, persists or is an average is not settled by one reading.
        at_rest: whether measured at rest (oxygen saturation).
    """

    baseline: MeasuredValue | None = None
    at_baseline: bool = False
    anticoagulated: bool | None = None
    symptomatic: bool | None = None
    bleeding: bool | None = None
    life_threatening: bool | None = None
    ionized: bool | None = None
    hours_above_40: float | None = None
    albumin: MeasuredValue | None = None
    repeated: bool | None = None
    at_rest: bool | None = None


def situation(name: str, analyte: Analyte, given: GradingContext) -> tuple[Truth, list[Need]]:
    """Say whether a list of steps applies, and what is missing where that is UNKNOWN.

    Args:
        name: the situation, as the table names it.
        analyte: what is measured.
        given: what else is known.
    """
    truth, lacking = _situation(name, analyte, given)
    return truth, [lacking] if truth is UNKNOWN else []


def _situation(name: str, analyte: Analyte, given: GradingContext) -> tuple[Truth, Need]:
    if name in ("baseline normal", "baseline abnormal"):
        abnormal, lacking = _beyond(given, "high")
        return (abnormal if name == "baseline abnormal" else ~abnormal), lacking
    if name == "baseline outside its limits":
        low, lacking = _beyond(given, "low")
        high, also = _beyond(given, "high")
        return any_of([low, high]), lacking if low is UNKNOWN else also
    if name in ("on anticoagulation", "not on anticoagulation"):
        # On anticoagulation an INR is a multiple of its baseline: itself, when at baseline.
        on = FALSE if given.at_baseline else truth_of(given.anticoagulated)
        return (on if name == "on anticoagulation" else ~on), ANTICOAGULATION
    if name in ("ionized", "total corrected for albumin"):
        ionized = truth_of(given.ionized if analyte.ionized is None else analyte.ionized)
        return (ionized if name == "ionized" else ~ionized), Need("whether ionized")
    itself = name == "against the baseline" and given.at_baseline
    return (FALSE if itself else TRUE), NO_NEED


def known_of(
    name: str,
    steps: Sequence[GradeStep],
    analyte: Analyte,
    value: MeasuredValue,
    given: GradingContext,
) -> Known | Need:
    """Give what a list of steps is judged by, or why the value cannot be used.

    Args:
        name: the situation of the steps, as the table names it.
        steps: from the highest grade down.
        analyte: what is measured.
        value: the value with its limits.
        given: what else is known.
    """
    fault = fault_of(value)
    unit = _unit(analyte, steps, value.unit)
    if fault or unit is None:
        return fault or UNIT_MISMATCH
    if analyte.corrected_by and name != IONIZED:
        corrected = corrected_calcium(value, given.albumin)
        if isinstance(corrected, Need):
            return corrected
        value = corrected
    measured = _amount(analyte, value, unit)
    assert measured is not None, value
    anchors = {
        "ULN": _limit(analyte, MeasuredValue(value.high, value.unit), unit),
        "LLN": _lower(analyte, value, unit),
    }
    lacking = dict(LACKING)
    before = None if given.at_baseline else given.baseline
    baseline = None if before is None else _limit(analyte, before, unit)
    if before is not None and not fault_of(before) and _amount(analyte, before, unit) is None:
        lacking["baseline"] = BASELINE_MISMATCH
    if before is None and name == "baseline abnormal" and anchors["ULN"]:
        # A baseline nobody knows is taken to have had the reference range of the value.
        baseline = Amount(anchors["ULN"].number, ">")
    if given.at_baseline:  # as if the one before it had been at the limit
        baseline = anchors["ULN"]
    return Known(measured, {**anchors, "baseline": baseline}, _conditions(given), unit, lacking)


def corrected_calcium(value: MeasuredValue, albumin: MeasuredValue | None) -> MeasuredValue | Need:
    """Return a total calcium corrected for albumin, in its own unit; or why it cannot be.

    Per g/L of albumin below 40 g/L, 0.02 mmol/L are added; per g/dL below 4 g/dL, 0.8 mg/dL. Its
    reference range stays that of the laboratory.

    Source: R. B. Payne et al., Interpretation of serum calcium in patients with abnormal serum
    proteins, BMJ 1973;4:643-646, in the rounded form that is in general use.
    """
    if albumin is None or albumin.value is None or fault_of(albumin) or albumin.bound:
        return NO_ALBUMIN
    assert value.value is not None, value
    for unit, of_albumin, normal, each in _PAYNE:
        grams = convert_for(None, albumin.value, albumin.unit, of_albumin)
        size = convert_for("", 1.0, unit, value.unit)
        if grams is not None and size is not None:
            return value._replace(value=value.value + each * (normal - grams) * size)
    return NO_ALBUMIN if convert_for(None, 1.0, albumin.unit, "g/L") is None else UNIT_MISMATCH


def fault_of(value: MeasuredValue) -> Need | None:
    """Return why a value cannot be graded, whatever its unit; None when it can."""
    if not is_number(value.value):
        return NO_VALUE
    negative = value.value < 0 and canonical_unit(value.unit) not in TEMPERATURES
    return NO_SUCH_VALUE if negative or value.bound not in _BOUNDS else None


def _beyond(given: GradingContext, which: Literal["high", "low"]) -> tuple[Truth, Need]:
    """Whether the baseline was beyond a limit it had, and what is missing to tell."""
    if given.at_baseline:
        return FALSE, NO_NEED
    before = given.baseline
    if before is None or fault_of(before) or before.value is None:
        return UNKNOWN, LACKING["baseline"]
    limit: float | None = getattr(before, which)
    if not _is_limit(limit):
        return UNKNOWN, Need("no reference range of the baseline")
    truth = compare_bounded(before.value, before.bound, ">" if which == "high" else "<", limit)
    return truth, Need("only a bound of the baseline is known")


def _conditions(given: GradingContext) -> dict[str, Truth]:
    hours = given.hours_above_40
    long = compare_numbers(hours, ">", _CEILING_HOURS) if is_number(hours) else None
    return {
        "symptomatic": truth_of(given.symptomatic),
        "bleeding": truth_of(given.bleeding),
        "life_threatening": truth_of(given.life_threatening),
        "clinician": UNKNOWN,
        "infarction_level": UNKNOWN,
        "repeated": truth_of(given.repeated),
        "at_rest": truth_of(given.at_rest),
        "over_24_h": truth_of(long),
    }


def _unit(analyte: Analyte, steps: Sequence[GradeStep], unit: str) -> str | None:
    """Choose the unit to compare in: the printed one of the kind that the value came in.

    Empty where only ratios are asked for and the value has no unit; None where none fits.
    """
    printed = next((one.cuts for step in steps for one in step.comparisons if one.cuts), None)
    wanted = tuple(printed or analyte.units)
    for substance in (None, analyte.substance):
        for one in wanted:
            if convert_for(substance, 1.0, unit, one) is not None:
                return one
    return "" if printed is None and not unit.strip() else None


def _amount(analyte: Analyte, value: MeasuredValue, unit: str) -> Amount | None:
    """Convert a number; None where there is none, or its unit does not compare."""
    if not is_number(value.value):
        return None
    number = value.value
    if unit or value.unit.strip():
        converted = convert_for(analyte.substance, number, value.unit, unit)
        return None if converted is None else Amount(converted, value.bound)
    return Amount(number, value.bound)


def _limit(analyte: Analyte, value: MeasuredValue, unit: str) -> Amount | None:
    """Convert a limit or a baseline; of 0 or less it can be no measure of another."""
    return _amount(analyte, value, unit) if _is_limit(value.value) else None


def _lower(analyte: Analyte, value: MeasuredValue, unit: str) -> Amount | None:
    """Return the lower limit; where it is not known, the most that it is anywhere, as a bound."""
    known = _limit(analyte, MeasuredValue(value.low, value.unit), unit)
    if known is not None or analyte.lln_at_most is None:
        return known
    most = _limit(analyte, MeasuredValue(*analyte.lln_at_most), unit)
    return most and most._replace(bound="<=")


def _is_limit(limit: float | None) -> TypeGuard[float]:
    return is_number(limit) and limit > 0
