"""Write a made-up person as a FHIR R4 Bundle.

Standard codes are those of the protocol's elements and of the drug table; what has none uses the
local system `urn:gradatim:element`. Source: HL7 FHIR R4 (4.0.1), the pages of each resource.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gradatim.clinical.drugs import drug
from gradatim.core.codes import WIRE_NAMES
from gradatim.core.errors import UnusableInput
from gradatim.protocol.elements import Element
from gradatim.synthetic.people import Allergy, Person, Record

Resource = dict[str, Any]
BASE = "https://example.org/fhir"
SNOMED = WIRE_NAMES["snomed"]
RESULTS = {"positive": "10828004", "negative": "260385009", "inconclusive": "419984006"}
ROUTES = {
    "intravenous": "47625008",
    "oral": "26643006",
    "subcutaneous": "34206005",
    "intramuscular": "78421000",
    "intra-articular": "12130007",
    "inhaled": "447694001",
    "topical": "6064005",
}
_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
_PREFERRED = {
    "measurement": ("loinc",),
    "exposure": ("rxnorm", "atc"),
    "condition": ("snomed", "icd10"),
    "procedure": ("snomed",),
}


def bundle(person: Person, elements: Mapping[str, Element]) -> Resource:
    """Give a Bundle (type `collection`) of all that is recorded of a person.

    Args:
        person: who.
        elements: the protocol's elements by name; they say what each record is and its codes.

    Raises:
        UnusableInput: a record is of an element that the protocol does not have, or of a kind
            (adverse events) that is not written as FHIR.
    """
    resources = [_patient(person), *_records(person, elements)]
    resources += [_allergy(one, f"allergy-{n}") for n, one in enumerate(person.allergies, 1)]
    about = {"reference": f"Patient/{person.id}"}
    for resource in resources[1:]:
        resource[_SUBJECT.get(resource["resourceType"], "subject")] = about
    entries = [
        {"fullUrl": f"{BASE}/{one['resourceType']}/{one['id']}", "resource": one}
        for one in resources
    ]
    return {
        "resourceType": "Bundle",
        "id": f"bundle-{person.id}"[:64],
        "type": "collection",
        "entry": entries,
    }


_SUBJECT = {"Consent": "patient", "AllergyIntolerance": "patient", "ResearchSubject": "individual"}


def _patient(person: Person) -> Resource:
    given = {"gender": person.sex, "birthDate": person.birth}
    return {"resourceType": "Patient", "id": person.id, **_present(given)}


def _records(person: Person, elements: Mapping[str, Element]) -> Iterator[Resource]:
    for name, records in person.records.items():
        element = elements.get(name)
        if element is None or element.kind not in _WRITERS:
            what = (
                f"the protocol has no element {name!r}"
                if element is None
                else f"records of the kind {element.kind} ({name}) cannot be written"
            )
            raise UnusableInput(what, f"person {person.id}", todo="use another element")
        for n, record in enumerate(records, 1):
            write = _WRITERS[_written_as(element, record)]
            yield {**write(name, element, record), "id": f"{name.replace('_', '-')}-{n}"}


def _written_as(element: Element, record: Record) -> str:
    """An answer is an Observation whatever its element's kind: it can deny a condition."""
    return "answer" if record.answer is not None else element.kind


def _observation(name: str, element: Element, record: Record) -> Resource:
    method = {"text": record.method} if record.method else None
    return {
        "resourceType": "Observation",
        "status": record.status or "final",
        "code": _concept(name, element, record),
        **_when(record, "effective"),
        **_value(element, record),
        **_present({"method": method, "referenceRange": _limits(element, record)}),
    }


def _value(element: Element, record: Record) -> Resource:
    if record.answer is not None:
        return {"valueBoolean": record.answer}
    if record.result in RESULTS:
        return {"valueCodeableConcept": _coded(SNOMED, RESULTS[record.result], record.result)}
    if record.result:
        return {"valueString": record.result}
    if record.value is None:
        reason = _coded(f"{_TERMINOLOGY}/data-absent-reason", "unknown", "Unknown")
        return {"dataAbsentReason": reason}
    unit = _unit(element, record)
    if _counts(unit) and not record.bound and isinstance(record.value, int):
        return {"valueInteger": record.value}
    return {"valueQuantity": _quantity(record.value, unit, record.bound)}


def _counts(unit: str) -> bool:
    """Whether a unit is none: nothing, or only an annotation such as `{grade}`."""
    return not unit or unit.startswith("{")


def _unit(element: Element, record: Record) -> str:
    return element.unit if record.unit is None else record.unit


def _limits(element: Element, record: Record) -> list[Resource] | None:
    unit = _unit(element, record) if record.limit_unit is None else record.limit_unit
    limits = {"low": record.low, "high": record.high}
    given = {side: _quantity(x, unit) for side, x in limits.items() if x is not None}
    return [given] if given else None


def _quantity(value: float, unit: str, bound: str = "") -> Resource:
    wire = {"unit": unit, "system": WIRE_NAMES["ucum"], "code": unit} if unit else {}
    return {"value": value, **_present({"comparator": bound}), **wire}


def _medication(name: str, element: Element, record: Record) -> Resource:
    named = record.drug and not record.code
    what = _drug(record.drug) if named else _concept(name, element, record)
    return {
        "resourceType": "MedicationStatement",
        "status": record.status or ("active" if record.from_ and not record.to else "completed"),
        "medicationCodeableConcept": what,
        **_when(record, "effective"),
        **_present({"dosage": _dosage(record)}),
    }


def _dosage(record: Record) -> list[Resource] | None:
    dosage: Resource = {}
    if record.dose:
        found = re.match(r"(\S+) (.+)/(\d*)(\D+)\Z", record.dose)
        assert found, "the form is checked where the record is read"
        every = {"frequency": 1, "period": int(found[3] or 1), "periodUnit": found[4]}
        amount = float(found[1])
        dose = _quantity(int(amount) if amount.is_integer() else amount, found[2])
        dosage = {"timing": {"repeat": every}, "doseAndRate": [{"doseQuantity": dose}]}
    if record.route:
        code = ROUTES.get(record.route, record.route)
        dosage["route"] = _coded(SNOMED, code, record.route)
    return [dosage] if dosage else None


def _condition(name: str, element: Element, record: Record) -> Resource:
    resource: Resource = {"resourceType": "Condition", "code": _concept(name, element, record)}
    if record.status != "entered-in-error":
        state = "resolved" if record.to else "active"
        resource["clinicalStatus"] = _coded(f"{_TERMINOLOGY}/condition-clinical", state)
    verified = _coded(f"{_TERMINOLOGY}/condition-ver-status", record.status or "confirmed")
    started = {"onsetDateTime": record.from_ or record.on, "abatementDateTime": record.to}
    return {
        **resource,
        "verificationStatus": verified,
        **_present({**started, "recordedDate": record.recorded}),
    }


def _procedure(name: str, element: Element, record: Record) -> Resource:
    return {
        "resourceType": "Procedure",
        "status": record.status or "completed",
        "code": _concept(name, element, record),
        **_when(record, "performed"),
    }


def _consent(name: str, element: Element, record: Record) -> Resource:
    return {
        "resourceType": "Consent",
        "status": record.status or "active",
        "scope": _coded(f"{_TERMINOLOGY}/consentscope", "research", "Research"),
        "category": [_concept(name, element, record)],
        "policyRule": {"text": element.label},
        **_present({"dateTime": record.on}),
    }


def _participation(name: str, element: Element, record: Record) -> Resource:
    period = _present({"start": record.from_ or record.on, "end": record.to or record.on})
    return {
        "resourceType": "ResearchSubject",
        "status": record.status or ("off-study" if "end" in period else "on-study"),
        "study": {"display": element.label},
        **_present({"period": period}),
    }


def _allergy(allergy: Allergy, id: str) -> Resource:
    reaction = {
        "manifestation": [{"text": allergy.reaction or "not described"}],
        **_present({"severity": allergy.severity}),
    }
    told = allergy.reaction or allergy.severity
    status = {
        "verificationStatus": ("verification", allergy.verification),
        "clinicalStatus": (
            "clinical",
            "" if allergy.verification == "entered-in-error" else allergy.clinical,
        ),
    }
    concept = _from_code(allergy.code, allergy.substance) if allergy.code else {}
    return {
        "resourceType": "AllergyIntolerance",
        "id": id,
        "code": {**concept, "text": allergy.substance},
        **{
            key: _coded(f"{_TERMINOLOGY}/allergyintolerance-{short}", code)
            for key, (short, code) in status.items()
            if code
        },
        **_present({"criticality": allergy.criticality, "recordedDate": allergy.on}),
        **({"reaction": [reaction]} if told else {}),
    }


_WRITERS: dict[str, Callable[[str, Element, Record], Resource]] = {
    "measurement": _observation,
    "answer": _observation,
    "exposure": _medication,
    "condition": _condition,
    "procedure": _procedure,
    "consent": _consent,
    "participation": _participation,
}


def _when(record: Record, prefix: str) -> Resource:
    if record.from_ or record.to:
        return {f"{prefix}Period": _present({"start": record.from_, "end": record.to})}
    return _present({f"{prefix}DateTime": record.on})


def _concept(name: str, element: Element, record: Record) -> Resource:
    """Give the record's own code, or the first exact standard code of its element, or its name."""
    if record.code:
        return _from_code(record.code, element.label)
    by_system = {
        group.system: code
        for group in reversed(element.codes)
        for code in reversed(group.codes)
        if _exact(code)
    }
    for system in _PREFERRED.get(element.kind, ()):
        if system in by_system:
            return _coded(WIRE_NAMES[system], by_system[system], element.label)
    return _coded(WIRE_NAMES["local"], name, element.label)


def _exact(code: str) -> bool:
    return not (code.endswith("*") or re.match(r"[A-Z].*-", code))


def _from_code(code: str, label: str) -> Resource:
    system, value = code.split(" ")
    return _coded(WIRE_NAMES.get(system, system), value, label)


def _drug(name: str) -> Resource:
    known = drug(name)
    for system, code in (("rxnorm", known.rxnorm), ("atc", next(iter(known.atc), ""))):
        if code:
            return _coded(WIRE_NAMES[system], code, known.name)
    return _coded(WIRE_NAMES["local"], re.sub(r"\W+", "_", known.name.lower()), known.name)


def _coded(system: str, code: str, label: str = "") -> Resource:
    return {"coding": [_present({"system": system, "code": code, "display": label})]}


def _present(given: Mapping[str, Any]) -> Resource:
    return {key: value for key, value in given.items() if value not in (None, "", {}, [])}
