"""Quantities: units that are understood, conversions, and comparison within the tolerance."""

import math

import pytest

from gradatim.core.quantity import (
    Quantity,
    compare_bounded,
    compare_numbers,
    convert,
    plain_number,
    scale,
    shown_unit,
)
from gradatim.core.truth import UNKNOWN


@pytest.mark.parametrize(
    ("value", "unit", "to", "found"),
    [
        (1, "mg/dL", "mg/L", 10),
        (1, "U/L", "ukat/L", 1 / 60),
        (37, "Cel", "K", 310.15),
        (98.6, "[degF]", "Cel", 37),
        (1, "10*9/L", "10*3/uL", 1),
        (1, "wk", "d", 7),
        (1, "k[iU]/L", "[iU]/mL", 1),
        (50, "%", "1", 0.5),
        (1, "[lb_av]", "kg", 0.45359237),
        (60, "mL/min/{1.73_m2}", "mL/min", 60),
        (1, "/uL", "/mL", 1000),
    ],
)
def test_conversion(value: float, unit: str, to: str, found: float) -> None:
    """By the definitions of UCUM."""
    assert convert(value, unit, to) == pytest.approx(found)


@pytest.mark.parametrize(
    ("unit", "to"),
    [
        ("mg", "mol"),
        ("U/L", "[iU]/L"),
        ("[iU]/L", "[arb'U]/L"),
        ("Cel", "m"),
        ("mg", "furlong"),
        ("mg//L", "mg/L"),
        ("km999", "m"),
        ("pm99", "m"),
        ("0", "1"),
        ("mg/0", "mg"),
    ],
)
def test_impossible_conversion_gives_nothing(unit: str, to: str) -> None:
    """It is None, and never an exception."""
    assert convert(1, unit, to) is None
    assert convert(1, to, unit) is None


def test_a_unit_nobody_understands_compares_with_itself() -> None:
    """Known mistake elsewhere: units compared with themselves give null (cql-execution #350)."""
    assert scale("furlong") is None
    assert convert(3, "furlong", "furlong") == 3


def test_1_8_is_not_above_1_5_times_1_2() -> None:
    """To a computer 1.5 x 1.2 is 1.7999999999999998."""
    assert 1.8 > 1.5 * 1.2
    assert not compare_numbers(1.8, ">", 1.5 * 1.2)
    assert compare_numbers(1.8, ">=", 1.5 * 1.2)
    assert compare_numbers(1.8, "=", 1.5 * 1.2)
    assert compare_numbers(1.8001, ">", 1.5 * 1.2)


@pytest.mark.parametrize("op", ["<", "<=", ">", ">=", "="])
def test_nan_satisfies_no_comparison(op: str) -> None:
    """It is not a number, so nothing is known of it."""
    assert not compare_numbers(math.nan, op, 1.0)
    assert compare_bounded(math.nan, "", op, 1.0) is UNKNOWN


def test_quantities_are_written_as_people_write_them() -> None:
    """No needless digits, no unit where there is none."""
    assert str(Quantity(112.0, "U/L")) == "112 U/L"
    assert str(Quantity(20, "mg/L", "<")) == "<20 mg/L"
    assert str(Quantity(0.5, "1")) == "0.5"
    assert plain_number(3e6) == "3000000"


@pytest.mark.parametrize(
    ("code", "sign"),
    [
        ("Cel", "°C"),
        ("mm[Hg]", "mmHg"),
        ("10*3/uL", "10³/µL"),
        ("{score}", ""),
        ("mL/min/{1.73_m2}", "mL/min/1.73 m2"),
        ("{cells}/kg", "cells/kg"),
        ("[IU]/mL", "IU/mL"),
        ("mmol/L", "mmol/L"),
        ("10*12/L", "10¹²/L"),
        ("{cells}", "cells"),
        ("{Cells}/uL", "Cells/µL"),
        ("10*9{Cells}/L", "10⁹Cells/L"),
        ("{#}/uL", "/µL"),
        ("10*-6", "10⁻⁶"),
        ("1", ""),
    ],
)
def test_units_have_their_usual_signs(code: str, sign: str) -> None:
    """UCUM is for machines."""
    assert shown_unit(code) == sign
    assert shown_unit(sign) == sign
    assert str(Quantity(38.5, code)) == f"38.5 {sign}".rstrip()
