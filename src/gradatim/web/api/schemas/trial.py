"""The trial as a whole: how it stands, what is advised, what waits for somebody, its entries."""

from datetime import date, datetime
from typing import Any, Literal

from ninja import Field, Schema


class Site(Schema):
    """A site, `open` or `closed`."""

    id: str
    status: str


class TrialState(Schema):
    """How the trial stands at a position of its ledger."""

    trial: str
    title: str
    mode: str = Field(description="real, demo or simulated")
    version: str | None = Field(description="Of the protocol in force; null before there is one")
    sha256: str | None = Field(description="Of the document in force")
    position: int = Field(ge=0)
    head: str = Field(description="Hash of the ledger's last entry, hexadecimal")
    recorded_at: datetime | None
    status: Literal["not active", "active", "paused", "stopped", "locked"]
    sites: list[Site]


class Ground(Schema):
    """One reason of the design's advice."""

    text: str
    rule: str
    source: str
    overrides: str


class Outlook(Schema):
    """What the advice becomes if those who are pending turn out so."""

    outcomes: str
    action: str
    level: int | None


class Level(Schema):
    """A dose level, and whether doses may be given at it."""

    number: int
    open: bool = Field(description="As far as the design and the stopping rules decide")
    why: list[str] = Field(description="Why nobody is given a first dose at it")


class NextDose(Schema):
    """What the design in force advises. The committee decides."""

    as_of: date
    design: str
    basis: str = Field(description="What the choice of the design rests on")
    action: str
    level: int | None
    outcomes: str = Field(description="What the design was told, such as `1NNN 2NT`")
    reasons: list[Ground]
    notes: list[str]
    outlook: list[Outlook]
    stopping_rules: list[str] = Field(description="Rules that fired, or may have, and stand")
    levels: list[Level]


class Task(Schema):
    """One thing that waits for somebody."""

    kind: str
    what: str
    event: str = Field(description="The act that settles it")
    site: str
    participant: str | None
    due: datetime | None
    late: bool
    mine: bool = Field(description="Whether this token may do it, where it takes no signature")
    roles: list[str]
    given: dict[str, str] = Field(description="Fields of the act that are known")


class Tasks(Schema):
    """What waits for somebody, what is due first."""

    items: list[Task]


class Query(Schema):
    """A question about an entry."""

    id: str
    of: int = Field(ge=1, description="Position of the entry")
    site: str
    participant: str | None
    question: str
    status: Literal["open", "answered", "closed"]
    answer: str


class Queries(Schema):
    """The questions about entries that are seen."""

    items: list[Query]


class Signing(Schema):
    """A signature under an entry, and whether the entry still says what was signed."""

    entry: int = Field(ge=1, description="Position of the record that carries it")
    by: str
    printed_name: str
    meaning: str
    at: datetime
    stands: bool = Field(description="False where the entry was changed after it was signed")


class Entry(Schema):
    """An entry of the ledger, as it stands corrected; without seals, tokens and documents."""

    position: int = Field(ge=1)
    event: dict[str, Any]
    told: str = Field(description="The entry in a sentence")
    earlier: list[dict[str, Any]] = Field(description="What it said before each correction")
    corrected_by: list[int]
    verified: bool = Field(description="Whether it was compared with its source as it stands")
    signatures: list[Signing]


class Entries(Schema):
    """Entries in the order of the ledger; `next` is the position to go on after."""

    items: list[Entry]
    next: int | None


class Opened(Schema):
    """A deviation that an act opened."""

    position: int = Field(ge=1)
    rule: str
    description: str


class Queried(Schema):
    """A query that values opened which do not go together, by an edit check of the protocol."""

    query: str
    question: str


class Recorded(Schema):
    """An act was recorded, once for one idempotency key."""

    position: int = Field(ge=1)
    event: dict[str, Any] = Field(description="As it was recorded, with numbers given to it")
    deviations: list[Opened]
    queries: list[Queried]


class KeptInJournal(Schema):
    """A fact is in the downtime journal and not in the ledger yet: two people merge it."""

    kept: int = Field(ge=1, description="Its number in the downtime journal")
    what: str
    todo: str
