"""What a piece of work cost: processor seconds of a whole tree of processes, wall time, memory.

Threads are counted, and so are Spark's Java and PostgreSQL's server, which are other processes.
Read from /proc; figures of the prescreen are taken on Linux.
"""

import os
import resource
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_TICK = os.sysconf("SC_CLK_TCK")


class Cost:
    """Measures the block it surrounds.

    Args:
        others: processes that work for this one without being its children.
    """

    def __init__(self, others: Iterable[int] = ()) -> None:
        self.roots = [os.getpid(), *others]
        self.cpu = self.wall = 0.0

    def __enter__(self) -> "Cost":
        self.cpu, self.wall = -_processor_seconds(self.roots), -time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu += _processor_seconds(self.roots)
        self.wall += time.perf_counter()

    def figures(self) -> dict[str, Any]:
        """Give seconds, and the peak of memory since the process began, in bytes."""
        return {"cpu": self.cpu, "wall": self.wall, "peak": _peak(self.roots)}


def _processor_seconds(roots: list[int]) -> float:
    """Add up what the living processes took, and what their ended children had taken."""
    return sum(sum(map(int, _stat(pid)[11:15])) for pid in _family(roots)) / _TICK


def _peak(roots: list[int]) -> int:
    """Add up the largest resident sizes; memory that processes share is counted for each."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return own + sum(_largest(pid) for pid in _family(roots) if pid != os.getpid())


def _family(roots: list[int]) -> list[int]:
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (stat := _stat(int(entry))):
            parents[int(entry)] = int(stat[1])
    found = [pid for pid in roots if pid in parents]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def _stat(pid: int) -> list[str]:
    """Give the fields of /proc/PID/stat after the name; the first is the state."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:  # it ended
        return []


def _largest(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)
