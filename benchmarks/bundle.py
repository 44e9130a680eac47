"""A realistic large bundle: a worked participant among years of other records."""

import random
from datetime import date, timedelta
from typing import Any

from gradatim.protocol.load import Document, bundled
from gradatim.synthetic.cases import Case, load_cases

LABS = (
    ("1920-8", 22, "U/L", 40),
    ("1742-6", 24, "U/L", 41),
    ("2160-0", 0.9, "mg/dL", 1.2),
    ("718-7", 14, "g/dL", 17),
    ("777-3", 250, "10*3/uL", 400),
    ("1988-5", 6, "mg/L", 5),
    ("8480-6", 124, "mm[Hg]", 140),
    ("29463-7", 71, "kg", None),
    ("8310-5", 36.7, "Cel", 37.5),
)


def large_bundle(document: Document, resources: int, seed: int = 1) -> tuple[Case, dict[str, Any]]:
    """Give a worked participant with a history of `resources` records in all."""
    cases = load_cases(bundled()["nct05962762"].parent / "participants.yaml")
    case = next(one for one in cases.cases if one.expect.status == "eligible")
    bundle = case.bundle(document.study.elements)
    rng = random.Random(seed)
    entries = bundle["entry"]
    patient = case.person.id
    while len(entries) < resources:
        entries.append({"resource": _other(rng, len(entries), patient)})
    return case, bundle


def _other(rng: random.Random, n: int, patient: str) -> dict[str, Any]:
    day = (date(2026, 9, 1) - timedelta(days=rng.randrange(1500))).isoformat()
    subject = {"reference": f"Patient/{patient}"}
    kind = rng.random()
    if kind < 0.7:
        code, value, unit, high = rng.choice(LABS)
        resource = {
            "resourceType": "Observation",
            "id": f"other-{n}",
            "status": "final",
            "category": [
                {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                            "code": "laboratory",
                        }
                    ]
                }
            ],
            "code": {"coding": [{"system": "http://loinc.org", "code": code}], "text": code},
            "subject": subject,
            "effectiveDateTime": f"{day}T08:30:00+08:00",
            "valueQuantity": {
                "value": round(value * rng.uniform(0.8, 1.1), 2),
                "unit": unit,
                "system": "http://unitsofmeasure.org",
                "code": unit,
            },
        }
        if high:
            resource["referenceRange"] = [{"high": {"value": high, "unit": unit}}]
        return resource
    if kind < 0.85:
        return {
            "resourceType": "Encounter",
            "id": f"other-{n}",
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": subject,
            "period": {"start": day},
        }
    return {
        "resourceType": "MedicationStatement",
        "id": f"other-{n}",
        "status": "completed",
        "medicationCodeableConcept": {
            "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "314076"}]
        },
        "subject": subject,
        "effectivePeriod": {"start": day, "end": day},
    }
