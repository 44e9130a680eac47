"""PostgreSQL: one read-only transaction on a server."""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from gradatim.core.errors import UnusableInput
from gradatim.evidence.sources.warehouse import ROWS, Warehouse
from gradatim.evidence.sources.warehouse_copy import copied
from gradatim.evidence.sources.warehouse_rewrite import for_postgres, typed
from gradatim.evidence.sources.warehouse_schemas import choose_schema

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.expr import types as ir

_URL = re.compile(
    r"(?P<kind>postgres(?:ql)?)://(?:(?P<user>[^:@/?#]*)(?::(?P<password>[^@/?#]*))?@)?"
    r"(?P<host>[^@/?#]*)(?P<path>/[^/?#@]*)?(?:\?(?P<query>[^#]*))?"
)
_URL_FORM = "a URL is postgresql://USER:PASSWORD@HOST:PORT/DATABASE?schema=NAME"
_PERCENT = "write @, :, /, ? and # in a password as %40, %3A, %2F, %3F and %23, or set PGPASSWORD"
_WAIT = 20  # seconds for a host to answer
# One snapshot for the whole run: what is verified is what was screened, whatever is loaded
# meanwhile. A pooler keeps the server of an open transaction, so settings stay too.
_BEGIN = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    "SET LOCAL datestyle TO 'ISO, YMD'",
    "SET LOCAL extra_float_digits TO 1",
    "SET LOCAL idle_in_transaction_session_timeout TO 0",
)
# Also materialised views, which the information schema leaves out.
_TABLES = """SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'v', 'm', 'f', 'p') AND NOT relispartition
    AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'"""


class Postgres(Warehouse):
    """Tables read by a PostgreSQL server."""

    engine = "postgres"

    def batches(self, expr: "ir.Table", rows: int = ROWS) -> "Iterator[pa.RecordBatch]":
        """Stream the result by COPY; see `Warehouse.batches`."""
        with self.speaking():
            query = typed(self.con, for_postgres(self.con, expr))
            yield from copied(self.con.con, query, expr.schema().to_pyarrow(), rows)

    def write(self, expr: "ir.Table", path: str) -> None:
        """Write what `batches` gives; see `Warehouse.write`."""
        from pyarrow import parquet

        with self.speaking(), parquet.ParquetWriter(path, expr.schema().to_pyarrow()) as file:
            for batch in self.batches(expr):
                file.write_batch(batch)

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

    It takes the right to CONNECT, USAGE on the schema and SELECT on its tables, and no other: no
    temporary table is made.

    Args:
        source: a URL as libpq reads it, with `schema=NAME` where the tables are not in the schema
            that the role sees first. Passwords may also be in PGPASSWORD or a password file.

    Raises:
        UnusableInput: the URL, the host, the password or the database is wrong, psycopg is not
            installed, or there are no tables.
    """
    parts, shown = _URL.fullmatch(source), without_password(source)
    if parts is None:
        raise UnusableInput("this address cannot be read", shown, _URL_FORM, _PERCENT)
    query = parse_qsl(parts["query"] or "")
    schema = dict(query).get("schema", "")
    rest = urlencode([(name, value) for name, value in query if name != "schema"])
    bare = source.partition("?")[0] + (f"?{rest}" if rest else "")
    return _opened(_connected(bare, shown), shown, schema)


def _connected(url: str, shown: str) -> Any:
    try:
        import ibis.backends.postgres as backend
        import psycopg
    except ImportError as error:
        raise UnusableInput("PostgreSQL cannot be read", shown, "psycopg is not installed",
                            "run pip install 'gradatim[postgres]'") from error  # fmt: skip
    from gradatim.evidence.sources.warehouse_faults import not_connected

    try:
        con = psycopg.connect(url, autocommit=True, connect_timeout=_WAIT,
                              application_name="gradatim")  # fmt: skip
    except psycopg.Error as error:
        raise not_connected(error, shown) from None
    for statement in _BEGIN:
        con.execute(statement)
    return backend.Backend.from_connection(con)


def _opened(con: Any, shown: str, asked: str) -> Postgres:
    places = con.con.execute(_TABLES).fetchall()
    schema = choose_schema(shown, places, asked, con.current_database or "")
    found: dict[str, Any] = {}
    for name in sorted(name for place, name in places if place == schema):
        found[name.lower()] = _opens(con, name, schema)  # of Person and person, the latter
    return Postgres(shown, con, found)


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
