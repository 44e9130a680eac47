"""The engines that the suite is run on: `screen` in process, and a bulk export on DuckDB."""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from gradatim.cli.options import observed_days
from gradatim.core.errors import UnusableInput
from gradatim.core.truth import Truth
from gradatim.evidence.codebook import Codebook
from gradatim.evidence.coverage import declare
from gradatim.evidence.facts import Facts, Observed
from gradatim.evidence.fhir.load import decode
from gradatim.evidence.fhir.reader import read_facts
from gradatim.protocol.load import load
from gradatim.screening.assess import Eligibility, assess
from gradatim.screening.readings import Plan, plan
from tests.conformance.bundles import content, file_name, resources
from tests.conformance.cases import Case, arguments

PROTOCOL = "nct05962762"
DOCUMENT = load(PROTOCOL)
CODEBOOK = Codebook(DOCUMENT.study.elements, DOCUMENT.study.study.id)

NOT_IN_BULK = {"conditions.subject-is-text"}
"""Whose record a line of an export is, only its reference to a person can say."""


class Answer(NamedTuple):
    """What an engine said: a person in the shape of `gradatim.screening/1`, or why not."""

    person: Mapping[str, Any] | None
    refused: str


def screened(case: Case) -> Answer:
    """Screen one person."""
    study, on = DOCUMENT.study, date.fromisoformat(case.options["on"])
    try:
        decoded = decode(content(case), file_name(case))
        facts = read_facts(decoded, CODEBOOK, study.elements, on=on, coverage=_coverage(case))
        found = assess(study, facts, _anchors(case, on), on, _plan(case))
    except UnusableInput as error:
        return Answer(None, str(error))
    return Answer(_told(found, facts), "")


def _told(found: Eligibility, facts: Facts) -> dict[str, Any]:
    """Return what `gradatim.screening/1` says of a person, as far as the suite asks it."""
    return {
        "person": found.person,
        "status": found.status,
        "eligible_from": found.eligible_from and found.eligible_from.isoformat(),
        "criteria": [
            {
                "id": one.criterion.id,
                "truth": one.verdict.truth.word,
                "passes": one.passes,
                "because": one.because,
                "passes_from": one.passes_from and one.passes_from.isoformat(),
                "passes_until": one.passes_until and one.passes_until.isoformat(),
            }
            for one in found.findings
        ],
        "not_used": [{"id": one.id, "why": one.why} for one in facts.not_used],
    }


def prescreened(cases: Iterable[Case], folder: Path) -> Iterator[tuple[Case, Answer]]:
    """Put the people who are asked alike into one bulk export, and prescreen it.

    How a criterion is read makes no difference: a prescreen answers every reading.
    """
    alike = defaultdict(list)
    for case in cases:
        alike[json.dumps({**case.options, "readings": {}}, sort_keys=True)].append(case)
    for number, some in enumerate(alike.values()):
        yield from _exported(some, folder / str(number))


def in_bulk(case: Case) -> bool:
    """Whether a case is about a person's resources, not about how they are bundled or written."""
    about_the_bundle = {"entries", "bundle", "each_entry", "text", "urls", "written"}
    bundled = case.table == "bundles" or about_the_bundle & set(case.change)
    return not bundled and case.id not in NOT_IN_BULK


def _exported(some: list[Case], folder: Path) -> Iterator[tuple[Case, Answer]]:
    _write_export(some, folder)
    run = folder / "run"
    asked = replace(some[0], options={**some[0].options, "readings": {}})
    gradatim = str(Path(sys.executable).parent / "gradatim")
    command = [gradatim, "prescreen", PROTOCOL, f"fhir:{folder}", "-o", str(run)]
    options = ["--verify", "0", "--json", *arguments(asked)]
    told = subprocess.run([*command, *options], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    refused = [one["why"] for one in json.loads((run / "run.json").read_text())["unusable"]]
    rows = pq.read_table(run / "verdicts.parquet").to_pylist()
    verdicts = {row["person_id"]: row for row in rows}
    for one in some:
        yield one, _answer(one, verdicts.get(one.id), refused)


def _write_export(some: list[Case], folder: Path) -> None:
    folder.mkdir(parents=True)
    lines: dict[str, list[str]] = defaultdict(list)
    for case in some:
        for one in resources(case):
            lines[one.get("resourceType", "Basic")].append(json.dumps(_told_apart(one, case.id)))
    for kind, written in lines.items():
        (folder / f"{kind}.ndjson").write_text("\n".join(written) + "\n", "utf-8")


def _answer(case: Case, row: Mapping[str, Any] | None, refused: list[str]) -> Answer:
    if row is None:
        # Who has died is counted and not listed.
        own = (why for why in refused if case.id in why)
        return Answer(None, next(own, "died"))
    readings = case.options["readings"]
    criteria = [
        {"id": one.id, "truth": Truth(row[_column(one.id, readings)]).word}
        for one in DOCUMENT.study.criteria
    ]
    return Answer({"criteria": criteria, "status": row["status"], "not_used": []}, "")


def _column(criterion: str, readings: Mapping[str, str]) -> str:
    return f"{criterion}@{readings[criterion]}" if criterion in readings else criterion


def _told_apart(value: Any, person: str) -> Any:
    """Give the resources of a person ids of their own in an export of many."""
    if isinstance(value, Mapping) and "resourceType" in value and "id" in value:
        whose = "" if value["resourceType"] == "Patient" and value["id"] == person else f"{person}."
        value = {**value, "id": f"{whose}{value['id']}"}
    text = json.dumps(value).replace('"Medication/', f'"Medication/{person}.')
    return json.loads(text)


def _plan(case: Case) -> Plan:
    return _planned(tuple(case.options["readings"].items()))


@cache
def _planned(readings: tuple[tuple[str, str], ...]) -> Plan:
    return plan(DOCUMENT.study, dict(readings), False)


def _coverage(case: Case) -> Mapping[str, Observed]:
    return declare(case.options["exhaustive"], *observed_days(case.options["observed"]))


def _anchors(case: Case, on: date) -> dict[str, date]:
    given = case.options["anchors"]
    return {
        name: date.fromisoformat(given[name]) if name in given else on
        for name in DOCUMENT.study.schedule.anchors
    }
