"""Trials for tests: a small ledger in memory, simulated or led by hand."""

from copy import deepcopy
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Any

import pytest

from gradatim.conduct.events import decoded
from gradatim.conduct.events.base import Event
from gradatim.conduct.fold import fold
from gradatim.conduct.simulate import INCIDENTS, simulate
from gradatim.conduct.simulate.run import Run
from gradatim.conduct.state import State
from gradatim.conduct.trial import Recorded, RecordOutcome, Trial
from gradatim.protocol.load import Document, bundled, load
from gradatim.synthetic.candidates import Candidates
from tests.conduct.memory import ListStore

UC_MSC, TABLET = "nct05962762", "example_oncology_tablet"
START = date(2027, 1, 4)
WHOLE_TRIALS = pytest.mark.xdist_group("whole trials")
"""Of modules that ask about trials that have ended: one process simulates each of them once."""


@lru_cache(maxsize=4)
def protocol(name: str = UC_MSC) -> tuple[Document, str]:
    """Give a bundled protocol, read, and its text."""
    return load(name), bundled()[name].read_text(encoding="utf-8")


@lru_cache(maxsize=4)
def candidates(name: str = UC_MSC) -> Candidates:
    """Give the made-up candidates of a bundled trial."""
    return Candidates(protocol(name)[0].study, bundled()[name].parent / "participants.yaml")


def simulated(
    seed: int,
    name: str = UC_MSC,
    *,
    until: date | None = None,
    incidents: tuple[str, ...] = INCIDENTS,
) -> Run:
    """Simulate a bundled trial in memory."""
    document, text = protocol(name)
    trial = Trial(ListStore(), document.study.study.id)
    return simulate(trial, document, text, candidates(name), seed, until=until, incidents=incidents)


@lru_cache(maxsize=16)
def finished(seed: int, name: str = UC_MSC) -> Run:
    """Give a simulated trial that has ended; shared by tests, which do not change it."""
    return simulated(seed, name)


@cache
def _entries(name: str, until: date) -> tuple[str, tuple[tuple[int, Event], ...]]:
    run = simulated(1, name, until=until, incidents=())
    entries = run.trial.store.read(run.trial.name)
    return run.trial.name, tuple((one.position, decoded(one.body)) for one in entries)


def state_until(name: str = UC_MSC, until: date = START) -> State:
    """Return a trial until a day, by then without mishaps: a state of its own for each test.

    It is simulated once, and folded each time.
    """
    return fold(*_entries(name, until))


def copied(state: State) -> State:
    """Return a state to go on with; what never changes, its protocols and entries, is shared."""
    shared = (*(one.study for one in state.versions), *state.events.values())
    return deepcopy(state, {id(one): one for one in shared})


def event(
    kind: type[Event], by: str, site: str = "", *, on: date = START, hour: float = 12, **fields: Any
) -> Event:
    """Make an event of a day."""
    at = datetime.combine(on, time(), UTC) + timedelta(hours=hour)
    return kind(occurred_on=on, recorded_at=at, recorded_by=by, site=site, **fields)


def recorded(outcome: RecordOutcome) -> Recorded:
    """Insist that something was recorded."""
    assert isinstance(outcome, Recorded), outcome
    return outcome
