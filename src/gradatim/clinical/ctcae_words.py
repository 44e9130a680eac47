"""The arithmetic behind a grade, in words: `ALT 121 U/L is 3.025 x ULN (40)`."""

from collections.abc import Iterator

from gradatim.clinical.ctcae_known import Given, Value
from gradatim.clinical.ctcae_table import Analyte, Term
from gradatim.clinical.formulas import is_number
from gradatim.clinical.units import convert_for
from gradatim.core.quantity import Quantity, plain


def because(analyte: Analyte, term: Term, value: Value, given: Given) -> str:
    """Write a value beside what its term compares it with, as far as that is known."""
    if not is_number(value.value):
        return f"{analyte.name}: no value"
    said = f"{analyte.name} {Quantity(value.value, value.unit, value.bound)}"
    parts = [part for anchor in _anchors(term) for part in _against(anchor, analyte, value, given)]
    return f"{said} is {' and '.join(parts)}" if parts else said


def _anchors(term: Term) -> Iterator[str]:
    """Give what a term compares with, each once: ULN, LLN, baseline."""
    named = [one.anchor for steps in term.clauses.values() for step in steps
             for one in step.comparisons]  # fmt: skip
    yield from dict.fromkeys(one for one in named if one)


def _against(anchor: str, analyte: Analyte, value: Value, given: Given) -> Iterator[str]:
    limit = {"ULN": value.high, "LLN": value.low}.get(anchor)
    if anchor == "baseline" and given.baseline is not None and not given.at_baseline:
        before = given.baseline
        if is_number(before.value):
            limit = convert_for(analyte.substance, before.value, before.unit, value.unit)
    if is_number(limit) and limit > 0 and is_number(value.value):
        yield f"{plain(float(f'{value.value / limit:.4g}'))} x {anchor} ({plain(limit)})"
