"""DuckDB: a database file, or Parquet files read in memory."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from gradatim.core.errors import UnusableInput
from gradatim.evidence.warehouse.base import Warehouse
from gradatim.evidence.warehouse.files import tables_in
from gradatim.evidence.warehouse.rewrite import kept_table, typed
from gradatim.evidence.warehouse.schemas import choose_tables

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.expr import types as ir

_TABLES = """SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal
    AND database_name = current_database() UNION ALL
    SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal
    AND database_name = current_database()"""
_GLOB = str.maketrans({"[": "[[]", "*": "[*]", "?": "[?]"})


class DuckDB(Warehouse):
    """Tables read by DuckDB in this process."""

    engine = "duckdb"

    def __init__(self, source: str, con: Any, tables: Any, spill: str) -> None:
        super().__init__(source, con, tables)
        self._spill = spill

    def _batches(self, expr: "ir.Table", rows: int) -> "Iterator[pa.RecordBatch]":
        schema = expr.schema().to_pyarrow()
        for batch in self.con.to_pyarrow_batches(expr, chunk_size=rows):
            yield batch.cast(schema)  # DuckDB sums integers into 128 bits

    def _whole(self, expr: "ir.Table") -> "pa.Table":
        # What streams rows, and `execute`, compute the last step of a query with one thread.
        found = self.con.con.sql(self._query(expr)).to_arrow_table()
        return found.cast(expr.schema().to_pyarrow())

    def _write(self, expr: "ir.Table", path: str) -> None:
        quoted = path.replace("'", "''")
        self.con.raw_sql(f"COPY ({self._query(expr)}) TO '{quoted}' (FORMAT parquet)")

    def _keep(self, expr: "ir.Table", name: str) -> "ir.Table":
        self.con.raw_sql(f"CREATE TEMP TABLE {name} AS {self._query(expr)}")
        return kept_table(self.con, name, expr, "temp", "main")

    def _forget(self, kept: "ir.Table") -> None:
        self.con.raw_sql(f"DROP TABLE temp.main.{kept.op().name}")

    def _query(self, expr: "ir.Table") -> str:
        self.con._run_pre_execute_hooks(expr)  # registers memtables
        return typed(self.con, expr)

    def close(self) -> None:
        """Close the database and remove what was spilled."""
        with suppress(Exception):
            self.con.disconnect()
        shutil.rmtree(self._spill, ignore_errors=True)


def open_database(source: str, rest: str, memory: int | None, threads: int | None) -> DuckDB:
    """Open a database file, for reading only.

    Args:
        source: the form as given.
        rest: the file, with `?schema=NAME` where its tables are not in the only schema with any,
            and `vocabulary=NAME` where those of the vocabulary are in another.
        memory: the most bytes DuckDB keeps in memory; more goes to temporary files.
        threads: how many DuckDB uses.

    Raises:
        UnusableInput: it is no DuckDB database, or has no tables.
    """
    named = re.search(r"\?(schema|vocabulary)=", rest)
    file, query = (rest[: named.start()], rest[named.start() + 1 :]) if named else (rest, "")
    if not Path(file).is_file():
        raise UnusableInput("there is no such file", source, todo="give a DuckDB database file")
    con, spill = _connected(file, memory, threads)
    try:
        places = con.raw_sql(_TABLES).fetchall()
        chosen = choose_tables(source, places, dict(parse_qsl(query)), "main")
    except BaseException:
        DuckDB(source, con, {}, spill).close()
        raise
    tables = {one: _opens(con, name, place) for one, (place, name) in chosen.tables.items()}
    opened = DuckDB(source, con, tables, spill)
    opened.notes = chosen.notes
    return opened


def _opens(con: Any, name: str, schema: str) -> Any:
    return lambda: con.table(name, database=schema)


def open_files(source: str, rest: str, memory: int | None, threads: int | None) -> DuckDB:
    """Open a folder of Parquet files; arguments as `open_database`.

    Raises:
        UnusableInput: there is no such folder, or no Parquet file in it.
    """
    found = tables_in(rest, source)
    con, spill = _connected(":memory:", memory, threads)
    return DuckDB(source, con, {name: _reads(con, files) for name, files in found.items()}, spill)


def _reads(con: Any, files: list[Path]) -> Any:
    paths = [str(file.absolute()).translate(_GLOB) for file in files]
    return lambda: con.read_parquet(paths)


def _connected(file: str, memory: int | None, threads: int | None) -> tuple[Any, str]:
    """Connect with a folder of its own for what memory cannot hold; nothing is downloaded."""
    import ibis

    con = ibis.duckdb.connect(file, read_only=file != ":memory:")
    spill = tempfile.mkdtemp(prefix="gradatim-")
    settings: dict[str, Any] = {
        "temp_directory": spill,
        "autoinstall_known_extensions": False,
        "enable_progress_bar": False,
    }
    if memory is not None:
        settings["memory_limit"] = f"{memory}B"
    if threads is not None:
        settings["threads"] = threads
    for name, value in settings.items():
        con.settings[name] = value
    return con, spill
