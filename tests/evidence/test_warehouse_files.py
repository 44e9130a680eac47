"""Files as sources: Parquet folders, DuckDB databases, and Spark with its Java."""

import os
import subprocess
import sys

import ibis
import pyarrow as pa
import pyarrow.parquet
import pytest

from gradatim.core.errors import UnusableInput
from gradatim.evidence.warehouse import java as warehouse_java
from gradatim.evidence.warehouse import spark_session as warehouse_session
from gradatim.evidence.warehouse.connect import connect
from gradatim.evidence.warehouse.duckdb import DuckDB
from gradatim.evidence.warehouse.spark import Spark
from tests.engines import ENGINES, ParquetFolder, engine_of

PEOPLE = pa.table({"person_id": [1, 2, 3], "name": ["a", "b", "c"]})


def told(source: str) -> str:
    with pytest.raises(UnusableInput) as caught:
        connect(source)
    return str(caught.value)


# --- files -------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["parquet", "spark"])
@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda folder: None, "no Parquet files"),
        (lambda folder: folder.rmdir(), "no such folder"),
        (lambda folder: (folder.rmdir(), folder.write_text("x")), "a file, not a folder"),
        (
            lambda folder: [
                pa.parquet.write_table(PEOPLE, folder / name)
                for name in ("person.parquet", "PERSON.Parquet")
            ],
            "there twice",
        ),
    ],
)
def test_folders_that_cannot_be_read(tmp_path, form, make, says):
    folder = tmp_path / "files"
    folder.mkdir()
    make(folder)

    message = told(f"{form}:{folder}")

    assert says in message
    assert str(folder) in message


def files_engine(name, request, tmp_path):
    if name == "spark":
        request.getfixturevalue("spark_session")
    folder = tmp_path / "a [1] b{2}*?%20 #é"
    folder.mkdir()
    return ParquetFolder(folder, name)


FILES = [engine for engine in ENGINES if "postgres" not in str(engine)]


@pytest.mark.parametrize("name", FILES)
def test_parts_in_folders_are_one_table(name, request, tmp_path):
    files = files_engine(name, request, tmp_path)
    parts = files.folder / "Measurement" / "of [1]"
    parts.mkdir(parents=True)
    for number in range(3):
        pa.parquet.write_table(pa.table({"n": [number]}), parts / f"part-{number}.parquet")
    (files.folder / "Measurement" / "_SUCCESS").write_text("")
    (files.folder / "notes.txt").write_text("")
    (files.folder / "empty").mkdir()

    warehouse = files.open()

    assert warehouse.tables == {"measurement"}
    found = warehouse.fetch(warehouse.table("measurement"))
    assert sorted(found["n"].to_pylist()) == [0, 1, 2]
    files.close()


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_told(name, request, tmp_path):
    files = files_engine(name, request, tmp_path)
    (files.folder / "person.parquet").write_text("not Parquet at all, but long enough")

    with pytest.raises(UnusableInput, match=r"table person: a file is damaged"):
        files.open().table("person")
    files.close()


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_went_away_is_told(name, request, tmp_path):
    files = files_engine(name, request, tmp_path)
    files.load("person", PEOPLE)
    person = files.open().table("person")
    (files.folder / "person.parquet").unlink()

    with pytest.raises(UnusableInput, match="no longer there"):
        files.open().fetch(person)
    files.close()


# --- DuckDB ------------------------------------------------------------------------


def database(path, *statements):
    import duckdb

    with duckdb.connect(str(path)) as con:
        for statement in statements:
            con.execute(statement)
    return path


def test_the_only_schema_with_people_is_read(tmp_path):
    file = database(
        tmp_path / "w.db",
        "CREATE SCHEMA cdm",
        "CREATE TABLE cdm.person (x INT)",
        "CREATE VIEW cdm.measurement AS SELECT 1 AS measurement_id",
        "CREATE TABLE notes (n INT)",
    )

    with connect(f"duckdb:{file}") as warehouse:
        assert warehouse.tables == {"person", "measurement"}
        assert warehouse.fetch(warehouse.table("measurement")).num_rows == 1


def test_a_schema_can_be_named(tmp_path):
    file = database(
        tmp_path / "w.db",
        "CREATE SCHEMA a",
        "CREATE TABLE a.person (x INT)",
        "CREATE SCHEMA b",
        "CREATE TABLE b.person (y INT)",
    )

    assert "tables are in a, b. Add ?schema=NAME" in told(f"duckdb:{file}")
    assert "the schema c has no tables" in told(f"duckdb:{file}?schema=c")
    with connect(f"duckdb:{file}?schema=b") as warehouse:
        person = warehouse.table("person")
        assert person is not None
        assert person.columns == ("y",)


def test_a_vocabulary_in_another_schema_is_read_where_it_is_named(tmp_path):
    file = database(
        tmp_path / "w.db",
        "CREATE SCHEMA cdm",
        "CREATE TABLE cdm.person (x INT)",
        "CREATE TABLE cdm.drug_strength (own INT)",
        "CREATE SCHEMA vocab",
        "CREATE TABLE vocab.concept (y INT)",
        "CREATE TABLE vocab.person (z INT)",
        "CREATE TABLE vocab.measurement (z INT)",
    )

    with connect(f"duckdb:{file}?schema=CDM&vocabulary=Vocab") as warehouse:
        assert warehouse.tables == {"person", "drug_strength", "concept"}
        person = warehouse.table("person")
        assert person is not None
        assert person.columns == ("x",)
        assert not warehouse.notes
    with connect(f"duckdb:{file}?schema=cdm") as warehouse:
        assert warehouse.tables == {"person", "drug_strength"}
        assert "add vocabulary=vocab to the source" in warehouse.notes[0]
    assert "the schema cdm has no table concept" in told(f"duckdb:{file}?schema=cdm&vocabulary=cdm")


def test_files_that_are_no_database(tmp_path):
    (tmp_path / "text.db").write_text("hello " * 1000)

    assert "no DuckDB database" in told(f"duckdb:{tmp_path / 'text.db'}")
    assert "no such file" in told(f"duckdb:{tmp_path / 'none.db'}")
    assert "no tables" in told(f"duckdb:{database(tmp_path / 'empty.db')}")


def test_a_database_open_elsewhere_is_told(tmp_path):
    file = database(tmp_path / "w.db", "CREATE TABLE person (x INT)")
    hold = f"import duckdb; c = duckdb.connect({str(file)!r}); print(1, flush=True); input()"
    other = subprocess.Popen([sys.executable, "-c", hold], stdin=-1, stdout=-1)
    assert other.stdout is not None
    assert other.stdout.readline()

    message = told(f"duckdb:{file}")

    other.communicate(b"\n")
    assert "another program has this database open" in message


def test_memory_is_bounded_and_what_is_spilled_is_removed(tmp_path):
    database(tmp_path / "w.db", "CREATE TABLE person AS SELECT range AS n FROM range(3000000)")
    warehouse = connect(f"duckdb:{tmp_path / 'w.db'}", memory=40_000_000, threads=1)
    assert isinstance(warehouse, DuckDB)
    spill = warehouse._spill
    assert os.path.isdir(spill)
    person = warehouse.table("person")
    assert person is not None

    with pytest.raises(UnusableInput, match=r"memory does not suffice.*--memory"):
        warehouse.fetch(person.aggregate(all=person["n"].cast("string").collect()))
    warehouse.close()

    assert not os.path.exists(spill)


def test_nothing_can_be_written(tmp_path):
    import duckdb

    file = database(tmp_path / "w.db", "CREATE TABLE person (x INT)")

    with connect(f"duckdb:{file}") as warehouse, pytest.raises(duckdb.Error):
        warehouse.con.raw_sql("DROP TABLE person")


# --- Spark -------------------------------------------------------------------------


def test_without_pyspark(monkeypatch, tmp_path):
    pa.parquet.write_table(PEOPLE, tmp_path / "person.parquet")
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)

    assert "pip install 'gradatim[spark]'" in told(f"spark:{tmp_path}")


def test_without_java(monkeypatch):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(warehouse_java, "find_spec", lambda name: None)

    assert warehouse_java.java_home() is None
    with pytest.raises(UnusableInput, match="there is no Java 17 or later"):
        warehouse_session._settle_java("spark:x")


def test_java_that_is_too_old_is_passed_over(monkeypatch, tmp_path):
    for name, version in (("old", "11.0.2"), ("new", "21.0.1")):
        java = tmp_path / name / "bin" / "java"
        java.parent.mkdir(parents=True)
        java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
        java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "old"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'new' / 'bin'}:{os.environ['PATH']}")

    assert warehouse_java.java_home() == str(tmp_path / "new")


def test_spark_runs_where_it_is_told_to(monkeypatch, tmp_path):
    monkeypatch.setenv("SPARK_MASTER", "spark://head:7077")
    assert warehouse_session._settings(None, None)["spark.master"] == "spark://head:7077"

    monkeypatch.delenv("SPARK_MASTER")
    settings = warehouse_session._settings(2 << 30, 3)
    assert settings["spark.master"] == "local[3]"
    assert settings["spark.driver.memory"] == "2048m"

    (tmp_path / "spark-defaults.conf").write_text("spark.master yarn\n")
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))
    assert "spark.master" not in warehouse_session._settings(None, None)


@pytest.mark.spark
@pytest.mark.xdist_group("spark")
class TestSpark:
    def test_folders_that_hadoop_reads(self, spark_session, tmp_path):
        (tmp_path / "Person").mkdir()
        pa.parquet.write_table(PEOPLE, tmp_path / "Person" / "part-0.parquet")
        (tmp_path / "_logs").mkdir()

        with connect(f"spark:file://{tmp_path}") as warehouse:
            assert warehouse.tables == {"person"}
            assert warehouse.fetch(warehouse.table("person")).num_rows == 3

        assert "no such folder" in told(f"spark:file://{tmp_path}/none")
        assert "no tables" in told(f"spark:file://{tmp_path}/_logs")

    def test_memtables_are_sent_to_every_worker(self, spark_session, request, tmp_path):
        """Not shuffled: a table of records is joined where its parts lie."""
        spark = engine_of("spark", request, tmp_path)
        spark.load("person", PEOPLE)
        warehouse = spark.open()
        assert isinstance(warehouse, Spark)
        person = warehouse.table("person")
        assert person is not None
        joined = person.inner_join(ibis.memtable({"person_id": [1]}), "person_id")

        plan = warehouse._frame(joined)._jdf.queryExecution().executedPlan().toString()

        assert "BroadcastHashJoin" in plan
        spark.close()
