"""The measurements of a prescreen: each gives the rows of a table, (a) to (f)."""

import json
import os
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.growth import draw
from benchmarks.prescreen_runs import ROOT, Bench, Job, NotMeasured, say
from benchmarks.prescreen_servers import postgres
from benchmarks.prescreen_variants import only, variants, with_criteria

Row = tuple[str, str, str]
GROWTH = ROOT / "docs" / "images" / "prescreen-growth.svg"
JSON = dict[str, Any]


def duckdb(bench: Bench, people: int) -> Iterator[Row]:
    """(a) All criteria beside a bare grouped scan of the same columns, on DuckDB."""
    source = {"source": f"parquet:{bench.population(people)}"}
    columns = bench.columns()
    ours, bare, lean = bench.in_turn(
        Job("prescreen", source),
        Job("scan", source | {"columns": columns}),
        Job("scan", source | {"columns": _lean(columns)}),
    )
    yield from _beside("DuckDB", people, ours, bare)
    yield (
        "the same beside a scan that leaves out texts and record ids",
        _cost(lean),
        f"{ours['cpu'] / lean['cpu']:.1f} x",
    )
    yield "seconds of wall time by step", _steps(ours), ""
    yield from _rows(bench, source)
    checked = bench.once(Job("prescreen", source | {"sample": 1000}))
    seconds = checked["parts"].get("verify", 0.0)
    yield (
        f"the verification of {checked['verified']} people, apart",
        f"{seconds:.1f} s",
        f"{seconds / checked['wall']:.0%} of that run",
    )


def beside_scan(bench: Bench, people: int) -> Row:
    """Return the cost of a prescreen on DuckDB as a multiple of the bare scan's alone."""
    source = {"source": f"parquet:{bench.population(people)}"}
    scan = Job("scan", source | {"columns": bench.columns()})
    turns = [(bench.once(Job("prescreen", source)), bench.once(scan)) for _ in range(bench.turns)]
    ours, bare = (
        statistics.median(one["cpu"] for one in side) for side in zip(*turns, strict=True)
    )
    ratio = statistics.median(a["cpu"] / b["cpu"] for a, b in turns)
    return (
        f"a prescreen of {people:,} people, DuckDB",
        f"{ours:.1f} CPU s",
        f"{ratio:.1f} x a bare grouped scan of the same columns ({bare:.1f} CPU s)",
    )


def _lean(columns: JSON) -> JSON:
    return {
        name: [one for one in some if one != f"{name}_id" and not one.endswith("_value")]
        for name, some in columns.items()
    }


def _beside(engine: str, people: int, ours: JSON, bare: JSON) -> Iterator[Row]:
    n = ours["people"]
    yield (
        f"all criteria, {engine}, {people:,} people",
        _cost(ours),
        f"{n / ours['wall']:,.0f} people/s; {n / ours['cpu']:,.0f} per CPU s",
    )
    yield (
        f"a bare grouped scan of the same columns, {engine}",
        _cost(bare),
        f"ours takes {ours['cpu'] / bare['cpu']:.1f} x its CPU, "
        f"{ours['wall'] / bare['wall']:.1f} x its time",
    )


def _cost(found: JSON) -> str:
    return f"{found['cpu']:.1f} CPU s, {found['wall']:.1f} s, peak {found['peak'] / 1e9:.2f} GB"


def _steps(found: JSON) -> str:
    return ", ".join(f"{name} {seconds:.1f}" for name, seconds in found["parts"].items())


def _rows(bench: Bench, source: JSON) -> Iterator[Row]:
    found = bench.once(Job("taken", source))
    yield (
        "rows inside the windows, of those in the tables of records",
        f"{found['taken']:,} of {found['rows']:,}",
        f"{found['taken'] / found['rows']:.1%}",
    )


def servers(bench: Bench, people: int) -> Iterator[Row]:
    """(a) The same on PostgreSQL and on Spark, each beside its own bare scan."""
    columns = bench.columns()
    with postgres(bench, people) as server:
        given = {"source": server.source, "servers": [server.pid]}
        pair = bench.in_turn(Job("prescreen", given), Job("scan", given | {"columns": columns}))
    yield from _beside(f"PostgreSQL {server.version}", people, *pair)
    yield "seconds of wall time by step, PostgreSQL", _steps(pair[0]), ""
    try:
        yield from spark(bench, people)
    except NotMeasured as why:
        yield "Spark", "not measured", str(why)


def spark(bench: Bench, people: int) -> Iterator[Row]:
    """(a) On Spark, with two threads; starting Spark is not counted."""
    os.environ["SPARK_MASTER"] = "local[2]"
    given = {"source": f"spark:{bench.population(people)}"}
    columns = bench.columns()
    pair = bench.in_turn(
        Job("prescreen", given | {"sample": 1}), Job("scan", given | {"columns": columns})
    )
    yield from _beside(f"Spark {pair[0]['versions']['spark']}", people, *pair)
    yield "seconds of wall time by step, Spark", _steps(pair[0]), ""


# (b) three criteria that ohdsi-circepy can express too

EXCLUDED = (
    ("E3", "malignancy", "ConditionOccurrence", "condition_occurrence", "5 years", "2021-11-16"),
    ("E9", "biologic", "DrugExposure", "drug_exposure", "3 months", "2026-08-16"),
    (
        "E14",
        "joint_surgery",
        "ProcedureOccurrence",
        "procedure_occurrence",
        "2 months",
        "2026-09-16",
    ),
)
UNTIL = "2026-11-16"


def circe(bench: Bench, people: int) -> Iterator[Row]:
    """(b) The same three exclusions on the same DuckDB database, by ohdsi-circepy and here."""
    if not bench.circe:
        raise NotMeasured("ohdsi-circepy is not installed; give a Python that has it by --circe")
    source = {"source": f"duckdb:{bench.database(people)}"}
    with tempfile.TemporaryDirectory() as folder:
        mine, its = Path(folder) / "mine.parquet", Path(folder) / "its.parquet"
        protocol = only(
            Path(folder), "three", {id: _rule(name, span) for id, name, _, _, span, _ in EXCLUDED}
        )
        job = Job("prescreen", source | {"protocols": [protocol], "keep": str(mine)})
        asked = bench.once(
            Job(
                "concepts",
                source | {"elements": {name: table for _, name, _, table, _, _ in EXCLUDED}},
            )
        )
        command = _command(
            bench,
            people,
            {
                "keep": str(its),
                "excluded": [
                    {
                        "name": id,
                        "table": kind,
                        "concepts": asked[name],
                        "since": since,
                        "until": UNTIL,
                    }
                    for id, name, kind, _, _, since in EXCLUDED
                ],
            },
        )
        pairs = []
        for _ in range(bench.turns):
            mine.unlink(missing_ok=True)
            pairs.append((bench.once(job), bench.told(command)))
        ours, theirs = (min(some, key=lambda one: one["wall"]) for some in zip(*pairs, strict=True))
        same = _agreement(mine, its)
    versions = theirs["versions"]
    yield (
        f"three criteria by ohdsi-circepy {versions['ohdsi-circepy']}, {people:,} people",
        _cost(theirs),
        f"{people / theirs['wall']:,.0f} people/s",
    )
    yield (
        "the same three by gradatim, on the same database",
        _cost(ours),
        f"{people / ours['wall']:,.0f} people/s: {theirs['wall'] / ours['wall']:.1f} x as fast, "
        f"{theirs['cpu'] / ours['cpu']:.1f} x by CPU",
    )
    yield "people who pass all three", same[0], same[1]


def _rule(element: str, span: str) -> JSON:
    return {
        "event": element,
        "within": {"anchor": "first_dose", "from": f"-{span}", "to": "0 days", "bounds": "[]"},
    }


def _command(bench: Bench, people: int, given: JSON) -> list[str]:
    """Circe writes tables of its own: it has a copy of the database."""
    own = bench.work / f"circe-{people}.db"
    if not own.exists():
        shutil.copy(bench.database(people), own)
    return [bench.circe, "-m", "benchmarks.prescreen_circe", str(own), json.dumps(given)]


def _agreement(mine: Path, its: Path) -> tuple[str, str]:
    """Compare, of the people both know, who passes."""
    import duckdb

    worst = f"greatest({', '.join(id for id, *_ in EXCLUDED)})"
    ours, theirs, people, unknown, excluded, passes = duckdb.sql(
        f"SELECT count(*) FILTER (worst = 0), count(*) FILTER (known), count(*), "
        f"count(*) FILTER (worst = 1 AND known), count(*) FILTER (worst = 2 AND known), "
        f"count(*) FILTER (worst = 0 AND NOT known) "
        f"FROM (SELECT {worst} AS worst, person_id IN (SELECT person_id FROM '{its}') AS known "
        f"FROM '{mine}')"
    ).fetchall()[0]
    return (
        f"{ours:,} here, {theirs:,} by ohdsi-circepy, of {people:,} living",
        f"of those whom it passes {unknown:,} are unknown here (a condition without an end) and "
        f"{excluded:,} excluded (by what the source wrote); {passes:,} the other way round",
    )


# (d) many protocols, many criteria ---------------------------------------------------------------


def protocols(bench: Bench, people: int) -> Iterator[Row]:
    """(d) Several protocols in one run, and few to many criteria."""
    source = {"source": f"parquet:{bench.population(people)}"}
    with tempfile.TemporaryDirectory() as folder:
        paths = variants(Path(folder), 20)
        numbers = (1, 2, 5, 10, 20)
        found = bench.in_turn(
            *(Job("prescreen", source | {"protocols": paths[:n]}) for n in numbers)
        )
        yield from _growing("protocols of 47 criteria", numbers, found, people)
        panels = {"protocols of 47 criteria": _points(numbers, found)}
        sizes = (5, 10, 20, 30, 40, 50)
        found = bench.in_turn(
            *(
                Job("prescreen", source | {"protocols": [with_criteria(Path(folder), n)]})
                for n in sizes
            )
        )
        yield from _growing("criteria", sizes, found, people)
        draw(GROWTH, panels | {"criteria": _points(sizes, found)})


def _points(numbers: tuple[int, ...], found: list[JSON]) -> list[tuple[int, float]]:
    return [(n, one["cpu"]) for n, one in zip(numbers, found, strict=True)]


def _growing(what: str, numbers: tuple[int, ...], found: list[JSON], people: int) -> Iterator[Row]:
    first = found[0]["cpu"]
    for n, one in zip(numbers, found, strict=True):
        more = ""
        if n > numbers[0]:
            times = one["cpu"] / first
            each = (one["cpu"] - first) / (n - numbers[0])
            more = (
                f"{times:.1f} x for {n / numbers[0]:.0f} x as many; each more costs "
                f"{each:.2f} CPU s, {each / first:.0%} of the first"
            )
        yield f"{n} {what}, {people:,} people", _cost(one), more


# (e) time and memory by people --------------------------------------------------------------------


def people(bench: Bench, largest: int) -> Iterator[Row]:
    """(e) From few people to many, within 4 GB."""
    sizes = [n for n in (5_000, 100_000, 1_000_000, 3_000_000, 10_000_000) if n <= largest]
    before: JSON = {}
    for n in sizes:
        source = {"source": f"parquet:{bench.population(n)}"}
        one = bench.once(Job("prescreen", source))
        slope = ""
        if before:
            more = one["cpu"] - before["cpu"]
            slope = f"; {more / (one['people'] - before['people']) * 1e6:.1f} µs for each more"
        yield (f"{n:,} people", _cost(one), f"{one['people'] / one['wall']:,.0f} people/s{slope}")
        before = one


# (f) Spark's plan ---------------------------------------------------------------------------------


def plan(bench: Bench, people: int) -> Iterator[Row]:
    """(f) What Spark's plans consist of, and what the driver is given."""
    os.environ["SPARK_MASTER"] = "local[2]"
    found = bench.once(Job("plans", {"source": f"spark:{bench.population(people)}"}))
    nodes = ", ".join(f"{count} {name}" for name, count in found["nodes"].items())
    yield f"Spark's plans, {found['queries']} queries, {found['kept']} of them kept", nodes, ""
    yield "Python in a plan", f"{len(found['python'])} nodes", "0 expected"
    yield (
        f"rows fetched to the driver, {people:,} people",
        f"{found['rows']:,}",
        f"{found['rows'] / people:.3f} a person",
    )
    (bench.work / "spark-plan.txt").write_text(found["longest"])
    say(f"the longest plan is in {bench.work / 'spark-plan.txt'}")
