"""`gradatim protocol`: check, show, questions, schema."""

from typing import TYPE_CHECKING

import typer

from gradatim.cli.options import AsJson, Protocol
from gradatim.cli.vocabulary import VocabularyFile

if TYPE_CHECKING:
    from pathlib import Path

    from gradatim.protocol.load import Document

app = typer.Typer(help="Check and show protocol documents.", no_args_is_help=True)


@app.command()
def check(protocol: Protocol, vocabulary: VocabularyFile = None, json: AsJson = False) -> None:
    """Lint a protocol and the translations beside it. Exit code 1 when there are faults.

    File and line of each are given. With a vocabulary, its lists of codes are checked as well.
    """
    from gradatim.cli.output import print_json
    from gradatim.dosefinding.protocol_faults import placed
    from gradatim.protocol.load import read_document
    from gradatim.protocol.questions import questions
    from gradatim.protocol.translation.load import told

    document = read_document(protocol)
    faults = [(one.where, one.what, one.warning) for one in placed(document)]
    faults += told(protocol, document.study)
    if vocabulary is not None:
        faults += _of_codes(document, vocabulary)
    wrong = [what for _, what, warning in faults if not warning]
    still_open = sum(not one.settled for one in questions(document.study))
    if json:
        listed = [
            {"where": where, "what": what, "warning": warning} for where, what, warning in faults
        ]
        print_json(
            {
                "schema": "gradatim.check/1",
                "sha256": document.sha256,
                "ok": not wrong,
                "faults": listed,
                "open_questions": still_open,
            }
        )
    else:
        for where, what, warning in faults:
            print(f"{where}: {'warning: ' * warning}{what}")
        study = document.study
        verdict = "sound" if not wrong else f"{len(wrong)} fault{'s' * (len(wrong) > 1)}"
        counts = f"{len(study.criteria)} criteria, {len(study.elements)} elements"
        print(
            f"{study.study.id} version {study.study.version}: {counts}, "
            f"{still_open} open questions: {verdict}"
        )
    if wrong:
        raise typer.Exit(1)


def _of_codes(document: "Document", file: "Path") -> list[tuple[str, str, bool]]:
    from gradatim.rules.code_lists import check_code_lists
    from gradatim.vocabulary.graph import Vocabulary

    found = check_code_lists(document.study, Vocabulary.open(file))
    return [(document.where(one.path), one.what, one.warning) for one in found]


@app.command()
def show(protocol: Protocol, json: AsJson = False) -> None:
    """Show a protocol as a person reads it."""
    from gradatim.cli.output import console, print_json
    from gradatim.protocol.load import load

    document = load(protocol)
    if json:
        print_json(document.study.model_dump(mode="json", by_alias=True, exclude_defaults=True))
        return
    from gradatim.cli.protocol.tables import protocol_tables

    for part in protocol_tables(document):
        console().print(part)


@app.command()
def questions(protocol: Protocol, json: AsJson = False) -> None:
    """List what the sponsor must rule on, numbered."""
    from gradatim.cli.output import console, print_json
    from gradatim.protocol.load import load
    from gradatim.protocol.questions import questions as list_questions

    found = list_questions(load(protocol).study)
    if json:
        listed = [
            {**one._asdict(), "ruling": one.ruling and one.ruling.model_dump(mode="json")}
            for one in found
        ]
        print_json({"schema": "gradatim.questions/1", "questions": listed})
        return
    from gradatim.cli.protocol.tables import question_text

    for one in found:
        console().print(question_text(one))


@app.command()
def schema() -> None:
    """Print the JSON Schema of protocol documents, for editors."""
    from gradatim.cli.output import print_json
    from gradatim.protocol.study import Study

    print_json(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **Study.model_json_schema(by_alias=True),
        }
    )
