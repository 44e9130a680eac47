"""The codebook of a protocol: which elements a code means, at the boundary of the system.

Of a record and an element there are three outcomes, and absence may be concluded only where every
record of the kind has the second: it is of the element, it is known to be of something else, or it
is not known which of the two.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from gradatim.clinical.drugs import Drug, drugs, drugs_by_code, find_drug
from gradatim.core.codes import akin, is_pattern, matches, normalised, states_the_disease
from gradatim.protocol.elements import Element

Code = tuple[str, str]
"""A code system, by its short name, and a code of it."""


class Outcome(StrEnum):
    """What the codes of a record say about an element."""

    USED = "used"
    SOMETHING_ELSE = "known to be something else"
    NOT_KNOWN = "not known"


class Codebook:
    """Looks up the elements, and for drugs the ingredient, that a code stands for.

    Args:
        elements: the protocol's elements by name.
        study: the trial's own registry number, by which records of it are told from other trials.
    """

    def __init__(self, elements: Mapping[str, Element], study: str = "") -> None:
        self.study = study
        self._exact: dict[Code, list[str]] = {}
        self._patterns: dict[str, list[tuple[str, str]]] = {}
        for name, element in elements.items():
            self._exact.setdefault(("local", name), []).append(name)
            for group in element.codes:
                for code in group.codes:
                    self._add(group.system, code, name)
            for ingredient in _ingredients(element):
                self._exact.setdefault(("ingredient", ingredient.name), []).append(name)
        self._defined = {name: _defined(element) for name, element in elements.items()}
        self.lookup = lru_cache(maxsize=20_000)(self._lookup)
        self._may_be = lru_cache(maxsize=20_000)(self._listed_as_perhaps)
        self._says = lru_cache(maxsize=200_000)(self._said)

    def _add(self, system: str, code: str, name: str) -> None:
        if is_pattern(system, code):
            self._patterns.setdefault(system, []).append((code, name))
        else:
            self._exact.setdefault((system, code), []).append(name)

    def _lookup(self, system: str, code: str) -> tuple[tuple[str, ...], str]:
        """Give the elements of a code (short system name) and the ingredient it names, if any."""
        code = normalised(system, code)
        names = self._listed(system, code)
        known = _drug_of(system, code)
        ingredient = known.name if known else ""
        if known:
            names += self._exact.get(("ingredient", ingredient), ())
            for other in known.atc:
                names += self._listed("atc", other)
        return tuple(dict.fromkeys(names)), ingredient

    def _listed(self, system: str, code: str) -> list[str]:
        names = list(self._exact.get((system, code), ()))
        patterns = self._patterns.get(system, ())
        return names + [name for pattern, name in patterns if matches(pattern, code)]

    def perhaps(self, codes: Iterable[Code]) -> tuple[str, ...]:
        """Return the elements that list one of some codes as one that may be of them."""
        found = {name for code in codes for name in self._may_be(*code)}
        return tuple(name for name in self._defined if name in found) if found else ()

    def _listed_as_perhaps(self, system: str, code: str) -> tuple[str, ...]:
        code = normalised(system, code)
        return tuple(name for name, one in self._defined.items() if one.may_be(system, code))

    def outcome(self, codes: Iterable[Code], element: str) -> Outcome:
        """Say what all the codes of one record together say about an element.

        Beside a code that is known, one that is not known says nothing; their order never matters.
        A code above or below one of the element's may be it, and so may one that the protocol lists
        as `perhaps`, whatever the others say.

        Args:
            codes: the codes of one concept, by short system name; those of other systems left out.
            element: the element's name.
        """
        found = {self._says(system, code, element) for system, code in codes}
        for outcome in (Outcome.USED, Outcome.NOT_KNOWN, Outcome.SOMETHING_ELSE):
            if outcome in found:
                return outcome
        return Outcome.NOT_KNOWN

    def _said(self, system: str, code: str, element: str) -> Outcome | None:
        """Say what one code says about an element; None: nothing."""
        names, ingredient = self.lookup(system, code)
        if element in names:
            return Outcome.USED
        code, defined = normalised(system, code), self._defined[element]
        if element in self._may_be(system, code):
            return Outcome.NOT_KNOWN
        if any(akin(one, code) for one in defined.of(system)):
            return Outcome.NOT_KNOWN
        if names or ingredient or defined.excludes(system, code):
            return Outcome.SOMETHING_ELSE
        return None


@dataclass(frozen=True)
class _Defined:
    """The codes that define an element in the systems whose codes show their hierarchy.

    Args:
        icd10, atc: as the protocol lists them.
        ingredients: the ATC codes of its ingredients.
        perhaps: codes and patterns of every system that may be of the element.
    """

    icd10: tuple[str, ...]
    atc: tuple[str, ...]
    ingredients: tuple[str, ...]
    perhaps: frozenset[Code]

    def may_be(self, system: str, code: str) -> bool:
        """Whether a code is listed as one that may be of the element, or lies near such a one."""
        listed = (one for of, one in self.perhaps if of == system)
        shown = system in ("icd10", "atc")
        return any(matches(one, code) or (shown and akin(one, code)) for one in listed)

    def of(self, system: str) -> tuple[str, ...]:
        """Return the codes of a system."""
        if system == "icd10":
            return tuple(one for one in self.icd10 if "-" not in one)
        return (*self.atc, *self.ingredients) if system == "atc" else ()

    def excludes(self, system: str, code: str) -> bool:
        """Whether the hierarchy proves that a code, neither above nor below these, lies outside."""
        if system == "icd10":
            return bool(self.icd10) and states_the_disease(code)
        if system != "atc" or not (self.atc or self.ingredients) or _combines(code):
            return False
        return not any(_near(one, code) for one in self.ingredients)


def _defined(element: Element) -> _Defined:
    def listed(system: str) -> tuple[str, ...]:
        return tuple(code for one in element.codes if one.system == system for code in one.codes)

    ingredients = (code for one in _ingredients(element) for code in one.atc)
    perhaps = frozenset((one.system, code) for one in element.perhaps for code in one.codes)
    return _Defined(listed("icd10"), listed("atc"), tuple(ingredients), perhaps)


def _ingredients(element: Element) -> list[Drug]:
    classes = set(element.drug_classes)
    named = [one for name in element.drugs if (one := find_drug(name))]
    return [*named, *(one for one in drugs() if one.drug_class in classes)]


def drugs_of(element: Element) -> list[Drug]:
    """Return the drugs of the table that an element holds: by name, by class, or by an ATC code."""
    listed = [code for one in element.codes if one.system == "atc" for code in one.codes]
    coded = (
        one
        for one in drugs()
        if any(matches(pattern, code) for pattern in listed for code in one.atc)
    )
    return list({one.name: one for one in (*_ingredients(element), *coded)}.values())


def _drug_of(system: str, code: str) -> Drug | None:
    """Return the ingredient of a code; one without a code arrives by its name, as a local code."""
    if system == "local":
        return find_drug(code.replace("_", " "))
    return drugs_by_code().get((system, code))


_ONE_SUBSTANCE = 7
_MIXED = 50
_COMBINATIONS = (
    *("A02BD", "A10BD", "B01AC30", "C03E", "C07B", "C07C", "C07D", "C07E", "C07F", "C08G"),
    *("C09B", "C09D", "C10B", "D01AC20", "D07B", "D07C", "D07X", "J01R", "J04AM", "J05AR"),
    *("M01B", "N02AJ", "R01BA", "R03AK", "R03AL", "R05F", "R05X", "S01C", "S02C", "S03C"),
)


def _near(one: str, code: str) -> bool:
    """Whether an ATC code may be the same substance as that of an ingredient, or one like it.

    A list of ingredients rarely has all of a pharmacological subgroup (level 3). Of the groups L01
    and L04 many substances were moved to another subgroup in 2021 to 2024.

    Source: WHO Collaborating Centre for Drug Statistics Methodology, ATC alterations.
    """
    alike = _GROUP if code.startswith(_MOVED) else _SUBGROUP
    return one[:alike] == code[:alike]


_GROUP, _SUBGROUP = 3, 4
_MOVED = ("L01", "L04")


def _combines(code: str) -> bool:
    """Whether an ATC code may hold several substances, or is no code of level 2 to 5.

    Combinations have numbers from 50 at level 5, or groups of their own.

    Source: WHO Collaborating Centre, Guidelines for ATC classification, "Combination products".
    """
    if code.startswith(_COMBINATIONS) or len(code) not in (3, 4, 5, _ONE_SUBSTANCE):
        return True
    number = code[-2:]
    return len(code) == _ONE_SUBSTANCE and (not number.isdigit() or int(number) >= _MIXED)
