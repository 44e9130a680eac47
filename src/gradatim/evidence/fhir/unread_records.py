"""Records that are not read, or cannot be: what they may be about is not known to be absent.

Source: HL7 FHIR R4 (4.0.1), sections 2.20 (contained resources), 8.14 (AdverseEvent), 9.4
(ClinicalImpression), 10.3 (DiagnosticReport), 2.37 (OperationOutcome), 13.6 (Claim) and 13.10
(ExplanationOfBenefit).
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from gradatim.evidence.facts import NotUsed
from gradatim.evidence.fhir.allergies import unsettled_allergy
from gradatim.evidence.fhir.bundles import Entry
from gradatim.evidence.fhir.datatypes import Resource, Unreadable, items, obj, state, text
from gradatim.evidence.fhir.medications import named_drug, open_to_drug
from gradatim.evidence.fhir.observations import unsettled_elements
from gradatim.evidence.fhir.patient import is_another
from gradatim.evidence.fhir.reader_context import About, codes_of
from gradatim.evidence.fhir.statuses import VOID
from gradatim.protocol.elements import COVERABLE

_Told = tuple[Iterable[str], Iterable[Resource | None]]
"""The elements that a record may be about, and the concepts that say what it is about."""

_NO_CLAIM = ("entered-in-error", "cancelled", "draft")
_OF_DRUGS = "pharmacy"


def unreadable(entry: Entry, why: str, about: About) -> NotUsed:
    """Say of a record that cannot be read which elements it may be about.

    Where its codes can be read, these tell; else it may be about all that such a record can be of.
    """
    if entry.kind == "Observation":
        return unsettled_elements(entry.resource, entry.id, why, about)
    if entry.kind == "AllergyIntolerance":
        return unsettled_allergy(entry.id, why, about)
    concept = _concept(entry.resource, "code")
    if entry.kind == "Condition":
        names, concepts = _of(concept, about.of_diagnosis(concept), about)
    elif entry.kind == "Procedure":
        names, concepts = _of(concept, about.of_procedure(), about)
    elif entry.kind.startswith("Medication"):
        names, concepts = _drug(entry.resource, about)
    elif entry.kind in _OF_KIND:
        names, concepts = about.of_kind(_OF_KIND[entry.kind]), ()
    else:
        concepts = [concept, *(_concept(one, "code") for one in _components(entry.resource))]
        names = _asked(concepts, about)
    return NotUsed(entry.id, why, tuple(dict.fromkeys(names)), codes_of(concepts))


def kept_open(entry: Entry, why: str, about: About) -> NotUsed:
    """Say of a record that could be read, and is not, which elements it may be about."""
    if says_nothing(entry.resource, about):
        return NotUsed(entry.id, why)
    named = entry.kind in (*_DATED, *_OF_KIND, "AllergyIntolerance")
    return unreadable(entry, why, about) if named else unread(entry, about)._replace(why=why)


def unread(entry: Entry, about: About) -> NotUsed:
    """Say of a record of a type that is not read why, and which elements it may be about."""
    if entry.fault:
        perhaps = about.coverable() if entry.holds else []
        return NotUsed(entry.id, entry.fault, tuple(perhaps))
    why = _not_read(entry.kind)
    if entry.kind in OF_NOBODY:
        return NotUsed(entry.id, why)
    if entry.opened:
        return NotUsed(entry.id, "is a Bundle in the Bundle: each of its entries is read by itself")
    try:
        if _of_another(entry.resource, about):
            return NotUsed(entry.id, "is about another person")
        names, concepts = _UNREAD.get(entry.kind, _mentioning)(entry.resource, about)
    except Unreadable as error:
        return NotUsed(entry.id, f"{why}; {error}", tuple(about.coverable()))
    return NotUsed(entry.id, why, tuple(dict.fromkeys(names)), codes_of(concepts))


def _of_another(resource: Resource, about: About) -> bool:
    for one in ("subject", "patient"):
        if isinstance(resource.get(one), dict) and is_another(resource, one, about.person):
            return True
    return False


def _not_read(kind: str) -> str:
    if kind == "Medication":
        return "describes a drug; it is read with the records that name it"
    return f"resource type {kind[:60]} is not read"


def _concept(resource: Resource, name: str) -> Resource | None:
    found = resource.get(name)
    return found if isinstance(found, dict) else None


def _components(resource: Resource) -> list[Resource]:
    listed = resource.get("component")
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _of(concept: Resource | None, names: Iterable[str], about: About) -> _Told:
    return [*_asked([concept], about), *about.open_to([concept], names)], [concept]


def _asked(concepts: Iterable[Resource | None], about: About) -> list[str]:
    found: list[str] = []
    for one in concepts:
        try:
            found += about.asked(one)
        except Unreadable:
            continue
    return found


def _drug(resource: Resource, about: About) -> _Told:
    try:
        named = named_drug(resource, about)
    except Unreadable:
        return about.of_kind("exposure"), [_concept(resource, "medicationCodeableConcept")]
    concepts = named.concepts()
    return [*_asked(concepts, about), *open_to_drug(named, about)], concepts


def _claimed(resource: Resource, about: About) -> _Told:
    """Say what a claim, or what was paid of it, may tell of: diagnoses, procedures, drugs."""
    if text(resource, "status") in _NO_CLAIM:
        return (), ()
    names, concepts = _named(resource, about)
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


def _answered(resource: Resource, about: About) -> _Told:
    """Say what was asked of the source, and failed: it may have held anything."""
    severities = {text(one, "severity") for one in items(resource, "issue")}
    return (about.coverable(), ()) if severities & {"error", "fatal"} else ((), ())


def _anything(resource: Resource, about: About) -> _Told:
    return about.coverable(), ()


def _mentioning(resource: Resource, about: About) -> _Told:
    """Say which elements a record of whatever type names by a code of theirs.

    An encounter for breast cancer is no diagnosis that could be dated; but while it is there,
    nobody can say that none is recorded.
    """
    if resource.get("status") in VOID:
        return (), ()
    return _named(resource, about)


def _named(resource: Resource, about: About) -> tuple[list[str], list[Resource | None]]:
    names: list[str] = []
    concepts: list[Resource | None] = []
    for some, concept in _mentioned(resource, about):
        names += some
        concepts.append(concept)
    return names, concepts


def _diagnosing(resource: Resource, about: About) -> _Told:
    """Say of a record that concludes what somebody has which elements that may be of."""
    if resource.get("status") in VOID:
        return (), ()
    names, concepts = _named(resource, about)
    stated = [*items(resource, "conclusionCode"), obj(resource, "event")]
    stated += [obj(one, "itemCodeableConcept") for one in items(resource, "finding")]
    for concept in stated:
        if concept is not None:
            names += about.open_to([concept], about.of_diagnosis(concept))
            concepts.append(concept)
    return names, concepts


def _mentioned(whole: Resource, about: About) -> Iterator[tuple[list[str], Resource]]:
    """Give every concept and coding in a record that names elements, with these elements."""
    left: list[Any] = [whole]
    while left:
        part = left.pop()
        if isinstance(part, list):
            left += reversed(part)
        elif isinstance(part, dict):
            concept = _concept_in(part)
            if concept is not None and (names := _coverable_of(concept, about)):
                yield names, concept
            else:  # what is contained is told of one by one
                left += [
                    one
                    for key, one in reversed(part.items())
                    if isinstance(one, _WHOLES) and key != "contained"
                ]


_WHOLES = (dict, list)
"""What a part can be that has parts."""


def _concept_in(part: Resource) -> Resource | None:
    """Return the concept that a part is, or is a coding of; a code of no system names nothing."""
    if "coding" in part:
        return part
    return {"coding": [part]} if "code" in part and "system" in part else None


def _coverable_of(concept: Resource, about: About) -> list[str]:
    return [one for one in _asked([concept], about) if about.elements[one].kind in COVERABLE]


def beside(entry: Entry, about: About) -> list[NotUsed]:
    """Say which elements the concepts may be of that stand beside the one a record is about.

    That is the reason for a drug, what was found, what went wrong: none of it is read.
    """
    resource = entry.resource
    named = {name: resource[name] for name in BESIDE if name in resource}
    if entry.kind not in _DATED or says_nothing(resource, about):
        return []
    names, concepts = _named(named, about)
    elements = tuple(dict.fromkeys(names))
    if not elements:
        return []
    told = codes_of(concepts)
    why = f"what it names beside its own code is not read: {', '.join(map(str, told))}"
    return [NotUsed(f"{entry.id}#beside", why, elements, told)]


def says_nothing(resource: Resource, about: About) -> bool:
    """Whether a record says that it is of nothing, or of somebody else."""
    try:
        verified = state(resource, "verificationStatus")
        return verified in VOID or resource.get("status") in VOID or _of_another(resource, about)
    except Unreadable:
        return False


_DATED = (
    *("Condition", "Procedure", "Observation"),
    *("MedicationStatement", "MedicationAdministration", "MedicationRequest"),
    "MedicationDispense",
)
"""Types that are read where they stand by themselves, and can tell of what is covered."""
_OF_KIND = {"Consent": "consent", "ResearchSubject": "participation"}
"""Types that are read, and answer whatever is asked of one kind."""
BESIDE = ("reasonCode", "complication", "usedCode", "valueCodeableConcept", "component")
"""Parts of these that name something else than what the record is of."""
OF_NOBODY = frozenset(
    (
        *("Medication", "MedicationKnowledge", "Substance", "FamilyMemberHistory"),
        *("RelatedPerson", "ActivityDefinition", "CodeSystem", "ConceptMap", "Library"),
        *("Measure", "PlanDefinition", "Questionnaire", "ResearchDefinition", "ResearchStudy"),
        *("StructureDefinition", "ValueSet"),
    )
)
"""Types that say nothing of the person, whatever codes they hold."""
_UNREAD: dict[str, Callable[[Resource, About], _Told]] = {
    "OperationOutcome": _answered,
    "Claim": _claimed,
    "ExplanationOfBenefit": _claimed,
    "AdverseEvent": _diagnosing,
    "ClinicalImpression": _diagnosing,
    "DiagnosticReport": _diagnosing,
    "Bundle": _anything,
    "Parameters": _anything,
}
"""Resource types that can tell of what a declaration covers by codes that are in no list."""
