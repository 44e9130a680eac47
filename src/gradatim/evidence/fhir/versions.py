"""Signs that a Bundle is of another FHIR release, whose fields mean other things.

Only signs that R4 itself rules out: fields and resource types that other releases have and R4 does
not. Source: HL7 FHIR, "R3 Diff" and "R4 Diff" tabs of each resource page (hl7.org/fhir/R4, /R5).
"""

import re
from functools import lru_cache

from gradatim.core.errors import UnusableInput
from gradatim.evidence.fhir.datatypes import Resource

_DSTU2, _STU3, _R5 = "FHIR DSTU2", "FHIR STU3", "FHIR R5"
_TYPES = {
    "MedicationOrder": _DSTU2,
    "DiagnosticOrder": _DSTU2,
    "ProcedureRequest": _STU3,
    "ReferralRequest": _STU3,
    "DataElement": _STU3,
    "Sequence": _STU3,
}
_FIELDS: dict[str, dict[str, str]] = {
    "Observation": {"related": _STU3, "context": _STU3, "comments": _DSTU2},
    "Condition": {"assertedDate": _STU3, "dateRecorded": _DSTU2},
    "AllergyIntolerance": {"assertedDate": _STU3, "substance": _DSTU2},
    "MedicationStatement": {"taken": _STU3, "wasNotTaken": _DSTU2, "medication": _R5},
    "MedicationRequest": {"context": _STU3, "medication": _R5},
    "MedicationAdministration": {"notGiven": _STU3, "wasNotGiven": _DSTU2, "medication": _R5},
    "Procedure": {
        "notDone": _STU3,
        "context": _STU3,
        "notPerformed": _DSTU2,
        "occurrenceDateTime": _R5,
        "occurrencePeriod": _R5,
    },
    "Patient": {"animal": _STU3},
}
_STATED_IN = frozenset({"meta", "fhirVersion"})
_SHOWN_IN = {
    **{kind: _STATED_IN.union(fields) for kind, fields in _FIELDS.items()},
    "Encounter": _STATED_IN | {"class"},
}
"""Of each resource type, the parts in which a sign could be."""
_PROFILE = re.compile(
    r"https?://hl7\.org/fhir/(?:(\d\.\d)/StructureDefinition/\w+|"
    r"StructureDefinition/\w+\|(\d+\.\d+))"
)
_RELEASES = {"0": "FHIR DSTU1", "1": _DSTU2, "3": _STU3, "5": _R5, "6": "FHIR R6"}


def refuse_other_versions(resource: Resource, kind: str, where: str) -> None:
    """Refuse a resource, a Bundle or an entry that shows a sign of another release.

    Args:
        resource: the object.
        kind: its resource type, or empty.
        where: its place, for the message.

    Raises:
        UnusableInput: it shows such a sign.
    """
    # Asked of every resource, so it must be quick: most have no part in which a sign could be.
    if _SHOWN_IN.get(kind, _STATED_IN).isdisjoint(resource) and kind not in _TYPES:
        return
    sign = _sign(resource, kind)
    if sign:
        looks, because = sign
        raise UnusableInput(f"this looks like {looks}", where, because, "export as R4 (4.0.1)")


def _sign(resource: Resource, kind: str) -> tuple[str, str] | None:
    if kind in _TYPES:
        return _TYPES[kind], f"R4 has no resource type {kind}"
    for name in _FIELDS[kind].keys() & resource.keys() if kind in _FIELDS else ():
        if resource[name] is not None:
            return _FIELDS[kind][name], f"in R4 {kind} has no field {name}"
    if kind == "Encounter" and isinstance(resource.get("class"), list):
        return _R5, "in R4 Encounter.class is one Coding, not a list"
    return _stated(resource)


def _stated(resource: Resource) -> tuple[str, str] | None:
    """Look for a release that is written down: as fhirVersion, or in a profile's address."""
    meta = resource.get("meta")
    if not isinstance(meta, dict):
        meta = {}
    if "fhirVersion" in resource or "fhirVersion" in meta:
        for version in (resource.get("fhirVersion"), meta.get("fhirVersion")):
            if isinstance(version, str) and not version.startswith("4."):
                return _release(version), f"fhirVersion is {version[:20]!r}"
    profiles = meta.get("profile")
    for profile in profiles if isinstance(profiles, list) else ():
        version = _profile_version(profile) if isinstance(profile, str) else ""
        if version and not version.startswith("4."):
            return _release(version), f"its profile is {profile[:80]}"
    return None


@lru_cache(maxsize=1024)
def _profile_version(profile: str) -> str:
    found = _PROFILE.match(profile)
    return (found[1] or found[2]) if found else ""


def _release(version: str) -> str:
    return _RELEASES.get(version[:1], f"FHIR {version[:20]}")
