"""What a traced process wrote, synced and acknowledged, in order."""

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from typing import NamedTuple

CALLS = "trace=fsync,fdatasync,write,pwrite64,writev,pwritev,sendto"
CALL = re.compile(r"^(?:\d+\s+)?(\w+)\((\d+)<([^>]*)>(.*)$")


class Call(NamedTuple):
    """One system call: its name, the file it is about, the rest of the line."""

    name: str
    file: str
    rest: str


def untraceable() -> str:
    """Say why processes cannot be traced here; empty when they can."""
    if not shutil.which("strace"):
        return "strace is not installed: that an fsync precedes each acknowledgement is not shown"
    tried = subprocess.run(["strace", "-f", "-y", "true"], capture_output=True, text=True)
    return f"strace may not trace here: {tried.stderr[:200]}" if tried.returncode else ""


def calls(lines: Iterable[str]) -> Iterator[Call]:
    """Read strace's output (with -y); calls that were interrupted are put together."""
    begun: dict[str, str] = {}
    for line in lines:
        process = line.split(maxsplit=1)[0]
        if "<unfinished ...>" in line:
            begun[process] = line.partition("<unfinished ...>")[0]
            continue
        if "resumed>" in line:
            line = begun.pop(process, "") + line.partition("resumed>")[2]
        found = CALL.match(line)
        if found:
            yield Call(found[1], found[3], found[4])


def unsynced(traced: Iterable[Call], log: str, acknowledgement: str) -> tuple[int, int]:
    """Count acknowledgements, and those before which the log was not written and then synced.

    Args:
        traced: system calls in order.
        log: what the path of the log's file contains.
        acknowledgement: what the bytes of an acknowledgement contain.
    """
    acknowledged = bad = 0
    written = synced = False
    for call in traced:
        if log in call.file and call.name in ("fsync", "fdatasync"):
            synced = written and call.rest.rstrip().endswith("= 0")
        elif log in call.file:
            written, synced = True, False
        elif acknowledgement in call.rest:
            acknowledged += 1
            bad += not synced
            written = synced = False
    return acknowledged, bad
