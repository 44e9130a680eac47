"""The catalogue of acts: one row for each type of event, with all that is said of it once.

What an act is called, how it reads in the story of the trial, who may record it, what its signature
means, what the system fills in, whether it can be refused or corrected, and on which pages it is
offered. Permissions, stories, signatures, corrections, policies and pages are views of this table.
What an event holds stands in `conduct.events`, what it changes in `conduct.folding`, and which
rules are asked of it in `conduct.policies`.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gradatim.conduct.events import BY_NAME, EVENTS
from gradatim.conduct.events import coding as c
from gradatim.conduct.events import findings as f
from gradatim.conduct.events import logs as l
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import records as d
from gradatim.conduct.events import review as r
from gradatim.conduct.events import safety as s
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Event
from gradatim.conduct.roles import (
    CLINICAL_STAFF,
    PRODUCT_STAFF,
    ROLES,
    SITE_STAFF,
    SPONSOR_STAFF,
)
from gradatim.conduct.transitions import ENDED, ON_THE_WAY

NEXT = "participant:next"
"""On the pages of a participant, as what comes next."""
ANY_STATUS = "participant:other"
"""On the pages of a participant, whatever their status."""
CONSENTED = (*ON_THE_WAY[1:], *ENDED)
"""Statuses of whoever has consented, or was asked to."""
RECORD_FIELDS = frozenset(
    {"recorded_at", "recorded_by", "protocol", "signature", "site", "paper", "software"}
)
"""Fields of every event that the system fills in: who recorded it, when, where and how signed."""
SIGNER_FIELDS = frozenset({"signer", "signers"})
"""Fields of some events that the system fills in: whoever signs them."""


class Act(NamedTuple):
    """What is said of a type of event.

    Args:
        event: the type.
        title: what a person does, as a page names it; English, and the key of its translations.
        sentence: what happened, with the event's fields in braces.
        roles: who may record it, at their site, or in the whole trial where they have the role
            there. Of a correction: who may correct anything at all; the entry decides. Of what the
            system does by itself: nobody.
        meaning: what its signature means; empty where it takes none whatever it says.
        system_fields: fields of its own that the system fills in, so that no form asks for them.
        refusable: whether it is an authorisation, which the policies can refuse; a fact is
            recorded whatever rule it breaks.
        correctable: whether an entry of it can be corrected: a fact can; an authorisation is
            followed by another act.
        by_committee: whether several members of the safety committee sign it, each a proposal.
        offered_on: names of the pages that link to its form; `NEXT` and `ANY_STATUS` on those
            of a participant, `paper` the forms to be printed.
        statuses: of a participant, in which `NEXT` offers it beside the legal steps of
            `transitions.PARTICIPANT`.
        elsewhere: where it is done, if not in a form of its own.
    """

    event: type[Event]
    title: str
    sentence: str
    roles: tuple[str, ...]
    meaning: str = ""
    system_fields: tuple[str, ...] = ()
    refusable: bool = False
    correctable: bool = False
    by_committee: bool = False
    offered_on: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    elsewhere: str = ""

    @property
    def name(self) -> str:
        """The name of the event's type."""
        return self.event.__name__

    @property
    def not_asked_for(self) -> frozenset[str]:
        """All fields of the event that the system fills in, those of every event included."""
        signers = SIGNER_FIELDS.intersection(self.event.__struct_fields__)
        return RECORD_FIELDS | signers | frozenset(self.system_fields)


_ROWS = (
    Act(
        t.TrialCreated,
        "Begin the trial",
        "the trial begins ({mode}): {title}",
        ("sponsor",),
        system_fields=("endorsed",),
        refusable=True,
        elsewhere="the command line begins a trial",
    ),
    Act(
        t.SealingKeyAdopted,
        "Adopt a sealing key",
        "the application seals by a new key ({public_key:.12}): {reason}",
        (),
        elsewhere="the application adopts its first key, the command line another",
    ),
    Act(
        t.ProtocolSubmitted,
        "Submit a protocol",
        "protocol version {version} is submitted (sha256 {sha256:.12})",
        ("sponsor",),
        system_fields=("version", "sha256"),
        refusable=True,
        offered_on=("protocol",),
    ),
    Act(
        t.RulingSigned,
        "Rule on a question",
        "the sponsor rules on {question}: {outcome} {answer}",
        ("sponsor",),
        meaning="I answer this question for the sponsor.",
        refusable=True,
        offered_on=("questions",),
    ),
    Act(
        t.ApprovalRecorded,
        "Record an approval",
        "{authority} approval of version {version}: {reference}",
        ("sponsor",),
        offered_on=("protocol",),
    ),
    Act(
        t.ProtocolActivated,
        "Activate the protocol",
        "protocol version {version} is activated (sha256 {sha256:.12})",
        ("sponsor",),
        meaning="I put this version of the protocol into force for the sponsor.",
        system_fields=("version", "sha256", "document", "design_defaults"),
        refusable=True,
        offered_on=("protocol",),
    ),
    Act(
        t.ProtocolAmended,
        "Amend the protocol",
        "the protocol is amended to version {version} (sha256 {sha256:.12})",
        ("sponsor",),
        meaning="I put this version of the protocol into force for the sponsor.",
        system_fields=("version", "sha256", "document", "design_defaults"),
        refusable=True,
        offered_on=("protocol",),
    ),
    Act(
        t.SiteOpened,
        "Open a site",
        "the site is opened: {name}",
        ("sponsor",),
        refusable=True,
        offered_on=("people",),
    ),
    Act(
        t.SiteClosed,
        "Close a site",
        "the site is closed: {reason}",
        ("sponsor",),
        offered_on=("people",),
    ),
    Act(
        t.RoleGranted,
        "Delegate a task",
        "{user} is given the task {role}",
        ("sponsor", "investigator"),
        meaning="I delegate this task to this person.",
        system_fields=("needs_confirmation",),
        refusable=True,
        offered_on=("people", "person"),
    ),
    Act(
        t.DelegationConfirmed,
        "Confirm a delegation",
        "the delegation of entry {of} is confirmed: {administrator}, {reason}",
        ("sponsor", "investigator"),
        meaning="I know who this person is, and confirm that this task is delegated to them.",
        system_fields=("administrator", "reason"),
        refusable=True,
        offered_on=("people", "person"),
    ),
    Act(
        t.RoleRevoked,
        "Take a task back",
        "{user} is no longer {role}: {reason}",
        ("sponsor", "investigator"),
        meaning="I take this task back.",
        refusable=True,
        offered_on=("people", "person"),
    ),
    Act(
        t.SigningKeyAdopted,
        "Adopt a key to sign by",
        "{recorded_by} signs by a new key ({public_key:.12})",
        (),
        elsewhere="whoever signs in has a key, and adopts it",
    ),
    Act(
        t.PersonIdentified,
        "Record who a person is",
        "{user} is identified by {identity_document}",
        ("sponsor", "investigator"),
        meaning="I have checked who this person is.",
        system_fields=("public_key",),
        refusable=True,
        offered_on=("person",),
    ),
    Act(
        t.TrainingRecorded,
        "Record training",
        "{user} is trained on version {version}",
        ("sponsor", "investigator", "monitor"),
        offered_on=("people", "person"),
    ),
    Act(
        t.ReferenceRangesRecorded,
        "Record reference limits",
        "reference ranges of laboratory {laboratory}, version {version}",
        (*SPONSOR_STAFF, *CLINICAL_STAFF),
        offered_on=("participants", "laboratory"),
    ),
    Act(
        t.TrialPaused,
        "Pause dosing",
        "dosing is paused: {reason}",
        (*SITE_STAFF, "sponsor", "safety_committee", "monitor"),
        offered_on=("overview",),
    ),
    Act(
        t.TrialResumed,
        "Resume dosing",
        "the committee resumes dosing: {reason}",
        ("safety_committee",),
        meaning="I agree that dosing goes on.",
        refusable=True,
        by_committee=True,
        offered_on=("review",),
    ),
    Act(
        t.UrgentSafetyMeasureTaken,
        "Take an urgent safety measure",
        "urgent safety measure against {hazard}: {measure}",
        ("investigator", "sponsor"),
        offered_on=("overview", ANY_STATUS),
    ),
    Act(
        t.UrgentSafetyMeasureNotified,
        "Record that an authority was told of a measure",
        "{recipient} is told of the urgent safety measure of entry {of}",
        ("investigator", "sponsor"),
        offered_on=("overview",),
    ),
    Act(
        t.UrgentSafetyMeasureEnded,
        "End an urgent safety measure",
        "the urgent safety measure of entry {of} ends: {reason}",
        ("sponsor",),
        meaning="I have judged that the hazard is over.",
        refusable=True,
        offered_on=("overview",),
    ),
    Act(
        t.TrialStopped,
        "Stop dosing for good",
        "dosing is stopped for good: {reason}",
        ("safety_committee", "sponsor"),
        meaning="I end dosing for good.",
        offered_on=("overview",),
    ),
    Act(
        p.ParticipantRegistered,
        "Register a person",
        "{participant} is registered",
        CLINICAL_STAFF,
        system_fields=(
            "participant",
            "person_token",
            "likeness",
            "screened_as",
            "namesakes",
            "identity",
            "birth",
        ),
        refusable=True,
        correctable=True,
        offered_on=("screening", "paper"),
    ),
    Act(
        p.ConsentFormApproved,
        "Record an approved consent form",
        "version {version} of the consent form is approved ({language}), of protocol "
        "{of_protocol} (sha256 {document_sha256:.12})",
        ("sponsor",),
        offered_on=("protocol",),
    ),
    Act(
        p.InformedConsentObtained,
        "Record informed consent",
        "{participant} consents (form {version}, {language})",
        ("investigator", "coordinator"),
        correctable=True,
        offered_on=(NEXT, "paper"),
    ),
    Act(
        p.InformedConsentRenewed,
        "Record renewed consent",
        "{participant} consents again (form {version}, {language})",
        ("investigator", "coordinator"),
        correctable=True,
        offered_on=(NEXT,),
        statuses=ON_THE_WAY[1:],
    ),
    Act(
        p.InformedConsentWithdrawn,
        "Record withdrawal of consent",
        "{participant} withdraws consent ({scope}): {reason}",
        CLINICAL_STAFF,
        correctable=True,
        offered_on=(ANY_STATUS, "paper"),
    ),
    Act(
        p.FactRecorded,
        "Record history or a finding",
        "{participant}: {fact}",
        CLINICAL_STAFF,
        system_fields=(
            "start_within",
            "end_within",
            "doubtful",
            "derived",
            "course",
            "often",
            "record",
            "content",
        ),
        correctable=True,
        offered_on=(ANY_STATUS,),
    ),
    Act(
        p.RecordNotUnderstood,
        "Record what is not understood",
        "{participant}: record {record} of a source is not understood",
        CLINICAL_STAFF,
        system_fields=("content", "sealed"),
        correctable=True,
        offered_on=("records",),
    ),
    Act(
        p.EntryCorrected,
        "Correct an entry",
        "entry {of} is corrected: {reason}",
        (),
        system_fields=("answers",),
        elsewhere="the page of the entry",
    ),
    Act(
        p.EntryVoided,
        "Mark as entered in error",
        "entry {of} was made in error: {reason}",
        (*SITE_STAFF, *SPONSOR_STAFF, "monitor"),
        meaning="This entry was made in error, and is to count no more.",
        system_fields=("bears_on",),
        offered_on=("entry",),
    ),
    Act(
        p.VoidConfirmed,
        "Confirm that an entry was made in error",
        "it is confirmed that entry {of} is right: something was entered in error",
        SITE_STAFF,
        meaning="I have seen the entry and what rests on it; it was made in error.",
        refusable=True,
        offered_on=("overview",),
    ),
    Act(
        p.HistoryDeclaredComplete,
        "Sign that the history is complete",
        "{participant}: {signer} signs that the history is complete ({kinds})",
        ("investigator", "coordinator"),
        meaning="What is recorded of these kinds is all that the sources hold.",
        correctable=True,
        offered_on=(NEXT,),
        statuses=("consented",),
    ),
    Act(
        p.CriterionAttested,
        "Attest a criterion",
        "{participant}: criterion {criterion} is attested ({passes}): {reason}",
        ("investigator",),
        meaning="I have judged this criterion myself.",
        offered_on=("eligibility",),
    ),
    Act(
        p.EligibilityConfirmed,
        "Confirm eligibility",
        "{participant} is confirmed eligible by {signer}",
        ("investigator",),
        meaning="I have checked every criterion; this person is eligible.",
        refusable=True,
        offered_on=(NEXT,),
    ),
    Act(
        p.ScreenFailed,
        "Record screen failure",
        "{participant} does not enter: {reason}",
        ("investigator", "coordinator"),
        correctable=True,
        offered_on=(NEXT,),
    ),
    Act(
        p.PlacedOnWaitingList,
        "Place on the waiting list",
        "{participant} waits for a place",
        ("investigator", "coordinator"),
        refusable=True,
        offered_on=(NEXT,),
    ),
    Act(
        p.ParticipantEnrolled,
        "Enrol",
        "{participant} takes a place at level {level}",
        ("investigator", "coordinator"),
        refusable=True,
        offered_on=(NEXT,),
    ),
    Act(
        p.ParticipantReplaced,
        "Replace a participant",
        "{participant}'s place is free again: {reason}",
        ("safety_committee", "sponsor"),
        meaning="I agree that this place is given to another.",
        refusable=True,
        by_committee=True,
        offered_on=(ANY_STATUS,),
    ),
    Act(
        p.Disposition,
        "Record the end of participation",
        "{participant}: {status} {reason}",
        ("investigator", "coordinator"),
        correctable=True,
        offered_on=(ANY_STATUS,),
    ),
    Act(
        p.ParticipantFound,
        "Record that a person is found again",
        "{participant} is found again {reason}",
        CLINICAL_STAFF,
        offered_on=(NEXT,),
    ),
    Act(
        p.NamesakeStated,
        "State that two people look alike",
        "another person at site {at_site} may look like {participant}: {reason}",
        ("investigator", "sponsor"),
        meaning="I know that these are two people.",
        offered_on=(ANY_STATUS,),
    ),
    Act(
        p.ParticipantsMerged,
        "Give up a number that is a duplicate",
        "{participant} is the same person as {into}: {reason}",
        ("investigator", "sponsor"),
        meaning="I know that these numbers are of one person.",
        refusable=True,
        offered_on=(ANY_STATUS,),
    ),
    Act(
        p.TransferProposed,
        "Propose a transfer to another site",
        "{participant} is to go on at site {to_site}, agreed on {agreed_on}: {reason}",
        ("investigator", "sponsor"),
        meaning="I propose that this participant, who has agreed, goes on at the other site.",
        refusable=True,
        offered_on=(ANY_STATUS,),
    ),
    Act(
        p.ParticipantTransferred,
        "Take over a participant of another site",
        "{participant} of site {from_site} goes on at this site",
        ("investigator",),
        meaning="I take over the care of this participant at this site.",
        system_fields=("from_site",),
        refusable=True,
        offered_on=("overview",),
    ),
    Act(
        p.IdentificationListExported,
        "Take the identification list",
        "the site's list of who is who is taken out, of {participants}",
        ("investigator", "coordinator"),
        meaning="I take the list of who is who into the files of the site, and keep it as they do.",
        elsewhere="the page of the list records that it was taken",
    ),
    Act(
        p.ErasureRequested,
        "Ask for the erasure of identifying data",
        "{participant}: that identifying data be erased is asked for: {reason}",
        ("investigator",),
        meaning="I ask that this person's identifying data be destroyed: the site need not keep "
        "them any more.",
        refusable=True,
        offered_on=(ANY_STATUS,),
    ),
    Act(
        p.PersonalDataErased,
        "Erase identifying data",
        "{participant}: identifying data erased: {order}",
        ("sponsor",),
        meaning="I confirm that the records that name this person are no longer needed, and that "
        "the key to their identifying data be destroyed.",
        system_fields=("of", "order", "retention_ended_on", "born"),
        refusable=True,
        offered_on=(ANY_STATUS,),
    ),
    Act(
        d.RecordsRead,
        "Read records",
        "{participant}: {read} records of {source} are read",
        CLINICAL_STAFF,
        elsewhere="the page that adds records from a file",
    ),
    Act(
        d.RecordJudged,
        "Judge a record",
        "{participant}: {signer} judges record {record} of a source: {answers}",
        ("investigator",),
        meaning="I have judged what this record is, and what it is not.",
        refusable=True,
        correctable=True,
        offered_on=("records",),
    ),
    Act(
        x.ProductReceived,
        "Receive product",
        "lot {lot} is received: {bags}",
        PRODUCT_STAFF,
        offered_on=("dosing",),
    ),
    Act(
        x.ProductShipped,
        "Ship bags to another site",
        "lot {lot}: {bags} are shipped to site {to_site} as {shipment}",
        (*PRODUCT_STAFF, "sponsor"),
        offered_on=("lot",),
    ),
    Act(
        x.ShipmentReceived,
        "Receive a shipment",
        "lot {lot}: of shipment {shipment} {bags} are received; temperature {temperature}, seals "
        "{seals}",
        PRODUCT_STAFF,
        offered_on=("lot",),
    ),
    Act(
        x.ProductQuarantined,
        "Put bags in quarantine",
        "lot {lot}: {bags} in quarantine: {reason}",
        (*PRODUCT_STAFF, "sponsor"),
        offered_on=("lot",),
    ),
    Act(
        x.TemperatureExcursion,
        "Record a temperature excursion",
        "lot {lot}: {bags} reached {worst_celsius:g} °C for {minutes:g} min",
        (*PRODUCT_STAFF, "sponsor"),
        offered_on=("lot", "paper"),
    ),
    Act(
        x.TemperatureExcursionAssessed,
        "Assess a temperature excursion",
        "lot {lot}: {bags} assessed, fit: {fit}: {reason}",
        ("cell_lab", "sponsor"),
        offered_on=("lot",),
    ),
    Act(
        x.ProductReleased,
        "Release bags",
        "lot {lot}: {bags} released {out_of_specification}",
        (*PRODUCT_STAFF, "sponsor"),
        meaning="I release these bags for use.",
        refusable=True,
        offered_on=("lot",),
    ),
    Act(
        x.ProductReturned,
        "Return bags",
        "lot {lot}: {bags} returned: {reason}",
        PRODUCT_STAFF,
        offered_on=("lot",),
    ),
    Act(
        x.ProductDestroyed,
        "Destroy bags",
        "lot {lot}: {bags} destroyed: {reason}",
        PRODUCT_STAFF,
        offered_on=("lot",),
    ),
    Act(
        x.ProductDifferenceExplained,
        "Explain a difference in the account",
        "lot {lot}: {difference:g} of bag {bag} is explained: {reason}",
        (*PRODUCT_STAFF, "sponsor"),
        meaning="I have looked into this difference, and this is what is known of it.",
        system_fields=("difference",),
        refusable=True,
        offered_on=("lot",),
    ),
    Act(
        x.ProductAssigned,
        "Set bags aside for a dose",
        "{participant}: {bags} of lot {lot} are set aside for dose {dose}",
        PRODUCT_STAFF,
        refusable=True,
        offered_on=(NEXT, "doses"),
        statuses=("enrolled",),
    ),
    Act(
        x.DosePrepared,
        "Record the preparation",
        "{participant}: dose {dose} is prepared, {amount:,.10g} of {planned:,.10g} {unit}",
        PRODUCT_STAFF,
        correctable=True,
        offered_on=("doses", "paper"),
    ),
    Act(
        x.PreparationVerified,
        "Verify the preparation",
        "{participant}: the preparation of dose {dose} is verified",
        (*PRODUCT_STAFF, "nurse"),
        meaning="I have checked this preparation, and did not make it.",
        refusable=True,
        offered_on=("doses", "paper"),
    ),
    Act(
        x.BedsideChecked,
        "Check person and product at the bedside",
        "{participant}: {recorded_by} checks person and product of dose {dose} ({how})",
        ("investigator", "nurse", *PRODUCT_STAFF),
        meaning="I have held this person and this product against the preparation, at the bedside.",
        refusable=True,
        offered_on=("doses", "paper"),
    ),
    Act(
        x.PreDoseChecklistSigned,
        "Sign the pre-dose checklist",
        "{participant}: {signer} signs the checklist of dose {dose}",
        ("investigator",),
        meaning="I have checked every item; this dose may be given now.",
        refusable=True,
        offered_on=("doses", "paper"),
    ),
    Act(
        x.DoseAdministered,
        "Record the dose given",
        "{participant} is given dose {dose}: {amount:,.10g} {unit}",
        ("investigator", "nurse"),
        correctable=True,
        offered_on=("doses", "paper"),
    ),
    Act(
        x.DoseWithheld,
        "Withhold a dose",
        "{participant}: dose {dose} is withheld: {reason}",
        ("investigator", "nurse"),
        correctable=True,
        offered_on=(NEXT,),
        statuses=("enrolled", "treated"),
    ),
    Act(
        f.EncounterDone,
        "Record a visit",
        "{participant}: visit {encounter}",
        CLINICAL_STAFF,
        correctable=True,
        offered_on=("visits",),
    ),
    Act(
        f.EncounterMissed,
        "Record a missed visit",
        "{participant}: visit {encounter} is missed: {reason}",
        CLINICAL_STAFF,
        correctable=True,
        offered_on=("visits",),
    ),
    Act(
        f.VitalSignsRecorded,
        "Record vital signs",
        "{participant}: {results}",
        CLINICAL_STAFF,
        correctable=True,
        offered_on=("visits", "laboratory", "paper"),
    ),
    Act(
        f.LaboratoryResultsRecorded,
        "Record laboratory results",
        "{participant}: laboratory {collected_on}: {results}",
        CLINICAL_STAFF,
        correctable=True,
        offered_on=("visits", "laboratory", "paper"),
    ),
    Act(
        f.ScoresRecorded,
        "Record scores",
        "{participant}: {results}",
        CLINICAL_STAFF,
        correctable=True,
        offered_on=("visits", "scores", "paper"),
    ),
    Act(
        l.ConcomitantMedicationRecorded,
        "Record a medication",
        "{participant}: {medication} {drug} for {indication}",
        CLINICAL_STAFF,
        system_fields=("medication",),
        correctable=True,
        offered_on=(ANY_STATUS, "logs"),
    ),
    Act(
        l.MedicalHistoryRecorded,
        "Record medical history",
        "{participant}: medical history: {condition}",
        CLINICAL_STAFF,
        correctable=True,
        offered_on=(ANY_STATUS, "logs"),
    ),
    Act(
        l.UnscheduledVisitDone,
        "Record an unscheduled visit",
        "{participant}: unscheduled visit {visit}: {reason}",
        CLINICAL_STAFF,
        system_fields=("visit",),
        correctable=True,
        offered_on=("visits",),
    ),
    Act(
        f.ClinicalSignificanceSigned,
        "Judge an abnormal result",
        "{participant}: {signer} judges {element} of entry {of}, significant: {significant}",
        ("investigator",),
        meaning="I have judged this result.",
        correctable=True,
        offered_on=("laboratory",),
    ),
    Act(
        s.AdverseEventReported,
        "Report an adverse event",
        "{participant}: {adverse_event} {term}, grade {grade}, {serious}",
        CLINICAL_STAFF,
        system_fields=("adverse_event",),
        correctable=True,
        offered_on=(NEXT, "paper"),
        statuses=CONSENTED,
    ),
    Act(
        s.AdverseEventUpdated,
        "Add to an adverse event",
        "{participant}: more on {adverse_event}: {comment}",
        CLINICAL_STAFF,
        correctable=True,
        offered_on=("adverse-events",),
    ),
    Act(
        s.AdverseEventResolved,
        "Record the outcome of an adverse event",
        "{participant}: {adverse_event} {outcome} on {resolved_on}",
        CLINICAL_STAFF,
        correctable=True,
        offered_on=("adverse-events",),
    ),
    Act(
        s.AdverseEventClassified,
        "Say what an adverse event is",
        "{participant}: {signer} says what {adverse_event} is: {answers}",
        ("investigator",),
        meaning="I have judged of which watched events this is one.",
        refusable=True,
        offered_on=("adverse-events",),
    ),
    Act(
        s.TermCoded,
        "Code a term",
        "{participant}: {adverse_event} is coded as {term} ({dictionary} {version}, {code})",
        ("coder", "data_manager"),
        correctable=True,
        offered_on=("adverse-events",),
    ),
    Act(
        c.DictionaryVersionAdopted,
        "Adopt a version of a dictionary",
        "the trial codes with {dictionary} {version}",
        ("coder", "data_manager", "sponsor"),
        offered_on=("coding",),
    ),
    Act(
        c.TermListLoaded,
        "Load a list of terms",
        "the list of terms {name} is loaded in version {version} (sha256 {sha256:.12})",
        ("investigator", "coder", "data_manager", "sponsor"),
        meaning="I have checked that these terms, codes and synonyms mean the same.",
        system_fields=("sha256",),
        offered_on=("coding",),
    ),
    Act(
        s.AdverseEventAssessed,
        "Assess causality and expectedness",
        "{participant}: the sponsor judges {adverse_event} {relation}, expected: {expected}",
        ("sponsor",),
        meaning="I judge causality and expectedness for the sponsor.",
        correctable=True,
        offered_on=("adverse-events",),
    ),
    Act(
        s.SafetyReportSent,
        "Record a safety report",
        "{adverse_event}: {report} report to {recipient}",
        ("investigator", "sponsor"),
        correctable=True,
        offered_on=("adverse-events",),
    ),
    Act(
        s.PregnancyReported,
        "Report a pregnancy",
        "{participant}: pregnancy of the {person}",
        CLINICAL_STAFF,
        correctable=True,
        offered_on=(ANY_STATUS, "paper"),
    ),
    Act(
        s.PregnancyOutcomeReported,
        "Record the outcome of a pregnancy",
        "{participant}: the pregnancy of entry {of} ended: {outcome}",
        CLINICAL_STAFF,
        correctable=True,
        offered_on=("logs",),
    ),
    Act(
        s.MedicationErrorReported,
        "Report a medication error",
        "{participant}: medication error: {description}",
        (*SITE_STAFF, "sponsor"),
        correctable=True,
        offered_on=(ANY_STATUS, "paper"),
    ),
    Act(
        s.DoseLimitingToxicityAdjudicated,
        "Adjudicate a candidate",
        "{participant}: {candidate} adjudicated, dose-limiting: {dose_limiting}",
        ("safety_committee",),
        meaning="I have judged whether this was dose-limiting.",
        refusable=True,
        by_committee=True,
        offered_on=("participant", "review"),
    ),
    Act(
        s.DosingAllowed,
        "Allow a dose",
        "{participant}: the committee allows dose {dose}: {reason}",
        ("safety_committee",),
        meaning="I agree that this dose may be given.",
        refusable=True,
        by_committee=True,
        offered_on=(ANY_STATUS,),
    ),
    Act(
        s.EvaluabilityJudged,
        "Judge evaluability",
        "{participant} counts for the escalation: {evaluable}: {reason}",
        ("safety_committee",),
        meaning="I have judged whether this participant counts for the escalation.",
        refusable=True,
        by_committee=True,
        offered_on=(ANY_STATUS,),
    ),
    Act(
        s.SentinelObservationJudged,
        "Judge the observation of a sentinel",
        "{participant} was observed as the first at the level: {observed}: {reason}",
        ("safety_committee",),
        meaning="I have judged whether this participant was observed as the protocol means.",
        refusable=True,
        by_committee=True,
        offered_on=(ANY_STATUS,),
    ),
    Act(
        s.ProtocolDeviation,
        "Record a protocol deviation",
        "deviation ({rule}): {description}",
        (*SITE_STAFF, "monitor", *SPONSOR_STAFF),
        system_fields=("message",),
        offered_on=(ANY_STATUS,),
    ),
    Act(
        s.ProtocolDeviationReviewed,
        "Review a deviation",
        "deviation {of} reviewed, important: {important}",
        ("sponsor", "monitor"),
        meaning="I have judged this deviation.",
        offered_on=("overview",),
    ),
    Act(
        r.QueryOpened,
        "Open a query",
        "{query} on entry {of}: {question}",
        ("monitor", "data_manager"),
        system_fields=("query",),
        offered_on=("entry",),
    ),
    Act(
        r.QueryAnswered,
        "Answer a query",
        "{query}: {answer}",
        CLINICAL_STAFF,
        offered_on=("overview",),
    ),
    Act(
        r.QueryClosed,
        "Close a query",
        "{query} is closed",
        ("monitor", "data_manager"),
        offered_on=("overview",),
    ),
    Act(
        r.SourceDataVerified,
        "Verify source data",
        "entries {entries} verified",
        ("monitor",),
        meaning="I have compared these entries with their source.",
        offered_on=("entry",),
    ),
    Act(
        r.DataEndorsed,
        "Endorse the data of a site",
        "the data of the site's participants are endorsed, up to entry {upto}",
        ("investigator",),
        meaning="I have reviewed what is recorded of the participants of my site up to this entry, "
        "and it is attributable, legible, contemporaneous, original, accurate and complete.",
        system_fields=("upto",),
        refusable=True,
        elsewhere="the page of what is to be endorsed",
    ),
    Act(
        r.ReviewMeetingHeld,
        "Record a review meeting",
        "the committee meets over entry {head}, data of {data_cut_on}",
        ("safety_committee",),
        system_fields=("head", "head_hash"),
        offered_on=("review",),
    ),
    Act(
        r.DoseDecision,
        "Decide on the dose",
        "the committee decides: {action}, level {level} (advice: {advice_action}, level "
        "{advice_level}, on outcomes {outcomes}) {reason}",
        ("safety_committee",),
        meaning="I have seen the data of this cut, and agree with this decision.",
        system_fields=(
            "head",
            "head_hash",
            "protocol_sha256",
            "design",
            "advice_action",
            "outcomes",
            "advice_level",
        ),
        refusable=True,
        by_committee=True,
        offered_on=("review",),
    ),
    Act(
        r.ProposalMade,
        "Propose to the committee",
        "{proposal} is proposed to the committee: {act}",
        ("safety_committee",),
        system_fields=("proposal",),
        meaning="I have seen the data, propose this to the committee, and agree with it.",
        refusable=True,
        elsewhere="the form of the act that is proposed",
    ),
    Act(
        r.ProposalSigned,
        "Sign a proposal",
        "{recorded_by} signs {proposal}",
        ("safety_committee",),
        meaning="I have seen the data, and agree with what is proposed.",
        refusable=True,
        elsewhere="its own page",
    ),
    Act(
        r.ProposalDissented,
        "Dissent from a proposal",
        "{recorded_by} does not agree with {proposal}: {reason}",
        ("safety_committee",),
        meaning="I have seen the data, and do not agree with what is proposed.",
        refusable=True,
        elsewhere="the page of the proposal",
    ),
    Act(
        r.ProposalWithdrawn,
        "Withdraw a proposal",
        "{proposal} is withdrawn: {reason}",
        ("safety_committee",),
        offered_on=("proposal",),
    ),
    Act(
        r.DataLocked,
        "Lock the data",
        "the data are locked {reason}",
        ("data_manager",),
        meaning="The data are final.",
        refusable=True,
        offered_on=("overview", "proof"),
    ),
    Act(
        r.DataUnlocked,
        "Unlock the data",
        "the data are unlocked: {reason}",
        ("data_manager",),
        meaning="I open the data again.",
        refusable=True,
        offered_on=("proof",),
    ),
    Act(
        r.ExportMade,
        "Record an export",
        "{format} export to {recipient}",
        (*SPONSOR_STAFF, "statistician", "monitor", "auditor"),
        elsewhere="the page of exports records what it exports",
    ),
)


def catalogue_of(rows: Iterable[Act], events: Iterable[type[Event]]) -> dict[type[Event], Act]:
    """Return the rows by their events, in the order of the events.

    Raises:
        LookupError: an event has no row; it names the event, and what a row has to say.
    """
    known = {row.event: row for row in rows}
    found = {}
    for event in events:
        if event not in known:
            raise LookupError(
                f"gradatim/conduct/catalogue.py has no row for the event {event.__name__}: add "
                f"Act({event.__name__}, title, sentence, roles), with the meaning of its signature "
                "if it is signed, the fields that the system fills in, whether it is refusable or "
                "correctable, and the pages on which it is offered"
            )
        found[event] = known[event]
    return found


def _with_correctors(acts: dict[type[Event], Act]) -> dict[type[Event], Act]:
    """Return the catalogue in which whoever may record a correctable act may correct."""
    correctors = {role for act in acts.values() if act.correctable for role in act.roles}
    roles = tuple(role for role in ROLES if role in correctors)
    return acts | {p.EntryCorrected: acts[p.EntryCorrected]._replace(roles=roles)}


ACTS: Mapping[type[Event], Act] = _with_correctors(catalogue_of(_ROWS, EVENTS))
"""Every act, by its event, in the order of `conduct.events.EVENTS`."""


def act_named(name: str) -> Act:
    """Return the act of an event's type, by its name.

    Raises:
        KeyError: there is no such event.
    """
    return ACTS[BY_NAME[name]]


def offered_on(page: str) -> tuple[Act, ...]:
    """Return the acts that a page offers, by its name, `NEXT` or `ANY_STATUS`."""
    return tuple(act for act in ACTS.values() if page in act.offered_on)
