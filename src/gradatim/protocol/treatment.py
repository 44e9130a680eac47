"""What is given, in which doses, how far it may go, and what stops it."""

from typing import Literal, Self
from zoneinfo import available_timezones

from pydantic import Field, field_validator, model_validator

from gradatim.core.dates import Duration
from gradatim.protocol.base import Basis, Length, LimitText, Model, Name, Sourced, Window
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


class ReleaseTest(Sourced):
    """One test of a lot's specification: a limit on its result, or the answer it must have."""

    name: Name
    label: str
    limit: LimitText | None = Field(default=None, description="Such as '>= 80 %'")
    answer: str = Field(default="", description="Such as negative, where it is no number")

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if (self.limit is None) == (not self.answer.strip()):
            raise ValueError(f"the test {self.name} needs a limit or an answer, and not both")
        return self


class Product(Sourced):
    """The investigational product."""

    name: str
    type: str
    components: list[Component] = []
    specification: list[ReleaseTest] = Field(
        default=[], description="What each lot is tested for before its bags may be released"
    )


class Administration(Sourced):
    """How the product is given."""

    route: str
    doses: int | None = Field(default=None, ge=1, description="Number of administrations")
    interval: Length | None = None
    dose_per: str = Field(default="", description="What a dose is scaled by, such as body weight")
    weight_from: Name | None = Field(default=None, description="Anchor whose weight is used")


class Preparation(Sourced):
    """How a dose scaled by body weight is drawn from units of the product, and its limits."""

    counts: Literal["viable", "total"] = Field(description="The cells that a dose counts")
    mode: Literal["exact volume", "whole units"] = Field(
        description="Draw the exact volume and discard the rest, or give whole units only"
    )
    tolerance: float = Field(ge=0, lt=1, description="Deviation from the dose that is accepted")
    redose_if_weight_changes_by: float | None = Field(default=None, gt=0, lt=1)
    weight_cap: float | None = Field(default=None, gt=0, description="kg; above it, it counts")
    minimum_viability: float | None = Field(default=None, gt=0, le=1)
    thaw_to_end: float | None = Field(default=None, gt=0, description="Hours, for each unit")
    filter_and_hold_up: float = Field(default=0, ge=0, description="mL that stay in the line")
    maximum_rate: float | None = Field(default=None, gt=0, description="mL/min")
    maximum_dmso: float | None = Field(default=None, gt=0, description="g/kg for each infusion")


class PreDoseCheck(Sourced):
    """One item of the checklist that is signed before each dose."""

    id: Name
    label: str
    reading: str = Field(default="", description="When the item is in order")
    rule: Rule | None = Field(
        default=None,
        description="What the records must show for the item to be in order; its windows are "
        "counted from this dose, and the value taken last before it counts",
    )
    without_record: Literal["refused", "answered"] = Field(
        default="refused",
        description="Where the records leave `rule` open: the dose is refused, or the signer's "
        "answer stands",
    )
    may_not_apply: bool = Field(
        default=False,
        description="Whether *not applicable* is an answer; else the item is looked at each time",
    )


class BedsideCheck(Sourced):
    """Who holds the person and the product against the preparation, right before the dose."""

    people: int = Field(default=2, ge=0, description="So many different people; 0: nobody need")
    identifiers: int = Field(default=2, ge=1, description="So many identifiers of the person")
    scanned: bool = Field(default=False, description="Codes are scanned; to read them is no check")


Leave = Literal["refused", "committee"]
"""Whether something is refused, or may be allowed by the safety committee in a signed act."""


class DosingGate(Sourced):
    """What the protocol says of a dose that would else be refused; each is for the sponsor to say.

    Every field is given, so that a ruling confirms all of them.
    """

    criteria_again: Literal["marked", "exclusions", "all"] = Field(
        description="Before later doses: the criteria marked `before_each_dose` alone; beside "
        "them no exclusion that the latest records speak for; or every criterion"
    )
    after_dose_limiting_toxicity: Leave = Field(
        description="A later dose of somebody who has, or may have, a dose-limiting toxicity"
    )
    under_closed_level: Leave = Field(
        description="A later dose at a level that has been closed, of somebody dosed there before"
    )
    dose_reduction: Leave = Field(description="A later dose at a lower level than was assigned")
    weight_change: float = Field(
        gt=0,
        lt=1,
        description="Part by which a weight may differ from every other of the person before it "
        "is questioned",
    )
    weight_outlier: Literal["query answered", "weighed again"] = Field(
        description="When a questioned weight counts: once the query about it is answered, or "
        "once a second weighing bears it out"
    )

    @property
    def reading(self) -> str:
        """Say it in words."""
        left = {"refused": "is refused", "committee": "is for the committee to allow"}
        again = {
            "marked": "the criteria marked for each dose are asked again",
            "exclusions": "no exclusion may be met by the latest records",
            "all": "every criterion is asked again",
        }
        return (
            f"Before later doses {again[self.criteria_again]}. A dose after a dose-limiting "
            f"toxicity {left[self.after_dose_limiting_toxicity]}; a later dose at a closed level "
            f"{left[self.under_closed_level]}; a later dose at a lower level "
            f"{left[self.dose_reduction]}. A weight that differs by more than "
            f"{100 * self.weight_change:g} % from every other is questioned, and counts once "
            f"{_OUTLIERS[self.weight_outlier]}."
        )


_OUTLIERS = {
    "query answered": "the query about it is answered",
    "weighed again": "a second weighing bears it out",
}
CAUTIOUS = DosingGate(
    basis=Basis.ASSUMED,
    source="not said by the protocol",
    note="The cautious answer to each stands in until the sponsor has ruled.",
    criteria_again="exclusions",
    after_dose_limiting_toxicity="refused",
    under_closed_level="refused",
    dose_reduction="refused",
    weight_change=0.2,
    weight_outlier="query answered",
)
"""What holds where a protocol does not say.

The change of weight is assumed: no source sets a limit for the days or weeks before a dose. It lies
above any change that a protocol doses anew for (10 % is usual) and far below pounds for kilograms
(a factor of 2.2).
"""


class ProhibitedMedication(Sourced):
    """Drugs that a participant does not take beside the product."""

    id: Name
    label: str
    elements: list[Name] = Field(min_length=1, description="Elements that hold the drugs")
    window: Window | None = Field(
        default=None,
        description="Days on which they are prohibited; silent: from consent to the end",
    )
    reading: str = ""


class Treatment(Model):
    """Arms, levels, product and how it is given."""

    arms: list[StudyArm]
    dose_levels: list[DoseLevel]
    product: Product
    administration: Administration
    preparation: Preparation | None = None
    checklist: list[PreDoseCheck] = []
    prohibited: list[ProhibitedMedication] = []
    bedside: BedsideCheck | None = Field(
        default=None, description="Without it two people and two identifiers are assumed"
    )
    gate: DosingGate = CAUTIOUS


class DoseLimitingToxicity(Sourced):
    """What counts as dose-limiting, and over which days."""

    definition: Rule
    reading: str
    window: Window


class StoppingRule(Sourced):
    """A rule that pauses or stops the trial; `rule` is asked of each participant.

    A count in it goes over the records of all participants.
    """

    id: str
    action: Literal["pause", "stop", "stop level"]
    reading: str
    rule: Rule
    participants: int = Field(
        default=1, ge=1, description="Of at least so many participants the rule must hold"
    )


Setting = bool | int | float | str | list[float]


class EscalationDesign(Model):
    """A dose-escalation design with its settings."""

    design: str = Field(description="three_plus_three, three_per_group, boin, crm, ...")
    cohort_size: int = Field(ge=1)
    maximum_per_level: int = Field(ge=1)
    maximum_participants: int | None = Field(default=None, ge=1)
    start_level: int = Field(default=1, ge=1)
    target_toxicity: float | None = Field(default=None, gt=0, lt=1)
    settings: dict[Name, Setting] = Field(
        default={}, description="What else the design is told, by the names of `design oc`"
    )
    reading: str


class AlternativeDesign(EscalationDesign):
    """Another design that the record allows."""

    name: Name


class RecommendedLevel(Sourced):
    """What it takes to call a dose level recommended."""

    evaluable: int = Field(ge=1, description="At least so many evaluable participants at it")
    at_most: int = Field(ge=0, description="with at most so many dose-limiting toxicities")


class Escalation(Sourced, EscalationDesign):
    """The dose-escalation design, and others that the record allows."""

    reading_name: Name = "default"
    alternatives: list[AlternativeDesign] = []
    recommended_level: RecommendedLevel | None = None


class Sentinel(Sourced):
    """The wait between the first participant of a level and the next."""

    wait: Length
    between_participants: Length | None = None
    infusions: int = Field(default=1, ge=1, description="Of the first participant, observed")


class Evaluability(Sourced):
    """Who counts for the escalation: a DLT always does, else the dose and the whole window."""

    dose_fraction: float = Field(gt=0, le=1, description="Least part of the planned dose")
    at_most: float | None = Field(
        default=None,
        ge=1,
        description="Most of it; without one, as far above the planned dose as the least is "
        "below it is assumed",
    )

    @property
    def most(self) -> float:
        """The largest part of the planned dose with which somebody without a DLT counts."""
        return 2 - self.dose_fraction if self.at_most is None else self.at_most


class SpecialInterest(Sourced):
    """Adverse events of special interest: reported like serious ones, whatever their grade."""

    elements: list[Name]


class Reporting(Sourced):
    """Whose rules set the clocks of safety reports."""

    jurisdiction: Literal["CN", "EU", "US"]
    zone: str = Field(
        default="",
        description="Time zone of the sponsor, whose days its deadlines count, such as "
        "America/Chicago; without one, that of the authority's seat is assumed",
    )

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        if zone and zone not in available_timezones():
            raise ValueError(f"there is no time zone {zone!r}; such as Asia/Shanghai")
        return zone


class Committee(Sourced):
    """The safety committee: who must sign a dose decision."""

    signers: int = Field(ge=1, description="At least so many members")
    seats: int | None = Field(
        default=None,
        ge=1,
        description="How many members the committee has; without it, as many as hold the task",
    )

    @model_validator(mode="after")
    def _enough_seats(self) -> Self:
        if self.seats is not None and self.seats < self.signers:
            raise ValueError(f"{self.signers} members must sign, and there are {self.seats} seats")
        return self


class Grading(Sourced):
    """How what is measured is graded, where the grading scale leaves it to the protocol."""

    ctcae: Literal["v5.0"] = Field(default="v5.0", description="The version of CTCAE that is used")
    unrepeated: bool = Field(
        default=True,
        description="Whether one reading that nobody has repeated counts, where a term speaks of "
        "repeated readings or their average: blood pressure, QTc",
    )
    anticoagulants: list[Name] = Field(
        default=[],
        description="Drugs on which an INR is graded by its baseline; without any, those whose "
        "ATC codes say so",
    )


HOW_GRADED = Grading(
    basis=Basis.ASSUMED, note="Nothing is said of it; one reading counts until it is repeated."
)
"""What holds where a protocol says nothing of grading: with caution."""


class Pregnancies(Sourced):
    """What is done when a participant, or a participant's partner, is pregnant."""

    report_within_hours: float = Field(
        default=24, gt=0, description="Hours from the site's knowledge to its report"
    )
    outcome_within: Length = Field(
        default=Duration(days=44 * 7),
        description="From the day it was detected: by then its outcome is asked for",
    )
    doses: Literal["refused", "given"] = Field(
        default="refused",
        description="Whether a participant who is, or may be, pregnant is given a dose",
    )


SILENT_PREGNANCIES = Pregnancies(basis=Basis.ASSUMED, source="the protocol does not say")


class Safety(Model):
    """The rules that protect participants."""

    dose_limiting_toxicity: DoseLimitingToxicity
    stopping_rules: list[StoppingRule]
    escalation: Escalation
    sentinel: Sentinel | None = None
    follow_up: "FollowUp | None" = None
    evaluable: Evaluability | None = None
    special_interest: SpecialInterest | None = None
    reporting: Reporting | None = None
    committee: Committee | None = None
    grading: Grading | None = None
    pregnancies: Pregnancies | None = None

    @property
    def how_graded(self) -> Grading:
        """How what is measured is graded; with caution where the protocol does not say."""
        return self.grading or HOW_GRADED

    @property
    def of_pregnancies(self) -> Pregnancies:
        """What is asked of pregnancies; read with caution where the document is silent."""
        return self.pregnancies or SILENT_PREGNANCIES


class FollowUp(Sourced):
    """How long participants are followed after the last dose."""

    length: Length


Safety.model_rebuild()
