"""What a prescreen found, as tables for people."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gradatim.cli.feasibility.tables import print_funnel
from gradatim.cli.not_known_tables import print_not_known
from gradatim.cli.output import console

if TYPE_CHECKING:
    from gradatim.protocol.load import Document
    from gradatim.screening.prescreen.run import PrescreenResult


def print_outcome(document: "Document", outcome: "PrescreenResult") -> None:
    """Print the funnel of one protocol, what was verified, and where the files are."""
    id = document.study.study.id
    run, folder = outcome.run[id], outcome.folders[id]
    print_funnel(outcome.funnels[id])
    out = console()
    sample = run["verified"]["sample"]
    checked = (
        f"{sample:,} people were evaluated again, one by one, with the same verdicts."
        if sample
        else "Nobody was evaluated again: this run was not verified."
    )
    out.print(checked, style="dim" if sample else "bold", markup=False)
    for note in notes(run):
        out.print(f"Note: {note}", markup=False)
    print_not_known(outcome.not_known.get(id, ()))
    seconds = sum(run["seconds"].values())
    out.print(
        f"Written to {folder} in {seconds:.1f} s. Next: gradatim feasibility {folder} -o page.html",
        markup=False,
    )


def notes(run: Mapping[str, Any]) -> Iterator[str]:
    """Say what was found wrong with the source, and which criteria are unknown for it."""
    yield from run.get("notes", [])
    for table, criteria in run.get("missing_tables", {}).items():
        yield f"there is no table {table}, which {_listed(criteria)} ask about"
    for table, criteria in run.get("empty_tables", {}).items():
        yield f"{_listed(criteria)} ask about {table}, of which nothing is known"
    if unmapped := run.get("unmapped", {}):
        told = ", ".join(f"{name} ({' '.join(ids)})" for name, ids in unmapped.items())
        yield f"nothing in the vocabulary means {told}"
    for table, number in run.get("without_concept", {}).items():
        yield f"{table}: {number:,} of {run['rows'][table]:,} records have no concept"
    yield from _not_known(run)
    if held := run.get("vocabulary"):
        yield f"codes looked up in a vocabulary of {held['concepts']:,} concepts, {held['sha256']}"
    for kind, counted in run.get("records", {}).items():
        yield f"{kind}: {counted['records']:,} records, {counted['understood']:,} understood"
    for what, number in run.get("not_used", {}).items():
        yield f"{what}: {number:,}"
    if people := run.get("unusable"):
        yield f"{len(people):,} people could not be read; run.json says why"


def _not_known(run: Mapping[str, Any]) -> Iterator[str]:
    """Say what no declaration covers, since its records would not, or need not, be understood."""
    for name, one in run.get("not_recognised", {}).items():
        yield f"nobody is known to have no {name} ({' '.join(one['criteria'])}): {one['why']}"
    for table, records in run.get("not_understood", {}).items():
        codes = ", ".join(f"{code} ({number:,})" for code, number in records["codes"].items())
        yield (
            f"{table}: {records['people']:,} people have records of unknown meaning, which keep "
            f"what they may be about unknown: {codes}"
        )


def _listed(criteria: list[str]) -> str:
    return " ".join(criteria) if criteria else "no criterion by itself"
