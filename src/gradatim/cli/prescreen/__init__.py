"""`gradatim prescreen`: who in a warehouse could enter, and what keeps the others out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gradatim.cli.options import NONE, Anchors, AsJson, On, OneReading
from gradatim.cli.sources import Describe, Exhaustive, Observed, Ranges, VocabularyFile

if TYPE_CHECKING:
    from datetime import date

    from gradatim.evidence.source_description import Described
    from gradatim.protocol.load import Document
    from gradatim.screening.prescreen.run import PrescreenResult, Request
    from gradatim.screening.prescreen.source import Population
    from gradatim.vocabulary.graph import Vocabulary

Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="PROTOCOL... SOURCE",
        help="Protocols, then duckdb:FILE, parquet:DIR, postgresql://..., spark:DIR or fhir:DIR",
    ),
]
_Out = Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Where the files go")]
Memory = Annotated[str, typer.Option(metavar="SIZE", help="Memory to stay within, such as 4GB")]
Verify = Annotated[
    int, typer.Option(metavar="N", min=0, help="People evaluated again, one by one, as a check")
]
_Seed = Annotated[int, typer.Option(metavar="N", help="Which people those are")]
Evidence = Annotated[bool, typer.Option(help="Write the records behind the verdicts too")]
Replace = Annotated[bool, typer.Option("--replace", help="Replace an earlier run's files")]


def prescreen(
    inputs: Inputs,
    out: _Out,
    on: On = "",
    anchor: Anchors = NONE,
    exhaustive: Exhaustive = NONE,
    observed: Observed = "",
    describe: Describe = None,
    reference_ranges: Ranges = None,
    vocabulary: VocabularyFile = None,
    reading: OneReading = NONE,
    memory: Memory = "4GB",
    verify: Verify = 1000,
    seed: _Seed = 1,
    evidence: Evidence = False,
    replace: Replace = False,
    json: AsJson = False,
) -> None:
    """Evaluate every criterion for everybody in a warehouse or a bulk export.

    Writes the verdicts, their margins and reasons, and what each criterion costs. Several protocols
    are asked at once, for little more than one.
    """
    from gradatim.cli.options import pairs, size_option
    from gradatim.cli.sources import described, opened_vocabulary
    from gradatim.screening.prescreen.run import Request
    from gradatim.screening.prescreen.run import prescreen as run

    *names, source = _at_least_two(inputs)
    documents, day, anchors = _questions(names, on, anchor)
    told = described(describe, exhaustive, observed, reference_ranges)
    held = opened_vocabulary(vocabulary)
    request = Request(
        documents,
        day,
        anchors,
        pairs(reading, "--reading"),
        size_option(memory, "--memory"),
        verify,
        seed,
        evidence,
        replace,
        [_text(name) for name in names],
    )
    with _progress(json) as watch, _opened(source, told, held, request, watch) as population:
        outcome = run(request, population, out, watch("Prescreening"))
    _finish(outcome, request, json)


def _at_least_two(inputs: list[str]) -> list[str]:
    from gradatim.core.errors import UnusableInput

    if len(inputs) < 2:
        raise UnusableInput(
            "a protocol and a source are needed",
            "gradatim prescreen",
            f"only {inputs[0]!r} was given",
            "give PROTOCOL... SOURCE, such as nct05962762 duckdb:warehouse.db",
        )
    return inputs


def _questions(
    names: list[str], on: str, anchor: list[str]
) -> "tuple[list[Document], date, list[Any]]":
    from gradatim.cli.options import anchor_dates, day_option, today
    from gradatim.protocol.load import load

    documents = [load(name) for name in names]
    day = day_option(on, "--on") if on else today()
    return (
        documents,
        day,
        [anchor_dates(anchor, one.study.schedule.anchors, day) for one in documents],
    )


def _text(name: str) -> bytes:
    """Give a protocol as it is written, to be kept with what it found."""
    from gradatim.protocol.load import bundled

    path = Path(name)
    path = path / "protocol.yaml" if path.is_dir() else path
    return (path if path.is_file() else bundled()[name.lower()]).read_bytes()


@contextmanager
def _opened(
    source: str,
    told: "Described",
    vocabulary: "Vocabulary | None",
    request: "Request",
    watch: Callable[[str], Any],
) -> "Iterator[Population]":
    """Open the source; a bulk export is read when it is first asked."""
    from gradatim.cli.sources import only_warehouses
    from gradatim.evidence.laboratory_limits_file import load as load_ranges
    from gradatim.evidence.omop.options import Options

    elements = {
        name: one for document in request.documents for name, one in document.study.elements.items()
    }
    ranges = load_ranges(told.reference_ranges, elements) if told.reference_ranges else {}
    options = Options(request.on, told.coverage, told.observation_period, ranges, vocabulary)
    if source.startswith("fhir:"):
        from gradatim.screening.prescreen.bulk import BulkPopulation

        only_warehouses(source, told)
        yield BulkPopulation(source.removeprefix("fhir:"), options, watch("Reading"))
        return
    from gradatim.evidence.warehouse.connect import connect
    from gradatim.screening.prescreen.warehouse import OmopPopulation

    with connect(source, memory=request.memory // 2) as warehouse, warehouse.speaking():
        yield OmopPopulation(warehouse, options)


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[str], Callable[[int, int], None]]]:
    """Give what makes a progress bar of a name; it shows on stderr after the first step."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, disable=quiet) as bars:

        def watch(name: str) -> Callable[[int, int], None]:
            task: list[Any] = []

            def done(number: int, of: int) -> None:
                if not task:
                    task.append(bars.add_task(name, total=of))
                bars.update(task[0], completed=number)

            return done

        yield watch


def _finish(outcome: "PrescreenResult", request: "Request", json: bool) -> None:
    """Print what was found, for people or as JSON."""
    from gradatim.cli.output import print_json
    from gradatim.cli.prescreen.tables import print_outcome

    if json:
        print_json(
            {
                "schema": "gradatim.prescreen/1",
                "runs": [
                    {"folder": str(outcome.folders[id]), **outcome.run[id]}
                    for id in outcome.folders
                ],
            }
        )
    else:
        for document in request.documents:
            print_outcome(document, outcome)
