"""The arithmetic behind a grade, in words: `ALT 121 U/L is 3.025 x ULN (40)`."""

from gradatim.clinical.ctcae_known import Given, Value, is_limit
from gradatim.clinical.ctcae_table import Analyte, Comparison, Term
from gradatim.clinical.formulas import is_number
from gradatim.clinical.units import convert_for
from gradatim.core.quantity import Quantity, plain


def because(analyte: Analyte, term: Term, value: Value, given: Given) -> str:
    """Say what the value is beside each limit that its term looks at.

    Args:
        analyte: what is measured.
        term: one of its CTCAE terms.
        value: the value with its limits.
        given: what else is known; of it the baseline is told.
    """
    if not is_number(value.value):
        return f"{analyte.name} without a value"
    compared = [one for steps in term.clauses.values() for step in steps
                for one in step.comparisons]  # fmt: skip
    beside = [_beside(name, compared, analyte, value, given) for name in ("ULN", "LLN", "baseline")]
    said = [words for words in beside if words]
    head = f"{analyte.name} {Quantity(value.value, value.unit, value.bound)}"
    return f"{head} is {' and '.join(said)}" if said else head


def _beside(name: str, compared: list[Comparison], analyte: Analyte, value: Value,
            given: Given) -> str:  # fmt: skip
    """Write the value as a multiple of, or its distance from, an anchor; empty if not asked for."""
    of_it = [one for one in compared if one.anchor == name]
    if not of_it or value.value is None:
        return ""
    if name == "baseline" and given.at_baseline:
        return "the baseline itself"
    anchor, note = _anchor(name, analyte, value, given)
    if not is_limit(anchor):
        return f"without {'a known ' if name == 'baseline' else 'an '}{name}"
    if any(one.cuts for one in of_it):
        way = "above" if value.value >= anchor else "below"
        return f"{plain(abs(value.value - anchor))} {way} {name} ({plain(anchor)}{note})"
    return f"{value.value / anchor:.4g} x {name} ({plain(anchor)}{note})"


def _anchor(name: str, analyte: Analyte, value: Value, given: Given) -> tuple[float | None, str]:
    """Give an anchor in the value's unit, and what to note of it."""
    if name != "baseline":
        return (value.high if name == "ULN" else value.low), ""
    before = given.baseline
    if before is None or not is_number(before.value):
        return None, ""
    note = f", its ULN {plain(before.high)}" if is_limit(before.high) else ""
    return convert_for(analyte.substance, before.value, before.unit, value.unit), note
