"""What is drawn from which container: what expires first is used first, the rest is discarded.

Containers are infused one after the other: what enters the line last is what stays in filter and
line.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate
from typing import NamedTuple

from gradatim.core.quantity import RELATIVE_TOLERANCE, compare_numbers, same
from gradatim.dosing.inventory import Container
from gradatim.dosing.limits import elapsed
from gradatim.dosing.product import Concentration


class LabelledContainer(NamedTuple):
    """A container whose label says what it holds.

    Args:
        container: it.
        volume_ml: mL in it.
        concentration: what a mL of it holds.
        per_ml: cells that the dose counts in a mL of it.
    """

    container: Container
    volume_ml: float
    concentration: Concentration
    per_ml: float


class Draw(NamedTuple):
    """What one opened container gives, in mL: infused, and held in filter and line."""

    source: LabelledContainer
    infused_ml: float
    held_ml: float

    @property
    def container(self) -> Container:
        """The container that is opened."""
        return self.source.container

    @property
    def drawn_ml(self) -> float:
        """The mL drawn from the container."""
        return self.infused_ml + self.held_ml

    @property
    def discarded_ml(self) -> float:
        """The mL that are not infused: left in the container, or in filter and line."""
        return self.source.volume_ml - self.infused_ml

    @property
    def infused_cells(self) -> float:
        """The cells infused, of those that the dose counts."""
        return self.infused_ml * self.source.per_ml

    @property
    def discarded_cells(self) -> float:
        """The cells discarded, of those that the dose counts."""
        return self.discarded_ml * self.source.per_ml


def first_expiring_first(containers: Sequence[Container]) -> list[Container]:
    """Return containers by expiry, then by number and lot; one without expiry comes last.

    Raises:
        UnusableInput: only some of the times have a time zone.
    """
    expiries = [one.expiry for one in containers if one.expiry]
    for expiry in expiries[1:]:
        elapsed(expiries[0], expiry)
    return sorted(
        containers,
        key=lambda one: (one.expiry is None, one.expiry or datetime.max, one.id, one.lot),
    )


def drawn_exactly(
    sources: Sequence[LabelledContainer], dose: float, hold_up: float
) -> tuple[Draw, ...]:
    """Draw the exact volume of the dose, and what stays in filter and line; or all there is.

    Args:
        sources: in the order in which they are used.
        dose: cells.
        hold_up: mL that stay in filter and line.
    """
    available = sum(one.volume_ml for one in sources)
    infused = min(_reaching(sources, dose), max(available - hold_up, 0))
    return _cut(sources, infused, hold_up)


def drawn_whole(
    sources: Sequence[LabelledContainer], dose: float, hold_up: float, tolerance: float
) -> tuple[Draw, ...]:
    """Return the fewest whole containers that reach the dose, or one less if only that is close.

    If neither is within tolerance, those that reach the dose are, for the refusal to be shown.
    """
    ends = list(accumulate(one.volume_ml for one in sources))
    fewer: tuple[Draw, ...] = ()
    for n, volume in enumerate(ends, 1):
        draws = _cut(sources[:n], max(volume - hold_up, 0), hold_up)
        if n == len(ends) or compare_numbers(_cells(draws), ">=", dose):
            break
        fewer = draws
    if not _within(draws, dose, tolerance) and _within(fewer, dose, tolerance):
        return fewer
    return draws


def _within(draws: Sequence[Draw], dose: float, tolerance: float) -> bool:
    return compare_numbers(abs(_cells(draws) - dose), "<=", tolerance * dose)


def _cells(draws: Sequence[Draw]) -> float:
    return sum(one.infused_cells for one in draws)


def _reaching(sources: Sequence[LabelledContainer], dose: float) -> float:
    """Return the mL, from the first container on, that hold the dose; all mL if there is less."""
    volume = 0.0
    for one in sources:
        cells = one.volume_ml * one.per_ml
        if cells > dose and not same(cells, dose):
            return volume + dose / one.per_ml
        volume += one.volume_ml
        dose -= cells
        if dose <= RELATIVE_TOLERANCE * cells:
            break
    return volume


def _cut(sources: Sequence[LabelledContainer], infused: float, hold_up: float) -> tuple[Draw, ...]:
    """Infuse the first `infused` mL and hold the next `hold_up`; the rest stays closed."""
    draws, start = [], 0.0
    for one in sources:
        end = start + one.volume_ml
        inside = _overlap(start, end, 0, infused)
        held = _overlap(start, end, infused, infused + hold_up)
        if inside + held > RELATIVE_TOLERANCE * one.volume_ml:
            draws.append(Draw(one, inside, held))
        start = end
    return tuple(draws)


def _overlap(start: float, end: float, low: float, high: float) -> float:
    return max(min(end, high) - max(start, low), 0.0)
