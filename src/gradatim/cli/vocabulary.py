"""`gradatim vocabulary`: build and show."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Compile what a site's codes mean, and look codes up.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout")]
VocabularyFile = Annotated[
    Path | None,
    typer.Option(
        "--vocabulary", metavar="FILE", help="What codes mean, as `vocabulary build` wrote it"
    ),
]


@app.command()
def build(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="SOURCE...",
            help="OMOP vocabulary folder, RxNorm RRF, SNOMED CT RF2, FHIR JSON, ICD-10 files",
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="The vocabulary file to write")],
    json: AsJson = False,
) -> None:
    """Compile releases of code systems into one file.

    Each source is recognised by what is in it; several are merged. Nothing is sent anywhere.
    """
    from gradatim.cli.output import console, print_json
    from gradatim.cli.progress import stages
    from gradatim.cli.vocabulary_tables import as_document, vocabulary_tables, warn
    from gradatim.vocabulary.graph import Vocabulary
    from gradatim.vocabulary.sources.compile import build as compile_sources

    with stages() as tell:
        notes = compile_sources(sources, out, tell)
    built = Vocabulary.open(out)
    if json:
        print_json({**as_document(built, out), "notes": notes})
        return
    for part in vocabulary_tables(built, out):
        console().print(part)
    warn(notes)
