"""Expressions as an engine should get them: Ibis would write them slowly, wrongly or not at all.

Rows given with an expression (`ibis.memtable`) become temporary tables on PostgreSQL. That takes a
right which a reading role seldom has, is not possible in a read-only transaction, and keeps a
query from running in parallel. Here they become part of the query. On Spark they go through pandas,
which loses digits of integers beside a NULL; here they become Arrow data of the session.
"""

from datetime import date
from math import isfinite
from typing import TYPE_CHECKING, Any

import ibis
from ibis.expr import operations as ops

if TYPE_CHECKING:
    from ibis.expr import types as ir


@ibis.udf.scalar.builtin(name="date_mi")  # type: ignore[untyped-decorator]
def _date_mi(later: date, earlier: date) -> int:  # type: ignore[empty-body]
    """What PostgreSQL calls for `date - date`: eight times as fast as Ibis's way."""


@ibis.udf.scalar.builtin(name="text_pattern_lt")  # type: ignore[untyped-decorator]
def _before(one: str, other: str) -> bool:  # type: ignore[empty-body]
    """What PostgreSQL calls for `<` of texts by their bytes, whatever collation they have."""


@ibis.udf.scalar.builtin(name="text_pattern_le")  # type: ignore[untyped-decorator]
def _not_after(one: str, other: str) -> bool:  # type: ignore[empty-body]
    """As `_before`, for `<=`."""


@ibis.udf.scalar.builtin(name="text_pattern_ge")  # type: ignore[untyped-decorator]
def _not_before(one: str, other: str) -> bool:  # type: ignore[empty-body]
    """As `_before`, for `>=`."""


@ibis.udf.scalar.builtin(name="text_pattern_gt")  # type: ignore[untyped-decorator]
def _after(one: str, other: str) -> bool:  # type: ignore[empty-body]
    """As `_before`, for `>`."""


_BY_BYTES = {
    ops.Less: _before,
    ops.LessEqual: _not_after,
    ops.GreaterEqual: _not_before,
    ops.Greater: _after,
}


def _by_bytes(node: Any) -> Any:
    """Compare texts by their bytes: a collation orders them as a dictionary of its language would.

    Two columns may have two collations, and code points are the order of Python and of the other
    engines.
    """
    if isinstance(node, ops.Between):
        one, low, high = node.arg.to_expr(), node.lower_bound.to_expr(), node.upper_bound.to_expr()
        return (_not_before(one, low) & _not_after(one, high)).op()
    return _BY_BYTES[type(node)](node.left.to_expr(), node.right.to_expr()).op()


def _compares_texts(node: Any) -> bool:
    if isinstance(node, ops.Between):
        return bool(node.arg.dtype.is_string())
    return type(node) in _BY_BYTES and node.left.dtype.is_string() and node.right.dtype.is_string()


def for_postgres(con: Any, expr: "ir.Table") -> "ir.Table":
    """Put memtables into the query, and count days and compare texts as PostgreSQL's functions do.

    Args:
        con: the Ibis backend.
        expr: the expression.
    """

    def replaced(node: Any, changed: Any) -> Any:
        if isinstance(node, ops.InMemoryTable):
            return ops.SQLQueryResult(unnested(con, node), node.schema, con)
        node = node.__recreate__(changed) if changed else node
        if isinstance(node, ops.DateDelta) and getattr(node.part, "value", None) == "day":
            return ops.Cast(_date_mi(node.left.to_expr(), node.right.to_expr()).op(), to="int64")
        return _by_bytes(node) if _compares_texts(node) else node

    return expr.op().replace(replaced).to_expr()


def for_spark(con: Any, expr: "ir.Table", views: dict[Any, str]) -> "ir.Table":
    """Register the memtables of an expression as Arrow data.

    Args:
        con: the Ibis backend.
        expr: the expression.
        views: names of those registered before; new ones are added.
    """

    def replaced(node: Any, changed: Any) -> Any:
        if not isinstance(node, ops.InMemoryTable):
            return node.__recreate__(changed) if changed else node
        if node not in views:
            frame = con._session.createDataFrame(node.data.to_pyarrow(node.schema))
            frame.createOrReplaceTempView(views.setdefault(node, f"{node.name}_arrow"))
        return con.table(views[node]).op().copy(schema=node.schema)

    return expr.op().replace(replaced).to_expr()


def typed(con: Any, expr: "ir.Table") -> str:
    """Write the SQL of an expression, each column as what Ibis takes it for.

    A literal has lost its type: what Ibis calls int8 the engine would write with 32 bits.
    """
    mapper, quote = con.compiler.type_mapper, "`" if con.name == "pyspark" else '"'
    columns = []
    for name, kind in expr.schema().items():
        quoted = quote + name.replace(quote, 2 * quote) + quote
        columns.append(f"CAST({quoted} AS {mapper.to_string(kind)}) AS {quoted}")
    return f"SELECT {', '.join(columns)} FROM ({con.compile(expr)}) AS typed"


def kept_table(
    con: Any, name: str, expr: "ir.Table", catalog: str | None, database: str | None
) -> "ir.Table":
    """Give the table in which the rows of an expression were kept, without asking the engine."""
    place = ops.Namespace(catalog=catalog, database=database)
    return ops.DatabaseTable(name, expr.schema(), con, place).to_expr()


def unnested(con: Any, node: Any) -> str:
    """Write rows as a query on arrays: the planner knows their number and may run in parallel."""
    mapper = con.compiler.type_mapper
    data = node.data.to_pyarrow(node.schema)
    arrays, names = [], []
    for name, kind in node.schema.items():
        text = "{" + ",".join(map(_item, data[name].to_pylist())) + "}"
        quoted = text.replace("'", "''")
        arrays.append(f"CAST('{quoted}' AS {mapper.to_string(kind)}[])")
        names.append('"' + name.replace('"', '""') + '"')
    return f"SELECT * FROM UNNEST({', '.join(arrays)}) AS t({', '.join(names)})"


def _item(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, float) and not isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f'"{value}"'
