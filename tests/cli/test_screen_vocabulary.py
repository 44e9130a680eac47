"""`gradatim screen` with a vocabulary, a laboratory's limits, and what was not understood."""

import json
from pathlib import Path
from typing import Any

import pytest

from gradatim.vocabulary.concepts import Concept, Held, Link
from gradatim.vocabulary.graph import Vocabulary
from gradatim.vocabulary.stores.writing import new_file
from tests.cli.people import ELIGIBLE, TRIAL, bundle, options, write

CANCER, BREAST, FRACTURE, ROOT = "363346000", "900000001", "125605004", "404684003"
SNOMED = "http://snomed.info/sct"


LISTED = {
    code
    for group in TRIAL.study.elements["malignancy"].codes
    if group.system == "snomed"
    for code in group.codes
}


def vocabulary(folder: Path) -> Path:
    """Write a vocabulary that knows the cancers of the protocol, one more, and a fracture."""
    path = folder / "site.vocabulary"
    codes = sorted({ROOT, FRACTURE, BREAST} | LISTED)
    edges = [(FRACTURE, ROOT), (CANCER, ROOT), *((one, CANCER) for one in LISTED - {CANCER})]
    edges.append((BREAST, CANCER))
    with new_file(path) as writer:
        writer.concepts(Held(Concept("snomed", code, f"name {code}"), True) for code in codes)
        writer.links(Link.IS_A, ((("snomed", one), ("snomed", up)) for one, up in edges))
    return path


def with_condition(code: str, system: str = SNOMED) -> dict[str, Any]:
    content = bundle()
    condition = {
        "resourceType": "Condition",
        "id": "found",
        "code": {"coding": [{"system": system, "code": code, "display": "as coded"}]},
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "onsetDateTime": "2026-03-01",
        "subject": {"reference": f"Patient/{content['entry'][0]['resource']['id']}"},
    }
    content["entry"].append({"resource": condition})
    return content


def screened(run: Any, tmp_path: Path, content: Any, *more: Any) -> tuple[Any, dict[str, Any]]:
    ran = run("screen", "nct05962762", write(tmp_path, content), "--json", *options(), *more)
    assert ran.code == 0, ran.err
    document = json.loads(ran.out)
    return document, {one["id"]: one for one in document["people"][0]["criteria"]}


@pytest.mark.parametrize(("code", "truth"), [(BREAST, "true"), (FRACTURE, "false")])
def test_a_vocabulary_settles_what_a_code_is(run, tmp_path, code, truth):
    _, criteria = screened(run, tmp_path, with_condition(code))
    assert criteria["E3"]["truth"] == "unknown"
    file = vocabulary(tmp_path)
    document, criteria = screened(run, tmp_path, with_condition(code), "--vocabulary", file)
    assert criteria["E3"]["truth"] == truth
    sha256 = Vocabulary.open(file).sha256
    held = len(LISTED) + 3
    told = {"sha256": sha256, "concepts": held, "systems": {"snomed": held}}
    assert document["vocabulary"] == told


def test_codes_that_nobody_knows_are_listed_with_what_they_leave_open(run, tmp_path):
    document, criteria = screened(run, tmp_path, with_condition(BREAST))
    (one,) = document["not_known"]
    assert (one["system"], one["code"], one["display"]) == (SNOMED, BREAST, "as coded")
    assert (one["records"], one["people"]) == (1, 1)
    assert "E3" in one["criteria"]
    assert {criteria[id]["truth"] for id in one["criteria"]} == {"unknown"}
    document, _ = screened(run, tmp_path, bundle())
    assert document["not_known"] == []
    assert "vocabulary" not in document


def test_absence_says_how_many_records_there_were(run, tmp_path):
    _, before = screened(run, tmp_path, bundle())
    more = with_condition("J06.9", "http://hl7.org/fhir/sid/icd-10")
    _, after = screened(run, tmp_path, more)
    counted = [one["E3"]["absence"]["records"] for one in (before, after)]
    assert counted[1] == counted[0] + 1
    assert after["E3"]["absence"] == {"records": counted[1], "understood": counted[1]}
    assert before["I0"]["absence"] is None


def test_the_table_tells_what_was_not_used_and_not_known(run, tmp_path):
    content = with_condition(BREAST)
    wrong = json.loads(json.dumps(content["entry"][-1]["resource"])) | {"id": "wrong-one"}
    system = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
    wrong["verificationStatus"] = {"coding": [{"system": system, "code": "entered-in-error"}]}
    content["entry"].append({"resource": wrong})
    file = vocabulary(tmp_path)
    path = write(tmp_path, content)
    ran = run("screen", "nct05962762", path, *options())
    said = " ".join(ran.out.split())
    assert "Codes that nobody knows" in said
    assert "Condition/wrong-one" in said
    assert "entered-in" in said
    assert " understood" in said
    ran = run("screen", "nct05962762", path, *options(), "--vocabulary", file)
    assert f"a vocabulary of {len(LISTED) + 3} concepts" in " ".join(ran.out.split())


def test_the_report_tells_the_codes_and_the_vocabulary(run, tmp_path):
    file, out = vocabulary(tmp_path), tmp_path / "reports"
    strange = write(tmp_path, with_condition("38341003"))
    ran = run("screen", "nct05962762", strange, "--report", out, *options(), "--vocabulary", file)
    assert ran.code == 0
    (page,) = [one.read_text(encoding="utf-8") for one in out.glob("*.html")]
    assert "Codes that nobody knows" in page
    assert "SNOMED CT 38341003 (as coded)" in page
    assert Vocabulary.open(file).sha256 in page
    assert "no procedure recorded at all" in page


@pytest.mark.parametrize("content", [None, b"", b"no vocabulary", b"SQLite format 3\0 but not one"])
def test_a_vocabulary_that_is_none_gives_one_message(run, tmp_path, content):
    file = tmp_path / "broken"
    if content is not None:
        file.write_bytes(content)
    ran = run(
        "screen",
        "nct05962762",
        write(tmp_path, bundle()),
        "--json",
        *options(),
        "--vocabulary",
        file,
    )
    assert (ran.code, ran.out) == (2, "")
    assert str(file) in ran.err
    assert "Traceback" not in ran.err


def without_ranges() -> dict[str, Any]:
    content = bundle()
    for entry in content["entry"]:
        entry["resource"].pop("referenceRange", None)
    return content


RANGES = (
    "element,unit,low,high,sex,age_from,age_to\n"
    "ast,U/L,,40,,,\nalt,U/L,,1,{other},,\nalt,U/L,,1,,90,\nalt,U/L,,45,{sex},18,70\n"
)


def test_a_laboratory_s_limits_stand_for_values_without_their_own(run, tmp_path):
    _, criteria = screened(run, tmp_path, without_ranges())
    assert criteria["E11a"]["unknown_because"] == "no reference range"
    sex = ELIGIBLE.person.sex
    other = "female" if sex == "male" else "male"
    (tmp_path / "ranges.csv").write_text(RANGES.format(sex=sex, other=other), encoding="utf-8")
    (tmp_path / "source.yaml").write_text("reference_ranges: ranges.csv\n", encoding="utf-8")
    for option, file in (("--reference-ranges", "ranges.csv"), ("--describe", "source.yaml")):
        _, criteria = screened(run, tmp_path, without_ranges(), option, tmp_path / file)
        assert criteria["E11a"]["passes"] is True
        limits = {one["element"]: one["uln"] for one in criteria["E11a"]["evidence"]}
        assert limits["alt"] == 45


def test_limits_that_came_with_a_value_stay(run, tmp_path):
    (tmp_path / "ranges.csv").write_text(
        "element,unit,low,high\nast,U/L,,1\nalt,U/L,,1\n", encoding="utf-8"
    )
    given = ("--reference-ranges", tmp_path / "ranges.csv")
    _, criteria = screened(run, tmp_path, bundle(), *given)
    assert criteria["E11a"]["passes"] is True


def test_a_description_declares_what_is_complete(run, tmp_path):
    (tmp_path / "source.yaml").write_text("exhaustive: [condition]\n", encoding="utf-8")
    path = write(tmp_path, bundle())
    ran = run(
        "screen",
        "nct05962762",
        path,
        "--json",
        "--on",
        str(ELIGIBLE.on),
        "--describe",
        tmp_path / "source.yaml",
    )
    criteria = {one["id"]: one for one in json.loads(ran.out)["people"][0]["criteria"]}
    assert criteria["E3"]["truth"] == "false"
    assert criteria["E9"]["truth"] == "unknown"


def test_what_only_a_warehouse_has_is_refused(run, tmp_path):
    (tmp_path / "source.yaml").write_text("observation_period: true\n", encoding="utf-8")
    ran = run(
        "screen", "nct05962762", write(tmp_path, bundle()), "--describe", tmp_path / "source.yaml"
    )
    assert ran.code == 2
    assert "observation_period is only for warehouses" in ran.err
