"""Doses as MedicationAdministrations, and AdverseEvents.

Source: HL7 FHIR R4 (4.0.1), sections 11.2 (MedicationAdministration) and 8.14 (AdverseEvent).
"""

import re
from collections.abc import Iterator

from gradatim.conduct.events.product import DoseAdministered
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.adverse_events import Course, courses
from gradatim.conduct.views.doses import Dose, doses
from gradatim.core.codes import PRODUCT
from gradatim.evidence.fhir.datatypes import Resource
from gradatim.evidence.fhir.dosages import ROUTES
from gradatim.exports.fhir.datatypes import (
    TERMINOLOGY,
    concept,
    fhir_id,
    present,
    quantity,
    reference,
    wire,
)
from gradatim.safety.events import graded, is_serious

OUTCOMES = {
    "recovered": "resolved",
    "recovering": "recovering",
    "not recovered": "ongoing",
    "recovered with sequelae": "resolvedWithSequelae",
    "fatal": "fatal",
    "unknown": "unknown",
}
"""Outcome of ICH E2B to that of FHIR. Source: FHIR R4, adverse-event-outcome."""


def administrations(state: State, one: Participant) -> Iterator[Resource]:
    """Give each dose that was given, as it was given, and each that was withheld."""
    for dose in doses(state, one).values():
        for n, given in enumerate(dose.administrations, 1):
            yield _given(state, one, dose, n, given)
        if dose.withheld is not None and not dose.administrations:
            yield _withheld(state, one, dose)


def _common(state: State, one: Participant, dose: Dose, n: int) -> Resource:
    product = state.governing("treatment", one).treatment.product
    lot = dose.prepared.lot if dose.prepared else dose.assigned.lot if dose.assigned else ""
    own = (PRODUCT, state.study.study.id)
    code = concept(product.name, wire("local", _local(product.name)), own)
    drug = present(resourceType="Medication", id="product", code=code, batch=present(lotNumber=lot))
    return {
        "resourceType": "MedicationAdministration",
        "id": fhir_id(f"{one.id}-{dose.number}-{n}"),
        "contained": [drug],
        "medicationReference": {"reference": "#product"},
        "subject": reference("Patient", one.id),
    }


def _local(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _given(state: State, one: Participant, dose: Dose, n: int, event: DoseAdministered) -> Resource:
    route = state.governing("treatment", one).treatment.administration.route
    known = ROUTES.get(route.lower())
    pauses = [
        f"interrupted {pause.from_.isoformat()} to {pause.to.isoformat()} {pause.reason}"
        for pause in event.interruptions
    ]
    return {
        **_common(state, one, dose, n),
        "status": "completed",
        "effectivePeriod": {
            "start": event.started_at.isoformat(),
            "end": event.ended_at.isoformat(),
        },
        "dosage": {
            "text": f"dose {dose.number}",
            "route": concept(route, *([wire("snomed", known)] if known else [])),
            "dose": quantity(event.amount, event.unit),
        },
        **present(note=[{"text": text.strip()} for text in pauses]),
    }


def _withheld(state: State, one: Participant, dose: Dose) -> Resource:
    assert dose.withheld is not None
    return {
        **_common(state, one, dose, 0),
        "status": "not-done",
        "statusReason": [concept(dose.withheld.reason)],
        "effectiveDateTime": dose.withheld.occurred_on.isoformat(),
    }


def adverse_events(state: State, one: Participant) -> Iterator[Resource]:
    """Give each adverse event as it is known now."""
    return (_adverse_event(state, one, course) for course in courses(state, one).values())


def _adverse_event(state: State, one: Participant, course: Course) -> Resource:
    event = course.event
    serious = (
        f"{TERMINOLOGY}/adverse-event-seriousness",
        "Serious" if is_serious(event) else "Non-serious",
    )
    grade = graded(event)
    aware = course.site_aware_at
    return present(
        resourceType="AdverseEvent",
        id=fhir_id(event.id),
        actuality="actual",
        identifier={"system": "urn:gradatim:adverse-event", "value": event.id},
        event=concept(event.term),
        subject=reference("Patient", one.id),
        date=str(event.onset),
        detected=aware.isoformat() if aware else None,
        recordedDate=state.events[course.position].recorded_at.isoformat(),
        seriousness=concept(", ".join(event.serious), serious),
        severity=concept(f"{event.scale} grade {grade}") if grade else None,
        outcome=_outcome(course),
        suspectEntity=[_suspect(state, one, course)],
        study=[reference("ResearchStudy", state.trial)],
    )


def _outcome(course: Course) -> Resource:
    """Give the outcome; of an event without one that it goes on."""
    code = (f"{TERMINOLOGY}/adverse-event-outcome", OUTCOMES.get(course.outcome, "ongoing"))
    until = course.event.resolved
    return concept(f"{course.outcome} on {until}" if until else course.outcome, code)


def _suspect(state: State, one: Participant, course: Course) -> Resource:
    """Give what investigator and sponsor think of causality; nothing where nobody has judged."""
    product = state.governing("treatment", one).treatment.product.name
    judged = {
        "investigator": course.event.investigator_relation,
        "sponsor": course.event.sponsor_relation,
    }
    said = [
        {"assessment": concept(word), "author": {"display": who}}
        for who, word in judged.items()
        if word
    ]
    return {"instance": {"display": product}, **present(causality=said)}
