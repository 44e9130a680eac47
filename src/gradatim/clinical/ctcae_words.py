"""The arithmetic behind a grade, in words: `ALT 121 U/L is 3.025 x ULN (40)`."""

from collections.abc import Iterator

from gradatim.clinical.ctcae_known import Given, Value
from gradatim.clinical.ctcae_table import Analyte, Comparison, Term
from gradatim.clinical.formulas import is_number
from gradatim.clinical.units import convert_for
from gradatim.core.quantity import Quantity, plain


def because(analyte: Analyte, term: Term, value: Value, given: Given) -> str:
    """Write a value beside what its term compares it with, as far as that is known."""
    if not is_number(value.value):
        return f"{analyte.name}: no value"
    said = f"{analyte.name} {Quantity(value.value, value.unit, value.bound)}"
    parts = [part for one in _compared(term) for part in _against(one, analyte, value, given)]
    return f"{said} is {' and '.join(dict.fromkeys(parts))}" if parts else said


def _compared(term: Term) -> Iterator[Comparison]:
    """Give a term's comparisons with a limit or the baseline."""
    for steps in term.clauses.values():
        yield from (one for step in steps for one in step.comparisons if one.anchor)


def _against(one: Comparison, analyte: Analyte, value: Value, given: Given) -> Iterator[str]:
    """Write a value as a multiple of what it is compared with, or as its distance from that."""
    limit = {"ULN": value.high, "LLN": value.low}.get(one.anchor)
    if one.anchor == "baseline" and given.baseline is not None and not given.at_baseline:
        before = given.baseline
        if is_number(before.value):
            limit = convert_for(analyte.substance, before.value, before.unit, value.unit)
    if not (is_number(limit) and limit > 0 and is_number(value.value)):
        return
    if one.cuts:
        away = abs(value.value - limit)
        side = "below" if value.value < limit else "above"
        yield f"{Quantity(away, value.unit)} {side} {one.anchor} ({plain(limit)})"
    else:
        ratio = float(f"{value.value / limit:.4g}")
        yield f"{plain(ratio)} x {one.anchor} ({plain(limit)})"
