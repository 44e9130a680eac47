"""Read one person from a FHIR R4 Bundle, given as plain dicts.

Every entry is either used (it is the Patient or gives at least one fact) or listed in `not_used`
with the reason. One that cannot be read never stops the rest.

Source: HL7 FHIR R4 (4.0.1), hl7.org/fhir/R4.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from gradatim.evidence.codebook import Codebook
from gradatim.evidence.facts import Fact, Facts, NotUsed, Observed
from gradatim.evidence.fhir.allergies import allergy
from gradatim.evidence.fhir.bundles import Entry, bundle_entries, the_patient
from gradatim.evidence.fhir.conditions_and_procedures import condition, procedure, research_subject
from gradatim.evidence.fhir.consents import consent
from gradatim.evidence.fhir.contained import ContainedTexts, contained, told_by
from gradatim.evidence.fhir.datatypes import Resource, Unreadable
from gradatim.evidence.fhir.medications import medication
from gradatim.evidence.fhir.modifiers import refuse_patient
from gradatim.evidence.fhir.observations import observation
from gradatim.evidence.fhir.patient import is_another, read_patient
from gradatim.evidence.fhir.reader_context import About, Results, tells
from gradatim.evidence.fhir.treatments import as_courses, courses_of
from gradatim.evidence.fhir.unread_records import BESIDE, beside, unread, unreadable
from gradatim.protocol.elements import COVERABLE, Element

Reader = Callable[[Resource, str, About], Results]

READERS: dict[str, tuple[str, Reader]] = {
    "Observation": ("subject", observation),
    "MedicationStatement": ("subject", medication),
    "MedicationAdministration": ("subject", medication),
    "MedicationRequest": ("subject", medication),
    "MedicationDispense": ("subject", medication),
    "Condition": ("subject", condition),
    "Procedure": ("subject", procedure),
    "AllergyIntolerance": ("patient", allergy),
    "ResearchSubject": ("individual", research_subject),
    "Consent": ("patient", consent),
}
"""Of each resource type that is read: the field that names the person, and the reader."""
RECORDS = {
    "Condition": "condition",
    "Procedure": "procedure",
    "MedicationStatement": "exposure",
    "MedicationAdministration": "exposure",
    "MedicationRequest": "exposure",
    "MedicationDispense": "exposure",
}
"""Of the resource types that tell of what a declaration may cover, the kind."""
_MORE = frozenset({*BESIDE, "contained"})
"""Parts that a record may be read for besides what it is of."""


def read_facts(
    bundle: dict[str, Any],
    codebook: Codebook,
    elements: Mapping[str, Element],
    *,
    on: date,
    coverage: Mapping[str, Observed] | None = None,
) -> Facts:
    """Read a Bundle of one person.

    Args:
        bundle: the Bundle, decoded from JSON.
        codebook: the protocol's codes.
        elements: the protocol's elements by name.
        on: the day of the evaluation: nobody is born after it, and what is over ended by then.
        coverage: for each kind declared exhaustive, the days observed.

    Returns:
        The facts. `read` counts entries; each is the Patient, in a fact, or in `not_used`. Parts of
        a used resource that gave nothing are in `not_used` too, with a `#` in their id; so is the
        id of a contained resource.

    Raises:
        UnusableInput: the Bundle as a whole cannot be used.
    """
    entries, about = open_bundle(bundle, codebook, elements, on)
    facts: dict[str, list[Fact]] = {}
    not_used: list[NotUsed] = []
    told = told_by(entries)
    recorded = dict.fromkeys(COVERABLE, 0)
    for entry in entries:
        found = _results(entry, about, told)
        if entry.kind in RECORDS and tells(found):
            recorded[RECORDS[entry.kind]] += 1
        for result in found:
            if isinstance(result, Fact):
                facts.setdefault(result.element, []).append(result)
            else:
                not_used.append(result)
    courses = courses_of(entries)
    by_element = {name: as_courses(some, courses) for name, some in facts.items()}
    person = about.person
    return Facts(
        person.id,
        person.birth,
        person.sex,
        by_element,
        dict(coverage or {}),
        tuple(not_used),
        len(entries),
        person.died,
        recorded=recorded,
    )


def open_bundle(
    bundle: dict[str, Any], codebook: Codebook, elements: Mapping[str, Element], on: date
) -> tuple[list[Entry], About]:
    """Return the entries of a Bundle, and what the reader of each needs to know besides it.

    Raises:
        UnusableInput: the Bundle as a whole cannot be used.
    """
    entries = bundle_entries(bundle)
    patient = the_patient(entries)
    refuse_patient(patient.resource, patient.id)
    person = read_patient(patient.resource, patient.id, patient.full_url, on)
    return entries, About(codebook, elements, person, on, _medications(entries))


def _results(entry: Entry, about: About, told: ContainedTexts) -> Results:
    if entry.kind == "Patient":
        return []
    found = _of_itself(entry, about)
    if not _MORE.isdisjoint(entry.resource):  # few have more than what they are of
        found = [*found, *beside(entry, about)]
        for held in contained(entry, about, told):
            found += [held] if isinstance(held, NotUsed) else _of_contained(held, about, told)
    return found


def _of_contained(held: Entry, about: About, told: ContainedTexts) -> Results:
    """Read a contained record; of a type that is not read it is told where it may matter."""
    found = _results(held, about, told)
    if held.kind in READERS:
        return found
    return [one for one in found if isinstance(one, Fact) or one.elements]


def _of_itself(entry: Entry, about: About) -> Results:
    if entry.kind not in READERS:
        return [unread(entry, about)]
    field, read_resource = READERS[entry.kind]
    try:
        if is_another(entry.resource, field, about.person):
            return [NotUsed(entry.id, "is about another person")]
        if entry.modified:
            return [unreadable(entry, f"carries {entry.modified}", about)]
        return read_resource(entry.resource, entry.id, about)
    except Unreadable as error:
        return [unreadable(entry, str(error), about)]


def _medications(entries: Iterable[Entry]) -> dict[str, Resource]:
    found = {}
    for entry in entries:
        if entry.kind == "Medication" and not entry.modified:
            found[entry.id] = entry.resource
            if entry.full_url:
                found[entry.full_url] = entry.resource
    return found
