"""Results of tests, with the faults that laboratory data has."""

import numpy as np
from numpy.typing import NDArray

from gradatim.synthetic.omop.arrays import Column, Ints, Numbers
from gradatim.synthetic.omop.forms import LAB_FORMS, Labs
from gradatim.synthetic.omop.people import SITES, People
from gradatim.synthetic.omop.rows import Lives, Rows

Rng = np.random.Generator
RANGE_GIVEN = np.linspace(0.05, 0.75, SITES)
"""Share of the results to which each site's laboratory adds the reference range; the mean is 40 %,
so the range is missing in most rows."""
OTHER_UNITS = 0.3
"""Share of the sites that report in the other unit (umol/L, mmol/L, g/L)."""
FORM_SHARES = np.cumsum([0.9, 0.05, 0.004, 0.006, 0.02, 0.015])
"""How often a result is as usual, with its unit as text, in another unit, in an impossible one,
unmapped, without a unit; the rest is in another unit under the usual code."""
POSITIVE, NEGATIVE = np.array([9191, 45884084]), np.array([9189, 45878583])
"""The two concepts each that warehouses use for a positive and for a negative result."""
OPERATORS = {"=": 4172703, "<": 4171756, ">": 4172704}
TEXTS = ("positive", "negative", "borderline", "hemolyzed", "<20", ">60")
"""What stands in value_source_value; -1 is NULL."""


def add_results(
    rng: Rng,
    rows: Rows,
    people: People,
    labs: Labs,
    person: Ints,
    tests: Ints,
    day: NDArray[np.int32],
) -> None:
    """Add results of tests with ordinary values; some are lost, doubled or in conflict."""
    value = _values(rng, people, labs, person, tests)
    form = lab_forms(rng, people, person, tests)
    low, high = reference_range(rng, people, labs, person, tests, form)
    value = in_unit(labs, value, tests, form)
    is_result = labs.numbers["kind"][tests] == 2
    result, text = results(rng, is_result, rng.random(len(tests)) < 0.03)
    lost = (rng.random(len(tests)) < 0.01) & ~is_result
    value[lost], text[lost] = np.nan, np.where(rng.random(int(lost.sum())) < 0.5, 3, -1)
    columns: dict[str, Column] = {
        "form": form,
        "value": value,
        "low": low,
        "high": high,
        "result": result,
        "text": text,
    }
    rows.add("measurement", person, day, **columns)
    add_doubles(rng, rows, person, day, columns, 0.004)


def add_doubles(
    rng: Rng,
    rows: Rows | Lives,
    person: Ints,
    day: NDArray[np.int32],
    columns: dict[str, Column],
    share: float,
) -> None:
    """Enter some results twice on the same day: half the same, half with another value."""
    again = np.flatnonzero(rng.random(len(person)) < share)
    doubled = {name: column[again] for name, column in columns.items()}
    factor = np.where(rng.random(len(again)) < 0.5, 1.0, rng.choice([0.5, 1.5, 3.0], len(again)))
    doubled["value"] = np.round(doubled["value"] * factor, 3)
    rows.add("measurement", person[again], day[again], **doubled)


def _values(rng: Rng, people: People, labs: Labs, person: Ints, tests: Ints) -> Numbers:
    """Draw values in the usual unit; half of the variance belongs to the person."""
    z = _habits(rng, people, labs)[person, tests]
    z += rng.standard_normal(len(person), dtype=np.float32)
    z *= np.float32(np.sqrt(0.5))
    mean, spread = labs.numbers["mean"][tests], labs.numbers["sd"][tests] * z
    value = np.where(labs.numbers["kind"][tests] == 0, mean + spread, mean * np.exp(spread))
    return np.maximum(value, 0.05, out=value)


def _habits(rng: Rng, people: People, labs: Labs) -> NDArray[np.float32]:
    """Give how far each test of each person lies from the mean, in standard deviations."""
    own = rng.standard_normal((len(people), len(labs.names)), dtype=np.float32)
    creatinine, egfr, weight = labs.thing("creatinine", "egfr", "weight")
    own[:, creatinine] += np.where(people.female, -0.5, 0.4)
    age = (people.as_of - people.birth) / 365.25
    own[:, egfr] += (45 - age) / 25 - own[:, creatinine] * 0.5
    own[people.group == 0, weight] -= 4
    return own


def lab_forms(rng: Rng, people: People, person: Ints, tests: Ints) -> Ints:
    """Choose how each result is written down; some sites always use the other units."""
    drawn = np.searchsorted(FORM_SHARES, rng.random(len(tests)), side="right")
    other = (people.site < SITES * OTHER_UNITS)[person] & (drawn == 0)
    drawn[other] = np.where(rng.random(int(other.sum())) < 0.7, 2, 6)
    return tests * LAB_FORMS + drawn


def in_unit(labs: Labs, value: Numbers, tests: Ints, form: Ints) -> Numbers:
    """Give values in the unit of their form, rounded as laboratories do."""
    factor = labs.numbers["factor"][form]
    decimals = labs.numbers["decimals"][tests] - np.round(np.log10(factor))
    scale = np.power(10.0, np.clip(decimals, 0, 4))
    value = value * factor + labs.numbers["offset"][form]
    return np.rint(value * scale) / scale


def reference_range(
    rng: Rng, people: People, labs: Labs, person: Ints, tests: Ints, form: Ints
) -> tuple[Numbers, Numbers]:
    """Give the reference range as the laboratory prints it, NaN where it gives none."""
    absent = rng.random(len(tests)) >= RANGE_GIVEN[people.site][person]
    low, high = (in_unit(labs, labs.numbers[name][tests], tests, form) for name in ("low", "high"))
    low[absent | (rng.random(len(tests)) < 0.1)], high[absent] = np.nan, np.nan
    return low, high


def results(rng: Rng, of: NDArray[np.bool_], positive: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Give results in words for those rows: value_as_concept_id, and what stands in the text."""
    size = len(of)
    result, text = np.full(size, -1), np.full(size, -1)
    at = np.flatnonzero(of)
    which = (rng.random(len(at)) < 0.3).astype(np.int64)
    result[at] = np.where(positive[at], POSITIVE[which], NEGATIVE[which])
    text[at] = np.where(positive[at], 0, 1)
    drawn = rng.random(len(at))
    result[at[drawn < 0.06]] = -1  # the words alone
    text[at[drawn > 0.5]] = -1  # the concept alone
    borderline = at[(drawn > 0.3) & (drawn < 0.31)]
    result[borderline], text[borderline] = 0, 2
    return result, text
