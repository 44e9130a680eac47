"""The vocabulary tables: concepts, their ancestors, and the strengths of drugs.

Concept ids below 2,000,000,000 are real standard ones. Those of the protocol's codes stand in
OHDSI/DataQualityDashboard and OHDSI/PhenotypeLibrary, many of the background in the GiBleed example
data; routes, operators, result words, anticoagulants and meropenem were seen alike in public code.
The rest (most units, smoking, a few conditions, ceftriaxone, vancomycin) is from memory, not
verified.
Ids from 2,000,000,000 on are invented here, as the CDM keeps that range for local concepts.
"""

from collections.abc import Iterable
from datetime import date

FIRST_LOCAL = 2_000_000_000
_OFFSETS = {
    "Condition": 0,
    "Measurement": 100_000,
    "Ingredient": 200_000,
    "Drug": 300_000,
    "ATC": 400_000,
    "ICD10CM": 500_000,
    "Procedure": 600_000,
    "Observation": 700_000,
}
VALID = (date(1970, 1, 1), date(2099, 12, 31))
ATC_LEVELS = (1, 3, 4, 5, 7)
"""How many characters of an ATC code each of its levels has."""


class Concepts:
    """Collects concepts as they are met, and gives each an id."""

    def __init__(self) -> None:
        self._rows: dict[int, tuple[str, str, str, str, str | None, str]] = {}
        self._ids: dict[tuple[str, str], int] = {}
        self._parents: dict[int, set[int]] = {}
        self._next = dict(_OFFSETS)
        self._strengths: list[tuple[int, int, float, bool]] = []

    def add(
        self,
        domain: str,
        vocabulary: str,
        code: str,
        name: str,
        *,
        omop: str = "",
        kind: str = "",
        standard: str | None = "S",
        range_: str = "",
    ) -> int:
        """Add a concept, or find the one with that code; without an OMOP id one is invented."""
        if (vocabulary, code) in self._ids:
            return self._ids[vocabulary, code]
        if omop:
            id = int(omop)
        else:
            id = FIRST_LOCAL + self._next[range_ or domain]
            self._next[range_ or domain] += 1
        self._rows[id] = (name, domain, vocabulary, kind or domain, standard, code)
        self._ids[vocabulary, code] = id
        return id

    def find(self, vocabulary: str, code: str) -> int:
        """Give the id of a concept that was added."""
        return self._ids[vocabulary, code]

    def under(self, child: int, parents: Iterable[int]) -> None:
        """Say that a concept is a kind of others."""
        self._parents.setdefault(child, set()).update(parents)

    def atc(self, code: str, name: str) -> int:
        """Add a class of the ATC tree with the classes above it."""
        above = None
        for length in ATC_LEVELS:
            part = code[:length]
            id = self.add(
                "Drug",
                "ATC",
                part,
                name if part == code else f"ATC {part}",
                kind="ATC",
                standard="C",
                range_="ATC",
            )
            if above:
                self.under(id, [above])
            above = id
        return id

    def strength(self, drug: int, ingredient: int, mg: float, per_ml: bool) -> None:
        """Say how much of its ingredient a clinical drug holds: mg in each unit, or per mL."""
        self._strengths.append((drug, ingredient, mg, per_ml))

    def concept(self) -> dict[str, list[object]]:
        """Give the table `concept`, in order of id, as columns."""
        ids = sorted(self._rows)
        rows = [self._rows[id] for id in ids]
        names = (
            "concept_name",
            "domain_id",
            "vocabulary_id",
            "concept_class_id",
            "standard_concept",
            "concept_code",
        )
        table: dict[str, list[object]] = {"concept_id": list(ids)}
        table.update({name: [row[n] for row in rows] for n, name in enumerate(names)})
        return table | _validity(len(ids))

    def concept_ancestor(self) -> dict[str, list[object]]:
        """Give the table `concept_ancestor`, each standard or class concept its own ancestor."""
        pairs: list[tuple[int, int, int, int]] = []
        for id in sorted(self._rows):
            if self._rows[id][4]:
                for above, (least, most) in sorted(self._above(id).items()):
                    pairs.append((above, id, least, most))
        names = (
            "ancestor_concept_id",
            "descendant_concept_id",
            "min_levels_of_separation",
            "max_levels_of_separation",
        )
        return {name: [pair[n] for pair in pairs] for n, name in enumerate(names)}

    def _above(self, id: int) -> dict[int, tuple[int, int]]:
        found = {id: (0, 0)}
        for parent in self._parents.get(id, ()):
            for above, (least, most) in self._above(parent).items():
                known = found.get(above, (least + 1, most + 1))
                found[above] = (min(known[0], least + 1), max(known[1], most + 1))
        return found

    def drug_strength(self) -> dict[str, list[object]]:
        """Give the table `drug_strength`: mg in a tablet, or mg per mL."""
        mg, ml = self.find("UCUM", "mg"), self.find("UCUM", "mL")
        rows = [
            (
                drug,
                ingredient,
                *(
                    (None, None, value, mg, None, ml)
                    if per_ml
                    else (value, mg, None, None, None, None)
                ),
            )
            for drug, ingredient, value, per_ml in self._strengths
        ]
        names = (
            "drug_concept_id",
            "ingredient_concept_id",
            "amount_value",
            "amount_unit_concept_id",
            "numerator_value",
            "numerator_unit_concept_id",
            "denominator_value",
            "denominator_unit_concept_id",
        )
        table: dict[str, list[object]] = {
            name: [row[n] for row in rows] for n, name in enumerate(names)
        }
        return table | _validity(len(rows))


def _validity(rows: int) -> dict[str, list[object]]:
    since, until = VALID
    return {
        "valid_start_date": [since] * rows,
        "valid_end_date": [until] * rows,
        "invalid_reason": [None] * rows,
    }
