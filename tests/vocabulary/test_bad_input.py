"""What cannot be used: one message, exit code 2, and no file."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from gradatim.core.errors import UnusableInput
from gradatim.vocabulary.graph import Vocabulary
from tests.cli.conftest import run  # noqa: F401
from tests.vocabulary import releases
from tests.vocabulary.releases import as_json, code_system, concept, value_set, written


def without(folder: Path, name: str) -> Path:
    (folder / name).unlink()
    return folder


def with_line(folder: Path, name: str, line: str) -> Path:
    with next(folder.rglob(name)).open("a") as file:
        file.write(line)
    return folder


def emptied(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text(path.read_text().splitlines()[0] + "\n")
    return folder


def text(folder: Path, name: str, content: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(content)
    return folder / name


def other_header(folder: Path) -> Path:
    written(folder, "CONCEPT.csv", [("concept_id", "name"), (1, "x")], "\t")
    return folder


NAMELESS = {"contains": [{"code": "1"}]}
UNUSABLE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "nothing": (lambda at: at / "no", "this is not there"),
    "empty folder": (lambda at: at, "this folder is empty"),
    "unknown folder": (
        lambda at: text(at, "notes.md", "x").parent,
        "nothing in this folder is known",
    ),
    "unknown file": (lambda at: text(at, "a.txt", "hello\n"), "this is no source of a vocabulary"),
    "packed": (lambda at: text(at, "a.zip", "PK"), "Unpack it first"),
    "other resources": (
        lambda at: as_json(text(at, "p.json", ""), {"resourceType": "Patient"}),
        "this is no source of a vocabulary",
    ),
    "no table": (
        lambda at: without(releases.omop(at), "CONCEPT_ANCESTOR.csv"),
        "there is no table concept_ancestor",
    ),
    "no concepts": (
        lambda at: emptied(releases.omop(at), "CONCEPT.csv"),
        "CONCEPT.csv: this table is empty",
    ),
    "other columns": (
        lambda at: other_header(releases.omop(at)),
        "CONCEPT.csv: there is no column concept_class_id, concept_code",
    ),
    "too few cells": (
        lambda at: with_line(releases.omop(at), "CONCEPT_RELATIONSHIP.csv", "1\t2\n"),
        "CONCEPT_RELATIONSHIP.csv, line 14: this table cannot be read: there are 2 cells, not 6.",
    ),
    "no id": (
        lambda at: releases.omop(at, [*releases.OMOP_CONCEPTS, concept("x7", "SNOMED", "1", "a")]),
        "CONCEPT.csv, line 24: concept_id is 'x7', which is no number",
    ),
    "rxnorm without relations": (
        lambda at: without(releases.rxnorm(at) / "rrf", "RXNREL.RRF"),
        "there is no RXNREL.RRF",
    ),
    "rxnorm of another version": (
        lambda at: releases.rxnorm(at, [[1, 2, 3]]),
        "RXNCONSO.RRF, line 1: a row has 2 cells, not 18",
    ),
    "rxnorm with a bad row": (
        lambda at: with_line(releases.rxnorm(at), "RXNREL.RRF", "1|2|3\n"),
        "RXNREL.RRF, line 17: this table cannot be read",
    ),
    "rxnorm without drugs": (
        lambda at: releases.rxnorm(at, [releases.atc_row(1, "L04AB99", "a")]),
        "this release has no drugs",
    ),
    "snomed without relationships": (
        lambda at: without(
            releases.snomed(at),
            "Snapshot/Terminology/sct2_Relationship_Snapshot_INT_20260101.txt",
        ),
        "there is no sct2_Relationship_*Snapshot*.txt",
    ),
    "snomed damaged": (
        lambda at: with_line(releases.snomed(at), "sct2_Concept_Snapshot*", "5\t\n"),
        "this table cannot be read",
    ),
    "no JSON": (
        lambda at: text(at, "a.json", '{"resourceType":\n oops'),
        "a.json, line 2: this is not JSON",
    ),
    "not expanded": (
        lambda at: as_json(text(at, "v.json", ""), {**value_set(), "expansion": None}),
        "ValueSet/tumours: this value set has no expansion",
    ),
    "expanded to nothing": (
        lambda at: as_json(text(at, "v.json", ""), value_set(expansion={"total": 0})),
        "the expansion of this value set is empty",
    ),
    "not present": (
        lambda at: as_json(text(at, "c.json", ""), code_system(content="not-present")),
        "CodeSystem/local: this code system holds no concepts",
    ),
    "no system": (
        lambda at: as_json(text(at, "v.json", ""), value_set(expansion=NAMELESS)),
        "ValueSet/tumours: this resource cannot be read: a system is None",
    ),
    "a wrong line": (
        lambda at: text(at, "a.txt", "C50    Breast\nno code\n"),
        "a.txt, line 2: this line is not like the first",
    ),
    "a wrong row": (
        lambda at: text(at, "a.csv", "code,name\nC50,Breast\nC51,a,b\n"),
        "a.csv, line 3: this row has 3 cells, not 2",
    ),
    "a row without code": (
        lambda at: text(at, "a.csv", "code,name\n,Breast\n"),
        "a.csv, line 2: this row has no code",
    ),
    "no rows": (lambda at: text(at, "a.csv", "code,name\n"), "this list has no codes"),
    "no XML": (
        lambda at: text(at, "a.xml", "<ClaML><Class>\n</ClaML>"),
        "a.xml, line 2: this is not XML",
    ),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_what_cannot_be_used(run, tmp_path: Path, case: str):  # noqa: F811
    source, message = UNUSABLE[case]
    (tmp_path / "in").mkdir()
    out = tmp_path / "out" / "vocabulary.db"
    out.parent.mkdir()
    ran = run("vocabulary", "build", source(tmp_path / "in"), "-o", out)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert ran.err.count("\n") == 1
    assert list(out.parent.iterdir()) == []


def good(tmp_path: Path) -> Path:
    return text(tmp_path, "good.csv", "code,name\nC50,Breast\nC50.1,Part\n")


def test_a_source_that_is_bad_leaves_the_file_as_it_was(run, tmp_path: Path):  # noqa: F811
    out = tmp_path / "vocabulary.db"
    assert run("vocabulary", "build", good(tmp_path), "-o", out).code == 0
    before = out.read_bytes()
    assert run("vocabulary", "build", good(tmp_path), tmp_path / "no", "-o", out).code == 2
    assert out.read_bytes() == before
    assert run("vocabulary", "build", good(tmp_path), "-o", out).code == 0
    assert out.read_bytes() == before  # and the same again gives the same file


@pytest.mark.parametrize("content", [b"my thesis", b"SQLite format 3\0" + bytes(500)])
def test_another_file_is_not_overwritten(run, tmp_path: Path, content: bytes):  # noqa: F811
    out = tmp_path / "thesis"
    out.write_bytes(content)
    ran = run("vocabulary", "build", good(tmp_path), "-o", out)
    assert ran.code == 2
    assert "another file is there, and no vocabulary" in ran.err
    assert out.read_bytes() == content


def test_a_place_that_cannot_be_written_to(run, tmp_path: Path):  # noqa: F811
    ran = run("vocabulary", "build", good(tmp_path), "-o", tmp_path / "no" / "out")
    assert ran.code == 2
    assert "this file cannot be written" in ran.err
    ran = run("vocabulary", "build", good(tmp_path), "-o", tmp_path)
    assert (ran.code, "this is a folder" in ran.err) == (2, True)


def built(run, tmp_path: Path) -> Path:  # noqa: F811
    out = tmp_path / "vocabulary.db"
    assert run("vocabulary", "build", good(tmp_path), "-o", out).code == 0
    return out


def changed(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as database:
        database.execute(statement)
    database.close()


def test_a_file_that_is_none(run, tmp_path: Path):  # noqa: F811
    out = built(run, tmp_path)
    whole = out.read_bytes()
    for content, message in {
        b"": "no vocabulary file",
        b"hello": "no vocabulary file",
        whole[:-5000]: "damaged",
        whole[:4096] + bytes(len(whole) - 4096): "damaged",
    }.items():
        out.write_bytes(content)
        with pytest.raises(UnusableInput, match=message):
            Vocabulary.open(out).concept("icd10", "C50")
    with pytest.raises(UnusableInput, match="cannot be read"):
        Vocabulary.open(tmp_path / "nowhere")
    with pytest.raises(UnusableInput, match="cannot be read"):
        Vocabulary.open(tmp_path)


def test_a_file_of_a_newer_version(run, tmp_path: Path):  # noqa: F811
    out = built(run, tmp_path)
    changed(out, "PRAGMA user_version = 99")
    with pytest.raises(UnusableInput, match="has layout 99"):
        Vocabulary.open(out)


def test_what_was_built_is_told(run, tmp_path: Path):  # noqa: F811
    out = tmp_path / "vocabulary.db"
    unheard = text(tmp_path, "local.csv", "code,name,system\n1,a,urn:nobody\n")
    ran = run("vocabulary", "build", good(tmp_path), unheard, "-o", out, "--json")
    document = json.loads(ran.out)
    assert document["systems"] == {"icd10": 2, "urn:nobody": 1}
    assert document["bytes"] == out.stat().st_size
    assert document["sha256"] == Vocabulary.open(out).sha256
    assert document["notes"] == ["local.csv: code systems kept by their name: urn:nobody"]
    ran = run("vocabulary", "build", good(tmp_path), unheard, "-o", out)
    assert "ICD-10" in ran.out
    assert document["sha256"] in ran.out
    assert "urn:nobody" in ran.err
