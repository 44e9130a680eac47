"""What defines an element: the codes that the protocol lists for it, and those of its drugs.

The codes of ICD-10 and ATC show their hierarchy: what lies outside of an element in it can be told
without a vocabulary.
"""

from dataclasses import dataclass

from gradatim.clinical.drugs import Drug, drugs, find_drug
from gradatim.core.codes import akin, matches, states_the_disease
from gradatim.protocol.elements import Element


@dataclass(frozen=True)
class Defined:
    """The codes that define an element.

    Args:
        icd10, atc, snomed: as the protocol lists them.
        rxnorm: likewise, and those of its ingredients.
        ingredients: the ATC codes of its ingredients.
        perhaps: codes and patterns of every system that may be of the element.
        by_rxnorm: whether the codes of RxNorm alone tell which drugs it holds: every ingredient has
            one, and no class of drugs belongs to it.
    """

    icd10: tuple[str, ...]
    atc: tuple[str, ...]
    snomed: tuple[str, ...]
    rxnorm: tuple[str, ...]
    ingredients: tuple[str, ...]
    perhaps: frozenset[tuple[str, str]]
    by_rxnorm: bool

    def may_be(self, system: str, code: str) -> bool:
        """Whether a code in normal form lies above or below one of these in ICD-10 or ATC."""
        return any(akin(one, code) for one in self._hierarchical(system))

    def may_be_listed(self, system: str, code: str) -> bool:
        """Whether a code is listed as one that may be of the element, or lies near such a one."""
        listed = (one for of, one in self.perhaps if of == system)
        shown = system in ("icd10", "atc")
        return any(matches(one, code) or (shown and akin(one, code)) for one in listed)

    def _hierarchical(self, system: str) -> tuple[str, ...]:
        if system == "icd10":
            return tuple(one for one in self.icd10 if "-" not in one)
        return (*self.atc, *self.ingredients) if system == "atc" else ()

    def excludes(self, system: str, code: str) -> bool:
        """Whether the hierarchy proves that a code, neither above nor below these, lies outside."""
        if system == "icd10":
            return bool(self.icd10) and states_the_disease(code)
        if system != "atc" or not (self.atc or self.ingredients) or combines(code):
            return False
        return not self.near(code)

    def near(self, code: str) -> bool:
        """Whether an ATC code may be the substance of an ingredient, or one like it."""
        return any(_near(one, code) for one in self.ingredients)


def defined(element: Element) -> Defined:
    """Return what defines an element."""

    def listed(system: str) -> tuple[str, ...]:
        return tuple(code for one in element.codes if one.system == system for code in one.codes)

    own = ingredients(element)
    by_rxnorm = not (listed("atc") or element.drug_classes) and all(one.rxnorm for one in own)
    return Defined(
        listed("icd10"),
        listed("atc"),
        listed("snomed"),
        (*listed("rxnorm"), *(one.rxnorm for one in own if one.rxnorm)),
        tuple(code for one in own for code in one.atc),
        frozenset((one.system, code) for one in element.perhaps for code in one.codes),
        by_rxnorm,
    )


def ingredients(element: Element) -> list[Drug]:
    """Return the drugs of the table that an element holds by name or by class."""
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
    return list({one.name: one for one in (*ingredients(element), *coded)}.values())


ONE_SUBSTANCE = 7
"""Letters and digits of an ATC code of level 5, which stands for one substance."""
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


def combines(code: str) -> bool:
    """Whether an ATC code may hold several substances, or is no code of level 2 to 5.

    Combinations have numbers from 50 at level 5, or groups of their own.

    Source: WHO Collaborating Centre, Guidelines for ATC classification, "Combination products".
    """
    if code.startswith(_COMBINATIONS) or len(code) not in (3, 4, 5, ONE_SUBSTANCE):
        return True
    number = code[-2:]
    return len(code) == ONE_SUBSTANCE and (not number.isdigit() or int(number) >= _MIXED)
