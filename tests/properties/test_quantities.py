"""Comparing and converting numbers with units."""

from hypothesis import assume, given
from hypothesis import strategies as st

from gradatim.core.quantity import (
    RELATIVE_TOLERANCE,
    compare_bounded,
    compare_numbers,
    convert,
    scale,
)
from gradatim.core.truth import FALSE, TRUE, UNKNOWN

NUMBERS = st.floats(-1e9, 1e9, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 1e-9)
OPERATORS = st.sampled_from(["<", "<=", ">", ">=", "="])
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}
OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
UNITS = [
    "mg/dL",
    "g/L",
    "kg",
    "mg",
    "ug",
    "umol/L",
    "mmol/L",
    "U/L",
    "ukat/L",
    "10*9/L",
    "/uL",
    "%",
    "d",
    "wk",
    "mo",
    "a",
    "Cel",
    "K",
    "[degF]",
    "[iU]/mL",
    "k[iU]/L",
    "m[Hg]",
    "mm[Hg]",
    "{score}",
    "1",
    "",
    "mL/min/{1.73_m2}",
    "kg/m2",
    "10*6/kg",
    "nonsense",
]


@given(NUMBERS, OPERATORS, NUMBERS)
def test_comparison_is_antisymmetric(a: float, op: str, b: float) -> None:
    """Seen from the other side it is the mirrored comparison; its opposite is its negation."""
    assert compare_numbers(a, op, b) is compare_numbers(b, MIRRORED[op], a)
    if op in OPPOSITE:
        assert compare_numbers(a, op, b) is not compare_numbers(a, OPPOSITE[op], b)


@given(NUMBERS, NUMBERS)
def test_exactly_one_of_below_equal_above(a: float, b: float) -> None:
    """Any two numbers stand in one relation."""
    assert sum(compare_numbers(a, op, b) for op in ("<", "=", ">")) == 1


@given(NUMBERS.filter(bool), st.floats(-0.9, 0.9), OPERATORS)
def test_within_the_tolerance_numbers_are_equal(a: float, share: float, op: str) -> None:
    """A difference of arithmetic is no difference; ten times the tolerance is one."""
    close = a * (1 + share * RELATIVE_TOLERANCE)
    assert compare_numbers(a, op, close) is ("=" in op)
    assert not compare_numbers(a, "=", a * (1 + 10 * RELATIVE_TOLERANCE))


@given(
    st.integers(-20, 20),
    st.sampled_from(["", "<", "<=", ">", ">="]),
    OPERATORS,
    st.integers(-20, 20),
)
def test_a_bound_is_every_number_it_may_be(a: int, bound: str, op: str, b: int) -> None:
    """TRUE or FALSE exactly when all of the numbers, a half apart, agree."""
    numbers = [a + half / 2 for half in range(-100, 101)] if bound else [float(a)]
    allowed = [x for x in numbers if not bound or compare_numbers(x, bound, a)]
    answers = {compare_numbers(x, op, b) for x in allowed}
    wanted = UNKNOWN if len(answers) == 2 else TRUE if answers == {True} else FALSE
    assert compare_bounded(a, bound, op, b) is wanted


@given(NUMBERS, st.sampled_from(UNITS), st.sampled_from(UNITS))
def test_conversion_there_and_back(value: float, unit: str, to: str) -> None:
    """A number converted and converted back is the same; one way is possible if the other is."""
    there = convert(value, unit, to)
    back = None if there is None else convert(there, to, unit)
    assert (there is None) is (back is None)
    if back is not None:
        assert abs(back - value) <= 1e-6 * max(1, abs(value))


@given(NUMBERS, st.sampled_from(UNITS))
def test_a_unit_always_compares_with_itself(value: float, unit: str) -> None:
    """Also one that nobody understands."""
    assert convert(value, unit, unit) == value


@given(st.text("mgLUkd%./{}[]*^0123456789-+ iUCel", max_size=12), st.text(max_size=5))
def test_no_unit_raises(unit: str, other: str) -> None:
    """Whatever is written as a unit, conversion gives a number or None."""
    assume(unit != other)
    found = convert(1.0, unit, other)
    assert found is None or isinstance(found, float)
    assert scale(unit) is None or scale(unit)[0] > 0  # type: ignore[index]
