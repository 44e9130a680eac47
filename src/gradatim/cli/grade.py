"""`gradatim grade`: the CTCAE grade of a value, or the ASTCT grade of a syndrome, and the rule."""

import re
from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gradatim.clinical.ctcae.grade import Grade, GradingContext, MeasuredValue

Analyte = Annotated[
    str, typer.Argument(metavar="[ANALYTE]", help="Its name, LOINC code or CTCAE term")
]
_Number = Annotated[
    str, typer.Argument(metavar="[VALUE]", help='Such as 121, or "<20" where only a bound is known')
]
Unit = Annotated[str, typer.Option(metavar="UCUM", help="Its unit, and that of the limits")]
Low = Annotated[float | None, typer.Option(help="Lower limit of normal")]
High = Annotated[float | None, typer.Option(help="Upper limit of normal (ULN)")]
Baseline = Annotated[float | None, typer.Option(help="The value before treatment, same unit")]
BaselineLow = Annotated[float | None, typer.Option(help="Its lower limit; --low if not given")]
BaselineHigh = Annotated[float | None, typer.Option(help="Its upper limit; --high if not given")]
AtBaseline = Annotated[bool, typer.Option("--at-baseline", help="The value is the baseline")]
Anticoagulated = Annotated[
    bool | None, typer.Option("--anticoagulated/--not-anticoagulated", help="For INR")
]
Symptomatic = Annotated[
    bool | None, typer.Option("--symptomatic/--not-symptomatic", help="With symptoms of it")
]
LifeThreatening = Annotated[
    bool | None,
    typer.Option("--life-threatening/--not-life-threatening", help="Its consequences"),
]
Bleeding = Annotated[bool | None, typer.Option("--bleeding/--no-bleeding", help="For aPTT, INR")]
Hours = Annotated[float | None, typer.Option(help="Hours of a temperature above 40 °C")]
Fever = Annotated[
    bool | None,
    typer.Option("--fever/--no-fever", help="Cytokine release syndrome: 38 °C or more, by it"),
]
FeverTreated = Annotated[
    bool | None,
    typer.Option(
        "--fever-treated/--fever-not-treated",
        help="Antipyretic or anticytokine treatment was given since its onset",
    ),
]
Hypotension = Annotated[
    str | None,
    typer.Option(metavar="STATE", help="none, without vasopressor, one or multiple (vasopressors)"),
]
Oxygen = Annotated[
    str | None,
    typer.Option(metavar="STATE", help="none, low flow, high flow or positive pressure"),
]
Ionized = Annotated[bool | None, typer.Option("--ionized/--total", help="Which calcium")]
Albumin = Annotated[float | None, typer.Option(help="Albumin of the same day, for total calcium")]
AlbuminUnit = Annotated[str, typer.Option(metavar="UCUM", help="Its unit")]
Repeated = Annotated[
    bool | None,
    typer.Option("--repeated/--not-repeated", help="Another reading is as bad (pressure, QTc)"),
]
AtRest = Annotated[
    bool | None, typer.Option("--at-rest/--on-exertion", help="For oxygen saturation")
]
AsList = Annotated[bool, typer.Option("--list", help="List what can be graded, and in which units")]
_AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document")]
_NUMBER = re.compile(r"(?P<bound>[<>]=?)?\s*(?P<number>-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\Z")


def grade(
    analyte: Analyte = "",
    value: _Number = "",
    unit: Unit = "",
    low: Low = None,
    high: High = None,
    baseline: Baseline = None,
    baseline_low: BaselineLow = None,
    baseline_high: BaselineHigh = None,
    at_baseline: AtBaseline = False,
    anticoagulated: Anticoagulated = None,
    symptomatic: Symptomatic = None,
    bleeding: Bleeding = None,
    life_threatening: LifeThreatening = None,
    hours_above_40: Hours = None,
    ionized: Ionized = None,
    albumin: Albumin = None,
    albumin_unit: AlbuminUnit = "g/L",
    repeated: Repeated = None,
    at_rest: AtRest = None,
    fever: Fever = None,
    fever_treated: FeverTreated = None,
    hypotension: Hypotension = None,
    oxygen: Oxygen = None,
    list_: AsList = False,
    json: _AsJson = False,
) -> None:
    """Grade a measured value by CTCAE v5.0, or a cytokine release syndrome by ASTCT 2019.

    What is not given is not known: where that leaves several grades open, all of them are shown,
    with what is needed to tell. Ungradable is not grade 0.
    """
    from gradatim.clinical.astct import crs_grade, names_crs
    from gradatim.clinical.ctcae.grade import GradingContext

    if list_:
        _list(json)
        return
    if names_crs(analyte):
        _refuse_measured(
            {
                "VALUE": value or None,
                "--unit": unit or None,
                "--low": low,
                "--high": high,
                "--baseline": baseline,
                "--baseline-low": baseline_low,
                "--baseline-high": baseline_high,
                "--at-baseline": at_baseline or None,
                "--anticoagulated": anticoagulated,
                "--symptomatic": symptomatic,
                "--bleeding": bleeding,
                "--life-threatening": life_threatening,
                "--hours-above-40": hours_above_40,
                "--ionized": ionized,
                "--albumin": albumin,
                "--repeated": repeated,
                "--at-rest": at_rest,
            }
        )
        syndrome = crs_grade(fever, fever_treated, hypotension, oxygen)
        _print(syndrome.term, (syndrome,), json)
        return
    name = _name(analyte)
    _refuse_signs(fever, fever_treated, hypotension, oxygen)
    measured = _measured(value, unit, low, high)
    before = _before(baseline, measured, baseline_low, baseline_high)
    given = GradingContext(
        before,
        at_baseline,
        anticoagulated,
        symptomatic,
        bleeding,
        life_threatening,
        ionized,
        hours_above_40,
        _albumin(albumin, albumin_unit),
        repeated,
        at_rest,
    )
    _print(name, _graded(name, measured, given), json)


def _before(
    baseline: float | None, measured: "MeasuredValue", low: float | None, high: float | None
) -> "MeasuredValue | None":
    """Return the value before treatment, with its own limits or those of the value measured.

    Raises:
        UnusableInput: limits of the value, or of its baseline, can be none.
    """
    from gradatim.clinical.ctcae.grade import MeasuredValue

    before = None
    if baseline is not None:
        before = MeasuredValue(
            baseline,
            measured.unit,
            "",
            measured.low if low is None else low,
            measured.high if high is None else high,
        )
    _refuse_limits(measured, before, low, high)
    return before


def _albumin(value: float | None, unit: str) -> "MeasuredValue | None":
    """Return the albumin that a total calcium is corrected by; None where none is given.

    Raises:
        UnusableInput: it is no such concentration.
    """
    from gradatim.clinical.ctcae.grade import MeasuredValue
    from gradatim.clinical.units import convert_for
    from gradatim.core.errors import UnusableInput

    if value is None:
        return None
    if not isfinite(value) or value < 0:
        raise UnusableInput("an albumin is no such number", "--albumin", todo="give it in g/L")
    if convert_for(None, 1.0, unit, "g/L") is None:
        raise UnusableInput(
            f"{unit!r} is no unit of albumin", "--albumin-unit", todo="give the albumin in g/L"
        )
    return MeasuredValue(value, unit)


def _graded(name: str, measured: "MeasuredValue", given: "GradingContext") -> "tuple[Grade, ...]":
    """Return the grades of a value.

    Raises:
        UnusableInput: its unit is none of the analyte.
    """
    from gradatim.clinical.ctcae.grade import grade as grades

    found = grades(name, measured, given)
    _refuse_mismatch(name, measured.unit, found)
    return found


def _name(analyte: str) -> str:
    """Give the analyte's name in the table.

    Raises:
        UnusableInput: none was given, or none is called so.
    """
    from gradatim.clinical.ctcae.table import analyte_called
    from gradatim.core.errors import UnusableInput

    if not analyte.strip():
        raise UnusableInput(
            "no analyte is given", "ANALYTE", todo="choose one of gradatim grade --list"
        )
    return analyte_called(analyte).name


def _refuse_measured(given: Mapping[str, object]) -> None:
    """Refuse what would say something of a measured value, by the name of its option."""
    from gradatim.core.errors import UnusableInput

    for option, value in given.items():
        if value is not None:
            raise UnusableInput(
                "a cytokine release syndrome is graded by its signs, not by a value",
                option,
                todo="leave it out; give --fever, --hypotension and --oxygen",
            )


def _refuse_signs(*signs: bool | str | None) -> None:
    from gradatim.core.errors import UnusableInput

    if any(one is not None for one in signs):
        raise UnusableInput(
            "fever, hypotension and oxygen grade a cytokine release syndrome, and nothing else",
            "ANALYTE",
            todo='give "Cytokine release syndrome" as the analyte, or leave them out',
        )


def _refuse_limits(
    measured: "MeasuredValue", before: "MeasuredValue | None", *of_baseline: float | None
) -> None:
    """Refuse limits that can be none.

    Raises:
        UnusableInput: one is no number, the lower one is above the upper one, or limits of a
            baseline come without it.
    """
    from gradatim.core.errors import UnusableInput

    if before is None and any(limit is not None for limit in of_baseline):
        raise UnusableInput(
            "a baseline's limit is given without the baseline",
            "--baseline",
            todo="give --baseline as well",
        )
    for option, one in (("--low", measured), ("--baseline-low", before)):
        if one is None:
            continue
        if any(
            number is not None and not isfinite(number) for number in (one.value, one.low, one.high)
        ):
            raise UnusableInput("a value or limit is no finite number", option.removesuffix("-low"))
        if one.low is not None and one.high is not None and one.low > one.high:
            raise UnusableInput(
                f"the lower limit {one.low:g} is above the upper one {one.high:g}",
                option,
                todo="exchange them",
            )


def _refuse_mismatch(name: str, unit: str, found: "tuple[Grade, ...]") -> None:
    from gradatim.clinical.ctcae.inputs import UNIT_MISMATCH
    from gradatim.clinical.ctcae.table import analyte_called
    from gradatim.core.errors import UnusableInput

    if any(UNIT_MISMATCH in one.missing for one in found):
        units = ", ".join(analyte_called(name).units)
        what = f"{unit!r} is no unit of {name}" if unit else f"{name} comes without a unit"
        raise UnusableInput(what, "--unit", todo=f"give the value in {units}")


def _measured(text: str, unit: str, low: float | None, high: float | None) -> "MeasuredValue":
    """Read the value as it was typed.

    Raises:
        UnusableInput: it is not a number, or its unit is none.
    """
    from gradatim.clinical.ctcae.grade import MeasuredValue
    from gradatim.clinical.units import canonical_unit
    from gradatim.core.errors import UnusableInput
    from gradatim.core.quantity import understood

    found = _NUMBER.match(text.strip())
    if not found:
        raise UnusableInput(f"{text!r} is not a number", "VALUE", todo='write 121, or "<20"')
    if unit and not understood(canonical_unit(unit)):
        raise UnusableInput(
            f"{unit!r} is not a unit",
            "--unit",
            "it is not in UCUM",
            "write it as U/L, mmol/L, 10*9/L or Cel",
        )
    return MeasuredValue(float(found["number"]), unit, found["bound"] or "", low, high)


def _print(analyte: str, found: "tuple[Grade, ...]", json: bool) -> None:
    from gradatim.cli.output import console, print_json

    if json:
        rows = [
            {
                "term": one.term,
                "meddra": one.meddra,
                "grade": one.grade,
                "possible": one.possible,
                "needs": one.needs,
                "rule": one.rule,
                "because": one.because,
            }
            for one in found
        ]
        print_json(
            {
                "schema": "gradatim.grade/1",
                "analyte": analyte,
                "version": found[0].version,
                "source": found[0].source,
                "grades": rows,
            }
        )
        return
    said = console()
    for one in found:
        said.print(f"{one.term}: {_word(one)}", style="bold", markup=False, soft_wrap=True)
        said.print(f"  because {one.because}", markup=False, soft_wrap=True)
        said.print(f"  rule    {one.rule}", markup=False, soft_wrap=True)
        if one.missing:
            needs = "; ".join(need.words for need in one.missing)
            said.print(f"  needs   {needs}", style="yellow", markup=False, soft_wrap=True)
    said.print(f"{found[0].version} ({found[0].source})", style="dim", markup=False, soft_wrap=True)


def _word(one: "Grade") -> str:
    if one.grade is not None:
        return f"grade {one.grade}"
    return f"not graded; it could be {' or '.join(map(str, one.possible))}"


def _list(json: bool) -> None:
    from gradatim.cli.output import console, print_json
    from gradatim.clinical.ctcae.table import analytes

    if json:
        rows: list[dict[str, Any]] = [
            {
                "analyte": one.name,
                "loinc": one.loinc,
                "units": one.units,
                "terms": [term.name for term in one.terms],
            }
            for one in analytes()
        ]
        print_json({"schema": "gradatim.gradable/1", "analytes": rows})
        return
    from rich.table import Table

    table = Table("analyte", "units", "CTCAE v5.0 terms", box=None)
    for one in analytes():
        table.add_row(one.name, ", ".join(one.units), ", ".join(term.name for term in one.terms))
    console().print(table)
    console().print(
        "By ASTCT 2019: Cytokine release syndrome, from --fever, --hypotension, --oxygen"
    )
