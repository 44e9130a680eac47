"""Spark: Parquet files, on this machine or on a cluster."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gradatim.core.errors import UnusableInput
from gradatim.evidence.warehouse.base import Warehouse
from gradatim.evidence.warehouse.files import tables_in
from gradatim.evidence.warehouse.rewrite import for_spark, kept_table, typed
from gradatim.evidence.warehouse.spark_session import begin

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.expr import types as ir


class Spark(Warehouse):
    """Tables read by Spark."""

    engine = "spark"

    def __init__(self, source: str, con: Any, tables: Any, ours: bool) -> None:
        super().__init__(source, con, tables)
        self._ours, self._views = ours, dict[Any, str]()

    def _batches(self, expr: "ir.Table", rows: int) -> "Iterator[pa.RecordBatch]":
        table = self._frame(expr).toArrow().cast(expr.schema().to_pyarrow())
        yield from table.combine_chunks().to_batches(max_chunksize=rows)

    def _write(self, expr: "ir.Table", path: str) -> None:
        self._frame(expr).write.parquet(path)

    def _keep(self, expr: "ir.Table", name: str) -> "ir.Table":
        # Not `persist`: the plans of what was kept before would stay within this one's, and a few
        # dozen of them take more memory than the rows.
        frame = self._frame(expr).localCheckpoint(eager=True)
        frame.createOrReplaceTempView(name)
        return kept_table(self.con, name, expr, None, None)

    def _forget(self, kept: "ir.Table") -> None:
        self.con._session.catalog.dropTempView(kept.op().name)

    def _frame(self, expr: "ir.Table") -> Any:
        query = typed(self.con, for_spark(self.con, expr, self._views))
        return self.con._session.sql(query)

    def close(self) -> None:
        """Forget what was registered; end the session if it was begun here."""
        if self._ours:
            self.con.disconnect()
        else:
            for kept in self._kept.values():
                self._forget(kept)
            for view in self._views.values():
                self.con._session.catalog.dropTempView(view)


def open_folder(source: str, rest: str, memory: int | None, threads: int | None) -> Spark:
    """Open a folder of Parquet files in Spark.

    Args:
        source: the form as given.
        rest: the folder; or one that Hadoop reads, as `hdfs://host/path`.
        memory: the most bytes for the driver, which on one machine does all the work. A session
            that runs already keeps what it has.
        threads: how many on this machine; not used where SPARK_MASTER, spark-submit or
            spark-defaults.conf name a cluster.

    Raises:
        UnusableInput: there is no such folder or no Parquet file in it, or PySpark or Java is
            not there, or does not start.
    """
    paths = None if "://" in rest else tables_in(rest, source)
    session, ours = begin(source, memory, threads)
    import ibis

    con = ibis.pyspark.connect(session)
    found = (
        _listed(session, rest, source)
        if paths is None
        else {name: [file.absolute().as_posix() for file in files] for name, files in paths.items()}
    )
    return Spark(source, con, {name: _reads(con, files) for name, files in found.items()}, ours)


def _reads(con: Any, files: list[str]) -> Any:
    def opened() -> Any:
        from ibis.util import gen_name

        frame = con._session.read.parquet(*map(_plain, files))
        frame.createOrReplaceTempView(name := gen_name("gradatim"))
        return con.table(name)

    return opened


def _plain(file: str) -> str:
    """A path in which nothing is a pattern to Hadoop."""
    escaped = "".join(f"\\{sign}" if sign in "*?[]{}\\" else sign for sign in file)
    return f"file://{escaped}" if file.startswith("/") else escaped


def _listed(session: Any, folder: str, source: str) -> dict[str, list[str]]:
    """Find the tables of a folder that only Hadoop reads; see `tables_in`."""
    place = session._jvm.org.apache.hadoop.fs.Path(folder)
    system = place.getFileSystem(session._jsc.hadoopConfiguration())
    if not system.exists(place):
        raise UnusableInput("there is no such folder", source, todo="give a folder of tables")
    found = {}
    for status in system.listStatus(place):
        name = status.getPath().getName()
        if name[0] not in "._" and (status.isDirectory() or name.lower().endswith(".parquet")):
            found[name.lower().removesuffix(".parquet")] = [status.getPath().toString()]
    if not found:
        raise UnusableInput("this folder has no tables", source, todo="give a folder of tables")
    return found
