"""Units as laboratories write them, and conversions that depend on the analyte.

A factor between mass and amount belongs to a substance, so it stands in `tables/conversions.csv`;
everything else is arithmetic of core.quantity. Nothing here throws: None means that the units do
not compare. Conversions that depend on the assay (HBV DNA copies, prothrombin time to INR) are
left out on purpose.

Source: UCUM specification 2.1 (ucum.org) for the units; molar masses as stated in the table.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from gradatim.clinical import load
from gradatim.core.quantity import Scale, convert, scale

HBA1C = frozenset({"hba1c", "haemoglobin a1c", "hemoglobin a1c"})
"""Names of the analyte whose percentage is no fraction of the other: it has an offset."""
TEMPERATURES = frozenset({"Cel", "[degF]", "K"})
_PLAIN_SIGNS = str.maketrans({"µ": "u", "μ": "u", "×": "x"})
_CHARGE = re.compile(r"(?<![A-Za-z_\[])[kmun]?eq(?![A-Za-z_\]])")

_APART = {
    "by amount": re.compile(r"(?<![a-z])[mun]?mol\b.*/.*mol\b"),
    "by body surface": re.compile(r"1\.73"),
    "D-dimer units": re.compile(r"\{D-?DU\}", re.I),
    "fibrinogen equivalents": re.compile(r"\{FEU\}", re.I),
}
"""What UCUM does not tell apart, and laboratories do: fractions of amount and of mass (HbA1c of 80
mmol/mol is 9.5 %, not 8), clearance with and without its normal surface, D-dimer and fibrinogen."""

# What a unit measures: its UCUM dimension, whether it counts charges (meq) or whole ions, and which
# of the above it is.
_UnitKind = tuple[tuple[tuple[str, int], ...], bool, str]


@lru_cache(maxsize=4096)
def canonical_unit(text: str) -> str:
    """Give the UCUM unit that a spelling stands for.

    Args:
        text: a unit as written, such as `IU/L`, `x10^9/L`, `µmol/L` or `MG/DL`.

    Returns:
        The UCUM unit; a text that is no known spelling comes back without outer spaces.
    """
    written = text.strip()
    bare = "".join(written.translate(_PLAIN_SIGNS).split())
    exact, folded = _spellings()
    if bare in exact:
        return exact[bare]
    if _scale(bare):
        return bare
    # Only now without regard to case: UCUM tells `Mg` from `mg`, and its own reading goes first.
    return folded.get(bare.casefold(), written)


def convert_for(analyte: str | None, value: float, unit: str, to: str) -> float | None:
    """Convert a value of an analyte between units, as written or in UCUM.

    Args:
        analyte: its name in `tables/conversions.csv`, in any case; None where only arithmetic of
            units is wanted.
        value: the number in `unit`.
        unit: the unit it came in; an empty one fits only a plain number.
        to: the unit wanted.

    Returns:
        The number in `to`, or None when the two units do not compare. Charge and amount (meq and
        mmol) compare only for an ion whose valence the table knows.
    """
    factor = _factor(analyte or "", unit, to)
    if factor is not None:
        return value * factor
    pair = canonical_unit(unit), canonical_unit(to)
    if (analyte or "").casefold() in HBA1C:
        return _hba1c(value, *pair)
    # Temperatures have an offset as well as a factor.
    return convert(value, *pair) if TEMPERATURES.issuperset(pair) else None


def _hba1c(value: float, unit: str, to: str) -> float | None:
    """Convert HbA1c between the fraction of amount (IFCC) and the percentage (NGSP).

    Source: NGSP, IFCC standardization: NGSP = 0.09148 x IFCC + 2.152, in % and mmol/mol.
    """
    if (there := _factor("", unit, "mmol/mol")) is not None and (last := _factor("", "%", to)):
        return (0.09148 * value * there + 2.152) * last
    if (there := _factor("", unit, "%")) is not None and (last := _factor("", "mmol/mol", to)):
        return (value * there - 2.152) / 0.09148 * last
    return None


@lru_cache(maxsize=4096)
def _factor(analyte: str, unit: str, to: str) -> float | None:
    """Give the factor from one unit to another, through the analyte's bridges if need be."""
    have, want = _giga(unit, to), _giga(to, unit)
    if have == want:
        return 1.0
    start, goal = _scale(have), _scale(want)
    if start is None or goal is None:
        return None
    # A missing unit is not the unit 1: 0.5 without a unit may not become 50 %.
    if not (have and want):
        return 1.0 if start == goal else None
    size = _reach(analyte.casefold(), _kind(have, start), _kind(want, goal))
    return None if size is None else start[0] * size / goal[0]


def _giga(unit: str, other: str) -> str:
    """Return the UCUM unit of a spelling beside another one: `G/L` is giga per litre of a count.

    Beside a mass it is `g/L` in capitals, and alone too; the two never compare.
    """
    counts = unit.strip() == _GIGA and _scale(canonical_unit(other))
    return _COUNT if counts and counts[1] == _COUNT_DIMENSIONS else canonical_unit(unit)


def _reach(analyte: str, start: _UnitKind, goal: _UnitKind) -> float | None:
    """Walk the analyte's bridges from one kind of measure to another; base unit to base unit."""
    reached = {start: 1.0}
    waiting = [start]
    for kind in waiting:
        if kind == goal:
            return reached[kind]
        for here, there, factor in _bridges().get(analyte, ()):
            if here == kind and there not in reached:
                reached[there] = reached[kind] * factor
                waiting.append(there)
    return None


_GIGA, _COUNT = "G/L", "10*9/L"
_COUNT_DIMENSIONS = (scale(_COUNT) or (0.0, ()))[1]


@lru_cache(maxsize=1)
def _bridges() -> dict[str, list[tuple[_UnitKind, _UnitKind, float]]]:
    """Give each analyte's bridges, in both directions, as factors between base units."""
    found: dict[str, list[tuple[_UnitKind, _UnitKind, float]]] = {}
    for row in load.csv_rows("conversions.csv"):
        for name in _names(row):
            found.setdefault(name, []).extend(_both_ways(row))
    return found


def _both_ways(row: dict[str, str]) -> Iterator[tuple[_UnitKind, _UnitKind, float]]:
    have, want = scale(row["from"]), scale(row["to"])
    assert have is not None, row
    assert want is not None, row
    factor = float(row["multiply_by"]) * want[0] / have[0]
    here, there = _kind(row["from"], have), _kind(row["to"], want)
    yield here, there, factor
    yield there, here, 1 / factor


def _names(row: dict[str, str]) -> Iterator[str]:
    yield row["analyte"].casefold()
    yield from (name.casefold() for name in row["also"].split(";") if name)


def _kind(unit: str, size: Scale) -> _UnitKind:
    apart = next((what for what, one in _APART.items() if one.search(unit)), "")
    return size[1], bool(_CHARGE.search(unit)), apart


def _scale(unit: str) -> Scale | None:
    """Give core's scale, or None also where a unit's factor is beyond a float."""
    try:
        size = scale(unit)
    except (ArithmeticError, ValueError):
        return None
    return size if size and 0 < size[0] < float("inf") else None


@lru_cache(maxsize=1)
def _spellings() -> tuple[dict[str, str], dict[str, str]]:
    """Give the spellings by their exact text, and without regard to case."""
    rows = [
        ("".join(row["spelled"].split()), row["ucum"])
        for row in load.csv_rows("unit_spellings.csv")
    ]
    return dict(rows), {spelled.casefold(): ucum for spelled, ucum in rows}
