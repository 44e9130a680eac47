"""Sources of a population: what every engine gives, and what it says when it cannot."""

import datetime as dt

import ibis
import pyarrow as pa
import pyarrow.parquet
import pytest

from gradatim.core.errors import Defect, UnusableInput
from gradatim.evidence.warehouse.connect import connect

PEOPLE = pa.table(
    {
        "PERSON_ID": pa.array([1, 2, 3], pa.int64()),
        "born": pa.array([dt.date(1980, 2, 29), None, dt.date(1, 1, 1)], pa.date32()),
        "seen": pa.array(
            [dt.datetime(2026, 1, 1, 12), None, dt.datetime(1970, 1, 1)], pa.timestamp("us")
        ),
        "name": pa.array(["a, b", "", None]),
        "lines": pa.array(["x\ny", 'say "so"', "\\N"]),
        "share": pa.array([0.1, float("inf"), None], pa.float64()),
        "alive": pa.array([True, False, None]),
    }
)


def told(source: str) -> str:
    with pytest.raises(UnusableInput) as caught:
        connect(source)
    return str(caught.value)


def test_names_are_in_lower_case(engine):
    engine.load("Person", PEOPLE)

    warehouse = engine.open()

    assert warehouse.tables == {"person"}
    assert warehouse.table("person").columns == ("person_id", *PEOPLE.column_names[1:])
    assert warehouse.table("measurement") is None


def test_the_engine_and_its_version_are_known(engine):
    engine.load("person", PEOPLE)

    warehouse = engine.open()

    assert warehouse.engine == engine.name
    assert warehouse.versions.keys() == {engine.name, "ibis"}
    assert all(version[0].isdigit() for version in warehouse.versions.values())


def test_rows_arrive_as_they_are(engine):
    engine.load("person", PEOPLE)
    warehouse = engine.open()

    found = warehouse.fetch(warehouse.table("person")).sort_by("person_id")

    assert found.to_pylist() == PEOPLE.rename_columns(found.column_names).to_pylist()


def test_rows_come_in_batches(engine):
    engine.load("person", pa.table({"person_id": range(2500), "text": ["x" * 9] * 2500}))
    warehouse = engine.open()

    batches = list(warehouse.batches(warehouse.table("person"), rows=1000))

    assert all(0 < batch.num_rows <= 1000 for batch in batches)
    ids = pa.Table.from_batches(batches)["person_id"].to_pylist()
    assert sorted(ids) == list(range(2500))


def test_no_rows_still_have_columns(engine):
    engine.load("person", PEOPLE.slice(0, 0))
    warehouse = engine.open()

    found = warehouse.fetch(warehouse.table("person"))

    assert found.num_rows == 0
    assert found.schema.field("person_id").type == pa.int64()


def test_results_are_written_as_parquet(engine, tmp_path):
    engine.load("person", PEOPLE)
    warehouse = engine.open()
    person = warehouse.table("person")

    warehouse.write(
        person.select("person_id", small=ibis.literal(2).cast("int8")),
        str(tmp_path / "out.parquet"),
    )

    written = pyarrow.parquet.read_table(tmp_path / "out.parquet")
    assert sorted(written["person_id"].to_pylist()) == [1, 2, 3]
    assert written.schema.field("small").type == pa.int8()


def test_memtables_need_no_right_to_write(engine):
    engine.load("person", PEOPLE)
    warehouse = engine.open()
    wanted = ibis.memtable({"person_id": [2, 3]})

    for _ in range(2):  # the same rows in a second query
        found = warehouse.fetch(warehouse.table("person").semi_join(wanted, "person_id"))
        assert sorted(found["person_id"].to_pylist()) == [2, 3]


def test_what_is_kept_is_replaced_under_its_name(engine):
    engine.load("person", PEOPLE)
    warehouse = engine.open()
    person = warehouse.table("person")
    wanted = ibis.memtable({"person_id": [2, 3]})

    first = warehouse.keep(person.semi_join(wanted, "person_id"), "some people")
    second = warehouse.keep(first.filter(first["person_id"] > 2), "fewer")
    found = warehouse.fetch(first.inner_join(second, "person_id"))
    again = warehouse.keep(person.mutate(small=ibis.literal(2)), "some people")

    assert found["person_id"].to_pylist() == [3]
    assert warehouse.fetch(again)["small"].to_pylist() == [2, 2, 2]
    assert warehouse.fetch(again).schema.field("small").type == pa.int8()


def test_one_query_at_a_time(engine):
    """DuckDB would drop the rest of the first, and PostgreSQL would wait for ever."""
    engine.load("person", pa.table({"person_id": range(50_000)}))
    warehouse = engine.open()
    person = warehouse.table("person")
    rows = warehouse.batches(person, rows=10)
    next(rows)

    with pytest.raises(Defect):
        warehouse.fetch(person)
    del rows

    assert warehouse.fetch(person).num_rows == 50_000


def test_a_value_of_another_type_is_told(engine):
    engine.load("person", pa.table({"name": ["12", "twelve"]}))
    warehouse = engine.open()
    person = warehouse.table("person")

    with pytest.raises(UnusableInput, match=r"a value cannot be read .*twelve"):
        warehouse.fetch(person.select(n=person["name"].cast("int64")))


def test_a_column_that_went_away_is_told(engine):
    engine.load("person", pa.table({"person_id": [1]}))
    warehouse = engine.open()
    schema = ibis.schema({"weight": "float64"})
    before = warehouse.table("person").op().copy(schema=schema).to_expr()

    with pytest.raises(UnusableInput, match=r"a column is missing.*weight"):
        warehouse.fetch(before.filter(before["weight"] > 0))


def test_a_defect_of_ours_passes(engine):
    engine.load("person", PEOPLE)
    warehouse = engine.open()

    with pytest.raises(ZeroDivisionError), warehouse.speaking():
        _ = 1 / 0


@pytest.mark.parametrize("source", ["warehouse.db", "mysql://u:secret@h/d", "duckdb:", "", "a b"])
def test_all_else_names_the_forms(source):
    message = told(source)

    for form in ("duckdb:FILE", "parquet:DIR", "postgresql://", "spark:DIR", "fhir:DIR"):
        assert form in message
    assert "secret" not in message
