"""Each event as one sentence, so that a ledger can be read as the story of its trial."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import records as d
from gradatim.conduct.events import review as r
from gradatim.conduct.events import safety as s
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Event, Measured
from gradatim.core.quantity import Quantity

SENTENCES: Mapping[type[Event], str] = {
    t.TrialCreated: "the trial begins ({mode}): {title}",
    t.ProtocolSubmitted: "protocol version {version} is submitted (sha256 {sha256:.12})",
    t.RulingSigned: "the sponsor rules on {question}: {outcome} {answer}",
    t.ApprovalRecorded: "{authority} approval of version {version}: {reference}",
    t.ProtocolActivated: "protocol version {version} is activated (sha256 {sha256:.12})",
    t.ProtocolAmended: "the protocol is amended to version {version} (sha256 {sha256:.12})",
    t.SiteOpened: "the site is opened: {name}",
    t.SiteClosed: "the site is closed: {reason}",
    t.RoleGranted: "{user} is given the task {role}",
    t.RoleRevoked: "{user} is no longer {role}: {reason}",
    t.TrainingRecorded: "{user} is trained on version {version}",
    t.ReferenceRangesRecorded: "reference ranges of laboratory {laboratory}, version {version}",
    t.TrialPaused: "dosing is paused: {reason}",
    t.TrialResumed: "the committee resumes dosing: {reason}",
    t.TrialStopped: "dosing is stopped for good: {reason}",
    p.ParticipantRegistered: "{participant} is registered",
    p.InformedConsentObtained: "{participant} consents (form {version}, {language})",
    p.InformedConsentRenewed: "{participant} consents again (form {version}, {language})",
    p.InformedConsentWithdrawn: "{participant} withdraws consent ({scope}): {reason}",
    p.FactRecorded: "{participant}: {fact}",
    p.RecordNotUnderstood: "{participant}: record {record} of a source is not understood",
    d.RecordsRead: "{participant}: {read} records of {source} are read",
    d.RecordJudged: "{participant}: {signer} judges record {record} of a source: {answers}",
    p.EntryCorrected: "entry {of} is corrected: {reason}",
    p.HistoryDeclaredComplete: "{participant}: {signer} signs that the history is complete "
    "({kinds})",
    p.CriterionAttested: "{participant}: criterion {criterion} is attested ({passes}): {reason}",
    p.EligibilityConfirmed: "{participant} is confirmed eligible by {signer}",
    p.ScreenFailed: "{participant} does not enter: {reason}",
    p.PlacedOnWaitingList: "{participant} waits for a place",
    p.ParticipantEnrolled: "{participant} takes a place at level {level}",
    p.ParticipantReplaced: "{participant}'s place is free again: {reason}",
    p.Disposition: "{participant}: {status} {reason}",
    p.PersonalDataErased: "{participant}: identifying data erased: {order}",
    x.ProductReceived: "lot {lot} is received: {bags}",
    x.ProductQuarantined: "lot {lot}: {bags} in quarantine: {reason}",
    x.TemperatureExcursion: "lot {lot}: {bags} reached {worst_celsius:g} °C for {minutes:g} min",
    x.TemperatureExcursionAssessed: "lot {lot}: {bags} assessed, fit: {fit}: {reason}",
    x.ProductReleased: "lot {lot}: {bags} released {out_of_specification}",
    x.ProductReturned: "lot {lot}: {bags} returned: {reason}",
    x.ProductDestroyed: "lot {lot}: {bags} destroyed: {reason}",
    x.ProductAssigned: "{participant}: {bags} of lot {lot} are set aside for dose {dose}",
    x.DosePrepared: "{participant}: dose {dose} is prepared, {amount:,.10g} of {planned:,.10g} "
    "{unit}",
    x.PreparationVerified: "{participant}: the preparation of dose {dose} is verified",
    x.PreDoseChecklistSigned: "{participant}: {signer} signs the checklist of dose {dose}",
    x.DoseAdministered: "{participant} is given dose {dose}: {amount:,.10g} {unit}",
    x.DoseWithheld: "{participant}: dose {dose} is withheld: {reason}",
    f.EncounterDone: "{participant}: visit {encounter}",
    f.EncounterMissed: "{participant}: visit {encounter} is missed: {reason}",
    f.VitalSignsRecorded: "{participant}: {results}",
    f.LaboratoryResultsRecorded: "{participant}: laboratory {collected_on}: {results}",
    f.ScoresRecorded: "{participant}: {results}",
    f.ClinicalSignificanceSigned: "{participant}: {signer} judges {element} of entry {of}, "
    "significant: {significant}",
    s.AdverseEventReported: "{participant}: {adverse_event} {term}, grade {grade}, {serious}",
    s.AdverseEventUpdated: "{participant}: more on {adverse_event}: {comment}",
    s.AdverseEventResolved: "{participant}: {adverse_event} {outcome} on {resolved_on}",
    s.AdverseEventClassified: "{participant}: {signer} says what {adverse_event} is: {answers}",
    s.AdverseEventAssessed: "{participant}: the sponsor judges {adverse_event} {relation}, "
    "expected: {expected}",
    s.SafetyReportSent: "{adverse_event}: {report} report to {recipient}",
    s.PregnancyReported: "{participant}: pregnancy of the {person}",
    s.MedicationErrorReported: "{participant}: medication error: {description}",
    s.DoseLimitingToxicityAdjudicated: "{participant}: {candidate} adjudicated, dose-limiting: "
    "{dose_limiting}",
    s.ProtocolDeviation: "deviation ({rule}): {description}",
    s.ProtocolDeviationReviewed: "deviation {of} reviewed, important: {important}",
    r.QueryOpened: "{query} on entry {of}: {question}",
    r.QueryAnswered: "{query}: {answer}",
    r.QueryClosed: "{query} is closed",
    r.SourceDataVerified: "entries {entries} verified",
    r.ReviewMeetingHeld: "the committee meets over entry {head}, data of {data_cut_on}",
    r.DoseDecision: "the committee decides: {action}, level {level} (advice: {advice_action}, "
    "level {advice_level}, on outcomes {outcomes}) {reason}",
    r.ProposalMade: "{proposal} is proposed to the committee: {act}",
    r.ProposalSigned: "{recorded_by} signs {proposal}",
    r.ProposalWithdrawn: "{proposal} is withdrawn: {reason}",
    r.DataLocked: "the data are locked {reason}",
    r.DataUnlocked: "the data are unlocked: {reason}",
    r.ExportMade: "{format} export to {recipient}",
}


_HASHED = re.compile(r"[0-9a-f]{64}")


def told(event: Event) -> str:
    """Tell an event in a sentence."""
    fields = {name: _word(getattr(event, name)) for name in event.__struct_fields__}
    if "unit" in fields:
        fields["unit"] = fields["unit"].replace("{", "").replace("}", "")
    return " ".join(SENTENCES[type(event)].format(**fields).split()).rstrip(":, ")


def _word(value: Any) -> Any:
    if isinstance(value, Measured):
        return _measured(value)
    if isinstance(value, x.Bag):
        return value.id
    if isinstance(value, dict):
        plain = {name: one for name, one in value.items() if isinstance(one, str | int | float)}
        return ", ".join(
            f"{name} {_word(one)}" for name, one in plain.items() if not _HASHED.fullmatch(str(one))
        )
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "–"
    if isinstance(value, str | int | float):
        return value
    return _listed(value) if isinstance(value, Iterable) else str(value)


def _listed(values: Iterable[Any], most: int = 6) -> str:
    words = [str(_word(one)) for one in values]
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def _measured(one: Measured) -> str:
    if one.value is None:
        return f"{one.element} {one.code}".rstrip()
    return f"{one.element} {Quantity(one.value, one.unit, one.bound)} {one.code}".rstrip()
