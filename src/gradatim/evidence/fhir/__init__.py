"""FHIR: what the records of a Bundle, or of a bulk export, say of a person as dated facts."""
