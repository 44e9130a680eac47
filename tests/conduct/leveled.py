"""A trial in which level 1 was treated and level 2 is open, one enrolled there, none dosed."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import review as r
from gradatim.conduct.events import safety as s
from gradatim.conduct.events.base import Event
from gradatim.conduct.fold import apply
from gradatim.conduct.policies import check
from gradatim.conduct.state import State
from gradatim.core.verdict import Verdict
from tests.conduct.trials import START, UC_MSC, copied, event, state_until

DOSED = START + timedelta(days=10)
OPENED = DOSED + timedelta(days=60)
TODAY = OPENED + timedelta(days=5)
LEVEL_1, LEVEL_2 = ("P1", "P2", "P3"), ("P4", "P5")


@lru_cache(maxsize=4)
def _leveled(name: str, unit: str) -> State:
    state = state_until(name)
    for one in LEVEL_1:
        enrol(state, one, 1)
        give(state, one, DOSED, unit)
    decide(state, "escalate", 2, "1NNN")
    for one in LEVEL_2:
        enrol(state, one, 2)
    return state


def leveled(name: str = UC_MSC, unit: str = "{cells}") -> State:
    """Return level 1 NNN and level 2 open, P4 and P5 enrolled there."""
    return copied(_leveled(name, unit))


def add(
    state: State, kind: type[Event], on: date = TODAY, by: str = "investigator.S01.1", **fields: Any
) -> int:
    """Add an event, and return its position."""
    apply(state, state.position + 1, event(kind, by, "S01", on=on, **fields))
    return state.position


def enrol(state: State, who: str, level: int) -> None:
    """Register somebody, who consents and takes a place."""
    token = f"{int(who[1:]):064}"
    add(state, p.ParticipantRegistered, START, participant=who, person_token=token)
    add(
        state,
        p.InformedConsentObtained,
        START,
        participant=who,
        version="1",
        language="en",
        obtained_by="i",
    )
    add(state, p.ParticipantEnrolled, START, participant=who, level=level)


def give(state: State, who: str, on: date, unit: str = "{cells}") -> None:
    """Give a whole dose."""
    at = datetime(on.year, on.month, on.day, 10, tzinfo=UTC)
    add(
        state,
        x.DosePrepared,
        on,
        participant=who,
        lot="L",
        dose=1,
        amount=7e7,
        planned=7e7,
        unit=unit,
    )
    add(
        state,
        x.DoseAdministered,
        on,
        participant=who,
        dose=1,
        started_at=at,
        amount=7e7,
        ended_at=at + timedelta(hours=1),
        unit=unit,
    )


def decide(state: State, action: str, level: int | None, outcomes: str) -> None:
    """Record a decision of the committee."""
    add(
        state,
        r.DoseDecision,
        OPENED,
        "committee.1",
        action=action,
        level=level,
        head=state.position,
        head_hash="0" * 64,
        protocol_sha256="0" * 64,
        design="x",
        advice_action=action,
        outcomes=outcomes,
        signers=("committee.1", "committee.2"),
    )


def limiting(
    state: State,
    who: str,
    term: str = "Headache",
    grade: int | None = 3,
    relation: str | None = "possible",
) -> int:
    """Report late what began a week after the first dose at level 1."""
    return add(
        state,
        s.AdverseEventReported,
        participant=who,
        adverse_event=f"{who}-AE",
        term=term,
        grade=grade,
        relation=relation,
        onset=str(DOSED + timedelta(days=7)),
    )


def checklist(state: State, who: str) -> Verdict:
    """Return what every gate says of a signed checklist."""
    items = {one.id: "in order" for one in state.study.treatment.checklist}
    made = event(
        x.PreDoseChecklistSigned,
        "investigator.S01.1",
        "S01",
        on=TODAY,
        participant=who,
        dose=1,
        items=items,
        signer="investigator.S01.1",
    )
    return check(state, made)


def asked(state: State, kind: type[Event], who: str, **fields: Any) -> Event:
    """Return an event about somebody today."""
    return event(kind, "cell_lab.S01.1", "S01", on=TODAY, participant=who, **fields)
