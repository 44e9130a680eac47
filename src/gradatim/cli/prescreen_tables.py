"""What a prescreen found, as tables for people."""

from typing import TYPE_CHECKING

from gradatim.cli.feasibility_tables import print_funnel
from gradatim.cli.output import console

if TYPE_CHECKING:
    from gradatim.protocol.load import Document
    from gradatim.screening.population.run import Outcome


def print_outcome(document: "Document", outcome: "Outcome") -> None:
    """Print the funnel of one protocol, what was verified, and where the files are."""
    id = document.study.study.id
    run, folder = outcome.run[id], outcome.folders[id]
    print_funnel(outcome.funnels[id])
    out = console()
    sample = run["verified"]["sample"]
    checked = (f"{sample:,} people were evaluated again, one by one, with the same verdicts."
               if sample else "Nobody was evaluated again: this run was not verified.")  # fmt: skip
    out.print(checked, style="dim" if sample else "bold", markup=False)
    for note in run.get("notes", []):
        out.print(f"Note: {note}", markup=False)
    seconds = sum(run["seconds"].values())
    out.print(f"Written to {folder} in {seconds:.1f} s. Next: gradatim feasibility {folder} "
              "-o page.html", markup=False)  # fmt: skip
