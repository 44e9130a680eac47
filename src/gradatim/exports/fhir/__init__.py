"""A trial and its participants as FHIR R4 resources: plain dicts, made of the ledger's views.

A participant is a pseudonymous Patient: no name, the year of birth only. What is read back with
`evidence.fhir` are the ledger's facts again. What the protocol does not state carries its
basis, as the extension `urn:gradatim:basis`.

Source: HL7 FHIR R4 (4.0.1), hl7.org/fhir/R4.
"""
