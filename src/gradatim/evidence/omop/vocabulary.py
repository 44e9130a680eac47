"""Which concepts of a warehouse stand for a protocol's codes, by its vocabulary tables.

A code of SNOMED CT, LOINC, RxNorm or ATC means its concept and every descendant. A code of ICD-10
means its concept and those it maps to, without their descendants: what an unspecified code maps to
is often far broader than the code. Of a code that maps to several concepts, those count that
belong to the element anyway, or all if none does.

Source: OHDSI Standardized Vocabularies; Book of OHDSI, chapter 5.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from gradatim.clinical import omop
from gradatim.clinical.units import canonical_unit
from gradatim.core.codes import WIRE_NAMES
from gradatim.evidence.codebook import Codebook
from gradatim.evidence.fhir.observation_values import value_of, yes_or_no
from gradatim.evidence.omop import columns
from gradatim.evidence.omop.concept_occurrence import SourceWords, concepts_in, given_in, pairs_in
from gradatim.evidence.omop.concept_placement import Placing
from gradatim.evidence.omop.concept_places import Places
from gradatim.evidence.omop.concepts import Concepts, Meanings, labelled_code, word_of
from gradatim.evidence.omop.keys import unsettled_rows
from gradatim.evidence.omop.options import Warehouse
from gradatim.evidence.omop.protocol_codes import asked_codes, wanted_words
from gradatim.evidence.omop.recognition import recognised_elements
from gradatim.evidence.omop.search import (
    SYSTEMS,
    Found,
    Search,
    Searched,
    by_id,
    coded,
    fetch_rows,
)
from gradatim.evidence.omop.tables import MEASUREMENTS, OBSERVATIONS, SOURCES, SourceTable
from gradatim.evidence.omop.understanding import Understanding, empty
from gradatim.protocol.elements import COVERABLE, Element
from gradatim.protocol.study import Study
from gradatim.vocabulary.graph import Vocabulary

if TYPE_CHECKING:
    from ibis.expr import types as ir


def concepts(
    warehouse: Warehouse,
    study: Study,
    kinds: Collection[str] = COVERABLE,
    vocabulary: Vocabulary | None = None,
) -> Concepts:
    """Find the concepts that a protocol asks about, in a few small look-ups.

    Args:
        warehouse: the open warehouse.
        study: the protocol.
        kinds: the kinds that are declared to be held completely: of these it is looked up whether
            every record is understood.
        vocabulary: what a code is beside itself, where the warehouse's own does not tell.
    """
    elements = study.elements
    codebook = Codebook(elements, study.study.id, vocabulary)
    asked = asked_codes(elements)
    table = warehouse.table("concept")
    if table is not None and empty(warehouse, "concept"):
        table = None
    searched = None
    if table is not None:
        searched = Search(warehouse, table, elements, codebook, asked).run()
    known = Concepts(
        codebook,
        elements,
        wanted_words(study),
        _sorted(searched.meanings if searched else by_id(elements, codebook, asked, {}), elements),
        searched.domains if searched else {},
        table is not None,
        _units(warehouse, table),
        _routes(warehouse, table, elements),
        omop.results(),
        tuple(searched.notes) if searched else (NO_CONCEPTS,),
    )
    return _placed(warehouse, known, searched, kinds)


NO_CONCEPTS = (
    "there is no table concept, or an empty one: only the concept ids that the protocol and the "
    "drug table name are recognised, without their descendants"
)


def _placed(
    warehouse: Warehouse, known: Concepts, searched: Searched | None, kinds: Collection[str]
) -> Concepts:
    """Look up what occurs in the tables, where it belongs, and what follows for absence."""
    if searched is None:
        known = replace(known, given=_given(warehouse, known))
        found = recognised_elements(warehouse, known.elements, None, kinds, ())
        return replace(known, understood=Understanding(found.missing, found.unseen))
    places = Places(warehouse, searched)
    placing = Placing(places, searched, known.codebook, known.elements)
    in_tables = concepts_in(warehouse)
    occurring = frozenset(id for some in in_tables.values() for id in some)
    places.look_up(occurring)
    alone = placing.alone(occurring)
    known = replace(known, silent=placing.silent(occurring), alone=alone)
    known = replace(known, given=_given(warehouse, known))
    of_code = coded(warehouse, _labelled(known))
    pairs = pairs_in(warehouse, {OBSERVATIONS: None, MEASUREMENTS: alone})
    given = [one for some in known.given.values() for one in some]
    values = {value for some in pairs.values() for _, value in some}
    used = {one.used for one in given if one.used}
    used |= {id for some in of_code.values() for id in some}
    places.look_up({*used, *values})
    meanings = _sorted(placing.meanings(), known.elements)
    domains = {id: places.strange[id].domain for id in meanings}
    texts = {one.written for one in given if one.written}
    found = recognised_elements(warehouse, known.elements, searched, kinds, texts)
    understood = Understanding(
        found.missing,
        found.unseen,
        found.held,
        placing.unplaced(found.elements),
        placing.statuses(found.elements, pairs, alone, used),
    )
    return replace(
        known,
        meanings={**known.meanings, **meanings},
        domains={**known.domains, **domains},
        whole=frozenset(id for id, one in places.mapped.items() if one.values),
        of_code=of_code,
        understood=understood,
    )


def _given(warehouse: Warehouse, known: Concepts) -> dict[SourceTable, dict[SourceWords, int]]:
    tables = {source: warehouse.table(source.name) for source in SOURCES}
    return given_in(
        warehouse,
        {
            source: unsettled_rows(table, source, known)
            for source, table in tables.items()
            if table is not None
        },
    )


def _labelled(known: Concepts) -> set[tuple[str, str]]:
    """Return the codes that sources wrote with the name of their vocabulary."""
    texts = {one.written for some in known.given.values() for one in some if one.written}
    return {code for text in texts if (code := labelled_code(text))}


def _sorted(found: Found, elements: Mapping[str, Element]) -> dict[int, Meanings]:
    order = {name: n for n, name in enumerate(elements)}
    return {
        id: tuple(sorted(some, key=lambda m: (order[m.element], m.code)))
        for id, some in found.items()
    }


def _units(warehouse: Warehouse, table: "ir.Table | None") -> dict[int, str]:
    found = {id: canonical_unit(unit) for id, unit in omop.units().items()}
    if table is not None:
        coded = fetch_rows(
            warehouse,
            table.filter(table["vocabulary_id"] == "UCUM"),
            id=columns.whole(table, "concept_id"),
            code=table["concept_code"],
        )
        found |= {id: canonical_unit(code) for id, code in coded}
    return found


def _routes(
    warehouse: Warehouse, table: "ir.Table | None", elements: Mapping[str, Element]
) -> dict[int, str]:
    asked = {code for one in elements.values() for code in (*one.routes, *one.not_routes)}
    found = dict(omop.routes())
    if table is not None and asked:
        kept = (table["vocabulary_id"] == "SNOMED") & table["concept_code"].isin(sorted(asked))
        found |= dict(
            fetch_rows(
                warehouse,
                table.filter(kept),
                id=columns.whole(table, "concept_id"),
                code=table["concept_code"],
            )
        )
    return found


def with_results(warehouse: Warehouse, known: Concepts, used: Iterable[int]) -> Concepts:
    """Learn the words of concepts that occur as values, by their codes or else their names.

    Args:
        warehouse: the open warehouse.
        known: what concepts mean.
        used: the concepts that occur.
    """
    table, new = warehouse.table("concept"), set(used) - known.results.keys()
    if table is None or not new:
        return known
    id = columns.whole(table, "concept_id")
    assert id is not None
    named = fetch_rows(
        warehouse,
        table.filter(id.isin(sorted(new))),
        id=id,
        system=table["vocabulary_id"],
        code=table["concept_code"],
        name=table["concept_name"],
    )
    words = {
        one: _word(SYSTEMS.get(system, ""), code, name or "") for one, system, code, name in named
    }
    return replace(known, results={**known.results, **words})


def value_concepts(warehouse: Warehouse, table: "ir.Table") -> list[int]:
    """Look up the concepts that occur as values in a table."""
    column = columns.whole(table, "value_as_concept_id")
    if column is None:
        return []
    found = warehouse.fetch(table.select(one=column).distinct())["one"].to_pylist()
    return [one for one in found if one]


def _word(system: str, code: str, name: str) -> str:
    coding = {"system": WIRE_NAMES.get(system, ""), "code": code, "display": name}
    said = value_of({"valueCodeableConcept": {"coding": [coding]}})
    if said is None:
        return ""
    return yes_or_no(said) or said.code or word_of(name)
