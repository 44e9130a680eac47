"""Works out what concepts that occur mean, and what they are not known to lie outside of.

See `places` for what the vocabulary tells of them, and `understood` for what follows.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping

from gradatim.clinical import omop
from gradatim.core.codes import ICD10_STATUS, akin, matches, normalised, omop_system
from gradatim.evidence.codebook import Codebook, CodeMeaning
from gradatim.evidence.omop.concept_places import Hierarchy, Places
from gradatim.evidence.omop.concepts import MEASURED
from gradatim.evidence.omop.search import LOCAL, Found, Searched
from gradatim.evidence.omop.tables import SourceTable
from gradatim.evidence.omop.understanding import EMPTY, OF_DOMAIN, OWN, Statuses
from gradatim.evidence.relation import Meaning
from gradatim.protocol.elements import Element

Pairs = Mapping[SourceTable, frozenset[tuple[int, int]]]


class Placing:
    """What concepts that occur mean, and may mean.

    Args:
        places: where they belong.
        searched: what was found in the vocabulary.
        codebook: which elements a code means.
        elements: the protocol's elements.
    """

    def __init__(
        self,
        places: Places,
        searched: Searched,
        codebook: Codebook,
        elements: Mapping[str, Element],
    ) -> None:
        self._places, self._searched = places, searched
        self._codebook, self._elements = codebook, elements
        self._hierarchy = Hierarchy({}, {}, {})
        self._found: Found = {}
        self._asked: frozenset[str] = EMPTY
        self._nears: dict[tuple[int, bool], frozenset[str]] = {}
        self._under_way: dict[tuple[int, bool], int] = {}
        self._outermost = sys.maxsize

    def alone(self, ids: Iterable[int]) -> frozenset[int]:
        """Return those of some concepts that tell nothing without a value."""
        general = frozenset({*omop.HISTORIES, *self._searched.valued})
        ids = [id for id in ids if not self._means(id)]
        targets = {id: self._places.targets(id) for id in ids}
        below = self._places.below(general, (one for some in targets.values() for one in some))
        return frozenset(id for id, some in targets.items() if below.intersection(some))

    def silent(self, ids: Iterable[int]) -> frozenset[int]:
        """Return those of some concepts that tell nothing: without a place, a target, a code."""
        places = self._places
        return frozenset(
            id
            for id in ids
            if id in places.strange
            and id not in places.mapped
            and places.strange[id].vocabulary != LOCAL
            and not self._means(id)
        )

    def meanings(self) -> Found:
        """Return what concepts without a place mean, once all concepts have been looked up."""
        self._hierarchy = self._places.hierarchy()
        self._found = {id: means for id in self._places.strange if (means := self._means(id))}
        return self._found

    def unplaced(self, asked: frozenset[str]) -> dict[int, frozenset[str]]:
        """Return of concepts the elements that they are not known to lie outside of.

        Args:
            asked: the elements of which absence may be concluded.
        """
        self._asked = asked
        found = {id: self._open(id) & asked for id in self._places.known} if asked else {}
        return {id: names for id, names in found.items() if names}

    def statuses(
        self, asked: frozenset[str], pairs: Pairs, alone: frozenset[int], used: Iterable[int]
    ) -> Statuses:
        """Return what concepts and their values tell together.

        Args:
            asked: the elements of which absence may be concluded.
            pairs: of each table the concepts, 0 for none, with their values.
            alone: concepts that tell nothing without a value.
            used: what sources used where no concept tells anything.
        """
        self._asked = asked
        every = {pair for some in pairs.values() for pair in some}
        means = {pair: frozenset(self._pair_means(*pair)) for pair in every}
        known = self._places.known if asked else frozenset()
        may = {pair: self._pair_may_be(*pair) & asked for pair in every} if asked else {}
        may |= {(id, 0): self._near(id) & asked for id in known}
        speaks = {id: self._near(id, alone=False) & asked for id in known}
        return Statuses(
            asked,
            {pair: some for pair, some in means.items() if some},
            {id: names for id, names in speaks.items() if names},
            {pair: names for pair, names in may.items() if names},
            pairs,
            {(concept, one): self._of_what(concept, one) for concept in alone for one in used},
        )

    def _of_what(self, concept: int, used: int) -> frozenset[str]:
        """Return the elements that a history without a value may be of, by what its source used."""
        mapped = self._places.mapped.get(used)
        if mapped and mapped.values:
            return self._open(used)
        return self._pair_may_be(concept, used) | _names(self._pair_means(concept, used))

    def _means(self, id: int) -> set[Meaning]:
        """Return what a concept means: by itself, by what it maps to, or by its code."""
        if id in self._found:
            return self._found[id]
        means = set(self._searched.meanings.get(id, ()))
        strange = self._places.strange.get(id)
        if strange is None or strange.vocabulary == LOCAL:
            return means
        if mapped := self._places.mapped.get(id):
            for target in mapped.to:
                means |= self._searched.meanings.get(target, set())
                for value in mapped.values:
                    means |= self._pair_means(target, value)
        if strange.vocabulary:
            system = omop_system(strange.vocabulary)
            told = {one.element for one in means}
            for name, ingredient in self._codebook.meant(system, strange.code):
                drug = self._elements[name].kind == "exposure"
                if name not in told:
                    means.add(Meaning(name, (ingredient or strange.code) if drug else ""))
        return means

    def _pair_means(self, concept: int, value: int) -> set[Meaning]:
        """Return what a concept means that has a value at or below one that makes it an element."""
        found: set[Meaning] = set()
        mapped = self._places.mapped.get(concept)
        if mapped and set(mapped.values).intersection((value, *self._places.targets(value))):
            found |= {m for m in self._means(concept) if self._kind(m) not in MEASURED}
        for top, means in self._valued(concept):
            for one in self._places.targets(value):
                if self._hierarchy.within(one, (top,)):
                    found |= means
        return found

    def _kind(self, meaning: Meaning) -> str:
        return self._elements[meaning.element].kind

    def _valued(self, concept: int) -> Iterator[tuple[int, set[Meaning]]]:
        """Give the values with which a concept, or one above it, means elements.

        What a concept maps to together with a value takes no other.
        """
        mapped = self._places.mapped.get(concept)
        for target in () if mapped and mapped.values else self._places.targets(concept):
            for one in (target, *self._hierarchy.tops.get(target, ())):
                yield from self._searched.valued.get(one, {}).items()

    def _pair_may_be(self, concept: int, value: int) -> frozenset[str]:
        """Return the elements of which a record of a concept with a value may speak."""
        if self._of_others(concept):
            return EMPTY
        found = _names(self._means(value)) | self._near(value)
        if self._history(concept):
            found |= self._open(value)
        for top, means in self._valued(concept):
            targets = self._places.targets(value)
            above = any(top in self._hierarchy.bottoms.get(one, ()) for one in targets)
            if above or not self._places.resolved(value):
                found |= _names(means)
        return found

    def _open(self, id: int) -> frozenset[str]:
        """Return the elements that a concept is not known to lie outside of, beside its own."""
        strange = self._places.strange.get(id)
        if strange is not None and strange.vocabulary == LOCAL:
            return EMPTY
        found = self._near(id)
        if not self._places.resolved(id):
            found |= {name for name in self._asked if not self._excluded(id, name)}
        return found - _names(self._means(id))

    def _excluded(self, id: int, name: str) -> bool:
        """Whether the code of a concept tells by itself that it is something else."""
        one = self._places.strange[id]
        codes = [(omop_system(one.vocabulary), one.code)] if one.vocabulary else []
        outcome = self._codebook.outcome(codes, name)
        return outcome is CodeMeaning.SOMETHING_ELSE

    def _near(self, id: int, *, alone: bool = True) -> frozenset[str]:
        """Return the elements for which there is reason to take a concept for one of theirs.

        Args:
            id: the concept.
            alone: whether it stands without a value.
        """
        key = id, alone
        if key in self._nears:
            return self._nears[key]
        if key in self._under_way:  # a circle: whoever began it hears of all that is in it
            self._outermost = min(self._outermost, self._under_way[key])
            return EMPTY
        depth, before = len(self._under_way), self._outermost
        self._under_way[key] = self._outermost = depth
        found = frozenset(self._reasons(id, alone))
        del self._under_way[key]
        if self._outermost >= depth:  # else a part of it is still to be found out
            self._nears[key] = found
        self._outermost = min(before, self._outermost)
        return found

    def _reasons(self, id: int, alone: bool) -> Iterator[str]:
        if self._of_others(id):
            return
        yield from self._akin(id)
        strange = self._places.strange.get(id)
        own = OF_DOMAIN.get(strange.domain) if strange else None
        for name in () if own is None or self._places.resolved(id) else self._asked:
            if OWN[self._elements[name].kind] is own and not self._excluded(id, name):
                yield name
        mapped = self._places.mapped.get(id)
        values = mapped.values if mapped else ()
        for target in self._places.targets(id):
            yield from self._around(target, alone=alone and not values)
            for value in values:
                yield from self._pair_may_be(target, value)

    def _around(self, id: int, *, alone: bool) -> Iterator[str]:
        """Give the elements of what is above and below, and of what a situation speaks of."""
        searched, hierarchy = self._searched, self._hierarchy
        meant = _names(searched.meanings.get(id, ()))
        yield from _names(searched.perhaps.get(id, ())) - meant
        yield from _names(searched.mapped.get(id, ())) - meant
        for top in hierarchy.tops.get(id, ()):
            yield from _names(searched.mapped.get(top, ())) - meant
        for bottom in hierarchy.bottoms.get(id, ()):
            yield from _names(searched.roots.get(bottom, ())) - meant
        for one in hierarchy.spoken.get(id, ()):
            yield from _names(searched.meanings.get(one, ()))
            for values in searched.valued.values():
                for value, means in values.items():
                    if hierarchy.within(one, (value,)):
                        yield from _names(means)
        if alone:
            for _, means in self._valued(id):
                yield from _names(means)
            if self._history(id):
                yield from self._asked

    def _akin(self, id: int) -> Iterator[str]:
        """Give the elements of codes above and below that of a concept, and of status codes."""
        strange = self._places.strange.get(id)
        system = omop_system(strange.vocabulary or "") if strange else ""
        if strange is None or system not in ("icd10", "atc"):
            return
        code = normalised(system, strange.code)
        status = system == "icd10" and any(matches(one, code) for one in ICD10_STATUS)
        if status and id not in self._places.mapped:
            yield from (name for name in self._asked if not self._excluded(id, name))
        for name in self._asked:
            groups = (one for one in self._elements[name].codes if one.system == system)
            listed = (one for group in groups for one in group.codes if "-" not in one)
            if any(akin(one, code) for one in listed):
                yield name

    def _history(self, id: int) -> bool:
        return self._is_or_below(id, omop.HISTORIES)

    def _of_others(self, id: int) -> bool:
        return self._is_or_below(id, omop.OF_OTHERS)

    def _is_or_below(self, id: int, tops: frozenset[int]) -> bool:
        return any(self._hierarchy.within(one, tops) for one in (id, *self._places.targets(id)))


def _names(meanings: Iterable[Meaning]) -> frozenset[str]:
    return frozenset(one.element for one in meanings)
