"""PostgreSQL: one transaction on a server, in which nothing of the database is changed."""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from gradatim.core.errors import UnusableInput
from gradatim.evidence.warehouse.base import ROWS, Warehouse
from gradatim.evidence.warehouse.postgres_stream import streamed
from gradatim.evidence.warehouse.rewrite import for_postgres, kept_table, typed
from gradatim.evidence.warehouse.schemas import Chosen, choose_tables

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.expr import types as ir

_URL = re.compile(
    r"(?P<kind>postgres(?:ql)?)://(?:(?P<user>[^:@/?#]*)(?::(?P<password>[^@/?#]*))?@)?"
    r"(?P<host>[^@/?#]*)(?P<path>/[^/?#@]*)?(?:\?(?P<query>[^#]*))?"
)
_URL_FORM = "a URL is postgresql://USER:PASSWORD@HOST:PORT/DATABASE?schema=NAME"
_OURS = ("schema", "vocabulary")  # of the parameters, those that libpq does not know
_PERCENT = "write @, :, /, ? and # in a password as %40, %3A, %2F, %3F and %23, or set PGPASSWORD"
_WAIT = 20  # seconds for a host to answer
# One snapshot for the whole run: what is verified is what was screened, whatever is loaded
# meanwhile. A pooler keeps the server of an open transaction, so settings stay too.
_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ"
_NO_TIMEOUT = "SET LOCAL idle_in_transaction_session_timeout TO 0"
# In a read-only transaction no temporary table can be made either.
_MAY_KEEP = """SELECT has_database_privilege(current_database(), 'TEMP')
    AND NOT pg_is_in_recovery() AND NOT current_setting('default_transaction_read_only')::boolean"""
# Also materialised views, which the information schema leaves out.
_TABLES = """SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'v', 'm', 'f', 'p') AND NOT relispartition
    AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'"""


class Postgres(Warehouse):
    """Tables read by a PostgreSQL server."""

    engine = "postgres"

    def __init__(self, source: str, con: Any, tables: Any, keeps: bool) -> None:
        super().__init__(source, con, tables)
        self._keeps = keeps

    def _batches(self, expr: "ir.Table", rows: int) -> "Iterator[pa.RecordBatch]":
        with self.con.con.transaction():
            self.con.con.execute("SET TRANSACTION READ ONLY")  # to the end of this block
            query = self._query(expr)
            yield from streamed(self.con.con, query, expr.schema().to_pyarrow(), rows)

    def _write(self, expr: "ir.Table", path: str) -> None:
        from pyarrow import parquet

        with parquet.ParquetWriter(path, expr.schema().to_pyarrow()) as file:
            for batch in self._batches(expr, ROWS):
                file.write_batch(batch)

    def _keep(self, expr: "ir.Table", name: str) -> "ir.Table":
        if not self._keeps:
            return expr
        with self.con.con.transaction():
            self.con.con.execute(f"CREATE TEMP TABLE {name} AS {self._query(expr)}")
            self.con.con.execute(f"ANALYZE pg_temp.{name}")
        return kept_table(self.con, name, expr, None, "pg_temp")

    def _forget(self, kept: "ir.Table") -> None:
        if self._keeps:
            with self.con.con.transaction():
                self.con.con.execute(f"DROP TABLE pg_temp.{kept.op().name}")

    def _query(self, expr: "ir.Table") -> str:
        return typed(self.con, for_postgres(self.con, expr))

    def close(self) -> None:
        """End the transaction and the connection."""
        with suppress(Exception):
            self.con.disconnect()


def without_password(source: str) -> str:
    """Give a source as it may be shown: of a URL only what cannot be a password."""
    if "://" not in source:
        return source
    parts = _URL.fullmatch(source)
    if parts is None:
        return source.partition("://")[0] + "://..."
    query = urlencode([(k, v) for k, v in parse_qsl(parts["query"] or "") if "pass" not in k])
    user = f"{parts['user']}@" if parts["user"] else ""
    shown = f"{parts['kind']}://{user}{parts['host']}{parts['path'] or ''}"
    return f"{shown}?{query}" if query else shown


def open_server(source: str) -> Postgres:
    """Connect to a server.

    It takes the rights to CONNECT, USAGE on the schema and SELECT on its tables. With the right to
    make temporary tables (TEMP), which every role has unless it was revoked, `keep` saves work.

    Args:
        source: a URL as libpq reads it, with `schema=NAME` where the tables are not in the schema
            that the role sees first, and `vocabulary=NAME` where those of the vocabulary are in
            another. Passwords may also be in PGPASSWORD or a password file.

    Raises:
        UnusableInput: the URL, the host, the password or the database is wrong, psycopg is not
            installed, or there are no tables.
    """
    parts, shown = _URL.fullmatch(source), without_password(source)
    if parts is None:
        raise UnusableInput("this address cannot be read", shown, _URL_FORM, _PERCENT)
    query = parse_qsl(parts["query"] or "")
    rest = urlencode([(name, value) for name, value in query if name not in _OURS])
    bare = source.partition("?")[0] + (f"?{rest}" if rest else "")
    con, keeps = _connected(bare, shown)
    chosen = _chosen(con, shown, dict(query))
    tables = {one: _opens(con, name, place) for one, (place, name) in chosen.tables.items()}
    opened = Postgres(shown, con, tables, keeps)
    opened.notes = chosen.notes
    return opened


def _connected(url: str, shown: str) -> tuple[Any, bool]:
    """Connect; tell whether temporary tables can be made."""
    try:
        import ibis.backends.postgres as backend
        import psycopg
    except ImportError as error:
        raise UnusableInput(
            "PostgreSQL cannot be read",
            shown,
            "psycopg is not installed",
            "run pip install 'gradatim[postgres]'",
        ) from error
    from gradatim.evidence.warehouse.errors import not_connected

    try:
        con = psycopg.connect(
            url, autocommit=True, connect_timeout=_WAIT, application_name="gradatim"
        )
    except psycopg.Error as error:
        raise not_connected(error, shown) from None
    keeps = con.execute(_MAY_KEEP).fetchone() == (True,)
    con.execute(_BEGIN + (" READ WRITE" if keeps else " READ ONLY"))
    con.execute(_NO_TIMEOUT)
    return backend.Backend.from_connection(con), keeps


def _chosen(con: Any, shown: str, asked: dict[str, str]) -> Chosen:
    places = con.con.execute(_TABLES).fetchall()
    return choose_tables(shown, places, asked, con.current_database or "")


def _opens(con: Any, name: str, schema: str) -> Any:
    def opened() -> Any:
        allowed = con.con.execute(
            "SELECT has_schema_privilege(%s, 'USAGE') AND "
            "has_any_column_privilege(quote_ident(%s) || '.' || quote_ident(%s), 'SELECT')",
            (schema, schema, name),
        ).fetchone()
        if allowed != (True,):
            raise PermissionError(f"no right to read {schema}.{name}")
        return con.table(name, database=schema)

    return opened
