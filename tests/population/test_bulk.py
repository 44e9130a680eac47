"""People of a bulk export: what codes mean by a vocabulary, and what is not understood of them."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gradatim.evidence.coverage import declare
from gradatim.evidence.omop.options import Options, ReferenceRange
from gradatim.protocol.elements import COVERABLE
from gradatim.protocol.load import load
from gradatim.screening.prescreen.bulk import BulkPopulation
from gradatim.screening.prescreen.run import PrescreenResult, Request, prescreen
from gradatim.vocabulary.concepts import Concept
from gradatim.vocabulary.graph import Vocabulary

ON = date(2026, 11, 16)
DOCUMENT = load("nct05962762")
SNOMED, CANCER, BREAST = "http://snomed.info/sct", ("snomed", "363346000"), ("snomed", "900000001")
VOCABULARY = Vocabulary.of([Concept(*CANCER), Concept(*BREAST)], [(BREAST, CANCER)])


def of_a(kind: str, **fields: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": kind[0], "subject": {"reference": "Patient/a"}, **fields}


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Write two people, one with a condition and a value."""
    folder = tmp_path / "export"
    folder.mkdir()
    patients = [{"resourceType": "Patient", "id": one, "birthDate": "1990-01-01"} for one in "ab"]
    breast = {"coding": [{"system": SNOMED, "code": BREAST[1]}]}
    alt = {"coding": [{"system": "http://loinc.org", "code": "1742-6"}]}
    files = {
        "Patient": patients,
        "Condition": [of_a("Condition", code=breast, onsetDateTime="2026-01-01")],
        "Observation": [
            of_a(
                "Observation",
                status="final",
                code=alt,
                effectiveDateTime="2026-11-02",
                valueQuantity={"value": 200, "code": "U/L"},
            )
        ],
    }
    for name, some in files.items():
        text = "".join(json.dumps(one) + "\n" for one in some)
        (folder / f"{name}.ndjson").write_text(text, encoding="utf-8")
    return folder


def screened(export: Path, out: Path, vocabulary: Vocabulary | None) -> PrescreenResult:
    anchors = dict.fromkeys(DOCUMENT.study.schedule.anchors, ON)
    options = Options(ON, declare(COVERABLE), vocabulary=vocabulary)
    return prescreen(Request([DOCUMENT], ON, [anchors]), BulkPopulation(str(export), options), out)


def test_codes_that_nobody_knows_are_listed_with_a_run(export: Path, tmp_path: Path) -> None:
    outcome = screened(export, tmp_path / "run", None)
    run = outcome.run[DOCUMENT.study.study.id]
    assert run["records"]["condition"] == {"records": 1, "understood": 0}
    assert "vocabulary" not in run
    written = json.loads((tmp_path / "run" / "not_known.json").read_text())
    assert written["schema"] == "gradatim.not_known/1"
    (one,) = written["not_known"]
    assert (one["system"], one["code"]) == (SNOMED, BREAST[1])
    assert (one["records"], one["people"]) == (1, 1)
    assert "E3" in one["criteria"]
    assert "I0" not in one["criteria"]


def test_a_vocabulary_settles_them(export: Path, tmp_path: Path) -> None:
    outcome = screened(export, tmp_path / "run", VOCABULARY)
    run = outcome.run[DOCUMENT.study.study.id]
    assert run["records"]["condition"]["records"] == 1
    assert run["vocabulary"]["sha256"] == VOCABULARY.sha256
    assert run["vocabulary"]["concepts"] == 2
    told = json.loads((tmp_path / "run" / "not_known.json").read_text())["not_known"]
    assert not [one for one in told if "E3" in one["criteria"]]


@pytest.mark.parametrize(
    ("ranges", "limit"),
    [
        ((ReferenceRange("U/L", high=40),), 40),
        ((ReferenceRange("U/L", high=35, sex="female"), ReferenceRange("U/L", high=40)), 40),
        (
            (
                ReferenceRange("U/L", high=50, age_from=60),
                ReferenceRange("U/L", high=45, age_to=59),
            ),
            45,
        ),
        ((ReferenceRange("U/L", high=35, sex="female"),), None),
        ((ReferenceRange("mmol/L", high=35),), None),
    ],
)
def test_a_laboratory_s_limits_stand_for_values_without_their_own(
    export: Path, ranges: tuple[ReferenceRange, ...], limit: float | None
) -> None:
    population = BulkPopulation(str(export), Options(ON, reference_ranges={"alt": ranges}))
    population.relation(DOCUMENT.study)
    (one,) = population.facts(["a"])
    (alt,) = one.of("alt")
    assert (alt.high.value if alt.high else None) == limit
