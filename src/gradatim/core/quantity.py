"""Quantities in UCUM units: conversion and comparison that never throw.

The part of UCUM that clinical data uses: metric prefixes, the atoms below, `.`, `/`, exponents,
`10*n`, and annotations in braces, which count as 1. Source: UCUM specification 2.1, sections 2 to
4 (ucum.org). Tests check every unit of the clinical tables against a full UCUM implementation.

Two numbers within a relative 1e-9 are equal, so that 1.8 is not above 1.5 x 1.2.
"""

import math
import re
from functools import lru_cache
from typing import NamedTuple

from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth

RELATIVE_TOLERANCE = 1e-9

_PREFIXES = {
    "": 1.0,
    "k": 1e3,
    "h": 1e2,
    "d": 1e-1,
    "c": 1e-2,
    "m": 1e-3,
    "u": 1e-6,
    "n": 1e-9,
    "p": 1e-12,
    "f": 1e-15,
    "M": 1e6,
    "G": 1e9,
}
_DAY = 86400.0
# atom: (factor to the base atoms, {base atom: power}, takes metric prefixes)
_ATOMS: dict[str, tuple[float, dict[str, int], bool]] = {
    "m": (1, {"m": 1}, True), "g": (1, {"g": 1}, True), "s": (1, {"s": 1}, True),
    "mol": (1, {"mol": 1}, True), "K": (1, {"K": 1}, True), "L": (1e-3, {"m": 3}, True),
    "l": (1e-3, {"m": 3}, True), "min": (60, {"s": 1}, False), "h": (3600, {"s": 1}, False),
    "d": (_DAY, {"s": 1}, False), "wk": (7 * _DAY, {"s": 1}, False),
    "mo": (365.25 / 12 * _DAY, {"s": 1}, False), "a": (365.25 * _DAY, {"s": 1}, False),
    "kat": (1, {"mol": 1, "s": -1}, True), "U": (1e-6 / 60, {"mol": 1, "s": -1}, True),
    "eq": (1, {"mol": 1}, True), "%": (1e-2, {}, False), "10*": (10, {}, False),
    "10^": (10, {}, False), "Pa": (1e3, {"g": 1, "m": -1, "s": -2}, True),
    "m[Hg]": (133.322e6, {"g": 1, "m": -1, "s": -2}, True), "deg": (math.pi / 180, {}, False),
    "[lb_av]": (453.59237, {"g": 1}, False), "[oz_av]": (28.349523125, {"g": 1}, False),
    "[in_i]": (0.0254, {"m": 1}, False), "[ft_i]": (0.3048, {"m": 1}, False),
}  # fmt: skip
# UCUM arbitrary units measure a procedure of their own: each is a dimension no other converts to.
_ARBITRARY = re.compile(r"\[[^\]]+\]")
_TERM = re.compile(
    r"(?P<op>[./]?)(?P<atom>\{[^}]*\}|10[*^]|(?:[A-Za-z%]|\[[^\]]*\])+|\d+)?"
    r"(?P<power>[+-]?\d+)?(?P<note>\{[^}]*\})?"
)
_TEMPERATURES = {"Cel": (1.0, 273.15), "[degF]": (5 / 9, 459.67 * 5 / 9), "K": (1.0, 0.0)}

Scale = tuple[float, tuple[tuple[str, int], ...]]


class Quantity(NamedTuple):
    """A number with its UCUM unit; `bound` is `<` or `>` when only that much is known."""

    value: float
    unit: str
    bound: str = ""

    def __str__(self) -> str:
        """Number and unit, as a person writes them."""
        unit = shown_unit(self.unit)
        return f"{self.bound}{plain_number(self.value)}{' ' if unit else ''}{unit}"


_SIGNS = {"Cel": "°C", "[degF]": "°F", "m[Hg]": "mHg", "uL": "µL", "[IU]": "IU"}
"""What UCUM writes otherwise than people do."""
_NAMES = frozenset({"{#}", "{score}", "{INR}", "{grade}", "{ratio}", "{pH}"})
"""Annotations that only repeat the name of what is measured."""
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_PART = re.compile(
    r"\{([^}]*)\}|10[*^](-?\d+)|(?<![A-Za-z])(?:Cel|uL)(?![A-Za-z])|\[degF\]|m\[Hg\]|\[IU\]"
)
"""An annotation, a power of ten, or a whole sign: `Cel` in `{Cells}` is none."""


def shown_unit(unit: str) -> str:
    """Return a UCUM unit as people write it; what they read it in is decided here alone.

    `Cel` is `°C`, `10*9/L` is `10⁹/L`, `{cells}/kg` is `cells/kg`, and `{score}` or `1` is nothing.
    """
    return _PART.sub(_shown_part, "" if unit == "1" else unit)


def _shown_part(found: re.Match[str]) -> str:
    annotation, power = found.groups()
    if power:
        return f"10{power.translate(_SUPERSCRIPTS)}"
    if annotation is None:
        return _SIGNS[found[0]]
    return "" if found[0] in _NAMES else annotation.replace("_", " ")


def plain_number(value: float) -> str:
    """Write a number without a needless fraction or exponent, in at most 10 digits."""
    return f"{value:.10g}" if abs(value) < 1e10 else f"{value:g}"


def same(a: float, b: float) -> bool:
    """Whether two numbers are equal to a relative 1e-9, the one rule of comparison here."""
    return abs(a - b) <= RELATIVE_TOLERANCE * max(abs(a), abs(b))


def compare_numbers(a: float, op: str, b: float) -> bool:
    """Compare two numbers by `<`, `<=`, `>`, `>=` or `=`, within the tolerance."""
    return _sign(a, b) in _HOLDS[op]


def compare_bounded(a: float, bound: str, op: str, b: float) -> Truth:
    """Compare where `a` may be known only as a bound: `<20`, `<=20`, `>90`, `>=90`.

    TRUE or FALSE when every number that `a` may be agrees, else UNKNOWN.
    """
    possible = {_sign(a, b)}
    if None in possible:
        return UNKNOWN
    if bound:
        beyond = 1 if bound[0] == ">" else -1
        possible = (
            {beyond}
            if possible == {beyond}
            else ({beyond, 0} if bound[1:] else {beyond})
            if possible == {0}
            else {-1, 0, 1}
        )
    if possible <= _HOLDS[op]:
        return TRUE
    return UNKNOWN if possible & _HOLDS[op] else FALSE


_HOLDS = {"<": {-1}, "<=": {-1, 0}, ">": {1}, ">=": {0, 1}, "=": {0}}


def _sign(a: float, b: float) -> int | None:
    """Order two numbers; NaN has no place in the order and satisfies no comparison."""
    if math.isnan(a) or math.isnan(b):
        return None
    return 0 if same(a, b) else (-1 if a < b else 1)


@lru_cache(maxsize=4096)
def scale(unit: str) -> Scale | None:
    """Give a unit's factor to base units and its dimension, or None if it is not understood."""
    factor, powers, at = 1.0, dict[str, int](), 0
    if unit.startswith("/"):
        unit = "1" + unit
    while at < len(unit):
        found = _TERM.match(unit, at)
        if not found or found.end() == at or (at > 0) != bool(found["op"]):
            return None
        at = found.end()
        base = _atom(found["atom"] or found["note"] or "")
        if base is None:
            return None
        power = int(found["power"] or 1) * (-1 if found["op"] == "/" else 1)
        try:
            factor *= base[0] ** power
        except (OverflowError, ZeroDivisionError):
            return None
        for name, exponent in base[1].items():
            powers[name] = powers.get(name, 0) + exponent * power
    usable = 0 < factor < math.inf
    return (factor, tuple(sorted((k, v) for k, v in powers.items() if v))) if usable else None


def understood(unit: str) -> bool:
    """Whether a unit is one that can be converted."""
    return unit in _TEMPERATURES or scale(unit) is not None


def _atom(text: str) -> tuple[float, dict[str, int]] | None:
    if text.startswith("{") or text == "1":
        return 1.0, {}
    if text.isdigit():
        return float(text), {}
    if text in _ATOMS:
        return _ATOMS[text][0], _ATOMS[text][1]
    for size in (1, 0):
        prefix, rest = text[:size], text[size:]
        if prefix in _PREFIXES and rest in _ATOMS and _ATOMS[rest][2]:
            return _PREFIXES[prefix] * _ATOMS[rest][0], _ATOMS[rest][1]
        if prefix in _PREFIXES and _ARBITRARY.fullmatch(rest):
            return _PREFIXES[prefix], {rest: 1}
    return None


@lru_cache(maxsize=4096)
def convert(value: float, unit: str, to: str) -> float | None:
    """Convert a number between UCUM units; None where that is impossible.

    A unit equal to the one asked for is always comparable, whether it is understood or not.
    """
    if unit == to:
        return value
    if unit in _TEMPERATURES and to in _TEMPERATURES:
        (a, b), (c, d) = _TEMPERATURES[unit], _TEMPERATURES[to]
        return (a * value + b - d) / c
    have, want = scale(unit), scale(to)
    if have is None or want is None or have[1] != want[1]:
        return None
    return value * have[0] / want[0]
