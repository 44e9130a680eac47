"""What seals cost: appends with and without, verification of sealed ledgers.

    TMPDIR=/dev/shm python -m benchmarks.seals

Appends of 400 bytes, one after the other in turn, to a ledger that is not sealed and to one that
is, in one database; in memory, where no disk hides the difference. Verified are 200,000 entries.
"""

import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.conduct import PLAIN, postgres
from benchmarks.page import Row, machine, write_table
from gradatim.conduct.event_store import StoreMode
from gradatim.conduct.ledger import verify
from gradatim.conduct.sealing.stores import SealingKeys
from gradatim.conduct.stores import open_store
from tests.conduct.ledgers import TRIAL
from tests.conduct.sealed import adopt, adoption, numbered, resealed

APPENDS, LARGE, TOGETHER = 2_000, 200_000, 1_000


def main() -> None:
    """Measure, print, and write the table for the documentation."""
    write_table("seals", machine(), rows())


def rows() -> Iterator[Row]:
    """Yield the lines of the table."""
    with tempfile.TemporaryDirectory() as folder:
        yield _appending("SQLite", f"sqlite:///{Path(folder) / 'trial.sqlite'}", Path(folder))
        with postgres() as url:
            yield _appending("PostgreSQL", url, Path(folder) / "large")
    yield from _verifying()


def _appending(name: str, url: str, folder: Path) -> Row:
    """Time one append of each kind after the other."""
    keys = SealingKeys(folder / "sealing", random.randbytes)
    store = open_store(url, StoreMode.CREATE, keys)
    adopt(store, keys)
    heads = {"plain": store.head("plain"), TRIAL: store.head(TRIAL)}
    times: dict[str, list[float]] = {trial: [] for trial in heads}
    for _ in range(APPENDS):
        for trial, head in heads.items():
            begun = time.perf_counter()
            heads[trial] = store.append(trial, [PLAIN], head)
            times[trial].append(time.perf_counter() - begun)
    store.close()
    plain, sealed = (1e6 * statistics.median(times[trial]) for trial in ("plain", TRIAL))
    return (
        f"{name}: what a seal adds to an append, at the median",
        f"{sealed - plain:.0f} µs",
        f"{sealed:.0f} µs against {plain:.0f} µs",
    )


def _verifying() -> Iterator[Row]:
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    entries = numbered(LARGE, adoption(key.public_key().public_bytes_raw()))
    batches = [*range(TOGETHER, LARGE + 1, TOGETHER)]
    for what, at in (
        ("not sealed", []),
        (f"sealed by the {TOGETHER:,}", batches),
        ("each sealed by itself", [*range(1, LARGE + 1)]),
    ):
        seals = resealed(entries, at, key)
        some = entries if at else numbered(LARGE)
        times = []
        for _ in range(3):
            begun = time.perf_counter()
            assert verify(some, TRIAL, seals=seals).ok
            times.append(time.perf_counter() - begun)
        yield f"verify, {what}", f"{LARGE / min(times):,.0f} events/s", ""


if __name__ == "__main__":
    main()
