"""What went wrong, as every operation tells it."""

from datetime import datetime

from ninja import Field, Schema


class Reason(Schema):
    """One reason: a rule, or the place of a fault in the request."""

    rule: str
    why: str


class Fault(Schema):
    """What is wrong, where, why, and what to do about it."""

    what: str
    where: str = ""
    why: str = ""
    todo: str = ""
    reasons: list[Reason] = []


class Changed(Schema):
    """An entry that others recorded meanwhile; of one that is not for you only that it is there."""

    position: int = Field(ge=1)
    recorded_at: datetime | None = None
    recorded_by: str = ""
    told: str


class Overtaken(Fault):
    """Nothing was recorded: look at these entries, then send it again with their position."""

    entries: list[Changed] = []
    position: int = Field(ge=0, description="The position to send in If-Match once they are seen")
