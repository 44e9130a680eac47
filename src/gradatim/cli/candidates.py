"""`gradatim candidates`: a dozen made-up candidates, screened and reported on."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

if TYPE_CHECKING:
    from datetime import date

    from gradatim.evidence.facts import Facts
    from gradatim.protocol.elements import Element
    from gradatim.protocol.load import Document
    from gradatim.screening.assess import Eligibility
    from gradatim.synthetic.cases import Case

TRIAL = "nct05962762"
_Out = Annotated[Path, typer.Option(help="Folder for the bundles and the reports")]
_Check = Annotated[bool, typer.Option("--check", help="Run in a temporary folder, verify, remove")]


class Demonstration(NamedTuple):
    """What a demonstration made.

    Args:
        document: the protocol.
        candidates: the made-up people.
        bundles: their FHIR bundles, as files.
        results: what screening found of each.
        reports: the report on each.
        overview: the page that lists them.
    """

    document: "Document"
    candidates: "Sequence[Case]"
    bundles: list[Path]
    results: "list[tuple[Eligibility, Facts]]"
    reports: list[Path]
    overview: Path


def candidates(out: _Out = Path("candidates"), check: _Check = False) -> None:
    """Screen a dozen made-up candidates for the bundled trial.

    Their FHIR bundles and an HTML report on each are left in the folder.
    """
    if check:
        _check()
        return
    from gradatim.cli.screen.tables import print_people

    done = demonstrate(out)
    explained = instructive(done)
    print_people(done.document, done.results)
    print_people(done.document, [done.results[explained]])
    _print_where(done, explained)


def demonstrate(out: Path) -> Demonstration:
    """Write the candidates as FHIR bundles, read them back, screen each, and write the reports.

    Raises:
        UnusableInput: the folder cannot be written to.
    """
    from gradatim.cli.progress import tracked
    from gradatim.cli.reports import write_overview, write_reports
    from gradatim.protocol.load import bundled, load
    from gradatim.synthetic.cases import load_cases

    document = load(TRIAL)
    candidates = load_cases(bundled()[TRIAL].parent / "candidates.yaml").cases
    bundles = _write_bundles(out / "bundles", candidates, document.study.elements)
    given = list(zip(candidates, bundles, strict=True))
    results = [_screen(document, case, path) for case, path in tracked(given, "Screening")]
    reports = write_reports(out / "reports", document, results)
    overview = write_overview(out / "reports", document, results)
    return Demonstration(document, candidates, bundles, results, reports, overview)


def _write_bundles(
    folder: Path, candidates: "Sequence[Case]", elements: "Mapping[str, Element]"
) -> list[Path]:
    import json

    from gradatim.cli.reports import write_file

    return [
        write_file(folder / f"{case.id}.json", json.dumps(case.bundle(elements), indent=1))
        for case in candidates
    ]


def _screen(document: "Document", case: "Case", path: Path) -> "tuple[Eligibility, Facts]":
    """Read one bundle back and screen the person with the case's own dates and declarations."""
    from gradatim.cli.options import anchor_dates
    from gradatim.evidence.codebook import Codebook
    from gradatim.evidence.fhir.load import load_bundle
    from gradatim.evidence.fhir.reader import read_facts
    from gradatim.screening.assess import assess
    from gradatim.screening.readings import plan

    study, on = document.study, _day(case)
    anchors = anchor_dates(_anchors(case), study.schedule.anchors, on)
    facts = read_facts(
        load_bundle(path),
        Codebook(study.elements, study.study.id),
        study.elements,
        on=on,
        coverage=case.coverage(),
    )
    return assess(study, facts, anchors, on, plan(study, case.readings)), facts


def _day(case: "Case") -> "date":
    from datetime import date

    return case.on or date.today()


def _anchors(case: "Case") -> list[str]:
    return [f"{name}={day}" for name, day in case.anchors.items()]


def instructive(done: Demonstration) -> int:
    """Choose whom to explain in full: someone all of whose failures pass with time."""

    def rank(n: int) -> tuple[bool, bool, int]:
        failing = [one for one in done.results[n][0].findings if one.passes is False]
        return not failing, not all(one.passes_from for one in failing), n

    return min(range(len(done.results)), key=rank)


def command(case: "Case", bundle: Path) -> str:
    """Give the command that screens one candidate as the demonstration did."""
    import shlex

    words = [_program(), "screen", TRIAL, str(bundle), "--on", str(_day(case))]
    readings = [f"{criterion}={reading}" for criterion, reading in case.readings.items()]
    for option, values in (
        ("--anchor", _anchors(case)),
        ("--exhaustive", case.exhaustive),
        ("--observed", _observed(case)),
        ("--reading", readings),
    ):
        words += [word for value in values for word in (option, value)]
    return shlex.join(words)


def _program() -> str:
    """Give what this program is called from here: its path when it is not on the search path."""
    import shutil
    import sys

    called = Path(sys.argv[0])
    return str(called) if called.name == "gradatim" and not shutil.which("gradatim") else "gradatim"


def _observed(case: "Case") -> list[str]:
    since, until = case.observed
    return [f"{since or ''}..{until or ''}"] if since or until else []


def _print_where(done: Demonstration, explained: int) -> None:
    people = len(done.candidates)
    print(f"\nFHIR bundles of {people} made-up people: {done.bundles[0].parent}")
    print(f"A report on each of them: open {done.overview}")
    print("To screen one of them yourself:\n")
    print(f"  {command(done.candidates[explained], done.bundles[explained])}")


def _check() -> None:
    """Run the whole demonstration where it leaves nothing behind, and verify what it made."""
    from tempfile import TemporaryDirectory

    from gradatim.core.errors import Defect

    with TemporaryDirectory(prefix="gradatim-candidates-") as folder:
        done = demonstrate(Path(folder))
        wrong = [fault for n in range(len(done.candidates)) for fault in faults(done, n)]
    if wrong:
        raise Defect("the demonstration is not as it should be: " + "; ".join(wrong))
    print(
        f"{len(done.candidates)} candidates screened with the verdicts expected, "
        f"{len(done.reports)} reports written"
    )


def faults(done: Demonstration, n: int) -> list[str]:
    """Say where a candidate's verdicts or report are other than expected."""
    case, (one, facts), report = done.candidates[n], done.results[n], done.reports[n]
    truth = {finding.criterion.id: finding.verdict.truth for finding in one.findings}
    expect = case.expect
    found = [
        f"{case.id}: {id} is {truth[id].word}, not {expected.word}"
        for id, expected in expect.truth.items()
        if truth[id] is not expected
    ]
    if expect.status not in (None, one.status):
        found.append(f"{case.id}: is {one.status}, not {expect.status}")
    if expect.judges_eligible_from and one.eligible_from != expect.eligible_from:
        found.append(f"{case.id}: no failure from {one.eligible_from}, not {expect.eligible_from}")
    html = report.read_text(encoding="utf-8")
    found += [
        f"{case.id}: {id} is not in the report"
        for id in truth
        if f'id="criterion-{id}"' not in html
    ]
    if facts.person != case.id or case.id not in html:
        found.append(f"{case.id}: is called {facts.person}")
    return found
