"""One measurement of the prescreen, in a process of its own: `prescreen_child.py TASK JSON`.

Prints one line of JSON. A process of its own has a peak of memory of its own, and no caches that
another measurement filled but those of the system.
"""

import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.prescreen_cost import Cost
from benchmarks.prescreen_watched import columns_read, plans_of, rows_taken
from gradatim.evidence.facts import Observed
from gradatim.evidence.omop.options import Options
from gradatim.evidence.omop.tables import SOURCES
from gradatim.evidence.omop.vocabulary import concepts
from gradatim.evidence.warehouse.base import Warehouse
from gradatim.evidence.warehouse.connect import connect
from gradatim.protocol.load import load
from gradatim.screening.prescreen.run import PrescreenResult, Request
from gradatim.screening.prescreen.run import prescreen as run
from gradatim.screening.prescreen.warehouse import OmopPopulation

ON, SCREENED = date(2026, 11, 16), date(2026, 11, 2)
OPTIONS = Options(ON, {kind: Observed() for kind in ("condition", "exposure", "procedure")})
PROTOCOLS = ["nct05962762"]
MEMORY = 4_000_000_000
JSON = dict[str, Any]


def request(protocols: Sequence[str], memory: int, sample: int) -> Request:
    """Ask everything of the protocols, as of one day."""
    documents = [load(one) for one in protocols]
    anchors = [dict.fromkeys(one.study.schedule.anchors, ON) for one in documents]
    for one in anchors:
        one |= {name: SCREENED for name in ("consent", "screening") if name in one}
    return Request(documents, ON, anchors, memory=memory, sample=sample)


def prescreen(
    source: str,
    protocols: Sequence[str] = PROTOCOLS,
    memory: int = MEMORY,
    sample: int = 0,
    servers: Sequence[int] = (),
    keep: str = "",
) -> JSON:
    """Run a prescreen as the command does, from the open connection to the written files."""
    asked = request(protocols, memory, sample)
    with tempfile.TemporaryDirectory() as folder, _opened(source, memory) as warehouse:
        out = Path(folder) / "out"
        with Cost(servers) as cost:
            outcome = run(asked, OmopPopulation(warehouse, OPTIONS), out)
        written = sum(file.stat().st_size for file in out.rglob("*.parquet"))
        if keep:
            shutil.move(out / "verdicts.parquet", keep)
        return {
            **cost.figures(),
            **_told(outcome),
            "written": written,
            "versions": warehouse.versions,
        }


def _opened(source: str, memory: int) -> Warehouse:
    return connect(source, memory=memory // 2)


def _told(outcome: PrescreenResult) -> JSON:
    first = next(iter(outcome.run.values()))
    return {
        "people": first["people"]["screened"],
        "parts": first["seconds"],
        "verified": first["verified"]["sample"],
    }


def scan(
    source: str,
    columns: Mapping[str, Sequence[str]],
    memory: int = MEMORY,
    servers: Sequence[int] = (),
) -> JSON:
    """Scan tables once each, grouped by person, every column used.

    Of numbers and dates the largest is taken, of texts the longest. The people are then counted out
    of the engine by one more row of largest values: nothing that was computed can be left out, and
    no rows travel.
    """
    with _opened(source, memory) as warehouse, Cost(servers) as cost:
        for name, some in columns.items():
            table = warehouse.table(name)
            assert table is not None
            taken = {one: _largest(table[one]) for one in some if one != "person_id"}
            grouped = table.group_by("person_id").agg(**taken)
            found = {one: grouped[one].max() for one in ("person_id", *taken)}
            warehouse.fetch(grouped.agg(**found, people=grouped.count()))
    return cost.figures()


def _largest(column: Any) -> Any:
    return (column.length() if column.type().is_string() else column).max()


def columns(source: str) -> JSON:
    """Tell which columns of which tables a prescreen makes DuckDB read."""
    asked = request(PROTOCOLS, MEMORY, 0)
    with tempfile.TemporaryDirectory() as folder, _opened(source, MEMORY) as warehouse:
        found = columns_read(warehouse)
        run(asked, OmopPopulation(warehouse, OPTIONS), Path(folder) / "out")
    return {name: sorted(some) for name, some in found.items()}


def taken(source: str) -> JSON:
    """Tell how many rows the tables of records have, and how many were taken out of them."""
    asked = request(PROTOCOLS, MEMORY, 0)
    with tempfile.TemporaryDirectory() as folder, _opened(source, MEMORY) as warehouse:
        counted: Counter[str] = rows_taken(warehouse)
        outcome = run(asked, OmopPopulation(warehouse, OPTIONS), Path(folder) / "out")
    rows = next(iter(outcome.run.values()))["rows"]
    return {"rows": sum(rows.values()), "taken": counted.total(), "by_table": dict(counted)}


def plans(source: str) -> JSON:
    """Tell what Spark's plans consist of, and what is fetched to the driver."""
    asked = request(PROTOCOLS, MEMORY, 1)
    with tempfile.TemporaryDirectory() as folder, _opened(source, MEMORY) as warehouse:
        found = plans_of(warehouse)
        run(asked, OmopPopulation(warehouse, OPTIONS), Path(folder) / "out")
    return found


def concepts_of(source: str, elements: Mapping[str, str]) -> JSON:
    """Give the OMOP concepts that stand for elements; of each it is said in which table."""
    study = load(PROTOCOLS[0]).study
    tables = {one.name: one for one in SOURCES}
    with _opened(source, MEMORY) as warehouse:
        known = concepts(warehouse, study)
    return {
        element: [
            id
            for id, some in known.in_table(tables[table]).items()
            if any(one.element == element for one in some)
        ]
        for element, table in elements.items()
    }


TASKS: dict[str, Callable[..., JSON]] = {
    "prescreen": prescreen,
    "scan": scan,
    "columns": columns,
    "taken": taken,
    "plans": plans,
    "concepts": concepts_of,
}

if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](**json.loads(sys.argv[2]))))
