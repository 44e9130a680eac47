"""Synthetic files of a prescreen: random truths for a protocol's columns, told as a prescreen does.

The truths are made first, from values that people have; margins and reasons follow from them.
"""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gradatim.protocol.load import Document, load
from gradatim.screening.feasibility.columns import alternatives, columns
from gradatim.screening.feasibility.movable_limits import movable

TRIAL = "nct05962762"


def trial() -> Document:
    return load(TRIAL)


def truths(document: Document, people: int, seed: int = 7) -> dict[str, np.ndarray]:
    """Give every column: warehouse criteria mostly known, the others mostly not."""
    rng = np.random.default_rng(seed)
    found = {}
    for column in columns(document.study, {}):
        unknown = 0.12 if column.warehouse else 0.985
        failing = float(rng.choice([0.004, 0.03, 0.12]))
        draw = rng.random(people)
        known = np.where(draw < unknown + failing * (1 - unknown), column.fails, column.passes)
        found[column.name] = np.where(draw < unknown, 1, known).astype(np.int8)
    for _, changed in alternatives(document.study, {}):
        for column in changed:
            other = found[column.criterion.id].copy()
            moved = rng.random(people) < 0.03
            other[moved] = rng.integers(0, 3, int(moved.sum()))
            found.setdefault(column.name, other)
    return found


def margins(document: Document, verdicts: dict[str, np.ndarray], seed: int = 8):
    """Give margins on the side that the verdict says, some of them out of reach."""
    rng = np.random.default_rng(seed)
    found = {}
    for column in columns(document.study, {}):
        truth = verdicts[column.name]
        for limit in movable(column):
            way = 1.0 if limit.upward else -1.0
            size = np.round(rng.exponential(0.4, len(truth)), 2)
            value = np.where(truth == column.fails, way * size, -way * size)
            value[rng.random(len(truth)) < 0.1] = np.inf
            found[limit.column] = np.where(truth == 1, np.nan, value)
    return found


def write(
    folder: Path,
    document: Document,
    verdicts: dict[str, np.ndarray],
    *,
    parts: int = 1,
    sites: int = 0,
    with_margins: bool = True,
) -> Path:
    """Write the folder of a prescreen, as one file or as a folder of parts."""
    folder.mkdir(parents=True, exist_ok=True)
    people = len(next(iter(verdicts.values())))
    ids = pa.array(np.arange(people, dtype=np.int64) + 1000)
    rng = np.random.default_rng(5)
    used = columns(document.study, {})
    failed = np.any([verdicts[one.name] == one.fails for one in used], axis=0)
    open = np.sum([verdicts[one.name] == 1 for one in used if one.warehouse], axis=0)
    unknown = np.any([verdicts[one.name] == 1 for one in used], axis=0)
    status = np.where(failed, "ineligible", np.where(unknown, "undetermined", "eligible"))
    table = {"person_id": ids}
    if sites:
        table["site"] = pa.array([f"site {n:02d}" for n in rng.integers(0, sites, people)])
    table |= {name: pa.array(values) for name, values in verdicts.items()}
    table |= {"status": pa.array(status), "open": pa.array(open.astype(np.int16))}
    _save(folder, "verdicts", pa.table(table), parts)
    reasons = {
        name: np.where(values == 1, rng.integers(1, 9, people), 0).astype(np.int8)
        for name, values in verdicts.items()
    }
    _save(folder, "reasons", pa.table({"person_id": ids, **reasons}), parts)
    if with_margins:
        numbers = {
            name: pa.array(values, from_pandas=True)
            for name, values in margins(document, verdicts).items()
        }
        _save(folder, "margins", pa.table({"person_id": ids, **numbers}), parts)
    (folder / "run.json").write_text(json.dumps(run(document, people)), encoding="utf-8")
    return folder


def _save(folder: Path, file: str, table: pa.Table, parts: int) -> None:
    if parts == 1:
        pq.write_table(table, folder / f"{file}.parquet", row_group_size=70_000)
        return
    (folder / f"{file}.parquet").mkdir(exist_ok=True)
    size = -(-table.num_rows // parts)
    for n in range(parts):
        pq.write_table(table.slice(n * size, size), folder / f"{file}.parquet/part-{n:05}.parquet")


def run(document: Document, people: int) -> dict[str, object]:
    study = document.study.study
    return {
        "schema": "gradatim.run/1",
        "protocol": {"id": study.id, "version": study.version, "sha256": document.sha256},
        "source": "parquet:/data/omop",
        "engine": {"name": "duckdb", "version": "1.5.6"},
        "on": "2026-11-16",
        "anchors": {"screening": "2026-11-02", "first_dose": "2026-11-16"},
        "people": {"read": people + 1203, "screened": people, "deceased": 1203},
        "rows": {"measurement": 48_102_331, "drug_exposure": 9_200_001},
        "coverage": {"condition": "exhaustive over observation_period"},
        "seconds": {"read": 6.2, "judge": 3.1},
        "verified": {"sample": 1000, "differences": 0},
    }
