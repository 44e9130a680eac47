"""Arithmetic as data: the expression trees of which scores and derived elements are made.

A tree is a number, the name of an input, or a mapping with one operator. It is evaluated here,
slowly and obviously; other engines compile the same tree. A missing input gives no result.

    {divide: [{add: [q1, q2, q3, q4, {divide: [{add: [q5, q6]}, 2]}]}, 5]}
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gradatim.core.quantity import compare_numbers

Expression = float | int | str | Mapping[str, Any]
Value = float | str

_ARITHMETIC: dict[str, Callable[..., float]] = {
    "add": lambda *xs: math.fsum(xs),
    "subtract": lambda a, b: a - b,
    "multiply": lambda *xs: math.prod(xs),
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
    "min": lambda *xs: min(xs),
    "max": lambda *xs: max(xs),
    "ln": math.log,
    "sqrt": math.sqrt,
}
OPERATORS = (*_ARITHMETIC, "choose", "bands")


class NotAnExpression(ValueError):
    """A tree that cannot be evaluated; the message says which part and why."""


def inputs(tree: Expression) -> Iterator[str]:
    """Give the names of the inputs a tree uses, with repeats.

    Raises:
        NotAnExpression: the tree has an unknown operator or a part of the wrong shape.
    """
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, Mapping):
        operator, argument = _only_item(tree)
        if operator == "choose":
            yield argument["by"]
            for branch in argument["among"].values():
                yield from inputs(branch)
        elif operator == "bands":
            yield from inputs(argument["of"])
        else:
            for part in _arguments(argument):
                yield from inputs(part)
    elif isinstance(tree, bool) or not isinstance(tree, int | float):
        raise NotAnExpression(f"{tree!r} is neither a number, an input's name nor an operator")


def calculate(tree: Expression, given: Mapping[str, Value | None]) -> Value | None:
    """Evaluate a tree.

    Args:
        tree: the expression.
        given: the value of each input, in the unit that the tree's owner documents.

    Returns:
        A number (of `bands`, a word), or None when an input is missing or the arithmetic has no
        real result (a logarithm of a negative number, a division by zero).
    """
    if isinstance(tree, str):
        return given.get(tree)
    if not isinstance(tree, Mapping):
        return float(tree)
    operator, argument = _only_item(tree)
    if operator == "choose":
        branch = argument["among"].get(given.get(argument["by"]))
        return None if branch is None else calculate(branch, given)
    if operator == "bands":
        return _band(argument, calculate(argument["of"], given))
    parts = [calculate(part, given) for part in _arguments(argument)]
    if not all(isinstance(part, float | int) for part in parts):
        return None
    try:
        result: Any = _ARITHMETIC[operator](*parts)
        # A negative number to a fractional power is complex.
        usable = isinstance(result, float | int) and math.isfinite(result)
    except (ValueError, ZeroDivisionError, OverflowError):
        return None
    return result if usable else None


def _band(spec: Mapping[str, Any], value: Value | None) -> str | None:
    """Name the band whose lower limit (`from`, inclusive) is the highest one reached."""
    if not isinstance(value, float | int):
        return None
    name: str = spec["below"]
    for band in spec["steps"]:
        if compare_numbers(value, ">=", band["from"]):
            name = band["is"]
    return name


def _only_item(tree: Mapping[str, Any]) -> tuple[str, Any]:
    if len(tree) != 1 or next(iter(tree)) not in OPERATORS:
        raise NotAnExpression(f"{dict(tree)!r} must have one operator of {', '.join(OPERATORS)}")
    return next(iter(tree.items()))


def _arguments(argument: Any) -> list[Any]:
    return argument if isinstance(argument, list) else [argument]
