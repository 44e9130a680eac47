"""Statuses and intents of FHIR resources, by what they mean here: for the reader and for the CQL.

Source: FHIR R4 (4.0.1), the page of each resource; US Core 7.0.0, "Medication List" (intents). Of a
status that is in no list here a person has to say what it means.
"""

from collections.abc import Mapping

ENTERED_IN_ERROR = "entered-in-error"

# Condition.verificationStatus, AllergyIntolerance.verificationStatus; `presumed` is the latter's.
REFUTED = ("refuted", ENTERED_IN_ERROR)
UNCONFIRMED = ("unconfirmed", "provisional", "differential", "presumed")
# Condition.clinicalStatus
CONDITION_GOES_ON = ("active", "recurrence", "relapse")

PROCEDURE_NOT_DONE = ("not-done", "preparation", ENTERED_IN_ERROR)
PROCEDURE_GOES_ON = "in-progress"
PROCEDURE_DONE = ("completed", PROCEDURE_GOES_ON)
"""Of one broken off, or of unknown status, a person has to say whether it counts."""

# ResearchSubject.status
NOT_IN_TRIAL = (
    "candidate",
    "potential-candidate",
    "eligible",
    "ineligible",
    "not-registered",
    "screening",
)
LEFT_TRIAL = ("off-study", "withdrawn")
TRIAL_NOT_BEGUN = "pending-on-study"

CONSENT_GIVEN = "active"

OBSERVATION_USED = ("final", "amended", "corrected")
OBSERVATION_VOID = (ENTERED_IN_ERROR, "cancelled")

MEDICATION_USED: Mapping[str, tuple[str, ...]] = {
    "MedicationStatement": ("active", "completed", "stopped", "on-hold", "unknown"),
    "MedicationAdministration": ("completed", "in-progress", "stopped"),
    "MedicationRequest": ("active", "completed", "stopped", "on-hold", "unknown"),
    "MedicationDispense": ("completed", "in-progress", "on-hold", "stopped", "unknown"),
}
"""Statuses under which something was taken."""
MEDICATION_GOES_ON: Mapping[str, tuple[str, ...]] = {
    "MedicationStatement": ("active", "unknown"),
    "MedicationAdministration": ("in-progress",),
    "MedicationRequest": ("active", "unknown"),
    "MedicationDispense": (),
}
"""Statuses under which, without an end, it is still taken."""
STATEMENT_LASTING = "active"
"""Under which a statement of a single day is the first of many."""
REQUEST_BROKEN_OFF = "stopped"
NOT_TAKEN = (ENTERED_IN_ERROR, "not-taken", "not-done", "intended", "cancelled", "draft")
NOT_HANDED_OVER = ("preparation", "declined")
# MedicationRequest.intent
NO_ORDER = ("proposal", "option")
PLANNED = "plan"
"""No order either, unless it says what somebody reports to take."""

VOID = (
    *(*REFUTED, "cancelled", "revoked", "rejected", "draft", "proposed"),
    *("not-done", "not-taken", "intended", "preparation", "declined", "abandoned"),
)
"""Of whatever resource: under which it tells of nothing that happened."""
