"""Medication records: statements, administrations and requests.

Source: HL7 FHIR R4 (4.0.1), sections 11.1 (MedicationRequest), 11.2 (MedicationAdministration),
11.4 (MedicationStatement) and 11.5 (Medication).
"""

from gradatim.core.dates import NEVER_ENDED, Day
from gradatim.evidence.facts import Fact, NotUsed
from gradatim.evidence.sources.about import About, Results, happened, not_asked, settle, status_why
from gradatim.evidence.sources.datatypes import Resource, items, obj, text
from gradatim.evidence.sources.dosages import DAILY_DOSE_UNIT, daily_dose, milligrams, route_of
from gradatim.evidence.sources.taken import span_of

_USED = {
    "MedicationStatement": {"active", "completed", "stopped", "on-hold", "unknown"},
    "MedicationAdministration": {"completed", "in-progress", "stopped"},
    "MedicationRequest": {"active", "completed", "stopped", "on-hold", "unknown"},
}
_NO_ORDERS = ("proposal", "plan", "option")


def medication(resource: Resource, id_: str, about: About) -> Results:
    """Read a MedicationStatement, MedicationAdministration or MedicationRequest.

    Raises:
        Unreadable: a part is of the wrong shape.
    """
    why = _excluded(resource)
    if why:
        return [NotUsed(id_, why)]
    concepts = _concepts(resource, about)
    if not concepts:
        return [NotUsed(id_, _no_drug(resource), tuple(about.of_kind("exposure")))]
    asked: dict[str, str] = {}
    for concept in concepts:
        asked = about.asked(concept) | asked
    if not asked:
        return not_asked(id_, concepts[0], about.of_kind("exposure"))
    return _read_all(resource, id_, asked, len(concepts) == 1, about)


def _excluded(resource: Resource) -> str:
    kind, status = resource["resourceType"], text(resource, "status")
    if status == "intended":
        return "intended, not taken"
    if status not in _USED[kind]:
        return status_why(status)
    intent = text(resource, "intent") if kind == "MedicationRequest" else ""
    if intent in _NO_ORDERS:
        return f"intent {intent}, not an order"
    return "orders that it is not to be given" if resource.get("doNotPerform") is True else ""


def _concepts(resource: Resource, about: About) -> list[Resource]:
    """Give the concepts that name the drug: of a combination, each ingredient too."""
    named = obj(resource, "medicationCodeableConcept")
    if named is not None:
        return [named]
    found = _referenced(resource, about)
    if found is None:
        return []
    ingredients = [obj(one, "itemCodeableConcept") for one in items(found, "ingredient")]
    return [one for one in (obj(found, "code"), *ingredients) if one is not None]


def _referenced(resource: Resource, about: About) -> Resource | None:
    reference = text(obj(resource, "medicationReference") or {}, "reference")
    if reference.startswith("#"):
        contained = items(resource, "contained")
        return next((one for one in contained if one.get("id") == reference[1:]), None)
    path = reference.split("/_history/")[0].split("/")
    return about.medications.get(reference) or about.medications.get("/".join(path[-2:]))


def _no_drug(resource: Resource) -> str:
    reference = text(obj(resource, "medicationReference") or {}, "reference")
    return (
        f"its {reference[:80]} is not in the Bundle, or names no drug"
        if reference
        else "names no drug"
    )


def _read_all(resource: Resource, id_: str, asked: dict[str, str], alone: bool, about: About
              ) -> Results:  # fmt: skip
    start, end = span_of(resource, about)
    dosages, dose = _dosage(resource, start, end)
    route = route_of(dosages)
    facts: list[Fact] = []
    faults: dict[str, str] = {}
    # Of a combination it cannot be told whose dose it is.
    dose = dose if alone else None
    for name, drug in asked.items():
        found = _fact(name, id_, drug, (start, end), about, route, dose)
        if isinstance(found, str):
            faults[name] = found
        else:
            facts.append(found)
    return settle(id_, facts, faults)


def _fact(name: str, id_: str, drug: str, span: tuple[Day, Day], about: About, route: str,
          dose: float | None) -> Fact | str:  # fmt: skip
    element = about.elements[name]
    if route in element.not_routes or (route and element.routes and route not in element.routes):
        return f"its route {route} does not count"
    doubtful = "route not recorded" if element.routes and not route else ""
    if element.kind == "exposure":
        unit = "" if dose is None else DAILY_DOSE_UNIT
        return Fact(name, id_, *span, dose, unit, code=drug, route=route, doubtful=doubtful)
    return happened(name, id_, *span, about, doubtful)


def _dosage(resource: Resource, start: Day, end: Day) -> tuple[list[Resource], float | None]:
    """Give the dosages, and the daily dose in mg.

    The dose of an administration is what was given in all, so it is a daily one only on one day.
    """
    kind = resource["resourceType"]
    if kind != "MedicationAdministration":
        name = "dosage" if kind == "MedicationStatement" else "dosageInstruction"
        dosages = items(resource, name)
        return dosages, daily_dose(dosages) if dosages else None
    given = obj(resource, "dosage")
    if given is None:
        return [], None
    dose = milligrams(obj(given, "dose"))
    return [given], dose if start == end != NEVER_ENDED else None
