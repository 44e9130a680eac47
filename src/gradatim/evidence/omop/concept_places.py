"""Where concepts that occur belong: what those without a place in the hierarchy map to, what lies
above and below what elements are defined by, and of what situations speak.

A concept has a place if it is standard, or a class: `concept_ancestor` tells what that is below.

Source: OHDSI Standardized Vocabularies; Book of OHDSI, chapter 5.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import ibis

from gradatim.clinical import omop
from gradatim.evidence.omop import columns
from gradatim.evidence.omop.options import Warehouse
from gradatim.evidence.omop.search import (
    Mapped,
    Searched,
    fetch_rows,
    ids_table,
    mappings,
    pairs_of,
    related,
)

if TYPE_CHECKING:
    from ibis.expr import types as ir

PRODUCTS = ("RxNorm", "RxNorm Extension")
"""Vocabularies whose every product is below its ingredients."""
SPEAKS_OF = ("Has asso finding", "Has asso proc")
"""What a situation, such as a history that one concept tells, is about.

Source: SNOMED CT, attributes "associated finding" and "associated procedure".
"""


class Strange(NamedTuple):
    """A concept without a place.

    Args:
        vocabulary: its vocabulary; None of one that the vocabulary tables do not hold.
        code: its code.
        domain: its domain.
    """

    vocabulary: str | None = None
    code: str = ""
    domain: str = ""


class Places:
    """Looks up where concepts belong, each once.

    Args:
        warehouse: the open warehouse.
        searched: what was found in its vocabulary.
    """

    def __init__(self, warehouse: Warehouse, searched: Searched) -> None:
        self._warehouse, self._searched = warehouse, searched
        self._known: set[int] = set()
        self.strange: dict[int, Strange] = {}
        self.mapped: dict[int, Mapped] = {}

    def look_up(self, ids: Iterable[int]) -> None:
        """Find out which of some concepts have no place, and what these map to."""
        new = {id for id in ids if id} - self._known
        if not new:
            return
        self._known |= new
        found = dict(self._out_of_place(new))
        self.strange |= found
        mapped = mappings(
            self._warehouse, [id for id, one in found.items() if one.vocabulary is not None]
        )
        self.mapped |= mapped
        self.look_up(id for one in mapped.values() for id in (*one.to, *one.values))

    def _out_of_place(self, ids: Iterable[int]) -> Iterator[tuple[int, Strange]]:
        """Give the concepts that have no place in the hierarchy.

        So have products of which the vocabulary does not tell what is in them.
        """
        t, occurring = self._table, ids_table(ids)
        concepts = t.select(
            known=columns.whole(t, "concept_id"),
            vocabulary=t["vocabulary_id"],
            code=columns.text(t, "concept_code"),
            domain=t["domain_id"],
            placed=self._placed,
        )
        joined = occurring.left_join(concepts, occurring["id"] == concepts["known"])
        strange = joined.filter(joined["known"].isnull() | ~joined["placed"])
        told = ("vocabulary", "code", "domain")
        found = fetch_rows(
            self._warehouse, strange, id=strange["id"], **{name: strange[name] for name in told}
        )
        for id in _without_ingredients(self._warehouse, occurring, t):
            yield id, Strange()
        for id, vocabulary, code, domain in found:
            yield id, Strange(vocabulary, code or "", domain or "")

    @cached_property
    def _placed(self) -> "ir.BooleanValue":
        """Which concepts have a place: the valid ones of a vocabulary that calls none standard."""
        t = self._table
        standard, gone = columns.text(t, "standard_concept"), columns.text(t, "invalid_reason")
        if standard is not None:
            judged = self._warehouse.fetch(t.filter(standard == "S").limit(1)).num_rows
            if judged:
                return standard.isin(["S", "C"]).fill_null(False)
        return ibis.literal(True) if gone is None else gone.isnull() | (gone == "")

    @cached_property
    def _table(self) -> "ir.Table":
        t = self._warehouse.table("concept")
        assert t is not None
        return t

    @property
    def known(self) -> frozenset[int]:
        """The concepts that were looked up."""
        return frozenset(self._known)

    def targets(self, id: int) -> tuple[int, ...]:
        """Return what records of a concept have as their concept: itself, or what it maps to."""
        return self.mapped[id].to if id in self.mapped else (id,)

    def resolved(self, id: int) -> bool:
        """Whether it is known where a concept belongs, by itself or by all that it maps to."""
        if id in self.mapped:
            one = self.mapped[id]
            return not any(other in self.strange for other in (*one.to, *one.values))
        return id not in self.strange

    def below(self, tops: frozenset[int], ids: Iterable[int]) -> frozenset[int]:
        """Return those of some concepts that are one of others or below one."""
        ids = frozenset(ids)
        lower = {one for _, one in _pairs(self._warehouse, tops, ids)}
        return (ids & tops) | lower

    def hierarchy(self) -> "Hierarchy":
        """Look up how the concepts stand to what elements are defined by."""
        searched = self._searched
        values = {value for some in searched.valued.values() for value in some}
        general = {*searched.valued, *omop.HISTORIES, *omop.OF_OTHERS}
        asked = {*searched.mapped, *values, *general}
        spoken = [(id, one) for id, _, one in related(self._warehouse, self._known, SPEAKS_OF)]
        known = {*self._known, *(one for _, one in spoken)}
        below = _pairs(self._warehouse, asked, known)
        above = _pairs(self._warehouse, known, {*searched.roots, *values})
        return Hierarchy(
            _grouped((id, top) for top, id in below), _grouped(above), _grouped(spoken)
        )


class Hierarchy(NamedTuple):
    """How concepts that occur stand to those that are asked about.

    Args:
        tops: of each, what of these it is below.
        bottoms: likewise, what it is above.
        spoken: of situations, what they are about.
    """

    tops: Mapping[int, frozenset[int]]
    bottoms: Mapping[int, frozenset[int]]
    spoken: Mapping[int, frozenset[int]]

    def within(self, id: int, tops: Iterable[int]) -> bool:
        """Whether a concept is one of some or below one."""
        return id in (tops := frozenset(tops)) or bool(self.tops.get(id, frozenset()) & tops)


def _grouped(pairs: Iterable[tuple[int, int]]) -> dict[int, frozenset[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for one, other in pairs:
        if one != other:
            found[one].add(other)
    return {id: frozenset(some) for id, some in found.items()}


def _pairs(
    warehouse: Warehouse, above: Iterable[int], below: Iterable[int]
) -> Iterator[tuple[int, int]]:
    """Look up which of some concepts are above which of others."""
    pairs = pairs_of(warehouse)
    if pairs is None:
        return
    tops, ids = ids_table(above), ids_table(below)
    pairs = pairs.semi_join(tops, pairs["above"] == tops["id"])
    pairs = pairs.semi_join(ids, pairs["below"] == ids["id"])
    yield from fetch_rows(warehouse, pairs, above=pairs["above"], below=pairs["below"])


def _without_ingredients(
    warehouse: Warehouse, occurring: "ir.Table", concept: "ir.Table"
) -> Iterator[int]:
    """Give the products of which the vocabulary does not tell what is in them."""
    pairs = pairs_of(warehouse)
    if pairs is None or "concept_class_id" not in concept.columns:
        return
    id = columns.whole(concept, "concept_id")
    of_drugs = concept["vocabulary_id"].isin(PRODUCTS)
    alone = concept["concept_class_id"] == "Ingredient"
    products = concept.filter(of_drugs & ~alone).select(id=id).semi_join(occurring, "id")
    ingredients = concept.filter(of_drugs & alone).select(above=id)
    pairs = pairs.semi_join(products, pairs["below"] == products["id"])
    told = pairs.semi_join(ingredients, "above").select(id=pairs["below"])
    yield from warehouse.fetch(products.anti_join(told, "id"))["id"].to_pylist()
