"""The search of the vocabulary tables: codes, what they map to, what lies below, domains."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import ibis
import pyarrow as pa

from gradatim.clinical import omop
from gradatim.clinical.drugs import drugs_by_code, find_drug
from gradatim.core.codes import normalised
from gradatim.evidence.codebook import Codebook
from gradatim.evidence.omop import columns
from gradatim.evidence.omop.concepts import MEASURED
from gradatim.evidence.omop.options import Warehouse
from gradatim.evidence.omop.protocol_codes import ProtocolCodes
from gradatim.evidence.omop.understanding import CodedConcept, empty
from gradatim.evidence.relation import Meaning
from gradatim.protocol.elements import Element

if TYPE_CHECKING:
    from ibis.expr import types as ir

LOCAL = "gradatim"
SYSTEMS = {
    "LOINC": "loinc",
    "SNOMED": "snomed",
    "RxNorm": "rxnorm",
    "RxNorm Extension": "rxnorm",
    "ATC": "atc",
    "ICD10": "icd10",
    "ICD10CM": "icd10",
    "ICD10CN": "icd10",
    "ICD10GM": "icd10",
    LOCAL: "local",
}
"""The short name of each vocabulary's system; LOCAL is a hospital's own, by element names."""
MAPS_TO, TO_VALUE, REPLACED_BY = "Maps to", "Maps to value", "Concept replaced by"
Found = dict[int, set[Meaning]]


class Mapped(NamedTuple):
    """What a concept that is not standard maps to.

    Args:
        to: the concepts that its records have.
        values: the concepts that they have as their value, if it takes one to say the same: that a
            "history of breast cancer" is a history, and of what.
    """

    to: tuple[int, ...]
    values: tuple[int, ...] = ()


Valued = Mapping[int, Mapping[int, set[Meaning]]]
"""Of concepts that mean an element only with a value: the values, with what they mean."""


class Searched(NamedTuple):
    """What was found.

    Args:
        meanings: what concepts mean.
        domains: their domains.
        notes: what to report.
        coded: the concepts of the protocol's codes.
        targets: what those that are not standard map to.
        hierarchy: whether the vocabulary tells what is below a concept.
        mapped: concepts that mean an element for no more than that a code of ICD-10 maps to them,
            and those of the codes that the protocol lists as `perhaps`; what lies below them may
            mean it or not.
        perhaps: concepts that may mean an element by themselves alone: what those codes of ICD-10
            map to that the protocol lists as `perhaps`, and what a code maps to beside others;
            histories to which one maps without saying of what.
        roots: the concepts that mean elements by themselves; the others lie below these.
        valued: what concepts mean together with a value.
    """

    meanings: Found
    domains: dict[int, str]
    notes: list[str]
    coded: list[CodedConcept]
    targets: dict[int, Mapped]
    hierarchy: bool
    mapped: Found
    perhaps: Found
    roots: Found
    valued: Valued


def by_id(
    elements: Mapping[str, Element],
    codebook: Codebook,
    asked: ProtocolCodes,
    names: Mapping[int, str],
) -> Found:
    """Give what the protocol's own concept ids mean, and those of the drug table.

    Where the vocabulary knows an id, the drug table's must be of that very drug.
    """
    found: Found = defaultdict(set)
    for id in asked.ids:
        for element in codebook.lookup("omop", str(id))[0]:
            found[id].add(Meaning(element, str(id) if elements[element].kind == "exposure" else ""))
    for id, ingredient in asked.ingredients.items():
        if not names or names.get(id, "").casefold() == ingredient.casefold():
            for element in codebook.lookup("local", ingredient)[0]:
                found[id].add(Meaning(element, ingredient))
    return found


NOWHERE = Mapped(())
GENERAL = omop.HISTORIES | omop.OF_OTHERS
"""Concepts that never mean an element without a value, whatever code maps to them."""


class Search:
    """One search of the vocabulary tables."""

    def __init__(
        self,
        warehouse: Warehouse,
        table: "ir.Table",
        elements: Mapping[str, Element],
        codebook: Codebook,
        asked: ProtocolCodes,
    ) -> None:
        self.warehouse, self.table = warehouse, table
        self.elements, self.codebook, self.asked = elements, codebook, asked
        self.notes: list[str] = []

    def run(self) -> Searched:
        """Search, from the codes to what lies below them."""
        coded = self._coded()
        named = self._named([*self.asked.ids, *self.asked.ingredients])
        broad: Found = by_id(self.elements, self.codebook, self.asked, named)
        narrow: Found = defaultdict(set)
        for one in coded:
            if means := self._means(one):
                (narrow if one.system == "icd10" else broad)[one.id] |= means
        targets = self._maps_to([one.id for one in coded if one.standard not in ("S", "C")])
        plain, unsaid, valued = self._by_target(coded, targets)
        for one in coded:
            means = self._means(one)
            for to in plain.get(one.id, ()) if means and one.system != "icd10" else ():
                broad[to] |= means
        _without_parts(broad, coded)
        found = self._below(broad)
        mapped, perhaps = _add_mapped(found, narrow, plain)
        listed, above = self._perhaps(coded, targets)
        for id, means in (*unsaid.items(), *listed.items()):
            perhaps[id] |= means
        for id, means in above.items():
            mapped.setdefault(id, set()).update(means)
        self._ingredients(found, {id for id in found if _unnamed(found[id])}, broad)
        domains = self._domains(set(found), list(broad))
        hierarchy = not empty(self.warehouse, "concept_ancestor")
        roots = {
            id: found.get(id, set()) | mapped.get(id, set()) | perhaps.get(id, set())
            for id in {*broad, *mapped, *perhaps}
        }
        return Searched(
            found, domains, self.notes, coded, targets, hierarchy, mapped, perhaps, roots, valued
        )

    def _perhaps(
        self, coded: list[CodedConcept], targets: Mapping[int, Mapped]
    ) -> tuple[Found, Found]:
        """Return what concepts may mean by themselves alone, and what those may with all below.

        What a code of ICD-10 maps to is often far broader than the code; it counts by itself.
        """
        alone: Found = defaultdict(set)
        above: Found = defaultdict(set)
        for one in coded:
            means = {Meaning(name) for name in self.codebook.perhaps([(one.system, one.code)])}
            target = targets.get(one.id, NOWHERE)
            to = () if target.values else target.to
            for id in (one.id, *to) if means else ():
                (alone if one.system == "icd10" else above)[id] |= means
        return alone, above

    def _by_target(
        self, coded: Iterable[CodedConcept], targets: Mapping[int, Mapped]
    ) -> tuple[dict[int, tuple[int, ...]], Found, dict[int, dict[int, set[Meaning]]]]:
        """Part what codes map to.

        Returns:
            What means the same by itself; what may mean it, of histories without a word of what;
            and what means it with a value. Of values that are measured the concept is enough.
        """
        plain: dict[int, tuple[int, ...]] = {}
        unsaid: Found = defaultdict(set)
        valued: dict[int, dict[int, set[Meaning]]] = {}
        for one in coded:
            target = targets.get(one.id, NOWHERE)
            means = {m for m in self._means(one) if self.elements[m.element].kind not in MEASURED}
            if target.values and means:
                _add_valued(valued, target, means)
                continue
            plain[one.id] = tuple(to for to in target.to if to not in GENERAL)
            for to in GENERAL.intersection(target.to):
                unsaid[to] |= means
        return plain, unsaid, valued

    def _means(self, one: CodedConcept) -> set[Meaning]:
        names, ingredient = self.codebook.lookup(one.system, one.code)
        return {
            Meaning(name, (ingredient or UNNAMED) if self._is_drug(name) else "") for name in names
        }

    def _is_drug(self, element: str) -> bool:
        return self.elements[element].kind == "exposure"

    def _coded(self) -> list[CodedConcept]:
        t = self.table
        vocabularies: dict[str, list[str]] = defaultdict(list)
        for vocabulary, system in SYSTEMS.items():
            vocabularies[system].append(vocabulary)
        conditions = [
            t["vocabulary_id"].isin(some) & _either(wanted)
            for system, some in vocabularies.items()
            if (wanted := list(self.asked.conditions(system, t["concept_code"])))
        ]
        if not conditions:
            return []
        found = fetch_rows(
            self.warehouse,
            t.filter(_either(conditions)),
            id=columns.whole(t, "concept_id"),
            vocabulary=t["vocabulary_id"],
            code=t["concept_code"],
            standard=columns.text(t, "standard_concept"),
            name=t["concept_name"],
            gone=columns.text(t, "invalid_reason"),
        )
        return [
            CodedConcept(id, SYSTEMS[vocabulary], code, standard or "", name, gone or "")
            for id, vocabulary, code, standard, name, gone in found
        ]

    def _named(self, ids: list[int]) -> dict[int, str]:
        if not ids:
            return {}
        t = self.table
        id = columns.whole(t, "concept_id")
        assert id is not None
        return dict(
            fetch_rows(self.warehouse, t.filter(id.isin(ids)), id=id, name=t["concept_name"])
        )

    def _maps_to(self, ids: list[int]) -> dict[int, Mapped]:
        if self.warehouse.table("concept_relationship") is None:
            self.notes.append(
                "there is no table concept_relationship: codes that are not standard "
                "are found only where a record carries them"
            )
        return mappings(self.warehouse, ids)

    def _below(self, roots: Found) -> Found:
        """Give the roots and all below them."""
        found: Found = defaultdict(set, {id: set(some) for id, some in roots.items()})
        pairs = pairs_of(self.warehouse)
        if pairs is None:
            self.notes.append(
                "there is no table concept_ancestor: concepts are recognised without "
                "their descendants"
            )
            return found
        of_roots = pairs.filter(pairs["above"].isin(sorted(roots)))
        for above, below in fetch_rows(
            self.warehouse, of_roots, above=of_roots["above"], below=of_roots["below"]
        ):
            found[below] |= roots[above]
        return found

    def _domains(self, ids: set[int], roots: list[int]) -> dict[int, str]:
        """Give the domain of each concept; values and answers of the hospital's own have none.

        Those may stand in the table of measurements or of observations.
        """
        t = self.table
        own = (t["vocabulary_id"] == LOCAL) & t["domain_id"].isin(["Measurement", "Observation"])
        t = t.select(id=columns.whole(t, "concept_id"), domain=ibis.ifelse(own, "", t["domain_id"]))
        found: dict[int, str] = {}
        pairs = pairs_of(self.warehouse)
        if pairs is not None:
            below = pairs.filter(pairs["above"].isin(sorted(roots))).select(id=pairs["below"])
            found = dict(
                fetch_rows(
                    self.warehouse,
                    t.semi_join(below.distinct(), "id"),
                    id=ibis._["id"],
                    domain=ibis._["domain"],
                )
            )
        rest = sorted(ids.difference(found))
        found |= dict(
            fetch_rows(
                self.warehouse, t.filter(t["id"].isin(rest)), id=ibis._["id"], d=ibis._["domain"]
            )
        )
        return {id: domain or "" for id, domain in found.items() if id in ids}

    def _ingredients(self, found: Found, ids: set[int], roots: Found) -> None:
        """Name the ingredients of drugs of which only the class is known."""
        above = self._ingredients_of(ids, [id for id in roots if _unnamed(roots[id])])
        for id in ids:
            for element in {m.element for m in _unnamed(found[id])}:
                found[id].discard(Meaning(element, UNNAMED))
                if any(m.element == element for m in found[id]):
                    continue
                every = above.get(id, {})
                own = {
                    i: name
                    for i, name in every.items()
                    if any(m.element == element for m in found.get(i, ()))
                }
                found[id] |= {Meaning(element, name) for name in (own or every).values()} or {
                    Meaning(element, str(id))
                }

    def _ingredients_of(self, ids: set[int], roots: list[int]) -> dict[int, dict[int, str]]:
        pairs, c = pairs_of(self.warehouse), self.table
        if pairs is None or not roots:
            return {}
        ingredients = c.filter(
            (c["concept_class_id"] == "Ingredient") & c["vocabulary_id"].isin(_INGREDIENTS)
        ).select(
            ingredient=columns.whole(c, "concept_id"),
            name=c["concept_name"],
            code=c["concept_code"],
        )
        asked = pairs.filter(pairs["above"].isin(roots)).select(drug=pairs["below"]).distinct()
        joined = pairs.join(asked, pairs["below"] == asked["drug"]).join(
            ingredients, pairs["above"] == ingredients["ingredient"]
        )
        found: dict[int, dict[int, str]] = defaultdict(dict)
        for drug, id, name, code in fetch_rows(
            self.warehouse,
            joined,
            drug=joined["below"],
            i=joined["ingredient"],
            n=joined["name"],
            c=joined["code"],
        ):
            if drug in ids:
                known = drugs_by_code().get(("rxnorm", code)) or find_drug(name)
                found[drug][id] = known.name if known else name
        return found


def _either(conditions: Sequence["ir.BooleanValue"]) -> "ir.BooleanValue":
    """Say that one of some conditions holds; as a tree of no depth, for there may be hundreds."""
    if len(conditions) == 1:
        return conditions[0]
    half = len(conditions) // 2
    return _either(conditions[:half]) | _either(conditions[half:])


_INGREDIENTS = ("RxNorm", "RxNorm Extension", "gradatim")
UNNAMED = "*"
"""Stands for the ingredient while only the class of a drug is known."""


def _unnamed(meanings: Iterable[Meaning]) -> set[Meaning]:
    """Give the meanings of drugs that do not name the ingredient."""
    return {m for m in meanings if m.code == UNNAMED}


def _without_parts(roots: Found, coded: list[CodedConcept]) -> None:
    """Leave out classes of ATC that lie within another that means the same."""
    classes = {one.code: one.id for one in coded if one.system == "atc"}
    for code, id in classes.items():
        for length in (1, 3, 4, 5):
            wider = classes.get(code[:length])
            if wider not in (None, id) and wider in roots and roots[id] <= roots[wider]:
                roots.pop(id)
                break


def pairs_of(warehouse: Warehouse) -> "ir.Table | None":
    """Give concept_ancestor as `above`, `below`."""
    t = warehouse.table("concept_ancestor")
    if t is None:
        return None
    return t.select(
        above=columns.whole(t, "ancestor_concept_id"),
        below=columns.whole(t, "descendant_concept_id"),
    )


def _add_valued(
    valued: dict[int, dict[int, set[Meaning]]], target: Mapped, means: set[Meaning]
) -> None:
    """Add what a code means that maps to concepts together with values."""
    for to in target.to:
        for value in target.values:
            valued.setdefault(to, {}).setdefault(value, set()).update(means)


def _add_mapped(
    found: Found, narrow: Found, targets: Mapping[int, Sequence[int]]
) -> tuple[Found, Found]:
    """Add the concepts of ICD-10 codes, and those they map to.

    Returns:
        The concepts that this adds; and those of which a code maps to several, and that need not
        mean by themselves what the code does.
    """
    single: set[tuple[int, Meaning]] = {
        (targets[id][0], meaning)
        for id, some in narrow.items()
        if len(targets.get(id, ())) == 1
        for meaning in some
    }
    added: Found = defaultdict(set)
    parts: Found = defaultdict(set)
    for id, some in narrow.items():
        for meaning in some:
            added[id].add(meaning)
            every = targets.get(id, ())
            sure = [
                one for one in every if (one, meaning) in single or meaning in found.get(one, ())
            ]
            for one in sure:
                added[one].add(meaning)
            for one in () if sure else every:
                parts[one].add(meaning)
    new = {id: some - found.get(id, set()) for id, some in added.items()}
    for id, some in added.items():
        found.setdefault(id, set()).update(some)
    return {id: some for id, some in new.items() if some}, parts


def coded(
    warehouse: Warehouse, codes: Collection[tuple[str, str]]
) -> dict[tuple[str, str], frozenset[int]]:
    """Look up the concepts of codes that sources wrote with the name of their vocabulary.

    Args:
        warehouse: the open warehouse.
        codes: the name of a vocabulary, as people write it, and the code.
    """
    t = warehouse.table("concept")
    if t is None or not codes:
        return {}
    held = warehouse.fetch(t.select(one=t["vocabulary_id"]).distinct())["one"].to_pylist()
    named: dict[str, list[str]] = defaultdict(list)
    for vocabulary in held:
        for name in {_folded(vocabulary), _folded(SYSTEMS.get(vocabulary, vocabulary))}:
            named[name].append(vocabulary)
    asked = [
        (label, code, vocabulary, normalised(SYSTEMS.get(vocabulary, ""), code))
        for label, code in codes
        for vocabulary in named.get(_folded(label), ())
    ]
    if not asked:
        return {}
    names = ("label", "written", "vocabulary", "code")
    given = ibis.memtable(
        pa.table(
            {
                name: pa.array(column, pa.string())
                for name, column in zip(names, zip(*asked, strict=True), strict=True)
            }
        )
    )
    c = t.select(
        id=columns.whole(t, "concept_id"), v=t["vocabulary_id"], c=columns.text(t, "concept_code")
    )
    joined = c.join(given, [c["v"] == given["vocabulary"], c["c"] == given["code"]])
    found: dict[tuple[str, str], set[int]] = defaultdict(set)
    for label, code, id in fetch_rows(
        warehouse, joined, label=joined["label"], code=joined["written"], id=joined["id"]
    ):
        found[label, code].add(id)
    return {code: frozenset(ids) for code, ids in found.items()}


def _folded(vocabulary: str) -> str:
    """Return a name as it is compared: `ICD-10-CM` is `icd10cm`."""
    bare = "".join(one for one in vocabulary.casefold() if one.isalnum())
    return bare.removesuffix("ct") if bare.startswith("snomed") else bare


def mappings(warehouse: Warehouse, ids: Iterable[int]) -> dict[int, Mapped]:
    """Look up what concepts map to; what replaces them, where they map to nothing.

    Args:
        warehouse: the open warehouse.
        ids: concepts that are not standard.
    """
    found: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for id, how, other in related(warehouse, ids, (MAPS_TO, TO_VALUE, REPLACED_BY)):
        if (other != id or how == TO_VALUE) and other not in found[id][how]:
            found[id][how].append(other)
    told = {id: (one[MAPS_TO] or one[REPLACED_BY], one[TO_VALUE]) for id, one in found.items()}
    return {id: Mapped(tuple(to), tuple(values)) for id, (to, values) in told.items() if to}


def related(
    warehouse: Warehouse, ids: Iterable[int], how: Sequence[str]
) -> Iterator[tuple[int, str, int]]:
    """Look up the valid relationships of concepts: the concept, the relationship, the other."""
    t, ids = warehouse.table("concept_relationship"), sorted(ids)
    if t is None or not ids:
        return
    first, second = columns.whole(t, "concept_id_1"), columns.whole(t, "concept_id_2")
    if first is None or second is None:
        return
    kept = t["relationship_id"].isin(list(how))
    if (gone := columns.text(t, "invalid_reason")) is not None:
        kept = kept & (gone.isnull() | (gone == ""))
    t = t.filter(kept).select(first=first, how=t["relationship_id"], second=second)
    asked = ids_table(ids)
    t = t.semi_join(asked, t["first"] == asked["id"])
    yield from fetch_rows(warehouse, t, first=t["first"], how=t["how"], second=t["second"])


def ids_table(ids: Iterable[int]) -> "ir.Table":
    """Give concepts as a table of one column, `id`."""
    return ibis.memtable(pa.table({"id": pa.array(sorted(ids), pa.int64())}))


def fetch_rows(
    warehouse: Warehouse, table: "ir.Table", **selected: Any
) -> Iterator[tuple[Any, ...]]:
    """Fetch some columns, row by row; an absent column is None throughout."""
    given = {name: column for name, column in selected.items() if column is not None}
    fetched = warehouse.fetch(table.select(**given)).to_pydict()
    size = len(next(iter(fetched.values())))
    return zip(*(fetched.get(name, [None] * size) for name in selected), strict=True)
