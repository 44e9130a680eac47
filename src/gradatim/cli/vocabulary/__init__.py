"""`gradatim vocabulary`: build and show."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gradatim.cli.options import AsJson

if TYPE_CHECKING:
    from gradatim.vocabulary.graph import Vocabulary

app = typer.Typer(help="Compile what a site's codes mean, and look codes up.", no_args_is_help=True)

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
    from gradatim.cli.output import print_json
    from gradatim.cli.progress import stages
    from gradatim.cli.vocabulary.tables import as_document, warn
    from gradatim.vocabulary.graph import Vocabulary
    from gradatim.vocabulary.sources.compile import build as compile_sources

    with stages() as tell:
        notes = compile_sources(sources, out, tell)
    built = Vocabulary.open(out)
    if json:
        print_json({**as_document(built, out), "notes": notes})
        return
    _describe(built, out, json)
    warn(notes)


@app.command()
def show(
    code: Annotated[
        str, typer.Argument(metavar="CODE", help="snomed:254837009, URI|code, or the code alone")
    ] = "",
    vocabulary: VocabularyFile = None,
    protocol: Annotated[
        str, typer.Option(metavar="PROTOCOL", help="Say which of its elements the code is of")
    ] = "",
    json: AsJson = False,
) -> None:
    """Show what a code is. Exit code 1 when nobody knows it.

    Without a code, describe the vocabulary and verify its hash.
    """
    from gradatim.cli.vocabulary.code import shown_codes
    from gradatim.core.errors import UnusableInput
    from gradatim.vocabulary.graph import Vocabulary

    if vocabulary is None and not (code and protocol):
        raise UnusableInput(
            "there is nothing to look it up in" if code else "there is no code to look up",
            "vocabulary show",
            todo="give --vocabulary FILE, or a code and --protocol PROTOCOL",
        )
    opened = Vocabulary.open(vocabulary) if vocabulary else None
    if not code and opened is not None and vocabulary is not None:
        opened.verify()
        _describe(opened, vocabulary, json)
        return
    found = shown_codes(code, opened, protocol)
    _print_codes(code, found, json)
    if not any(one["known"] for one in found):
        raise typer.Exit(1)


def _describe(vocabulary: "Vocabulary", file: Path, json: bool) -> None:
    from gradatim.cli.output import console, print_json
    from gradatim.cli.vocabulary.tables import as_document, vocabulary_tables

    if json:
        print_json(as_document(vocabulary, file))
        return
    for part in vocabulary_tables(vocabulary, file):
        console().print(part)


def _print_codes(code: str, found: list[dict[str, Any]], json: bool) -> None:
    from gradatim.cli.output import console, print_json
    from gradatim.cli.vocabulary.tables import code_lines

    if json:
        print_json({"schema": "gradatim.code/1", "code": code, "codes": found})
        return
    for one in found:
        for line in code_lines(one):
            console().print(line, markup=False, soft_wrap=True)
    if not found:
        console().print(f"{code}: no code system that is held has this code", markup=False)
