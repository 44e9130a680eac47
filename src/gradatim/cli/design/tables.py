"""Decisions, decision tables, pathways and calibrations as tables for people."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from gradatim.cli.output import console
from gradatim.dosefinding.characteristics.calibrate import CalibratedSettings
from gradatim.dosefinding.characteristics.pathways import PathwayStep, whole_paths
from gradatim.dosefinding.decision import Advice, DoseDecision
from gradatim.dosefinding.decision_table import MEANING, Action, Table
from gradatim.dosefinding.designs.base import DecisionReason, Design

if TYPE_CHECKING:
    from gradatim.protocol.study import Study

STYLE = {
    Action.ESCALATE: "green",
    Action.STAY: "",
    Action.HOLD: "yellow",
    Action.DE_ESCALATE: "red",
    Action.ELIMINATE: "bold red",
    Action.STOP: "bold red",
}
ADVICE = {
    "start": "Start at",
    "escalate": "Escalate to",
    "stay": "Stay at",
    "de_escalate": "De-escalate to",
    "hold": "Hold at",
    "continue_cohort": "Continue the cohort at",
    "pending": "Wait: outcomes are pending at",
}
STYLES = {
    "escalate": "green",
    "start": "green",
    "stay": "",
    "stop": "bold red",
    "hold": "yellow",
    "de_escalate": "red",
    "pending": "yellow",
    "continue_cohort": "",
}
_COLUMNS = 12


def grid(title: str, *columns: str) -> Grid:
    """Return an empty table; columns after the first go right unless they end in a space."""
    table = Grid(title=title, title_justify="left", pad_edge=False, header_style="bold")
    for n, name in enumerate(columns):
        table.add_column(name, justify="right" if n and not name.endswith(" ") else "left")
    return table


def print_design(design: Design, trial: bool = True) -> None:
    """Print a design's name, source and settings; those of the trial are the first line."""
    console().print(Text.assemble((design.name, "bold"), f"  {design.source}"))
    for line in design.describe()[0 if trial else 1 :]:
        console().print(Padding(Text(line, "dim"), (0, 0, 0, 2)))


def print_table(design: Design, table: Table, out: Path | None) -> None:
    """Print a decision table: participants across, and each action with its numbers of DLTs."""
    print_design(design, trial=False)
    sizes = [n for n in table.sizes() if n % design.cohort == 0][:_COLUMNS]
    shown = grid("Numbers of DLTs, by participants at the level", "", *map(str, sizes))
    limits = {n: table.limits(n) for n in sizes}
    used = sorted({action for some in limits.values() for action in some})
    for action in used:
        cells = [_range(limits[n].get(action), n) for n in sizes]
        shown.add_row(Text(action.sign, STYLE[action]), *cells)
    console().print(shown)
    for action in used:
        console().print(Text(f"{action.sign:<3} {MEANING[action]}", STYLE[action]))
    if out is not None:
        console().print(f"The table is in {out}.", markup=False)


def _range(found: tuple[int, int] | None, n: int) -> str:
    """Write from how many to how many DLTs; an end that is none or all is left out."""
    if found is None:
        return "-"
    low, high = found
    if low == high:
        return str(low)
    return f"<= {high}" if low == 0 else f">= {low}" if high == n else f"{low}-{high}"


def advice_text(advice: Advice, study: "Study | None" = None) -> Text:
    """Put an advice into words, with the level's label."""
    style = STYLES[advice.action]
    if advice.action == "stop":
        selected = (
            "no level is selected" if advice.dose is None else f"level {advice.dose} is selected"
        )
        return Text(f"Stop; {selected}", style)
    return Text(f"{ADVICE[advice.action]} level {advice.dose}{_label(advice.dose, study)}", style)


def _label(level: int | None, study: "Study | None") -> str:
    if study is None or level is None:
        return ""
    found = next((one for one in study.treatment.dose_levels if one.number == level), None)
    return f" ({found.label})" if found else ""


def print_decision(design: Design, decision: DoseDecision, study: "Study | None") -> None:
    """Print a decision: the advice, the counts, the reasons, and what could still change it."""
    out = console()
    headline = advice_text(Advice(decision.action, decision.dose), study)
    headline.stylize("bold")
    out.print(headline)
    if decision.recommendation:
        out.print(Padding(Text(_capital(decision.recommendation.words)), (0, 0, 0, 2)))
    counts = grid("", "level", "treated", "DLTs", "pending")
    for level, (n, y, pending) in enumerate(decision.counts, 1):
        counts.add_row(f"{level}{_label(level, study)}", str(n), str(y), str(pending))
    out.print(counts)
    _print_grounds(decision.reasons)
    for one in decision.distance_to_flip:
        out.print(
            Padding(Text.assemble(f"{_change(one.dlts)}: ", advice_text(one.advice)), (0, 0, 0, 2))
        )
    if decision.resolutions:
        ways = grid("Every way in which what is open can turn out", "outcomes", "advice ")
        for way in decision.resolutions:
            ways.add_row(" ".join(map(str, way.cohorts)), advice_text(way.advice))
        out.print(ways)
    for note in decision.notes:
        out.print(Text(f"Note: {note}", "yellow"))
    basis = "" if study is None else f"; design {study.safety.escalation.basis} in the protocol"
    out.print(Text(f"{design.name}: {design.source}{basis}. The committee decides.", "dim"))


def _print_grounds(grounds: Sequence[DecisionReason]) -> None:
    for one in grounds:
        text = Text.assemble("- ", _capital(one.text))
        if one.overrides:
            text.append(f" (rule: {one.rule}, which overrides {one.overrides})", "dim")
        console().print(Padding(text, (0, 0, 0, 2)))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _change(dlts: int) -> str:
    number = abs(dlts)
    return f"With {number} {'more' if dlts > 0 else 'fewer'} DLT{'s' * (number > 1)} at this level"


def print_paths(design: Design, steps: Sequence[PathwayStep]) -> None:
    """Print dose-transition pathways, a line for each whole path."""
    print_design(design)
    if not steps:
        console().print("The trial has ended; no cohort follows.")
        return
    ahead = max(one.depth for one in steps)
    heads = [f"{name}{i} " for i in range(1, ahead + 1) for name in ("cohort ", "then ")]
    shown = grid("What each outcome of the next cohorts leads to", *heads)
    before: list[tuple[int, int, int]] = []
    for path in whole_paths(steps):
        cells: list[Text | str] = []
        here = [(one.level, one.dlts, one.depth) for one in path]
        same = 0
        while same < min(len(here), len(before)) and here[same] == before[same]:
            same += 1
        for i, one in enumerate(path):
            told = f"level {one.level}: {one.dlts} of {one.size}"
            cells += ["", ""] if i < same else [told, advice_text(one.advice)]
        shown.add_row(*cells)
        before = here
    console().print(shown)


def print_candidates(design: str, found: Sequence[CalibratedSettings], risk: float | None) -> None:
    """Print settings that were tried, best first."""
    names = list(found[0].varied)
    columns = [*names, "worst correct", "mean correct", "worst too toxic", "mean N"]
    shown = grid(f"{design}: settings tried, best first", *columns)
    for one in found:
        values = [f"{one.varied[name]:g}" for name in names]
        toxic = Text(f"{one.worst_toxic:.1%}", "" if one.keeps else "red")
        shown.add_row(
            *values,
            f"{one.worst_correct:.1%}",
            f"{one.correct:.1%}",
            toxic,
            f"{one.expected_n:.1f}",
        )
    console().print(shown)
    best = found[0]
    if risk is not None and not best.keeps:
        console().print(Text(f"None keeps the worst-case risk of {risk:.0%}.", "bold red"))
    for curve in best.curves:
        rates = ", ".join(f"{one:.3f}" for one in curve.rates)
        what = (
            "a too toxic level"
            if curve.question == "too_toxic"
            else f"level {curve.dose}, on target,"
        )
        console().print(
            f"The first row's worst curve {rates}: {what} is selected with probability "
            f"{curve.probability:.1%}.",
            markup=False,
        )
