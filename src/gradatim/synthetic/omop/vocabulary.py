"""What can be recorded, built from the bundled tables."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gradatim.clinical.drugs import find_drug
from gradatim.synthetic.omop.arrays import Numbers
from gradatim.synthetic.omop.concepts import Concepts
from gradatim.synthetic.omop.forms import CodedForms, Drugs, Forms, Labs

AGE_GROUPS = ("child", "adult", "old")


@dataclass(frozen=True)
class OmopVocabulary:
    """All of it."""

    concepts: Concepts
    conditions: CodedForms
    procedures: CodedForms
    labs: Labs
    drugs: Drugs


def bundled_rows(table: str) -> list[dict[str, str]]:
    """Read one of the bundled tables."""
    with (Path(__file__).parent / "tables" / f"{table}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def vocabulary() -> OmopVocabulary:
    """Build the vocabulary from the bundled tables; always the same."""
    concepts = Concepts()
    for row in bundled_rows("concepts"):
        concepts.add(
            row["domain"],
            row["vocabulary"],
            row["code"],
            row["name"],
            omop=row["omop"],
            kind=row["class"],
            standard=row["standard"] or None,
        )
    parts = _conditions(concepts), _procedures(concepts), _labs(concepts), _drugs(concepts)
    _asked(concepts)
    return OmopVocabulary(concepts, *parts)


def _asked(concepts: Concepts) -> None:
    """Add what the bundled trials ask about and nobody here has.

    As in a vocabulary that is whole: that nobody has it can be told only by one that holds it.
    """
    for row in bundled_rows("asked"):
        id = concepts.add(
            row["domain"],
            row["vocabulary"],
            row["code"],
            row["name"],
            kind=row["class"],
            standard=row["standard"],
        )
        above = [code for code in row["ancestors"].split(";") if code]
        concepts.under(id, [concepts.find(row["vocabulary"], code) for code in above])


def _weights(table: list[dict[str, str]]) -> Numbers:
    return np.array([[float(row.get(group) or 0) for row in table] for group in AGE_GROUPS])


def _local(name: str) -> str:
    return name.lower().replace(" ", "_").replace("-", "_")


def _conditions(concepts: Concepts) -> CodedForms:
    table, forms = bundled_rows("conditions"), Forms()
    for row in table:
        vocabulary = "SNOMED" if row["snomed"] else "gradatim"
        id = concepts.add(
            "Condition",
            vocabulary,
            row["snomed"] or _local(row["name"]),
            row["name"].capitalize(),
            omop=row["omop"],
            kind="Disorder",
        )
        icd = concepts.add(
            "Condition",
            "ICD10CM",
            row["icd10cm"],
            row["name"].capitalize(),
            kind="ICD10 code",
            standard=None,
            range_="ICD10CM",
        )
        for concept, source in ((id, icd), (id, 0), (0, 0), (0, icd)):
            forms.add(
                condition_concept_id=concept,
                condition_source_value=row["icd10cm"],
                condition_source_concept_id=source,
            )
    for row in table:
        own = (
            concepts.find("SNOMED", row["snomed"])
            if row["snomed"]
            else concepts.find("gradatim", _local(row["name"]))
        )
        above = [code for code in row["ancestors"].split(";") if code]
        concepts.under(own, [concepts.find("SNOMED", code) for code in above])
    return CodedForms(tuple(row["name"] for row in table), *forms.arrays(), _weights(table))


def _procedures(concepts: Concepts) -> CodedForms:
    table, forms = bundled_rows("procedures"), Forms()
    for row in table:
        vocabulary = "SNOMED" if row["snomed"] else "gradatim"
        id = concepts.add(
            "Procedure",
            vocabulary,
            row["snomed"] or _local(row["name"]),
            row["name"].capitalize(),
            omop=row["omop"],
            kind="Procedure",
        )
        for concept in (id, 0):
            forms.add(
                procedure_concept_id=concept,
                procedure_source_value=row["source"],
                procedure_source_concept_id=0,
            )
    return CodedForms(tuple(row["name"] for row in table), *forms.arrays(), _weights(table))


def _labs(concepts: Concepts) -> Labs:
    table, forms = bundled_rows("measurements"), Forms()
    factor: list[float] = []
    offset: list[float] = []
    for row in table:
        id = concepts.add(
            "Measurement", "LOINC", row["loinc"], row["name"], omop=row["omop"], kind="Lab Test"
        )
        _lab_forms(forms, concepts, row, id)
        other = float(row["factor"] or 1)
        shift = 32.0 if row["other_unit"] == "[degF]" else 0.0
        factor += [1, 1, other, 1, 1, 1, other]
        offset += [0, 0, shift, 0, 0, 0, shift]
    numbers = {
        name: np.array([float(row[name] or "nan") for row in table])
        for name in ("mean", "sd", "decimals", "low", "high")
    }
    kinds = {"normal": 0.0, "log": 1.0, "result": 2.0}
    numbers |= {
        "kind": np.array([kinds[row["shape"]] for row in table]),
        "factor": np.array(factor),
        "offset": np.array(offset),
    }
    panels = tuple(
        np.array([n for n, row in enumerate(table) if row["panel"] == panel]) for panel in PANELS
    )
    return Labs(
        tuple(row["item"] for row in table), *forms.arrays(), np.empty((0, 0)), numbers, panels
    )


PANELS = {
    "vitals": 0.36,
    "blood": 0.2,
    "metabolic": 0.17,
    "renal": 0.1,
    "liver": 0.09,
    "inflammation": 0.04,
    "coagulation": 0.03,
    "serology": 0.01,
}
"""What is measured together, and how often each panel is chosen."""


def _lab_forms(forms: Forms, concepts: Concepts, row: dict[str, str], id: int) -> None:
    known = {
        one["code"]: int(one["omop"]) for one in bundled_rows("concepts") if one["domain"] == "Unit"
    }
    unit, text = known.get(row["unit"]), row["unit_text"] or None
    wrong = known["s"] if row["unit"] == "kg" else known["kg"]
    other, other_text = unit, text
    if row["other_unit"]:
        other, other_text = known.get(row["other_unit"], 0), row["other_text"]
    renamed = id
    if row["other_loinc"]:
        renamed = concepts.add(
            "Measurement",
            "LOINC",
            row["other_loinc"],
            f"{row['name']} [Moles/volume]",
            kind="Lab Test",
        )
    wrong_unit = wrong if row["unit"] else None
    for concept, code, at, said in (
        (id, row["loinc"], unit, text),
        (id, row["loinc"], None, text),
        (renamed, row["other_loinc"] or row["loinc"], other, other_text),
        (id, row["loinc"], wrong_unit, None),
        (0, row["loinc"], unit, text),
        (id, row["loinc"], None, None),
        (id, row["loinc"], other, other_text),
    ):
        forms.add(
            measurement_concept_id=concept,
            measurement_source_value=code,
            measurement_source_concept_id=concept,
            unit_concept_id=at,
            unit_source_value=said,
        )


def _drugs(concepts: Concepts) -> Drugs:
    table, forms = bundled_rows("drugs"), Forms()
    routes = {
        "oral": "Oral",
        "topical": "Topical",
        "intravenous": "Intravenous",
        "subcutaneous": "Subcutaneous",
        "intraarticular": "Intra-articular",
        "inhalation": "Respiratory tract",
    }
    ids = {
        row["name"]: int(row["omop"])
        for row in bundled_rows("concepts")
        if row["domain"] == "Route"
    }
    for row in table:
        ingredient = _ingredient(concepts, row)
        name = _drug_name(row)
        drug = concepts.add("Drug", "gradatim", _local(name), name, kind="Clinical Drug")
        concepts.under(drug, [ingredient])
        if row["strength"]:
            per_ml = row["form"].split()[0] not in ("oral", "metered", "inhalant")
            concepts.strength(drug, ingredient, float(row["strength"]), per_ml)
        route = ids[routes[row["route"]]]
        for concept, by, said in (
            (drug, route, row["route"]),
            (ingredient, route, row["route"]),
            (0, route, row["route"]),
            (drug, None, None),
        ):
            forms.add(
                drug_concept_id=concept,
                drug_source_value=name[:50],
                drug_source_concept_id=0,
                route_concept_id=by,
                route_source_value=said,
            )
    return Drugs(
        tuple(_key(row) for row in table),
        *forms.arrays(),
        _weights(table),
        np.array([float(row["per_day"]) for row in table]),
    )


def _key(row: dict[str, str]) -> str:
    return f"{row['ingredient']} {row['form'].split()[0]} {row['strength']}".strip()


def _drug_name(row: dict[str, str]) -> str:
    shown = "" if "/ML" in row["form"] else f"{row['strength']} MG "
    return f"{row['ingredient']} {shown}{row['form']}"


def _ingredient(concepts: Concepts, row: dict[str, str]) -> int:
    known = find_drug(row["ingredient"])
    rxnorm = row["rxnorm"] or (known.rxnorm if known else "")
    omop = row["omop"] or (known.omop if known else "")
    atc = (row["atc"],) if row["atc"] else (known.atc if known else ())
    system, code = ("RxNorm", rxnorm) if rxnorm else ("gradatim", _local(row["ingredient"]))
    id = concepts.add(
        "Drug", system, code, row["ingredient"], omop=omop, kind="Ingredient", range_="Ingredient"
    )
    concepts.under(id, [concepts.atc(code, row["ingredient"]) for code in atc])
    return id
