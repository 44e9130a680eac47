"""A conformance suite for eligibility on FHIR R4 that any engine can run; see the README."""
