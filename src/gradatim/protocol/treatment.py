"""What is given, in which doses, how far it may go, and what stops it."""

from typing import Literal

from pydantic import Field

from gradatim.protocol.base import Length, Model, Name, Sourced, Window
from gradatim.protocol.nodes import Rule


class StudyArm(Sourced):
    """An arm of the study."""

    name: str
    type: Literal["experimental", "active comparator", "placebo comparator", "no intervention"]
    text: str = ""


class DoseLevel(Sourced):
    """One dose level; `number` counts from 1, the lowest first."""

    number: int = Field(ge=1)
    label: str
    dose: float = Field(gt=0)
    unit: str


class Component(Sourced):
    """Something the product contains that a person may be hypersensitive to."""

    name: str
    codes: list[str] = []


class Product(Sourced):
    """The investigational product."""

    name: str
    type: str
    components: list[Component] = []


class Administration(Sourced):
    """How the product is given."""

    route: str
    doses: int | None = Field(default=None, ge=1, description="Number of administrations")
    interval: Length | None = None
    dose_per: str = Field(default="", description="What a dose is scaled by, such as body weight")
    weight_from: Name | None = Field(default=None, description="Anchor whose weight is used")


class Treatment(Model):
    """Arms, levels, product and how it is given."""

    arms: list[StudyArm]
    dose_levels: list[DoseLevel]
    product: Product
    administration: Administration


class DoseLimitingToxicity(Sourced):
    """What counts as dose-limiting, and over which days."""

    definition: Rule
    reading: str
    window: Window


class StoppingRule(Sourced):
    """A rule that pauses or stops the trial; `rule` is asked of the whole trial's safety data."""

    id: str
    action: Literal["pause", "stop", "stop level"]
    reading: str
    rule: Rule


class Escalation(Sourced):
    """The dose-escalation design."""

    design: str = Field(description="three_plus_three, boin, ... or a table")
    cohort_size: int = Field(ge=1)
    maximum_per_level: int = Field(ge=1)
    maximum_participants: int | None = None
    start_level: int = Field(default=1, ge=1)
    target_toxicity: float | None = Field(default=None, gt=0, lt=1)
    reading: str


class Sentinel(Sourced):
    """The wait between the first participant of a level and the next."""

    wait: Length
    between_participants: Length | None = None


class Safety(Model):
    """The rules that protect participants."""

    dose_limiting_toxicity: DoseLimitingToxicity
    stopping_rules: list[StoppingRule]
    escalation: Escalation
    sentinel: Sentinel | None = None
    follow_up: "FollowUp | None" = None


class FollowUp(Sourced):
    """How long participants are followed after the last dose."""

    length: Length


Safety.model_rebuild()
