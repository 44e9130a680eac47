"""Trials for tests: a small ledger in memory, simulated or led by hand."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from gradatim.conduct.events.base import Event
from gradatim.conduct.simulate import INCIDENTS, simulate
from gradatim.conduct.simulate.run import Run
from gradatim.conduct.trial import Recorded, RecordOutcome, Trial
from gradatim.protocol.load import Document, bundled, load
from gradatim.synthetic.candidates import Candidates
from tests.conduct.memory import ListStore

UC_MSC, TABLET = "nct05962762", "example_oncology_tablet"
START = date(2027, 1, 4)


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


@lru_cache(maxsize=8)
def finished(seed: int, name: str = UC_MSC) -> Run:
    """Give a simulated trial that has ended; shared by tests, which do not change it."""
    return simulated(seed, name)


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
