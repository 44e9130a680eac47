"""What a reader of one resource needs to know besides it: the protocol's questions, the person."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from gradatim.core.dates import NEVER_ENDED, Day
from gradatim.evidence.codebook import Codebook
from gradatim.evidence.facts import Fact, NotUsed
from gradatim.evidence.sources.datatypes import Resource, codes
from gradatim.evidence.sources.patient import Person
from gradatim.protocol.elements import Element

Results = list[Fact | NotUsed]
"""What a resource gives: facts, and of what gives none the reason; never nothing at all."""

NOT_ASKED = "not asked about by this protocol"
NOT_CODED = "has no code of a code system that is read here"
OCCURRENCES = frozenset({"condition", "exposure", "procedure", "participation", "adverse_event"})
"""Kinds of elements of which a record says that, and when, something happened."""


@dataclass(frozen=True, slots=True)
class About:
    """The questions asked and the person they are asked of.

    Args:
        codebook: which elements a code means.
        elements: the protocol's elements by name.
        person: whose records these are.
        on: the day of the evaluation.
        medications: Medication resources by the references that may name them.
    """

    codebook: Codebook
    elements: Mapping[str, Element]
    person: Person
    on: date
    medications: Mapping[str, Resource] = field(default_factory=dict)

    def asked(self, concept: Resource | None) -> dict[str, str]:
        """Give the elements a CodeableConcept means, each with its ingredient or else its code."""
        found: dict[str, str] = {}
        for pair in codes(concept):
            names, ingredient = self.codebook.lookup(*pair)
            for name in names:
                found.setdefault(name, ingredient or pair[1])
        return found

    def undated(self) -> Day:
        """Give the days on which something undated can have happened: in this life so far."""
        birth = self.person.birth.first
        return Day(birth, max(birth, self.on))

    def by_now(self, start: Day) -> Day:
        """Give an end that nobody wrote down, of something known to be over."""
        return Day(start.first, max(start.first, self.on))

    def until(self, start: Day, ongoing: bool) -> Day:
        """Give the end of something recorded without one."""
        return NEVER_ENDED if ongoing else self.by_now(start)

    def of_kind(self, kind: str) -> list[str]:
        """Give the names of the elements of a kind."""
        return [name for name, element in self.elements.items() if element.kind == kind]


def not_asked(id_: str, concept: Resource | None, could_be: Iterable[str] = ()) -> Results:
    """Say of a resource that no question is asked about its code.

    Args:
        id_: its place.
        concept: what it is about.
        could_be: elements that it may be about when it has no code to tell.
    """
    if codes(concept):
        return [NotUsed(id_, NOT_ASKED)]
    return [NotUsed(id_, NOT_CODED, tuple(could_be))]


def status_why(status: str) -> str:
    """Say why a record of that status is not used."""
    if not status:
        return "has no status"
    return status if status in ("entered-in-error", "refuted") else f"status {status}"


def settle(id_: str, facts: list[Fact], faults: Mapping[str, str]) -> Results:
    """Join what one resource gives with why some parts of it (by name) give nothing.

    A resource that gives nothing is one NotUsed; of one that gives something, each part that does
    not is its own NotUsed, with the part's name after a `#`.
    """
    if facts:
        return [*facts, *(NotUsed(f"{id_}#{part}", why) for part, why in faults.items())]
    return [NotUsed(id_, "; ".join(dict.fromkeys(faults.values())))]


def happened(
    name: str, id_: str, start: Day, end: Day, about: About, doubtful: str = ""
) -> Fact | str:
    """Give the fact that something happened, or why the element cannot be answered so.

    Of an element that is an answer it is a "yes" read out of a record; a given answer outranks it.
    """
    kind = about.elements[name].kind
    if kind == "answer":
        return Fact(name, id_, start, end, code="true", derived=True, doubtful=doubtful)
    if kind not in OCCURRENCES:
        return f"is no {kind}, which is what {name} is"
    return Fact(name, id_, start, end, doubtful=doubtful)
