"""Eligibility: each criterion with its words, its executable rule, and its other readings."""

from typing import Literal

from pydantic import Field

from gradatim.protocol.base import Model, Sourced
from gradatim.protocol.nodes import Rule

CriterionId = str


class Alternative(Model):
    """Another defensible reading: a named set of rule replacements."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_]*$")
    reading: str = Field(description="The reading in plain words")
    rule: Rule
    also: dict[CriterionId, Rule] = Field(default={}, description="Other criteria it replaces")


class EligibilityCriterion(Sourced):
    """One criterion. `rule` is the truth of what the text says; the category gives polarity."""

    id: CriterionId
    category: Literal["inclusion", "exclusion"]
    text: str = Field(description="Verbatim from the record; empty if the record has none")
    reading_name: str = Field(default="literal", alias="named")
    reading: str = Field(description="How the text was understood, in plain words")
    knowable_at: Literal["warehouse", "screening", "pre_dose"]
    rule: Rule
    before_each_dose: bool | None = Field(
        default=None,
        description="Must pass before every dose, its windows counted from that dose; false: "
        "before the first one only; not said: as `treatment.gate` has it",
    )
    alternatives: list[Alternative] = []
    ambiguities: list[str] = Field(default=[], description="What the text leaves open")


class TextNote(Model):
    """Text of the record that is no criterion of its own: a header, or a note read with another."""

    id: str
    text: str
    belongs_to: list[CriterionId]
    reading: str


class Eligibility(Model):
    """All that decides who may enter."""

    record_text: str = Field(description="The record's eligibility text, verbatim")
    connectives: list[str] = Field(default=[], description="Words of it that carry no criterion")
    criteria: list[EligibilityCriterion] = Field(min_length=1)
    notes: list[TextNote] = []
