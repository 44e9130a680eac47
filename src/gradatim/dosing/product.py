"""What a dose is prepared from: weights, concentrations, units of the product, and the intent."""

import math
from datetime import datetime
from typing import Literal, NamedTuple

from gradatim.core.errors import UnusableInput

Counted = Literal["viable", "total"]
Measured = Literal["release", "post-thaw"]
Mode = Literal["exact volume", "whole units"]

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
    measured: Measured
    viability: float | None = None
    recovery: float = 1.0


class Unit(NamedTuple):
    """One bag or vial of the product.

    Args:
        id: as on its label.
        volume_ml: mL in it.
        concentration: what a mL of it holds.
        lot: the lot it is of.
        expiry: it must have been given by then; None is not known.
        dmso_fraction: dimethyl sulfoxide, volume by volume, 0 to 1; None is not known.
        thawed_at: None is not thawed yet, or not known.
        certified_viability: viability on the certificate of the lot, held against the protocol's
            minimum only and never part of the arithmetic; for labels that count viable cells.
    """

    id: str
    volume_ml: float
    concentration: Concentration
    lot: str = ""
    expiry: datetime | None = None
    dmso_fraction: float | None = None
    thawed_at: datetime | None = None
    certified_viability: float | None = None


class Intended(NamedTuple):
    """How the dose is to be given: minutes of infusion, its end, and the mode if another is asked.

    Without `mode` the protocol's is used.
    """

    duration_min: float | None = None
    ends_at: datetime | None = None
    mode: Mode | None = None


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
    _positive(one.cells_per_ml, "cells per mL", where)
    _fraction(one.viability, "viability", where)
    _fraction(one.recovery, "recovery", where)
    return one


def usable_unit(unit: Unit) -> Unit:
    """Give the unit back, if its numbers can be used.

    Raises:
        UnusableInput: a number is not positive, or a fraction not between 0 and 1.
    """
    _positive(unit.volume_ml, "volume in mL", unit.id)
    usable_concentration(unit.concentration, unit.id)
    _fraction(unit.certified_viability, "certified viability", unit.id)
    if unit.dmso_fraction != 0:
        _fraction(unit.dmso_fraction, "DMSO fraction", unit.id)
    return unit


def usable_units(units: tuple[Unit, ...]) -> tuple[Unit, ...]:
    """Give the units back, if each can be used and no two have one id.

    Raises:
        UnusableInput: a unit cannot be used, or is there twice.
    """
    seen = set()
    for unit in map(usable_unit, units):
        if unit.id in seen:
            raise UnusableInput(
                f"the unit {unit.id} is there twice",
                why="it would be drawn twice",
                todo="give each unit once",
            )
        seen.add(unit.id)
    return units


def _positive(value: float, what: str, where: str) -> None:
    if not (math.isfinite(value) and value > 0):
        raise UnusableInput(f"{what}: {value:g} is not a positive number", where)


def _fraction(value: float | None, what: str, where: str) -> None:
    if value is not None and not 0 < value <= 1:
        raise UnusableInput(
            f"{what}: {value:g} is not a fraction above 0 and at most 1",
            where,
            todo="write 90 % as 0.9",
        )
