"""Steps of a computation: each shows its formula in words, its numbers with units, its result."""

import re
from collections.abc import Callable
from typing import NamedTuple

from gradatim.core.quantity import Quantity, shown_unit

CELLS, CELLS_PER_ML, KG, ML, MINUTES = "{cells}", "{cells}/mL", "kg", "mL", "min"
WHOLE_FROM = 10_000


class Named(NamedTuple):
    """A number under the name it has in the formula."""

    name: str
    quantity: Quantity


class Step(NamedTuple):
    """One step.

    Args:
        label: what is computed.
        formula: in words, with the signs × ÷ + − and min().
        numbers: every number of the formula, under its name there.
        result: what comes out.
    """

    label: str
    formula: str
    numbers: tuple[Named, ...]
    result: Quantity

    @property
    def arithmetic(self) -> str:
        """The formula with its numbers and units instead of the words."""
        return self.written(quantity_words)

    def written(self, write: Callable[[Quantity], str]) -> str:
        """Give the formula with each name replaced by its number, as `write` writes it."""
        numbers = {one.name: write(one.quantity) for one in self.numbers}
        longest_first = sorted(map(re.escape, numbers), key=len, reverse=True)
        return re.sub("|".join(longest_first), lambda found: numbers[found[0]], self.formula)


def step(
    label: str, formula: str, numbers: dict[str, tuple[float, str]], result: float, unit: str
) -> Step:
    """Put a step together; `numbers` are value and UCUM unit under the names of the formula."""
    named = tuple(Named(name, Quantity(*number)) for name, number in numbers.items())
    return Step(label, formula, named, Quantity(result, unit))


def quantity_words(quantity: Quantity) -> str:
    """Write a quantity in a sentence: `350,000,000 cells`, `23.3333 mL`, `0.9`."""
    value, unit = quantity.value, shown_unit(quantity.unit)
    number = f"{value:,.0f}" if abs(value) >= WHOLE_FROM else f"{value:.6g}"
    return f"{number} {unit}" if unit else number


def signed_percent(fraction: float) -> str:
    """Write a deviation with its sign: `+43 %`, `-2.7 %`; two decimals where limits are near."""
    value = 100 * fraction
    if abs(value) >= 20:
        return f"{value:+.0f} %"
    text = f"{value:+.2f}".rstrip("0").rstrip(".")
    return "0 %" if float(text) == 0 else f"{text} %"
