"""Small trials made by hand, and simulated ones, to ask the tables of a safety review about."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import safety as s
from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.fold import apply
from gradatim.conduct.state import State
from tests.conduct.trials import START, UC_MSC, event, finished, simulated, state_until

DOSED = START + timedelta(days=10)
LATER = DOSED + timedelta(days=60)
INVESTIGATOR = "investigator.S01.1"
DOSE = 7e7


def opened(name: str = UC_MSC) -> State:
    """A trial that has begun and has no participant."""
    return state_until(name, START - timedelta(days=1))


@lru_cache(maxsize=4)
def under_way(name: str) -> State:
    """A simulated trial with mishaps; nobody changes it."""
    if name == UC_MSC:
        return finished(2, name).state
    return simulated(5, name, until=START + timedelta(days=130)).state


def add(state: State, who: str | None, kind: type[Event], day: int = 0, **fields: Any) -> int:
    """Add an event about a participant, so many days after `DOSED`; give its position.

    An investigator records it, unless `by` says otherwise.
    """
    by = fields.pop("by", INVESTIGATOR)
    if who is not None:
        fields["participant"] = who
    made = event(kind, by, "S01", on=DOSED + timedelta(days=day), **fields)
    apply(state, state.position + 1, made)
    return state.position


def enrolled(state: State, who: str, level: int | None = 1, day: int = 0) -> None:
    """Somebody who was registered 10 days earlier, enrolled at a level (None: at none)."""
    token = f"{len(state.participants):064d}"
    add(state, who, p.ParticipantRegistered, day - 10, person_token=token)
    add(
        state,
        who,
        p.InformedConsentObtained,
        day - 10,
        version="1",
        language="en",
        obtained_by=INVESTIGATOR,
    )
    add(state, who, p.EligibilityConfirmed, day - 2, signer=INVESTIGATOR, first_dose_on=on(day))
    if level is not None:
        add(state, who, p.ParticipantEnrolled, day - 1, level=level)


def dosed(
    state: State, who: str, level: int | None = 1, day: int = 0, lot: str = "L1", part: float = 1.0
) -> None:
    """Somebody who had a part of the first dose, on a day counted from `DOSED`."""
    enrolled(state, who, level, day)
    give(state, who, day=day, lot=lot, part=part)


def give(
    state: State,
    who: str,
    dose: int = 1,
    day: int = 0,
    lot: str = "L1",
    part: float = 1.0,
    unit: str = "{cells}",
) -> None:
    """Prepare and give a dose of 70 million cells; without a lot, give it unprepared."""
    if lot:
        add(
            state,
            who,
            x.DosePrepared,
            day,
            lot=lot,
            dose=dose,
            amount=DOSE,
            planned=DOSE,
            unit="{cells}",
        )
    at = moment(day)
    add(
        state,
        who,
        x.DoseAdministered,
        day,
        dose=dose,
        started_at=at,
        ended_at=at + timedelta(hours=1),
        amount=DOSE * part,
        unit=unit,
    )


def moment(day: int, hour: int = 10) -> datetime:
    """A time on a day counted from `DOSED`."""
    on = DOSED + timedelta(days=day)
    return datetime(on.year, on.month, on.day, hour, tzinfo=UTC)


def on(day: int) -> date:
    """A day counted from `DOSED`."""
    return DOSED + timedelta(days=day)


def adverse(
    state: State, who: str, id: str, term: str = "Headache", day: int = 4, **more: Any
) -> None:
    """Report an adverse event that is graded 1 and possibly related, unless said otherwise."""
    fields = {
        "adverse_event": id,
        "term": term,
        "onset": str(on(day)),
        "grade": 1,
        "relation": "possible",
        **more,
    }
    add(state, who, s.AdverseEventReported, day, **fields)


def result(
    state: State, who: str, element: str, value: float, unit: str, day: int, **more: Any
) -> int:
    """Record a result of a laboratory."""
    measured = Measured(element=element, value=value, unit=unit, **more)
    return add(
        state,
        who,
        f.LaboratoryResultsRecorded,
        day,
        results=(measured,),
        laboratory="l",
        ranges_version="v",
        collected_on=str(on(day)),
    )


def scores(state: State, who: str, day: int, encounter: str | None = None, **values: Any) -> None:
    """Record scores."""
    results = tuple(
        Measured(element=name, value=value, unit="{score}") for name, value in values.items()
    )
    add(state, who, f.ScoresRecorded, day, results=results, encounter=encounter)
