"""Finds out which elements a warehouse recognises, and in which tables their records stand.

See `understood` for what follows from it.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from gradatim.evidence.omop.concepts import LOCAL
from gradatim.evidence.omop.options import Warehouse
from gradatim.evidence.omop.search import Searched
from gradatim.evidence.omop.tables import SourceTable
from gradatim.evidence.omop.understanding import (
    NO_VOCABULARY,
    OF_DOMAIN,
    OWN,
    Known,
    empty,
    unheld,
    unrecognised,
)
from gradatim.protocol.elements import Element


class Recognised(NamedTuple):
    """Which elements are recognised, and where.

    Args:
        missing: kinds whose table is missing or empty; with its name.
        unseen: elements of which a record need not be seen; why.
        held: of each table, the other elements of the kinds asked about whose records stand in it.
    """

    missing: Mapping[str, str]
    unseen: Mapping[str, str]
    held: Mapping[SourceTable, frozenset[str]]

    @property
    def elements(self) -> frozenset[str]:
        """The elements of which absence may be concluded."""
        return frozenset(name for names in self.held.values() for name in names)


def recognised_elements(
    warehouse: Warehouse,
    elements: Mapping[str, Element],
    searched: Searched | None,
    kinds: Collection[str],
    written: Iterable[str],
) -> Recognised:
    """Find out which elements of some kinds are recognised.

    Args:
        warehouse: the open warehouse.
        elements: the protocol's elements.
        searched: what was found in the vocabulary; None where there is none.
        kinds: the kinds that are declared to be held completely.
        written: what sources wrote where no concept tells anything.
    """
    missing = unheld(warehouse, kinds)
    asked = {name: one for name, one in elements.items() if one.kind in kinds}
    if searched is None:
        return Recognised(missing, dict.fromkeys(asked, NO_VOCABULARY), {})
    meant = {one.element for some in searched.meanings.values() for one in some}
    own = {_named(one) for one in written if one.startswith(LOCAL)}
    known = Known(searched.coded, searched.targets, frozenset(meant | own), searched.hierarchy)
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
        for source in {*OWN.values(), *(one for some in elsewhere.values() for one in some)}
    }
    return Recognised(missing, unseen, {source: names for source, names in tables.items() if names})


def _named(text: str) -> str:
    """Return the element that a text names."""
    return text.removeprefix(LOCAL).strip().split("|")[0]


def _elsewhere(
    asked: Mapping[str, Element], searched: Searched
) -> dict[str, tuple[SourceTable, ...]]:
    """Return the tables of elements whose codes all belong in others than those of their kind."""
    found: dict[str, set[SourceTable]] = {}
    codes = {one.id for one in searched.coded} | {
        id for some in searched.targets.values() for id in some.to
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
