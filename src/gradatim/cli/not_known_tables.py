"""Codes that nobody knows, as a table for people."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from gradatim.cli.output import console
from gradatim.core.codes import LABELS, SYSTEMS

if TYPE_CHECKING:
    from gradatim.vocabulary.graph import Vocabulary

_MOST_CODES = 10
"""So many codes are printed; the others are in the JSON document, or in the file."""
MOST_CRITERIA = 6


def print_not_known(codes: Sequence[Mapping[str, Any]]) -> None:
    """Print the codes that nobody knows, as documents list them; of none nothing."""
    if not codes:
        return
    title = "Codes that nobody knows, those that leave most open first"
    table = Table(title=title, title_justify="left", pad_edge=False, header_style="bold")
    for head, justify in (
        ("code", "left"),
        ("records", "right"),
        ("people", "right"),
        ("leaves open", "left"),
    ):
        table.add_column(head, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for one in codes[:_MOST_CODES]:
        people = "" if one["people"] is None else f"{one['people']:,}"
        table.add_row(Text(_written(one)), f"{one['records']:,}", people, _ids(one["criteria"]))
    console().print(table)
    if len(codes) > _MOST_CODES:
        console().print(Text(f"and {len(codes) - _MOST_CODES:,} more", "dim"))


def _written(one: Mapping[str, Any]) -> str:
    display = f" ({one['display']})" if one["display"] else ""
    system = one["system"] or ""
    return f"{LABELS.get(SYSTEMS.get(system, ''), system)} {one['code']}{display}".strip()


def _ids(criteria: Sequence[str]) -> str:
    more = len(criteria) - MOST_CRITERIA
    return " ".join(criteria[:MOST_CRITERIA]) + (f" +{more}" if more > 0 else "")


def vocabulary_words(vocabulary: "Vocabulary") -> str:
    """Say which vocabulary told what codes are."""
    concepts = sum(vocabulary.counts.values())
    return f"a vocabulary of {concepts:,} concepts, SHA-256 {vocabulary.sha256}"
