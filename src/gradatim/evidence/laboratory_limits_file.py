"""Loads a laboratory's reference ranges, from a CSV or a YAML file.

CSV has the columns element, unit, low, high, and optionally sex, age_from, age_to; YAML maps each
element to a list of such mappings. An empty cell means that there is no such limit.
"""

import csv
import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradatim.clinical.units import canonical_unit
from gradatim.core.documents import read_yaml
from gradatim.core.errors import UnusableInput
from gradatim.core.quantity import understood
from gradatim.evidence.omop.options import ReferenceRange, ReferenceRanges
from gradatim.protocol.elements import Element

NEEDED, OPTIONAL = ("unit", "low", "high"), ("sex", "age_from", "age_to")
_TODO = "give element, unit, low, high, and if they matter sex, age_from, age_to"


def load(file: Path, elements: Mapping[str, Element]) -> ReferenceRanges:
    """Load reference ranges.

    Args:
        file: a file that ends in .csv, .yaml or .yml.
        elements: the protocol's elements; a range of any other is a mistake.

    Raises:
        UnusableInput: the file, or a range in it, cannot be used.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableInput("cannot be read", str(file), str(error), _TODO) from error
    rows = _from_csv(text) if file.suffix.lower() == ".csv" else _from_yaml(text, file)
    found: dict[str, list[ReferenceRange]] = {}
    for where, name, row in rows:
        if name not in elements or elements[name].kind != "measurement":
            raise UnusableInput(
                f"{name!r} is no measured element of the protocol",
                f"{file}: {where}",
                todo="use the names that `protocol show` lists",
            )
        found.setdefault(name, []).append(_range(row, f"{file}: {where}"))
    return {name: tuple(some) for name, some in found.items()}


_Rows = list[tuple[str, str, Mapping[str, Any]]]


def _from_csv(text: str) -> _Rows:
    return [
        (f"line {n}", (row.pop("element", "") or "").strip(), row)
        for n, row in enumerate(csv.DictReader(io.StringIO(text)), 2)
    ]


def _from_yaml(text: str, file: Path) -> _Rows:
    document = read_yaml(text.encode(), str(file), {})
    rows: _Rows = []
    for name, ranges in document.items():
        for n, row in enumerate(ranges if isinstance(ranges, list) else [ranges], 1):
            if not isinstance(row, dict):
                raise UnusableInput("is no reference range", f"{file}: {name} {n}", todo=_TODO)
            rows.append((f"{name}, range {n}", str(name), row))
    return rows


def _range(row: Mapping[str, Any], where: str) -> ReferenceRange:
    unknown = [str(name) for name in row if name not in (*NEEDED, *OPTIONAL)]
    if unknown:
        raise UnusableInput(f"has an unknown part {unknown[0]!r}", where, todo=_TODO)
    unit, sex = canonical_unit(str(row.get("unit") or "")), str(row.get("sex") or "").strip()
    if unit and not understood(unit):
        raise UnusableInput(f"the unit {unit!r} is not understood", where, todo="use a UCUM unit")
    if sex not in ("", "female", "male"):
        raise UnusableInput(
            f"the sex {sex!r} is neither female nor male", where, todo="leave it empty for both"
        )
    low, high = _number(row, "low", where), _number(row, "high", where)
    if (low is None and high is None) or (low is not None and high is not None and low > high):
        raise UnusableInput("has no limit, or a low one above the high one", where, todo=_TODO)
    ages = _number(row, "age_from", where), _number(row, "age_to", where)
    return ReferenceRange(
        unit, low, high, sex, int(ages[0] or 0), 999 if ages[1] is None else int(ages[1])
    )


def _number(row: Mapping[str, Any], name: str, where: str) -> float | None:
    given = row.get(name)
    if given is None or str(given).strip() == "":
        return None
    try:
        number = float(given)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number) or isinstance(given, bool):
        raise UnusableInput(f"{name} {given!r} is no number", where, todo=_TODO)
    return number
