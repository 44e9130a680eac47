"""A prepared dose as tables for people: steps, bags, checks, and what it rests on."""

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from gradatim.cli.output import console
from gradatim.cli.words import passes_text
from gradatim.core.truth import FALSE, TRUE, UNKNOWN
from gradatim.dosing.limits import moment
from gradatim.dosing.steps import quantity_words

if TYPE_CHECKING:
    from gradatim.dosing.prepared import Prepared
    from gradatim.protocol.load import Document

_STATUS = {
    "accepted": ("✔", "accepted", "bold green"),
    "refused": ("✘", "refused", "bold red"),
    "undetermined": ("?", "undetermined: something is missing", "bold yellow"),
}
PASSES = {TRUE: True, FALSE: False, UNKNOWN: None}


def print_dose(document: "Document", prepared: "Prepared") -> None:
    """Print everything about one preparation."""
    study, out = document.study.study, console()
    symbol, word, style = _STATUS[prepared.status]
    out.print()
    out.print(
        Text.assemble(
            (f"{prepared.level.label}  ", "bold"),
            (f"{symbol} {word}", style),
            f"  for {study.id} version {study.version}",
        )
    )
    out.print(Text(_summary(prepared), "bold"))
    if prepared.steps:
        out.print(_steps(prepared))
    if prepared.draws:
        out.print(_bags(prepared))
    out.print(_checks(prepared))
    out.print(_rests_on(prepared))


def _summary(prepared: "Prepared") -> str:
    counts = f"{prepared.rules.counts} " if prepared.of_cells and prepared.rules else ""
    said = [quantity_words(prepared.planned).replace("cells", f"{counts}cells")]
    if prepared.drawn_ml is not None:
        said.append(f"{prepared.drawn_ml:.2f} mL to draw")
    if prepared.draws:
        said.append(f"from {len(prepared.draws)} bag{'s' if len(prepared.draws) > 1 else ''}")
    return ", ".join(said)


def _steps(prepared: "Prepared") -> Table:
    table = _table("Steps", "", "formula", "numbers", "result")
    for one in prepared.steps:
        table.add_row(
            one.label, one.formula, one.arithmetic, Text(quantity_words(one.result), "bold")
        )
    return table


def _bags(prepared: "Prepared") -> Table:
    table = _table(
        "Bags, the first to expire first",
        "",
        "drawn, mL",
        "infused, mL",
        "discarded, mL",
        "cells infused",
        "end before",
    )
    ends = prepared.end_before
    for name, one in prepared.named_draws:
        end = ends[one.container.key]
        table.add_row(
            name,
            f"{one.drawn_ml:.2f}",
            f"{one.infused_ml:.2f}",
            f"{one.discarded_ml:.2f}",
            f"{one.infused_cells:,.0f}",
            moment(end) if end else "unknown",
        )
    return table


def _checks(prepared: "Prepared") -> Table:
    table = _table("Checks", "", "verdict", "because")
    for one in prepared.checks:
        table.add_row(
            one.name, passes_text(PASSES[one.verdict.truth]), "; ".join(one.verdict.clauses())
        )
    return table


def _rests_on(prepared: "Prepared") -> Table:
    table = _table("What this rests on in the protocol", "", "value", "basis")
    for one in prepared.rests_on:
        settled = one.basis.settled
        table.add_row(one.what, one.value, Text(str(one.basis), "" if settled else "yellow"))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name)
    return table
