"""The screening document `gradatim.screening/1`, as `gradatim screen --json` gives it."""

from datetime import date
from typing import Literal

from ninja import Field, Schema


class Protocol(Schema):
    """The protocol that somebody was screened by."""

    id: str
    version: str
    sha256: str


class Evidence(Schema):
    """A fact that settles a verdict; what is not known is left out."""

    element: str
    id: str
    on: str | None = None
    from_: str | None = Field(default=None, alias="from")
    to: str | None = None
    value: float | None = None
    bound: str | None = None
    unit: str | None = None
    uln: float | None = None
    lln: float | None = None
    code: str | None = None
    method: str | None = None
    derived: bool | None = None


class Absence(Schema):
    """Records of the kinds asked about, and how many of them are known to be something else."""

    records: int
    understood: int


class Criterion(Schema):
    """What one criterion says of somebody."""

    id: str
    category: Literal["inclusion", "exclusion"]
    truth: str
    passes: bool | None
    reading: str
    basis: str
    text: str
    says: str
    because: str
    evidence: list[Evidence]
    unknown_because: str | None
    absence: Absence | None = None
    passes_from: date | None
    passes_until: date | None


class Missing(Schema):
    """Something to obtain, and the criteria it settles; the most useful has rank 1."""

    element: str
    settles: list[str]
    rank: int


class NotUsed(Schema):
    """A record that is no evidence."""

    id: str
    why: str


class Person(Schema):
    """One person against every criterion."""

    person: str
    anchors: dict[str, date]
    status: Literal["eligible", "ineligible", "undetermined"]
    eligible_from: date | None
    repeat: list[str]
    recheck: list[str]
    criteria: list[Criterion]
    missing: list[Missing]
    not_used: list[NotUsed]
    conflicts: list[NotUsed]


class NotKnown(Schema):
    """A code that nobody knows, and the undetermined criteria that it leaves open."""

    system: str | None
    code: str
    display: str | None
    records: int
    people: int
    criteria: list[str]


class Vocabulary(Schema):
    """The vocabulary that told what codes are; concepts of each system."""

    sha256: str
    concepts: int
    systems: dict[str, int]


class Unusable(Schema):
    """Somebody who cannot be assessed, and why."""

    input: str
    why: str


class Screening(Schema):
    """The document."""

    schema_: Literal["gradatim.screening/1"] = Field(alias="schema")
    protocol: Protocol
    people: list[Person]
    not_known: list[NotKnown]
    vocabulary: Vocabulary | None = None
    unusable: list[Unusable] | None = None
