"""What every part of a protocol document shares: strictness, provenance, lengths, limits."""

import re
from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from gradatim.core.dates import Duration, parse_duration


class Model(BaseModel):
    """A part of the document: frozen, and an unknown key is an error."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, arbitrary_types_allowed=True
    )


class Basis(StrEnum):
    """Where a statement comes from, strongest first.

    `stated` is in the registry record; `registry` in other copies of the registration; `ruled`
    settled by a signed ruling; `proposed` our reading, put to the sponsor; `assumed` needed to run
    and found nowhere; `unverified` carried over from memory, to be checked at the source.
    """

    STATED = "stated"
    REGISTRY = "registry"
    RULED = "ruled"
    PROPOSED = "proposed"
    ASSUMED = "assumed"
    UNVERIFIED = "unverified"

    @property
    def settled(self) -> bool:
        """Whether a trial may rest on it without asking."""
        return self in (Basis.STATED, Basis.REGISTRY, Basis.RULED)


class Sourced(Model):
    """A part that says where it comes from."""

    basis: Basis = Field(
        description="Where this comes from; what is not settled becomes a question"
    )
    source: str = Field(default="", description="Registry, paper, page or guideline")
    note: str = Field(default="", description="What a reader must know before relying on it")


def _duration(value: Any) -> Duration:
    return value if isinstance(value, Duration) else parse_duration(str(value))


Length = Annotated[
    Duration,
    BeforeValidator(_duration),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?\d+ (day|week|month|year)s?$"}),
]
Bounds = Literal["[]", "[)", "(]", "()"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Window(Model):
    """The days from `anchor` + `from` to `anchor` + `to`; without `from`, any day before.

    `bounds` says, as in interval notation, whether each end belongs to it.
    """

    anchor: Name
    from_: Length | None = Field(default=None, alias="from")
    to: Length | None = Duration()
    bounds: Bounds


_LIMIT = re.compile(
    r"(?P<op><=|>=|<|>|=) *(?P<number>\d+(?:\.\d+)?)"
    r"(?: *[x×] *(?P<times>ULN|LLN)| +(?P<unit>\S+))?\Z"
)


class Limit(NamedTuple):
    """`> 2.5 x ULN` or `<= 45 %`: an operator and a number, of a unit or of a reference limit."""

    op: str
    number: float
    unit: str = ""
    times: str = ""

    def __str__(self) -> str:
        """As it is written in a protocol."""
        tail = f" x {self.times}" if self.times else f" {self.unit}" if self.unit else ""
        return f"{self.op} {self.number:g}{tail}"


def _limit(value: Any) -> Limit:
    found = _LIMIT.match(value) if isinstance(value, str) else None
    if isinstance(value, Limit):
        return value
    if not found:
        raise ValueError(
            f"{value!r} is not a limit such as '> 2.5 x ULN', '>= 4 {{score}}', '<= 45 %'"
        )
    return Limit(found["op"], float(found["number"]), found["unit"] or "", found["times"] or "")


LimitText = Annotated[
    Limit,
    BeforeValidator(_limit),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^(<=|>=|<|>|=) *\d"}),
]
