"""What an act is about, and what its entry changes: whoever acts must have seen it.

An entry touches what it changes; whoever signs looks at more: a judgement of somebody at the rules
it is made by, a step of a dose at its product and at whether dosing goes on. What alters the
subject of a proposal, which several sign one after another, is said in `alterations`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gradatim.conduct.events import coding, participants, product, review, safety, trial
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.findings import ClinicalSignificanceSigned
from gradatim.conduct.events.participants import EntryCorrected, EntryVoided, VoidConfirmed
from gradatim.conduct.events.records import RecordJudged
from gradatim.conduct.signatures import MEANINGS
from gradatim.conduct.state import State
from gradatim.conduct.views.endorsement import to_endorse

_COHORT = (
    participants.ParticipantEnrolled,
    participants.ParticipantReplaced,
    review.DoseDecision,
    product.PreDoseChecklistSigned,
    product.DoseAdministered,
)
_DOSING = (
    trial.TrialPaused,
    trial.TrialResumed,
    trial.TrialStopped,
    trial.UrgentSafetyMeasureTaken,
    trial.UrgentSafetyMeasureEnded,
)
_IN_FORCE = (trial.ProtocolActivated, trial.ProtocolAmended)
_TASKS = (
    trial.RoleGranted,
    trial.DelegationConfirmed,
    trial.RoleRevoked,
    trial.TrainingRecorded,
)
_STEPS_OF_A_DOSE = (
    product.PreparationVerified,
    product.BedsideChecked,
    product.PreDoseChecklistSigned,
)
NO_DATA = (
    *_TASKS,
    trial.SealingKeyAdopted,
    trial.SigningKeyAdopted,
    trial.PersonIdentified,
    review.ExportMade,
    review.ReviewMeetingHeld,
)
"""What leaves the data of the trial as they are."""


def participant_of(state: State, event: Event) -> str | None:
    """Give the participant whom an event is about; a correction is about whom its entry is."""
    name: str | None = getattr(entry_about(state, event), "participant", None)
    return name


def entry_about(state: State, event: Event) -> Event | None:
    """Return the entry that a correction, a confirmation or a void is about."""
    if isinstance(event, trial.DelegationConfirmed):
        return state.events.get(event.of)
    if isinstance(event, EntryCorrected | EntryVoided | VoidConfirmed):
        of = state.events.get(event.of)
        return entry_about(state, of) if isinstance(of, EntryVoided) else of
    return event


def subjects(state: State, event: Event) -> frozenset[str]:
    """Give what an entry changes: a participant, a cohort, a lot, a question, a task, an entry.

    A place, and the wait after the first participant of a level, are matters of the whole cohort.
    """
    about = entry_about(state, event)
    named = {name: getattr(about, name, None) for name in ("participant", "lot")}
    found = {f"{kind} {name}" for kind, name in named.items() if name is not None}
    if isinstance(event, _COHORT):
        one = state.participants.get(getattr(event, "participant", ""))
        level = getattr(event, "level", None) or (one.level if one else None)
        found.add(f"level {level}")
    if not isinstance(event, NO_DATA):
        found.add("data")
    return frozenset(found | _of_the_trial(about) | _entries(state, event))


_PRODUCT = (
    product.ProductQuarantined,
    product.TemperatureExcursion,
    product.TemperatureExcursionAssessed,
    product.ProductReleased,
    product.ProductReturned,
    product.ProductDestroyed,
    product.ProductDifferenceExplained,
)
"""What says whether a lot may be used."""


_Names = Callable[[Any], Iterable[str]]
_CHANGES: Mapping[type[Event], _Names] = {
    trial.RulingSigned: lambda event: (f"question {event.question}", "rulings"),
    trial.SigningKeyAdopted: lambda event: (f"key of {event.recorded_by}",),
    trial.PersonIdentified: lambda event: (f"key of {event.user}",),
    trial.ProtocolSubmitted: lambda event: ("document",),
    trial.ReferenceRangesRecorded: lambda event: ("reference limits",),
    participants.ParticipantsMerged: lambda event: (f"participant {event.into}",),
    coding.TermListLoaded: lambda event: (f"term list {event.name}",),
    trial.SiteOpened: lambda event: (f"site {event.site}",),
    trial.SiteClosed: lambda event: (f"site {event.site}",),
    review.ProposalDissented: lambda event: (f"proposal {event.proposal}",),
    review.ProposalWithdrawn: lambda event: (f"proposal {event.proposal}",),
    review.DataLocked: lambda event: ("lock",),
    review.DataUnlocked: lambda event: ("lock",),
    **{kind: lambda event: ("dosing",) for kind in _DOSING},
    **{kind: lambda event: ("protocol",) for kind in _IN_FORCE},
    **{kind: lambda event: (f"product {event.lot}",) for kind in _PRODUCT},
    **{kind: lambda event: (f"tasks of {getattr(event, 'user', '')}",) for kind in _TASKS},
}
"""What entries change that is of no participant, by name."""


def _of_the_trial(event: Event | None) -> set[str]:
    """Return what an entry changes that is of no participant."""
    names = None if event is None else _CHANGES.get(type(event))
    return set(names(event)) if names else set()


def _entries(state: State, event: Event) -> set[str]:
    """Return the entries that an event changes, judges or compares with their source."""
    match event:
        case (
            EntryCorrected()
            | EntryVoided()
            | ClinicalSignificanceSigned()
            | RecordJudged()
            | safety.ProtocolDeviationReviewed()
            | trial.UrgentSafetyMeasureNotified()
            | trial.UrgentSafetyMeasureEnded()
        ):
            return {f"entry {event.of}"}
        case VoidConfirmed():
            of = state.events.get(event.of)
            return {
                f"entry {event.of}",
                *({f"entry {of.of}"} if isinstance(of, EntryVoided) else ()),
            }
        case review.SourceDataVerified():
            return {f"entry {one}" for one in event.entries}
    return set()


_Seen = Callable[[State, Any], Iterable[str]]


def looked_at(state: State, event: Event) -> frozenset[str]:
    """Give what an act is about: what it changes, and what its signer looks at besides.

    Of a participant everything that is signed rests on the protocol in force and on the limits of
    laboratories.
    """
    found = set(subjects(state, event)) - {"data", "rulings", "document", "dosing"}
    if type(event) in MEANINGS and participant_of(state, event) is not None:
        found |= {"protocol", "rulings", "reference limits"}
    if isinstance(event, _STEPS_OF_A_DOSE):
        found |= {"dosing", *_lots_of_dose(state, event)}
    more = _BESIDES.get(type(event))
    return frozenset(found | set(more(state, event) if more else ()))


def _lots_of_dose(state: State, event: Any) -> set[str]:
    """Return the product that was set aside, or prepared, for a dose."""
    one = state.participants.get(event.participant)
    kinds = (product.ProductAssigned, product.DosePrepared)
    at = [position for kind in kinds for position in (one.entries_of.get(kind, ()) if one else ())]
    made: list[Any] = [state.events[position] for position in at]
    return {f"product {entry.lot}" for entry in made if entry.dose == event.dose}


def _deviation(state: State, event: safety.ProtocolDeviationReviewed) -> Iterable[str]:
    """A deviation is of the entry that broke the rule."""
    found = state.deviations.get(event.of)
    return (f"entry {found.of}",) if found is not None and found.of else ()


def _endorsed(state: State, event: review.DataEndorsed) -> Iterable[str]:
    """Who endorses stands for each entry that is new; what comes after is not endorsed."""
    found = to_endorse(state, event.site)
    return {f"entry {at}" for one in found for at in one.entries if at <= event.upto}


_BESIDES: Mapping[type[Event], _Seen] = {
    trial.RulingSigned: lambda _state, _event: ("document", "protocol"),
    trial.ProtocolActivated: lambda _state, _event: ("document", "rulings"),
    trial.ProtocolAmended: lambda _state, _event: ("document", "rulings"),
    trial.RoleGranted: lambda _state, event: (f"site {event.site}",),
    trial.DelegationConfirmed: lambda _state, event: (f"site {event.site}",),
    trial.TrialStopped: lambda _state, _event: ("dosing",),
    trial.UrgentSafetyMeasureEnded: lambda _state, _event: ("dosing",),
    participants.TransferProposed: lambda _state, event: (f"site {event.to_site}",),
    participants.ParticipantTransferred: lambda _state, event: (f"site {event.site}",),
    safety.ProtocolDeviationReviewed: _deviation,
    review.ProposalSigned: lambda _state, event: (f"proposal {event.proposal}",),
    review.DataEndorsed: _endorsed,
    review.DataLocked: lambda _state, _event: ("data",),
}
"""What the signer of an act looks at, beside what the act changes."""


def conflicting_entries(state: State, event: Event, since: int) -> tuple[int, ...]:
    """Give the entries after a position that touch what an event is about."""
    mine = looked_at(state, event)
    return tuple(
        at
        for at in range(since + 1, state.position + 1)
        if mine & subjects(state, state.events[at])
    )


def changed_by_others(state: State, event: Event, seen: int) -> tuple[int, ...]:
    """Return the entries of others that touched what a fact is about since it was looked at.

    A fact that nobody signs and that is about no participant is about nothing that others change.
    """
    signs = type(event) in MEANINGS or isinstance(event, EntryCorrected)
    if participant_of(state, event) is None and not signs:
        return ()
    return tuple(
        at
        for at in conflicting_entries(state, event, seen)
        if state.events[at].recorded_by != event.recorded_by
    )
