"""A write-ahead log torn or altered after the last sync, and what SQLite makes of it.

`python -m tests.conduct.torn FOLDER STEP` tears at every STEP-th byte and prints figures as JSON.
"""

import json
import random
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from gradatim.conduct.ledger import verify
from gradatim.conduct.stores import Head, StoreMode, open_store
from tests.conduct.faults import batch
from tests.conduct.ledgers import TRIAL

HEADER, FRAME = 32, 24 + 4096  # bytes: of the log, and of a frame with its page


class Synced(NamedTuple):
    """How long the log was when a head was acknowledged."""

    size: int
    head: Head


class Recorded(NamedTuple):
    """A ledger's files while it is in use, and what had been acknowledged at which length."""

    database: bytes
    log: bytes
    synced: tuple[Synced, ...]


def record(folder: Path, batches: int = 6, seed: int = 1) -> Recorded:
    """Record batches without a checkpoint between: all of them are in the log."""
    path, rng, synced = folder / "original.sqlite", random.Random(seed), []
    log = path.with_name(path.name + "-wal")
    store: Any = open_store(str(path), StoreMode.CREATE)
    store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    head = store.head(TRIAL)
    for _ in range(batches):
        head = store.append(TRIAL, batch(rng), head)
        synced.append(Synced(log.stat().st_size, head))
    recorded = Recorded(path.read_bytes(), log.read_bytes(), tuple(synced))
    store.close()
    return recorded


def recovered(folder: Path, database: bytes, log: bytes) -> tuple[Head, bool, bool]:
    """Open what a crash has left: the head, whether the chain holds, whether it can go on."""
    path = folder / "torn.sqlite"
    path.write_bytes(database)
    path.with_name(path.name + "-wal").write_bytes(log)
    path.with_name(path.name + "-shm").unlink(missing_ok=True)
    with closing(open_store(str(path), StoreMode.WRITE)) as store:
        head = store.head(TRIAL)
        holds = verify(store.read(TRIAL), TRIAL).ok
        after = store.append(TRIAL, [(b"{}", "after the crash")], head)
        goes_on = after.position == head.position + 1 and verify(store.read(TRIAL), TRIAL).ok
    return head, holds, goes_on


def torn(recorded: Recorded, step: int) -> Iterator[tuple[str, bytes, Head]]:
    """Give logs cut, altered and overrun after each sync, and the head that must be there."""
    log = recorded.log
    for now, later in zip(recorded.synced, recorded.synced[1:], strict=False):
        ends = range(now.size, later.size, FRAME)
        edges = {end + by for end in ends for by in (0, 1, 24)}
        cuts = edges.union(range(now.size, later.size, step))
        for at in sorted(cuts):
            yield f"cut at {at}", log[:at], now.head
        for at in range(now.size, later.size, step):
            altered = log[:at] + bytes([log[at] ^ 0x55]) + log[at + 1 : later.size]
            yield f"altered at {at}", altered, now.head
        for end in ends:
            yield f"zeros from {end}", log[:end] + bytes(later.size - end), now.head
            yield f"old frame at {end}", log[:end] + log[HEADER : HEADER + FRAME], now.head
    yield "whole", log, recorded.synced[-1].head


def run(folder: Path, step: int, batches: int = 6) -> dict[str, int]:
    """Tear, open, compare; the last three figures must be 0."""
    recorded = record(folder, batches)
    figures = {"torn": 0, "lost_or_invented": 0, "broken_chains": 0, "cannot_go_on": 0}
    for _, log, expected in torn(recorded, step):
        head, holds, goes_on = recovered(folder, recorded.database, log)
        figures["torn"] += 1
        figures["lost_or_invented"] += head != expected
        figures["broken_chains"] += not holds
        figures["cannot_go_on"] += not goes_on
    return figures


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]), int(sys.argv[2]))))
