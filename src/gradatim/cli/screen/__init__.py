"""`gradatim screen`: may these people enter, and why."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gradatim.cli.options import NONE, Anchors, AsJson, On, OneReading, Protocol
from gradatim.cli.sources import Describe, Exhaustive, Observed, Ranges, VocabularyFile
from gradatim.core.collecting import keep_for_good

if TYPE_CHECKING:
    from datetime import date

    from gradatim.cli.screen.tables import Result
    from gradatim.evidence.facts import Facts
    from gradatim.evidence.source_description import Described
    from gradatim.protocol.load import Document
    from gradatim.screening.assess import Eligibility
    from gradatim.vocabulary.graph import Vocabulary

_People = Annotated[list[Path], typer.Argument(metavar="PERSON...", help="FHIR R4 Bundles (JSON)")]
Readings = Annotated[
    str, typer.Option(metavar="strictest", help="Where nothing is ruled, what excludes")
]
Report = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Write an HTML report on each person")
]
Megabytes = Annotated[int, typer.Option(metavar="N", help="Largest bundle to read", min=1)]
BYTES_PER_MEGABYTE = 1_000_000


def screen(
    protocol: Protocol,
    person: _People,
    on: On = "",
    anchor: Anchors = NONE,
    exhaustive: Exhaustive = NONE,
    observed: Observed = "",
    describe: Describe = None,
    reference_ranges: Ranges = None,
    vocabulary: VocabularyFile = None,
    reading: OneReading = NONE,
    readings: Readings = "",
    json: AsJson = False,
    report: Report = None,
    max_megabytes: Megabytes = 25,
) -> None:
    """Screen people against every criterion of a protocol, with reasons.

    Exit code 2 when a bundle cannot be used; the others are screened all the same.
    """
    from gradatim.cli.options import anchor_dates, day_option, pairs
    from gradatim.cli.sources import described, only_warehouses, opened_vocabulary
    from gradatim.protocol.load import load
    from gradatim.screening.assess import assess
    from gradatim.screening.readings import plan

    document = load(protocol)
    study = document.study
    today = day_option(on, "--on") if on else _today()
    anchors = anchor_dates(anchor, study.schedule.anchors, today)
    chosen = plan(study, pairs(reading, "--reading"), _strictest(readings))
    told = described(describe, exhaustive, observed, reference_ranges)
    only_warehouses(str(describe), told)
    held = opened_vocabulary(vocabulary)
    read = _reader(document, today, told, held, max_megabytes)
    keep_for_good()  # the collector need not look through the protocol again

    def judge(facts: "Facts") -> "Eligibility":
        return assess(study, facts, anchors, today, chosen)

    results, unusable = _screened(person, read, judge, json)
    _show(document, results, unusable, held, json, report)
    if unusable:
        raise typer.Exit(2)


def _screened(
    people: list[Path],
    read: "Callable[[Path], Facts]",
    judge: "Callable[[Facts], Eligibility]",
    quiet: bool,
) -> "tuple[list[Result], list[dict[str, str]]]":
    """Screen one person after another; say of bundles that cannot be used why not."""
    from gradatim.cli.progress import tracked
    from gradatim.core.errors import UnusableInput

    results: list[Result] = []
    unusable: list[dict[str, str]] = []
    for path in tracked(people, "Screening", quiet=quiet):
        try:
            facts = _read_new(path, read, results)
            results.append((judge(facts), facts))
        except UnusableInput as error:
            unusable.append({"input": str(path), "why": str(error.inside(str(path)))})
    return results, unusable


def _today() -> "date":
    from datetime import date

    return date.today()


def _strictest(readings: str) -> bool:
    from gradatim.core.errors import UnusableInput

    if readings not in ("", "strictest"):
        raise UnusableInput(
            f"{readings!r} is not a set of readings",
            "--readings",
            todo="use 'strictest', or --reading CRITERION=READING",
        )
    return readings == "strictest"


def _reader(
    document: "Document",
    today: "date",
    told: "Described",
    vocabulary: "Vocabulary | None",
    megabytes: int,
) -> "Callable[[Path], Facts]":
    from gradatim.evidence.codebook import Codebook
    from gradatim.evidence.fhir.load import load_bundle
    from gradatim.evidence.fhir.reader import read_facts
    from gradatim.evidence.laboratory_limits import with_limits
    from gradatim.evidence.laboratory_limits_file import load as load_ranges

    elements = document.study.elements
    codebook = Codebook(elements, document.study.study.id, vocabulary)
    ranges = load_ranges(told.reference_ranges, elements) if told.reference_ranges else {}

    def read_person(path: Path) -> "Facts":
        bundle = load_bundle(path, megabytes * BYTES_PER_MEGABYTE)
        facts = read_facts(bundle, codebook, elements, on=today, coverage=told.coverage)
        return with_limits(facts, ranges, elements)

    return read_person


def _read_new(path: Path, read: "Callable[[Path], Facts]", results: "list[Result]") -> "Facts":
    """Read one bundle, of a person who was not screened yet."""
    from gradatim.core.errors import UnusableInput

    facts = read(path)
    if any(facts.person == earlier.person for _, earlier in results):
        raise UnusableInput(
            f"the person {facts.person} was already screened",
            why="two bundles have the same Patient id",
            todo="give each person once",
        )
    return facts


def _show(
    document: "Document",
    results: "list[Result]",
    unusable: list[dict[str, str]],
    vocabulary: "Vocabulary | None",
    json: bool,
    report: Path | None,
) -> None:
    import sys

    if json:
        from gradatim.cli.output import print_json
        from gradatim.screening.document import screening_document

        print_json(screening_document(document, results, unusable, vocabulary))
    elif results:
        from gradatim.cli.screen.tables import print_people

        print_people(document, results, vocabulary)
    if report is not None:
        from gradatim.cli.reports import write_reports

        write_reports(report, document, results, vocabulary)
    for one in unusable:
        print(f"gradatim: {one['why']}", file=sys.stderr)
