"""Expression trees (`core/expression.py`) compiled to an engine's columns."""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import ibis

from gradatim.core.errors import Defect
from gradatim.core.expression import Expression
from gradatim.core.quantity import RELATIVE_TOLERANCE
from gradatim.rules.compile.portable import real

Number = Any
"""A column of doubles, NULL where there is no value; of `sex`, a text."""
_LARGEST = 1e300


def words_of(tree: Expression) -> list[str]:
    """Give the words a tree can result in; none if it results in a number."""
    if isinstance(tree, Mapping) and "bands" in tree:
        spec = tree["bands"]
        return [spec["below"], *(band["is"] for band in spec["steps"])]
    return []


def compiled(tree: Expression, given: Mapping[str, Number], words: Sequence[str]) -> Number:
    """Compile a tree.

    Args:
        tree: the expression.
        given: a column for each input.
        words: the words that have numbers; `bands` results in such a number.

    Returns:
        A column; NULL where an input is missing or the arithmetic has no real result.
    """
    if isinstance(tree, str):
        return given[tree]
    if not isinstance(tree, Mapping):
        return real(float(tree))
    operator, argument = next(iter(tree.items()))
    if operator == "choose":
        return _choice(argument, given, words)
    if operator == "bands":
        return _band(argument, compiled(argument["of"], given, words), words)
    parts = argument if isinstance(argument, list) else [argument]
    return _finite(_OPERATORS[operator](*(compiled(part, given, words) for part in parts)))


def _finite(number: Number) -> Number:
    return ibis.ifelse(number.abs() < _LARGEST, number, ibis.null("float64"))


def _choice(spec: Mapping[str, Any], given: Mapping[str, Number], words: Sequence[str]) -> Number:
    if spec["by"] != "sex":
        raise Defect(f"a population cannot choose by {spec['by']!r}: only by sex")
    cases = [(given["sex"] == name, compiled(branch, given, words))
             for name, branch in spec["among"].items()]  # fmt: skip
    return ibis.cases(*cases, else_=ibis.null("float64"))


def _band(spec: Mapping[str, Any], value: Number, words: Sequence[str]) -> Number:
    """Give the number of the band's word; NULL without a value."""
    cases = []
    for band in reversed(spec["steps"]):
        limit = float(band["from"])
        slack = RELATIVE_TOLERANCE * ibis.greatest(value.abs(), real(abs(limit)))
        cases.append((value >= limit - slack, ibis.literal(words.index(band["is"]))))
    found = ibis.cases(*cases, else_=ibis.literal(words.index(spec["below"])))
    return ibis.ifelse(value.isnull(), ibis.null("int64"), found.cast("int64"))


def _power(base: Number, exponent: Number) -> Number:
    whole = exponent == exponent.floor()
    possible = (base > 0) | ((base < 0) & whole) | ((base == 0) & (exponent >= 0))
    none = ibis.null("float64")
    return ibis.ifelse(possible, ibis.ifelse(possible, base, none) ** exponent, none)


def _quotient(a: Number, b: Number) -> Number:
    return a / b.nullif(0.0)


def _known(numbers: Sequence[Number], of: Callable[..., Number]) -> Number:
    """Give the least or greatest, NULL where any is."""
    missing = reduce(lambda a, b: a | b, (one.isnull() for one in numbers))
    return ibis.ifelse(missing, ibis.null("float64"), of(*numbers))


_OPERATORS: dict[str, Callable[..., Number]] = {
    "add": lambda *xs: reduce(lambda a, b: a + b, xs),
    "subtract": lambda a, b: a - b,
    "multiply": lambda *xs: reduce(lambda a, b: a * b, xs),
    "divide": _quotient,
    "power": _power,
    "min": lambda *xs: _known(xs, ibis.least),
    "max": lambda *xs: _known(xs, ibis.greatest),
    "ln": lambda x: ibis.ifelse(x > 0, x, ibis.null("float64")).ln(),
    "sqrt": lambda x: ibis.ifelse(x >= 0, x, ibis.null("float64")).sqrt(),
}
