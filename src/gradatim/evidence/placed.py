"""Where a vocabulary places a code in relation to what defines an element.

A vocabulary proves that a code is something else only in a hierarchy that holds both, and where the
protocol's list is a whole one. In SNOMED CT the two must also stand on one branch below the root:
that a product is no procedure does not prove that it was not what the procedure gives.

Source: SNOMED CT Editorial Guide, "Top level hierarchies"; WHO Collaborating Centre, Guidelines for
ATC classification.
"""

from collections.abc import Iterable
from functools import lru_cache

from gradatim.evidence.defined import ONE_SUBSTANCE, Defined, combines
from gradatim.vocabulary.concepts import Code, Subsumption
from gradatim.vocabulary.graph import Vocabulary

ROOT = ("snomed", "138875005")
"""The one concept that every concept of SNOMED CT is below."""


class Placed:
    """What a vocabulary says of codes, as far as elements are concerned.

    Args:
        vocabulary: the vocabulary; None: there is none, and every code is only itself.
    """

    def __init__(self, vocabulary: Vocabulary | None) -> None:
        self._vocabulary = vocabulary
        self.substance = lru_cache(maxsize=50_000)(self._substance)
        self._first = lru_cache(maxsize=50_000)(self._foremost)

    def above(self, code: Code) -> frozenset[Code]:
        """Return the code (in normal form) and everything that it is."""
        return self._vocabulary.above(*code) if self._vocabulary else frozenset((code,))

    def parts(self, code: Code) -> tuple[Code, ...]:
        """Return the ingredients of a product; none where there are none, or they are not known."""
        return self._vocabulary.parts(*code) if self._vocabulary else ()

    def perhaps(self, code: Code) -> frozenset[Code]:
        """Return what a code may be or speaks of, without being it."""
        return self._vocabulary.perhaps(*code) if self._vocabulary else frozenset()

    def name(self, code: Code) -> str:
        """Return what a vocabulary calls a code; empty if it is not known."""
        concept = self._vocabulary.concept(*code) if self._vocabulary else None
        return concept.name if concept else ""

    def _substance(self, code: Code) -> str:
        """Return what an ingredient is called that a code is: one name, whatever code names it."""
        if self._vocabulary is None:
            return ""
        above = self.above(code)
        drugs = [one for one in above if one[0] == "rxnorm"]
        last = [one for one in drugs if self._only_equals_above(one, drugs)]
        last = last or [one for one in above if _one_substance(one) and not combines(one[1])]
        return min((self.name(one) or one[1] for one in last), default="")

    def _only_equals_above(self, one: Code, among: Iterable[Code]) -> bool:
        above = self.above(one)
        return all(one in self.above(other) for other in among if other in above)

    def above_any(self, codes: Iterable[Code]) -> frozenset[Code]:
        """Return everything that is above some codes, these included."""
        return frozenset(above for one in codes for above in self.above(one))

    def foremost(self, code: Code) -> frozenset[Code]:
        """Return what a code may be or speaks of, without what is only above that."""
        return self._first(code)

    def _foremost(self, code: Code) -> frozenset[Code]:
        perhaps = self.perhaps(code)
        above = {
            one
            for other in perhaps
            for one in self.above(other)
            if one != other and other not in self.above(one)
        }
        return perhaps - above

    def outside(self, code: Code, defined: Defined) -> bool:
        """Whether the vocabulary places a code outside of everything that defines an element.

        Args:
            code: a code in normal form, of at most one ingredient.
            defined: what defines the element.
        """
        if self._vocabulary is None:
            return False
        if self._outside_snomed(code, defined.snomed):
            return True
        alone = self._atc_alone(code)
        if any(defined.may_be("atc", one) or defined.near(one) for one in alone):
            return False
        if defined.by_rxnorm and self._lies_outside(code, "rxnorm", defined.rxnorm):
            return True
        return bool(alone) and self._outside_atc(code, alone, defined)

    def _lies_outside(self, code: Code, system: str, listed: Iterable[str]) -> bool:
        listed = list(listed)
        return bool(listed) and all(self._outside_of((system, one), code) for one in listed)

    def _outside_of(self, listed: Code, code: Code) -> bool:
        assert self._vocabulary is not None
        return self._vocabulary.subsumes(listed, code) is Subsumption.NOT_SUBSUMED

    def _outside_snomed(self, code: Code, listed: tuple[str, ...]) -> bool:
        """Whether a code, or else all that it speaks of, lies outside on the branch of each."""
        if not listed:
            return False
        spoken_of: tuple[Code, ...] = (code,)
        if code[0] == "snomed" and not self._on_branches(code, listed):
            spoken_of = tuple(self.foremost(code))
        return bool(spoken_of) and all(
            self._on_branches(one, listed) and self._lies_outside(one, "snomed", listed)
            for one in spoken_of
        )

    def _on_branches(self, code: Code, listed: Iterable[str]) -> bool:
        """Whether a code has something above it, below the root, with each of those listed."""
        own = {one for one in self.above(code) if one[0] == "snomed"} - {ROOT}
        return all(own & self.above(("snomed", one)) for one in listed)

    def _atc_alone(self, code: Code) -> list[str]:
        """Return the ATC codes that a drug has, or may have, without those of combinations.

        A combination of an ingredient with another says nothing of it alone.
        """
        has = self.above(code) | self.perhaps(code)
        return [one[1] for one in has if _one_substance(one) and not combines(one[1])]

    def _outside_atc(self, code: Code, alone: list[str], defined: Defined) -> bool:
        listed = [one.removesuffix("*") for one in (*defined.atc, *defined.ingredients)]
        known = [one for one in listed if self.name(("atc", one))]
        excluded = all(defined.excludes("atc", one) for one in alone)
        return excluded and self._lies_outside(code, "atc", known)


def _one_substance(code: Code) -> bool:
    return code[0] == "atc" and len(code[1]) == ONE_SUBSTANCE
