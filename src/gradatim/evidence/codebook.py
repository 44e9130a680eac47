"""The codebook of a protocol: which elements a code means, at the boundary of the system.

Of a record and an element there are three outcomes, and absence may be concluded only where every
record of the kind has the second: it is of the element, it is known to be of something else, or it
is not known which of the two. What a code is beside itself only a vocabulary tells.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from gradatim.clinical.drug_names import drugs_named
from gradatim.clinical.drugs import Drug, drugs_by_code, find_drug
from gradatim.core.codes import SYSTEMS, is_pattern, matches, normalised
from gradatim.evidence.defined import Defined, defined, ingredients
from gradatim.evidence.placed import Placed
from gradatim.protocol.elements import COVERABLE, Element
from gradatim.vocabulary.concepts import Code
from gradatim.vocabulary.graph import Vocabulary

_READ = frozenset(SYSTEMS.values())


class CodeMeaning(StrEnum):
    """What the codes of a record say about an element."""

    USED = "used"
    SOMETHING_ELSE = "known to be something else"
    NOT_KNOWN = "not known"


class Meant(NamedTuple):
    """An element that a code means; of a drug, the ingredient by which it does (else empty)."""

    element: str
    ingredient: str = ""


class Codebook:
    """Looks up the elements, and for drugs the ingredients, that a code stands for.

    Args:
        elements: the protocol's elements by name.
        study: the trial's own registry number, by which records of it are told from other trials.
        vocabulary: what a code is beside itself; without one it is only that.
    """

    def __init__(
        self,
        elements: Mapping[str, Element],
        study: str = "",
        vocabulary: Vocabulary | None = None,
    ) -> None:
        self.study, self.vocabulary = study, vocabulary
        self._placed = Placed(vocabulary)
        self._exact: dict[Code, list[str]] = {}
        self._patterns: dict[str, list[tuple[str, str]]] = {}
        for name, element in elements.items():
            self._exact.setdefault(("local", name), []).append(name)
            for group in element.codes:
                for code in group.codes:
                    self._add(group.system, code, name)
            for ingredient in ingredients(element):
                self._exact.setdefault(("ingredient", ingredient.name), []).append(name)
        self._defined = {name: defined(element) for name, element in elements.items()}
        self._broader = {name: self._above(one) for name, one in self._defined.items()}
        self.meant = lru_cache(maxsize=20_000)(self._meant)
        self._means = lru_cache(maxsize=50_000)(self._listed_above)
        self._says = lru_cache(maxsize=200_000)(self._said)
        self._listed_as_perhaps = lru_cache(maxsize=20_000)(self._perhaps_listed)
        self._coverable = {name for name, one in elements.items() if one.kind in COVERABLE}
        self.first_ingredients = lru_cache(maxsize=50_000)(self._told_first)
        self.ingredients = lru_cache(maxsize=50_000)(self._told)
        self.named_in = lru_cache(maxsize=50_000)(self._named)

        self.drugs_read: dict[bytes, Any] = {}
        self.numbers_read: dict[bytes, Any] = {}
        """What readers found out of drugs, and of what numbers are of, by what names them."""

    def _add(self, system: str, code: str, name: str) -> None:
        if is_pattern(system, code):
            self._patterns.setdefault(system, []).append((code, name))
        else:
            self._exact.setdefault((system, code), []).append(name)

    def _above(self, one: Defined) -> frozenset[Code]:
        """Return what is above the codes of an element, and so may be it."""
        codes = {
            **{"snomed": one.snomed, "rxnorm": one.rxnorm, "atc": (*one.atc, *one.ingredients)},
            "icd10": one.icd10,
        }
        listed = {(system, code) for system, some in codes.items() for code in some}
        return self._placed.above_any(
            (system, code.removesuffix("*"))
            for system, code in listed | one.perhaps
            if "-" not in code
        )

    def lookup(self, system: str, code: str) -> tuple[tuple[str, ...], str]:
        """Return the elements of a code, and the ingredient it names, if any.

        Args:
            system: short name of the code system, or its URI.
            code: the code, in any form that its system allows.
        """
        meant = self.meant(system, code)
        drug = self._drug((system, normalised(system, code)))
        named = drug.name if drug else next((one.ingredient for one in meant), "")
        return tuple(dict.fromkeys(one.element for one in meant)), named

    def reads(self, system: str, code: str) -> bool:
        """Return whether a code is of a system that protocols use, or the vocabulary holds it."""
        return system in _READ or bool(self._placed.name((system, normalised(system, code))))

    def combines(self, system: str, code: str) -> bool:
        """Whether a code is known to be of several ingredients."""
        return len(self._placed.parts((system, normalised(system, code)))) > 1

    def _meant(self, system: str, code: str) -> tuple[Meant, ...]:
        """Return the elements of a code, each with every ingredient by which it is of them.

        A product counts as each of its ingredients.
        """
        own = system, normalised(system, code)
        parts = self._placed.parts(own)
        found: dict[Meant, None] = {}
        for substance in parts or (own,):
            drug = self._drug(substance)
            named = drug.name if drug else self._placed.substance(substance)
            names = (*self._means(substance), *(self._of_drug(drug) if drug else ()))
            found |= dict.fromkeys(Meant(name, named) for name in names)
        known = {one.element for one in found}
        found |= dict.fromkeys(Meant(name) for name in self._means(own) if name not in known)
        return tuple(found)

    def _listed_above(self, code: Code) -> tuple[str, ...]:
        """Return the elements for which a code, or something above it, is listed."""
        names = list(self._listed(*code))
        for one in sorted(self._placed.above(code) - {code}):
            names += self._listed(*one)
        return tuple(dict.fromkeys(names))

    def _listed(self, system: str, code: str) -> list[str]:
        names = list(self._exact.get((system, code), ()))
        patterns = self._patterns.get(system, ())
        return names + [name for pattern, name in patterns if _falls_under(pattern, code)]

    def _of_drug(self, drug: Drug) -> list[str]:
        """Return the elements that hold a drug of the table."""
        names = list(self._exact.get(("ingredient", drug.name), ()))
        for code in drug.atc:
            names += self._listed("atc", code)
        return names

    def _drug(self, code: Code) -> Drug | None:
        """Return the drug of the table that a code of one ingredient is; None: of none."""
        if (own := _drug_of(*code)) is not None or self.vocabulary is None:
            return own
        if self.combines(*code):
            return None
        found = {one for above in self._placed.above(code) if (one := _drug_of(*above))}
        named = find_drug(self._placed.substance(code))
        return max(found, key=_lasting) if found else named

    def perhaps(self, codes: Iterable[Code]) -> tuple[str, ...]:
        """Return the elements that list one of some codes as one that may be of them."""
        found = {name for code in codes for name in self._listed_as_perhaps(*code)}
        return tuple(name for name in self._defined if name in found) if found else ()

    def _perhaps_listed(self, system: str, code: str) -> tuple[str, ...]:
        above = self._placed.above((system, normalised(system, code)))
        return tuple(
            name
            for name, one in self._defined.items()
            if one.perhaps and any(one.may_be_listed(*code) for code in above)
        )

    def outcome(self, codes: Iterable[Code], element: str) -> CodeMeaning:
        """Say what all the codes of one record together say about an element.

        Beside a code that is known, one that is not known says nothing; their order never matters.
        A code above or below one of the element's may be it, and so may one that the protocol lists
        as `perhaps`, whatever the others say.

        Args:
            codes: the codes of one concept, each with its system's short name or else its URI.
            element: the element's name.
        """
        found = {self._says(system, code, element) for system, code in codes}
        for outcome in (CodeMeaning.USED, CodeMeaning.NOT_KNOWN, CodeMeaning.SOMETHING_ELSE):
            if outcome in found:
                return outcome
        return CodeMeaning.NOT_KNOWN

    def _said(self, system: str, code: str, element: str) -> CodeMeaning | None:
        """Say what one code says about an element; None: nothing."""
        own = system, normalised(system, code)
        if any(one.element == element for one in self.meant(system, code)):
            return CodeMeaning.USED
        if self._may_be(own, element):
            return CodeMeaning.NOT_KNOWN
        parts = self._placed.parts(own)
        of_parts = self._of_parts(parts, element)
        if of_parts is not None:
            return of_parts
        known = self._is_another(own, element) or (not parts and self._lies_outside(own, element))
        return CodeMeaning.SOMETHING_ELSE if known else None

    def _of_parts(self, parts: Iterable[Code], element: str) -> CodeMeaning | None:
        """Say what the ingredients of a product say: it is something else if each of them is."""
        found: set[CodeMeaning | None] = {self._says(*one, element) for one in parts}
        if CodeMeaning.NOT_KNOWN in found:
            return CodeMeaning.NOT_KNOWN
        return CodeMeaning.SOMETHING_ELSE if found == {CodeMeaning.SOMETHING_ELSE} else None

    def _may_be(self, code: Code, element: str) -> bool:
        """Whether a code is above or beside one of an element's, or speaks of it."""
        if self._defined[element].may_be(*code) or element in self._listed_as_perhaps(*code):
            return True
        if self.vocabulary is not None and code in self._broader[element]:
            return True
        if any(element in self._means(one) for one in self._placed.perhaps(code)):
            return True
        named = self._placed.name(code)
        return bool(named) and any(element in self._of_drug(one) for one, _ in drugs_named(named))

    def _is_another(self, code: Code, element: str) -> bool:
        """Whether a code is another's, or by its own place in ICD-10 or ATC lies outside."""
        known = self._listed(*code) or self._drug(code) or self._defined[element].excludes(*code)
        return bool(known)

    def _lies_outside(self, code: Code, element: str) -> bool:
        """Whether the vocabulary places a code, and what it may be, outside of an element."""
        if self._placed.foremost(code) & self._broader[element]:
            return False
        return self._placed.outside(code, self._defined[element])

    def _told(self, codes: tuple[Code, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return the elements that the codes of one concept mean, with the ingredients by which.

        Of an element that is not told by an ingredient of the drug table a code stands in the
        place of an ingredient. In which order the codes stand never matters.
        """
        found: dict[str, dict[Code, list[str]]] = {}
        for code in codes:
            for name, ingredient in self.meant(*code):
                found.setdefault(name, {}).setdefault(code, []).append(ingredient)
        return tuple((name, _substances(by_code)) for name, by_code in found.items())

    def _told_first(self, codes: tuple[Code, ...]) -> dict[str, str]:
        return {name: some[0] for name, some in self.ingredients(codes)}

    def _named(self, words: str) -> frozenset[str]:
        """Return the elements, of kinds that can be declared, of the drugs that words name.

        A name never proves that a drug was taken, nor that it was not.
        """
        names = (name for drug, _ in drugs_named(words) for name in self._of_drug(drug))
        return frozenset(name for name in names if name in self._coverable)


def _substances(by_code: Mapping[Code, Iterable[str]]) -> tuple[str, ...]:
    """Return the ingredients that the codes of a concept name, or else the first of its codes."""
    if known := in_table(*by_code.values()):
        return known
    codes = sorted(by_code, key=_rank)
    told = (sorted({one for one in by_code[code] if one}) for code in codes)
    return tuple(next(filter(None, told), [normalised(*codes[0])]))


def in_table(*told: Iterable[str]) -> tuple[str, ...]:
    """Return the ingredients that the drug table holds, in order."""
    return tuple(sorted({one for some in told for one in some if find_drug(one)}))


_TOLD_BY = ("rxnorm", "atc")
"""Systems whose codes are taken first to tell a drug from another."""


def _rank(code: Code) -> tuple[int, str, str]:
    system, _ = code
    return (_TOLD_BY.index(system) if system in _TOLD_BY else len(_TOLD_BY), *code)


def _falls_under(pattern: str, code: str) -> bool:
    """Whether a code falls under a pattern; a block of ICD-10 (`C50-C58`) only as a whole."""
    first, dash, last = code.partition("-")
    if not dash or not pattern[0].isalpha():
        return matches(pattern, code)
    return pattern == code or (matches(pattern, first) and matches(pattern, last))


def _drug_of(system: str, code: str) -> Drug | None:
    """Return the ingredient of a code; one without a code arrives by its name, as a local code."""
    if system == "local":
        return find_drug(code.replace("_", " "))
    return drugs_by_code().get((system, code))


def _lasting(drug: Drug) -> tuple[float, str]:
    """Order drugs by how long they last; one of which that is not known lasts longest."""
    half_life = drug.half_life_days
    return float("inf") if half_life is None else half_life, drug.name
