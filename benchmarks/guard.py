"""Measure again the ratios that docs/benchmarks.md promises, and name those that became worse.

    python -m benchmarks guard            measure; ends with 1 where a ratio is worse by a third
    python -m benchmarks guard --write    let the page promise what is measured of the guard's own

Each ratio is of two things measured in turn, so that a slow machine or a busy one does not change
it much; what is worse all the same is measured once more, and the better of the two counts. Most of
the promised figures stand in the page's other tables and are written by the benchmarks that measure
more; those that nothing else measures are in a table of the guard's own.
"""

import argparse
import hashlib
import os
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path

from benchmarks import conduct, dosefinding, screening, startup
from benchmarks import prescreen_sections as sections
from benchmarks.large_trial import (
    adverse_event_of_another,
    checklist_of_somebody,
    large_trial,
)
from benchmarks.measure import in_turn
from benchmarks.page import PAGE, Row, machine, write_table
from benchmarks.prescreen_runs import Bench, NotMeasured
from gradatim.conduct.chain import chain, genesis
from gradatim.conduct.events import encoded
from gradatim.conduct.events.base import Event
from gradatim.conduct.fold import apply, fold
from gradatim.conduct.ledger import Entry, verify
from gradatim.conduct.policies import check
from gradatim.conduct.state import State
from gradatim.conduct.stores import StoreMode, open_store
from gradatim.conduct.views.tasks import tasks
from tests.conduct.generated import NAME, begun
from tests.conduct.memory import ListStore
from tests.synthetic.test_demonstration import demonstrated

CACHE = PAGE.parents[1] / ".cache"
WORSE = 4 / 3
"""How many times its promise a ratio may be."""
RATIO = re.compile(r"([\d,]+(?:\.\d+)?) x ")
PEOPLE, TURNS, MINUTES = 100_000, 3, 4
APPENDS, ROUNDS, VERIFIED = 100, 9, 20_000
UNTIL = date(2027, 6, 1)

Group = Callable[[], Iterable[Row]]


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and compare with the page; return 1 where a ratio is worse, else 0."""
    parser = argparse.ArgumentParser("python -m benchmarks guard", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the guard's own table")
    if parser.parse_args(arguments).write:
        write_table("guard", machine(), (row for group in OWN for row in group()))
        return 0
    promised = ratios(rows_of(PAGE.read_text(encoding="utf-8")))
    faults = [fault for group in (*ELSEWHERE, *OWN) for fault in judged(group, promised)]
    print("\n".join(faults) or "Every ratio is as good as docs/benchmarks.md promises.")
    return 1 if faults else 0


def judged(group: Group, promised: Mapping[str, float]) -> list[str]:
    """Measure a group of ratios and return a message for each that is worse than promised.

    Where any is, the group is measured once more and the better of the two counts: what else runs
    on the machine only ever makes a ratio worse.
    """
    try:
        measured = ratios(printed(group()))
        if worse(measured, promised):
            again = ratios(printed(group()))
            measured = {what: min(ratio, again[what]) for what, ratio in measured.items()}
    except NotMeasured as why:
        return [f"{group.__name__}: not measured: {why}"]
    return worse(measured, promised)


def worse(measured: Mapping[str, float], promised: Mapping[str, float]) -> list[str]:
    """Return a message for each measured ratio that is above its promise by more than a third.

    A ratio of which the page promises nothing is named too: it would never be seen to change.

    Args:
        measured: the ratios by what was measured; each is a cost, so that more is worse.
        promised: those of the page, and others.
    """
    faults = []
    for what, ratio in measured.items():
        if what not in promised:
            faults.append(f"{what}: docs/benchmarks.md promises nothing; measure and write it.")
        elif ratio > WORSE * promised[what]:
            faults.append(f"{what}: {ratio:,.1f} x, promised were {promised[what]:,.1f} x.")
    return faults


def ratios(rows: Iterable[Row]) -> dict[str, float]:
    """Return, of each row whose last cell begins with a ratio (`9.4 x ...`), the ratio by title."""
    found = ((what, RATIO.match(ratio)) for what, _, ratio in rows)
    return {what: float(number[1].replace(",", "")) for what, number in found if number}


def rows_of(page: str) -> Iterator[Row]:
    """Yield the rows of three cells of all tables of a page in Markdown."""
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip().split("|")[1:-1]]
        if line.startswith("|") and len(cells) == 3:
            yield cells[0], cells[1], cells[2]


def printed(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield rows, printing each as it is measured."""
    for row in rows:
        print(*row, sep="\n  ", flush=True)
        yield row


# What nothing else measures. ---------------------------------------------------------------------


def appends() -> Iterator[Row]:
    """Yield checked appends beside raw ones to the same store, and SQLite's beside a bare sync."""
    CACHE.mkdir(exist_ok=True)  # on the disk of the code: a sync in memory costs nothing
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        yield from _appends("SQLite", f"sqlite:///{Path(folder) / 'trial.sqlite'}", Path(folder))
    with conduct.postgres() as url:
        yield from _appends("PostgreSQL", url)


def _appends(name: str, url: str, beside: Path | None = None) -> Iterator[Row]:
    """Time each event in turn with 400 bytes to a ledger of their own, and to a bare file."""
    with ExitStack() as closing:
        trial = conduct.trial_in(open_store(url, StoreMode.CREATE))
        closing.callback(trial.store.close)
        events = conduct.typical_events(trial, APPENDS * (ROUNDS + 1))
        calls: list[Callable[..., object]] = [
            partial(conduct.record, trial),
            conduct.Plain(trial.store).write,
        ]
        if beside is not None:
            file = os.open(beside / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            closing.callback(os.close, file)
            calls.append(partial(_write_synced, file))
        rounds = []
        for _ in range(ROUNDS + 1):  # the first is a warm-up
            times = [[_wall(call, one) for call in calls] for one in islice(events, APPENDS)]
            rounds.append([statistics.median(side) for side in zip(*times, strict=True)])
    ours, raw, *bare = (statistics.median(side) for side in zip(*rounds[1:], strict=True))
    ratio = statistics.median(one[0] / one[1] for one in rounds[1:])
    yield (
        f"an event checked and appended, {name}",
        f"{ours * 1e3:.2f} ms",
        f"{ratio:.2f} x 400 bytes appended to the same store with nothing asked "
        f"({raw * 1e3:.2f} ms): {1 / ratio:.0%} of its rate",
    )
    if bare:
        ratio = statistics.median(one[0] / one[2] for one in rounds[1:])
        yield (
            f"an event checked and appended durably, {name}",
            f"{ours * 1e3:.2f} ms",
            f"{ratio:.2f} x writing 400 bytes and fsync ({bare[0] * 1e3:.2f} ms)",
        )


def entries_of_one() -> Iterator[Row]:
    """Yield an event checked beside one only written and chained, and beside 2,000 of one person.

    No disk waits here, so that what the checks cost is seen however fast a disk is.
    """
    checked, bare = list[float](), list[float]()
    for number in (50, 2_000):
        trial, plain = begun(), ListStore()
        events = conduct.typical_events(trial, number + APPENDS * ROUNDS)
        for one in islice(events, number):
            conduct.record(trial, one)
        times = [(_cpu(conduct.record, trial, one), _cpu(_written, plain, one)) for one in events]
        checked.append(statistics.mean(one for one, _ in times))
        bare.append(statistics.mean(one for _, one in times))
    few, many = checked
    yield (
        "an event checked and chained, no disk",
        f"{1e6 * few:.0f} µs",
        f"{few / bare[0]:.1f} x written as JSON and chained ({1e6 * bare[0]:.0f} µs)",
    )
    yield (
        "an event checked and chained after 2,000 entries of its participant, no disk",
        f"{1e6 * many:.0f} µs",
        f"{many / few:.2f} x the same after 50",
    )


def _written(store: ListStore, event: Event) -> None:
    store.append("raw", [(encoded(event)[0], "")], store.head("raw"))


def _cpu(call: Callable[..., object], *arguments: object) -> float:
    begun_at = time.process_time()
    call(*arguments)
    return time.process_time() - begun_at


def _write_synced(file: int, _: object) -> None:
    os.write(file, conduct.PLAIN[0])
    os.fsync(file)


def _wall(call: Callable[..., object], argument: object) -> float:
    """Return the seconds of one call: waiting for the disk is what counts."""
    begun_at = time.perf_counter()
    call(argument)
    return time.perf_counter() - begun_at


def verification() -> Iterator[Row]:
    """Yield the verification of a chain of hashes beside hashing the same bodies."""
    bodies = [(b"%0400d" % n, f"request-{n}") for n in range(VERIFIED)]
    entries = list(chain(genesis("T"), "T", 0, bodies))
    pair = in_turn(lambda: _verify(entries), lambda: _hash(entries))
    yield (
        f"verification of {VERIFIED:,} events of 400 bytes",
        f"{VERIFIED / pair.a:,.0f} events/s",
        f"{pair.ratio:.2f} x SHA-256 of their bytes ({pair.lowest:.2f} to {pair.highest:.2f})",
    )


def _verify(entries: list[Entry]) -> None:
    assert verify(entries, "T").ok


def _hash(entries: list[Entry]) -> None:
    for entry in entries:
        hashlib.sha256(entry.body).digest()


def demonstration() -> Iterator[Row]:
    """Yield making the demonstration's trial beside reading its ledger and folding it."""
    store, _ = demonstrated(NAME.lower(), date(2027, 1, 1))
    entries = list(store.read(NAME))
    pair = in_turn(
        lambda: demonstrated(NAME.lower(), date(2027, 1, 1)),
        lambda: conduct.fold_entries(entries),
        rounds=5,
    )
    yield (
        "the demonstration's trial made",
        f"{pair.a:.2f} CPU s",
        f"{pair.ratio:.0f} x folding its ledger ({pair.lowest:.0f} to {pair.highest:.0f})",
    )


def asked_first() -> Iterator[Row]:
    """Yield what is asked first after a start, beside the fold of the ledger that it is asked of.

    The stopping rules then read what everybody dosed has; asked again, they read what is new.
    """
    store = ListStore()
    name = large_trial(store, UNTIL)
    entries = [(one.position, one.body) for one in store.read(name)]
    folded, checked, again, listed = (list[float]() for _ in range(4))
    for _ in range(TURNS):
        state = fold(name, entries)  # decodes what it has to
        event = checklist_of_somebody(state)
        checked.append(_cpu(check, state, event))
        apply(state, state.position + 1, adverse_event_of_another(state, event))
        again.append(_cpu(check, state, event))
        state = State(name)
        folded.append(_cpu(fold, name, entries, state))
        listed.append(_cpu(tasks, state, event.recorded_at, event.occurred_on))
    bare = min(folded)
    for what, seconds in (
        ("the first checklist after a fold of", min(checked)),
        ("a checklist after one entry more upon", min(again)),
        ("the first list of tasks after a fold of", min(listed)),
    ):
        yield (
            f"{what} {len(entries):,} events",
            f"{1e3 * seconds:.0f} CPU ms",
            f"{seconds / bare:.2f} x folding them ({bare:.2f} CPU s)",
        )


def prescreen() -> Iterator[Row]:
    """Yield a prescreen of 100,000 people beside a bare scan of the columns that it reads."""
    with tempfile.TemporaryDirectory() as folder:
        yield sections.beside_scan(Bench(Path(folder), TURNS, MINUTES), PEOPLE)


ELSEWHERE: tuple[Group, ...] = (screening.rows, startup.rows, dosefinding.guarded_rows)
"""Groups of ratios that stand in other tables of the page."""
OWN: tuple[Group, ...] = (
    appends,
    entries_of_one,
    asked_first,
    verification,
    demonstration,
    prescreen,
)
"""Groups of ratios that stand in the guard's own table."""
