"""PostgreSQL as a source: rights, addresses, and connections that are lost."""

import sys

import pyarrow as pa
import pyarrow.parquet
import pytest

from gradatim.core.errors import UnusableInput
from gradatim.evidence.warehouse.connect import connect
from tests.engines import PostgresSchema

PEOPLE = pa.table({"person_id": [1, 2, 3], "name": ["a", "b", "c"]})


def told(source: str) -> str:
    with pytest.raises(UnusableInput) as caught:
        connect(source)
    return str(caught.value)


@pytest.fixture
def people(postgres):
    postgres.load("person", PEOPLE)
    return postgres


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
class TestPostgres:
    def test_nothing_can_be_written(self, people):
        import psycopg

        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            people.open().con.con.execute("CREATE TABLE x (i int)")

    def test_who_may_keep_nothing_reads_in_a_transaction_that_only_reads(self, postgres_server):
        import psycopg

        onlooker = PostgresSchema(postgres_server, role="onlooker")
        onlooker.load("person", PEOPLE)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            onlooker.open().con.con.execute("CREATE TABLE x (i int)")
        onlooker.close()

    def test_nothing_can_be_written_by_one_who_may_either(self, people):
        import psycopg

        people.execute(f"CREATE SEQUENCE {people.schema}.numbers")
        with connect(people.source.replace("reader", "postgres")) as warehouse:
            taken = warehouse.con.sql(
                f"SELECT nextval('{people.schema}.numbers') AS n", schema={"n": "int64"}
            )
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                warehouse.fetch(taken)

    def test_what_is_kept_is_a_temporary_table_where_it_may_be(self, people):
        with connect(people.source.replace("reader", "postgres")) as warehouse:
            person = warehouse.table("person")
            assert person is not None
            kept = warehouse.keep(person, "people")
            assert "pg_temp" in warehouse.con.compile(kept)
            assert warehouse.fetch(kept).num_rows == 3
            warehouse.keep(person, "people")
            left = warehouse.con.con.execute(
                "SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema()"
            ).fetchone()

        assert left == (1,)

    def test_a_query_that_failed_does_not_end_the_session(self, people):
        warehouse = people.open()
        person = warehouse.table("person")

        with pytest.raises(UnusableInput):
            warehouse.fetch(person.select(n=person["name"].cast("int64")))

        assert warehouse.fetch(person).num_rows == 3

    def test_one_state_of_the_database_is_seen(self, people):
        warehouse = people.open()
        before = warehouse.fetch(warehouse.table("person").count().as_table())
        people.execute(f"DELETE FROM {people.schema}.person")

        assert warehouse.fetch(warehouse.table("person").count().as_table()) == before

    def test_a_table_that_may_not_be_read(self, people):
        people.load("measurement", PEOPLE)
        people.execute(f"REVOKE SELECT ON {people.schema}.measurement FROM reader")
        warehouse = people.open()

        assert "measurement" in warehouse.tables
        with pytest.raises(UnusableInput, match=r"table measurement: there is no right"):
            warehouse.table("measurement")
        assert warehouse.table("person") is not None

    def test_a_schema_that_may_not_be_read(self, people):
        people.execute(f"REVOKE USAGE ON SCHEMA {people.schema} FROM reader")

        with pytest.raises(UnusableInput, match="there is no right"):
            people.open().table("person")

    def test_a_right_that_is_taken_away_meanwhile(self, people):
        person = people.open().table("person")
        people.execute(f"REVOKE SELECT ON {people.schema}.person FROM reader")

        with pytest.raises(UnusableInput, match=r"no right to read a table.*SELECT"):
            people.open().fetch(person)

    def test_views_and_materialised_views(self, people):
        people.execute(
            f"CREATE VIEW {people.schema}.v AS SELECT 1 AS x",
            f"CREATE MATERIALIZED VIEW {people.schema}.m AS SELECT 2 AS x",
            f"GRANT SELECT ON ALL TABLES IN SCHEMA {people.schema} TO reader",
        )

        warehouse = people.open()

        assert warehouse.tables == {"person", "v", "m"}
        assert warehouse.fetch(warehouse.table("m"))["x"].to_pylist() == [2]

    def test_a_connection_lost_half_way(self, people):
        people.load("many", pa.table({"n": range(2_000_000)}))
        warehouse = people.open()
        batches = warehouse.batches(warehouse.table("many"), rows=1000)
        next(batches)
        people.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'gradatim'"
        )

        with pytest.raises(UnusableInput, match=r"lost|shutting down"):
            list(batches)
        with pytest.raises(UnusableInput, match="lost"):
            warehouse.fetch(warehouse.table("many"))

    @pytest.mark.parametrize(
        ("url", "says"),
        [
            ("postgresql://nobody:secret@/postgres?host={host}", "the role or its password"),
            ("postgresql://reader:secret@/nowhere?host={host}", "no such database"),
            ("postgresql://reader:secret@no-such-host.invalid/d", "there is no such host"),
            ("postgresql://reader:secret@127.0.0.1:1/d", "cannot be reached"),
            ("postgresql://reader:sec@ret@h/d", "%40"),
            ("postgresql://reader:sec/ret@h/d", "%2F"),
            ("postgres://reader:secret@h:x/d?password=secret", "there is no such host"),
            ("postgresql://reader:secret@/postgres?host={host}&schema=nope", "the schema nope"),
        ],
    )
    def test_what_cannot_be_reached(self, postgres_server, url, says):
        message = told(url.format(host=postgres_server))

        assert says in message
        assert not any(part in message for part in ("secret", "sec@", "ret@", "sec/"))

    def test_the_password_is_not_in_the_source(self, people):
        source = people.source.replace("reader@", "reader:secret@")

        with connect(source) as warehouse:
            assert "secret" not in warehouse.source
            assert warehouse.source.startswith("postgresql://reader@/postgres?")

    def test_without_psycopg(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "psycopg", None)
        monkeypatch.setitem(sys.modules, "ibis.backends.postgres", None)

        assert "pip install 'gradatim[postgres]'" in told("postgresql://h/d")
