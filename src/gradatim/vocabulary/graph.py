"""A vocabulary: what a code is, what it is made of, and how two codes stand to each other.

Everything is an answer about the links that are held. What is not held is not known: that a code
is *not* a kind of another is said only where everything above it is held.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

from gradatim.core.codes import normalised
from gradatim.vocabulary.concepts import Code, Concept, Held, Link, Store, Subsumption
from gradatim.vocabulary.stores import reading, writing

_REMEMBERED = 200_000
_VAGUE = (Link.MAY_BE, Link.ONE_OF)
_SPEAKS_OF = re.compile(
    r"\b(h/o|history|due to|because of|after|following|post|secondary to|caused by|induced"
    r"|associated with|related to|complicat\w*|sequela\w*|late effects?|status|suspected|possible"
    r"|probable|risk|screening|fear of|exposure to|contact with|zustand nach|anamnese|infolge"
    r"|verdacht)\b",
    re.IGNORECASE,
)
"""Words of a concept that speaks of another one. A whole release says of which; a part of one, or a
value set, often does not."""
_Pairs = Iterable[tuple[Code, Code]]


class Vocabulary:
    """What codes mean. The first look-up of a code asks the store; the next ones do not.

    Args:
        store: where the concepts and their links are held.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.sha256, self.counts, self.sources = store.sha256, store.counts, store.sources
        remember = lru_cache(maxsize=_REMEMBERED)
        self._held = remember(store.held)
        self._links = remember(store.links)
        self._broader = remember(self._find_broader)
        self._ingredients = remember(self._find_ingredients)
        self._above = remember(self._find_above)
        self._perhaps = remember(self._find_perhaps)
        self._same = remember(self._find_same)

    @classmethod
    def open(cls, path: str | Path) -> "Vocabulary":
        """Open a vocabulary file for reading, however large it is, without reading it through.

        Args:
            path: the file, as `gradatim vocabulary build` wrote it.

        Raises:
            UnusableInput: it is missing, damaged, no vocabulary, or of a newer version.
        """
        return cls(reading.open_file(path))

    @classmethod
    def of(
        cls,
        concepts: Iterable[Concept] = (),
        edges: _Pairs = (),
        *,
        replaced: _Pairs = (),
        made_of: _Pairs = (),
        ingredients: _Pairs = (),
        may_be: _Pairs = (),
        one_of: _Pairs = (),
        complete: Iterable[str] = (),
        whole: Iterable[Code] = (),
    ) -> "Vocabulary":
        """Return a small vocabulary, held in memory.

        Args:
            concepts: what is known by name.
            edges: pairs of a code and a broader one; both ways round where they mean the same.
            replaced: pairs of a retired code and the one used instead.
            made_of: pairs of a drug and a part of it, or its form in fewer words (RxNorm).
            ingredients: pairs of a drug and one of its ingredients (SNOMED CT).
            may_be: pairs of a code and what it may be or speaks of.
            one_of: pairs of a code and one of several that it is.
            complete: systems of which the whole hierarchy above each active concept is held.
            whole: codes of which everything below them in their system is held.
        """
        complete, whole = set(complete), {_normal(*one) for one in whole}
        held = [
            Held(
                one,
                one.active and one.system in complete,
                _normal(one.system, one.code) in whole,
            )
            for one in concepts
        ]
        kinds = {
            Link.IS_A: edges,
            Link.REPLACED_BY: replaced,
            Link.MADE_OF: made_of,
            Link.HAS_INGREDIENT: ingredients,
            Link.MAY_BE: may_be,
            Link.ONE_OF: one_of,
        }
        with writing.in_memory() as (writer, database):
            writer.concepts(held)
            for kind, pairs in kinds.items():
                writer.links(kind, pairs)
        return cls(reading.Database(database, "vocabulary in memory"))

    def concept(self, system: str, code: str) -> Concept | None:
        """Return a concept by its code; None: it is not known.

        Args:
            system: short name of the code system, or its URI.
            code: the code, in any form that its system allows.
        """
        held = self._held(_normal(system, code))
        return held.concept if held else None

    def named(self, system: str, text: str, most: int = 50) -> tuple[Concept, ...]:
        """Return concepts in use whose names have a text in them; first those that begin so.

        Args:
            system: short name of the code system, or its URI.
            text: what is looked for; small letters and capitals are one.
            most: how many at most.
        """
        return self._store.named(system, text, most)

    def is_placed(self, system: str, code: str) -> bool:
        """Return whether everything above a code in its hierarchy is held as well."""
        held = self._held(_normal(system, code))
        return held is not None and held.placed

    def systems(self, code: str) -> tuple[str, ...]:
        """Return the systems, in order of the alphabet, in which something has this code."""
        return tuple(one for one in self.counts if self._held(_normal(one, code)))

    def verify(self) -> None:
        """Work the hash of everything that is held out anew; this reads it through.

        Raises:
            UnusableInput: it is another one than stated.
        """
        self._store.verify()

    def above(self, system: str, code: str) -> frozenset[Code]:
        """Return the code itself and everything that it is.

        These are its ancestors, what means the same in other systems, what it was replaced by and,
        of a drug with one ingredient, the ingredient. What is above a code above it is above it.

        Args:
            system: short name of the code system, or its URI.
            code: the code; of one that is not known, only itself is returned.
        """
        return self._above(_normal(system, code))

    def parts(self, system: str, code: str) -> tuple[Code, ...]:
        """Return the ingredients of a drug product, a pack or a combination, in order.

        Args:
            system: short name of the code system, or its URI.
            code: the code; empty is returned of an ingredient, and where they are not known.
        """
        return self._ingredients(_normal(system, code))

    def perhaps(self, system: str, code: str) -> frozenset[Code]:
        """Return what the code may be or speaks of, without being it, and everything above that.

        These are the finding of a history of it, the cause of what is due to it, and each of
        several meanings.

        Args:
            system: short name of the code system, or its URI.
            code: the code; of one that is not known, nothing is returned.
        """
        return self._perhaps(_normal(system, code))

    def broader(self, system: str, code: str) -> tuple[Code, ...]:
        """Return what is directly above a code, in order."""
        return tuple(sorted(self._up(_normal(system, code))))

    def replacements(self, system: str, code: str) -> tuple[Code, ...]:
        """Return what is used instead of a retired code, in order."""
        return self._links(_normal(system, code)).get(Link.REPLACED_BY, ())

    def subsumes(self, ancestor: Code, code: Code) -> Subsumption:
        """Say how two codes stand to each other.

        "Not subsumed" is said only of codes of one system that are known and in use, or replaced by
        such, where everything above the second or everything below the first is held; and not of a
        code that by its name speaks of something, where it is not held of what.

        Args:
            ancestor: the code that may be the broader one.
            code: the code that may be the narrower one.
        """
        broad, narrow = _normal(*ancestor), _normal(*code)
        below, beyond = broad in self._above(narrow), narrow in self._above(broad)
        if below and beyond:
            return Subsumption.EQUIVALENT
        if below:
            return Subsumption.SUBSUMES
        if beyond:
            return Subsumption.SUBSUMED_BY
        return Subsumption.NOT_SUBSUMED if self._outside(broad, narrow) else Subsumption.UNKNOWN

    def _outside(self, broad: Code, narrow: Code) -> bool:
        if self._speaks_of_unknown(narrow):
            return False
        options = self._options(narrow)
        return self._lies_outside(broad, narrow) or (
            bool(options) and all(self._lies_outside(broad, one) for one in options)
        )

    def _lies_outside(self, broad: Code, narrow: Code) -> bool:
        if self._above(narrow) & self._same(broad) or narrow in self._above(broad):
            return False
        ones = [held for one in self._same(narrow) if (held := self._in_use(one))]
        return self._beside(broad, ones) or self._left_out(broad, narrow, ones)

    def _beside(self, broad: Code, ones: Iterable[Held]) -> bool:
        """Whether a hierarchy that is held has a place for both."""
        placed = {held.concept.system for held in ones if held.placed}
        others = (self._in_use(one) for one in self._same(broad))
        return any(held and held.placed and held.concept.system in placed for held in others)

    def _left_out(self, broad: Code, narrow: Code, ones: Iterable[Held]) -> bool:
        """Whether a set that is whole, and holds everything below the broader, lacks the other."""
        known = {held.concept.system for held in ones if held.concept.name}
        beyond = self._above(broad) - self._above(narrow)
        sets = (self._in_use(one) for one in beyond)
        return any(held and held.whole and held.concept.system in known for held in sets)

    def _options(self, code: Code) -> set[Code]:
        """Return the codes of which it is one, as far as it is a drug of one ingredient."""
        return {option for one in self._above(code) for option in self._linked(one, Link.ONE_OF)}

    def _speaks_of_unknown(self, code: Code) -> bool:
        above = self._above(code)
        if any(self._linked(one, Link.MAY_BE) for one in above):
            return False
        held = self._held(code)
        return bool(held and _SPEAKS_OF.search(held.concept.name))

    def _in_use(self, code: Code) -> Held | None:
        held = self._held(code)
        return held if held and held.concept.active else None

    def _up(self, code: Code) -> set[Code]:
        """Return what a code is, one step up."""
        links = self._links(code)
        found = {*links.get(Link.IS_A, ()), *links.get(Link.REPLACED_BY, ())}
        made_of = links.get(Link.MADE_OF, ())
        if made_of:
            own = self._ingredients(code)
            found |= {one for one in made_of if (self._ingredients(one) or (one,)) == own}
        return found - {code}

    def _find_above(self, code: Code) -> frozenset[Code]:
        return _closure([code], self._up)

    def _find_broader(self, code: Code) -> frozenset[Code]:
        """Return what a code is, without what it is made of."""
        return _closure([code], lambda one: self._linked(one, Link.IS_A, Link.REPLACED_BY))

    def _find_ingredients(self, code: Code) -> tuple[Code, ...]:
        """Return what is left when everything that is made of something is taken apart."""
        everything = _closure([code], self._contents)
        reached = {one for each in everything for one in self._contents(each)}
        last = {one for one in reached if not self._contents(one)}
        least = {
            one for one in last if not any(self._only_above(one, other) for other in last - {one})
        }
        return tuple(sorted(least))

    def _contents(self, code: Code) -> set[Code]:
        return {
            part
            for one in self._broader(code)
            for part in self._linked(one, Link.MADE_OF, Link.HAS_INGREDIENT)
        }

    def _only_above(self, one: Code, other: Code) -> bool:
        """Whether a code is above another; of two that mean the same, the first one is not."""
        mutual = other in self._broader(one)
        return one in self._broader(other) and (not mutual or other < one)

    def _find_perhaps(self, code: Code) -> frozenset[Code]:
        above = self._above(code)
        first = {one for each in above for one in self._linked(each, *_VAGUE)}
        found = _closure(first, lambda one: self._up(one) | self._linked(one, *_VAGUE))
        return found - above

    def _find_same(self, code: Code) -> frozenset[Code]:
        """Return what stands for a code: itself, what means the same, what it was replaced by."""
        replaced = _closure([code], lambda one: self._linked(one, Link.REPLACED_BY))
        mutual = {one for one in self._above(code) if code in self._above(one)}
        return replaced | mutual

    def _linked(self, code: Code, *kinds: Link) -> set[Code]:
        links = self._links(code)
        return {one for kind in kinds for one in links.get(kind, ())}


def _normal(system: str, code: str) -> Code:
    return system, normalised(system, code)


def _closure(start: Iterable[Code], onward: Callable[[Code], set[Code]]) -> frozenset[Code]:
    found = set(start)
    waiting = list(found)
    while waiting:
        new = onward(waiting.pop()) - found
        found |= new
        waiting.extend(new)
    return frozenset(found)
