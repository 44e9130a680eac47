"""Rows out of PostgreSQL, in binary and in chunks.

Ibis declares a cursor, and PostgreSQL plans no parallel query for that. Here the server sends all
rows of one query, and libpq hands them over a chunk at a time.
"""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

_CHUNK = 20_000


def streamed(con: Any, query: str, schema: "pa.Schema", rows: int) -> "Iterator[pa.RecordBatch]":
    """Execute a query and give its rows.

    Args:
        con: the psycopg connection.
        query: a SELECT.
        schema: names and types of its columns.
        rows: the most rows in a batch.
    """
    import psycopg
    import pyarrow as pa

    size = min(_CHUNK, rows) if psycopg.capabilities.has_stream_chunked() else 1
    row = pa.struct(list(schema))
    with con.cursor(binary=True) as cursor:
        found = cursor.stream(query, size=size)
        while some := list(islice(found, size if size > 1 else min(_CHUNK, rows))):
            yield pa.RecordBatch.from_struct_array(pa.array(some, type=row)).cast(schema)
