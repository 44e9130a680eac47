"""What a dose is prepared from: weights, concentrations of the product, and the intent."""

import math
from datetime import datetime
from typing import Literal, NamedTuple

from gradatim.core.errors import UnusableInput

Counted = Literal["viable", "total"]
MeasuredAt = Literal["release", "post-thaw"]
DoseMode = Literal["exact volume", "whole units"]

LIGHTEST, HEAVIEST = 1, 500
"""kg; a weight outside is a slip of the pen or another unit."""


class Weights(NamedTuple):
    """Body weights in kg that a dose may be scaled by.

    Args:
        on_day: on the day of the dose.
        at_anchor: at the anchor that the protocol names; None is not known.
        meant: somebody has confirmed that they are right although they look implausible.
        of_the_day: False where an older weight stands in for that of the day.
    """

    on_day: float
    at_anchor: float | None = None
    meant: bool = False
    of_the_day: bool = True


class Concentration(NamedTuple):
    """How many cells a mL of the product holds, and what was counted when.

    Args:
        cells_per_ml: cells per mL, of the kind that was counted.
        counted: the label's number is of viable cells, or of all.
        measured: the count was made at release or after the thaw.
        viability: viable fraction of the total, 0 to 1; never with a count of viable cells.
        recovery: fraction of the counted cells still there when the dose is drawn; the losses
            between the measurement and the dose (thaw, washing).
    """

    cells_per_ml: float
    counted: Counted
    measured: MeasuredAt
    viability: float | None = None
    recovery: float = 1.0


class Intended(NamedTuple):
    """How the dose is to be given: minutes of infusion, its end, and the mode if another is asked.

    Without `mode` the protocol's is used.
    """

    duration_min: float | None = None
    ends_at: datetime | None = None
    mode: DoseMode | None = None


def usable_weights(weights: Weights) -> Weights:
    """Give the weights back, if they can be of a person.

    Raises:
        UnusableInput: one is not between 1 and 500 kg.
    """
    for name, kg in (
        ("weight on the day", weights.on_day),
        ("weight at the anchor", weights.at_anchor),
    ):
        if kg is not None and not LIGHTEST <= kg <= HEAVIEST:
            raise UnusableInput(
                f"{kg:g} kg is not a body weight",
                name,
                todo=f"give it in kg, {LIGHTEST} to {HEAVIEST}",
            )
    return weights


def usable_concentration(one: Concentration, where: str = "") -> Concentration:
    """Give the concentration back, if its numbers can be used.

    Raises:
        UnusableInput: the count is not positive, or a fraction not above 0 and at most 1.
    """
    require_positive(one.cells_per_ml, "cells per mL", where)
    require_fraction(one.viability, "viability", where)
    require_fraction(one.recovery, "recovery", where)
    return one


def require_positive(value: float | None, what: str, where: str) -> None:
    """Refuse a number that is not positive; None is not known.

    Raises:
        UnusableInput: it is zero, negative or not finite.
    """
    if value is not None and not (math.isfinite(value) and value > 0):
        raise UnusableInput(f"{what}: {value:g} is not a positive number", where)


def require_fraction(value: float | None, what: str, where: str) -> None:
    """Refuse a number that is not a fraction; None is not known.

    Raises:
        UnusableInput: it is not above 0 and at most 1.
    """
    if value is not None and not 0 < value <= 1:
        raise UnusableInput(
            f"{what}: {value:g} is not a fraction above 0 and at most 1",
            where,
            todo="write 90 % as 0.9",
        )
