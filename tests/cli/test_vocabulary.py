"""`gradatim vocabulary show`: what a code is, and of which elements."""

import json
import sqlite3
from pathlib import Path

import pytest

from gradatim.core.codes import code_named
from gradatim.protocol.load import load
from tests.vocabulary import releases
from tests.vocabulary.releases import LOCAL, as_json, code_system


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("releases")
    local = as_json(folder / "local.json", code_system())
    return [releases.rxnorm(folder / "rxnorm"), releases.snomed(folder / "snomed"), local]


@pytest.fixture
def vocabulary(run, sources: list[Path], tmp_path: Path) -> Path:
    out = tmp_path / "vocabulary.db"
    assert run("vocabulary", "build", *sources, "-o", out).code == 0
    return out


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("snomed:254837009", ("snomed", "254837009")),
        ("SNOMED CT:254837009", ("snomed", "254837009")),
        ("http://snomed.info/sct|254837009", ("snomed", "254837009")),
        ("icd10:C50.9", ("icd10", "C50.9")),
        ("ICD10GM: C50.9", ("icd10", "C50.9")),
        ("http://fhir.de/CodeSystem/bfarm/icd-10-gm|C50.9", ("icd10", "C50.9")),
        ("ndc:0002-8215-01", ("http://hl7.org/fhir/sid/ndc", "0002-8215-01")),
        ("urn:oid:1.2.3|x:1", ("urn:oid:1.2.3", "x:1")),
        ("254837009", ("", "254837009")),
        ("x:1", ("", "x:1")),
    ],
)
def test_codes_as_people_write_them(written: str, code: tuple[str, str]):
    assert code_named(written) == code


def test_what_a_code_is(run, vocabulary: Path):
    ran = run("vocabulary", "show", "rxnorm:307", "--vocabulary", vocabulary)
    assert ran.code == 0
    assert "is made of            RxNorm 301  alphamab" in ran.out
    assert "RxNorm 302  betanol" in ran.out
    ran = run("vocabulary", "show", "snomed:999", "--vocabulary", vocabulary, "--json")
    (shown,) = json.loads(ran.out)["codes"]
    assert (shown["known"], shown["active"]) == (True, False)
    assert [one["code"] for one in shown["replaced_by"]] == ["1003"]
    assert [one["code"] for one in shown["above"]] == ["1002", "138875005"]
    ran = run("vocabulary", "show", "1004", "--vocabulary", vocabulary)
    assert "may be, or speaks of  SNOMED CT 1002  Disease" in ran.out


def test_a_code_without_its_system_is_looked_up_in_all(run, vocabulary: Path):
    ran = run("vocabulary", "show", "a11", "--vocabulary", vocabulary, "--json")
    assert [one["system"] for one in json.loads(ran.out)["codes"]] == [LOCAL]
    assert run("vocabulary", "show", f"{LOCAL}|a11", "--vocabulary", vocabulary).code == 0
    assert run("vocabulary", "show", "l04ab99", "--vocabulary", vocabulary).code == 0


@pytest.mark.parametrize("code", ["nothing", "snomed:5", "urn:nobody|1"])
def test_a_code_that_nobody_knows_is_answered_with_no(run, vocabulary: Path, code: str):
    ran = run("vocabulary", "show", code, "--vocabulary", vocabulary)
    assert (ran.code, ran.err) == (1, "")
    assert "no" in ran.out


def test_without_a_code_the_file_is_described_and_verified(run, vocabulary: Path):
    ran = run("vocabulary", "show", "--vocabulary", vocabulary, "--json")
    assert ran.code == 0
    assert json.loads(ran.out)["systems"]["snomed"] == 9
    assert "SNOMED CT RF2" in run("vocabulary", "show", "--vocabulary", vocabulary).out
    with sqlite3.connect(vocabulary) as database:
        database.execute("UPDATE concept SET name = 'forged' WHERE code = '1003'")
    database.close()
    ran = run("vocabulary", "show", "--vocabulary", vocabulary)
    assert (ran.code, ran.out) == (2, "")
    assert "this vocabulary is damaged: what it holds has the SHA-256" in ran.err


def test_nothing_to_look_it_up_in(run):
    for arguments in (["1004"], ["--protocol", "nct05962762"], []):
        ran = run("vocabulary", "show", *arguments)
        assert (ran.code, ran.out) == (2, "")
        assert "give --vocabulary FILE" in ran.err.replace("Give", "give")


def test_of_which_elements_a_code_is(run, tmp_path: Path):
    names = tmp_path / "names.csv"
    names.write_text("code,name,system\nC34.1,Lung,icd10\nJ06.9,Cold,icd10\n")
    malignancy = load("nct05962762").study.elements["malignancy"]
    listed = {
        code
        for group in (*malignancy.codes, *malignancy.perhaps)
        for code in group.codes
        if group.system == "snomed"
    } - {"363346000"}
    edition = releases.snomed(
        tmp_path / "edition",
        {
            "138875005": "SNOMED CT",
            "1": "Disease",
            "363346000": "Malignancy",
            "1003": "Lung cancer",
            "1007": "Cold",
            **dict.fromkeys(listed, "Cancer"),
        },
        [
            ("1", "138875005", "116680003"),
            ("363346000", "1", "116680003"),
            ("1003", "363346000", "116680003"),
            ("1007", "1", "116680003"),
            *((code, "363346000", "116680003") for code in sorted(listed)),
        ],
    )
    out = tmp_path / "vocabulary.db"
    assert run("vocabulary", "build", names, edition, "-o", out).code == 0

    def elements(code: str, *more: object) -> dict:
        ran = run("vocabulary", "show", code, "--protocol", "nct05962762", "--json", *more)
        return json.loads(ran.out)["codes"][0]["elements"]

    with_it = ("--vocabulary", out)
    assert elements("snomed:1003", *with_it)["used"] == ["malignancy"]
    assert "malignancy" in elements("snomed:1003")["not known"]
    assert "malignancy" in elements("snomed:1007", *with_it)["known to be something else"]
    assert elements("icd10:c341")["used"] == ["malignancy"]
    assert "malignancy" in elements("icd10:J069")["known to be something else"]
    ran = run("vocabulary", "show", "snomed:1003", "--protocol", "nct05962762", *with_it)
    assert "used: malignancy" in ran.out
