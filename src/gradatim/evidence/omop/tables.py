"""The tables of records that are read, with the names of their columns.

Source: OHDSI Common Data Model 5.4, and 5.3, which lacks `procedure_end_date`.
"""

from typing import NamedTuple


class SourceTable(NamedTuple):
    """A table of records; an empty name is a column that it does not have.

    Args:
        name: the table.
        stem: what its columns begin with.
        start: the first day.
        end: the last day.
        text: the column of a value in words.
        domains: domains of the standard concepts that belong there; empty: any but Drug.
    """

    name: str
    stem: str
    start: str
    end: str = ""
    text: str = ""
    domains: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The column that numbers the records."""
        return f"{self.name}_id"

    @property
    def concept(self) -> str:
        """The column of the standard concept."""
        return f"{self.stem}_concept_id"

    @property
    def source_concept(self) -> str:
        """The column of the concept that the source itself used."""
        return f"{self.stem}_source_concept_id"

    @property
    def source_value(self) -> str:
        """The column of what the source itself wrote."""
        return f"{self.stem}_source_value"

    @property
    def required(self) -> tuple[str, ...]:
        """The columns without which no record can be read."""
        return (self.id, "person_id", self.concept, self.start)


CONDITIONS = SourceTable(
    "condition_occurrence", "condition", "condition_start_date", "condition_end_date"
)
DRUGS = SourceTable(
    "drug_exposure",
    "drug",
    "drug_exposure_start_date",
    "drug_exposure_end_date",
    domains=("Drug", "Device"),
)
PROCEDURES = SourceTable(
    "procedure_occurrence", "procedure", "procedure_date", "procedure_end_date"
)
MEASUREMENTS = SourceTable(
    "measurement", "measurement", "measurement_date", text="value_source_value"
)
OBSERVATIONS = SourceTable("observation", "observation", "observation_date", text="value_as_string")
SOURCES = (CONDITIONS, DRUGS, PROCEDURES, MEASUREMENTS, OBSERVATIONS)
VALUES = (MEASUREMENTS, OBSERVATIONS)
"""Tables whose records have a value; the others say that, and when, something happened."""
