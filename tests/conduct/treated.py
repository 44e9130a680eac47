"""A participant who has been treated, to record events about: what the views are asked of."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import safety as s
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.fold import apply
from gradatim.conduct.state import Participant, State
from tests.conduct.trials import START, UC_MSC, event, state_until

DOSED = START + timedelta(days=10)
AT = datetime(DOSED.year, DOSED.month, DOSED.day, 10, tzinfo=UTC)
BEFORE, AFTER = DOSED - timedelta(days=5), DOSED + timedelta(days=7)
LATER = DOSED + timedelta(days=60)


def treated(name: str = UC_MSC, unit: str = "{cells}") -> State:
    """A trial in which P1 has had a whole dose at level 1."""
    state = state_until(name)
    add(state, t.RoleGranted, user="i", role="investigator")
    add(state, p.ParticipantRegistered, person_token="0" * 64)
    add(state, p.InformedConsentObtained, version="1", language="en", obtained_by="i")
    add(state, p.ParticipantEnrolled, level=1)
    add(state, x.DosePrepared, lot="L", dose=1, amount=7e7, planned=7e7, unit=unit)
    add(
        state,
        x.DoseAdministered,
        dose=1,
        started_at=AT,
        ended_at=AT + timedelta(hours=1),
        amount=7e7,
        unit=unit,
    )
    return state


def add(state: State, kind: type[Event], on: date = DOSED, hour: float = 12, **fields: Any) -> int:
    """Add an event about P1 and give its position."""
    if "participant" in kind.__struct_fields__:
        fields.setdefault("participant", "P1")
    apply(state, state.position + 1, event(kind, "i", "S01", on=on, hour=hour, **fields))
    return state.position


def one(state: State) -> Participant:
    """Give P1."""
    return state.participants["P1"]


def result(state: State, element: str, value: float, unit: str, on: date, **more: Any) -> int:
    """Record a result."""
    limits = {name: more.pop(name) for name in ("low", "high") if name in more}
    measured = Measured(element=element, value=value, unit=unit, **limits)
    return add(
        state,
        f.LaboratoryResultsRecorded,
        on,
        results=(measured,),
        laboratory="l",
        ranges_version="v",
        collected_on=str(on),
        **more,
    )


def adverse(state: State, **more: Any) -> None:
    """Report an adverse event four days after the dose."""
    day = DOSED + timedelta(days=4)
    fields: dict[str, Any] = {
        "adverse_event": "AE1",
        "term": "Headache",
        "onset": str(day),
        "grade": 3,
        "relation": "possible",
        **more,
    }
    add(state, s.AdverseEventReported, day, **fields)


def adjudicate(state: State, candidate: str, dlt: bool) -> None:
    """Record what the committee says of a candidate."""
    add(
        state,
        s.DoseLimitingToxicityAdjudicated,
        candidate=candidate,
        dose_limiting=dlt,
        reason="seen by all",
        signers=("committee.1", "committee.2"),
    )


def correct(state: State, of: int, **fields: Any) -> None:
    """Correct an entry."""
    made = event(p.EntryCorrected, "i", "S01", on=AFTER, of=of, fields=fields, reason="a slip")
    apply(state, state.position + 1, made)
