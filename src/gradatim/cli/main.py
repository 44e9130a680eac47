"""The command `gradatim`: groups of commands, and the one way in which they fail."""

import sys

import typer

from gradatim.cli import (
    backup,
    candidates,
    demo,
    design,
    dose,
    export,
    feasibility,
    grade,
    installing,
    ledger,
    next_dose,
    prescreen,
    protocol,
    screen,
    serve,
    simulate,
    synthetic,
    vocabulary,
)
from gradatim.cli.ledger import endpoints as ledger_endpoints
from gradatim.cli.ledger import record as ledger_record
from gradatim.cli.ledger import story as ledger_story
from gradatim.cli.output import escaped
from gradatim.core.errors import Defect, UnusableInput

app = typer.Typer(
    name="gradatim",
    help="Run an early-phase clinical trial from one protocol document.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=True,
)
app.command("screen")(screen.screen)
app.command("prescreen")(prescreen.prescreen)
app.command("feasibility")(feasibility.feasibility)
app.command("recontact")(feasibility.recontact)
app.command("dose")(dose.dose)
app.command("grade")(grade.grade)
app.command("next-dose")(next_dose.next_dose)
app.command("simulate")(simulate.simulate)
app.command("synthetic")(synthetic.synthetic)
app.command("candidates")(candidates.candidates)
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.add_typer(installing.database, name="database")
app.add_typer(installing.trial, name="trial")
app.add_typer(installing.user, name="user")
app.add_typer(protocol.app, name="protocol")
app.add_typer(vocabulary.app, name="vocabulary")
app.add_typer(design.app, name="design")
app.add_typer(export.app, name="export")
ledger.app.command("log")(ledger_story.log)
ledger.app.command("as-of")(ledger_story.as_of)
ledger.app.command("endpoints")(ledger_endpoints.endpoints)
ledger.app.command("record")(ledger_record.record)
app.add_typer(ledger.app, name="ledger")


def main() -> None:
    """Run a command: 0 done, 1 the answer is no, 2 unusable input (one message, no traceback)."""
    try:
        app()
    except UnusableInput as error:
        print(f"gradatim: {escaped(str(error))}", file=sys.stderr)
        sys.exit(2)
    except Defect as error:
        print(f"gradatim: defect: {error}", file=sys.stderr)
        sys.exit(70)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)


if __name__ == "__main__":
    main()
