"""What may be marked as made in error, by whom, and what such an entry bears on.

An entry of another person, of another bag or made twice is no fact: it is marked, stays to be seen,
and counts nowhere. What carries the authority of others (a signature that authorises, an act of the
committee, an approval, an erasure) is not undone by whoever finds it wrong: another act follows.

Source: ICH E6(R3), 4.2.2 and 4.2.4; 21 CFR 11.10(e); HL7 FHIR R4, `entered-in-error`.
"""

from collections.abc import Mapping

from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import review as r
from gradatim.conduct.events import safety as s
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import SYSTEM, Event
from gradatim.conduct.state import Participant, State, Void
from gradatim.conduct.views.doses import given

_BY_PROPOSAL = "the committee decides anew, by another proposal"
SUPERSEDED: Mapping[type[Event], str] = {
    t.TrialCreated: "begin another ledger",
    t.SealingKeyAdopted: "adopt another key",
    t.ProtocolSubmitted: "submit another document",
    t.RulingSigned: "rule on the question once more",
    t.ApprovalRecorded: "record the approval that is right",
    t.ProtocolActivated: "amend the protocol",
    t.ProtocolAmended: "amend the protocol once more",
    t.SiteOpened: "close the site",
    t.SiteClosed: "open the site again",
    t.RoleGranted: "take the task back",
    t.DelegationConfirmed: "take the task back",
    t.RoleRevoked: "give the task again",
    t.SigningKeyAdopted: "the person adopts another key",
    t.PersonIdentified: "take their tasks back, and have the person identified anew",
    t.TrialPaused: "the committee resumes dosing",
    t.TrialResumed: "pause dosing",
    t.UrgentSafetyMeasureTaken: "end the measure",
    t.UrgentSafetyMeasureEnded: "take another measure",
    t.TrialStopped: _BY_PROPOSAL,
    p.ConsentFormApproved: "record the form that is approved",
    p.EntryCorrected: "correct the entry once more, as it was",
    p.VoidConfirmed: "mark as made in error the entry that it confirms",
    p.CriterionAttested: "attest the criterion once more",
    p.EligibilityConfirmed: "confirm eligibility anew, or record that the person does not enter",
    p.ParticipantReplaced: _BY_PROPOSAL,
    p.ParticipantTransferred: "transfer the participant back",
    p.ParticipantsMerged: "register the other person anew",
    p.NamesakeStated: "record the registration that it is of, or let it be",
    p.PersonalDataErased: "nothing brings erased data back",
    x.ProductReleased: "put the bags in quarantine",
    x.PreparationVerified: "record the preparation as it is, which is verified anew",
    x.PreDoseChecklistSigned: "withhold the dose, or sign the checklist anew",
    s.AdverseEventClassified: "say once more what the adverse event is",
    s.DoseLimitingToxicityAdjudicated: _BY_PROPOSAL,
    s.DosingAllowed: _BY_PROPOSAL,
    s.EvaluabilityJudged: _BY_PROPOSAL,
    s.SentinelObservationJudged: _BY_PROPOSAL,
    s.ProtocolDeviationReviewed: "review the deviation once more",
    r.QueryOpened: "close the query",
    r.QueryAnswered: "answer the query once more",
    r.QueryClosed: "open another query",
    r.DataEndorsed: "correct what is wrong; it is endorsed anew",
    r.ReviewMeetingHeld: "record the meeting that was held",
    r.DoseDecision: _BY_PROPOSAL,
    r.ProposalMade: "withdraw the proposal",
    r.ProposalSigned: "withdraw the proposal",
    r.ProposalDissented: "make another proposal",
    r.ProposalWithdrawn: "make another proposal",
    r.DataLocked: "unlock the data",
    r.DataUnlocked: "lock the data",
}
"""Acts that are not marked as made in error, and what is done instead."""


def why_not_void(state: State, event: p.EntryVoided) -> tuple[str, str]:
    """Say why an entry cannot be marked as made in error, and what to do; empty where it can."""
    said = state.events[event.of]
    if type(said) in SUPERSEDED:
        return f"a {type(said).__name__} is superseded", SUPERSEDED[type(said)]
    if isinstance(said, s.ProtocolDeviation) and said.recorded_by == SYSTEM:
        return "it follows from another entry", "correct that entry, or review the deviation"
    if isinstance(said, p.EntryVoided):
        void = state.voids.get(said.of)
        if void is None or void.position != event.of:
            return "it was taken back", ""
        if (again := state.voids.get(event.of)) is not None:
            return _marked(again)
    elif (void := state.voids.get(event.of)) is not None:
        return _marked(void)
    if isinstance(said, p.ParticipantRegistered | p.ParticipantEnrolled):
        return _entered(state, state.participants[said.participant], event.of)
    if isinstance(said, p.InformedConsentObtained):
        one = state.participants[said.participant]
        if one.entries_of[p.InformedConsentObtained][0] == event.of:  # their way begins with it
            return _entered(state, one, event.of)
    return "", ""


def _entered(state: State, one: Participant, entry: int) -> tuple[str, str]:
    """Say why nobody takes away by what somebody entered the trial: what they were given stays."""
    if given(state, one):
        return f"{one.id} has been given the product", "correct what is wrong with it"
    if one.level is not None and not isinstance(state.events[entry], p.ParticipantEnrolled):
        return f"{one.id} has a place", "first mark the enrolment as made in error"
    return "", ""


def _marked(void: Void) -> tuple[str, str]:
    todo = "" if void.since else f"confirm entry {void.position}"
    return f"entry {void.position} says so already", todo


def void_to_confirm(state: State, event: p.VoidConfirmed) -> Void | None:
    """Return what a confirmation is about; None where nothing waits for one."""
    said = state.events.get(event.of)
    void = state.voids.get(said.of) if isinstance(said, p.EntryVoided) else None
    return void if void and void.position == event.of and void.since is None else None


OF_A_DOSE = (
    x.ProductReceived,
    x.ProductShipped,
    x.ShipmentReceived,
    x.ProductQuarantined,
    x.TemperatureExcursion,
    x.TemperatureExcursionAssessed,
    x.ProductReturned,
    x.ProductDestroyed,
    x.DosePrepared,
    x.DoseAdministered,
    x.DoseWithheld,
    s.MedicationErrorReported,
)
"""What always bears on a dose."""
WITH_RESULTS = (f.VitalSignsRecorded, f.LaboratoryResultsRecorded, f.ScoresRecorded)
