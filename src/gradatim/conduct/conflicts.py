"""What an event touches, and what alters what a committee signs: whoever decides must have seen it.

`conflicting_entries` is about one act and the entries beside it; `altered` is about a proposal,
which several sign one after another while the trial goes on.
"""

from collections.abc import Mapping
from typing import Any

from gradatim.conduct.events import findings
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.findings import ClinicalSignificanceSigned
from gradatim.conduct.events.participants import (
    Disposition,
    EntryCorrected,
    EntryVoided,
    FactRecorded,
    InformedConsentWithdrawn,
    ParticipantEnrolled,
    ParticipantFound,
    ParticipantReplaced,
    ParticipantsMerged,
    VoidConfirmed,
)
from gradatim.conduct.events.product import (
    DoseAdministered,
    DosePrepared,
    DoseWithheld,
    PreDoseChecklistSigned,
    ProductQuarantined,
    TemperatureExcursion,
)
from gradatim.conduct.events.records import RecordJudged
from gradatim.conduct.events.review import DoseDecision, SourceDataVerified
from gradatim.conduct.events.safety import (
    AdverseEventAssessed,
    AdverseEventClassified,
    AdverseEventReported,
    AdverseEventResolved,
    AdverseEventUpdated,
    DoseLimitingToxicityAdjudicated,
    MedicationErrorReported,
    PregnancyReported,
)
from gradatim.conduct.events.trial import (
    ProtocolAmended,
    ReferenceRangesRecorded,
    RulingSigned,
    TrialPaused,
    TrialStopped,
    UrgentSafetyMeasureEnded,
    UrgentSafetyMeasureTaken,
)
from gradatim.conduct.state import State

_COHORT = (
    ParticipantEnrolled,
    ParticipantReplaced,
    DoseDecision,
    PreDoseChecklistSigned,
    DoseAdministered,
)


def participant_of(state: State, event: Event) -> str | None:
    """Give the participant whom an event is about; a correction is about whom its entry is."""
    name: str | None = getattr(_about(state, event), "participant", None)
    return name


def _about(state: State, event: Event) -> Event | None:
    """Return the entry that a correction, or a void and its confirmation, is about."""
    if isinstance(event, EntryCorrected | EntryVoided | VoidConfirmed):
        of = state.events.get(event.of)
        return _about(state, of) if isinstance(of, EntryVoided) else of
    return event


def subjects(state: State, event: Event) -> frozenset[str]:
    """Give the participant, cohort, lot and question of the protocol that an event is about.

    A place, and the wait after the first participant of a level, are matters of the whole cohort.
    """
    known = {"participant": participant_of(state, event), "lot": getattr(event, "lot", None)}
    found = {f"{kind} {name}" for kind, name in known.items() if name is not None}
    if isinstance(event, RulingSigned):
        found.add(f"question {event.question}")
    if isinstance(event, _COHORT):
        one = state.participants.get(getattr(event, "participant", ""))
        level = getattr(event, "level", None) or (one.level if one else None)
        found.add(f"level {level}")
    return frozenset(found | _entries(state, event))


def _entries(state: State, event: Event) -> set[str]:
    """Return the entries that an event changes, judges or compares with their source."""
    match event:
        case EntryCorrected() | EntryVoided() | ClinicalSignificanceSigned() | RecordJudged():
            return {f"entry {event.of}"}
        case VoidConfirmed():
            of = state.events.get(event.of)
            return {f"entry {of.of}"} if isinstance(of, EntryVoided) else set()
        case SourceDataVerified():
            return {f"entry {one}" for one in event.entries}
    return set()


def conflicting_entries(state: State, event: Event, since: int) -> tuple[int, ...]:
    """Give the entries after a position that touch what an event is about."""
    mine = subjects(state, event)
    return tuple(
        at
        for at in range(since + 1, state.position + 1)
        if mine & subjects(state, state.events[at])
    )


def changed_by_others(state: State, event: Event, seen: int) -> tuple[int, ...]:
    """Return the entries of others that touched the participant of an event since it was looked at.

    Of what is about no participant that is nothing, but for entries that are said to be verified.
    """
    if participant_of(state, event) is None and not isinstance(event, SourceDataVerified):
        return ()
    return tuple(
        at
        for at in conflicting_entries(state, event, seen)
        if state.events[at].recorded_by != event.recorded_by
    )


_CLINICAL: tuple[type[Event], ...] = (
    findings.VitalSignsRecorded,
    findings.LaboratoryResultsRecorded,
    findings.ScoresRecorded,
    ClinicalSignificanceSigned,
    FactRecorded,
    RecordJudged,
    EntryCorrected,
    EntryVoided,
    VoidConfirmed,
    ParticipantFound,
    ParticipantsMerged,
    DosePrepared,
    DoseAdministered,
    DoseWithheld,
    AdverseEventReported,
    AdverseEventUpdated,
    AdverseEventResolved,
    AdverseEventAssessed,
    AdverseEventClassified,
    PregnancyReported,
    MedicationErrorReported,
    Disposition,
    InformedConsentWithdrawn,
)
"""What says how a participant is, or was treated."""
_OF_THE_TRIAL = (
    TrialPaused,
    TrialStopped,
    DoseDecision,
    UrgentSafetyMeasureTaken,
    UrgentSafetyMeasureEnded,
)
_OF_EVERYTHING = (ProtocolAmended, ReferenceRangesRecorded)
"""What everybody's records may say otherwise since."""
_OF_THE_PRODUCT = (TemperatureExcursion, ProductQuarantined)


def altered(state: State, act: Mapping[str, Any], since: int) -> tuple[int, ...]:
    """Return the entries after a position that alter the subject of what the committee signs.

    An adjudication and a replacement are about one participant; dosing is resumed on the whole
    trial's safety; a dose decision rests on all that is recorded of anybody. Another version of the
    protocol, or of a laboratory's limits, alters each of them.

    Args:
        state: the trial now.
        act: the fields of the act that is proposed, its type under `event`.
        since: the position of the ledger that was looked at.
    """
    return tuple(
        at for at in range(since + 1, state.position + 1) if _alters(state, act, state.events[at])
    )


def _alters(state: State, act: Mapping[str, Any], event: Event) -> bool:
    if isinstance(_about(state, event), _OF_EVERYTHING):
        return True
    match act.get("event"):
        case "DoseDecision":
            return isinstance(event, _OF_THE_TRIAL) or participant_of(state, event) is not None
        case "TrialResumed":
            return isinstance(
                event,
                (*_CLINICAL, *_OF_THE_TRIAL, *_OF_THE_PRODUCT, DoseLimitingToxicityAdjudicated),
            )
    if participant_of(state, event) != act.get("participant"):
        return False
    if isinstance(event, DoseLimitingToxicityAdjudicated):
        return act.get("candidate") in (None, event.candidate)
    return isinstance(event, (*_CLINICAL, ParticipantReplaced))
