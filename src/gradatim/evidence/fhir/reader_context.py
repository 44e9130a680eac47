"""What a reader of one resource needs to know besides it: the protocol's questions, the person."""

from collections.abc import Container, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from gradatim.clinical.drug_names import drugs_named
from gradatim.core.codes import ICD10_STATUS, matches, normalised
from gradatim.core.dates import NEVER_ENDED, Day
from gradatim.core.message import Text
from gradatim.core.verdict import Reason
from gradatim.evidence.codebook import Codebook, CodeMeaning, in_table
from gradatim.evidence.facts import Coding, Fact, NotUsed
from gradatim.evidence.fhir.datatypes import (
    Resource,
    Unreadable,
    coded_as,
    codes,
    printable,
    text,
    texts,
)
from gradatim.evidence.fhir.patient import Patient
from gradatim.protocol.elements import COVERABLE, Element

Results = list[Fact | NotUsed]
"""What a resource gives: facts, and of what gives none the reason; never nothing at all."""

NOT_ASKED = "not asked about by this protocol"
NOT_CODED = "has no code of a code system that is read here"
NOT_UNDERSTOOD = "its code is not known here"
_NOTHING: frozenset[str] = frozenset()
_TREATED = ("Z79*", "Z92*")
"""ICD-10 status codes of treatment with drugs; those of other treatment are of procedures."""
MOST_REMEMBERED = 20_000
"""Of how many drugs, and numbers, it is remembered what they are."""
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
    person: Patient
    on: date
    medications: Mapping[str, Resource] = field(default_factory=dict)

    def asked(self, concept: Resource | None) -> dict[str, str]:
        """Return the elements a CodeableConcept means, each with an ingredient or else its code."""
        given = codes(concept)
        return dict(self.codebook.first_ingredients(tuple(given))) if given else {}

    def ingredients(self, concepts: Iterable[Resource | None]) -> dict[str, tuple[str, ...]]:
        """Return the elements that concepts of one record mean, with all ingredients by which.

        Of an element that is not told by an ingredient of the drug table, those of the first
        concept stand, or else a code of it.
        """
        found: dict[str, list[tuple[str, ...]]] = {}
        for concept in concepts:
            for name, told in self.codebook.ingredients(tuple(codes(concept))):
                found.setdefault(name, []).append(told)
        return {name: in_table(*some) or some[0] for name, some in found.items()}

    @property
    def drugs_read(self) -> dict[bytes, Any]:
        """What is remembered of each drug, by what names it; it holds what these answers say."""
        return self.codebook.drugs_read

    @property
    def numbers_read(self) -> dict[bytes, Any]:
        """What is remembered of what numbers are of, likewise."""
        return self.codebook.numbers_read

    def combines(self, concept: Resource | None) -> bool:
        """Whether a code of a concept is known to have several ingredients."""
        return any(self.codebook.combines(*pair) for pair in codes(concept))

    def named(self, concepts: Iterable[Resource | None]) -> frozenset[str]:
        """Return the elements of the drugs that concepts name in words."""
        found: frozenset[str] = _NOTHING
        for one in concepts:
            with suppress(Unreadable):
                for written in texts(one):
                    found |= self.codebook.named_in(written)
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

    def of_diagnosis(self, concept: Resource | None) -> list[str]:
        """Return the elements that a diagnosis may be of, whatever its code.

        Codes of history and status stand among diagnoses and tell of treatment too.
        """
        icd = [normalised(*one) for one in _codes_or_none(concept) if one[0] == "icd10"]
        found = self.of_kind("condition")
        if any(matches(one, code) for one in _TREATED for code in icd):
            return found + self.of_kind("exposure")
        if any(matches(one, code) for one in ICD10_STATUS for code in icd):
            return found + self.of_procedure()
        return found

    def of_procedure(self) -> list[str]:
        """Return the elements that a procedure may be of, whatever its code.

        It may also be how something was given that no drug code defines, as cells are.
        """
        given = [
            name
            for name in self.of_kind("exposure")
            if any(group.system == "snomed" for group in self.elements[name].codes)
        ]
        return self.of_kind("procedure") + given

    def coverable(self) -> list[str]:
        """Return every element that a declaration of completeness may cover."""
        return [name for kind in COVERABLE for name in self.of_kind(kind)]

    def open_to(
        self,
        concepts: Iterable[Resource | None],
        names: Iterable[str],
        asked: Container[str] = (),
    ) -> tuple[str, ...]:
        """Return those of some elements that a record is not known to lie outside of.

        Whatever its codes say, it may be of the elements of a drug that it names. With them come
        those of other kinds for which the protocol lists one of its codes as `perhaps`: an
        electrical cardioversion tells of an arrhythmia.

        Args:
            concepts: what it is about, in one concept or as the parts of a whole: an element is
                only known to be something else where all parts are known to be.
            names: the elements.
            asked: elements it is known to be of; they are left out.
        """
        concepts = list(concepts)
        given = [_codes_or_none(one) for one in concepts]
        named = self.named(concepts)

        def excluded(name: str) -> bool:
            outcomes = {self.codebook.outcome(one, name) for one in given}
            return outcomes == {CodeMeaning.SOMETHING_ELSE}

        perhaps = (name for codes in given for name in self.codebook.perhaps(codes))
        every = dict.fromkeys((*names, *perhaps, *sorted(named)))
        left = (name for name in every if name not in asked)
        return tuple(name for name in left if name in named or not excluded(name))


def _codes_or_none(concept: Resource | None) -> list[tuple[str, str]]:
    """Return the codes of a concept; none of one that cannot be read."""
    try:
        return codes(concept)
    except Unreadable:
        return []


def not_understood(
    id_: str, concepts: Iterable[Resource | None], elements: tuple[str, ...], about: About
) -> NotUsed:
    """Say of a resource that its codes do not tell whether it is of some elements.

    Args:
        id_: its place.
        concepts: what it is about.
        elements: the elements it may be of; none where every one is known to be something else.
        about: the protocol's questions.
    """
    concepts = list(concepts)
    read = any(about.codebook.reads(*pair) for one in concepts for pair in codes(one))
    if not elements:
        return NotUsed(id_, NOT_ASKED if read else NOT_CODED)
    told = codes_of(concepts)
    said = [str(one) for one in told] or [repr(one) for one in dict.fromkeys(_wordings(concepts))]
    why = NOT_UNDERSTOOD if read else NOT_CODED
    why = f"{why}: {', '.join(said)}" if said else why
    return NotUsed(id_, "; ".join([why, *_hints(concepts)]), elements, told)


def _hints(concepts: Iterable[Resource | None]) -> list[str]:
    """Say which drugs concepts name in words."""
    found: dict[str, None] = {}
    for one in concepts:
        for written in texts(one):
            told = (
                f"perhaps {drug.name}: {word!r} in its text" for drug, word in drugs_named(written)
            )
            found |= dict.fromkeys(told)
    return list(found)


def tells(results: Results) -> bool:
    """Whether what a resource gives tells of something that happened, asked about or not.

    One entered in error, of another person or of what was not done does not.
    """
    return any(isinstance(one, Fact) or one.elements or one.why == NOT_ASKED for one in results)


def codes_of(concepts: Iterable[Resource | None]) -> tuple[Coding, ...]:
    """Return the codes of some concepts; none of one that cannot be read."""
    found: dict[Coding, None] = {}
    for one in concepts:
        with suppress(Unreadable):
            found |= dict.fromkeys(coded_as(one))
    return tuple(found)


def besides(
    id_: str, concepts: Iterable[Resource | None], elements: tuple[str, ...], about: About
) -> list[NotUsed]:
    """Say of a resource that is used of what else its codes may be."""
    return [not_understood(f"{id_}#code", concepts, elements, about)] if elements else []


def _wordings(concepts: Iterable[Resource | None]) -> list[str]:
    """Return what concepts without a code say in words."""
    return [printable(text(one, "text")) for one in concepts if one and text(one, "text")]


def status_why(status: str) -> str:
    """Say why a record of that status is not used."""
    if not status:
        return "has no status"
    return status if status in ("entered-in-error", "refuted") else f"status {status}"


def settle(
    id_: str, facts: list[Fact], faults: Mapping[str, str], perhaps: tuple[str, ...] = ()
) -> Results:
    """Join what one resource gives with why some parts of it (by name) give nothing.

    A resource that gives nothing is one NotUsed; of one that gives something, each part that does
    not is its own NotUsed, with the part's name after a `#`.

    Args:
        id_: its place.
        facts: what it gives.
        faults: why some parts give nothing.
        perhaps: elements that it may be about all the same.
    """
    if facts:
        return [*facts, *(NotUsed(f"{id_}#{part}", why, perhaps) for part, why in faults.items())]
    return [NotUsed(id_, "; ".join(dict.fromkeys(faults.values())), perhaps)]


def contradictory(id_: str, why: Text, found: Results) -> Results:
    """Return what a record that contradicts itself gives: its facts do not settle anything.

    Args:
        id_: its place.
        why: how it contradicts itself.
        found: what it would give. What has begun may have ended, or go on.
    """
    reason = Reason.CONFLICT
    open_ = tuple(
        fact._replace(
            end=Day(fact.end.first, date.max), value=None, code="", doubtful=why, unsettled=reason
        )
        for fact in found
        if isinstance(fact, Fact)
    )
    parts = [one for one in found if isinstance(one, NotUsed)]
    return [NotUsed(id_, str(why), instead=open_, conflict=True), *parts] if open_ else found


def happened(
    name: str, id_: str, start: Day, end: Day, about: About, doubtful: Text = ""
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
