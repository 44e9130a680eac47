"""What is asked again when an entry says something else, or is to count no more.

The rules are asked of the corrected entry as if it were recorded now, beside all else that is
recorded: what it breaks, and its earlier version did not, is a deviation of it; a deviation whose
cause was the slip is answered. The same look at the ledger without an entry says what would vanish
with it.
"""

from bisect import insort
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from msgspec import structs

from gradatim.conduct.conflicts import participant_of
from gradatim.conduct.corrections import correction_of
from gradatim.conduct.event_log import AlteredLog
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.coding import TermListLoaded
from gradatim.conduct.events.findings import LaboratoryResultsRecorded, VitalSignsRecorded
from gradatim.conduct.events.participants import (
    Disposition,
    EntryCorrected,
    EntryVoided,
    InformedConsentObtained,
    InformedConsentRenewed,
    InformedConsentWithdrawn,
    ParticipantEnrolled,
    ParticipantRegistered,
)
from gradatim.conduct.events.product import DoseAdministered, DosePrepared
from gradatim.conduct.events.safety import SafetyReportSent
from gradatim.conduct.events.trial import ReferenceRangesRecorded, UrgentSafetyMeasureNotified
from gradatim.conduct.folding.anew import participant_named, stands_anew
from gradatim.conduct.folding.product import HANDLERS as PRODUCT
from gradatim.conduct.folding.product import refold
from gradatim.conduct.policies import RULES, check, gates, unmet_rules
from gradatim.conduct.policies.verdicts import rule
from gradatim.conduct.sealed_records import without_words
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import doses, entries_of
from gradatim.conduct.views.reporting import reports
from gradatim.conduct.views.safety import possible_dlts
from gradatim.conduct.views.stopping_rules import unanswered_rules
from gradatim.conduct.views.term_lists import reads_terms
from gradatim.conduct.voids import OF_A_DOSE
from gradatim.core.message import Text
from gradatim.core.truth import TRUE


def without(state: State, position: int) -> tuple[State, Participant | None]:
    """Return the trial as it would be if an entry did not count, and whom the entry is about."""
    return _without(state, position, {})


def _without(
    state: State, position: int, instead: dict[int, Event]
) -> tuple[State, Participant | None]:
    entry = state.events[position]
    one = participant_named(state, getattr(entry, "participant", "") or "")
    gone = frozenset((position, *state.corrected_by.get(position, ())))
    other = replace(state, events=AlteredLog(state.events, gone, instead), _known={})
    if {type(entry), *map(type, instead.values())} & {*PRODUCT}:
        refold(other)
    if one is None:
        return other, None
    kinds = (type(entry), EntryCorrected)
    left = {
        kind: [at for at in some if at not in gone] if kind in kinds else some
        for kind, some in one.entries_of.items()
    }
    entries = [at for at in one.entries if at not in gone]
    return other, _as_it_would_be(other, replace(one, entries=entries, entries_of=left))


def _as_it_would_be(other: State, one: Participant) -> Participant:
    """Return a participant with other entries than they have, in a state that knows them so."""
    was = replace(one, _known={}, _past={})
    stands_anew(other, was)
    other.participants = {**other.participants, was.id: was}
    return was


def _counting_again(state: State, position: int) -> tuple[State, Participant | None]:
    """Return the trial as it would be if an entry counted that was made in error."""
    entry = state.events[position]
    one = participant_named(state, getattr(entry, "participant", "") or "")
    voids = {at: void for at, void in state.voids.items() if at != position}
    log = AlteredLog(state.events, again=(position,))
    other = replace(state, events=log, voids=voids, _known={})
    if type(entry) in PRODUCT:
        refold(other)
    if one is None:
        return other, None
    entries_of = {kind: list(some) for kind, some in one.entries_of.items()}
    back = [at for at in (position, *state.corrected_by.get(position, ())) if at in one.voided]
    for at in back:
        insort(entries_of.setdefault(type(state.events[at]), []), at)
    return other, _as_it_would_be(
        other,
        replace(
            one,
            entries=sorted([*one.entries, *back]),
            entries_of=entries_of,
            voided=[at for at in one.voided if at not in back],
        ),
    )


class AskedAgain(NamedTuple):
    """What comes of a correction.

    Args:
        broken: rules that an entry breaks now and did not before: the entry, the rule, and why.
        answers: the deviations whose cause it takes away.
    """

    broken: tuple[tuple[int, str, Text], ...]
    answers: tuple[int, ...]


def asked_again(state: State, event: EntryCorrected) -> AskedAgain:
    """Return what comes of asking the rules again of what a correction bears on.

    The correction must be usable.
    """
    was, now = correction_of(state, event)
    if "relation" in event.fields:  # whose judgement it is counts, and that is the corrector's
        now = structs.replace(now, recorded_by=event.recorded_by)
    state = without_words(state, participant_of(state, event) or "")
    broken: list[tuple[int, str, Text]] = []
    answers: list[int] = []
    for at, before, after in _asked(state, event.of, was, now):
        told = {name: str(why) for name, why in before}
        news = [(name, why) for name, why in after if told.get(name) != str(why)]
        still = {name for name, why in after if told.get(name) == str(why)}
        broken += ((at, name, why) for name, why in news)
        answers += (
            number
            for number in state.deviations_of.get(at, ())
            if (known := state.deviations[number]).rule in told
            and known.answered_by is None
            and known.rule not in still
        )
    return AskedAgain(tuple(broken), tuple(answers))


_Rules = list[tuple[str, Text]]


def _asked(
    state: State, position: int, was: Event, now: Event
) -> Iterator[tuple[int, _Rules, _Rules]]:
    """Yield each entry that is asked again, with the rules that it broke, and breaks now."""
    if type(was) in RULES:
        alone, _ = without(state, position)
        yield position, _unmet(alone, was), _unmet(alone, now)
    for at in _resting_on(state, position, was):
        entry = state.events[at]
        before, _ = without(state, at)
        after, _ = _without(state, at, {position: now})
        yield at, _unmet(before, entry), _unmet(after, entry)


def _unmet(state: State, event: Event) -> _Rules:
    return unmet_rules(event, check(state, event))


_WHENEVER = (
    DosePrepared,
    DoseAdministered,
    VitalSignsRecorded,
    InformedConsentObtained,
    InformedConsentRenewed,
    InformedConsentWithdrawn,
    Disposition,
)
"""What a dose rests on whenever it was recorded: what it was of, its weights, and consents and ends
that are asked by their own days."""


def _resting_on(state: State, position: int, was: Event) -> Iterator[int]:
    """Yield the preparations and doses that were right by what an entry said.

    Of most entries these are the later ones: they rest on what was known of the participant.
    """
    one = participant_named(state, getattr(was, "participant", "") or "")
    if one is None:
        return
    for at, dose in entries_of(state, one, DosePrepared, DoseAdministered):
        same = not isinstance(was, DosePrepared | DoseAdministered) or was.dose == dose.dose
        known = position < at or isinstance(was, _WHENEVER)
        if at != position and same and known:
            yield at


def bears_on(state: State, event: EntryVoided) -> tuple[str, ...]:
    """Return what an entry bears on that is to be marked as made in error; often nothing.

    Where it is something, the entry goes on counting until two people have signed; one that was
    made in error, and is to count again, does not until then.
    """
    said, of = state.events[event.of], event.of
    again = isinstance(said, EntryVoided)
    if isinstance(said, EntryVoided):
        of = said.of
        if state.counts(of):
            return ()  # it counts as it did
    entry = state.events[of]
    if isinstance(entry, ParticipantRegistered | ParticipantEnrolled):
        return ()  # nobody of these was dosed
    found = ["a dose"] if isinstance(entry, OF_A_DOSE) and not again else []
    if isinstance(entry, SafetyReportSent | UrgentSafetyMeasureNotified):
        found.append("a clock")
    if isinstance(entry, ReferenceRangesRecorded) and _graded_by(state, entry):
        found.append("results")
    if isinstance(entry, TermListLoaded) and reads_terms(state, of):
        found.append("adverse events")
    other, was = _counting_again(state, of) if again else without(state, of)
    one = None if was is None else state.participants[was.id]
    if one is not None and was is not None and state.versions:
        found += _lost(state, one, other, was, event)
    return tuple(dict.fromkeys(found))


def _graded_by(state: State, ranges: ReferenceRangesRecorded) -> bool:
    """Whether a result names a version of the reference ranges."""
    named = ranges.laboratory, ranges.version
    return any(
        (one.laboratory, one.ranges_version) == named
        for _, one in state.events.of(LaboratoryResultsRecorded)
    )


def _lost(
    state: State, one: Participant, other: State, was: Participant, event: EntryVoided
) -> Iterator[str]:
    """Yield what there is no more in a trial that is otherwise than it is."""
    if one.status == "died" != was.status:
        yield "a death"
    left = {found.id for found in possible_dlts(other, was) if found.counts}
    for found in possible_dlts(state, one):
        if found.counts and found.id not in left:
            yield f"the candidate {found.id}"
    standing = {fired.key for fired in unanswered_rules(other, event.occurred_on)}
    for fired in unanswered_rules(state, event.occurred_on):
        if fired.key not in standing:
            yield f"the stopping rule {fired.key}"
    running = {(due.adverse_event, *due.which) for due in reports(other, was)}
    for due in reports(state, one):
        if (due.adverse_event, *due.which) not in running:
            yield f"the clock of {due.adverse_event}"
    if {one.status, was.status} & {"enrolled", "treated"}:
        yield from _opened(state, one, other, was, event)


def _opened(
    state: State, one: Participant, other: State, was: Participant, event: EntryVoided
) -> Iterator[str]:
    """Yield the gates before the next dose that would be met there, and are not."""
    number = max(doses(state, one), default=0) + 1
    met = {
        rule(gate)
        for gate, found in gates(other, was, number, event.occurred_on, event.recorded_at)
        if found.truth is TRUE
    }
    for gate, found in gates(state, one, number, event.occurred_on, event.recorded_at):
        if found.truth is not TRUE and rule(gate) in met:
            yield f"the next dose ({rule(gate)})"
