"""A connection to the database or the files in which a population is, read and never written.

`connect` opens one. What is executed goes through `batches`, `fetch`, `write` and `keep`: they know
what Ibis gets wrong on each engine (see docs/decisions/0005-engines.md). Every fault of a
connection, a right, a file or a table becomes `UnusableInput` there, and inside `speaking`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import version
from itertools import count
from typing import TYPE_CHECKING, Any

from gradatim.core.errors import Defect, UnusableInput
from gradatim.evidence.warehouse.errors import speaking as _speaking

if TYPE_CHECKING:
    from types import TracebackType

    import pyarrow as pa
    from ibis.expr import types as ir

ROWS = 1_000_000
"""Rows in a batch, unless told otherwise."""


class Warehouse(ABC):
    """Tables of one source, behind one engine.

    Args:
        source: what to call it in messages and outputs; without a password.
        con: the Ibis backend.
        tables: for each table, by its name in lower case, how to open it.

    Attributes:
        engine: `duckdb`, `postgres` or `spark`.
        versions: version of the engine and of Ibis.
        notes: what to say of how its tables were found.
    """

    engine: str
    notes: tuple[str, ...] = ()

    def __init__(
        self, source: str, con: Any, tables: "Mapping[str, Callable[[], ir.Table]]"
    ) -> None:
        self.source, self.con = source, con
        self._open = dict(tables)
        self._opened: dict[str, ir.Table] = {}
        self._kept: dict[str, ir.Table] = {}
        self._asked, self._numbers = False, count()
        self.versions = {self.engine: str(con.version), "ibis": version("ibis-framework")}

    @property
    def tables(self) -> frozenset[str]:
        """The names of all tables and views, in lower case."""
        return frozenset(self._open)

    def table(self, name: str) -> "ir.Table | None":
        """Open a table, its columns in lower case.

        Args:
            name: of the table, in lower case.

        Returns:
            the table; None where there is none of this name.

        Raises:
            UnusableInput: it may not be read, is damaged, or has one column twice.
        """
        if name in self._open and name not in self._opened:
            with self.speaking(name):
                self._opened[name] = self._lowered(name, self._open[name]())
        return self._opened.get(name)

    def _lowered(self, name: str, table: "ir.Table") -> "ir.Table":
        columns = {column.lower(): column for column in table.columns}
        if len(columns) < len(table.columns):
            why = "two columns differ in upper and lower case only"
            raise UnusableInput(
                f"the table {name} cannot be read", self.source, why, "give a view with one of them"
            )
        changed = {low: name for low, name in columns.items() if low != name}
        return table.rename(changed) if changed else table

    def batches(self, expr: "ir.Table", rows: int = ROWS) -> "Iterator[pa.RecordBatch]":
        """Execute an expression and give its rows, as typed in Ibis.

        Take all of them before the next query: an engine answers one at a time.

        Args:
            expr: over tables of this warehouse and memtables.
            rows: the most rows in a batch.

        Raises:
            UnusableInput: the connection, a right, memory or a table failed.
            Defect: another query has not been read to its end.
        """
        with self._asking():
            yield from self._batches(expr, rows)

    def write(self, expr: "ir.Table", path: str) -> None:
        """Execute an expression and write its rows as Parquet.

        Args:
            expr: over tables of this warehouse and memtables.
            path: a file that does not exist; on Spark the folder of parts to make.

        Raises:
            UnusableInput: as `batches`.
        """
        with self._asking():
            self._write(expr, path)

    def keep(self, expr: "ir.Table", name: str) -> "ir.Table":
        """Compute an expression once for several queries.

        The same name again replaces what was kept under it. On PostgreSQL this takes the right to
        make temporary tables; without it the expression itself is given, to be computed each time.

        Args:
            expr: over tables of this warehouse and memtables.
            name: to keep it under.

        Raises:
            UnusableInput: as `batches`.
        """
        with self._asking():
            kept = self._keep(expr, f"gradatim_{next(self._numbers)}")
            if name in self._kept:
                self._forget(self._kept[name])
            self._kept[name] = kept
        return kept

    @abstractmethod
    def _batches(self, expr: "ir.Table", rows: int) -> "Iterator[pa.RecordBatch]": ...

    def _whole(self, expr: "ir.Table") -> "pa.Table":
        import pyarrow as pa

        return pa.Table.from_batches(self._batches(expr, ROWS), expr.schema().to_pyarrow())

    @abstractmethod
    def _write(self, expr: "ir.Table", path: str) -> None: ...

    @abstractmethod
    def _keep(self, expr: "ir.Table", name: str) -> "ir.Table": ...

    @abstractmethod
    def _forget(self, kept: "ir.Table") -> None: ...

    @contextmanager
    def _asking(self) -> Iterator[None]:
        if self._asked:
            raise Defect("a query began before another was read to its end")
        self._asked = True
        try:
            with self.speaking():
                yield
        finally:
            self._asked = False

    def fetch(self, expr: "ir.Table") -> "pa.Table":
        """Execute an expression whose rows fit into memory; raises as `batches`."""
        with self._asking():
            return self._whole(expr)

    @abstractmethod
    def close(self) -> None:
        """End the connection and remove temporary files."""

    def speaking(self, table: str = "") -> AbstractContextManager[None]:
        """Turn faults of the engine into `UnusableInput`; see `speaking`."""
        return speaking(self, table)

    def __enter__(self) -> "Warehouse":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: "TracebackType | None",
    ) -> None:
        self.close()


def speaking(warehouse: Warehouse, table: str = "") -> AbstractContextManager[None]:
    """Turn faults of the engine into `UnusableInput`, and let all else pass.

    Lost connections, missing rights, tables, columns and files, values of another type, exhausted
    memory and full disks are the user's to mend. What is left is a defect.

    Args:
        warehouse: that was asked.
        table: which of its tables, if one.
    """
    return _speaking(warehouse.source, table)
