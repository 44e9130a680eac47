"""Looking over an engine's shoulder: what it reads, keeps, plans and fetches during a prescreen."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from gradatim.evidence.warehouse.base import Warehouse

_PYTHON = re.compile(
    r"ArrowEvalPython|BatchEvalPython|PythonUDF|MapIn(?:Pandas|Arrow)|"
    r"FlatMapGroupsInPandas|AggregateInPandas|WindowInPandas|DeserializeTo"
)
_NODES = {
    "scans of Parquet": r"FileScan parquet",
    "exchanges": r"(?<!\w)Exchange ",
    "broadcasts": r"BroadcastExchange",
    "hash aggregates": r"HashAggregate",
    "sort aggregates": r"SortAggregate",
    "windows": r"\bWindow ",
}


def columns_read(warehouse: Warehouse) -> dict[str, set[str]]:
    """Collect, while DuckDB works on a database file, the columns its plans read."""
    found: dict[str, set[str]] = {}

    def look(query: str) -> None:
        plan = warehouse.con.con.execute(f"EXPLAIN (FORMAT json) {query}").fetchall()[0][1]
        for node in _nodes(json.loads(plan)):
            _note(warehouse, node.get("extra_info", {}), found)

    _before_each(warehouse, lambda expr: look(warehouse._query(expr)))  # type: ignore[attr-defined]
    return found


def _nodes(nodes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for node in nodes:
        yield node
        yield from _nodes(node.get("children", []))


def _note(warehouse: Warehouse, told: dict[str, Any], found: dict[str, set[str]]) -> None:
    name = str(told.get("Table", "")).split(".")[-1].strip('"').lower()
    if name not in warehouse.tables:
        return
    text = json.dumps([told.get(key) for key in ("Projections", "Filters")])
    table = warehouse.table(name)
    assert table is not None
    if "person_id" in table.columns:
        words = set(re.findall(r"\w+", text))
        found.setdefault(name, {"person_id"}).update(words.intersection(table.columns))


def rows_taken(warehouse: Warehouse) -> Counter[str]:
    """Count, while an engine works, the rows of the tables of records that it keeps."""
    counted: Counter[str] = Counter()
    keep = warehouse.keep

    def keep_and_count(expr: Any, name: str) -> Any:
        kept = keep(expr, name)
        if not name.startswith("step"):
            rows = warehouse.fetch(kept.aggregate(rows=kept.count()))["rows"][0].as_py()
            counted[name] += rows
        return kept

    setattr(warehouse, "keep", keep_and_count)  # noqa: B010
    return counted


def plans_of(warehouse: Warehouse) -> dict[str, Any]:
    """Collect, while Spark works, what its plans consist of and what its driver is given."""
    found: dict[str, Any] = {
        "queries": 0,
        "kept": 0,
        "python": [],
        "rows": 0,
        "nodes": dict.fromkeys(_NODES, 0),
        "longest": "",
    }

    def look(expr: Any) -> None:
        frame = warehouse._frame(expr)  # type: ignore[attr-defined]
        plan = frame._jdf.queryExecution().executedPlan().toString()
        found["queries"] += 1
        found["python"] += _PYTHON.findall(plan)
        for name, pattern in _NODES.items():
            found["nodes"][name] += len(re.findall(pattern, plan))
        found["longest"] = max(found["longest"], plan, key=len)

    _before_each(warehouse, look)
    batches, keep = warehouse._batches, warehouse._keep

    def counted_batches(expr: Any, rows: int) -> Iterator[Any]:
        for batch in batches(expr, rows):
            found["rows"] += batch.num_rows
            yield batch

    def counted_keep(expr: Any, name: str) -> Any:
        found["kept"] += 1
        return keep(expr, name)

    for name, hook in {"_batches": counted_batches, "_keep": counted_keep}.items():
        setattr(warehouse, name, hook)
    return found


def _before_each(warehouse: Warehouse, look: Callable[[Any], None]) -> None:
    """Look at each expression before it is executed or kept."""
    batches, keep, write = warehouse._batches, warehouse._keep, warehouse._write

    def looked_batches(expr: Any, rows: int) -> Iterator[Any]:
        look(expr)
        yield from batches(expr, rows)

    def looked_keep(expr: Any, name: str) -> Any:
        look(expr)
        return keep(expr, name)

    def looked_write(expr: Any, path: str) -> None:
        look(expr)
        write(expr, path)

    hooks = {"_batches": looked_batches, "_keep": looked_keep, "_write": looked_write}
    for name, hook in hooks.items():
        setattr(warehouse, name, hook)
