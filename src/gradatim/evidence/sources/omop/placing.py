"""Looks up what a warehouse can tell of absence: see `understood`.

The concepts that occur are joined with the vocabulary once; what is fetched are those of which it
does not tell where they belong.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from gradatim.evidence.codebook import Codebook, Outcome
from gradatim.evidence.relation import Meaning
from gradatim.evidence.sources.omop import columns
from gradatim.evidence.sources.omop.options import Warehouse
from gradatim.evidence.sources.omop.search import LOCAL, SYSTEMS, Searched, pairs_of, rows
from gradatim.evidence.sources.omop.tables import OBSERVATIONS, Source
from gradatim.evidence.sources.omop.understood import (
    NO_VOCABULARY,
    NOTHING,
    OF_DOMAIN,
    OWN,
    Known,
    Understanding,
    empty,
    unheld,
    unrecognised,
)
from gradatim.protocol.elements import Element

if TYPE_CHECKING:
    from ibis.expr import types as ir

WRITTEN = "urn:gradatim:element|"
"""Before an element's name, in a source value: how a hospital says that its field is one."""
PRODUCTS = ("RxNorm", "RxNorm Extension")
"""Vocabularies whose every product is below its ingredients."""


def understanding(
    warehouse: Warehouse,
    elements: Mapping[str, Element],
    codebook: Codebook,
    searched: Searched | None,
    kinds: Collection[str],
) -> Understanding:
    """Look up what can be concluded from the absence of records.

    Args:
        warehouse: the open warehouse.
        elements: the protocol's elements.
        codebook: which elements a code means.
        searched: what was found in the vocabulary; None where there is none.
        kinds: the kinds that are declared to be held completely.
    """
    missing = unheld(warehouse, kinds)
    asked = {name: one for name, one in elements.items() if one.kind in kinds}
    if searched is None:
        return Understanding(missing, dict.fromkeys(asked, NO_VOCABULARY))
    known = Known(
        searched.coded,
        searched.targets,
        _recognised(warehouse, asked, searched),
        searched.hierarchy,
    )
    unseen = unrecognised(asked, known)
    elsewhere = _elsewhere(asked, searched)
    for name, sources in elsewhere.items():
        gone = [one.name for one in sources if empty(warehouse, one.name)]
        if gone and name not in unseen:
            unseen[name] = f"the table {gone[0]} is missing or empty, where its records stand"
    tables = {
        source: frozenset(
            name
            for name, one in asked.items()
            if name not in unseen
            and one.kind not in missing
            and (OWN[one.kind] is source or source in elsewhere.get(name, ()))
        )
        for source in OWN.values()
    }
    held = {source: names for source, names in tables.items() if names}
    return Understanding(missing, unseen, held, _unplaced(warehouse, held, codebook, searched))


def _recognised(
    warehouse: Warehouse, asked: Mapping[str, Element], searched: Searched
) -> frozenset[str]:
    """Return the elements that a concept means, or that some source wrote as such."""
    meant = {one.element for some in searched.meanings.values() for one in some}
    others = [name for name in asked if name not in meant]
    written = {WRITTEN + name: name for name in others}
    found: set[str] = set()
    for source in {OWN[asked[name].kind] for name in others}.union([OBSERVATIONS] * bool(others)):
        table = warehouse.table(source.name)
        text = None if table is None else columns.text(table, source.source_value)
        if table is not None and text is not None:
            here = table.filter(text.startswith(WRITTEN)).select(text=text).distinct()
            texts = warehouse.fetch(here)["text"].to_pylist()
            found |= {written[own] for one in texts if (own := _bare(one)) in written}
    return frozenset(meant | found)


def _bare(text: str) -> str:
    """Leave out what follows an element's name."""
    return WRITTEN + text.removeprefix(WRITTEN).strip().split("|")[0]


def _elsewhere(asked: Mapping[str, Element], searched: Searched) -> dict[str, tuple[Source, ...]]:
    """Return the tables of elements whose codes all belong in others than those of their kind."""
    found: dict[str, set[Source]] = {}
    codes = {one.id for one in searched.coded} | {
        id for some in searched.targets.values() for id in some
    }
    for id in codes:
        source = OF_DOMAIN.get(searched.domains.get(id, ""))
        for meaning in searched.meanings.get(id, ()):
            if source is not None and meaning.element in asked:
                found.setdefault(meaning.element, set()).add(source)
    return {
        name: tuple(sources)
        for name, sources in found.items()
        if OWN[asked[name].kind] not in sources
    }


def _unplaced(
    warehouse: Warehouse,
    held: Mapping[Source, frozenset[str]],
    codebook: Codebook,
    searched: Searched,
) -> dict[int, frozenset[str]]:
    """Return the concepts that occur and are not known to lie outside of some elements."""
    every = frozenset(name for names in held.values() for name in names)
    if not every:
        return {}
    occurring = ibis.union(*_occurring(warehouse, held), distinct=True)
    found: dict[int, frozenset[str]] = {}
    for id, vocabulary, code in _out_of_place(warehouse, occurring):
        meant = _meant(searched.meanings.get(id, ()))
        if vocabulary == LOCAL:
            continue
        system = SYSTEMS.get(vocabulary or "", "")
        found[id] = frozenset(
            name
            for name in every - meant
            if not system or codebook.outcome([(system, code)], name) is not Outcome.SOMETHING_ELSE
        )
    may_be = (
        (id, _meant(some) - _meant(searched.meanings.get(id, ())))
        for id, some in searched.perhaps.items()
    )
    for id, names in (*may_be, *_below(warehouse, occurring, searched)):
        found[id] = found.get(id, NOTHING) | (names & every)
    return {id: names for id, names in found.items() if names}


def _meant(meanings: Iterable[Meaning]) -> frozenset[str]:
    return frozenset(one.element for one in meanings)


def _occurring(warehouse: Warehouse, held: Mapping[Source, frozenset[str]]) -> Iterator["ir.Table"]:
    """Give the concepts that occur, as `id`, and those that sources used where there is none."""
    yield ibis.memtable(pa.table({"id": pa.array([0], pa.int64())}))
    for source in held:
        table = warehouse.table(source.name)
        assert table is not None
        concept = columns.whole(table, source.concept)
        if concept is not None:
            yield table.select(id=concept).distinct()
            table = table.filter(concept.isnull() | (concept == 0))
        if (used := columns.whole(table, source.source_concept)) is not None:
            yield table.select(id=used).distinct()


def _out_of_place(
    warehouse: Warehouse, occurring: "ir.Table"
) -> Iterator[tuple[int, str | None, str]]:
    """Give the concepts that have no place in the hierarchy, with vocabulary and code.

    Those that are not in the vocabulary have None; so have products without their ingredients.
    """
    t = warehouse.table("concept")
    assert t is not None
    standard, gone = columns.text(t, "standard_concept"), columns.text(t, "invalid_reason")
    judged = standard is not None and warehouse.fetch(t.filter(standard == "S").limit(1)).num_rows
    valid = ibis.literal(True) if gone is None else gone.isnull() | (gone == "")
    placed = valid if not judged or standard is None else standard.isin(["S", "C"]).fill_null(False)
    concepts = t.select(
        known=columns.whole(t, "concept_id"),
        vocabulary=t["vocabulary_id"],
        code=t["concept_code"],
        placed=placed,
    )
    ids = occurring.filter(occurring["id"].notnull() & (occurring["id"] != 0))
    joined = ids.left_join(concepts, ids["id"] == concepts["known"])
    strange = joined.filter(joined["known"].isnull() | ~joined["placed"])
    yield from rows(
        warehouse, strange, id=strange["id"], vocabulary=strange["vocabulary"], code=strange["code"]
    )
    for id in _without_ingredients(warehouse, occurring, t):
        yield id, None, ""


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
    told = pairs.semi_join(ingredients, "above").select(id=pairs["below"])
    yield from warehouse.fetch(products.anti_join(told, "id"))["id"].to_pylist()


def _below(
    warehouse: Warehouse, occurring: "ir.Table", searched: Searched
) -> Iterator[tuple[int, frozenset[str]]]:
    """Give what lies below concepts that may mean elements, and so may be of them too."""
    pairs = pairs_of(warehouse)
    if pairs is None or not searched.mapped:
        return
    below = pairs.filter(pairs["above"].isin(sorted(searched.mapped)))
    below = below.semi_join(occurring, below["below"] == occurring["id"])
    for above, id in rows(warehouse, below, above=below["above"], id=below["below"]):
        names = _meant(searched.mapped[above]) - _meant(searched.meanings.get(id, ()))
        if names:
            yield id, names
