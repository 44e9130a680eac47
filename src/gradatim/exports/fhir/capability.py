"""What the FHIR interface can do, as a CapabilityStatement.

Source: HL7 FHIR R4 (4.0.1), section 5.1 (CapabilityStatement).
"""

from collections.abc import Mapping
from datetime import date

from gradatim.evidence.fhir.datatypes import Resource

FHIR_VERSION = "4.0.1"
MEDIA_TYPE = "application/fhir+json"
READ: tuple[str, ...] = ("ResearchStudy", "ResearchSubject", "Patient")
SEARCHED: Mapping[str, tuple[str, ...]] = {
    "ResearchSubject": (),
    "Observation": ("subject", "patient"),
    "AdverseEvent": ("subject", "patient"),
    "MedicationAdministration": ("subject", "patient"),
    "Consent": ("subject", "patient"),
}
"""Types that are searched, each with the parameters that name the participant."""


def capability(software: str, version: str, on: date) -> Resource:
    """Give the statement of what this server can do: it is read, and never written through FHIR."""
    kinds = dict.fromkeys((*READ, *SEARCHED))
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": on.isoformat(),
        "kind": "instance",
        "fhirVersion": FHIR_VERSION,
        "format": [MEDIA_TYPE],
        "software": {"name": software, "version": version},
        "implementation": {"description": "One clinical trial, read from its ledger"},
        "rest": [
            {
                "mode": "server",
                "resource": [_resource(kind) for kind in kinds],
                "security": {"description": "Authorization: Bearer with a token of a user"},
            }
        ],
    }


def _resource(kind: str) -> Resource:
    acts = [*(["read"] if kind in READ else []), *(["search-type"] if kind in SEARCHED else [])]
    found: Resource = {"type": kind, "interaction": [{"code": act} for act in acts]}
    if parameters := SEARCHED.get(kind):
        found["searchParam"] = [{"name": name, "type": "reference"} for name in parameters]
    if kind == "Patient":
        definition = "http://hl7.org/fhir/OperationDefinition/Patient-everything"
        found["operation"] = [{"name": "everything", "definition": definition}]
    return found
