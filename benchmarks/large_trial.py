"""A trial of 1,000 participants and 200,000 events, for load: one made-up trial, many times over.

The participants of a simulated trial are copied under new numbers, entry by entry, and appended to
its ledger as they are: one in ten with doses and adverse events, the others with what screening
records, twenty of them still in it.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from gradatim.conduct.event_store import Store
from gradatim.conduct.events import decoded, encoded
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.findings import (
    LaboratoryResultsRecorded,
    ScoresRecorded,
    VitalSignsRecorded,
)
from gradatim.conduct.events.participants import (
    EligibilityConfirmed,
    EntryCorrected,
    EntryVoided,
    FactRecorded,
    HistoryDeclaredComplete,
    InformedConsentObtained,
    InformedConsentWithdrawn,
    ParticipantEnrolled,
    ParticipantRegistered,
    PlacedOnWaitingList,
    ScreenFailed,
)
from gradatim.conduct.events.product import PreDoseChecklistSigned
from gradatim.conduct.events.safety import AdverseEventReported
from gradatim.conduct.simulate import simulate
from gradatim.conduct.state import State
from gradatim.conduct.trial import Trial
from gradatim.protocol.load import bundled, load
from gradatim.synthetic.candidates import Candidates

NAME = "nct05962762"
PARTICIPANTS, EVENTS, IN_SCREENING, DOSED, BATCH = 1_000, 200_000, 20, 100, 2_000
_SCREENING = (
    ParticipantRegistered,
    InformedConsentObtained,
    FactRecorded,
    HistoryDeclaredComplete,
    LaboratoryResultsRecorded,
    VitalSignsRecorded,
    ScoresRecorded,
)
_STEPS = (EligibilityConfirmed, ParticipantEnrolled, PlacedOnWaitingList, ScreenFailed)
_OF_ENTRIES = (EntryCorrected, EntryVoided)
"""What is said of an entry by its position, which in a copy is another."""


def large_trial(store: Store, until: date) -> str:
    """Fill a store; give the trial's name."""
    document, folder = load(NAME), bundled()[NAME].parent
    trial = Trial(store, document.study.study.id)
    simulate(
        trial,
        document,
        (folder / "protocol.yaml").read_text(),
        Candidates(document.study, folder / "participants.yaml"),
        3,
        start=date.fromordinal(until.toordinal() - 168),
        until=until,
        mode="demo",
        incidents=(),
    )
    head, bodies = trial.head, []
    for event in _copies(trial):
        bodies.append((encoded(event)[0], ""))
        if len(bodies) == BATCH:
            head, bodies = store.append(trial.name, bodies, head), []
    store.append(trial.name, bodies, head)
    return trial.name


def checklist_of_somebody(state: State) -> PreDoseChecklistSigned:
    """Return the checklist of somebody who has a place, as the next thing that is recorded."""
    one = next(
        one
        for one in state.participants.values()
        if one.status in ("enrolled", "treated") and one.cohort is not None
    )
    assert state.recorded_at is not None
    at = state.recorded_at + timedelta(minutes=1)
    items = state.governing("treatment", one).treatment.checklist
    return PreDoseChecklistSigned(
        occurred_on=at.date(),
        recorded_at=at,
        recorded_by=f"inv.{one.site}",
        site=one.site,
        participant=one.id,
        dose=1,
        items={item.id: "in order" for item in items},
        signer=f"inv.{one.site}",
    )


def adverse_event_of_another(state: State, event: PreDoseChecklistSigned) -> AdverseEventReported:
    """Return an adverse event of somebody who was dosed, on the day of another's checklist."""
    one = next(one for one in state.participants.values() if one.status == "treated")
    return AdverseEventReported(
        occurred_on=event.occurred_on,
        recorded_at=event.recorded_at,
        recorded_by=f"inv.{one.site}",
        site=one.site,
        participant=one.id,
        adverse_event="another",
        term="Headache",
        onset=str(event.occurred_on),
        grade=3,
        relation="possible",
    )


def _copies(trial: Trial) -> Iterator[Event]:
    state = trial.state
    models = [
        [state.events[at] for at in one.entries]
        for one in state.participants.values()
        if one.status in ("treated", "completed")
    ]
    wanted = PARTICIPANTS - len(state.participants)
    share = (EVENTS - state.position) // wanted
    for number in range(wanted):
        id = f"S01-{1000 + number}" if number % 2 else f"S02-{1000 + number}"
        model = [
            _renamed(event, id, state.recorded_at)
            for event in models[number % len(models)]
            if not isinstance(event, (*_STEPS, *_OF_ENTRIES))
            and (number < DOSED or isinstance(event, _SCREENING))
        ]
        yield from _of_one(model, share)
        if number < wanted - IN_SCREENING:
            yield _end(model[-1], id, number < DOSED)


def _of_one(model: list[Event], share: int) -> Iterator[Event]:
    """Give the entries of one copy, as many as its share; what is left over is measured again."""
    findings = [event for event in model if hasattr(event, "results")]
    yield from model[: share - 1]
    for n in range(share - len(model) - 1):
        yield findings[n % len(findings)]


def _end(last: Event, id: str, dosed: bool) -> Event:
    common: dict[str, Any] = {
        "occurred_on": last.occurred_on,
        "recorded_at": last.recorded_at,
        "recorded_by": last.recorded_by,
        "site": id[:3],
        "participant": id,
    }
    if dosed:
        return InformedConsentWithdrawn(**common, scope="all", reason="a copy")
    return ScreenFailed(**common, reason="a copy")


def _renamed(event: Event, id: str, at: datetime | None) -> Event:
    changed: dict[str, object] = {"participant": id, "site": id[:3], "recorded_at": at}
    if isinstance(event, ParticipantRegistered):
        changed |= {"person_token": f"{hash(id) & (2**63 - 1):064x}", "identity": {}}
    if getattr(event, "adverse_event", None):
        changed["adverse_event"] = f"{id}-{event.adverse_event}"  # type: ignore[attr-defined]
    return decoded(encoded(msgspec.structs.replace(event, **changed))[0])
