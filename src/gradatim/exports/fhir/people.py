"""Who takes part: the Patient, their ResearchSubject and their Consents.

Source: HL7 FHIR R4 (4.0.1), sections 8.1 (Patient), 7.5 (ResearchSubject) and 6.2 (Consent).
"""

from collections.abc import Iterator
from typing import Any

from gradatim.conduct.events.participants import (
    Disposition,
    InformedConsentObtained,
    InformedConsentRenewed,
    InformedConsentWithdrawn,
    ParticipantFound,
    ScreenFailed,
)
from gradatim.conduct.state import Participant, State
from gradatim.conduct.transitions import NEVER_THERE
from gradatim.conduct.views.birth import birth_of
from gradatim.conduct.views.doses import entries_of
from gradatim.conduct.views.facts import facts_of
from gradatim.evidence.fhir.datatypes import Resource
from gradatim.exports.fhir.datatypes import (
    PARTICIPANT,
    TERMINOLOGY,
    concept,
    fhir_id,
    iso_date,
    present,
    reference,
)

_STATUSES = {
    "registered": "potential-candidate",
    "consented": "screening",
    "eligible": "eligible",
    "waiting": "pending-on-study",
    "enrolled": "on-study",
    "treated": "on-study",
    "completed": "off-study",
    "withdrawn": "withdrawn",
    "lost to follow-up": "off-study",
    "died": "off-study",
    "screen failed": "ineligible",
    **dict.fromkeys(NEVER_THERE, "not-registered"),
}
"""Status of a participant to that of a ResearchSubject. Source: research-subject-status."""
PSEUDONYMISED = {
    "security": [{"system": f"{TERMINOLOGY}/v3-ObservationValue", "code": "PSEUDED"}],
}


def patient(state: State, one: Participant) -> Resource:
    """Give the pseudonymous Patient: number, sex, year of birth, death; never a name.

    There is no year where the sealed date and the one recorded beside it contradict each other.
    """
    died = facts_of(state, one).died
    day = iso_date(died) if died else ""
    return present(
        resourceType="Patient",
        id=fhir_id(one.id),
        meta=PSEUDONYMISED,
        identifier=[{"system": PARTICIPANT, "value": one.id}],
        gender=one.sex,
        birthDate="" if birth_of(state, one).conflict else one.birth[:4],
        deceasedDateTime=day,
        deceasedBoolean=True if died and not day else None,
    )


def research_subject(state: State, one: Participant) -> Resource:
    """Give a participant's way through the trial, with the dose level as the arm."""
    consent = one.consents[-1][0] if one.consents else None
    first = state.events[one.position].occurred_on
    arm = (
        ""
        if one.level is None
        else state.governing("treatment", one).treatment.dose_levels[one.level - 1].label
    )
    return present(
        resourceType="ResearchSubject",
        id=fhir_id(one.id),
        identifier=[{"system": PARTICIPANT, "value": one.id}],
        status=_STATUSES[one.status],
        period=present(start=first.isoformat(), end=_left_on(state, one)),
        study=reference("ResearchStudy", state.trial),
        individual=reference("Patient", one.id),
        assignedArm=arm,
        consent=None if consent is None else reference("Consent", str(consent)),
    )


def _left_on(state: State, one: Participant) -> str | None:
    """Give the day on which participation ended; None while it goes on, or goes on again."""
    found = max(one.entries_of.get(ParticipantFound, ()), default=0)
    days = [
        event.occurred_on
        for at, event in entries_of(state, one, Disposition, ScreenFailed, InformedConsentWithdrawn)
        if at > found and (not isinstance(event, InformedConsentWithdrawn) or event.scope == "all")
    ]
    return min(days).isoformat() if days else None


def consents(state: State, one: Participant) -> Iterator[Resource]:
    """Give each consent; one that was replaced by a later one, or withdrawn, is inactive."""
    for position, event in entries_of(state, one, InformedConsentObtained, InformedConsentRenewed):
        active = position == one.consents[-1][0] and one.consent != "withdrawn"
        yield _consent(one, position, event, active)


def _consent(one: Participant, position: int, event: Any, active: bool) -> Resource:
    form = f"informed consent form, version {event.version}, {event.language}"
    return present(
        resourceType="Consent",
        id=str(position),
        status="active" if active else "inactive",
        scope=concept("research", (f"{TERMINOLOGY}/consentscope", "research")),
        category=[
            concept("consent to research", (f"{TERMINOLOGY}/consentcategorycodes", "research"))
        ],
        patient=reference("Patient", one.id),
        dateTime=event.occurred_on.isoformat(),
        performer=[reference("Patient", one.id)],
        policyRule=concept(form),
    )
