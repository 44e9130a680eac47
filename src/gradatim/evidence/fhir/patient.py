"""The person a Bundle is about, and whether a resource is about them.

Source: HL7 FHIR R4 (4.0.1), sections 8.1 (Patient) and 2.3.0 (References).
"""

from datetime import date
from typing import NamedTuple

from gradatim.core.dates import ANY_DAY, Day
from gradatim.core.errors import UnusableInput
from gradatim.evidence.fhir.datatypes import Resource, Unreadable, day, items, obj, text

_SEXES = ("female", "male")


class Patient(NamedTuple):
    """The Patient.

    Args:
        id: its id.
        birth: date of birth, possibly partial.
        sex: `female`, `male`, or empty.
        references: every text by which a resource may point at it.
        address: its own absolute address (fullUrl) on a server; empty if it has none.
        died: day of death; None of the living.
    """

    id: str
    birth: Day
    sex: str
    references: frozenset[str]
    died: Day | None = None
    address: str = ""


def read_patient(patient: Resource, id_: str, full_url: str, on: date) -> Patient:
    """Read the Patient resource.

    Args:
        patient: the resource.
        id_: its place, such as `Patient/p1`.
        full_url: the entry's fullUrl, or empty.
        on: the day of the evaluation; nobody is born after it.

    Raises:
        UnusableInput: the date of birth is missing, no date, or after `on`.
    """
    try:
        birth = day(patient, "birthDate")
    except Unreadable as error:
        raise _without_birth(id_, str(error)) from error
    if birth is None:
        raise _without_birth(id_, "birthDate is missing")
    if birth.first > on:
        raise _without_birth(id_, f"birthDate {birth} is after {on}, the day of the evaluation")
    gender = patient.get("gender")
    sex = gender if isinstance(gender, str) and gender in _SEXES else ""
    named = {id_, full_url, *_identifiers(patient)} - {""}
    return Patient(
        _printable(id_.removeprefix("Patient/")),
        birth,
        sex,
        frozenset(named),
        _died(patient),
        _address(full_url),
    )


def _address(url: str) -> str:
    """Return an absolute address on a server without its scheme; of any other an empty text."""
    scheme, found, rest = url.partition("://")
    return rest.rstrip("/") if found and scheme.casefold() in ("http", "https") else ""


def _died(patient: Resource) -> Day | None:
    """Give the day of death; ANY_DAY if only that is recorded, None of the living."""
    try:
        when = day(patient, "deceasedDateTime")
    except Unreadable:
        when = ANY_DAY
    return when or (ANY_DAY if patient.get("deceasedBoolean") is True else None)


def _printable(id_: str) -> str:
    """Replace what could steer a terminal; an id of FHIR has letters, digits, `-` and `.` alone."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in id_
    )


def _without_birth(id_: str, why: str) -> UnusableInput:
    return UnusableInput(
        "this person's age cannot be known",
        f"{id_}.birthDate",
        why,
        "give the date of birth as YYYY-MM-DD, YYYY-MM or YYYY",
    )


def _identifiers(patient: Resource) -> list[str]:
    """Give the conditional references (FHIR R4, 3.1.0.11.2) that mean this patient."""
    try:
        return [_by_identifier(one) for one in items(patient, "identifier") if text(one, "value")]
    except Unreadable:
        return []


def _by_identifier(identifier: Resource) -> str:
    system = text(identifier, "system")
    value = text(identifier, "value")
    return f"Patient?identifier={system}|{value}" if system else f"Patient?identifier={value}"


def is_another(resource: Resource, field: str, person: Patient) -> bool:
    """Whether a resource points at someone, or something, other than the person.

    A resource that points at nobody is taken to be about the person whose Bundle it is in. An
    absolute address means the person only where it is their own; where theirs is not told, the
    server that it names is not compared.

    Raises:
        Unreadable: the reference is not of the shape of one.
    """
    subject = obj(resource, field)
    if subject is None:
        return False
    written = text(subject, "reference")
    if written in person.references:
        return False
    if written:
        whole = written.split("/_history/")[0]
        path = whole.split("/")
        if person.address and (address := _address(whole)):
            return address != person.address
        return "/".join(path[-2:]) not in person.references
    identifier = obj(subject, "identifier")
    named = bool(identifier and text(identifier, "value"))
    return named and _by_identifier(identifier or {}) not in person.references
