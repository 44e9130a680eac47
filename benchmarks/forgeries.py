"""Alterations of a sealed ledger at random, by somebody with every right to its database.

    python -m benchmarks.forgeries [HOW MANY]

Up to three at a time, of entries and of seals, with the chain of hashes left broken or made to fit.
Counted is which are found; an older copy of the ledger is none, for only a checkpoint tells that.
Ends with 1 where one is not found.
"""

import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from gradatim.conduct.ledger import verify
from tests.conduct.ledgers import TRIAL
from tests.conduct.sealed import ALTERATIONS, altered, is_older_copy, many_appends

HOW_MANY, SEED = 10_000, 5962762


def main(how_many: int = HOW_MANY) -> int:
    """Alter, verify, and print what was found by kind of alteration."""
    with tempfile.TemporaryDirectory() as folder:
        rows = many_appends(Path(folder))
    rng, found, missed = random.Random(SEED), Counter[str](), list[str]()
    while found.total() + len(missed) < how_many:
        kinds = rng.choices(ALTERATIONS, k=rng.randint(1, 3))
        now = altered(rows, kinds, rng, fitting=rng.random() < 0.5)
        if now == rows or is_older_copy(now, rows):
            continue
        names = " and ".join(one.__name__ for one in kinds)
        if verify(now[0], TRIAL, seals=now[1]).ok:
            missed.append(names)
        else:
            found[kinds[0].__name__] += 1
    for name, times in sorted(found.items()):
        print(f"{name.replace('_', ' '):<30} {times:>6} found")
    print(f"{found.total()} of {how_many} found", *missed, sep="\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
