"""Anchors, visits and what is done at them."""

from pydantic import Field

from gradatim.protocol.base import Basis, Length, Model, Name, Sourced, Window


class Anchor(Sourced):
    """A date that windows are counted from."""

    label: str
    moves_with_first_dose: bool = Field(
        description="Whether it keeps its distance when the first dose is put off"
    )
    offset: Length | None = Field(default=None, description="Planned distance from `relative_to`")
    relative_to: Name | None = None


class Encounter(Sourced):
    """A visit: the window of days that belong to it, and how long its results stay valid."""

    label: str
    window: Window
    valid_within: Window | None = Field(
        default=None, description="Results outside this window too are stale"
    )


class Activity(Sourced):
    """Something done at visits, and the elements it records."""

    label: str
    encounters: list[Name]
    elements: list[Name]


class Rescreening(Sourced):
    """How often somebody whose screening failed may be screened again, as a new participant."""

    times: int = Field(ge=0, le=20, description="So many times; 0: never")


class Schedule(Model):
    """The schedule of activities."""

    anchors: dict[Name, Anchor]
    encounters: dict[Name, Encounter]
    activities: dict[Name, Activity]
    rescreening: Rescreening = Field(
        default=Rescreening(times=1, basis=Basis.ASSUMED),
        description="Screening again; where nothing is said, once",
    )
