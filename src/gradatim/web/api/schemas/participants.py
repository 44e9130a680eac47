"""Participants: how they stand, and what is recorded of them."""

from datetime import date, datetime
from typing import Literal

from ninja import Field, Schema

Letter = Literal["", "T", "C", "P", "N"]


class Participant(Schema):
    """How a participant stands."""

    id: str
    site: str
    status: str
    sex: str
    consent: str
    registered_on: date
    level: int | None = Field(description="Dose level, from 1; null before enrolment")
    cohort: int | None
    replaced: bool
    doses: int = Field(ge=0, description="How many were given")
    adverse_events: int = Field(ge=0)
    letter: Letter = Field(
        description="For the design: T a dose-limiting toxicity, C a candidate nobody has "
        "adjudicated, P pending, N none; empty for who does not count"
    )


class Participants(Schema):
    """Participants in the order of registration; `next` is whom to go on after."""

    items: list[Participant]
    next: str | None


class Visit(Schema):
    """One encounter of the schedule."""

    encounter: str
    label: str
    first: date | None
    last: date | None
    done_on: date | None
    position: int | None
    status: str


class Given(Schema):
    """A dose as it was given."""

    started_at: datetime
    ended_at: datetime
    amount: float
    unit: str
    volume_ml: float | None


class Dose(Schema):
    """One dose on its way from setting aside to the end of its administration."""

    number: int = Field(ge=1)
    lot: str
    bags: list[str]
    prepared: float | None
    planned: float | None
    unit: str
    verified: bool
    signed: bool = Field(description="Whether the pre-dose checklist is signed")
    given: list[Given]
    withheld: str = Field(description="Why it was not given; empty where it was not withheld")
    fraction: float | None = Field(description="Part of the planned dose that was given")


class Report(Schema):
    """A safety report that an adverse event makes due."""

    recipient: str
    report: str
    why: str
    due: datetime
    sent: datetime | None
    status: str


class AdverseEvent(Schema):
    """An adverse event as it is known now."""

    id: str
    position: int
    term: str
    scale: str
    grade: int | None
    onset: str
    resolved: str
    status: str
    outcome: str
    serious: list[str]
    investigator_relation: str
    sponsor_relation: str
    expected: bool | None
    reports: list[Report]


class Candidate(Schema):
    """What may be a dose-limiting toxicity; until it is adjudicated it counts."""

    id: str
    label: str
    why: str
    dose_limiting: bool | None
    counts: bool
    changed_by: int | None = Field(
        description="The entry since which the definition makes it none; it stays until adjudicated"
    )


class Grade(Schema):
    """A value with its grade by one term; without one, every grade that it may be."""

    position: int
    element: str
    on: str
    value: float | None
    bound: str
    unit: str
    term: str
    version: str
    grade: int | None
    possible: list[int]
    needs: str
    rule: str
    because: str
    baseline: int | None
    after_dose: bool


class ParticipantDetail(Participant):
    """A participant with all that is worked out of their entries."""

    visits: list[Visit]
    dosing: list[Dose]
    events: list[AdverseEvent]
    candidates: list[Candidate]
    grades: list[Grade]
