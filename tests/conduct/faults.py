"""Writers that are killed at any moment, and what must be left of a ledger afterwards.

`python -m tests.conduct.faults FOLDER|postgresql://... KILLS SEED` prints the figures as JSON. It
is a process of its own because it forks: each writer is a child that records batches of events and
acknowledges each on a pipe once `append` has returned.
"""

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple, NoReturn

from gradatim.conduct.ledger import Entry, verify
from gradatim.conduct.stores import Head, HeadMoved, Store, StoreMode, open_store
from gradatim.core.errors import UnusableInput

KILLS_A_LEDGER = 25
LONGEST_LIFE = 0.04  # seconds from the first acknowledgement to SIGKILL


class Place(NamedTuple):
    """One ledger under test."""

    url: str
    trial: str


class Acknowledged(NamedTuple):
    """A writer's word: the head after its batch."""

    position: int
    hash: str


@dataclass
class Figures:
    """What a run has seen; the last four must be 0.

    A batch that was kept though its writer was killed before it could say so is no fault.
    """

    kills: int = 0
    acknowledged: int = 0
    kept_unacknowledged: int = 0
    lost: int = 0
    half_written: int = 0
    broken_chains: int = 0
    refused_openings: int = 0


@dataclass
class Told:
    """All that writers of one ledger have acknowledged, and how many events were found last."""

    batches: list[Acknowledged] = field(default_factory=list)
    events: int = 0


def batch(rng: random.Random) -> list[tuple[bytes, str]]:
    """One to four events, some as large as several pages, each saying how many belong together."""
    name, size = f"{rng.getrandbits(64):016x}", rng.randint(1, 4)
    long = rng.choice((10, 300, 300, 9000))
    return [
        (json.dumps({"batch": name, "n": n, "of": size, "pad": "x" * long}).encode(), f"{name}-{n}")
        for n in range(size)
    ]


def write(place: Place, acknowledge: Callable[[Head], object], rng: random.Random) -> NoReturn:
    """Record batch after batch until killed."""
    store = open_store(place.url, StoreMode.CREATE)
    head = store.head(place.trial)
    while True:
        try:
            head = store.append(place.trial, batch(rng), head)
        except HeadMoved as moved:  # a killed writer's commit arrived late
            head = moved.head
            continue
        acknowledge(head)


def forked(place: Place, seed: int) -> tuple[int, int]:
    """Start a writer; give its process id and the reading end of its pipe."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    code = 1
    try:
        write(
            place,
            lambda head: os.write(writing, b"%d %s\n" % (head.position, head.hash.hex().encode())),
            random.Random(seed),
        )
    except UnusableInput:
        code = 0  # the server was killed instead
    finally:
        os._exit(code)


def life(place: Place, seed: int, end: Callable[[int], object]) -> list[Acknowledged]:
    """Let a writer begin and live for a random while, end it or its server, take down its word.

    That it has begun is known by its first word, however busy the machine is.
    """
    child, reading = forked(place, seed)
    with os.fdopen(reading) as pipe:
        first = pipe.readline()
        time.sleep(random.Random(seed).uniform(0, LONGEST_LIFE))
        end(child)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status) and (end is kill or os.WEXITSTATUS(status)):
            raise RuntimeError("a writer ended by itself")
        said = [line.split() for line in (first, *pipe) if line.endswith("\n")]
    return [Acknowledged(int(position), digest) for position, digest in said]


def kill(child: int) -> None:
    """SIGKILL: no handler, no clean-up."""
    os.kill(child, signal.SIGKILL)


def half_written(entries: list[Entry]) -> int:
    """Count batches of which some events are there and some are not."""
    found = [json.loads(entry.body) for entry in entries]
    sizes = {one["batch"]: one["of"] for one in found}
    present = Counter(one["batch"] for one in found)
    return sum(present[name] != size for name, size in sizes.items())


def check(place: Place, told: Told, figures: Figures) -> None:
    """Open what is left as the next user would, and count what is wrong."""
    try:
        store: Store = open_store(place.url, StoreMode.CREATE)
    except UnusableInput as error:
        print(error, file=sys.stderr)
        figures.refused_openings += 1
        return
    with closing(store):
        entries = list(store.read(place.trial))
    hashes = {entry.position: entry.hash.hex() for entry in entries}
    figures.lost += sum(hashes.get(one.position) != one.hash for one in told.batches)
    figures.half_written += half_written(entries)
    figures.broken_chains += not verify(entries, place.trial).ok
    last = max((one.position for one in told.batches), default=0)
    figures.kept_unacknowledged += len(entries) > max(last, told.events)
    told.events = len(entries)


def places(target: str) -> Iterator[Place]:
    """A new ledger each time: another file, or another trial in one database."""
    number = 0
    while True:
        number += 1
        server = target.startswith("postgresql://")
        url = target if server else f"sqlite:///{Path(target) / f'{number}.sqlite'}"
        yield Place(url, f"NCT{number:08d}")


def run(target: str, kills: int, seed: int, end: Callable[[int], object] = kill) -> Figures:
    """Kill that many writers, one after another, and check after each."""
    figures, ledgers, rng = Figures(), places(target), random.Random(seed)
    for number in range(kills):
        if number % KILLS_A_LEDGER == 0:
            place, told = next(ledgers), Told()
        said = life(place, rng.getrandbits(32), end)
        told.batches += said
        figures.kills += 1
        figures.acknowledged += len(said)
        check(place, told, figures)
    return figures


if __name__ == "__main__":
    print(json.dumps(asdict(run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))))
