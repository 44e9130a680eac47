"""`gradatim export`: a protocol in the standards of other systems."""

from pathlib import Path
from typing import Annotated

import typer

from gradatim.cli.options import NONE, OneReading, Protocol

app = typer.Typer(help="Write a protocol in the standards of other systems.", no_args_is_help=True)

Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Instead of standard output")
]
Only = Annotated[
    list[str], typer.Option("--criterion", metavar="ID", help="Only this criterion (repeatable)")
]
Exhaustive = Annotated[
    list[str],
    typer.Option(
        metavar="KIND",
        help="condition, exposure or procedure: no record of it means that it did not happen",
    ),
]
ClosedWorld = Annotated[
    bool,
    typer.Option("--closed-world", help="What is not recorded is false, as with a plain exists"),
]


@app.callback()
def export() -> None:
    """Write a protocol in the standards of other systems."""


@app.command()
def cql(
    protocol: Protocol,
    output: Output = None,
    criterion: Only = NONE,
    reading: OneReading = NONE,
    exhaustive: Exhaustive = NONE,
    closed_world: ClosedWorld = False,
) -> None:
    """Write the eligibility criteria as an HL7 CQL 1.5 library over FHIR R4.

    Criteria that CQL cannot say here are left out, and listed in the library with the reason.
    """
    import sys

    from gradatim.cli.options import pairs
    from gradatim.core.stores import write_whole
    from gradatim.evidence.coverage import declare
    from gradatim.exports.cql.document import cql_library
    from gradatim.protocol.load import load
    from gradatim.screening.readings import plan

    document = load(protocol)
    chosen = plan(document.study, pairs(reading, "--reading"))
    readings = {id: (some[0].name, some[0].rule) for id, some in chosen.items()}
    library = cql_library(
        document.study,
        readings,
        sha256=document.sha256,
        only=criterion,
        exhaustive=declare(exhaustive),
        closed_world=closed_world,
    )
    if output is None:
        sys.stdout.write(library.text)
        return
    write_whole(output, library.text)
    written, left_out = len(library.criteria), len(library.left_out)
    print(f"{output}: {written} criteria, {left_out} left out (listed in the file)")
