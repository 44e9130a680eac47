"""What concepts mean: the elements of a protocol, by concept id and by what a source wrote.

It is what the two readings of a warehouse share. `vocabulary.concepts` makes it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from gradatim.clinical.drugs import drugs
from gradatim.clinical.units import canonical_unit
from gradatim.core.codes import verhoeff_ok
from gradatim.evidence.codebook import Codebook
from gradatim.evidence.fhir.datatypes import Unreadable
from gradatim.evidence.fhir.observation_values import value_of, yes_or_no
from gradatim.evidence.fhir.reader_context import OCCURRENCES
from gradatim.evidence.omop.concept_occurrence import SourceWords
from gradatim.evidence.omop.tables import DRUGS, MEASUREMENTS, VALUES, SourceTable
from gradatim.evidence.omop.understanding import Understanding
from gradatim.evidence.relation import Key, Meaning
from gradatim.protocol.elements import Element

Meanings = tuple[Meaning, ...]
LOCAL = "urn:gradatim:element|"
"""Before an element's name, in a source value: how a hospital says that its field is one."""
ANOTHER = "another result"
"""The word of every text that neither is a known result nor one that the protocol asks about."""
MEASURED = ("measurement", "adverse_event")
"""Kinds of elements whose records have a value."""
_LABELLED = re.compile(r"(LOINC|SNOMED(?:CT)?|RXNORM|ATC|ICD-?10(?:-?CM)?)[:|]\s*(.+)", re.I)
_LABEL = re.compile(r"([A-Za-z][\w .-]{1,30}?) ?[:|]\s*(\S{1,50})")
_ICD10 = re.compile(r"([A-Z]\d[0-9A-Z])\.?([0-9A-Z]{0,4})")
_ATC = re.compile(r"[A-Z]\d\d[A-Z][A-Z]\d\d")
_SNOMED = re.compile(r"[1-9]\d{5,17}")
_LOINC = re.compile(r"\d{1,5}-\d")


@dataclass(frozen=True)
class Concepts:
    """The meaning of concepts for one protocol.

    Args:
        codebook: which elements a code means.
        elements: the protocol's elements by name.
        words: results that the protocol asks about.
        meanings: for each concept the elements it means; of a drug with the ingredient.
        domains: the domain of each of them; empty where it is not known.
        vocabulary: whether the warehouse has a vocabulary.
        units: UCUM unit of each unit concept.
        routes: SNOMED CT code of each route concept.
        results: word of each concept of a result or answer.
        notes: what the run report should say.
        understood: what can be concluded from the absence of records.
        silent: concepts that occur and tell nothing: what the source gave may tell what a record
            is, but not what it is not.
        alone: concepts that tell nothing without a value, such as "history of event".
        whole: concepts of sources that map to such a concept together with a value.
        given: what sources gave, of each table, where no concept tells anything; in how many rows.
        of_code: the concepts of codes that sources wrote.
    """

    codebook: Codebook
    elements: Mapping[str, Element]
    words: frozenset[str]
    meanings: Mapping[int, Meanings]
    domains: Mapping[int, str]
    vocabulary: bool
    units: Mapping[int, str]
    routes: Mapping[int, str]
    results: Mapping[int, str]
    notes: tuple[str, ...] = field(default=())
    understood: Understanding = field(default=Understanding())
    silent: frozenset[int] = frozenset()
    alone: frozenset[int] = frozenset()
    whole: frozenset[int] = frozenset()
    given: Mapping[SourceTable, Mapping[SourceWords, int]] = field(default_factory=dict)
    of_code: Mapping[tuple[str, str], frozenset[int]] = field(default_factory=dict)

    def settled(self, source: SourceTable, concept: int | None, value: int | None) -> bool:
        """Whether the concept of a record tells what it means.

        Args:
            source: the table.
            concept: the concept, if any.
            value: its value as a concept, if it has one.
        """
        if not concept or concept in self.silent:
            return False
        if not self.vocabulary:
            return bool(self.of(source, concept))
        return concept not in self.alone or bool(value)

    def with_value(self, source: SourceTable, concept: int, value: int) -> Meanings:
        """Return what a concept means in a table together with its value."""
        found = self.understood.statuses.means.get((concept, value), ())
        return self.read_in(source, tuple(sorted(found)), "") if found else ()

    def of(self, source: SourceTable, concept: int) -> Meanings:
        """Give what a concept means in a table; nothing if its domain belongs elsewhere."""
        found = self.meanings.get(concept)
        if not found:
            return ()
        return self.read_in(source, found, self.domains.get(concept, ""))

    def in_table(self, source: SourceTable) -> dict[int, Meanings]:
        """Give every concept that means something in a table."""
        kept: dict[tuple[Meanings, str], Meanings] = {}
        result = {}
        for concept, found in self.meanings.items():
            told = found, self.domains.get(concept, "")
            if told not in kept:
                kept[told] = self.read_in(source, *told)
            if kept[told]:
                result[concept] = kept[told]
        return result

    def read_in(self, source: SourceTable, found: Meanings, domain: str) -> Meanings:
        """Give those of some meanings that a record in that table can have."""
        if source is DRUGS:
            fits = not domain or any(one in domain for one in source.domains)
            return tuple(m for m in found if fits and self._happens(m))
        if "Drug" in domain:
            return ()
        read = (m for m in found if self._fits(source, m, domain))
        return tuple(dict.fromkeys(Meaning(m.element) for m in read))

    def _fits(self, source: SourceTable, meaning: Meaning, domain: str) -> bool:
        if source not in VALUES:
            return self._happens(meaning)
        # A disorder in the table of measurements is one that the vocabulary puts there.
        elsewhere = source is MEASUREMENTS and domain and "Meas" not in domain
        return not elsewhere or self.kind(meaning) in MEASURED

    def _happens(self, meaning: Meaning) -> bool:
        kind = self.kind(meaning)
        return kind in OCCURRENCES or kind == "answer"

    def kind(self, meaning: Meaning) -> str:
        """Give the kind of the element."""
        return self.elements[meaning.element].kind

    def resolve(self, source: SourceTable, written: str) -> Meanings:
        """Give what a source value means in a table: a code, a local element, a drug's name."""
        found: Meanings = self._resolve(source, written.strip())
        return found

    @cached_property
    def _resolve(self) -> Any:
        return lru_cache(maxsize=100_000)(self._resolved)

    def _resolved(self, source: SourceTable, written: str) -> Meanings:
        found: dict[Meaning, None] = {}
        for system, code in _codes(source, written):
            names, ingredient = self.codebook.lookup(system, code)
            for name in names:
                drug = self.elements[name].kind == "exposure"
                found[Meaning(name, (ingredient or code) if drug else "")] = None
        meant = dict.fromkeys(self.read_in(source, tuple(found), ""))
        for concept in sorted(self._concepts_of(written)):
            meant |= dict.fromkeys(self.of(source, concept))
        return tuple(meant)

    def _concepts_of(self, written: str) -> frozenset[int]:
        """Return the concepts of the code that a source surely wrote."""
        labelled = labelled_code(written) if self.of_code else None
        return self.of_code.get(labelled, frozenset()) if labelled else frozenset()

    def may_be(
        self,
        source: SourceTable,
        concept: int | None,
        used: int | None,
        written: str | None,
        value: int | None = None,
    ) -> frozenset[str]:
        """Return the elements of a declared kind that a row may be of, beside those it means.

        Args:
            source: the table.
            concept: the standard concept of the row, if any.
            used: the concept that its source used, if any.
            written: what its source wrote, if anything.
            value: its value as a concept, if it has one.
        """
        meant = self.meanings_of(source, concept, used, written, value)
        settled = self.settled(source, concept, value)
        text = written.strip() if written and not settled else ""
        sources = [] if settled else [*([used] if used else []), *self._concepts_of(text)]
        found = self.understood.of_concept(source, concept) if concept else frozenset()
        if concept in self.alone and value:
            found = frozenset()  # what is open is told by the two together
        elif concept in self.alone:
            found = self._of_what(found, concept or 0, sources)
        elif not concept:
            codes = surely_codes(text)
            found = self.understood.of_source(source, sources, codes, self.codebook)
        if source in VALUES:
            found = found | self._spoken(concept or 0, value or 0, sources)
        return found.difference(one.element for one in meant)

    def _spoken(self, concept: int, value: int, sources: Iterable[int]) -> frozenset[str]:
        """Return the elements of which a record of a status may speak."""
        found = self.understood.statuses.may_be(concept, value, sources)
        return self._of_what(found, concept, sources) if not value else found

    def _of_what(
        self, found: frozenset[str], concept: int, sources: Iterable[int]
    ) -> frozenset[str]:
        """Return those of some elements of which a history without a value may be by its source."""
        for one in sources if concept in self.alone else ():
            found = found & self.understood.statuses.of.get((concept, one), frozenset())
        return found

    def meanings_of(
        self,
        source: SourceTable,
        concept: int | None,
        used: int | None,
        written: str | None,
        value: int | None = None,
    ) -> Meanings:
        """Return what a row means: by its concept, or, where that tells nothing, by its source.

        Args:
            source: the table.
            concept: the standard concept of the row, if any.
            used: the concept that its source used, if any.
            written: what its source wrote, if anything.
            value: its value as a concept, if it has one.
        """
        meant = self.of(source, concept) if concept else ()
        if concept and value and source in VALUES:
            meant = tuple(dict.fromkeys((*meant, *self.with_value(source, concept, value))))
        if meant or self.settled(source, concept, value):
            return meant
        alone = concept in self.alone  # then a source tells of what, but not whether it is past
        if used and (not alone or used in self.whole) and (meant := self.of(source, used)):
            return meant
        if alone:
            return ()
        return self.resolve(source, written) if written else ()

    def unit(self, concept: int | None, written: str | None) -> str:
        """Give the UCUM unit of a record, as far as it is known; empty if none is recorded."""
        if concept:
            return self.units.get(concept, f"concept {concept}")
        return canonical_unit(written) if written else ""

    def word(self, concept: int | None, written: str | None, has_number: bool) -> str:
        """Give the coded result or answer of a record; of a number only what a concept adds."""
        if concept:
            return self.results.get(concept, f"concept {concept}")
        return word_of(written) if written and not has_number else ""


def key_of(meanings: Meanings) -> Key:
    """Give the key of records that mean all of these."""
    return Key(meanings, frozenset(one.element for one in meanings))


@lru_cache(maxsize=50_000)
def word_of(written: str) -> str:
    """Give the word that a text stands for, folded to one case; empty for a blank one."""
    try:
        said = value_of({"valueString": written})
    except Unreadable:
        return ANOTHER
    if said is None:
        return ""
    return yes_or_no(said) or said.code or written.strip().casefold()


def labelled_code(written: str) -> tuple[str, str] | None:
    """Return the code that a source value says it is, after the name of its vocabulary."""
    labelled = _LABEL.fullmatch(written.strip())
    return (labelled[1], labelled[2]) if labelled else None


def surely_codes(written: str) -> list[tuple[str, str]]:
    """Return the code that a source value says it is, with the short name of its system."""
    if written.startswith(LOCAL):
        return [("local", written.removeprefix(LOCAL).split("|")[0])]
    labelled = _LABELLED.fullmatch(written)
    if not labelled:
        return []
    system = labelled[1].lower().replace("-", "").removesuffix("cm").removesuffix("ct")
    code = labelled[2].strip()
    return [(system, _dotted(code) if system == "icd10" else code)]


def _codes(source: SourceTable, written: str) -> Iterable[tuple[str, str]]:
    """Give the codes that a source value may be, each with the short name of its system."""
    if surely := surely_codes(written):
        return surely
    if source is DRUGS:
        return [("atc", written)] if _ATC.fullmatch(written) else _ingredients(written)
    found = []
    if _ICD10.fullmatch(written.upper()):
        found.append(("icd10", _dotted(written)))
    if _SNOMED.fullmatch(written) and verhoeff_ok(written):
        found.append(("snomed", written))
    if _LOINC.fullmatch(written):
        found.append(("loinc", written))
    return found


def _dotted(code: str) -> str:
    """Write an ICD-10 code with its dot."""
    found = _ICD10.fullmatch(code.upper())
    if not found:
        return code
    return f"{found[1]}.{found[2]}" if found[2] else found[1]


def _ingredients(written: str) -> list[tuple[str, str]]:
    """Give the ingredients of the drug table that a text names, as local codes."""
    return [
        ("local", name)
        for name in dict.fromkeys(found.casefold() for found in _named().findall(written))
    ]


@lru_cache(maxsize=1)
def _named() -> re.Pattern[str]:
    names = sorted((re.escape(one.name) for one in drugs()), key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(names)})(?![\w-])", re.I)
