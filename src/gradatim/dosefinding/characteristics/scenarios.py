"""True DLT rates to compare designs on: nobody knows them, so several."""

from collections.abc import Iterator
from typing import NamedTuple

TOLERATED = 0.30
"""What 3+3 aims at, loosely: where a design has no target, scenarios are drawn around this."""


class Scenario(NamedTuple):
    """A rising curve of true DLT rates.

    Args:
        name: what it is, in words.
        rates: the rate at each level, (D,).
    """

    name: str
    rates: tuple[float, ...]


def scenarios(doses: int, target: float | None = None, gap: float | None = None) -> list[Scenario]:
    """Return common scenarios: each level on target in turn, all safe, all too toxic.

    Args:
        doses: how many levels.
        target: the DLT rate aimed at; 0.30 where a design has none.
        gap: how far neighbours of the level on target are from it; a third of the target if not
            given.
    """
    aim = TOLERATED if target is None else target
    apart = aim / 3 if gap is None else gap
    curves = [
        Scenario(f"level {dose} on target", rates)
        for dose, rates in enumerate(curves_on_target(doses, aim, apart), 1)
    ]
    safe = tuple(aim * (0.1 + 0.15 * i / max(doses - 1, 1)) for i in range(doses))
    toxic = tuple(min(0.95, aim * (1.5 + 0.9 * i / max(doses - 1, 1))) for i in range(doses))
    return [Scenario("little toxicity", safe), *curves, Scenario("all too toxic", toxic)]


def curves_on_target(doses: int, target: float, gap: float) -> Iterator[tuple[float, ...]]:
    """Return a curve for each dose on which that dose is on target.

    Neighbours are a gap away, the odds changing by the same factor from dose to dose.
    """
    odds = _odds(target)
    up, down = _odds(target + gap) / odds, _odds(target - gap) / odds
    for middle in range(doses):
        factors = (up ** max(i - middle, 0) * down ** max(middle - i, 0) for i in range(doses))
        yield tuple(odds * factor / (1 + odds * factor) for factor in factors)


def _odds(rate: float) -> float:
    return rate / (1 - rate)
