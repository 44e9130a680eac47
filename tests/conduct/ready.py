"""A participant led by hand to the day of the first dose, through `Trial.record` alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from math import ceil
from typing import Any

from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.ledger import Entry
from gradatim.conduct.source_import import arriving
from gradatim.conduct.state import Participant
from gradatim.conduct.trial import Recorded, RecordOutcome, Refused, Trial
from gradatim.evidence.facts import Facts
from tests.conduct.memory import ListStore
from tests.conduct.trials import START, candidates, protocol, recorded, simulated

NAME, SITE = "P1", "S01"
DAY = START + timedelta(days=20)
"""The day of the first dose."""
LEAD, NURSE, PHARMACIST = (f"{role}.{SITE}.1" for role in ("investigator", "nurse", "pharmacist"))
EXPIRY = datetime(2028, 6, 1, tzinfo=UTC)
BAG_ML, CELLS_PER_ML = 10.0, 5_000_000.0
BAGS = tuple(f"B{n}" for n in range(1, 6))


@dataclass
class Led:
    """A trial with one participant, and the acts about them.

    Args:
        trial: the trial.
        name: the participant.
    """

    trial: Trial
    name: str = NAME

    @property
    def one(self) -> Participant:
        """The participant."""
        return self.trial.state.participants[self.name]

    def ask(
        self, kind: type[Event], by: str = LEAD, *, on: date = DAY, hour: float = 8, **fields: Any
    ) -> RecordOutcome:
        """Record an act about the participant, or have it refused."""
        at = datetime.combine(on, time(), UTC) + timedelta(hours=hour)
        about: dict[str, Any] = {"participant": self.name, **fields}
        return self.trial.record(
            kind(occurred_on=on, recorded_at=at, recorded_by=by, site=SITE, **about)
        )

    def do(self, kind: type[Event], by: str = LEAD, **fields: Any) -> Recorded:
        """Record an act that must be possible."""
        return recorded(self.ask(kind, by, **fields))

    def act(
        self, kind: type[Event], by: str, *, on: date = DAY, hour: float = 8.7, **fields: Any
    ) -> Recorded:
        """Record an act that names no participant, such as a correction."""
        at = datetime.combine(on, time(), UTC) + timedelta(hours=hour)
        return recorded(
            self.trial.record(
                kind(occurred_on=on, recorded_at=at, recorded_by=by, site=SITE, **fields)
            )
        )

    def measured(self, on: date = DAY, hour: float = 8, **values: float) -> Recorded:
        """Record vital signs, in the units of the protocol."""
        elements = protocol()[0].study.elements
        results = tuple(
            Measured(element=name, value=value, unit=elements[name].unit)
            for name, value in values.items()
        )
        return self.do(
            f.VitalSignsRecorded,
            NURSE,
            on=on,
            hour=hour,
            results=results,
            taken_at=datetime.combine(on, time(), UTC) + timedelta(hours=hour),
        )

    def result(
        self,
        element: str,
        value: float | None = None,
        on: date = DAY,
        *,
        hour: float = 8,
        code: str = "",
        high: float | None = None,
        unit: str = "",
    ) -> Recorded:
        """Record a result of the laboratory."""
        unit = unit or protocol()[0].study.elements[element].unit
        one = Measured(
            element=element, value=value, code=code, high=high, unit="" if value is None else unit
        )
        return self.do(
            f.LaboratoryResultsRecorded,
            NURSE,
            on=on,
            hour=hour,
            results=(one,),
            laboratory="central",
            ranges_version="2026-1",
            collected_on=str(on),
        )

    def prepare(
        self, planned: float, weight: float | None, on: date = DAY, hour: float = 8.5
    ) -> Recorded:
        """Set bags aside, draw a dose and have it verified."""
        bags = BAGS[: ceil(planned / CELLS_PER_ML / BAG_ML)]
        self.do(x.ProductAssigned, PHARMACIST, on=on, hour=hour, lot="L1", dose=1, bags=bags)
        left, drawn = planned / CELLS_PER_ML, []
        thawed = datetime.combine(on, time(), UTC) + timedelta(hours=hour - 0.25)
        for bag in bags:
            take = min(left, BAG_ML)
            left -= take
            drawn.append(x.Drawn(bag, take, BAG_ML - take, thawed))
        made = self.do(
            x.DosePrepared,
            f"cell_lab.{SITE}.1",
            on=on,
            hour=hour,
            lot="L1",
            dose=1,
            amount=planned,
            planned=planned,
            unit="{cells}",
            drawn=tuple(drawn),
            weight_kg=weight,
        )
        second = f"cell_lab.{SITE}.2"
        if not isinstance(
            self.ask(x.PreparationVerified, second, on=on, hour=hour, dose=1), Recorded
        ):
            words = "it departs from the plan, as its deviations say"
            self.do(x.PreparationVerified, second, on=on, hour=hour, dose=1, difference=words)
        return made

    def sign(self, on: date = DAY, hour: float = 9, items: Mapping[str, Any] = {}) -> RecordOutcome:
        """Sign the checklist, every item in order unless it is said otherwise."""
        study = self.trial.state.study
        said = {item.id: "in order" for item in study.treatment.checklist}
        said.update(items)
        return self.ask(x.PreDoseChecklistSigned, on=on, hour=hour, dose=1, items=said, signer=LEAD)

    def give(self, amount: float, on: date = DAY, hour: float = 9.5) -> dict[str, str]:
        """Give the dose; give the deviations that it opened, by their rules."""
        at = datetime.combine(on, time(), UTC) + timedelta(hours=hour)
        done = self.do(
            x.DoseAdministered,
            NURSE,
            on=on,
            hour=hour + 1,
            dose=1,
            amount=amount,
            started_at=at,
            ended_at=at + timedelta(hours=1),
            unit="{cells}",
            volume_ml=amount / CELLS_PER_ML,
        )
        found = [self.trial.state.deviations[at] for at in done.deviations]
        return {one.rule: one.description for one in found}


def refused(outcome: RecordOutcome, some: bool = True) -> dict[str, str]:
    """Insist that something was refused (unless `some` is False), and give why, by rule."""
    if not some and not isinstance(outcome, Refused):
        return {}
    assert isinstance(outcome, Refused), outcome
    return dict(outcome.reasons)


def facts(first_dose: date = DAY) -> Facts:
    """Give the records of a man who is eligible on that day."""
    case = next(one for one in candidates().eligible if one.person.sex == "male")
    return candidates().facts(case, first_dose)


def records(
    first_dose: date = DAY, but: frozenset[str] = frozenset()
) -> Iterator[tuple[type[Event], date, dict[str, Any]]]:
    """Give those records as entries until the day before the dose: type, day, fields."""
    known = facts(first_dose)
    known = replace(
        known,
        by_element={
            name: some
            for name, some in known.by_element.items()
            if name not in but and name != "body_weight"
        },
    )
    for one in arriving(known, protocol()[0].study.elements, "hospital record"):
        day = min(one.day or first_dose - timedelta(days=14), first_dose - timedelta(days=1))
        more: dict[str, Any] = {}
        if one.kind is f.LaboratoryResultsRecorded:
            more = {"laboratory": "central", "ranges_version": "2026-1", "collected_on": str(day)}
        yield one.kind, day, {**one.fields, **more}


@lru_cache(maxsize=1)
def _entries() -> tuple[Entry, ...]:
    trial = Trial(ListStore(), "led")
    start = simulated(1, until=START, incidents=()).trial
    for entry in start.store.read(start.name):
        trial.head = trial.store.append(trial.name, [(entry.body, entry.request)], trial.head)
    led = Led(Trial(trial.store, trial.name))
    came = DAY - timedelta(days=14)
    led.do(
        p.ParticipantRegistered,
        f"coordinator.{SITE}.1",
        on=came,
        person_token="0" * 64,
        sex="male",
        birth=str(facts().birth),
    )
    led.do(p.InformedConsentObtained, on=came, version="1", language="en", obtained_by=LEAD)
    for kind, day, fields in records():
        by = LEAD if kind is p.FactRecorded else NURSE
        led.do(kind, by, on=max(day, came) if kind is p.FactRecorded else day, **fields)
    led.do(
        p.HistoryDeclaredComplete,
        on=came,
        kinds=("condition", "exposure", "procedure"),
        signer=LEAD,
        sources="record and interview",
        since=None,
        until=None,
    )
    led.do(p.EligibilityConfirmed, on=DAY - timedelta(days=2), signer=LEAD, first_dose_on=DAY)
    led.do(p.ParticipantEnrolled, f"coordinator.{SITE}.1", on=DAY - timedelta(days=2), level=1)
    units = tuple(
        x.Bag(
            id=bag,
            volume_ml=BAG_ML,
            cells_per_ml=CELLS_PER_ML,
            counted="viable",
            measured="release",
            viability=0.9,
            dmso=0.05,
            expires_at=EXPIRY,
        )
        for bag in BAGS
    )
    came = DAY - timedelta(days=2)
    led.act(x.ProductReceived, f"cell_lab.{SITE}.1", on=came, lot="L1", bags=units)
    led.act(x.ProductReleased, f"cell_lab.{SITE}.1", on=came, lot="L1", bags=BAGS)
    return tuple(led.trial.store.read(led.trial.name))


def enrolled() -> Led:
    """Somebody eligible who has a place at level 1; the dose is two days ahead, nobody weighed."""
    store = ListStore()
    store.entries["led"] = list(_entries())
    return Led(Trial(store, "led"))


def ready(
    baseline: float | None = 70, today: float | None = 70, temperature: float | None = 36.6
) -> Led:
    """The same person on the morning of the dose, weighed and measured."""
    led = enrolled()
    if baseline is not None:
        led.measured(DAY - timedelta(days=1), body_weight=baseline)
    signs = {"body_weight": today, "body_temperature": temperature}
    for name, value in signs.items():
        if value is not None:
            led.measured(DAY, 8, **{name: value})
    return led
