"""The parts that resources are made of: identifiers, references, concepts, quantities, dates.

Source: HL7 FHIR R4 (4.0.1), sections 2.24 (Data Types) and 2.3.0 (References).
"""

import re
from hashlib import sha256
from typing import Any

from gradatim.core.codes import WIRE_NAMES
from gradatim.core.dates import Day
from gradatim.evidence.fhir.datatypes import Resource
from gradatim.evidence.fhir.observation_values import UCUM

TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
PARTICIPANT = "urn:gradatim:participant"
BASIS = "urn:gradatim:basis"
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


def fhir_id(name: str) -> str:
    """Give the id of a resource for a name of the ledger; of one that FHIR cannot hold, its hash.

    Source: HL7 FHIR R4, 2.24.0.1: an id has 1 to 64 letters, digits, `-` and `.`.
    """
    return name if _ID.fullmatch(name) else sha256(name.encode()).hexdigest()


def reference(kind: str, name: str) -> Resource:
    """Give a reference to a resource by its type and the ledger's name of it."""
    return {"reference": f"{kind}/{fhir_id(name)}"}


def concept(text: str, *coded: tuple[str, str]) -> Resource:
    """Give a CodeableConcept: words, and (system, code) pairs that mean just that."""
    coding = [{"system": system, "code": code} for system, code in coded]
    return present(text=text, coding=coding)


def wire(short: str, code: str) -> tuple[str, str]:
    """Give (system, code) as it is written on the wire, from the short name of a system."""
    return WIRE_NAMES[short], code


def quantity(value: float, unit: str, bound: str = "") -> Resource:
    """Give a Quantity in a UCUM unit."""
    coded = {"unit": unit, "system": UCUM[0], "code": unit} if unit else {}
    return present(value=value, comparator=bound, **coded)


def present(**fields: Any) -> Resource:
    """Give the fields that say something: FHIR has no empty text, list or object."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


def iso_date(day: Day) -> str:
    """Give a date as precise as it is known; empty where it cannot be written as one."""
    text = str(day)
    return text if text[0].isdigit() and len(text) <= len("2026-11-16") else ""


def based(of: Any) -> list[Resource]:
    """Give the extension that says what an item of the protocol rests on."""
    return [{"url": BASIS, "valueCode": str(of.basis)}]
