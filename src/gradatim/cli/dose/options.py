"""The options of `gradatim dose`, and how their words become values."""

import math
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from gradatim.core.errors import UnusableInput

if TYPE_CHECKING:
    from datetime import datetime

    from gradatim.dosing.product import Concentration
    from gradatim.protocol.study import Study

Level = Annotated[int, typer.Option("--level", metavar="N", help="The dose level")]
Weight = Annotated[
    float | None, typer.Option("--weight", metavar="KG", help="Body weight on the day of the dose")
]
Baseline = Annotated[
    float | None,
    typer.Option("--baseline-weight", metavar="KG", help="Body weight at the protocol's anchor"),
]
WeightIsMeant = Annotated[
    bool,
    typer.Option("--weight-is-meant", help="An implausible weight has been checked and is right"),
]
PerMl = Annotated[
    float | None,
    typer.Option("--cells-per-ml", metavar="X", help="Cells per mL on the label, such as 1e7"),
]
Counted = Annotated[
    str,
    typer.Option("--counted", metavar="viable|total", help="The cells that the label counts"),
]
MeasuredAtOption = Annotated[
    str,
    typer.Option("--measured", metavar="release|post-thaw", help="When they were counted"),
]
Viability = Annotated[
    float | None,
    typer.Option("--viability", metavar="F", help="Viable fraction of a total count, such as 0.9"),
]
Certified = Annotated[
    float | None,
    typer.Option(
        "--certified-viability",
        metavar="F",
        help="Viability on the certificate: for the protocol's minimum, not for the arithmetic",
    ),
]
Recovery = Annotated[
    float,
    typer.Option("--recovery", metavar="F", help="Fraction of the counted cells still there"),
]
BagVolume = Annotated[
    float | None, typer.Option("--bag-volume", metavar="ML", help="mL in each bag")
]
Bags = Annotated[
    int | None,
    typer.Option("--bags", metavar="N", min=1, help="Bags at hand [default: as many as it takes]"),
]
WholeBags = Annotated[bool, typer.Option("--whole-bags", help="Give whole bags only")]
Dmso = Annotated[
    float | None,
    typer.Option("--dmso", metavar="FRACTION", help="Dimethyl sulfoxide, volume by volume"),
]
ThawedAt = Annotated[
    str, typer.Option("--thawed-at", metavar="TIME", help="Thaw of the bags: 2026-11-16T09:00")
]
EndsAt = Annotated[
    str, typer.Option("--ends-at", metavar="TIME", help="Planned end of the infusion")
]
Expiry = Annotated[
    str, typer.Option("--expiry", metavar="TIME", help="Expiry of the bags; a day counts in full")
]
Minutes = Annotated[
    float | None, typer.Option("--duration", metavar="MIN", help="Minutes that the infusion takes")
]
_DAY = len("2026-11-16")


def label_option(
    study: "Study",
    level: int,
    cells_per_ml: float | None,
    counted: str,
    measured: str,
    viability: float | None,
    recovery: float,
) -> "Concentration | None":
    """Give the concentration on the label; None where the dose is not of cells.

    Raises:
        UnusableInput: the count is missing, or what was counted when is not said.
    """
    from gradatim.dosing.preparation import level_of
    from gradatim.dosing.product import Concentration
    from gradatim.dosing.product import Counted as Kind
    from gradatim.dosing.product import MeasuredAt as When
    from gradatim.dosing.steps import CELLS

    if CELLS not in level_of(study, level).unit:
        return None
    if cells_per_ml is None:
        why, todo = "the volume follows from it", "give the label's cells per mL"
        raise UnusableInput("there is no count of cells", "--cells-per-ml", why, todo)
    said = {"--counted viable|total": counted, "--measured release|post-thaw": measured}
    if not (counted and measured):
        raise UnusableInput(
            "what was counted is not said",
            " and ".join(one for one in said if not said[one]),
            "the same number of viable or total cells, at release or after the thaw, is another "
            "dose",
            "read it off the label or the certificate",
        )
    kind = _one_of(counted, get_args(Kind), "--counted")
    when = _one_of(measured, get_args(When), "--measured")
    return Concentration(cells_per_ml, kind, when, viability, recovery)


def _one_of(text: str, known: tuple[str, ...], option: str) -> Any:
    if text not in known:
        raise UnusableInput(f"{text!r} is not known", option, todo=f"use {' or '.join(known)}")
    return text


def positive_option(value: float | None, option: str) -> float | None:
    """Give the number back.

    Raises:
        UnusableInput: it is not positive.
    """
    if value is not None and not (math.isfinite(value) and value > 0):
        raise UnusableInput(f"{value:g} is not a positive number", option)
    return value


def moment_option(text: str, option: str) -> "datetime | None":
    """Read a day with a time of day, with or without a time zone.

    Raises:
        UnusableInput: it is not one.
    """
    from datetime import datetime

    from gradatim.cli.options import day_option

    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise UnusableInput(
            f"{text!r} is not a time", option, str(error), "write it as 2026-11-16T09:00"
        ) from error
    day_option(found.date().isoformat(), option)
    if len(text) <= _DAY:
        raise UnusableInput(
            f"{text!r} has no time of day", option, todo="write it as 2026-11-16T09:00"
        )
    return found


def expiry_option(text: str) -> "datetime | None":
    """Read an expiry; a product that expires on a day may be given on that day."""
    from datetime import datetime, time

    from gradatim.cli.options import day_option

    if not text or len(text) > _DAY:
        return moment_option(text, "--expiry")
    return datetime.combine(day_option(text, "--expiry"), time(23, 59, 59))
