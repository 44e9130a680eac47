"""A small warehouse in memory, with a vocabulary of its own, and a protocol's elements for it."""

from datetime import date
from typing import Any

import ibis
import pyarrow as pa

from gradatim.protocol.base import Basis
from gradatim.protocol.elements import CodeGroup, CodeSystem, Element
from gradatim.protocol.load import load
from gradatim.protocol.study import Study

ON = date(2026, 11, 2)
IV, ORAL, TOPICAL = 4171047, 4132161, 4263689
MG_DL, UMOL_L, U_L, KG, MILLIGRAM = 8840, 8749, 8645, 9529, 8576
POSITIVE, NEGATIVE, YES, NO = 9191, 9189, 4188539, 4188540
AST, CREATININE, HBSAG, SCORE = 3013721, 3016723, 3001, 3002
CANCER, BASAL, ANAPHYLAXIS, HISTORY = 443392, 4112752, 441202, 3003
PREDNISONE, PREDNISONE_5, NAPROXEN, COMBINED = 1551099, 5001, 1115008, 5002
ANTIBIOTICS, AMOXICILLIN, AMOXICILLIN_500, MINOCYCLINE = 5003, 5004, 5005, 1708880
SURGERY, ICD_CANCER, ICD_BASAL, LOCAL_SCORE = 4001, 4002, 4003, 2000000001


def coded(system: CodeSystem, *codes: str) -> list[CodeGroup]:
    return [CodeGroup(basis=Basis.ASSUMED, system=system, codes=list(codes))]


ELEMENTS = {
    "ast": Element(
        kind="measurement",
        label="AST",
        unit="U/L",
        plausible=(0, 500),
        codes=coded("loinc", "1920-8"),
    ),
    "creatinine": Element(
        kind="measurement",
        label="creatinine",
        unit="mg/dL",
        analyte="creatinine",
        plausible=(0.05, 40),
        codes=coded("loinc", "2160-0"),
    ),
    "hbsag": Element(kind="measurement", label="HBsAg", codes=coded("loinc", "5195-3")),
    "score": Element(kind="measurement", label="score", unit="{score}", plausible=(0, 10)),
    "back_pain": Element(kind="answer", label="back pain"),
    "severe_allergy": Element(
        kind="answer", label="severe allergy", codes=coded("snomed", "39579001")
    ),
    "malignancy": Element(
        kind="condition",
        label="cancer",
        codes=coded("snomed", "363346000") + coded("icd10", "C00-C97"),
    ),
    "basal_cell_carcinoma": Element(
        kind="condition",
        label="basal cell carcinoma",
        codes=coded("snomed", "254701007") + coded("icd10", "C44.01*"),
    ),
    "surgery": Element(kind="procedure", label="surgery", codes=coded("snomed", "387713003")),
    "nsaid": Element(
        kind="exposure", label="NSAID", drugs=["naproxen", "ibuprofen"], not_routes=["6064005"]
    ),
    "systemic_glucocorticoid": Element(
        kind="exposure", label="glucocorticoid", drugs=["prednisone"], not_routes=["6064005"]
    ),
    "dmard": Element(kind="exposure", label="DMARD", drugs=["minocycline"]),
    "iv_antibiotic": Element(
        kind="exposure", label="antibiotic by vein", routes=["47625008"], codes=coded("atc", "J01*")
    ),
    "stem_cells": Element(kind="exposure", label="stem cells"),
    "other_trial_participation": Element(kind="participation", label="other trial"),
    "adverse_event": Element(kind="adverse_event", label="adverse event"),
}
# concept: domain, vocabulary, class, standard, code, name
CONCEPTS = {
    AST: ("Measurement", "LOINC", "Lab Test", "S", "1920-8", "AST"),
    CREATININE: ("Measurement", "LOINC", "Lab Test", "S", "2160-0", "Creatinine"),
    HBSAG: ("Measurement", "LOINC", "Lab Test", "S", "5195-3", "HBsAg"),
    CANCER: ("Condition", "SNOMED", "Disorder", "S", "363346000", "Malignancy"),
    BASAL: ("Condition", "SNOMED", "Disorder", "S", "254701007", "Basal cell carcinoma"),
    ANAPHYLAXIS: ("Condition", "SNOMED", "Disorder", "S", "39579001", "Anaphylaxis"),
    SURGERY: ("Procedure", "SNOMED", "Procedure", "S", "387713003", "Surgical procedure"),
    ICD_CANCER: ("Condition", "ICD10CM", "4-char", None, "C50.9", "Breast cancer"),
    ICD_BASAL: ("Condition", "ICD10CM", "5-char", None, "C44.01", "Basal cell, lip"),
    PREDNISONE: ("Drug", "RxNorm", "Ingredient", "S", "8640", "prednisone"),
    PREDNISONE_5: ("Drug", "RxNorm", "Clinical Drug", "S", "312617", "prednisone 5 MG"),
    NAPROXEN: ("Drug", "RxNorm", "Ingredient", "S", "7258", "naproxen"),
    COMBINED: ("Drug", "RxNorm", "Clinical Drug", "S", "999", "naproxen and prednisone"),
    ANTIBIOTICS: ("Drug", "ATC", "ATC 2nd", "C", "J01", "Antibacterials"),
    AMOXICILLIN: ("Drug", "RxNorm", "Ingredient", "S", "723", "amoxicillin"),
    AMOXICILLIN_500: ("Drug", "RxNorm", "Clinical Drug", "S", "308191", "amoxicillin 500 MG"),
    MINOCYCLINE: ("Drug", "RxNorm", "Ingredient", "S", "6980", "minocycline"),
    LOCAL_SCORE: ("Measurement", "gradatim", "Field", None, "score", "Score"),
    2000000002: ("Observation", "gradatim", "Field", None, "back_pain", "Back pain"),
    2000000003: ("Observation", "gradatim", "Field", None, "stem_cells", "Stem cells"),
    2000000004: ("Observation", "gradatim", "Field", None, "adverse_event", "Event"),
    2000000005: ("Observation", "gradatim", "Field", None, "other_trial_participation", "Trial"),
    MG_DL: ("Unit", "UCUM", "Unit", "S", "mg/dL", "milligram per deciliter"),
    UMOL_L: ("Unit", "UCUM", "Unit", "S", "umol/L", "micromole per liter"),
}
BELOW = [
    (CANCER, BASAL),
    (PREDNISONE, PREDNISONE_5),
    (PREDNISONE, COMBINED),
    (NAPROXEN, COMBINED),
    (ANTIBIOTICS, AMOXICILLIN),
    (ANTIBIOTICS, AMOXICILLIN_500),
    (AMOXICILLIN, AMOXICILLIN_500),
    (ANTIBIOTICS, MINOCYCLINE),
]
STRENGTHS = [
    (PREDNISONE_5, PREDNISONE, 5.0, MILLIGRAM),
    (COMBINED, PREDNISONE, 5.0, MILLIGRAM),
    (COMBINED, NAPROXEN, 250.0, MILLIGRAM),
]


def study(**elements: Element) -> Study:
    """The bundled trial's rules, asked of these elements."""
    return load("nct05962762").study.model_copy(update={"elements": ELEMENTS | elements})


def vocabulary() -> dict[str, list[dict[str, Any]]]:
    return vocabulary_with({}, (), ())


def vocabulary_with(
    more: dict[int, tuple[Any, ...]], below: tuple[tuple[int, int], ...], without: tuple[int, ...]
) -> dict[str, list[dict[str, Any]]]:
    """Give the vocabulary with further concepts and pairs, and without some."""
    known = {id: one for id, one in (CONCEPTS | more).items() if id not in without}
    pairs = [*BELOW, *below, *((id, id) for id, one in known.items() if one[3])]
    return {
        "concept": [
            {
                "concept_id": id,
                "domain_id": domain,
                "vocabulary_id": vocabulary,
                "concept_class_id": kind,
                "standard_concept": standard,
                "concept_code": code,
                "concept_name": name,
            }
            for id, (domain, vocabulary, kind, standard, code, name) in known.items()
        ],
        "concept_ancestor": [
            {"ancestor_concept_id": above, "descendant_concept_id": below}
            for above, below in pairs
            if above in known and below in known
        ],
        "concept_relationship": [
            {
                "concept_id_1": one,
                "concept_id_2": two,
                "relationship_id": "Maps to",
                "invalid_reason": None,
            }
            for one, two in ((ICD_CANCER, CANCER), (ICD_BASAL, BASAL))
            if one in known and two in known
        ],
        "drug_strength": [
            {
                "drug_concept_id": drug,
                "ingredient_concept_id": part,
                "amount_value": amount,
                "amount_unit_concept_id": unit,
                "invalid_reason": None,
            }
            for drug, part, amount, unit in STRENGTHS
        ],
    }


DAY, TEXT, WHOLE, NUMBER = pa.date32(), pa.string(), pa.int64(), pa.float64()
COLUMNS = {
    "person": {
        "person_id": WHOLE,
        "gender_concept_id": WHOLE,
        "year_of_birth": WHOLE,
        "month_of_birth": WHOLE,
        "day_of_birth": WHOLE,
        "birth_datetime": pa.timestamp("us"),
        "care_site_id": WHOLE,
    },
    "death": {"person_id": WHOLE, "death_date": DAY},
    "observation_period": {
        "person_id": WHOLE,
        "observation_period_start_date": DAY,
        "observation_period_end_date": DAY,
    },
    "condition_occurrence": {
        "condition_occurrence_id": WHOLE,
        "person_id": WHOLE,
        "condition_concept_id": WHOLE,
        "condition_start_date": DAY,
        "condition_end_date": DAY,
        "condition_status_concept_id": WHOLE,
        "condition_source_value": TEXT,
        "condition_source_concept_id": WHOLE,
    },
    "drug_exposure": {
        "drug_exposure_id": WHOLE,
        "person_id": WHOLE,
        "drug_concept_id": WHOLE,
        "drug_exposure_start_date": DAY,
        "drug_exposure_end_date": DAY,
        "quantity": NUMBER,
        "days_supply": WHOLE,
        "route_concept_id": WHOLE,
        "drug_source_value": TEXT,
        "drug_source_concept_id": WHOLE,
    },
    "procedure_occurrence": {
        "procedure_occurrence_id": WHOLE,
        "person_id": WHOLE,
        "procedure_concept_id": WHOLE,
        "procedure_date": DAY,
        "procedure_end_date": DAY,
        "procedure_source_value": TEXT,
        "procedure_source_concept_id": WHOLE,
    },
    "measurement": {
        "measurement_id": WHOLE,
        "person_id": WHOLE,
        "measurement_concept_id": WHOLE,
        "measurement_date": DAY,
        "operator_concept_id": WHOLE,
        "value_as_number": NUMBER,
        "value_as_concept_id": WHOLE,
        "unit_concept_id": WHOLE,
        "range_low": NUMBER,
        "range_high": NUMBER,
        "measurement_source_value": TEXT,
        "measurement_source_concept_id": WHOLE,
        "unit_source_value": TEXT,
        "value_source_value": TEXT,
    },
    "observation": {
        "observation_id": WHOLE,
        "person_id": WHOLE,
        "observation_concept_id": WHOLE,
        "observation_date": DAY,
        "value_as_number": NUMBER,
        "value_as_string": TEXT,
        "value_as_concept_id": WHOLE,
        "unit_concept_id": WHOLE,
        "observation_source_value": TEXT,
        "observation_source_concept_id": WHOLE,
        "unit_source_value": TEXT,
    },
}
for _name, _row in vocabulary().items():
    COLUMNS[_name] = {
        column: TEXT
        if column not in ("amount_value",) and not column.endswith(("concept_id", "_id_1", "_id_2"))
        else (NUMBER if column == "amount_value" else WHOLE)
        for column in _row[0]
    }


def arrow(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Give rows as a table of that name; columns not given are NULL."""
    return pa.Table.from_pylist(
        [{column: row.get(column) for column in COLUMNS[name]} for row in rows],
        pa.schema(COLUMNS[name]),
    )


class Small:
    """A warehouse on DuckDB, from rows; columns not given are NULL."""

    def __init__(self, tables: dict[str, list[dict[str, Any]]], words: bool = True) -> None:
        self.con = ibis.duckdb.connect()
        self._tables = {}
        for name, rows in ((vocabulary() if words else {}) | tables).items():
            self.con.con.register(f"{name}_rows", arrow(name, rows))
            self.con.raw_sql(f"CREATE TABLE {name} AS SELECT * FROM {name}_rows")
            self._tables[name] = self.con.table(name)

    @property
    def tables(self) -> frozenset[str]:
        return frozenset(name for name, one in self._tables.items() if one is not None)

    def table(self, name: str) -> Any:
        return self._tables.get(name)

    def fetch(self, expr: Any) -> pa.Table:
        return expr.to_pyarrow()

    def replace(self, name: str, table: Any) -> None:
        """Put an expression in place of a table; None takes it away."""
        self._tables[name] = table
