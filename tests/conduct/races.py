"""Clients racing for what there is only one of: the last place, the sentinel gate, the last bag.

Each history is a trial of its own in the ledger. Every client has a connection and a state of its
own, looks, asks, and looks again when it was overtaken; all begin at the same moment.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any

from msgspec.structs import replace

from gradatim.conduct.events import decoded, encoded
from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.ledger import verify
from gradatim.conduct.stores import Store, StoreMode, open_store
from gradatim.conduct.trial import Recorded, Refused, Stale, Trial
from tests.conduct.ready import facts, records
from tests.conduct.trials import START, simulated

CLIENTS = 50
ON = START + timedelta(days=10)
MORNING = datetime(ON.year, ON.month, ON.day, 9, tzinfo=UTC)
SITE = "S01"
LEAD, PHARMACIST = f"investigator.{SITE}.1", f"pharmacist.{SITE}.1"
LOOKS = 4


def made(kind: type[Event], by: str, **fields: Any) -> Event:
    """Make an event of the day of the race."""
    return kind(occurred_on=ON, recorded_at=MORNING, recorded_by=by, site=SITE, **fields)


def about(kind: type[Event], name: str, by: str = LEAD, **fields: Any) -> Event:
    """Make an event about a participant."""
    return made(kind, by, participant=name, **fields)


def _eligible(name: str) -> list[Event]:
    token = sha256(name.encode()).hexdigest()
    return [
        about(
            p.ParticipantRegistered, name, person_token=token, sex="male", birth=str(facts().birth)
        ),
        about(p.InformedConsentObtained, name, version="1", language="en", obtained_by=LEAD),
        about(p.EligibilityConfirmed, name, signer=LEAD, first_dose_on=ON),
    ]


def _lot(bags: int) -> list[Event]:
    label: dict[str, Any] = {
        "volume_ml": 10.0,
        "cells_per_ml": 1e7,
        "counted": "viable",
        "measured": "post-thaw",
        "viability": 0.92,
        "dmso": 0.05,
        "expires_at": MORNING + timedelta(days=300),
    }
    units = tuple(x.Bag(id=f"B{n}", **label) for n in range(bags))
    names = tuple(one.id for one in units)
    return [
        made(x.ProductReceived, PHARMACIST, lot="L1", bags=units),
        made(x.ProductReleased, PHARMACIST, lot="L1", bags=names),
    ]


def _enrolled(name: str) -> Event:
    return about(p.ParticipantEnrolled, name, level=1)


def _records(name: str) -> list[Event]:
    """The records of somebody eligible, who weighs 70 kg and has no fever."""
    found = [
        replace(about(kind, name, **fields), occurred_on=day) for kind, day, fields in records(ON)
    ]
    kinds = ("condition", "exposure", "procedure")
    found.append(about(p.HistoryDeclaredComplete, name, kinds=kinds, signer=LEAD, sources="ward"))
    weight = Measured(element="body_weight", value=70, unit="kg")
    celsius = Measured(element="body_temperature", value=36.6, unit="Cel")
    today = about(f.VitalSignsRecorded, name, results=(weight, celsius))
    return [*found, replace(today, occurred_on=ON - timedelta(days=1)), today]


def _ready(name: str, bag: str) -> list[Event]:
    """Everything up to the signature: records, bag, preparation, verification by another."""
    return [
        *_records(name),
        about(x.ProductAssigned, name, PHARMACIST, dose=1, lot="L1", bags=(bag,)),
        about(
            x.DosePrepared,
            name,
            f"cell_lab.{SITE}.1",
            dose=1,
            lot="L1",
            amount=7e7,
            planned=7e7,
            weight_kg=70.0,
            unit="{cells}",
            drawn=(x.Drawn(bag, 7.0, 3.0, MORNING - timedelta(minutes=15)),),
        ),
        about(x.PreparationVerified, name, f"cell_lab.{SITE}.2", dose=1),
    ]


@dataclass(frozen=True)
class Race:
    """What is raced for.

    Args:
        name: in words.
        before: the events that come before it.
        asked: what a client asks for, by its number.
        winners: of the recorded events, what may be there only so often, and how often.
    """

    name: str
    before: tuple[Event, ...]
    asked: Callable[[int], Event]
    winners: Callable[[Sequence[Event]], int]
    most: int = 1


@lru_cache(maxsize=1)
def _opened() -> tuple[Event, ...]:
    """A simulated trial's first day: sites open, level 1 open."""
    run = simulated(1, until=START, incidents=())
    return tuple(decoded(one.body) for one in run.trial.store.read(run.trial.name))


def _people(number: int) -> list[Event]:
    return [one for n in range(number) for one in _eligible(f"P{n}")]


def last_place() -> Race:
    """Two of three places are taken; ten people could have the third."""
    before = [*_opened(), *_people(12), _enrolled("P10"), _enrolled("P11")]

    def enrolled(some: Sequence[Event]) -> int:
        return sum(isinstance(one, p.ParticipantEnrolled) for one in some)

    return Race(
        "the last place of a level", tuple(before), lambda n: _enrolled(f"P{n % 10}"), enrolled
    )


def sentinel_gate() -> Race:
    """Three are ready to be the first at the level; the others must wait."""
    before = [
        *_opened(),
        *_people(3),
        *_lot(3),
        *(_enrolled(f"P{n}") for n in range(3)),
        *(one for n in range(3) for one in _ready(f"P{n}", f"B{n}")),
    ]
    items = {
        "no_infection": "in order",
        "not_pregnant": "not applicable",
        "temperature": "in order",
        "vital_signs": "in order",
        "medication_unchanged": "in order",
        "pre_dose_criteria": "in order",
    }

    def signs(n: int) -> Event:
        return about(x.PreDoseChecklistSigned, f"P{n % 3}", dose=1, items=items, signer=LEAD)

    def signed(some: Sequence[Event]) -> int:
        return len({one.participant for one in some if isinstance(one, x.PreDoseChecklistSigned)})

    return Race("the sentinel gate of a level", tuple(before), signs, signed)


def last_bag() -> Race:
    """One bag is left of the lot, and three participants need one."""
    before = [*_opened(), *_people(3), *_lot(1), *(_enrolled(f"P{n}") for n in range(3))]

    def assigns(n: int) -> Event:
        return about(x.ProductAssigned, f"P{n % 3}", PHARMACIST, dose=1, lot="L1", bags=("B0",))

    def held(some: Sequence[Event]) -> int:
        return len({one.participant for one in some if isinstance(one, x.ProductAssigned)})

    return Race("the last bag of a lot", tuple(before), assigns, held)


RACES = (last_place, sentinel_gate, last_bag)


class Clients:
    """Clients with a connection each, for one history after another."""

    def __init__(self, url: str, number: int = CLIENTS) -> None:
        self.url, self.number = url, number
        self.store = open_store(url, StoreMode.CREATE)
        self.own = threading.local()
        self.pool = ThreadPoolExecutor(number)

    def close(self) -> None:
        """End the threads, and their connections with them."""
        self.pool.shutdown()
        self.store.close()

    def mine(self) -> Store:
        """Give the connection of this thread."""
        if not hasattr(self.own, "store"):
            self.own.store = open_store(self.url)
        store: Store = self.own.store
        return store

    def run(self, race: Race, name: str) -> tuple[int, list[object]]:
        """Run one history; give how often what there is only one of was given, and all answers."""
        store = self.store
        bodies = [(encoded(one)[0], "") for one in race.before]
        store.append(name, bodies, store.head(name))
        gate = threading.Barrier(self.number)  # so that each thread has one client
        asked = [
            self.pool.submit(self._client, name, race.asked(n), gate) for n in range(self.number)
        ]
        answers = [one.result() for one in asked]
        entries = list(store.read(name))
        assert verify(entries, name).ok
        new = [decoded(one.body) for one in entries[len(bodies) :]]
        return race.winners(new), answers

    def _client(self, name: str, event: Event, gate: threading.Barrier) -> object:
        trial = Trial(self.mine(), name)
        gate.wait()
        outcome: object = None
        for _ in range(LOOKS):
            outcome = trial.record(event)
            if not isinstance(outcome, Stale):
                break
        return outcome


def told(answers: Sequence[object]) -> dict[str, int]:
    """Count the answers by kind."""
    kinds = (Recorded, Refused, Stale)
    return {kind.__name__: sum(isinstance(one, kind) for one in answers) for kind in kinds}
