"""What HL7 FHIR R4 (4.0.1) asks of the resources that are written here."""

import re
from typing import Any

DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?\Z")
ID = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")
REQUIRED = {
    "Patient": (),
    "Observation": ("status", "code"),
    "MedicationStatement": ("status", "medicationCodeableConcept", "subject"),
    "Condition": ("subject",),
    "Procedure": ("status", "subject"),
    "Consent": ("status", "scope", "category", "policyRule"),
    "AllergyIntolerance": ("patient",),
    "ResearchSubject": ("status", "study", "individual"),
}
STATUS = {
    "Observation": "registered preliminary final amended corrected cancelled entered-in-error",
    "MedicationStatement": "active completed entered-in-error intended stopped on-hold",
    "Procedure": "preparation in-progress not-done on-hold stopped completed entered-in-error",
    "Consent": "draft proposed active rejected inactive entered-in-error",
    "ResearchSubject": "candidate eligible follow-up ineligible not-registered off-study on-study",
}
ALLOWED = {
    "Patient": "gender birthDate",
    "Observation": "status code subject method referenceRange dataAbsentReason effectiveDateTime "
    "effectivePeriod valueBoolean valueCodeableConcept valueString valueInteger valueQuantity",
    "MedicationStatement": "status medicationCodeableConcept subject dosage effectiveDateTime "
    "effectivePeriod",
    "Condition": "clinicalStatus verificationStatus code subject onsetDateTime abatementDateTime "
    "recordedDate",
    "Procedure": "status code subject performedDateTime performedPeriod",
    "Consent": "status scope category patient dateTime policyRule",
    "AllergyIntolerance": "clinicalStatus verificationStatus criticality code patient recordedDate "
    "reaction",
    "ResearchSubject": "status period study individual",
}
SYSTEMS = (
    "http://loinc.org",
    "http://snomed.info/sct",
    "http://hl7.org/fhir/sid/icd-10",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "http://www.whocc.no/atc",
    "http://unitsofmeasure.org",
    "urn:gradatim:element",
)


def faults(bundle: dict[str, Any]) -> list[str]:
    """List what R4 would not accept in a Bundle of one person."""
    resources = [entry["resource"] for entry in bundle["entry"]]
    found = [] if bundle["type"] == "collection" else ["Bundle.type"]
    names = [f"{one['resourceType']}/{one['id']}" for one in resources]
    found += ["two resources of one id"] if len(set(names)) < len(names) else []
    for name, entry in zip(names, bundle["entry"], strict=True):
        found += [] if entry["fullUrl"].endswith("/" + name) else [f"{name}: fullUrl"]
        found += [f"{name}: {fault}" for fault in _resource(entry["resource"], names[0])]
    return found


def _resource(one: dict[str, Any], patient: str) -> list[str]:
    kind = one["resourceType"]
    found = [f"no {field}" for field in REQUIRED[kind] if not one.get(field)]
    found += [
        f"{field} is no field of it"
        for field in one
        if field not in ("resourceType", "id", *ALLOWED[kind].split())
    ]
    found += [] if ID.match(one["id"]) else ["id"]
    if kind in STATUS and one["status"] not in STATUS[kind].split():
        found.append(f"status {one['status']}")
    for prefix in ("value", "effective", "performed"):
        if sum(field.startswith(prefix) for field in one) > 1:
            found.append(f"more than one {prefix}[x]")
    for field in ("subject", "patient", "individual"):
        if field in one and one[field] != {"reference": patient}:
            found.append(f"{field} is not the patient")
    return (
        found
        + _constraints(one)
        + [fault for path, value in _leaves(one) for fault in _leaf(path, value)]
    )


def _constraints(one: dict[str, Any]) -> list[str]:
    """obs-6, con-4 and con-5, ait-1 and ait-2, per-1: the invariants that apply."""
    found = []
    if "dataAbsentReason" in one and any(field.startswith("value") for field in one):
        found.append("obs-6: a value and a reason for its absence")
    state, verified = _code(one, "clinicalStatus"), _code(one, "verificationStatus")
    if one["resourceType"] == "Condition" and "abatementDateTime" in one and state == "active":
        found.append("con-4: abated and active")
    if verified == "entered-in-error" and state:
        found.append("con-5, ait-2: entered in error and with a clinical status")
    period = one.get("effectivePeriod") or one.get("period") or {}
    if period.get("start", "")[:4] > period.get("end", "9999")[:4]:
        found.append("per-1: ends before it starts")
    return found


def _code(one: dict[str, Any], field: str) -> str:
    return str(one[field]["coding"][0]["code"]) if field in one else ""


def _leaves(value: Any, path: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        return [leaf for key, part in value.items() for leaf in _leaves(part, f"{path}.{key}")]
    if isinstance(value, list) and value:
        return [leaf for part in value for leaf in _leaves(part, path)]
    return [(path, value)]


def _leaf(path: str, value: Any) -> list[str]:
    last = path.rpartition(".")[2]
    if value in (None, "", [], {}):
        return [f"{path} is empty"]
    if last.endswith(("DateTime", "Date")) or last in ("dateTime", "start", "end"):
        return [] if DATE.match(value) else [f"{path}: {value!r} is no date"]
    if last == "system" and not value.startswith("http://terminology.hl7.org/"):
        return [] if value in SYSTEMS else [f"{path}: unknown system {value}"]
    return []
