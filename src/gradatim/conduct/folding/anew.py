"""What an entry adds to the state is worked out anew: it says something else, or counts no more.

What several entries add together is folded from those that count, so that a state after a
correction, or after an entry was found to be made in error, is the state without the slip.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gradatim.conduct.events import coding, participants, review, trial
from gradatim.conduct.events.base import Event
from gradatim.conduct.folding import product
from gradatim.conduct.state import Cohort, Participant, State
from gradatim.conduct.transitions import AS_BEFORE, ENDED, ON_THE_WAY, PARTICIPANT, STEPS, act

Consent = participants.InformedConsentObtained | participants.InformedConsentRenewed


def participant_named(state: State, name: str) -> Participant | None:
    """Return a participant by number; of a number that was given up, the one that goes on."""
    one = state.participants.get(name)
    while one is not None and one.merged_into:  # that number may have been given up in turn
        one = state.participants.get(one.merged_into)
    return one


def everything_anew(state: State) -> None:
    """Let what was worked out of anybody be worked out again, of the past too."""
    for one in state.participants.values():
        one.changed()


def answer(state: State, deviations: Iterable[int], position: int) -> None:
    """Note that the cause of deviations was a slip of the pen, which an entry took back."""
    for at in deviations:
        if at in state.deviations and state.deviations[at].answered_by is None:
            state.deviations[at] = state.deviations[at]._replace(answered_by=position)


def as_registered(one: Participant, event: participants.ParticipantRegistered) -> None:
    """Take over what a registration says, as it stands corrected."""
    one.sex, one.birth, one.identity = event.sex, event.birth or "", dict(event.identity)
    one.screened_as = event.screened_as or ""


def consents(one: Participant, position: int, event: Consent) -> None:
    """Note that somebody consents."""
    one.consents.append((position, event.version))
    if one.consent_ended_on is None or event.occurred_on >= one.consent_ended_on:
        one.consent = "given"  # one that is recorded late restores nothing


def withdraws(
    one: Participant, position: int, event: participants.InformedConsentWithdrawn
) -> None:
    """Note that somebody withdraws, from treatment or from everything."""
    everything = event.scope == "all" or one.consent == "withdrawn"
    one.consent = "withdrawn" if everything else "treatment withdrawn"
    one.consent_ended, one.consent_ended_on = position, event.occurred_on


def confirmed(one: Participant, position: int, event: participants.EligibilityConfirmed) -> None:
    """Note the confirmation of eligibility in force."""
    one.eligible_at, one.first_dose_planned = position, event.first_dose_on


def places(state: State, cohort: Cohort) -> None:
    """Say of a cohort that enrols whether it is full."""
    cohort.status = "open" if state.free_places(cohort) > 0 else "full"


_ANEW: Mapping[type[Event], Callable[[Participant, int, Any], None]] = {
    participants.InformedConsentObtained: consents,
    participants.InformedConsentRenewed: consents,
    participants.InformedConsentWithdrawn: withdraws,
    participants.EligibilityConfirmed: confirmed,
}
"""What the entries of a participant add to them alone."""


def take_step(participant: Participant, event: Event) -> None:
    """Let an event move a participant along, where the table of statuses has that step."""
    after = PARTICIPANT.get((participant.status, act(event)))
    if after is None:
        return
    if after == AS_BEFORE:
        after = participant.before_end or participant.status
    elif after in ENDED and participant.status in ON_THE_WAY:
        participant.before_end = participant.status
    participant.status = after


def stands_anew(state: State, one: Participant) -> None:
    """Fold anew what the entries of a participant that count add to them.

    Their place in a cohort is not touched.
    """
    one.status, one.consent, one.before_end = "registered", "none", ""
    one.consents, one.eligible_at, one.first_dose_planned = [], None, None
    one.consent_ended, one.consent_ended_on = 0, None
    one.level, one.replaced = None, False
    kinds: set[type[Event]] = {*_ANEW, *STEPS, participants.ParticipantReplaced}
    found = sorted(at for kind in kinds for at in one.entries_of.get(kind, []))
    for at in found:
        event = state.events[at]
        if handler := _ANEW.get(type(event)):
            handler(one, at, event)
        elif isinstance(event, participants.ParticipantEnrolled):
            one.level = event.level
        elif isinstance(event, participants.ParticipantReplaced):
            one.replaced = True
        if type(event) in STEPS and getattr(event, "participant", "") == one.id:
            take_step(one, event)
    if one.merged_into:
        one.status = PARTICIPANT.get((one.status, "ParticipantsMerged"), one.status)
    first = state.events[one.position]
    if isinstance(first, participants.ParticipantRegistered):
        as_registered(one, first)
    void = state.voids.get(one.position)
    if void is not None and void.since is not None:
        one.status = PARTICIPANT.get((one.status, "EntryVoided: registration"), one.status)


def counted_anew(state: State, position: int) -> None:
    """Work out anew what an entry adds to the state: it says something else, or counts no more."""
    event = state.events[position]
    kind, one = type(event), state.participants.get(getattr(event, "participant", "") or "")
    if one is not None and (kind in STEPS or kind in _ANEW or position == one.position):
        stands_anew(state, one)
    if one is not None and kind is participants.ParticipantEnrolled:
        _placed_anew(state, one)
    if kind in product.HANDLERS:
        product.refold(state)
    if kind in _WHOLE:
        _WHOLE[kind](state)


def _placed_anew(state: State, one: Participant) -> None:
    """Give a place in the cohort of then to whoever has an enrolment that counts, and free it."""
    held = one.entries_of.get(participants.ParticipantEnrolled, [])
    now = None
    for cohort in state.cohorts:
        if held and cohort.position < held[-1] and cohort.level == one.level:
            now = cohort
    one.cohort = now.number if now else None
    for cohort in state.cohorts:
        there = one.id in cohort.members
        if there is (cohort is now):
            continue
        if there:
            cohort.members.remove(one.id)
        else:
            cohort.members.append(one.id)
        if cohort.status != "closed":
            places(state, cohort)


def _verified_anew(state: State) -> None:
    state.verified = {
        at
        for position, one in state.events.of(review.SourceDataVerified)
        for at in one.entries
        if not any(later > position for later in state.corrected_by.get(at, ()))
    }


def _trained_anew(state: State) -> None:
    state.training, state.trained_at = {}, set()
    for _, one in state.events.of(trial.TrainingRecorded):
        trained(state, one)


def trained(state: State, event: trial.TrainingRecorded) -> None:
    """Note that somebody was trained on a version, from the earliest day on."""
    known = state.training.setdefault(event.user, {})
    known[event.version] = min(event.occurred_on, known.get(event.version, event.occurred_on))
    state.trained_at.add(event.site)


def _ranges_anew(state: State) -> None:
    state.ranges = {
        (one.laboratory, one.version): at
        for at, one in state.events.of(trial.ReferenceRangesRecorded)
    }
    everything_anew(state)  # samples of a version have other limits now


def _exports_anew(state: State) -> None:
    state.exports = [at for at, _ in state.events.of(review.ExportMade)]


_WHOLE: Mapping[type[Event], Callable[[State], None]] = {
    review.SourceDataVerified: _verified_anew,
    trial.TrainingRecorded: _trained_anew,
    trial.ReferenceRangesRecorded: _ranges_anew,
    review.ExportMade: _exports_anew,
    coding.TermListLoaded: everything_anew,
}
"""What some types of entry add to the trial as a whole."""
