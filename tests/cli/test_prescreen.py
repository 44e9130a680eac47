"""`gradatim prescreen` as a user runs it, on a made-up warehouse."""

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from gradatim.cli import main
from gradatim.synthetic.population import write_population

ON = ["--on", "2026-11-16", "--anchor", "screening=2026-11-02"]
ALL = [part for kind in ("condition", "exposure", "procedure") for part in ("--exhaustive", kind)]


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("omop") / "people"
    write_population(folder, 400, 3, candidates=0.4, as_of=date(2026, 11, 16))
    return folder


def run(monkeypatch: pytest.MonkeyPatch, capsys: Any, *arguments: str) -> tuple[int, str, str]:
    """Run the command; give its exit code and what it printed."""
    monkeypatch.setattr("sys.argv", ["gradatim", "prescreen", *arguments])
    with pytest.raises(SystemExit) as ended:
        main.main()
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def test_the_files_of_a_run(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    out = tmp_path / "run"
    code, said, _ = run(
        monkeypatch,
        capsys,
        "nct05962762",
        f"parquet:{people}",
        "-o",
        str(out),
        *ON,
        *ALL,
        "--verify",
        "60",
        "--evidence",
        "--json",
    )
    assert code == 0
    document = json.loads(said)
    assert document["runs"][0]["verified"] == {"sample": 60, "differences": 0}
    verdicts = pq.read_table(out / "verdicts.parquet")
    assert {"person_id", "E7c", "E7c@B", "E7d@E7c@C", "status", "open"} <= set(
        verdicts.column_names
    )
    assert verdicts.schema.field("E7c").type == pa.int8()
    assert set(verdicts["E7c"].to_pylist()) <= {0, 1, 2}
    assert set(verdicts["status"].to_pylist()) <= {"eligible", "ineligible", "undetermined"}
    margins = pq.read_table(out / "margins.parquet")
    assert margins["person_id"].equals(verdicts["person_id"])
    assert json.loads((out / "funnel.json").read_text())["schema"] == "gradatim.funnel/1"
    evidence = pq.read_table(out / "evidence.parquet")
    assert set(evidence.column_names) >= {
        "person_id",
        "criterion",
        "element",
        "id",
        "value",
        "unit",
        "threshold",
        "on",
        "margin",
    }
    assert evidence.num_rows


def test_several_protocols_give_the_same_as_each_alone(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    source = f"parquet:{people}"
    names = ["nct05962762", "example_oncology_tablet"]
    options = ["--on", "2026-11-16", *ALL, "--verify", "0", "--json"]
    code, said, _ = run(monkeypatch, capsys, *names, source, "-o", str(tmp_path / "both"), *options)
    assert code == 0
    folders = [Path(one["folder"]) for one in json.loads(said)["runs"]]
    for name, folder in zip(names, folders, strict=True):
        alone = tmp_path / name
        assert run(monkeypatch, capsys, name, source, "-o", str(alone), *options)[0] == 0
        for file in ("verdicts", "reasons", "margins"):
            both, one = (pq.read_table(at / f"{file}.parquet") for at in (folder, alone))
            assert both.equals(one), (name, file)


def test_an_earlier_run_is_replaced_only_when_told(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    call = [
        "example_oncology_tablet",
        f"parquet:{people}",
        "-o",
        str(tmp_path / "run"),
        "--verify",
        "0",
    ]
    code, said, _ = run(monkeypatch, capsys, *call)
    assert code == 0
    assert "not verified" in said
    code, _, err = run(monkeypatch, capsys, *call)
    assert code == 2
    assert "--replace" in err
    assert run(monkeypatch, capsys, *call, "--replace")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nct05962762", "oracle:x"], "a source is one of"),
        (["nct05962762", "parquet:/nowhere"], "no such folder"),
        (["nct05962762"], "a protocol and a source are needed"),
        (["no_such_trial", "parquet:{people}"], "no_such_trial"),
        (["nct05962762", "parquet:{people}", "--memory", "much"], "is not a size"),
        (["nct05962762", "parquet:{people}", "--anchor", "birth=2026-01-01"], "no anchor"),
        (["nct05962762", "parquet:{people}", "--exhaustive", "answer"], "cannot be declared"),
        (["nct05962762", "parquet:{people}", "--reading", "E7c=Z"], "no reading"),
    ],
)
def test_bad_input_gets_one_message_and_leaves_nothing(
    arguments: list[str],
    says: str,
    people: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
) -> None:
    out = tmp_path / "run"
    given = [one.replace("{people}", str(people)) for one in arguments]
    code, _, err = run(monkeypatch, capsys, *given, "-o", str(out))
    assert code == 2
    assert says in err
    assert "Traceback" not in err
    assert not list(tmp_path.iterdir())


def changed(people: Path, folder: Path, name: str, change: Any) -> Path:
    """Give the warehouse with one table changed; None leaves it out."""
    shutil.copytree(people, folder)
    path = folder / f"{name}.parquet"
    table = change(pq.read_table(path))
    path.unlink()
    if table is not None:
        pq.write_table(table, path)
    return folder


def test_people_twice_are_refused(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    folder = changed(
        people, tmp_path / "w", "person", lambda t: pa.concat_tables([t, t.slice(0, 1)])
    )
    code, _, err = run(
        monkeypatch, capsys, "nct05962762", f"parquet:{folder}", "-o", str(tmp_path / "run")
    )
    assert code == 2
    assert "repeat a person_id" in err
    assert not (tmp_path / "run").exists()


def test_a_column_that_every_record_needs_is_named(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    folder = changed(
        people, tmp_path / "w", "measurement", lambda t: t.drop_columns(["measurement_date"])
    )
    code, _, err = run(
        monkeypatch, capsys, "nct05962762", f"parquet:{folder}", "-o", str(tmp_path / "run")
    )
    assert code == 2
    assert "measurement_date" in err


def test_a_missing_table_leaves_its_criteria_unknown_and_says_so(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    folder = changed(people, tmp_path / "w", "measurement", lambda t: None)
    out = tmp_path / "run"
    code, _, _ = run(
        monkeypatch,
        capsys,
        "nct05962762",
        f"parquet:{folder}",
        "-o",
        str(out),
        *ON,
        *ALL,
        "--verify",
        "30",
    )
    assert code == 0
    told = json.loads((out / "run.json").read_text())
    assert "E11b1" in told["missing_tables"]["measurement"]
    assert set(pq.read_table(out / "verdicts.parquet")["E11b1"].to_pylist()) == {1}


STROKE = "230690007"


def test_what_the_vocabulary_does_not_hold_is_absent_in_nobody(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    without = changed(
        people,
        tmp_path / "w",
        "concept",
        lambda t: t.filter(pc.not_equal(t["concept_code"], STROKE)),
    )
    told, verdicts = {}, {}
    for name, folder in (("whole", people), ("without", without)):
        out = tmp_path / name
        code, said, _ = run(
            monkeypatch,
            capsys,
            "nct05962762",
            f"parquet:{folder}",
            "-o",
            str(out),
            *ON,
            *ALL,
            "--verify",
            "40" if name == "without" else "0",
        )
        assert code == 0
        assert ("stroke_unspecified (E4)" in " ".join(said.split())) is (name == "without")
        told[name] = json.loads((out / "run.json").read_text())
        verdicts[name] = pq.read_table(out / "verdicts.parquet")
    assert verdicts["whole"]["E4"].to_pylist().count(0) > 100
    assert 0 not in verdicts["without"]["E4"].to_pylist()
    assert "stroke_unspecified" not in told["whole"]["not_recognised"]
    assert told["without"]["not_recognised"]["stroke_unspecified"] == {
        "why": f"the vocabulary does not hold SNOMED CT {STROKE}",
        "criteria": ["E4"],
    }
    assert told["whole"]["not_understood"]["condition_occurrence"]["people"] > 0
    # Who had a stroke has a record of a concept that is not known now, which may be anything.
    before, after = (verdicts[name]["E3"].to_pylist() for name in ("whole", "without"))
    assert {*zip(before, after, strict=True)} == {(0, 0), (0, 1), (1, 1), (2, 2)}
    assert after.count(0) > 100


@pytest.mark.parametrize("how", ["missing", "empty"])
def test_a_declaration_does_not_cover_a_table_without_rows(
    how: str, people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    folder = changed(
        people,
        tmp_path / "w",
        "condition_occurrence",
        lambda t: None if how == "missing" else t.slice(0, 0),
    )
    out = tmp_path / "run"
    code, said, _ = run(
        monkeypatch,
        capsys,
        "nct05962762",
        f"parquet:{folder}",
        "-o",
        str(out),
        *ON,
        *ALL,
        "--verify",
        "20",
    )
    assert code == 0
    assert "condition_occurrence" in said
    told = json.loads((out / "run.json").read_text())
    assert {"E3", "E4"} <= set(told[f"{how}_tables"]["condition_occurrence"])
    verdicts, reasons = (pq.read_table(out / f"{one}.parquet") for one in ("verdicts", "reasons"))
    for criterion in ("E3", "E4"):
        assert set(verdicts[criterion].to_pylist()) == {1}
        assert set(reasons[criterion].to_pylist()) == {1}


def write(name: str, made: Any) -> Any:
    """Put other values into a column."""

    def change(table: pa.Table) -> pa.Table:
        return table.set_column(table.column_names.index(name), name, made(table))

    return change


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("person", lambda t: t.slice(0, 0), "the table person is empty"),
        ("person", lambda t: None, "there is no table person"),
        ("person", lambda t: t.drop_columns(["person_id"]), "there is no person_id"),
        (
            "measurement",
            write("value_as_number", lambda t: pa.array(["7"] * len(t))),
            "value_as_number holds string, not numbers",
        ),
        (
            "condition_occurrence",
            write("condition_start_date", lambda t: pa.array(["x"] * len(t))),
            "condition_start_date holds string, not dates",
        ),
        (
            "condition_occurrence",
            write("condition_start_date", lambda t: pa.array([-800_000] * len(t), pa.date32())),
            "lie outside the years 1 to 9999",
        ),
        (
            "drug_exposure",
            write("drug_concept_id", lambda t: pa.array(["a"] * len(t))),
            "drug_concept_id holds string, not whole numbers",
        ),
    ],
)
def test_a_warehouse_that_cannot_be_used(
    name: str,
    change: Any,
    says: str,
    people: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
) -> None:
    folder = changed(people, tmp_path / "w", name, change)
    code, _, err = run(
        monkeypatch, capsys, "nct05962762", f"parquet:{folder}", "-o", str(tmp_path / "run")
    )
    assert code == 2
    assert says in " ".join(err.split())
    assert "Traceback" not in err
    assert [one.name for one in tmp_path.iterdir()] == ["w"]


def shifted(table: pa.Table) -> pa.Array:
    """Give ids of people of whom the first is nobody."""
    return pa.array([987_654_321, *table["person_id"].to_pylist()[1:]])


NOTED: list[tuple[str, Any, str]] = [
    ("measurement", write("person_id", shifted), "measurement: of people who are not in person"),
    ("observation", lambda t: t.slice(0, 0), "the table observation is empty"),
    (
        "drug_exposure",
        write(
            "drug_exposure_start_date",
            lambda t: pa.array([date(2031, 1, 1)] * len(t), pa.date32()),
        ),
        "drug_exposure: that start after the day of the evaluation",
    ),
    (
        "procedure_occurrence",
        write("procedure_date", lambda t: pa.array([date(1850, 1, 1)] * len(t), pa.date32())),
        "procedure_occurrence: that start before 1900",
    ),
]


def test_what_is_only_noted(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    folder, out = people, tmp_path / "run"
    for name, change, _ in NOTED:
        folder = changed(folder, tmp_path / name, name, change)
    source, options = f"parquet:{folder}", ["-o", str(out), *ON, "--verify", "20"]
    assert run(monkeypatch, capsys, "nct05962762", source, *options)[0] == 0
    told = json.loads((out / "run.json").read_text())
    for _, _, says in NOTED:
        assert any(says in one for one in [*told["notes"], *told["not_used"]]), says


def test_people_of_a_bulk_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    export = tmp_path / "export"
    export.mkdir()
    patient = {"resourceType": "Patient", "id": "a", "gender": "female", "birthDate": "1990-02-03"}
    asthma = {
        "resourceType": "Condition",
        "id": "c",
        "subject": {"reference": "Patient/a"},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "C50.9"}]},
        "onsetDateTime": "2025-01-01",
    }
    (export / "Patient.ndjson").write_text(json.dumps(patient) + "\n")
    (export / "Condition.ndjson").write_text(json.dumps(asthma) + "\n")
    out = tmp_path / "run"
    code, _, err = run(monkeypatch, capsys, "nct05962762", f"fhir:{export}", "-o", str(out), *ON)
    assert code == 0, err
    verdicts = pq.read_table(out / "verdicts.parquet")
    assert (verdicts["person_id"].to_pylist(), verdicts["I0"].to_pylist()) == (["a"], [2])
    assert verdicts["E3"].to_pylist() == [2]


def test_a_bulk_export_that_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    export = tmp_path / "export"
    export.mkdir()
    (export / "Patient.ndjson").write_text("{not json\n")
    code, _, err = run(
        monkeypatch, capsys, "nct05962762", f"fhir:{export}", "-o", str(tmp_path / "run"), *ON
    )
    assert code == 2
    assert "Patient.ndjson" in err
    assert not (tmp_path / "run").exists()
