"""The translation document: what a protocol says in prose, in another language.

It never stands in for the protocol: rules, verdicts and ledgers are made from the protocol alone.
Each translation is written beside the text that it is of. Where the protocol says something else
by now, there is none: an amended criterion is shown as not translated, never in old words.
"""

from typing import Literal

from pydantic import Field

from gradatim.protocol.base import Model
from gradatim.protocol.eligibility import CriterionId, EligibilityCriterion


class Wording(Model):
    """A text of the protocol, as it was when it was translated, and its translation."""

    original: str = Field(min_length=1)
    translation: str = Field(min_length=1)

    def of(self, text: str) -> str | None:
        """Give the translation of a text, if it is the one that was translated."""
        return self.translation if text.split() == self.original.split() else None


class CriterionWording(Model):
    """One criterion: the words of the record, and each reading by its name."""

    text: Wording | None = None
    readings: dict[str, Wording] = {}


class Translation(Model):
    """All of a protocol's prose that an eligibility sheet shows, in one language."""

    schema_: Literal["gradatim.translation/1"] = Field(alias="schema")
    language: str = Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$", description="BCP 47 tag")
    study: str = Field(description="The protocol's id")
    validated_by: str = Field(
        default="", description="Who vouches for it; empty: a translation of our own"
    )
    note: str = Field(default="", description="What a reader must know before relying on it")
    labels: dict[str, str] = Field(
        default={}, description="By its words, each label of an element, anchor, visit or activity"
    )
    criteria: dict[CriterionId, CriterionWording] = {}

    def label(self, words: str) -> str | None:
        """Give a label in this language, if it is translated."""
        return self.labels.get(words)

    def text(self, criterion: EligibilityCriterion) -> str | None:
        """Give a criterion's words of the record in this language, unless they have changed."""
        known = self.criteria.get(criterion.id)
        return known.text.of(criterion.text) if known and known.text else None

    def reading(self, criterion: EligibilityCriterion, name: str, words: str) -> str | None:
        """Give the reading of that name in this language, unless its words have changed."""
        known = self.criteria.get(criterion.id)
        found = known.readings.get(name) if known else None
        return found.of(words) if found else None
