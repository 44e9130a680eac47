"""A made-up warehouse in OMOP CDM 5.4: its vocabulary, its people, their records, its files."""
