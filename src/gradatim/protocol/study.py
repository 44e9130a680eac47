"""The whole protocol document."""

from datetime import date
from typing import Literal

from pydantic import Field

from gradatim.protocol.base import Model, Name, Sourced
from gradatim.protocol.consent import (
    SILENT_CONSENT,
    SILENT_TRAINING,
    InformedConsent,
    Training,
)
from gradatim.protocol.duties import SILENT_DUTIES, Duties
from gradatim.protocol.elements import Element
from gradatim.protocol.eligibility import Eligibility, EligibilityCriterion
from gradatim.protocol.nodes import Rule
from gradatim.protocol.schedule import Schedule
from gradatim.protocol.treatment import Safety, Treatment


class Fact(Sourced):
    """One statement about the study as a whole."""

    value: str | int | float


class Identification(Model):
    """Which study this is."""

    id: str
    version: str
    title: str
    phase: Fact
    condition: Fact
    sponsor: Fact | None = None
    planned_enrolment: Fact | None = None
    objectives: list[Fact] = []


class ResponseDefinition(Model):
    """By which published criteria an endpoint counts responses, and from which elements."""

    criteria: list[Name] = Field(min_length=1, description="Such as asas20, basdai50, asdas_state")
    inputs: dict[Name, Name] = Field(description="The element that holds each value they ask for")


class Endpoint(Sourced):
    """What is measured of the trial's success or harm."""

    level: Literal["primary", "secondary", "exploratory"]
    label: str
    elements: list[Name] = []
    measure: str
    response: ResponseDefinition | None = None


RulingOutcome = Literal["confirmed", "change requested", "deferred", ""]
"""What a ruling comes to: the item stands as written; it is to be amended; nothing is decided yet.

Empty is a ruling made before outcomes were recorded: nobody can tell whether it confirms.
"""


class Ruling(Model):
    """The sponsor's answer to one of the protocol's questions; of several, the last counts."""

    question: str = Field(description="The question's key, as `protocol questions` prints it")
    answer: str = Field(description="The reading's name, or the answer in words")
    by: str
    on: date
    outcome: RulingOutcome = Field(
        default="", description="Only `confirmed` settles an item of treatment or safety"
    )
    value: str = Field(
        default="", description="What was ruled on, as `protocol questions --json` gives it"
    )


class Check(Sourced):
    """An edit check: what values entered for one day fulfil; those that do not are questioned.

    The rule is asked of the values of that day alone. FALSE opens a query; UNKNOWN does not.
    """

    id: Name
    text: str = Field(description="The question, to whoever entered the values", min_length=3)
    rule: Rule


LockItem = Literal["queries", "candidates", "participants", "reports", "deviations", "signatures"]
"""What may be open when the data are to be locked."""


class Lock(Sourced):
    """What may stay open when the data are locked; whoever locks them signs why.

    Without it, reports that are not sent, deviations that are not reviewed and judgements that are
    not signed may, and queries, candidates and participants without an end may not.
    """

    may_stay_open: list[LockItem]


class Retention(Sourced):
    """How long records that name participants are kept, and from when on; the longest holds.

    `end_of_trial` is the day on which the last site closed, `last_dose` the last clinical use of
    the product in that participant, `product_expiry` the latest expiry of what they were given.

    Source: ICH E6(R3), 2.12 and appendix C; China's GCP of 2020, article 80; Directive 2004/23/EC,
    article 8(4); Regulation (EC) 1394/2007, article 15(4).
    """

    years: int = Field(description="For how many years", ge=1, le=100)
    after: Literal["end_of_trial", "last_dose", "product_expiry"]


class Study(Model):
    """A protocol: one typed, versioned document that the whole system runs from."""

    schema_: Literal["gradatim.protocol/1"] = Field(alias="schema")
    study: Identification
    treatment: Treatment
    safety: Safety
    schedule: Schedule
    endpoints: list[Endpoint]
    elements: dict[Name, Element]
    eligibility: Eligibility
    consent: InformedConsent | None = None
    training: Training | None = None
    duties: Duties | None = None
    checks: list[Check] = []
    lock: Lock | None = None
    retention: list[Retention] = []
    rulings: list[Ruling] = []

    @property
    def criteria(self) -> list[EligibilityCriterion]:
        """Every criterion, in the document's order."""
        return self.eligibility.criteria

    @property
    def consenting(self) -> InformedConsent:
        """Who obtains consent and from whom; read with caution where the document is silent."""
        return self.consent or SILENT_CONSENT

    @property
    def training_asked(self) -> Training:
        """What training is asked for; read with caution where the document is silent."""
        return self.training or SILENT_TRAINING

    @property
    def duties_apart(self) -> Duties:
        """Which duties are kept apart; read with caution where the document is silent."""
        return self.duties or SILENT_DUTIES

    def criterion(self, id: str) -> EligibilityCriterion | None:
        """Give the criterion of that id, if there is one."""
        return next((one for one in self.criteria if one.id == id), None)
