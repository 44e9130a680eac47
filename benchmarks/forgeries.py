"""Alterations of a sealed ledger at random, by somebody with every right to its database.

    python -m benchmarks.forgeries [HOW MANY]

Up to three at a time, of entries and of seals, with the chain of hashes left broken or made to fit;
then as many by somebody who has the sealing key too, of a ledger that two people signed. Counted is
which are found; an older copy of the ledger is none, for only a checkpoint tells that, nor is what
stands after the last signature, which nobody signed. Ends with 1 where one is not found.
"""

import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from gradatim.conduct.ledger import verify
from tests.conduct.ledgers import TRIAL
from tests.conduct.sealed import ALTERATIONS, altered, is_older_copy, many_appends
from tests.conduct.signing import (
    NAME,
    alter_with_the_sealing_key,
    only_a_checkpoint_tells,
    signed_by_two,
)

HOW_MANY, SEED = 10_000, 5962762


def main(how_many: int = HOW_MANY) -> int:
    """Alter, verify, and print what was found."""
    missed = [*_without_the_key(how_many), *_with_the_key(how_many)]
    for one in missed:
        print(one)
    return 1 if missed else 0


def _without_the_key(how_many: int) -> list[str]:
    """Alter by the rights to the database; return what was not found."""
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
    print(f"{found.total()} of {how_many} found")
    return missed


def _with_the_key(how_many: int) -> list[str]:
    """Alter what was signed, with the sealing key; return what was not found."""
    rng, rows, found, missed = random.Random(SEED), signed_by_two(), 0, list[str]()
    while found + len(missed) < how_many:
        now = alter_with_the_sealing_key(rows, rng)
        if only_a_checkpoint_tells(now, rows):
            continue
        if verify(now, NAME).ok:
            missed.append(f"with the sealing key: {[one.body for one in now]}")
        else:
            found += 1
    print(f"{found} of {how_many} with the sealing key found, by signatures of people")
    return missed


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
