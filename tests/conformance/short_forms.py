"""Short forms in the tables for what FHIR writes long, and the variables of a row.

    !code icd10 C50.9 | Breast        a CodeableConcept; a list gives several codings
    !quantity <20 U/L                 a Quantity of UCUM, with its comparator
    !daily 10 mg                      a Dosage: this dose, once a day
    !weekly 15 mg                     a Dosage: this dose, once a week
    !dosage {dose: 8 mg, ...}         a Dosage: a dose, `repeat` of its timing, and any other field

What is written in full inside a short form stays as it is.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import yaml

from tests.yaml12 import Yaml12Loader

UCUM = "http://unitsofmeasure.org"
SYSTEMS = {
    "loinc": "http://loinc.org",
    "snomed": "http://snomed.info/sct",
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "atc": "http://www.whocc.no/atc",
    "icd10": "http://hl7.org/fhir/sid/icd-10",
    "icd10cm": "http://hl7.org/fhir/sid/icd-10-cm",
    "icd10gm": "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
    "ndc": "http://hl7.org/fhir/sid/ndc",
    "cpt": "http://www.ama-assn.org/go/cpt",
    "icd10pcs": "http://www.cms.gov/Medicare/Coding/ICD10",
    "local": "urn:gradatim:element",
    "site": "https://hospital.example/codes",
    "clinical": "http://terminology.hl7.org/CodeSystem/condition-clinical",
    "verification": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
    "allergy-clinical": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
    "allergy-verification": "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification",
    "absent": "http://terminology.hl7.org/CodeSystem/data-absent-reason",
    "interpretation": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
    "range": "http://terminology.hl7.org/CodeSystem/referencerange-meaning",
    "timing": "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation",
    "ips": "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips",
    "scope": "http://terminology.hl7.org/CodeSystem/consentscope",
    "relation": "http://terminology.hl7.org/CodeSystem/v3-RoleCode",
}
"""Code systems by their short names."""


class Short(NamedTuple):
    """A short form as it is written."""

    form: str
    value: Any


class TableLoader(Yaml12Loader):
    """Reads a table; a short form waits until the variables of its row are known."""


def _short(loader: TableLoader, form: str, node: Any) -> Short:
    if isinstance(node, yaml.ScalarNode):
        return Short(form, loader.construct_scalar(node))
    if isinstance(node, yaml.SequenceNode):
        return Short(form, loader.construct_sequence(node, deep=True))
    return Short(form, loader.construct_mapping(node, deep=True))


TableLoader.add_multi_constructor("!", _short)


class _Absent:
    """A variable that its row does not give."""


ABSENT = _Absent()


def filled(value: Any, given: Mapping[str, Any]) -> Any:
    """Return a part of a table with the variables of a row in place, short forms written out.

    A field whose value is a variable that the row does not give is left out.
    """
    if isinstance(value, Short):
        inner = filled(value.value, given)
        return inner if inner is ABSENT else written_out(value.form, inner)
    if isinstance(value, Mapping):
        found = {filled(name, given): filled(one, given) for name, one in value.items()}
        return {name: one for name, one in found.items() if one is not ABSENT}
    if isinstance(value, list):
        return [found for one in value if (found := filled(one, given)) is not ABSENT]
    return _replaced(value, given) if isinstance(value, str) else value


def _replaced(text: str, given: Mapping[str, Any]) -> Any:
    if re.fullmatch(r"\$[a-z_]+", text):
        found = given.get(text[1:], ABSENT)
        return filled(found, given) if found != text else found
    return re.sub(r"\$([a-z_]+)", lambda m: str(given.get(m[1], m[0])), text)


def written_out(form: str, value: Any) -> Any:
    """Return what FHIR writes for a short form."""
    return _FORMS[form](value)


def concept(value: Any) -> Any:
    """Return a CodeableConcept of `system code | display`, or of several."""
    if isinstance(value, Mapping):
        return value
    return {"coding": [_coding(one) for one in (value if isinstance(value, list) else [value])]}


def _coding(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    code, _, display = (part.strip() for part in value.partition("|"))
    system, _, code = code.partition(" ")
    return {"system": SYSTEMS[system], "code": code} | ({"display": display} if display else {})


def quantity(value: Any) -> Any:
    """Return a Quantity of `[comparator]number unit`."""
    if isinstance(value, Mapping):
        return value
    found = re.fullmatch(r"([<>]=?|<>)?(-?[\d.]+)(?: (.+))?", value)
    if not found:
        raise ValueError(f"{value!r} is not a quantity")
    comparator, number, unit = found.groups()
    amount = float(number) if "." in number else int(number)
    named = {"unit": unit, "system": UCUM, "code": unit} if unit else {}
    return {"value": amount, **({"comparator": comparator} if comparator else {}), **named}


def _repeated(period_unit: str) -> Any:
    def form(value: Any) -> Any:
        repeat = {"frequency": 1, "period": 1, "periodUnit": period_unit}
        return dosage({"dose": value, "repeat": repeat})

    return form


def dosage(value: Mapping[str, Any]) -> list[Any]:
    """Return Dosage[1] of a dose, the `repeat` of its timing, and other fields."""
    rest = {name: one for name, one in value.items() if name not in ("dose", "repeat")}
    timing = {"timing": {"repeat": value["repeat"]}} if "repeat" in value else {}
    dose = {"doseAndRate": [{"doseQuantity": quantity(value["dose"])}]} if "dose" in value else {}
    return [timing | dose | rest]


_FORMS = {
    "code": concept,
    "quantity": quantity,
    "daily": _repeated("d"),
    "weekly": _repeated("wk"),
    "dosage": dosage,
}
