"""Dose finding: exact operating characteristics beside simulating them, and what each costs.

    python -m benchmarks.dosefinding            measure, and write the table of docs/benchmarks.md
    python -m benchmarks.dosefinding --large    with eight doses and sixty participants as well

Exact work is measured beside the time that the same machine needs to touch the states' bytes once;
whole processes beside starting Python with numpy.
"""

import argparse
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np

from benchmarks.measure import in_turn
from benchmarks.page import Row, write_table
from gradatim.dosefinding.characteristics.exact import CompiledDesign, compile_design, final_states
from gradatim.dosefinding.characteristics.final_states import summarise
from gradatim.dosefinding.characteristics.simulate import TrialTiming, simulate_trials
from gradatim.dosefinding.designs.registry import build, settings_for
from gradatim.dosefinding.designs.settings import DesignSettings

RATES = np.array((0.05, 0.12, 0.30, 0.45, 0.60))
EIGHT = np.array((0.02, 0.05, 0.12, 0.20, 0.30, 0.40, 0.50, 0.60))
CONDUCT = TrialTiming(between_arrivals=10, window=28, sentinel=14, stagger=3, review=7)
TRIALS = 200_000
BOIN = settings_for("boin", 5, target=0.3)


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--large", action="store_true", help="also 8 doses and 60 participants")
    measure(parser.parse_args().large)


def measure(large: bool) -> None:
    """Measure and write the table."""
    head = f"Python {platform.python_version()}, {platform.machine()}, numpy {version('numpy')}."
    write_table("dosefinding", head, rows(large))


def rows(large: bool) -> Iterator[Row]:
    """Give what was measured: title, figures, ratio."""
    yield from guarded_rows()
    yield _compiling(
        "CRM as dfcrm, 5 doses, 30 one by one",
        settings_for("crm", 5, target=0.3, cohort_size=1, cohorts=30, safety="off"),
    )
    yield _compiling("BLRM, 5 doses, 10 cohorts of 3", settings_for("blrm", 5))
    if large:
        yield _compiling(
            "BOIN, 8 doses, 20 cohorts of 3",
            settings_for("boin", 8, target=0.3, cohorts=20),
            rounds=1,
        )
    yield from _simulating(BOIN)
    yield _whole_process()


def guarded_rows() -> Iterator[Row]:
    """Yield what is measured in seconds: two exact designs, and one scenario more."""
    yield _compiling("BOIN, 5 doses, 10 cohorts of 3", BOIN)
    yield _scenario(BOIN)
    yield _compiling(
        "CRM as dfcrm, 5 doses, 10 cohorts of 3", settings_for("crm", 5, target=0.3, safety="off")
    )


def _compiling(title: str, settings: DesignSettings, rounds: int = 5) -> Row:
    design = build(settings)
    compiled = compile_design(design, limit=None)
    pair = in_turn(lambda: compile_design(design, limit=None), lambda: _touch(compiled), rounds)
    visited, ends = compiled.visited, len(compiled.ways)
    return (
        f"exact: {title}",
        f"{_time(pair.a)}; {visited:,} states on the way, {ends:,} at the end",
        f"{pair.ratio:,.0f} x reading the final states once",
    )


def _touch(compiled: CompiledDesign) -> None:
    """Read every byte of the final states once."""
    compiled.n.sum()
    compiled.y.sum()
    compiled.ways.sum()


def _scenario(settings: DesignSettings) -> Row:
    compiled = compile_design(build(settings))
    pair = in_turn(
        lambda: summarise(final_states(compiled, RATES), RATES, 0.3, "exact"),
        lambda: _touch(compiled),
    )
    return (
        "a further scenario, BOIN 5 x 30, everything",
        _time(pair.a),
        f"{pair.ratio:.0f} x reading the final states once",
    )


def _simulating(settings: DesignSettings) -> Iterator[Row]:
    design = build(settings)
    for title, conduct in (("outcomes only", None), ("accrual, sentinel, windows", CONDUCT)):
        run = partial(simulate_trials, design, RATES, TRIALS, 1, conduct=conduct)
        both, one = _median(run, 5), _median(partial(run, threads=1), 5)
        draws = _median(_draws, 5)
        yield (
            f"simulated: BOIN 5 x 30, {title}, 2 threads",
            f"{TRIALS / both:,.0f} trials a second",
            f"{one / both:.2f} x one thread; {both / draws:.1f} x its random draws",
        )


def _draws() -> None:
    np.random.Generator(np.random.SFC64(1)).random(TRIALS * 30)


def _whole_process() -> Row:
    command = str(Path(sys.executable).parent / "gradatim")
    ours = [
        command,
        "design",
        "oc",
        "--design",
        "boin",
        "--target",
        "0.3",
        "--json",
        "--truth",
        ",".join(map(str, RATES)),
    ]
    bare = [sys.executable, "-c", "import numpy"]
    times = [(_wall(ours), _wall(bare)) for _ in range(9)]
    a, b = statistics.median(t for t, _ in times), statistics.median(t for _, t in times)
    return (
        "gradatim design oc (whole process)",
        _time(a),
        f"{a / b:.1f} x Python with numpy ({b:.3f} s)",
    )


def _wall(command: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begun


def _median(call: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:.2g} ms" if seconds < 0.1 else f"{seconds:.2f} s"


if __name__ == "__main__":
    main()
