"""What is drawn from which unit: what expires first is used first, and the rest is discarded.

Units are infused one after the other: what enters the line last is what stays in filter and line.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate
from typing import NamedTuple

from gradatim.core.quantity import RELATIVE_TOLERANCE, compare, same
from gradatim.dosing.limits import elapsed
from gradatim.dosing.product import Unit


class Source(NamedTuple):
    """A unit, and how many cells that the dose counts are in a mL of it."""

    unit: Unit
    per_ml: float


class Draw(NamedTuple):
    """What one opened unit gives, in mL: infused, and held in filter and line."""

    unit: Unit
    per_ml: float
    infused_ml: float
    held_ml: float

    @property
    def drawn_ml(self) -> float:
        """The mL drawn from the unit."""
        return self.infused_ml + self.held_ml

    @property
    def discarded_ml(self) -> float:
        """The mL that are not infused: left in the unit, or in filter and line."""
        return self.unit.volume_ml - self.infused_ml

    @property
    def infused_cells(self) -> float:
        """The cells infused, of those that the dose counts."""
        return self.infused_ml * self.per_ml

    @property
    def discarded_cells(self) -> float:
        """The cells discarded, of those that the dose counts."""
        return self.discarded_ml * self.per_ml


def first_expiring_first(units: Sequence[Unit]) -> list[Unit]:
    """Order units by expiry, then by id; a unit without expiry comes last.

    Raises:
        UnusableInput: only some of the times have a time zone.
    """
    expiries = [unit.expiry for unit in units if unit.expiry]
    for expiry in expiries[1:]:
        elapsed(expiries[0], expiry)
    return sorted(
        units, key=lambda unit: (unit.expiry is None, unit.expiry or datetime.max, unit.id)
    )


def drawn_exactly(sources: Sequence[Source], dose: float, hold_up: float) -> tuple[Draw, ...]:
    """Draw the exact volume of the dose, and what stays in filter and line; or all there is.

    Args:
        sources: in the order in which they are used.
        dose: cells.
        hold_up: mL that stay in filter and line.
    """
    available = sum(one.unit.volume_ml for one in sources)
    infused = min(_reaching(sources, dose), max(available - hold_up, 0))
    return _cut(sources, infused, hold_up)


def drawn_whole(
    sources: Sequence[Source], dose: float, hold_up: float, tolerance: float
) -> tuple[Draw, ...]:
    """Give the fewest whole units that reach the dose; one less if only that is within tolerance.

    If neither is, the units that reach the dose are given, for the refusal to be shown.
    """
    ends = list(accumulate(one.unit.volume_ml for one in sources))
    fewer: tuple[Draw, ...] = ()
    for n, volume in enumerate(ends, 1):
        draws = _cut(sources[:n], max(volume - hold_up, 0), hold_up)
        if n == len(ends) or compare(_cells(draws), ">=", dose):
            break
        fewer = draws
    if not _within(draws, dose, tolerance) and _within(fewer, dose, tolerance):
        return fewer
    return draws


def _within(draws: Sequence[Draw], dose: float, tolerance: float) -> bool:
    return compare(abs(_cells(draws) - dose), "<=", tolerance * dose)


def _cells(draws: Sequence[Draw]) -> float:
    return sum(one.infused_cells for one in draws)


def _reaching(sources: Sequence[Source], dose: float) -> float:
    """Give the mL, from the first unit on, that hold the dose; all mL if there is less."""
    volume = 0.0
    for unit, per_ml in sources:
        cells = unit.volume_ml * per_ml
        if cells > dose and not same(cells, dose):
            return volume + dose / per_ml
        volume += unit.volume_ml
        dose -= cells
        if dose <= RELATIVE_TOLERANCE * cells:
            break
    return volume


def _cut(sources: Sequence[Source], infused: float, hold_up: float) -> tuple[Draw, ...]:
    """Infuse the first `infused` mL and hold the next `hold_up`; units not touched stay closed."""
    draws, start = [], 0.0
    for unit, per_ml in sources:
        end = start + unit.volume_ml
        inside = _overlap(start, end, 0, infused)
        held = _overlap(start, end, infused, infused + hold_up)
        if inside + held > RELATIVE_TOLERANCE * unit.volume_ml:
            draws.append(Draw(unit, per_ml, inside, held))
        start = end
    return tuple(draws)


def _overlap(start: float, end: float, low: float, high: float) -> float:
    return max(min(end, high) - max(start, low), 0.0)
