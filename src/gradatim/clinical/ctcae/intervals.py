"""The stretches of a term's scale: between two limits every value has the same grade.

Which limits there are depends on the unit, the reference range and the baseline alone. The values
of one element of one participant share them, so each stretch is judged once.
"""

from bisect import bisect_left
from functools import lru_cache
from typing import Any, NamedTuple

from gradatim.clinical.ctcae.inputs import (
    GradingContext,
    MeasuredValue,
    fault_of,
    known_of,
    situation,
)
from gradatim.clinical.ctcae.rules import Need, compared_numbers
from gradatim.clinical.ctcae.table import analyte_called
from gradatim.clinical.units import convert_for
from gradatim.core.quantity import same
from gradatim.core.truth import FALSE

Stretch = tuple[tuple[int, int], ...]
BEYOND = 1e12
"""More than any value is."""
_BESIDE = 1e-6
"""How far beside a limit a number is surely no longer equal to it."""


class Scale(NamedTuple):
    """The limits of one list of steps, ascending, in the unit that it compares in."""

    unit: str
    limits: tuple[float, ...]

    def place(self, number: float) -> tuple[int, int]:
        """Give how many limits a number is above, and how many it is above or at."""
        above = reached = bisect_left(self.limits, number)
        while above and same(number, self.limits[above - 1]):
            above -= 1
        while reached < len(self.limits) and same(number, self.limits[reached]):
            reached += 1
        return above, reached


class Stretches(NamedTuple):
    """What was found for each stretch, of values with the same unit, limits and baseline.

    Args:
        substance: of the analyte, for conversion.
        scales: of the lists of steps that may apply.
        found: by stretch, what was found there.
    """

    substance: str
    scales: tuple[Scale, ...]
    found: dict[Stretch, Any]

    def of(self, value: MeasuredValue) -> Stretch | None:
        """Give a value's stretch; None for a bound, which may lie on several, or a fault."""
        if value.bound or value.value is None or fault_of(value):
            return None
        stretch = []
        for scale in self.scales:
            number: float | None = value.value
            if scale.unit:
                number = convert_for(self.substance, value.value, value.unit, scale.unit)
            if number is None:
                return None
            stretch.append(scale.place(number))
        return tuple(stretch)

    def around(self, value: MeasuredValue) -> tuple[float, float] | None:
        """Return two numbers in a value's unit: it lies between, and so does its stretch alone.

        None as of `of`. The stretch may reach further.
        """
        here = self.of(value)
        if here is None or value.value is None:
            return None
        least, most = 0.0, BEYOND
        for scale, (above, reached) in zip(self.scales, here, strict=True):
            if above != reached:
                return value.value, value.value  # it is a limit itself
            slope, at_zero = self._line(scale, value.unit)
            if above:
                own = (scale.limits[above - 1] - at_zero) / slope
                least = max(least, own + _BESIDE * abs(own))
            if above < len(scale.limits):
                own = (scale.limits[above] - at_zero) / slope
                most = min(most, own - _BESIDE * abs(own))
        # A stretch has no gaps: where both ends are of it, so is all between them.
        ends = (
            end if self.of(value._replace(value=end)) == here else value.value
            for end in (min(least, value.value), max(most, value.value))
        )
        return next(ends), next(ends)

    def _line(self, scale: Scale, unit: str) -> tuple[float, float]:
        """Return how a number becomes one of a scale: times the first, plus the second."""
        if not scale.unit:
            return 1.0, 0.0
        one, none = (convert_for(self.substance, n, unit, scale.unit) for n in (1.0, 0.0))
        return (one or 0.0) - (none or 0.0) or 1.0, none or 0.0


@lru_cache(maxsize=16_384, typed=True)
def stretches(
    analyte: str, term: str, unit: str, low: float | None, high: float | None, given: GradingContext
) -> Stretches:
    """Give the stretches of a term, with nothing found yet.

    Args:
        analyte, term: their names.
        unit, low, high: as `Value` has them.
        given: what else a grade can depend on.
    """
    found, any_value = analyte_called(analyte), MeasuredValue(1.0, unit, "", low, high)
    clauses = next(one.clauses for one in found.terms if one.name == term)
    scales = []
    for name, steps in clauses.items():
        if situation(name, found, given)[0] is FALSE:
            continue
        known = known_of(name, steps, found, any_value, given)
        if not isinstance(known, Need):
            scales.append(Scale(known.unit, compared_numbers(steps, known)))
    return Stretches(found.substance, tuple(scales), {})
