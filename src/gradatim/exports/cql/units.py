"""Conversion of values into a unit, as a CQL function with the units that laboratories write.

CQL converts UCUM units too; a factor between mass and amount belongs to a substance, and it does
not know that. A unit that is not in the list leaves the comparison open.
"""

from gradatim.clinical.load import csv_rows
from gradatim.clinical.units import convert_for
from gradatim.exports.cql.library import Library, decimal, name, string

PLACES = 8
"""Decimal places of a CQL Decimal."""


def converted(library: Library, analyte: str, to: str, value: str, unit: str) -> str:
    """Write a value of an analyte in another unit; null where it does not convert."""
    title = f"To {to or 'a plain number'}" + (f" ({analyte})" if analyte else "")
    return f"{library.function(title, _function(title, analyte, to))}({value}, {unit})"


def _function(title: str, analyte: str, to: str) -> str:
    cases: dict[str, list[str]] = {}
    for unit in _units(to):
        factor = convert_for(analyte or None, 1.0, unit, to)
        if factor is not None:
            cases.setdefault(_times(factor), []).append(unit)
    lines = "\n    ".join(
        f"when unit in {{ {', '.join(map(string, some))} }} then value{times}"
        for times, some in cases.items()
    )
    return (
        f"define function {name(title)}(value Decimal, unit String):\n"
        f"  case\n    {lines}\n    else null\n  end"
    )


def _units(to: str) -> list[str]:
    written = [
        row[column] for row in csv_rows("unit_spellings.csv") for column in ("ucum", "spelled")
    ]
    return list(dict.fromkeys([to, "", "1", *written]))


def _times(factor: float) -> str:
    """Write a multiplication, or a division where its number is the shorter one."""
    if factor == 1:
        return ""
    if _places(1 / factor) < _places(factor):
        return f" / {decimal(1 / factor)}"
    return f" * {decimal(factor)}"


def _places(number: float) -> int:
    """Count the decimal places a number needs, up to more than CQL has."""
    return next(
        (n for n in range(PLACES + 1) if abs(round(number, n) - number) < 1e-12 * number),
        PLACES + 1,
    )
