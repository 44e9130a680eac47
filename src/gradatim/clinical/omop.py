"""OMOP concept ids of units, routes and result words, for warehouses without a vocabulary.

A warehouse's own `concept` table goes before these. `basis` in the tables says whether a pairing
was seen in published mappings or is from memory.

Source: OHDSI DataQualityDashboard, concept level checks of CDM 5.4 (units); unit and route mappings
published with ETLs to OMOP; the negative and positive answer sets published with N3C and OHDSI
phenotypes (result words).
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from gradatim.clinical import load

OPERATOR_BOUNDS: Mapping[int, str] = MappingProxyType(
    {4172703: "", 4171756: "<", 4171754: "<=", 4172704: ">", 4171755: ">="}
)
"""Bound by `operator_concept_id` (domain Meas Value Operator); `=` is none."""
SEXES: Mapping[int, str] = MappingProxyType({8532: "female", 8507: "male"})
"""Sex by `gender_concept_id`."""
UNCONFIRMED = frozenset({32892, 32899})
"""Condition statuses that do not say that it was there: to be diagnosed by procedure, preliminary.

Source: OMOP vocabulary Condition Status, 32890 to 32910.
"""
HISTORIES = frozenset({1340204, 4214956, 4215685, 4207283, 4188893})
"""Concepts of an observation whose value tells what somebody once had or was given: history of
event; and those used before it, of clinical finding, procedure, drug therapy, and "history of".

Source: OHDSI Standardized Vocabularies, release of 2022-08-29; Themis, "history of".
"""
OF_OTHERS = frozenset({4167217, 4210989})
"""Concepts of an observation whose value tells what a relative had: family history of clinical
finding, family history with explicit context.

Source: Themis, "family history".
"""


@lru_cache(maxsize=1)
def units() -> Mapping[int, str]:
    """Give the UCUM unit of each unit concept.

    Source: as of the module.
    """
    return _read("omop_units.csv", "ucum")


@lru_cache(maxsize=1)
def routes() -> Mapping[int, str]:
    """Give the SNOMED CT code of each route concept.

    Source: as of the module.
    """
    return _read("omop_routes.csv", "snomed")


@lru_cache(maxsize=1)
def results() -> Mapping[int, str]:
    """Give the word of each concept of a result or an answer: `positive`, `true` ...

    Source: as of the module.
    """
    return _read("omop_results.csv", "word")


def _read(table: str, column: str) -> Mapping[int, str]:
    return MappingProxyType({int(row["concept_id"]): row[column] for row in load.csv_rows(table)})
