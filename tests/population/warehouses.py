"""Warehouses to prescreen in tests, on any engine, and what a run writes of them."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gradatim.evidence.facts import Observed
from gradatim.evidence.omop.options import Options
from gradatim.evidence.warehouse.base import Warehouse
from gradatim.evidence.warehouse.connect import connect
from gradatim.protocol.load import Document, load
from gradatim.screening.prescreen.run import PrescreenResult, Request, prescreen
from gradatim.screening.prescreen.warehouse import OmopPopulation
from gradatim.synthetic.population import write_population
from tests.engines import Engine

ON, SCREENED = date(2026, 11, 16), date(2026, 11, 2)
OPTIONS = Options(ON, {kind: Observed() for kind in ("condition", "exposure", "procedure")})
SHARED = Path(__file__).parents[3] / "shared/data/omop-gibleed"
FILES = ("verdicts", "reasons", "margins")


def people(folder: Path, number: int = 250) -> Path:
    """Make up a warehouse of Parquet files in which many are candidates."""
    write_population(folder, number, 5, candidates=0.5, as_of=ON)
    return folder


def request(document: Document, **options: Any) -> Request:
    """Ask a protocol's criteria on the day of the made-up first dose."""
    anchors = dict.fromkeys(document.study.schedule.anchors, ON)
    anchors |= {name: SCREENED for name in ("consent", "screening") if name in anchors}
    return Request([document], ON, [anchors], **{"sample": 30, **options})


def run(
    warehouse: Warehouse,
    out: Path,
    document: Document | None = None,
    population: type[OmopPopulation] = OmopPopulation,
    **options: Any,
) -> PrescreenResult:
    """Prescreen the people of a warehouse."""
    asked = request(document or load("nct05962762"), **options)
    return prescreen(asked, population(warehouse, OPTIONS), out)


def opened(folder: Path) -> Warehouse:
    """Open a folder of Parquet files."""
    return connect(f"parquet:{folder}", threads=2)


def loaded(engine: Engine, folder: Path) -> Warehouse:
    """Load a folder of Parquet files into an engine, and open it."""
    for file in sorted(folder.glob("*.parquet")):
        engine.load(file.stem, pq.read_table(file))
    return engine.open()


def written(out: Path) -> Mapping[str, dict[str, list[Any]]]:
    """Give what a run wrote, the people in the order of their ids."""
    return {name: _rows(pq.read_table(out / f"{name}.parquet")) for name in FILES}


def _rows(table: pa.Table) -> dict[str, list[Any]]:
    ordered: dict[str, list[Any]] = table.sort_by("person_id").to_pydict()
    return ordered


def assert_equal(
    one: Mapping[str, dict[str, list[Any]]], other: Mapping[str, dict[str, list[Any]]]
) -> None:
    """Hold what two runs wrote to the same: every column, margins as far as engines round alike."""
    for name in FILES:
        assert set(one[name]) == set(other[name])
        for column, values in one[name].items():
            others = other[name][column]
            if name == "margins" and column != "person_id":
                assert list(map(_rounded, values)) == list(map(_rounded, others)), column
            else:
                assert values == others, (name, column)


def _rounded(margin: float | None) -> str:
    return "" if margin is None else f"{margin + 0.0:.5f}"
