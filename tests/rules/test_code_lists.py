"""Lists of codes, checked against a vocabulary made for it."""

import json
from pathlib import Path

import pytest

from gradatim.protocol.load import parse
from gradatim.rules.code_lists import check_code_lists
from gradatim.vocabulary.concepts import Concept
from gradatim.vocabulary.graph import Vocabulary
from tests.cli.conftest import run  # noqa: F401
from tests.protocol.documents import SMALL


def snomed(code: str, name: str, active: bool = True) -> Concept:
    return Concept("snomed", code, name, active)


FINDING, PROCEDURE = snomed("404684003", "Clinical finding"), snomed("71388002", "Procedure")
STROKE, INFARCT = snomed("230690007", "Cerebrovascular accident"), snomed("1", "Cerebral infarct")
BROKEN, SURGERY, OLD = (
    snomed("2", "Fracture"),
    snomed("3", "Stroke surgery"),
    snomed("4", "Stroke", False),
)
EVENT, SITUATION = snomed("272379006", "Event"), snomed("243796009", "Situation")
KNOWN = [EVENT, SITUATION, FINDING, PROCEDURE, STROKE, INFARCT, BROKEN, SURGERY, OLD]
HELD = Vocabulary.of(
    KNOWN,
    edges=[(one[:2], FINDING[:2]) for one in (STROKE, INFARCT, BROKEN)]
    + [(INFARCT[:2], STROKE[:2]), (SURGERY[:2], PROCEDURE[:2])],
    replaced=[(OLD[:2], STROKE[:2])],
    complete=["snomed"],
)


def found(*elements: tuple[str, list[str]]) -> list[str]:
    """Check a protocol that has these conditions beside its own elements."""
    study = parse(SMALL.encode(), "small.yaml").study
    made = {
        name: type(study.elements["alt"]).model_validate(
            {
                "kind": "condition",
                "label": name,
                "codes": [{"system": "snomed", "codes": codes, "basis": "assumed"}],
            }
        )
        for name, codes in elements
    }
    with_them = study.model_copy(update={"elements": {**study.elements, **made}})
    faults = list(check_code_lists(with_them, HELD))
    assert all(one.warning for one in faults)
    return [one.what for one in faults]


@pytest.mark.parametrize(
    ("elements", "said"),
    [
        (
            [("stroke", ["230690007", "1"])],
            [],
        ),  # below another of the same element: as it should be
        ([("stroke", ["99"])], ["the vocabulary does not know SNOMED CT 99 of stroke"]),
        (
            [("stroke", ["4"])],
            [
                "SNOMED CT 4 of stroke is retired; used instead: SNOMED CT 230690007 "
                "(Cerebrovascular accident)"
            ],
        ),
        ([("stroke", ["4", "230690007"])], []),
        ([("stroke", ["230690007"]), ("cerebral_infarct", ["1"])], []),  # a kind of it
        (
            [("stroke", ["230690007"]), ("injury_or_infarct", ["1", "2"])],
            [
                "SNOMED CT 1 of injury_or_infarct lies below SNOMED CT 230690007 "
                "(Cerebrovascular accident) of stroke: a record of it counts for both",
            ],
        ),
        (
            [("stroke", ["230690007"]), ("fracture_or_palsy", ["230690007", "1", "2"])],
            [],
        ),  # they overlap
        (
            [("stroke", ["230690007", "3"])],
            ["SNOMED CT 3 (Stroke surgery) of stroke is no condition by its place in SNOMED CT"],
        ),
        ([("stroke", ["230690007", "2"])], []),  # neither is known to be the odd one
        (
            [("stroke", ["1", "230690007", "2"])],
            ["the vocabulary calls SNOMED CT 2 of stroke 'Fracture': check that it is meant"],
        ),
    ],
)
def test_lists_of_codes(elements, said):
    assert found(*elements) == said


def test_systems_that_are_not_held_are_left_alone():
    assert found() == []  # its own codes are of LOINC


def test_the_command_gives_the_line(run, tmp_path: Path):  # noqa: F811
    names, out = tmp_path / "loinc.csv", tmp_path / "vocabulary.db"
    names.write_text("code,name,system\n1-8,something,loinc\n")
    assert run("vocabulary", "build", names, "-o", out).code == 0
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    ran = run("protocol", "check", path, "--vocabulary", out)
    line = next(n for n, text in enumerate(SMALL.splitlines(), 1) if "1742-6" in text)
    said = "the vocabulary does not know LOINC 1742-6 of alt"
    assert f"{path}:{line}: warning: {said}" in ran.out
    assert ran.code == run("protocol", "check", path).code
    document = json.loads(run("protocol", "check", path, "--vocabulary", out, "--json").out)
    assert {"where": f"{path}:{line}", "what": said, "warning": True} in document["faults"]
    ran = run("protocol", "check", path, "--vocabulary", tmp_path / "no")
    assert (ran.code, ran.out) == (2, "")
    assert "this vocabulary cannot be read" in ran.err
