"""Records that are not read, or cannot be: what they may be about is not known to be absent.

Source: HL7 FHIR R4 (4.0.1), sections 11.3 (MedicationDispense), 13.6 (Claim) and 13.10
(ExplanationOfBenefit).
"""

from collections.abc import Callable, Iterable

from gradatim.evidence.facts import NotUsed
from gradatim.evidence.sources.about import About, codes_of
from gradatim.evidence.sources.bundles import Entry
from gradatim.evidence.sources.datatypes import Resource, Unreadable, items, obj, state, text
from gradatim.evidence.sources.medications import named_drug, open_to_drug
from gradatim.evidence.sources.patient import is_another

Told = tuple[Iterable[str], Iterable[Resource | None]]
"""The elements that a record may be about, and the concepts that say what it is about."""

_NOT_HANDED_OVER = ("entered-in-error", "cancelled", "declined", "preparation")
_NO_CLAIM = ("entered-in-error", "cancelled", "draft")
_OF_DRUGS = "pharmacy"


def unreadable(entry: Entry, why: str, about: About) -> NotUsed:
    """Say of a record that cannot be read which elements it may be about.

    Where its codes can be read, these tell; else it may be about all that such a record can be of.
    """
    concept = _concept(entry.resource, "code")
    if entry.kind == "Condition":
        names, concepts = _of(concept, about.of_diagnosis(concept), about)
    elif entry.kind == "Procedure":
        names, concepts = _of(concept, about.of_procedure(), about)
    elif entry.kind.startswith("Medication"):
        names, concepts = _drug(entry.resource, about)
    else:
        names, concepts = _asked([concept], about), [concept]
    return NotUsed(entry.id, why, tuple(dict.fromkeys(names)), codes_of(concepts))


def unread(entry: Entry, about: About) -> NotUsed:
    """Say of a record of a type that is not read why, and which elements it may be about."""
    if entry.fault:
        perhaps = about.coverable() if entry.holds else []
        return NotUsed(entry.id, entry.fault, tuple(perhaps))
    why = _not_read(entry.kind)
    if entry.kind not in _UNREAD:
        return NotUsed(entry.id, why)
    try:
        if is_another(entry.resource, _PERSON.get(entry.kind, "patient"), about.person):
            return NotUsed(entry.id, "is about another person")
        names, concepts = _UNREAD[entry.kind](entry.resource, about)
    except Unreadable as error:
        return NotUsed(entry.id, f"{why}; {error}", tuple(about.coverable()))
    return NotUsed(entry.id, why, tuple(dict.fromkeys(names)), codes_of(concepts))


def _not_read(kind: str) -> str:
    if kind == "Medication":
        return "describes a drug; it is read with the records that name it"
    return f"resource type {kind[:60]} is not read"


def _concept(resource: Resource, name: str) -> Resource | None:
    found = resource.get(name)
    return found if isinstance(found, dict) else None


def _of(concept: Resource | None, names: Iterable[str], about: About) -> Told:
    return [*_asked([concept], about), *about.open_to([concept], names)], [concept]


def _asked(concepts: Iterable[Resource | None], about: About) -> list[str]:
    found: list[str] = []
    for one in concepts:
        try:
            found += about.asked(one)
        except Unreadable:
            continue
    return found


def _drug(resource: Resource, about: About) -> Told:
    try:
        named = named_drug(resource, about)
    except Unreadable:
        return about.of_kind("exposure"), [_concept(resource, "medicationCodeableConcept")]
    concepts = named.concepts()
    return [*_asked(concepts, about), *open_to_drug(named, about)], concepts


def _dispensed(resource: Resource, about: About) -> Told:
    if text(resource, "status") in _NOT_HANDED_OVER:
        return (), ()
    return _drug(resource, about)


def _claimed(resource: Resource, about: About) -> Told:
    """Say what a claim, or what was paid of it, may tell of: diagnoses, procedures, drugs."""
    if text(resource, "status") in _NO_CLAIM:
        return (), ()
    names: list[str] = []
    concepts: list[Resource | None] = []
    for one in items(resource, "diagnosis"):
        if (concept := obj(one, "diagnosisCodeableConcept")) is not None:
            names += about.open_to([concept], about.of_diagnosis(concept))
            concepts.append(concept)
    for one in items(resource, "procedure"):
        if (concept := obj(one, "procedureCodeableConcept")) is not None:
            names += about.open_to([concept], about.of_procedure())
            concepts.append(concept)
    if state(resource, "type") == _OF_DRUGS:
        for one in items(resource, "item"):
            concept = obj(one, "productOrService")
            names += about.open_to([concept], about.of_kind("exposure"))
            concepts.append(concept)
    return names, concepts


def _anything(resource: Resource, about: About) -> Told:
    return about.coverable(), ()


_PERSON = {"MedicationDispense": "subject"}
_UNREAD: dict[str, Callable[[Resource, About], Told]] = {
    "MedicationDispense": _dispensed,
    "Claim": _claimed,
    "ExplanationOfBenefit": _claimed,
    "Bundle": _anything,
}
"""Resource types that can tell of what a declaration covers, and are not read."""
