"""The tables of OMOP CDM 5.4 that are written, with their column names and types.

Source: OHDSI CommonDataModel, DDL of version 5.4 (Apache License 2.0): names and types. Identifiers
of people and records are 64 bits wide where the DDL says `integer`; columns that the CDM lets be
empty and that nothing here would fill are left out.
"""

import pyarrow as pa

I32, I64, DAY, NUMBER, TEXT = pa.int32(), pa.int64(), pa.date32(), pa.float64(), pa.string()
TYPES = {"i": I32, "I": I64, "d": DAY, "n": NUMBER, "t": TEXT}

_COLUMNS = {
    "person": "person_id:I! gender_concept_id:i! year_of_birth:i! month_of_birth:i day_of_birth:i "
    "race_concept_id:i! ethnicity_concept_id:i! care_site_id:i gender_source_value:t",
    "observation_period": "observation_period_id:I! person_id:I! observation_period_start_date:d! "
    "observation_period_end_date:d! period_type_concept_id:i!",
    "death": "person_id:I! death_date:d! death_type_concept_id:i",
    "condition_occurrence": "condition_occurrence_id:I! person_id:I! condition_concept_id:i! "
    "condition_start_date:d! condition_end_date:d condition_type_concept_id:i! "
    "condition_source_value:t condition_source_concept_id:i",
    "drug_exposure": "drug_exposure_id:I! person_id:I! drug_concept_id:i! "
    "drug_exposure_start_date:d! drug_exposure_end_date:d! drug_type_concept_id:i! quantity:n "
    "days_supply:i route_concept_id:i drug_source_value:t drug_source_concept_id:i "
    "route_source_value:t",
    "procedure_occurrence": "procedure_occurrence_id:I! person_id:I! procedure_concept_id:i! "
    "procedure_date:d! procedure_type_concept_id:i! procedure_source_value:t "
    "procedure_source_concept_id:i",
    "measurement": "measurement_id:I! person_id:I! measurement_concept_id:i! measurement_date:d! "
    "measurement_type_concept_id:i! operator_concept_id:i value_as_number:n value_as_concept_id:i "
    "unit_concept_id:i range_low:n range_high:n measurement_source_value:t "
    "measurement_source_concept_id:i unit_source_value:t value_source_value:t",
    "observation": "observation_id:I! person_id:I! observation_concept_id:i! observation_date:d! "
    "observation_type_concept_id:i! value_as_number:n value_as_string:t value_as_concept_id:i "
    "observation_source_value:t",
    "concept": "concept_id:i! concept_name:t! domain_id:t! vocabulary_id:t! concept_class_id:t! "
    "standard_concept:t concept_code:t! valid_start_date:d! valid_end_date:d! invalid_reason:t",
    "concept_ancestor": "ancestor_concept_id:i! descendant_concept_id:i! "
    "min_levels_of_separation:i! max_levels_of_separation:i!",
    "drug_strength": "drug_concept_id:i! ingredient_concept_id:i! amount_value:n "
    "amount_unit_concept_id:i numerator_value:n numerator_unit_concept_id:i denominator_value:n "
    "denominator_unit_concept_id:i valid_start_date:d! valid_end_date:d! invalid_reason:t",
    "cdm_source": "cdm_source_name:t! cdm_source_abbreviation:t! cdm_holder:t! "
    "source_description:t source_release_date:d! cdm_release_date:d! cdm_version:t "
    "cdm_version_concept_id:i! vocabulary_version:t!",
    "care_site": "care_site_id:i! care_site_name:t place_of_service_concept_id:i "
    "care_site_source_value:t",
}
RECORDS = (
    "condition_occurrence",
    "drug_exposure",
    "procedure_occurrence",
    "measurement",
    "observation",
)
"""The tables of dated records, whose rows are numbered."""


def _schema(columns: str) -> pa.Schema:
    fields = []
    for column in columns.split():
        name, kind = column.split(":")
        fields.append(pa.field(name, TYPES[kind[0]], nullable=not kind.endswith("!")))
    return pa.schema(fields)


SCHEMAS: dict[str, pa.Schema] = {name: _schema(columns) for name, columns in _COLUMNS.items()}
"""Each table's Arrow schema, in the CDM's order of columns."""
