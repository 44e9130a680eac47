"""What a protocol asks a warehouse for: codes by system, concept ids, words, daily doses."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from gradatim.clinical.drugs import Drug, drugs
from gradatim.core.codes import is_pattern
from gradatim.protocol.elements import Element
from gradatim.protocol.nodes import Compare, DailyDose, Node, Result, Stable
from gradatim.protocol.references import rules_of
from gradatim.protocol.study import Study

if TYPE_CHECKING:
    from ibis.expr import types as ir


class ProtocolCodes(NamedTuple):
    """The codes of a protocol.

    Args:
        codes: of each system, its codes and patterns.
        ids: OMOP concept ids that the protocol names.
        ingredients: OMOP concept ids of the drug table, with the ingredient.
    """

    codes: Mapping[str, frozenset[str]]
    ids: tuple[int, ...]
    ingredients: Mapping[int, str]

    def conditions(self, system: str, code: "ir.Value") -> "Iterator[ir.Value]":
        """Give the conditions, one of which a code of that system must satisfy to be asked for."""
        every = self.codes.get(system, frozenset())
        exact = sorted(one for one in every if not is_pattern(system, one))
        if exact:
            yield code.isin(exact)
        patterns = sorted(every.difference(exact))
        starts = [one[:-1] for one in patterns if one.endswith("*")]
        for length in sorted({len(one) for one in starts}):
            yield code.left(length).isin([one for one in starts if len(one) == length])
        for one in patterns:
            if not one.endswith("*"):
                low, high = one.split("-")
                yield code.left(len(low)).between(low, high)


def asked_codes(elements: Mapping[str, Element]) -> ProtocolCodes:
    """Collect the codes of the elements, and those of their drugs."""
    codes: dict[str, set[str]] = {}
    ingredients: dict[int, str] = {}
    for name, element in elements.items():
        codes.setdefault("local", set()).add(name)
        for group in (*element.codes, *element.perhaps):
            codes.setdefault(group.system, set()).update(group.codes)
        for drug in drugs_of(element):
            codes.setdefault("atc", set()).update(drug.atc)
            codes["local"] |= {drug.name, drug.name.lower().replace(" ", "_")}
            if drug.rxnorm:
                codes.setdefault("rxnorm", set()).add(drug.rxnorm)
            if drug.omop:
                ingredients[int(drug.omop)] = drug.name
    ids = sorted(int(code) for code in codes.pop("omop", ()) if code.isdigit())
    return ProtocolCodes(
        {system: frozenset(some) for system, some in codes.items()}, tuple(ids), ingredients
    )


def drugs_of(element: Element) -> list[Drug]:
    """Give the ingredients of the drug table that an element names, itself or by class."""
    return [
        one
        for one in drugs()
        if one.name in element.drugs or one.drug_class in element.drug_classes
    ]


def wanted_words(study: Study) -> frozenset[str]:
    """Give the results that the protocol asks about."""
    return frozenset(leaf.is_ for leaf in _leaves(study) if isinstance(leaf, Result))


def wanted_units(study: Study, names: Iterable[str]) -> dict[str, set[str]]:
    """Give the units in which each of some elements is compared."""
    found = {name: {study.elements[name].unit} for name in names}
    for leaf in _leaves(study):
        if isinstance(leaf, Compare) and leaf.compare in found and leaf.is_.unit:
            found[leaf.compare].add(leaf.is_.unit)
    return found


def dosed(study: Study) -> frozenset[str]:
    """Give the elements whose daily dose the protocol asks about."""
    found = set()
    for leaf in _leaves(study):
        if isinstance(leaf, DailyDose):
            found.add(leaf.daily_dose)
        elif isinstance(leaf, Stable):
            found.add(leaf.stable)
    return frozenset(found)


def _leaves(study: Study) -> Iterator[Node]:
    for _, rule in rules_of(study):
        yield from rule.leaves()
