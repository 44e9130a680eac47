"""`gradatim feasibility`: what a prescreen's files say; `gradatim recontact`: whom to ask again."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gradatim.cli.options import NONE, AsJson, OneReading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gradatim.protocol.load import Document
    from gradatim.screening.feasibility.chunk import Chunk
    from gradatim.screening.feasibility.load import Files

_Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="What `gradatim prescreen -o DIR` wrote")
]
Without = Annotated[list[str], typer.Option(metavar="CRITERION", help="As if it were not there")]
Relax = Annotated[
    list[str],
    typer.Option(metavar="LIMIT=NUMBER", help="A limit moved, such as E11b1:creatinine=2.0"),
]
Suppress = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=0,
        max=1000,
        help="Counts below N are not shown; 0 shows all, for internal use only",
    ),
]
_Protocol = Annotated[
    str,
    typer.Option(metavar="PROTOCOL", help="The protocol it was run with [default: the run's own]"),
]
_Page = Annotated[
    Path | None, typer.Option("-o", "--out", metavar="FILE", help="Write the page (HTML)")
]
_Role = Annotated[str, typer.Option(metavar="ROLE", help="Who answers for the list")]
Approval = Annotated[str, typer.Option(metavar="REFERENCE", help="The approval that permits it")]
ListFile = Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="The list (CSV)")]
AtMost = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Only the first so many people")
]


def feasibility(
    folder: _Folder,
    without: Without = NONE,
    relax: Relax = NONE,
    reading: OneReading = NONE,
    suppress: Suppress = 5,
    protocol: _Protocol = "",
    out: _Page = None,
    json: AsJson = False,
) -> None:
    """Say who could enter, what each criterion costs, and what another one would bring.

    Everything is computed from the files of a prescreen; the source is not read again.
    """
    from gradatim.cli.options import pairs
    from gradatim.screening.feasibility.count import funnel
    from gradatim.screening.feasibility.question import question

    files, document = _opened(folder, protocol)
    asked = question(
        document.study,
        files.readings,
        without,
        pairs(reading, "--reading"),
        pairs(relax, "--relax"),
    )
    found = funnel(files, document, asked, suppress, _watched(files.people))
    if out is not None:
        from gradatim.core.stores import write_whole
        from gradatim.reports.feasibility import feasibility_html

        write_whole(out, feasibility_html(document, found, files.run))
    if json:
        from gradatim.cli.output import print_json

        print_json(found)
    else:
        from gradatim.cli.feasibility.tables import print_funnel

        print_funnel(found, out)


def recontact(
    folder: _Folder,
    out: ListFile,
    role: _Role = "",
    approval: Approval = "",
    at_most: AtMost = None,
    protocol: _Protocol = "",
) -> None:
    """Write the list of people to ask again: who is not excluded, the most promising first.

    The role and the approval are recorded with the run. People stay pseudonymous.
    """
    from datetime import date

    from gradatim.cli.output import console
    from gradatim.core.stores import write_whole
    from gradatim.screening.feasibility.load import append_to_run
    from gradatim.screening.feasibility.recontact import allowed, csv_text

    allowed(role, approval)
    files, document = _opened(folder, protocol)
    rows = _candidates(files, document, at_most)
    act = {
        "role": role.strip(),
        "approval": approval.strip(),
        "when": date.today().isoformat(),
        "people": len(rows),
    }
    write_whole(
        out, csv_text(rows), private=True, first=lambda: append_to_run(folder, "recontact", act)
    )
    console().print(
        f"{len(rows)} people are listed in {out}; the act is recorded in {folder / 'run.json'}.",
        markup=False,
    )


def _watched(people: int) -> "Callable[[Iterable[Chunk]], Iterable[Chunk]]":
    """Give what shows a progress bar on stderr while chunks are counted, and then removes it."""
    import sys

    from rich.console import Console
    from rich.progress import track

    from gradatim.screening.feasibility.load import CHUNK

    return lambda chunks: track(
        chunks,
        "Counting",
        total=-(-people // CHUNK),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty() or people < CHUNK,
    )


def _candidates(files: "Files", document: "Document", most: int | None) -> list[tuple[object, ...]]:
    from gradatim.screening.feasibility.columns import columns
    from gradatim.screening.feasibility.recontact import Candidates

    used = columns(document.study, files.readings)
    candidates = Candidates(used)
    for chunk in files.chunks([one.name for one in used], about=["person_id"]):
        candidates.add(chunk)
    return candidates.ranked(most)


def _opened(folder: Path, protocol: str) -> "tuple[Files, Document]":
    """Open the files of a run, and the protocol it was run with."""
    from gradatim.core.errors import UnusableInput
    from gradatim.protocol.load import load
    from gradatim.screening.feasibility.load import open_files

    files = open_files(folder)
    named = files.run.get("protocol") or {}
    copy = folder / "protocol.yaml"
    name = protocol or (str(copy) if copy.is_file() else str(named.get("id", "")).lower())
    if not name:
        raise UnusableInput(
            "the run does not say which protocol it was",
            str(folder / "run.json"),
            todo="give it with --protocol",
        )
    document = load(name)
    if named.get("sha256", document.sha256) != document.sha256:
        raise UnusableInput(
            "this is not the protocol that the prescreen was run with",
            document.name,
            f"its fingerprint is {document.sha256[:12]}, the run's is {named['sha256'][:12]}",
            "give that protocol with --protocol, or run `gradatim prescreen` again",
        )
    return files, document
