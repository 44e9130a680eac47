"""`gradatim design`: dose-escalation designs, what they decide and what to expect of them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gradatim.cli.design.expect import compare_designs, oc
from gradatim.cli.design.options import Complete, DesignOptions, Outcomes, ReadingOption, numbers
from gradatim.cli.options import AsJson, Protocol, with_options

if TYPE_CHECKING:
    from gradatim.dosefinding.decision_table import Table
    from gradatim.dosefinding.designs.base import Design

app = typer.Typer(
    help="Dose-escalation designs: decisions and what to expect.", no_args_is_help=True
)
app.command("oc")(oc)
app.command("compare")(compare_designs)

Ahead = Annotated[int, typer.Option(metavar="N", min=1, max=6, help="Cohorts to look ahead")]
_Out = Annotated[
    Path | None, typer.Option("-o", "--out", metavar="FILE", help="Write the table (CSV)")
]
_Page = Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="The page (HTML)")]
Vary = Annotated[
    list[str], typer.Option(metavar="SETTING=V1,V2,...", help="Values to try, repeatable")
]
Gap = Annotated[
    float, typer.Option(metavar="G", help="A rate so far above the target is too toxic")
]
Risk = Annotated[
    float | None,
    typer.Option(metavar="P", help="The greatest worst-case P(a too toxic level is selected)"),
]


@app.command()
@with_options("asked", DesignOptions, without=["start"], levels=2)
def table(
    asked: DesignOptions,
    out: _Out = None,
    json: AsJson = False,
) -> None:
    """Show a design's decision table: what y DLTs in n participants at a level lead to.

    The file that -o writes can be changed by hand and used as a design with --table.
    """
    from gradatim.cli.design.tables import print_table
    from gradatim.cli.output import print_json
    from gradatim.dosefinding.document import table_document
    from gradatim.dosefinding.load import write_table

    made = asked.build()
    found = _table_of(made)
    if out is not None:
        from gradatim.core.stores import write_whole

        write_whole(out, write_table(found))
    if json:
        print_json(table_document(made, found))
    else:
        print_table(made, found, out)


@app.command()
@with_options("asked", DesignOptions)
def decide(
    outcomes: Outcomes,
    asked: DesignOptions,
    complete: Complete = False,
    json: AsJson = False,
) -> None:
    """Say what a design advises after these outcomes, why, and what could still change it.

    N is a participant without a DLT, T with one, P pending, C a DLT candidate (counts as a DLT).
    """
    decided(asked, outcomes, complete, json)


def decided(asked: DesignOptions, outcomes: str, complete: bool, json: bool) -> None:
    """Decide and print; that a protocol's design is not sound is a note, for its trial may run."""
    from dataclasses import replace

    from gradatim.cli.design.tables import print_decision
    from gradatim.cli.output import print_json
    from gradatim.dosefinding.ceiling import advise
    from gradatim.dosefinding.characteristics.soundness import soundness_fault
    from gradatim.dosefinding.document import decision_document
    from gradatim.dosefinding.outcomes import parse_outcomes
    from gradatim.dosefinding.protocol_design import recommendation_criteria
    from gradatim.dosefinding.recommended import RecommendationCriteria

    made = asked.build(sound=asked.study is None)
    needed = recommendation_criteria(asked.study) if asked.study else RecommendationCriteria()
    cohorts = parse_outcomes(outcomes, made.doses, made.start + 1)
    decision = advise(made, cohorts, complete=complete, needed=needed)
    if asked.study is not None and (why := soundness_fault(made)):
        decision = replace(decision, notes=(*decision.notes, f"the design is not sound: {why}"))
    if json:
        print_json(decision_document(made, decision))
    else:
        print_decision(made, decision, asked.study)


@app.command()
@with_options("asked", DesignOptions)
def paths(
    *,
    outcomes: Annotated[str, typer.Argument(metavar="[OUTCOMES]")] = "",
    asked: DesignOptions,
    ahead: Ahead = 2,
    json: AsJson = False,
) -> None:
    """Show what each outcome of the next cohorts would lead to (dose-transition pathways)."""
    from gradatim.cli.design.tables import print_paths
    from gradatim.cli.output import print_json
    from gradatim.dosefinding.characteristics.pathways import pathways
    from gradatim.dosefinding.document import paths_document
    from gradatim.dosefinding.outcomes import parse_outcomes

    made = asked.build()
    steps = pathways(made, parse_outcomes(outcomes, made.doses, made.start + 1), ahead)
    if json:
        print_json(paths_document(made, steps))
    else:
        print_paths(made, steps)


@app.command()
@with_options("asked", DesignOptions, without=["start", "table"])
def calibrate(
    vary: Vary,
    asked: DesignOptions,
    gap: Gap = 0.1,
    risk: Risk = None,
    json: AsJson = False,
) -> None:
    """Try settings, and rank them by how surely the level on target is selected in the worst case.

    The worst case is over all rising curves of true rates, found along the exact gradient.
    """
    from gradatim.cli.design.tables import print_candidates
    from gradatim.cli.options import pairs
    from gradatim.cli.output import print_json
    from gradatim.dosefinding.characteristics.calibrate import CalibrationGoal
    from gradatim.dosefinding.characteristics.calibrate import calibrate as try_all
    from gradatim.dosefinding.document import calibration_document

    settings = asked.settings()
    asked.build()
    values = {name: numbers(text, f"--vary {name}") for name, text in pairs(vary, "--vary").items()}
    found = try_all(settings, values, CalibrationGoal(gap, risk))
    if json:
        print_json(calibration_document(settings.design, found))
    else:
        print_candidates(settings.design, found, risk)


@app.command()
def report(protocol: Protocol, out: _Page, reading: ReadingOption = "") -> None:
    """Write a protocol's design report: decisions, pathways, what to expect, the worst case."""
    from gradatim.cli.output import console
    from gradatim.core.stores import write_whole
    from gradatim.protocol.load import load
    from gradatim.reports.design import design_report

    write_whole(out, design_report(load(protocol), reading or None))
    console().print(f"The design report is {out}.", markup=False)


def _table_of(design: "Design") -> "Table":
    """Return the decision table.

    Raises:
        UnusableInput: the design has none.
    """
    from gradatim.core.errors import UnusableInput
    from gradatim.dosefinding.designs.modifiers import layers
    from gradatim.dosefinding.designs.table import TableDesign

    inner = layers(design)[-1]
    if not isinstance(inner, TableDesign):
        raise UnusableInput(
            f"{design.name} has no decision table",
            "--design",
            "what it decides depends on the counts at all levels",
            "use `gradatim design paths` to see its decisions",
        )
    return inner.table
