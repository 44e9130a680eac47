"""Elements: the things a rule can ask about, with the codes by which they arrive."""

from typing import Literal

from pydantic import Field

from gradatim.core.expression import Expression
from gradatim.protocol.base import Model, Name, Sourced, Window

Kind = Literal[
    "measurement",
    "condition",
    "exposure",
    "procedure",
    "answer",
    "consent",
    "participation",
    "adverse_event",
]
COVERABLE: tuple[str, ...] = ("condition", "exposure", "procedure")
"""Kinds for which a source may declare that no record means it did not happen."""
CodeSystem = Literal["loinc", "snomed", "icd10", "rxnorm", "atc", "ucum", "local"]


class CodeGroup(Sourced):
    """Codes of one system. `I21*` stands for every code below; `C00-C97` for a range."""

    system: CodeSystem
    codes: list[str] = Field(min_length=1)


class Derived(Model):
    """How an element is computed from others of the same day when it was not reported.

    `formula` names one of the clinical tables; `expression` is a tree of the rule language.
    `inputs` maps each input's name to an element; `age` and `sex` are the person's.
    """

    formula: str | None = None
    expression: Expression | None = None
    inputs: dict[str, Name]
    units: dict[str, str] = Field(default={}, description="UCUM unit each input is converted to")
    source: str = ""


class Allergies(Model):
    """How recorded allergies answer a question: by severity, or by substance."""

    severe: bool = False
    substances: list[str] = Field(default=[], description="Names or codes of substances")


class Freshness(Sourced):
    """How recent an answer must be; one without a date is taken as given for this screening."""

    window: Window


class Lasting(Model):
    """Injections after which a drug may act in the whole body for longer than its day.

    Whether such a one counts on the days after it is for a person to say.
    """

    routes: list[str] = Field(description="Injected by these routes (SNOMED CT), or as a depot")
    days: int = Field(ge=1, le=3660, description="For so many days")


class Element(Model):
    """One thing that can be recorded of a person."""

    kind: Kind
    label: str = Field(description="What people call it")
    unit: str = Field(default="", description="UCUM unit it is reported and compared in")
    analyte: str = Field(default="", description="Analyte whose mass and molar units convert")
    codes: list[CodeGroup] = []
    perhaps: list[CodeGroup] = Field(
        default=[],
        description="Codes of which a record may be of this element or not: none is used, and "
        "each keeps the element unknown",
    )
    drugs: list[str] = Field(default=[], description="Ingredients, by name in the drug table")
    drug_classes: list[str] = Field(default=[], description="Every ingredient of these classes")
    routes: list[str] = Field(default=[], description="Only these routes (SNOMED CT) count")
    not_routes: list[str] = Field(default=[], description="These routes (SNOMED CT) do not count")
    lasting: Lasting | None = Field(
        default=None, description="Injections that may act for longer than the day they are given"
    )
    derived: Derived | None = None
    allergies: Allergies | None = None
    judged_by: Literal["investigator"] | None = Field(
        default=None,
        description="Who answers it and signs: what anybody else records does not count",
    )
    plausible: tuple[float, float] | None = Field(
        default=None, description="Outside these values, in `unit`, a value is not used"
    )
    fresh: Freshness | None = Field(
        default=None,
        description="Answers outside this window are stale: the state may have changed",
    )
    ctcae_terms: list[str] = Field(
        default=[], description="Terms whose adverse events are events of this element too"
    )
    ctcae_terms_except: list[str] = Field(
        default=[], description="Adverse events of every other term are events of this element"
    )
    ctcae_classes: list[str] = Field(
        default=[],
        description="CTCAE system organ classes, of which every term is one of this element's",
    )
    synonyms: list[str] = Field(
        default=[], description="Other words for it in use, such as MedDRA preferred terms"
    )
    note: str = ""

    @property
    def loinc(self) -> tuple[str, ...]:
        """Return its LOINC codes, in the order of the protocol."""
        return tuple(
            code for group in self.codes if group.system == "loinc" for code in group.codes
        )
