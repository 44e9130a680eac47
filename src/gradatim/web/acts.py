"""What people do in the application: each act is a type of event, with its name in words.

`TITLES` names them all; a test holds it complete. `PROVIDED` are the fields that the application
fills in itself, so that no form asks for them.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from gradatim.conduct.events import BY_NAME

TITLES: Mapping[str, Any] = {
    "TrialCreated": _("Begin the trial"),
    "ProtocolSubmitted": _("Submit a protocol"),
    "RulingSigned": _("Rule on a question"),
    "ApprovalRecorded": _("Record an approval"),
    "ProtocolActivated": _("Activate the protocol"),
    "ProtocolAmended": _("Amend the protocol"),
    "SiteOpened": _("Open a site"),
    "SiteClosed": _("Close a site"),
    "RoleGranted": _("Delegate a task"),
    "RoleRevoked": _("Take a task back"),
    "TrainingRecorded": _("Record training"),
    "ReferenceRangesRecorded": _("Record reference limits"),
    "TrialPaused": _("Pause dosing"),
    "TrialResumed": _("Resume dosing"),
    "TrialStopped": _("Stop dosing for good"),
    "ParticipantRegistered": _("Register a person"),
    "InformedConsentObtained": _("Record informed consent"),
    "InformedConsentRenewed": _("Record renewed consent"),
    "InformedConsentWithdrawn": _("Record withdrawal of consent"),
    "FactRecorded": _("Record history or a finding"),
    "RecordNotUnderstood": _("Record what is not understood"),
    "RecordsRead": _("Read records"),
    "RecordJudged": _("Judge a record"),
    "EntryCorrected": _("Correct an entry"),
    "HistoryDeclaredComplete": _("Sign that the history is complete"),
    "CriterionAttested": _("Attest a criterion"),
    "EligibilityConfirmed": _("Confirm eligibility"),
    "ScreenFailed": _("Record screen failure"),
    "PlacedOnWaitingList": _("Place on the waiting list"),
    "ParticipantEnrolled": _("Enrol"),
    "ParticipantReplaced": _("Replace a participant"),
    "Disposition": _("Record the end of participation"),
    "PersonalDataErased": _("Erase identifying data"),
    "ProductReceived": _("Receive product"),
    "ProductQuarantined": _("Put bags in quarantine"),
    "TemperatureExcursion": _("Record a temperature excursion"),
    "TemperatureExcursionAssessed": _("Assess a temperature excursion"),
    "ProductReleased": _("Release bags"),
    "ProductReturned": _("Return bags"),
    "ProductDestroyed": _("Destroy bags"),
    "ProductAssigned": _("Set bags aside for a dose"),
    "DosePrepared": _("Record the preparation"),
    "PreparationVerified": _("Verify the preparation"),
    "PreDoseChecklistSigned": _("Sign the pre-dose checklist"),
    "DoseAdministered": _("Record the dose given"),
    "DoseWithheld": _("Withhold a dose"),
    "EncounterDone": _("Record a visit"),
    "EncounterMissed": _("Record a missed visit"),
    "VitalSignsRecorded": _("Record vital signs"),
    "LaboratoryResultsRecorded": _("Record laboratory results"),
    "ScoresRecorded": _("Record scores"),
    "ClinicalSignificanceSigned": _("Judge an abnormal result"),
    "AdverseEventReported": _("Report an adverse event"),
    "AdverseEventUpdated": _("Add to an adverse event"),
    "AdverseEventResolved": _("Record the outcome of an adverse event"),
    "AdverseEventClassified": _("Say what an adverse event is"),
    "AdverseEventAssessed": _("Assess causality and expectedness"),
    "SafetyReportSent": _("Record a safety report"),
    "PregnancyReported": _("Report a pregnancy"),
    "MedicationErrorReported": _("Report a medication error"),
    "DoseLimitingToxicityAdjudicated": _("Adjudicate a candidate"),
    "ProtocolDeviation": _("Record a protocol deviation"),
    "ProtocolDeviationReviewed": _("Review a deviation"),
    "QueryOpened": _("Open a query"),
    "QueryAnswered": _("Answer a query"),
    "QueryClosed": _("Close a query"),
    "SourceDataVerified": _("Verify source data"),
    "ReviewMeetingHeld": _("Record a review meeting"),
    "DoseDecision": _("Decide on the dose"),
    "ProposalMade": _("Propose to the committee"),
    "ProposalSigned": _("Sign a proposal"),
    "ProposalWithdrawn": _("Withdraw a proposal"),
    "DataLocked": _("Lock the data"),
    "DataUnlocked": _("Unlock the data"),
    "ExportMade": _("Record an export"),
}

OF_ALL = {"recorded_at", "recorded_by", "protocol", "signature", "site"}
PROVIDED: Mapping[str, frozenset[str]] = {
    name: frozenset(OF_ALL | more)
    for name, more in {
        "ParticipantRegistered": {"participant", "person_token", "identity", "birth"},
        "ProtocolSubmitted": {"sha256", "version"},
        "ProtocolActivated": {"document", "sha256", "version", "design_defaults"},
        "ProtocolAmended": {"document", "sha256", "version", "design_defaults"},
        "AdverseEventReported": {"adverse_event"},
        "QueryOpened": {"query"},
        "HistoryDeclaredComplete": {"signer"},
        "EligibilityConfirmed": {"signer"},
        "PreDoseChecklistSigned": {"signer"},
        "ClinicalSignificanceSigned": {"signer"},
        "AdverseEventClassified": {"signer"},
        "RecordJudged": {"signer"},
        "FactRecorded": {
            "start_within",
            "end_within",
            "doubtful",
            "derived",
            "course",
            "often",
            "record",
            "content",
        },
        "RecordNotUnderstood": {"content", "sealed"},
        "RulingSigned": {"signer"},
        "ParticipantReplaced": {"signers"},
        "TrialResumed": {"signers"},
        "TrialStopped": {"signers"},
        "DoseLimitingToxicityAdjudicated": {"signers"},
        "DoseDecision": {
            "signers",
            "head",
            "head_hash",
            "protocol_sha256",
            "design",
            "advice_action",
            "advice_level",
            "outcomes",
        },
        "ReviewMeetingHeld": {"head", "head_hash"},
    }.items()
}
"""What the application itself fills in, by type of event."""

GIVEN = frozenset(
    {
        "encounter",
        "adverse_event",
        "recipient",
        "report",
        "candidate",
        "criterion",
        "dose",
        "lot",
        "level",
        "of",
        "element",
        "query",
        "entries",
        "question",
        "user",
        "role",
        "unit",
        "proposal",
        "record",
    }
)
"""Fields that the address of a form may give: what it is about, beside the participant."""

ELSEWHERE: Mapping[str, str] = {
    "TrialCreated": "the command line begins a trial",
    "EntryCorrected": "the page of the entry",
    "ProposalMade": "the form of the act that is proposed",
    "ProposalSigned": "its own page",
    "RecordsRead": "the page that adds records from a file",
    "ExportMade": "the page of exports records what it exports",
}
"""Acts without a form of their own, and where they are done."""


def provided(name: str) -> frozenset[str]:
    """Give the fields of an event that no form asks for."""
    return PROVIDED.get(name, frozenset(OF_ALL))


def title(name: str) -> Any:
    """Give an act's name in words."""
    return TITLES[name]


assert set(TITLES) == set(BY_NAME)
