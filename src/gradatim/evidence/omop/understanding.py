"""What a warehouse can tell of absence: which elements it recognises, and which concepts it places.

Somebody has no record of an element only if every record of the kind is understood: known to be of
the element, or known to be of something else. Two things stand in the way, and either leaves it
unknown. The vocabulary may lack what the element is defined by, and then no record of it is
recognised, in anybody. Or a record has no concept, or one of which the vocabulary does not tell
where it belongs; then that person's record may be about the element.

A concept is placed if it is standard, or a class: `concept_ancestor` tells what that is below.

Source: OHDSI Standardized Vocabularies; Book of OHDSI, chapter 5.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from gradatim.core.codes import LABELS, matches
from gradatim.evidence.codebook import Codebook, CodeMeaning
from gradatim.evidence.omop.options import Warehouse
from gradatim.evidence.omop.tables import (
    CONDITIONS,
    DRUGS,
    MEASUREMENTS,
    OBSERVATIONS,
    PROCEDURES,
    SourceTable,
)
from gradatim.evidence.relation import Meaning
from gradatim.protocol.elements import COVERABLE, Element

KINDS = {
    CONDITIONS: ("condition",),
    DRUGS: ("exposure",),
    PROCEDURES: ("procedure",),
    MEASUREMENTS: ("measurement",),
    OBSERVATIONS: ("answer", "participation"),
}
"""Kinds of elements that chiefly stand in each table."""
OWN = {kind: source for source, kinds in KINDS.items() for kind in kinds if kind in COVERABLE}
"""The table in which records of each kind that can be declared chiefly stand."""
OF_DOMAIN = {
    "Condition": CONDITIONS,
    "Drug": DRUGS,
    "Procedure": PROCEDURES,
    "Measurement": MEASUREMENTS,
    "Observation": OBSERVATIONS,
}
"""The table in which records of a standard concept of each domain stand."""
HIERARCHICAL = ("snomed", "rxnorm", "atc", "loinc")
"""Systems of which a code stands for its concept and all below it."""
EMPTY: frozenset[str] = frozenset()
NO_VOCABULARY = "there is no vocabulary (no table concept, or an empty one)"
NO_HIERARCHY = "there is no hierarchy (no table concept_ancestor, or an empty one)"


class CodedConcept(NamedTuple):
    """A concept with its code.

    Args:
        id: the concept.
        system: the short name of its code system.
        code: its code.
        standard: `S` of a standard concept, `C` of a class; else empty.
        name: its name.
        gone: why it is no longer valid; else empty.
    """

    id: int
    system: str
    code: str
    standard: str
    name: str
    gone: str = ""


@dataclass(frozen=True)
class Statuses:
    """What values and observations tell of conditions, procedures and drugs: as a history does.

    Args:
        elements: of which that is asked.
        means: what a concept means together with its value, as concepts.
        speaks: of concepts, the elements of which their records may speak.
        pairs: likewise of a concept (0 for none) with its value.
        seen: of each table, the concepts and values that were looked at.
        of: of a concept that tells nothing without a value, with what its source used: the
            elements that it may be of.
    """

    elements: frozenset[str] = frozenset()
    means: Mapping[tuple[int, int], frozenset[Meaning]] = field(default_factory=dict)
    speaks: Mapping[int, frozenset[str]] = field(default_factory=dict)
    pairs: Mapping[tuple[int, int], frozenset[str]] = field(default_factory=dict)
    seen: Mapping[SourceTable, frozenset[tuple[int, int]]] = field(default_factory=dict)
    of: Mapping[tuple[int, int], frozenset[str]] = field(default_factory=dict)

    def may_be(self, concept: int, value: int, used: Iterable[int]) -> frozenset[str]:
        """Return the elements of which a record may speak.

        Args:
            concept: its concept, 0 for none.
            value: its value as a concept, 0 for none.
            used: where the concept tells nothing, those of the source.
        """
        found = self.speaks.get(concept, EMPTY) | self.pairs.get((concept, value), EMPTY)
        for one in used:
            found = found | self.speaks.get(one, EMPTY) | self.pairs.get((one, value), EMPTY)
        return found & self.elements


@dataclass(frozen=True)
class Understanding:
    """What can be concluded from the absence of records.

    Args:
        unheld: kinds whose table is missing or empty, which no declaration covers; with its name.
        unrecognised: elements of the kinds asked about of which a record need not be seen; why.
        elements: of each table, the other elements of these kinds whose records stand in it.
        unplaced: of concepts that occur there, those that are not known to lie outside of some
            elements; with these.
        statuses: what records elsewhere tell of what somebody has or had.
    """

    unheld: Mapping[str, str] = field(default_factory=dict)
    unrecognised: Mapping[str, str] = field(default_factory=dict)
    elements: Mapping[SourceTable, frozenset[str]] = field(default_factory=dict)
    unplaced: Mapping[int, frozenset[str]] = field(default_factory=dict)
    statuses: Statuses = field(default_factory=Statuses)

    def of_concept(self, source: SourceTable, concept: int) -> frozenset[str]:
        """Return the elements that a record of a concept is not known to lie outside of."""
        return self.unplaced.get(concept, EMPTY) & self.elements.get(source, EMPTY)

    def of_source(
        self,
        source: SourceTable,
        used: Collection[int],
        codes: Iterable[tuple[str, str]],
        codebook: Codebook,
    ) -> frozenset[str]:
        """Return the elements that a record without a concept is not known to lie outside of.

        Beside what is known of it, what is not known says nothing.

        Args:
            source: the table.
            used: the concept that its source used, and those of the code that it wrote, if any.
            codes: the codes that its source surely wrote, with the short names of their systems.
            codebook: which elements a code means.
        """
        elements = self.elements.get(source, EMPTY)
        codes = list(codes)
        for one in used:
            elements = elements & self.unplaced.get(one, EMPTY)
        if not codes:
            return elements
        says = {name: codebook.outcome(codes, name) for name in elements}
        return frozenset(name for name in elements if says[name] is not CodeMeaning.SOMETHING_ELSE)


def empty(warehouse: Warehouse, name: str) -> bool:
    """Whether a table is missing or has no rows."""
    table = warehouse.table(name)
    return table is None or not warehouse.fetch(table.limit(1)).num_rows


def unheld(warehouse: Warehouse, kinds: Iterable[str]) -> dict[str, str]:
    """Return the kinds whose table is missing or empty, with its name."""
    return {kind: OWN[kind].name for kind in kinds if empty(warehouse, OWN[kind].name)}


class Known(NamedTuple):
    """What the vocabulary holds of a protocol's codes.

    Args:
        coded: the concepts of its codes.
        targets: those that are not standard and map to others.
        recognised: the elements that a concept means, or what a source wrote.
        hierarchy: whether it tells what is below a concept.
    """

    coded: list[CodedConcept]
    targets: Collection[int]
    recognised: frozenset[str]
    hierarchy: bool


def unrecognised(elements: Mapping[str, Element], known: Known) -> dict[str, str]:
    """Return the elements of which a record need not be seen, with why.

    Of a system whose codes stand for all below them every code must be there: what lies below one
    that is not cannot be told. Codes of ICD-10 differ from country to country, and what is coded by
    one that the vocabulary does not hold has no concept; there one code of the element is enough.

    Args:
        elements: the elements that are asked about, by name.
        known: what the vocabulary holds of their codes.
    """
    found = {name: _lacking(name, element, known) for name, element in elements.items()}
    return {name: why for name, why in found.items() if why}


def _lacking(name: str, element: Element, known: Known) -> str:
    """Say what is lacking to recognise an element; empty if nothing is."""
    if name not in known.recognised:
        return "no concept of the vocabulary means it"
    for group in (*element.codes, *element.perhaps):
        if group.system in HIERARCHICAL:
            held = [
                one.code
                for one in known.coded
                if one.system == group.system and _usable(one, known)
            ]
            for code in group.codes:
                if not any(matches(code, one) for one in held):
                    return f"the vocabulary does not hold {LABELS[group.system]} {code}"
    if not _can_be_seen(element, known):
        return "no code that the protocol lists for it maps to a concept of the vocabulary"
    standard = any(group.system != "local" for group in element.codes)
    if (standard or element.drugs or element.drug_classes) and not known.hierarchy:
        return NO_HIERARCHY
    return ""


def _can_be_seen(element: Element, known: Known) -> bool:
    """Whether records of an element that only codes of ICD-10 define have a concept that is known.

    Records have the standard concepts that these codes map to.
    """
    if element.drugs or element.drug_classes or not element.codes:
        return True
    if any(group.system != "icd10" for group in element.codes):
        return True
    return any(
        one.standard or one.id in known.targets
        for one in known.coded
        if one.system == "icd10"
        and any(matches(code, one.code) for group in element.codes for code in group.codes)
    )


def _usable(one: CodedConcept, known: Known) -> bool:
    """Whether records can have a concept, or one that it maps to."""
    return bool(one.standard or one.id in known.targets or not one.gone)
