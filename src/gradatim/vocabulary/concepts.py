"""What a vocabulary holds: concepts, the links between them, and where they came from."""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import NamedTuple, Protocol

Code = tuple[str, str]
"""A code system, by its short name or else its URI, and a code of it."""
MEDDRA = "http://terminology.hl7.org/CodeSystem/MDRAE"
"""The URI of MedDRA in HL7's terminology registry."""
WHODRUG = "urn:oid:2.16.840.1.113883.6.294"
"""WHODrug in HL7's registry of code systems."""


class Subsumption(StrEnum):
    """How two codes stand to each other.

    Source: HL7 FHIR R4, operation CodeSystem/$subsumes (the first four).
    """

    EQUIVALENT = "equivalent"
    SUBSUMES = "subsumes"
    SUBSUMED_BY = "subsumed-by"
    NOT_SUBSUMED = "not-subsumed"
    UNKNOWN = "unknown"


class Concept(NamedTuple):
    """One concept of a code system, as its publisher names it.

    Args:
        system: short name of the code system, or its URI.
        code: the code in normal form.
        name: the publisher's name for it; empty where only its code is known.
        active: whether it may still be used.
    """

    system: str
    code: str
    name: str = ""
    active: bool = True


class Held(NamedTuple):
    """A concept, and what a vocabulary knows of its surroundings.

    Args:
        concept: the concept.
        placed: whether everything above it in its hierarchy is held as well.
        whole: whether everything below it in its code system is held as well.
    """

    concept: Concept
    placed: bool = False
    whole: bool = False


class Link(IntEnum):
    """What a concept has to do with another one.

    The numbers stand in vocabulary files.
    """

    IS_A = 1
    """It is a kind of the other. Two concepts that mean the same are kinds of each other."""
    REPLACED_BY = 2
    """It was retired, and the other is used instead."""
    MADE_OF = 3
    """A drug in more words, and in fewer: product, form, component, ingredient. It *is* the other
    if both come to the same ingredients; else the other is only a part of it."""
    HAS_INGREDIENT = 4
    """The other is an ingredient of it, perhaps one of several that are not told."""
    MAY_BE = 5
    """It may be the other, or speaks of it: a history, a cause, a mapping that is not exact."""
    ONE_OF = 6
    """It is one of several, and this is one of them; all are told."""


class Source(NamedTuple):
    """Where the concepts of a vocabulary came from.

    Args:
        name: name of the release, the resource or the folder.
        kind: its format, such as "OMOP vocabulary".
        version: as the publisher states it; may be empty.
    """

    name: str
    kind: str
    version: str = ""


Links = Mapping[Link, tuple[Code, ...]]


class Store(Protocol):
    """Where a vocabulary looks things up."""

    sha256: str
    counts: Mapping[str, int]
    sources: tuple[Source, ...]

    def held(self, code: Code) -> Held | None:
        """Return a concept by its code; None: it is not known."""

    def named(self, system: str, text: str, most: int) -> tuple[Concept, ...]:
        """Return concepts in use whose names have a text in them; first those that begin so."""

    def links(self, code: Code) -> Links:
        """Return what a concept is linked to."""

    def verify(self) -> None:
        """Work the hash out anew; raise UnusableInput if it is another one than stated."""
