"""One made-up person, described compactly: for each protocol element, what was recorded of it.

    ast: [{value: 112, unit: U/L, high: 40, on: 2026-11-02}]
    hbsag: {result: negative, on: 2026-11-02}
    sulfasalazine: {drug: sulfasalazine, from: 2026-03-01, dose: 2000 mg/d}
    lactating: false

An element's kind, unit and codes stand in the protocol; nothing here knows a trial.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field

from gradatim.core.dates import parse_day
from gradatim.protocol.base import Model, Name


def _date_text(value: Any) -> str:
    text = str(value)
    parse_day(text)
    return text


DateText = Annotated[str, BeforeValidator(_date_text)]
"""An ISO 8601 date, possibly partial: `2026-03-14`, `2026-03` or `2026`."""


class Record(Model):
    """One record of one element; which fields are given says what it is.

    A measurement has `value` or `result`, an answer `answer`, a period `from` and, once over, `to`;
    `on` is the day of what has no length.
    """

    on: DateText | None = None
    from_: DateText | None = Field(default=None, alias="from")
    to: DateText | None = None
    recorded: DateText | None = Field(default=None, description="When it was written down")
    value: int | float | None = None
    bound: Literal["", "<", "<=", ">", ">="] = ""
    unit: str | None = Field(default=None, description="UCUM; the element's unit if not given")
    low: float | None = Field(default=None, description="Lower reference limit, in `unit`")
    high: float | None = Field(default=None, description="Upper reference limit, in `unit`")
    limit_unit: str | None = Field(default=None, description="Unit of the limits, if another")
    result: str = Field(default="", description="positive, negative, inconclusive or other words")
    answer: bool | None = None
    drug: str = Field(default="", description="Ingredient, by its name in the drug table")
    dose: str = Field(default="", pattern=r"^(\d+(\.\d+)? \S+/(d|wk|mo|h|\d+d))?$")
    route: str = Field(default="", description="intravenous, oral, ... or a SNOMED CT code")
    method: str = ""
    status: str = Field(default="", description="Of the resource; entered-in-error, refuted, ...")
    code: str = Field(default="", pattern=r"^([a-z0-9]+ \S+)?$", description="snomed 22298006")


class Allergy(Model):
    """One recorded allergy, as an allergy list holds it."""

    substance: str
    code: str = Field(default="", pattern=r"^([a-z0-9]+ \S+)?$")
    on: DateText | None = None
    criticality: Literal["", "low", "high", "unable-to-assess"] = ""
    reaction: str = ""
    severity: Literal["", "mild", "moderate", "severe"] = ""
    verification: str = "confirmed"
    clinical: str = "active"


def _listed(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {name: _records(given) for name, given in value.items()}


def _records(given: Any) -> Any:
    if isinstance(given, bool):
        return [{"answer": given}]
    return [given] if isinstance(given, Mapping | Record) else given


Records = Annotated[dict[Name, tuple[Record, ...]], BeforeValidator(_listed)]
"""Records of each element. `true` is short for `[{answer: true}]`, one record for a list of it."""


class Person(Model):
    """All that is recorded of one made-up person."""

    id: str = Field(pattern=r"^[A-Za-z0-9.-]{1,64}$")
    sex: Literal["female", "male", "other", "unknown"] | None = None
    birth: DateText | None = None
    records: Records = {}
    allergies: tuple[Allergy, ...] = ()

    def moved(self, days: int) -> "Person":
        """Give the same person with every exact date moved; age and partial dates stay."""
        records = {
            name: tuple(_moved(one, days) for one in given) for name, given in self.records.items()
        }
        allergies = tuple(_moved(one, days) for one in self.allergies)
        return self.model_copy(update={"records": records, "allergies": allergies})

    def answered(self, on: date) -> "Person":
        """Give the same person with every undated answer dated."""

        def dated(one: Record) -> Record:
            undated = one.answer is not None and not (one.on or one.from_ or one.to)
            return one.model_copy(update={"on": on.isoformat()}) if undated else one

        records = {name: tuple(map(dated, given)) for name, given in self.records.items()}
        return self.model_copy(update={"records": records})


_DATED = ("on", "from_", "to", "recorded")
Dated = TypeVar("Dated", Record, Allergy)


def _moved(one: Dated, days: int) -> Dated:
    given = {name: getattr(one, name, None) for name in _DATED}
    return one.model_copy(update={name: _later(text, days) for name, text in given.items() if text})


def _later(text: str, days: int) -> str:
    day = parse_day(text)
    return (day.first + timedelta(days=days)).isoformat() if day.exact else text
