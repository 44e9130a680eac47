"""Measurements in processes of their own, in turns, within a bounded time; populations to measure.

A figure is the best of several turns: whatever else a machine does only makes work slower.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from gradatim.synthetic.population import write_population

ROOT = Path(__file__).parent.parent
JSON = dict[str, Any]
SEED = 1


class NotMeasured(Exception):
    """Something that a measurement needs is not there, or time was up; the message says what."""


class Job(NamedTuple):
    """A measurement: a task of `prescreen_child.py` and what it is given."""

    task: str
    given: JSON


class Bench:
    """Where populations are, how often each thing is measured, and until when.

    Args:
        work: a folder for populations and databases; what is there is used again.
        turns: how often each thing is measured.
        minutes: how long everything together may take.
        circe: a Python in which ohdsi-circepy is installed, if any.
    """

    def __init__(self, work: Path, turns: int, minutes: float, circe: str = "") -> None:
        self.work, self.turns, self.circe = work, turns, circe
        self._until = time.monotonic() + 60 * minutes
        self._columns: JSON = {}

    def population(self, people: int) -> Path:
        """Give a folder with so many people, clustered by person, made unless it is there."""
        folder = self.work / f"people-{people}"
        if not folder.exists():
            self.left()
            say(f"making {people:,} people")
            write_population(folder, people, SEED)
        return folder

    def database(self, people: int) -> Path:
        """Give a DuckDB database of so many people."""
        import duckdb

        file, folder = self.work / f"people-{people}.db", self.population(people)
        if not file.exists():
            beside = file.with_suffix(".unfinished")
            beside.unlink(missing_ok=True)
            with duckdb.connect(str(beside)) as con:
                for table in sorted(folder.glob("*.parquet")):
                    con.execute(f"CREATE TABLE {table.stem} AS FROM read_parquet('{table}')")
            beside.rename(file)
        return file

    def columns(self) -> JSON:
        """Give the columns that a prescreen reads, as DuckDB's plans for a small population say."""
        if not self._columns:
            self._columns = self.once(Job("columns", {"source": f"duckdb:{self.database(5000)}"}))
        return self._columns

    def left(self) -> float:
        """Give the seconds that are left.

        Raises:
            NotMeasured: none are.
        """
        seconds = self._until - time.monotonic()
        if seconds <= 0:
            raise NotMeasured("time was up")
        return seconds

    def once(self, job: Job, python: str = sys.executable) -> JSON:
        """Measure once.

        Raises:
            NotMeasured: it failed, or took too long.
        """
        command = [python, "-m", "benchmarks.prescreen_child", job.task, json.dumps(job.given)]
        return self.told(command)

    def told(self, command: list[str]) -> JSON:
        """Run a command whose last line is JSON; raises as `once`."""
        try:
            ended = subprocess.run(
                command, capture_output=True, text=True, cwd=ROOT, timeout=self.left()
            )
        except subprocess.TimeoutExpired:
            raise NotMeasured("time was up") from None
        lines = ended.stdout.strip().splitlines()
        if ended.returncode or not lines:
            said = ended.stderr.strip().splitlines() or ["nothing was said"]
            raise NotMeasured(f"{command[3]} failed: {said[-1]}")
        found: JSON = json.loads(lines[-1])
        say(f"{command[3]}: {found.get('cpu', 0):.1f} CPU s, {found.get('wall', 0):.1f} s")
        return found

    def in_turn(self, *jobs: Job) -> list[JSON]:
        """Measure several things in turn, A B A B ..., and give the best of each.

        What has been measured at least once is given when time is up.
        """
        best: list[JSON] = []
        for turn in range(self.turns):
            try:
                found = [self.once(job) for job in jobs]
            except NotMeasured:
                if not turn:
                    raise
                break
            best = [min(pair, key=_cpu) for pair in zip(best or found, found, strict=True)]
        return best

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Say how long something took that is not measured."""
        begun = time.monotonic()
        yield
        say(f"{what}: {time.monotonic() - begun:.0f} s")


def _cpu(found: JSON) -> float:
    seconds: float = found["cpu"]
    return seconds


def say(text: str) -> None:
    """Tell of progress."""
    print(text, file=sys.stderr, flush=True)
