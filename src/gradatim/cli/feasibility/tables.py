"""A prescreen's funnel as tables for people."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from gradatim.cli.output import console
from gradatim.reports.feasibility_words import asked_words, count_words, headline, published_count

_Row = Mapping[str, Any]
_MOST_ROWS = 10
"""Rows of the tables that are not of all criteria; the page and the document have the rest."""
_COLUMNS = ("failed", "only", "shapley", "open")


def print_funnel(found: _Row, page: Path | None = None) -> None:
    """Print the parts of a funnel document that a person asks for first."""
    out, t = console(), int(found["suppression"]["threshold"])
    out.print()
    for line in (headline(found), *asked_words(found)):
        out.print(escape(line))
    out.print(_criteria(found, t))
    _print_best(found)
    _print_some(found, t)
    out.print(f"Counts: {found['suppression']['meaning']}.", style="dim", markup=False)
    if page is not None:
        out.print(f"The page is {page}.", markup=False)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", pad_edge=False, header_style="bold")
    for n, name in enumerate(columns):
        table.add_column(name, justify="right" if n and not name.endswith(" ") else "left")
    return table


def _criteria(found: _Row, t: int) -> Table:
    table = _table(
        "What each criterion costs, in the protocol's order",
        "",
        "known at ",
        "remaining",
        "fails",
        "only this",
        "Shapley",
        "unknown",
    )
    for one, step in zip(found["criteria"], found["sequential"], strict=True):
        counts = (step["remaining"], *(one[name] for name in _COLUMNS))
        table.add_row(
            one["id"],
            one["knowable_at"].replace("_", " "),
            *(published_count(n, t) for n in counts),
        )
    return table


def _print_best(found: _Row) -> None:
    if steps := found["best_order"][:8]:
        listed = ", ".join(f"{one['id']} (-{count_words(one['removed'])})" for one in steps)
        console().print(f"Best order to look in: {listed}", markup=False)


def _people_moved(row: _Row) -> tuple[int, int]:
    return row["people"]["changed"] or 0, row["verdicts_changed"]


def _print_some(found: _Row, t: int) -> None:
    if found["tests"]:
        table = _table(
            "One test that would settle most",
            "obtain",
            "all that is open for",
            "open for",
            "bears on ",
        )
        for one in found["tests"][:_MOST_ROWS]:
            table.add_row(
                escape(one["label"]),
                published_count(one["only"], t),
                published_count(one["asked"], t),
                " ".join(one["criteria"]),
            )
        console().print(table)
    moved = sorted(
        (one for one in found["readings"] if one["verdicts_changed"]),
        key=_people_moved,
        reverse=True,
    )[:_MOST_ROWS]
    if moved:
        table = _table(
            "The other readings that would change most",
            "reading",
            "verdicts",
            "newly excluded",
            "no longer excluded",
        )
        for one in moved:
            people = one["people"]
            table.add_row(
                f"{one['criterion']} {one['reading']}",
                published_count(one["verdicts_changed"], t),
                published_count(people["newly_excluded"], t),
                published_count(people["no_longer_excluded"], t),
            )
        console().print(table)
