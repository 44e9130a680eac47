"""Many whole trials in which much goes wrong, held against a second reading of the rules.

    python -m benchmarks histories [NUMBER] [FIRST]

Each is simulated from its seed and read by `tests/conduct/checker.py`, which shares no code with
what decides. Every difference is printed; one is one too many.
"""

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from tests.conduct.disturbed import disturbed, entries_of, told_wrongly

NUMBER, CHUNK = 10_000, 10


class _Read(NamedTuple):
    """What came of one history."""

    seed: int
    entries: int
    authorised: int
    wrong: list[str]


def read(seed: int) -> _Read:
    """Return what the checker says of one history."""
    trial = disturbed(seed)
    entries = entries_of(trial)
    authorised = sum(one["event"] == "PreDoseChecklistSigned" for one in entries)
    return _Read(seed, len(entries), authorised, told_wrongly(trial))


def main(options: list[str]) -> int:
    """Read the histories; return 1 if there is a difference."""
    number = int(options[0]) if options else NUMBER
    first = int(options[1]) if len(options) > 1 else 0
    entries = authorised = differences = 0
    began = time.monotonic()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for one in pool.map(read, range(first, first + number), chunksize=CHUNK):
            entries, authorised = entries + one.entries, authorised + one.authorised
            differences += len(one.wrong)
            for found in one.wrong[:5]:
                print(f"history {one.seed}: {found}", flush=True)
    print(
        f"{number:,} histories, {entries:,} entries, {authorised:,} doses authorised, "
        f"{differences} differences, {time.monotonic() - began:,.0f} s"
    )
    return int(differences > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
