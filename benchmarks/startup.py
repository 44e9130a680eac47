"""Start-up of the command, beside starting Python alone."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


def rows() -> Iterator[tuple[str, str, str]]:
    """Give what was measured: title, figures, ratio to the limit."""
    command = str(Path(sys.executable).parent / "gradatim")
    ours, bare = [command, "--help"], [sys.executable, "-c", "pass"]
    times = [(_child_seconds(ours), _child_seconds(bare)) for _ in range(9)]
    mine, python = sorted(a for a, _ in times)[4], sorted(b for _, b in times)[4]
    ratio = sorted(a / b for a, b in times)[4]
    yield (
        "gradatim --help (whole process)",
        f"{mine:.3f} CPU s",
        f"{ratio:.1f} x starting Python alone ({python:.3f} s)",
    )


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _child_seconds(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _run(command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
