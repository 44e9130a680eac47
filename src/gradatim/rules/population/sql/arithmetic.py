"""Expression trees (`core/expression.py`) compiled to an engine's columns."""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import ibis

from gradatim.core.errors import Defect
from gradatim.core.expression import Expression
from gradatim.core.quantity import RELATIVE_TOLERANCE
from gradatim.rules.population.sql.portable import real

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
    if isinstance(tree, Mapping) and "bands" in tree:
        return _band(tree["bands"], _compiled(tree["bands"]["of"], given), words)
    number = _compiled(tree, given)
    return ibis.ifelse(number.abs() < _LARGEST, number, ibis.null("float64"))


def _compiled(tree: Expression, given: Mapping[str, Number]) -> Number:
    if isinstance(tree, str):
        return given[tree]
    if not isinstance(tree, Mapping):
        return real(float(tree))
    operator, argument = next(iter(tree.items()))
    if operator == "choose":
        return _choice(argument, given)
    parts = argument if isinstance(argument, list) else [argument]
    if operator == "power":
        return _power(_compiled(parts[0], given), parts[1], _compiled(parts[1], given))
    if operator in ("min", "max"):
        return _extreme(
            operator,
            [_compiled(part, given) for part in parts],
            [isinstance(part, int | float) for part in parts],
        )
    if operator not in _OPERATORS:
        raise Defect(f"a population cannot compute {operator!r} within a formula")
    return _OPERATORS[operator](*(_compiled(part, given) for part in parts))


def _choice(spec: Mapping[str, Any], given: Mapping[str, Number]) -> Number:
    if spec["by"] != "sex":
        raise Defect(f"a population cannot choose by {spec['by']!r}: only by sex")
    cases = [
        (given["sex"] == name, _compiled(branch, given)) for name, branch in spec["among"].items()
    ]
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


def _power(base: Number, written: Expression, exponent: Number) -> Number:
    """Raise to a power; the usual exponents are constants, of which it is known what they bear."""
    none = ibis.null("float64")
    if isinstance(written, int | float) and float(written).is_integer():
        return (base if written >= 0 else base.nullif(0.0)) ** exponent
    if isinstance(written, int | float):
        return ibis.ifelse(base > 0, base, none) ** exponent
    whole = exponent == exponent.floor()
    possible = (base > 0) | ((base < 0) & whole) | ((base == 0) & (exponent >= 0))
    return ibis.ifelse(possible, base, none) ** exponent


def _extreme(operator: str, numbers: Sequence[Number], constant: Sequence[bool]) -> Number:
    """Give the least or greatest, NULL where any is: the engines pass over NULL."""
    found = (ibis.least if operator == "min" else ibis.greatest)(*numbers)
    checked = [one.isnull() for one, fixed in zip(numbers, constant, strict=True) if not fixed]
    if not checked:
        return found
    return ibis.ifelse(reduce(lambda a, b: a | b, checked), ibis.null("float64"), found)


def _quotient(a: Number, b: Number) -> Number:
    return a / b.nullif(0.0)


_OPERATORS: dict[str, Callable[..., Number]] = {
    "add": lambda *xs: reduce(lambda a, b: a + b, xs),
    "subtract": lambda a, b: a - b,
    "multiply": lambda *xs: reduce(lambda a, b: a * b, xs),
    "divide": _quotient,
    "ln": lambda x: ibis.ifelse(x > 0, x, ibis.null("float64")).ln(),
    "sqrt": lambda x: ibis.ifelse(x >= 0, x, ibis.null("float64")).sqrt(),
}
