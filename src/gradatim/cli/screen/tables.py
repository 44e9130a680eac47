"""Screening results as tables for people: one person in full, or a matrix of many."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from gradatim.cli.not_known_tables import print_not_known, vocabulary_words
from gradatim.cli.output import console
from gradatim.cli.words import PASSES, passes_text, status_text
from gradatim.rules.context import FIRST_DOSE
from gradatim.screening.absence import absence
from gradatim.screening.assess import anchors_used
from gradatim.screening.not_known import open_criteria, rank_not_known

if TYPE_CHECKING:
    from gradatim.evidence.facts import Facts
    from gradatim.protocol.load import Document
    from gradatim.screening.absence import Absence
    from gradatim.screening.assess import Eligibility, Finding
    from gradatim.vocabulary.graph import Vocabulary

    Result = tuple[Eligibility, Facts]

MATRIX_FROM = 10
"""From so many people on, a matrix is printed instead of one table for each."""
MOST_IDS = 5
"""So many records that are not used for one reason are named."""


def print_people(
    document: "Document",
    results: Sequence[tuple["Eligibility", "Facts"]],
    vocabulary: "Vocabulary | None" = None,
) -> None:
    """Print the results of one screening."""
    if len(results) >= MATRIX_FROM:
        print_matrix(document, [one for one, _ in results])
    else:
        for one, facts in results:
            print_person(document, one, facts)
    found = rank_not_known((facts, open_criteria(one.findings)) for one, facts in results)
    print_not_known([one.document() for one in found])
    if vocabulary is not None:
        console().print(Text(f"Codes looked up in {vocabulary_words(vocabulary)}", "dim"))


def print_person(document: "Document", one: "Eligibility", facts: "Facts") -> None:
    """Print everything about one person: verdicts, what is missing, and from when."""
    study = document.study.study
    out = console()
    out.print()
    out.print(
        Text.assemble(
            (f"{one.person}  ", "bold"),
            status_text(one.status),
            f"  for {study.id} version {study.version}",
        )
    )
    out.print(Text(_anchors(document, one), "dim"))
    out.print(_criteria(document, one, facts))
    _print_next(document, one)
    for record in facts.conflicts:
        out.print(Text.assemble(("contradicts itself  ", "bold"), f"{record.id}: {record.why}"))
    _print_not_used(facts)


def _anchors(document: "Document", one: "Eligibility") -> str:
    labels = document.study.schedule.anchors
    days = [
        f"{labels[name].label} {day}" for name, day in anchors_used(document.study, one).items()
    ]
    return ", ".join([*days, f"asked on {one.on}"])


def _print_not_used(facts: "Facts") -> None:
    """Say how many records were used, and of the others why not."""
    out = console()
    used = facts.read - len({one.id.split("#")[0] for one in facts.not_used})
    out.print(Text(f"{facts.read} records read, {used} used whole", "dim"))
    if not facts.not_used:
        return
    table = Table(title="Not used", title_justify="left", pad_edge=False, header_style="bold")
    for title in ("record", "why"):
        table.add_column(title, overflow="fold")
    why: dict[str, list[str]] = {}
    for one in facts.not_used:
        why.setdefault(one.why, []).append(one.id)
    for reason, ids in why.items():
        more = f" and {len(ids) - MOST_IDS} more" if len(ids) > MOST_IDS else ""
        table.add_row(Text(", ".join(ids[:MOST_IDS]) + more), Text(reason))
    out.print(table)


def _criteria(document: "Document", one: "Eligibility", facts: "Facts") -> Table:
    table = Table(show_lines=False, pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True)
    table.add_column("asks", max_width=10)
    table.add_column("verdict", no_wrap=True)
    table.add_column("because", ratio=1)
    for finding in one.findings:
        table.add_row(
            finding.criterion.id,
            finding.criterion.category,
            passes_text(finding.passes),
            _because(finding, absence(finding, document.study, facts)),
        )
    return table


def _because(finding: "Finding", counted: "Absence | None") -> Text:
    text = Text(finding.because)
    if counted:
        text.append(f"; {counted.words()}", "dim")
    if finding.unknown_because:
        text.append(f" [{finding.unknown_because}]", "yellow")
    if finding.reading.name not in ("literal", finding.criterion.reading_name):
        text.append(f" (reading {finding.reading.name})", "cyan")
    if not finding.criterion.basis.settled or finding.criterion.basis == "registry":
        text.append(f" ({finding.criterion.basis})", "dim")
    if finding.passes_from:
        text.append(f" → passes from {finding.passes_from}", "bold")
    if finding.passes_until:
        text.append(f" (until {finding.passes_until})", "dim")
    return text


def _print_next(document: "Document", one: "Eligibility") -> None:
    out = console()
    if one.missing:
        table = Table(
            title="What is missing, the most useful first",
            title_justify="left",
            pad_edge=False,
            header_style="bold",
        )
        for title in ("", "obtain", "bears on"):
            table.add_column(title)
        for item in one.missing:
            table.add_row(str(item.rank), label(document, item.element), ", ".join(item.settles))
        out.print(table)
    out.print(when(one, one.anchors[FIRST_DOSE]))
    if one.repeat:
        names = ", ".join(label(document, name) for name in one.repeat)
        out.print(f"To be repeated by then: {names}")
    if one.recheck:
        out.print(f"Still to be done: {', '.join(one.recheck)}")


def label(document: "Document", element: str) -> str:
    """Give what people call an element."""
    known = document.study.elements.get(element)
    return known.label if known else element.replace("_", " ")


def when(one: "Eligibility", planned: date) -> str:
    """Say from which first dose on nothing stands against the person."""
    if one.eligible_from is None:
        return "No first-dose date is known on which no criterion fails."
    if one.eligible_from == planned:
        return f"No criterion fails for a first dose on {planned}."
    return f"The earliest first dose on which no criterion fails: {one.eligible_from}."


def print_matrix(document: "Document", people: Sequence["Eligibility"]) -> None:
    """Print many people: a line each, with what fails and what is unknown."""
    table = Table(
        title=f"{document.study.study.id}: {len(people)} people",
        title_justify="left",
        pad_edge=False,
        header_style="bold",
    )
    for title in ("person", "status", "fails", "unknown", "first obtain", "no failure from"):
        table.add_column(title, no_wrap=title in ("person", "status", "no failure from"))
    for one in people:
        table.add_row(
            one.person,
            status_text(one.status),
            _ids(one, False),
            _ids(one, None),
            label(document, one.missing[0].element) if one.missing else "",
            _from(one),
        )
    console().print(table)
    counts = {
        word: sum(one.status == word for one in people)
        for word in ("eligible", "undetermined", "ineligible")
    }
    console().print(", ".join(f"{n} {word}" for word, n in counts.items()))
    if any(one.repeat for one in people):
        console().print("* tests that are too old by then must be repeated")


def _from(one: "Eligibility") -> str:
    if one.eligible_from is None:
        return "no date known"
    return f"{one.eligible_from}{' *' if one.repeat else ''}"


def _ids(one: "Eligibility", passes: bool | None, most: int = 6) -> Text:
    ids = [finding.criterion.id for finding in one.findings if finding.passes is passes]
    shown = " ".join(ids[:most]) + (f" +{len(ids) - most}" if len(ids) > most else "")
    return Text(f"{PASSES[passes][0]} {shown}" if ids else "", PASSES[passes][2])
