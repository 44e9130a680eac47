"""The records behind the verdicts, as a table to be written."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from ibis.expr import types as ir

from gradatim.evidence.relation import Relation
from gradatim.protocol.elements import Element
from gradatim.rules.population.sql.evidence import queried_records, used_queries
from gradatim.screening.prescreen.output_tables import Compiled

ARROW_SCHEMA = pa.schema(
    [
        ("person_id", pa.string()),
        ("criterion", pa.string()),
        ("element", pa.string()),
        ("id", pa.string()),
        ("value", pa.float64()),
        ("unit", pa.string()),
        ("threshold", pa.float64()),
        ("on", pa.date32()),
        ("margin", pa.float64()),
    ]
)
"""`value` and `threshold` in `unit`; `margin` = (value - threshold) / threshold."""


def evidence(
    protocol: Compiled,
    extract: Relation,
    elements: Mapping[str, Element],
    stream: Callable[[ir.Table], Iterable[pa.RecordBatch]],
) -> Iterator[pa.Table]:
    """Give the records that each criterion looked at, under the reading that is used.

    A value that had no say, being older than the last or outside the window, is not among them.
    """
    columns = [column for column in protocol.columns if column.counts]
    used = used_queries(protocol.terms[: len(columns)])
    queries = [(number, query) for number, query in protocol.plan.queries.items() if number in used]
    asked = {number: protocol.called(query.element) for number, query in queries}
    yield pa.Table.from_pylist([], ARROW_SCHEMA)
    for table in queried_records(extract, queries, elements):
        for batch in stream(table):
            yield _told(batch, used, asked, [one.name for one in columns], extract.units)


def _without_braces(unit: str) -> str:
    """Return a UCUM code as the file holds it, for programs: annotations lose their braces."""
    if unit == "1" or (unit.startswith("{") and unit.endswith("}")):
        return ""
    return unit.replace("{", "").replace("}", "").replace("_", " ")


def _told(
    batch: pa.RecordBatch,
    used: Mapping[int, list[int]],
    asked: Mapping[int, str],
    names: list[str],
    units: tuple[str, ...],
) -> pa.Table:
    """Give each record once for every criterion that looked at it."""
    queries = batch.column("query").to_numpy(zero_copy_only=False)
    counts = np.array([len(used[query]) for query in queries], np.int64)
    rows = np.repeat(np.arange(len(queries)), counts)
    criteria = [names[place] for query in queries for place in used[query]]
    taken = batch.take(pa.array(rows))
    shown = [_without_braces(unit) for unit in units]
    columns: dict[str, Any] = {
        "person_id": taken.column("person").cast(pa.string()),
        "criterion": pa.array(criteria, pa.string()),
        "element": pa.array([asked[query] for query in queries[rows]], pa.string()),
        "unit": pa.array([shown[unit] for unit in taken.column("unit").to_pylist()], pa.string()),
        **{name: taken.column(name) for name in ("id", "value", "threshold", "on", "margin")},
    }
    return pa.table({name: columns[name] for name in ARROW_SCHEMA.names}).cast(ARROW_SCHEMA)
