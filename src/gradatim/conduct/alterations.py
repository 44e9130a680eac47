"""What alters the subject of a proposal, which several sign while the trial goes on.

A dose decision rests on the whole trial: it is altered by what changes its basis, and by nothing
else, however much is recorded of anybody.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from gradatim.conduct.conflicts import NO_DATA, entry_about, participant_of
from gradatim.conduct.days import day_at
from gradatim.conduct.decision_basis import basis_of
from gradatim.conduct.events import findings
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.findings import ClinicalSignificanceSigned
from gradatim.conduct.events.participants import (
    Disposition,
    EntryCorrected,
    EntryVoided,
    FactRecorded,
    InformedConsentWithdrawn,
    ParticipantFound,
    ParticipantReplaced,
    ParticipantsMerged,
    VoidConfirmed,
)
from gradatim.conduct.events.product import (
    DoseAdministered,
    DosePrepared,
    DoseWithheld,
    ProductQuarantined,
    TemperatureExcursion,
)
from gradatim.conduct.events.records import RecordJudged
from gradatim.conduct.events.review import (
    DataEndorsed,
    DoseDecision,
    ProposalDissented,
    ProposalMade,
    ProposalSigned,
    ProposalWithdrawn,
    QueryAnswered,
    QueryClosed,
    QueryOpened,
    SourceDataVerified,
)
from gradatim.conduct.events.safety import (
    AdverseEventAssessed,
    AdverseEventClassified,
    AdverseEventReported,
    AdverseEventResolved,
    AdverseEventUpdated,
    DoseLimitingToxicityAdjudicated,
    MedicationErrorReported,
    PregnancyReported,
    ProtocolDeviation,
    ProtocolDeviationReviewed,
    SafetyReportSent,
)
from gradatim.conduct.events.trial import (
    ApprovalRecorded,
    ProtocolAmended,
    ReferenceRangesRecorded,
    TrialPaused,
    TrialStopped,
    UrgentSafetyMeasureEnded,
    UrgentSafetyMeasureTaken,
)
from gradatim.conduct.fold import fold
from gradatim.conduct.state import State

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
_NO_BASIS = (
    *NO_DATA,
    QueryOpened,
    QueryAnswered,
    QueryClosed,
    SourceDataVerified,
    DataEndorsed,
    ProposalMade,
    ProposalSigned,
    ProposalDissented,
    ProposalWithdrawn,
    ProtocolDeviation,
    ProtocolDeviationReviewed,
    SafetyReportSent,
    ApprovalRecorded,
)
"""What no decision rests on, whatever it says: nothing is worked out for it."""


def altered(state: State, act: Mapping[str, Any], since: int) -> tuple[int, ...]:
    """Return the entries after a position that alter the subject of what the committee signs.

    An adjudication and a replacement are about one participant; dosing is resumed on the whole
    trial's safety; a dose decision rests on its basis. Another version of the protocol, or of a
    laboratory's limits, alters each of them.

    Args:
        state: the trial now.
        act: the fields of the act that is proposed, its type under `event`.
        since: the position of the ledger that was looked at.
    """
    if act.get("event") == "DoseDecision":
        return state.remembered(
            f"altered decision {since}", lambda: tuple(_altering_the_decision(state, since))
        )
    return tuple(
        at for at in range(since + 1, state.position + 1) if _alters(state, act, state.events[at])
    )


def _altering_the_decision(state: State, since: int) -> Iterator[int]:
    """Yield the entries after a position with which the basis of a dose decision is another.

    The ledger is gone through once more from that position, as it was recorded.
    """
    if not any(_may_alter(state, at) for at in range(since + 1, state.position + 1)):
        return
    assert state.recorded_at is not None  # there are entries
    day = day_at(state, "", state.recorded_at)
    past = state.before_everything()
    fold(state.trial, ((at, _as_recorded(state, at)) for at in range(1, since + 1)), past)
    was = basis_of(past, day)
    for at in range(since + 1, state.position + 1):
        fold(state.trial, [(at, _as_recorded(state, at))], past)
        if not _may_alter(state, at):
            continue
        now = basis_of(past, day)
        about = entry_about(state, state.events[at])
        if now != was or isinstance(about, (*_OF_EVERYTHING, *_OF_THE_TRIAL)):
            yield at
        was = now


def _as_recorded(state: State, position: int) -> Event:
    """Return an entry as it was recorded, before it was corrected."""
    first = state.earlier.get(position)
    return first[0] if first else state.events[position]


def _may_alter(state: State, position: int) -> bool:
    """Whether an entry is of a kind that can alter what a dose decision rests on."""
    return not isinstance(entry_about(state, state.events[position]), _NO_BASIS)


def _alters(state: State, act: Mapping[str, Any], event: Event) -> bool:
    if isinstance(entry_about(state, event), _OF_EVERYTHING):
        return True
    if act.get("event") == "TrialResumed":
        return isinstance(
            event,
            (*_CLINICAL, *_OF_THE_TRIAL, *_OF_THE_PRODUCT, DoseLimitingToxicityAdjudicated),
        )
    if participant_of(state, event) != act.get("participant"):
        return False
    if isinstance(event, DoseLimitingToxicityAdjudicated):
        return act.get("candidate") in (None, event.candidate)
    return isinstance(event, (*_CLINICAL, ParticipantReplaced))
