"""The prescreen measured: `python -m benchmarks.prescreen --work DIR [--only a,b] ...`.

Each part replaces its own table in docs/benchmarks.md, with the day, the commit and the machine, so
that one part can be measured again alone. Every measurement is a process of its own; what is
compared runs in turns; the best of the turns counts.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import cql_judge
from benchmarks import prescreen_sections as sections
from benchmarks.page import machine, table, write_section
from benchmarks.prescreen_runs import Bench, NotMeasured

Part = Callable[[Bench, int], Iterator[sections.Row]]
PARTS: dict[str, tuple[Part, int]] = {
    "duckdb": (sections.duckdb, 1_000_000),
    "servers": (sections.servers, 100_000),
    "circe": (sections.circe, 1_000_000),
    "protocols": (sections.protocols, 100_000),
    "people": (sections.people, 10_000_000),
    "plan": (sections.plan, 5_000),
    "cql": (lambda _, people: cql_judge.rows(people), 5_000),
}
"""Each part by name, with how many people it is measured on unless told otherwise."""


def main() -> None:
    """Measure the parts asked for, print them, and write them into the page."""
    asked = _arguments()
    bench = Bench(asked.work.absolute(), asked.turns, asked.minutes, asked.circe)
    bench.work.mkdir(parents=True, exist_ok=True)
    for name in asked.only.split(","):
        part, people = PARTS[name]
        text = table(_head(asked.turns), _rows(part, bench, min(people, asked.people)))
        if not asked.dry:
            write_section(f"prescreen {name}", text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.prescreen")
    parser.add_argument(
        "--work",
        type=Path,
        required=True,
        help="folder for populations and databases; about 8 GB for everything",
    )
    parser.add_argument("--only", default=",".join(PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--people", type=int, default=10_000_000, help="no more than these")
    parser.add_argument("--turns", type=int, default=3, help="how often each is measured")
    parser.add_argument("--minutes", type=float, default=60, help="for everything together")
    parser.add_argument("--circe", default="", help="a Python that has ohdsi-circepy")
    parser.add_argument("--dry", action="store_true", help="print only")
    return parser.parse_args()


def _rows(part: Part, bench: Bench, people: int) -> Iterator[sections.Row]:
    try:
        yield from part(bench, people)
    except NotMeasured as why:
        yield "the rest of this table", "not measured", str(why)


def _head(turns: int) -> str:
    return f"{machine('duckdb', 'ibis-framework', 'pyarrow', 'numpy')}; best of {turns}."


if __name__ == "__main__":
    main()
