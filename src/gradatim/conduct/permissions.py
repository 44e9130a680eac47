"""Who may record what: the delegation log against a table of tasks.

Apart from the policies: a policy asks whether something may be done now, a permission whether this
user may. What follows by itself is recorded by `gradatim`.
"""

from collections.abc import Mapping
from typing import get_args

from gradatim.conduct.events import EVENTS
from gradatim.conduct.events.base import SYSTEM, Event
from gradatim.conduct.events.trial import Role
from gradatim.conduct.state import State
from gradatim.core.truth import FALSE, TRUE
from gradatim.core.verdict import Verdict

ROLES: tuple[str, ...] = get_args(Role)

_SITE = ("investigator", "coordinator", "nurse")
_PRODUCT = ("pharmacist", "cell_lab")
_ALL_AT_SITE = (*_SITE, *_PRODUCT)
_OFFICE = ("sponsor", "data_manager")

MAY: Mapping[str, tuple[str, ...]] = {
    "TrialCreated": ("sponsor",), "RulingSigned": ("sponsor",), "ApprovalRecorded": ("sponsor",),
    "ProtocolActivated": ("sponsor",), "ProtocolAmended": ("sponsor",), "SiteOpened": ("sponsor",),
    "SiteClosed": ("sponsor",), "RoleGranted": ("sponsor", "investigator"),
    "RoleRevoked": ("sponsor", "investigator"),
    "TrainingRecorded": ("sponsor", "investigator", "monitor"),
    "ReferenceRangesRecorded": (*_OFFICE, *_SITE),
    "TrialPaused": (*_ALL_AT_SITE, "sponsor", "safety_committee", "monitor"),
    "TrialResumed": ("safety_committee",), "TrialStopped": ("safety_committee", "sponsor"),
    "ParticipantRegistered": _SITE, "InformedConsentObtained": ("investigator", "coordinator"),
    "InformedConsentRenewed": ("investigator", "coordinator"), "InformedConsentWithdrawn": _SITE,
    "FactRecorded": _SITE, "RecordNotUnderstood": _SITE,
    "EntryCorrected": (*_ALL_AT_SITE, "sponsor"),
    "HistoryDeclaredComplete": ("investigator", "coordinator"),
    "CriterionAttested": ("investigator",), "EligibilityConfirmed": ("investigator",),
    "ScreenFailed": ("investigator", "coordinator"),
    "PlacedOnWaitingList": ("investigator", "coordinator"),
    "ParticipantEnrolled": ("investigator", "coordinator"),
    "ParticipantReplaced": ("safety_committee", "sponsor"),
    "Disposition": ("investigator", "coordinator"), "PersonalDataErased": ("sponsor",),
    "ProductReceived": _PRODUCT, "ProductQuarantined": (*_PRODUCT, "sponsor"),
    "TemperatureExcursion": (*_PRODUCT, "sponsor"),
    "TemperatureExcursionAssessed": ("cell_lab", "sponsor"),
    "ProductReleased": (*_PRODUCT, "sponsor"),
    "ProductReturned": _PRODUCT, "ProductDestroyed": _PRODUCT, "ProductAssigned": _PRODUCT,
    "DosePrepared": _PRODUCT, "PreparationVerified": (*_PRODUCT, "nurse"),
    "PreDoseChecklistSigned": ("investigator",),
    "DoseAdministered": ("investigator", "nurse"), "DoseWithheld": ("investigator", "nurse"),
    "EncounterDone": _SITE, "EncounterMissed": _SITE, "VitalSignsRecorded": _SITE,
    "LaboratoryResultsRecorded": _SITE, "ScoresRecorded": _SITE,
    "ClinicalSignificanceSigned": ("investigator",), "AdverseEventReported": _SITE,
    "AdverseEventUpdated": _SITE, "AdverseEventResolved": _SITE,
    "AdverseEventClassified": ("investigator",), "AdverseEventAssessed": ("sponsor",),
    "SafetyReportSent": ("investigator", "sponsor"),
    "PregnancyReported": _SITE, "MedicationErrorReported": (*_ALL_AT_SITE, "sponsor"),
    "DoseLimitingToxicityAdjudicated": ("safety_committee",),
    "ProtocolDeviation": (*_ALL_AT_SITE, "monitor", *_OFFICE),
    "ProtocolDeviationReviewed": ("sponsor", "monitor"),
    "QueryOpened": ("monitor", "data_manager"), "QueryAnswered": _SITE,
    "QueryClosed": ("monitor", "data_manager"), "SourceDataVerified": ("monitor",),
    "ReviewMeetingHeld": ("safety_committee",), "DoseDecision": ("safety_committee",),
    "ProposalMade": ("safety_committee",), "ProposalSigned": ("safety_committee",),
    "ProposalWithdrawn": ("safety_committee",), "DataLocked": ("data_manager",),
    "DataUnlocked": ("data_manager",),
    "ExportMade": (*_OFFICE, "statistician", "monitor", "auditor"),
}  # fmt: skip
"""The roles that may record each type of event."""

assert set(MAY) == {one.__name__ for one in EVENTS}


_OF_A_SITE = ("SiteOpened", "SiteClosed")
OF_THE_WHOLE_TRIAL = frozenset(
    name for name, roles in MAY.items()
    if name not in _OF_A_SITE and not set(roles).intersection(_ALL_AT_SITE)
)  # fmt: skip
"""Acts that belong to no site: those of the sponsor, the committee and the office alone."""


def roles_of(state: State, user: str, site: str) -> frozenset[str]:
    """Give a user's roles at a site, those of the whole trial included."""
    return frozenset(state.roles.get((user, site), set()) | state.roles.get((user, ""), set()))


def permitted(state: State, event: Event) -> Verdict:
    """Say whether the user who records an event may do so where it is recorded.

    The first act creates the trial and the first role is granted by whom created it; after that
    the delegation log decides.
    """
    if event.recorded_by == SYSTEM:
        return Verdict(FALSE, f"{SYSTEM} is the system itself, which nobody signs for")
    name = type(event).__name__
    if name == "TrialCreated" or (name == "RoleGranted" and not state.roles):
        return Verdict(TRUE, "the trial begins")
    roles, may = roles_of(state, event.recorded_by, event.site), MAY[name]
    if roles.intersection(may):
        return Verdict(TRUE, f"{event.recorded_by} is {', '.join(sorted(roles))}")
    where = f" at site {event.site}" if event.site else ""
    held = f"is {', '.join(sorted(roles))}" if roles else "has no task"
    return Verdict(FALSE, f"{event.recorded_by} {held}{where}; this takes {' or '.join(may)}")
