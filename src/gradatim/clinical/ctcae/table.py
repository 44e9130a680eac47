"""The table of CTCAE v5.0 grades as data: which analytes there are, and what each grade asks.

Nothing is decided here; gradatim.clinical.ctcae.grade grades.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from gradatim.clinical import load
from gradatim.core.documents import Steps
from gradatim.core.errors import UnusableInput, shortened
from gradatim.core.quantity import plain_number, shown_unit

_COMPARISON = re.compile(
    r"(?P<op>[<>]=?) (?:"
    r"(?:(?P<times>[\d.]+) x )?(?P<whole>ULN|LLN|baseline)"
    r"|(?P<cuts>[\d.]+ \S+(?: or [\d.]+ \S+)*)(?: (?P<side>above|below) (?P<from>ULN|baseline))?)"
)
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Comparison(NamedTuple):
    """One comparison of a measured value with a limit.

    Args:
        op: `<`, `<=`, `>` or `>=`, between the value and the limit.
        anchor: `ULN`, `LLN` or `baseline`; empty when the limit is a printed number.
        times: what the anchor is multiplied with.
        cuts: the printed number by UCUM unit, or the distance from the anchor; empty without one.
        below: whether the distance counts downwards.
        text: the comparison as the table writes it.
    """

    op: str
    anchor: str
    times: float
    cuts: Mapping[str, float]
    below: bool
    text: str

    def said(self, unit: str) -> str:
        """Write the comparison for people, with the number printed for one unit."""
        if not self.cuts:
            return self.text
        op = self.text.partition(" ")[0]
        tail = f" {'below' if self.below else 'above'} {self.anchor}" if self.anchor else ""
        return f"{op} {plain_number(self.cuts[unit])} {shown_unit(unit)}".rstrip() + tail


class GradeStep(NamedTuple):
    """A grade and what must hold for it, all of it.

    Args:
        grade: 1 to 4.
        comparisons: of the value.
        conditions: what a measurement cannot tell, by name.
    """

    grade: int
    comparisons: tuple[Comparison, ...]
    conditions: tuple[str, ...]


class CtcaeTerm(NamedTuple):
    """A CTCAE term of an analyte.

    Args:
        name: as CTCAE writes it.
        meddra: code of the lowest level term.
        worst_of: whether every list of steps applies; else the situation chooses one.
        clauses: the steps by situation, each from the highest grade down.
        death: whether CTCAE prints a grade 5, which no measurement gives.
        anchors: what its steps compare with (`ULN`, `LLN`, `baseline`), and whether by distance.
    """

    name: str
    meddra: str
    worst_of: bool
    clauses: Mapping[str, tuple[GradeStep, ...]]
    death: bool
    anchors: tuple[tuple[str, bool], ...]

    @property
    def grades(self) -> tuple[int, ...]:
        """The grades that a measurement may have, 0 first."""
        steps = [step for some in self.clauses.values() for step in some]
        return tuple(sorted({0} | {step.grade for step in steps}))


class Analyte(NamedTuple):
    """What is measured.

    Args:
        name: its key in the table.
        names: other names.
        loinc: LOINC codes.
        substance: its name in `conversions.csv`; empty where arithmetic of units is enough.
        units: UCUM units it comes in.
        ionized: whether it is the ionized part; None where that is not said by the name.
        terms: its CTCAE terms.
        corrected_by: the analyte that it is corrected by before it is graded; empty for none.
        lln_at_most: number and unit that no lower limit of normal lies above; None if not said.
    """

    name: str
    names: tuple[str, ...]
    loinc: tuple[str, ...]
    substance: str
    units: tuple[str, ...]
    ionized: bool | None
    terms: tuple[CtcaeTerm, ...]
    corrected_by: str = ""
    lln_at_most: tuple[float, str] | None = None


@lru_cache(maxsize=1)
def analytes() -> tuple[Analyte, ...]:
    """Give every analyte that is graded, in the order of the table.

    Source: `tables/ctcae_v5_labs.yaml`.
    """
    return analytes_of(load.entries("ctcae_v5_labs.yaml"))


def analytes_of(table: load.Table) -> tuple[Analyte, ...]:
    """Read every analyte of a table that is written as `tables/ctcae_v5_labs.yaml` is.

    Raises:
        UnusableInput: an entry does not follow that form; the message says at which line.
    """
    return tuple(table.read(_analyte).values())


def analyte_called(text: str) -> Analyte:
    """Find an analyte by its name, another name of it, a LOINC code, or one of its CTCAE terms.

    Raises:
        UnusableInput: there is none; the message lists those there are.
    """
    found = _index().get(text.strip().casefold())
    if found is None:
        known = ", ".join(analyte.name for analyte in analytes())
        raise UnusableInput(
            f"{shortened(text)} is no analyte that is graded by CTCAE v5.0 here",
            todo=f"use one of {known}, a LOINC code or a CTCAE term",
        )
    return found


@lru_cache(maxsize=1)
def _index() -> dict[str, Analyte]:
    found: dict[str, Analyte] = {}
    for analyte in analytes():
        for key in _keys(analyte):
            found.setdefault(key.casefold(), analyte)
    return found


def _keys(analyte: Analyte) -> Iterator[str]:
    yield analyte.name
    yield from analyte.names
    yield from analyte.loinc
    yield from (term.name for term in analyte.terms)


def _analyte(table: load.Table, name: str) -> Analyte:
    what = f"analyte {name}"
    row = table.mapping((name,), what, _OF_ANALYTE, _MAY_HAVE)
    names, loinc, units = (
        table.texts((name, key), f"{key!r} of {what}") for key in ("names", "loinc", "units")
    )
    terms = range(len(table.items((name, "terms"), f"'terms' of {what}")))
    return Analyte(
        name,
        names,
        loinc,
        row.get("substance", ""),
        units,
        row.get("ionized"),
        tuple(_term(table, (name, "terms", n)) for n in terms),
        row.get("corrected_by", ""),
        _number_in_unit(table, name, row),
    )


_OF_ANALYTE = ("units", "terms")
_MAY_HAVE = ("names", "loinc", "substance", "ionized", "corrected_by", "lln_at_most")


def _number_in_unit(
    table: load.Table, name: str, row: Mapping[str, Any]
) -> tuple[float, str] | None:
    if "lln_at_most" not in row:
        return None
    found = re.fullmatch(r"([\d.]+) (\S+)", str(row["lln_at_most"]))
    if found is None:
        raise table.fault(
            (name, "lln_at_most"), f"'lln_at_most' of analyte {name} is no number with a unit"
        )
    return float(found[1]), found[2]


def _term(table: load.Table, path: Steps) -> CtcaeTerm:
    row = table.at(path)
    named = isinstance(row, dict) and "term" in row
    what = f"term {row['term']}" if named else f"a term of {path[0]}"
    lists = "worst_of" if isinstance(row, dict) and "worst_of" in row else "one_of"
    row = table.mapping(path, what, ("term", "meddra", lists), ("death",))
    steps = {
        name: tuple(_step(table, (*path, lists, name, n), what) for n in range(len(clause)))
        for name in table.names((*path, lists), f"{lists!r} of {what}")
        for clause in [table.items((*path, lists, name), f"{name!r} of {what}")]
    }
    anchors = dict.fromkeys(
        (one.anchor, bool(one.cuts))
        for some in steps.values()
        for step in some
        for one in step.comparisons
        if one.anchor
    )
    return CtcaeTerm(
        row["term"],
        row["meddra"],
        lists == "worst_of",
        steps,
        row.get("death", False),
        tuple(anchors),
    )


def _step(table: load.Table, path: Steps, what: str) -> GradeStep:
    grade, *conditions = table.items(path, f"a grade of {what}") or [None]
    if grade not in range(1, 5) or not all(one and isinstance(one, str) for one in conditions):
        raise table.fault(
            path,
            f"{table.at(path)!r} of {what} is not a grade and what must hold for it",
            todo="write [3, '> 5 x ULN']",
        )
    try:
        compared = tuple(comparison(text) for text in conditions if text[0] in "<>")
    except UnusableInput as error:
        raise table.fault(path, f"{what}: {error.what}", todo=error.todo) from error
    units = table.at((path[0], "units"))
    for unit in (unit for one in compared for unit in one.cuts if unit not in units):
        raise table.fault(
            path,
            f"{what} compares in {unit!r}, in which {path[0]} does not come",
            todo=f"use one of its units, {', '.join(units)}, or `20 x ULN`",
        )
    return GradeStep(grade, compared, tuple(text for text in conditions if text[0] not in "<>"))


def comparison(text: str) -> Comparison:
    """Read a comparison as the table writes it.

    Raises:
        UnusableInput: it is not written in the table's way.
    """
    found = _COMPARISON.fullmatch(text)
    if not found:
        raise UnusableInput(f"{text!r} is no comparison", todo="write '> 3 x ULN' or '< 75 10*9/L'")
    if found["whole"]:
        return Comparison(found["op"], found["whole"], float(found["times"] or 1), {}, False, text)
    cuts = {
        unit: float(number)
        for number, unit in (cut.split(" ") for cut in found["cuts"].split(" or "))
    }
    below = found["side"] == "below"
    # "10 or more below" is a value of the anchor less 10, or less.
    op = _FLIPPED[found["op"]] if below else found["op"]
    return Comparison(op, found["from"] or "", 1.0, cuts, below, text)
