"""HL7 CQL: a protocol's eligibility criteria as one library over FHIR R4.

Source: HL7, Clinical Quality Language (CQL) 1.5, cql.hl7.org; FHIR R4 (4.0.1) as its data model.
"""
