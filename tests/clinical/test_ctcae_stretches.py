"""A grade that is looked up by its stretch is the grade that its steps give, judged one by one."""

import math

from hypothesis import given
from hypothesis import strategies as st

from gradatim.clinical.ctcae.grade import (
    GradingContext,
    MeasuredValue,
    grade,
    grade_by_term,
    zero_around,
)
from gradatim.clinical.ctcae.intervals import Scale, stretches
from gradatim.clinical.ctcae.table import Analyte, analytes
from gradatim.core.quantity import compare_numbers

KNOWN = st.sampled_from([None, True, False])
LIMITS = st.sampled_from([None, 0.0, 10.0, 40.0, 140.0, 145.5])


@st.composite
def givens(draw: st.DrawFn, unit: str) -> GradingContext:
    """Draw what else a grade can depend on."""
    high = draw(LIMITS)
    before = MeasuredValue(draw(st.sampled_from([None, 0.0, 20.0, 60.0])), unit, high=high)
    return GradingContext(
        draw(st.sampled_from([None, before])),
        draw(st.booleans()),
        draw(KNOWN),
        draw(KNOWN),
        draw(KNOWN),
        draw(KNOWN),
        draw(KNOWN),
        draw(st.sampled_from([None, 1.0, 30.0])),
    )


def near(
    analyte: Analyte,
    unit: str,
    low: float | None,
    high: float | None,
    known: GradingContext,
) -> list[float]:
    """Give each limit of each term, and what lies just beside it, in the unit of the value."""
    found = [0.0, 1e9]
    for term in analyte.terms:
        for scale in stretches(analyte.name, term.name, unit, low, high, known).scales:
            for limit in scale.limits:
                found += [
                    limit,
                    limit * (1 + 5e-10),
                    limit * (1 + 1e-8),
                    limit * (1 - 1e-8),
                    math.nextafter(limit, 0.0),
                    limit * 1.2,
                    limit * 0.8,
                ]
    return found


@given(st.data())
def test_a_grade_looked_up_is_the_grade_judged(data: st.DataObject) -> None:
    """At every limit, on both sides of it and in between, twice: made, and found again."""
    analyte = data.draw(st.sampled_from(analytes()))
    unit = data.draw(st.sampled_from([*analyte.units, "mg/dL", "", "?"]))
    low, high = data.draw(LIMITS), data.draw(LIMITS)
    known = data.draw(givens(unit))
    numbers = near(analyte, unit, low, high, known)
    for number in data.draw(st.lists(st.sampled_from(numbers), min_size=5, max_size=20)):
        value = MeasuredValue(
            number, unit, data.draw(st.sampled_from(["", "", "", "<", ">="])), low, high
        )
        for _ in range(2):
            for term, found in zip(analyte.terms, grade(analyte.name, value, known), strict=True):
                assert found._replace(because="") == grade_by_term(analyte, term, value, known)


@given(st.data())
def test_between_the_ends_every_grade_is_zero(data: st.DataObject) -> None:
    """At both ends, and at every limit and beside it in between, whatever else became known."""
    analyte = data.draw(st.sampled_from(analytes()))
    unit = data.draw(st.sampled_from([*analyte.units, "mg/dL", "", "?"]))
    low, high = data.draw(LIMITS), data.draw(LIMITS)
    drawn = data.draw(givens(unit))
    known = GradingContext(drawn.baseline, drawn.at_baseline)
    numbers = near(analyte, unit, low, high, known)
    value = MeasuredValue(data.draw(st.sampled_from(numbers)), unit, "", low, high)
    found = zero_around(analyte.name, value, known)
    if found is None:
        return
    least, most = found
    assert value.value is not None
    assert least <= value.value <= most
    for number in {least, most, *(one for one in numbers if least <= one <= most)}:
        for given_ in (
            known,
            drawn._replace(baseline=known.baseline),
            known._replace(repeated=True),
        ):
            graded = grade(analyte.name, value._replace(value=number), given_)
            assert all(one.grade == 0 for one in graded)


@given(st.sampled_from(analytes()), LIMITS, st.floats(0.1, 60))
def test_most_values_are_within_their_limits(
    analyte: Analyte, high: float | None, number: float
) -> None:
    """Where a value has grade 0 for sure, the ends are told; beside a limit they lie apart."""
    value = MeasuredValue(number, analyte.units[0], "", 0.05, high)
    graded = grade(analyte.name, value, GradingContext(at_baseline=True))
    found = zero_around(analyte.name, value, GradingContext(at_baseline=True))
    zero = all(one.possible == (0,) for one in graded) and not analyte.corrected_by
    assert (found is not None) is zero


@given(st.lists(st.floats(0, 1e3), max_size=6), st.floats(0, 1e3), st.floats(0, 1e3))
def test_one_stretch_has_the_same_comparisons(limits: list[float], a: float, b: float) -> None:
    """Two numbers of a stretch compare alike with every limit."""
    scale = Scale("", tuple(sorted(limits)))
    alike = all(
        compare_numbers(a, op, limit) == compare_numbers(b, op, limit)
        for limit in limits
        for op in ("<", "<=", ">", ">=")
    )
    if scale.place(a) == scale.place(b):
        assert alike
