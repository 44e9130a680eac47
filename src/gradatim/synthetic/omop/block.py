"""A block of people with all their records, as columns of the tables."""

from datetime import date

import numpy as np

from gradatim.synthetic.omop.arrays import Column
from gradatim.synthetic.omop.background import add_background
from gradatim.synthetic.omop.candidate_drugs import add_drugs
from gradatim.synthetic.omop.candidate_labs import add_labs
from gradatim.synthetic.omop.candidates import Scene, TrialDays, add_conditions, add_procedures
from gradatim.synthetic.omop.days import EPOCH
from gradatim.synthetic.omop.forms import CodedForms
from gradatim.synthetic.omop.labs import TEXTS
from gradatim.synthetic.omop.people import People, draw_people
from gradatim.synthetic.omop.rows import Lives, Rows, TextColumn
from gradatim.synthetic.omop.schema import RECORDS
from gradatim.synthetic.omop.vocabulary import OmopVocabulary

Columns = dict[str, Column | TextColumn]
GENDERS = np.array([8507, 8532, 0])
EHR, PRESCRIPTION, LAB = 32817, 32838, 32856
OBSERVED_TEXTS = ("tobacco", "allergy or history")


def block(
    rng: np.random.Generator,
    size: int,
    first_person: int,
    candidates: float,
    mean: float,
    as_of: date,
    words: OmopVocabulary,
) -> dict[str, Columns]:
    """Make people and their records.

    Args:
        rng: all chance comes from it.
        size: number of people.
        first_person: id of the first.
        candidates: share of candidates of the trial.
        mean: records of everyday care a person.
        as_of: day of the planned first dose, up to which the warehouse is filled.
        words: the vocabulary.
    """
    people = draw_people(rng, size, candidates, as_of)
    rows = Rows()
    add_background(rng, rows, people, words, mean)
    scene = Scene(rng, Lives(rows, people.birth, people.last), people, words, TrialDays(as_of))
    for part in (add_conditions, add_procedures, add_drugs, add_labs):
        part(scene)
    tables = _people_tables(rng, people, first_person)
    return tables | {table: _record_table(rows, table, words, first_person) for table in RECORDS}


def _people_tables(rng: np.random.Generator, people: People, first: int) -> dict[str, Columns]:
    id = first + np.arange(len(people))
    birth = people.birth.astype("datetime64[D]")
    month = birth.astype("datetime64[M]")
    partly = rng.random(len(people))
    race = np.array([8527, 8516, 8515, 0])[rng.choice(4, len(people), p=[0.55, 0.12, 0.25, 0.08])]
    gender = np.where(rng.random(len(people)) < 0.002, 2, people.female.astype(np.int64))
    person: Columns = {
        "person_id": id,
        "gender_concept_id": GENDERS[gender],
        "year_of_birth": birth.astype("datetime64[Y]").astype(int) + EPOCH.year,
        "month_of_birth": np.where(partly < 0.01, -1, month.astype(int) % 12 + 1),
        "day_of_birth": np.where(partly < 0.06, -1, (birth - month).astype(int) + 1),
        "race_concept_id": race,
        "care_site_id": people.site + 1,
        "ethnicity_concept_id": np.where(rng.random(len(people)) < 0.1, 38003563, 38003564),
        "gender_source_value": TextColumn(gender, ("M", "F", "U")),
    }
    which, period = np.nonzero(people.periods[:, :, 0] >= 0)
    dead = np.flatnonzero(people.death >= 0)
    return {
        "person": person,
        "observation_period": {
            "person_id": id[which],
            "observation_period_start_date": people.periods[which, period, 0],
            "observation_period_end_date": people.periods[which, period, 1],
            "period_type_concept_id": np.full(len(which), EHR),
        },
        "death": {
            "person_id": id[dead],
            "death_date": people.death[dead],
            "death_type_concept_id": np.full(len(dead), EHR),
        },
    }


START = {table: f"{table}_date" for table in RECORDS} | {
    "condition_occurrence": "condition_start_date",
    "procedure_occurrence": "procedure_date",
    "drug_exposure": "drug_exposure_start_date",
}
KIND = dict.fromkeys(RECORDS, EHR) | {"drug_exposure": PRESCRIPTION, "measurement": LAB}
NAMES = {
    "end": "",
    "value": "value_as_number",
    "low": "range_low",
    "high": "range_high",
    "operator": "operator_concept_id",
    "result": "value_as_concept_id",
    "quantity": "quantity",
    "supply": "days_supply",
    "concept": "observation_concept_id",
}
"""The columns that a record's parts become; an end is named after its table's start."""


def _record_table(rows: Rows, table: str, words: OmopVocabulary, first: int) -> Columns:
    """Spell a table's records out."""
    raw = rows.sorted(table)
    columns: Columns = {"person_id": first + raw["person"], START[table]: raw["day"]}
    kind = np.full(len(raw["day"]), KIND[table], np.int32)
    columns[f"{table.split('_')[0]}_type_concept_id"] = kind
    for part, name in NAMES.items():
        if part in raw:
            columns[START[table].replace("_start", "_end") if part == "end" else name] = raw[part]
    coded = {
        "condition_occurrence": words.conditions,
        "procedure_occurrence": words.procedures,
        "drug_exposure": words.drugs,
        "measurement": words.labs,
    }.get(table)
    if table == "measurement":
        columns["value_source_value"] = TextColumn(raw["text"], TEXTS)
    if coded:
        return columns | _spelled(coded, raw["form"])
    nothing = np.full(len(kind), -1)
    return columns | {
        "value_as_number": np.full(len(kind), np.nan),
        "value_as_string": TextColumn(nothing, ()),
        "observation_source_value": TextColumn(raw["text"], OBSERVED_TEXTS),
    }


def _spelled(coded: CodedForms, form: Column) -> Columns:
    columns: Columns = {}
    for name, by_form in coded.columns.items():
        values = by_form.astype(np.int32)[form]
        columns[name] = TextColumn(values, coded.texts[name]) if name in coded.texts else values
    return columns
