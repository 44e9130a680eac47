"""Policies of entering the trial: registration, eligibility, places."""

from collections.abc import Iterable

import msgspec

from gradatim.conduct.days import happened_at
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.findings import (
    EncounterDone,
    EncounterMissed,
)
from gradatim.conduct.events.participants import (
    EligibilityConfirmed,
    EntryCorrected,
    EntryVoided,
    ParticipantEnrolled,
    ParticipantRegistered,
    ParticipantReplaced,
    ParticipantsMerged,
    VoidConfirmed,
)
from gradatim.conduct.events.records import RecordJudged
from gradatim.conduct.messages import Breach
from gradatim.conduct.paper import is_authorisation
from gradatim.conduct.permissions import roles_of
from gradatim.conduct.policies.verdicts import broken, either, holds, unknown
from gradatim.conduct.state import Participant, State
from gradatim.conduct.transfers import site_then
from gradatim.conduct.transitions import PARTICIPANT, SCREEN_FAILED, act
from gradatim.conduct.views.adverse_events import DIED, died_on
from gradatim.conduct.views.anchors import anchors_of, is_screening, screened_on
from gradatim.conduct.views.consent import (
    withdrawal,
)
from gradatim.conduct.views.doses import entries_of, first_dose_at, given
from gradatim.conduct.views.eligibility import assessed
from gradatim.conduct.views.facts import facts_of
from gradatim.conduct.views.pauses import paused_at, stopped_by
from gradatim.conduct.views.records import all_elements
from gradatim.conduct.views.safety import left_for_unrelated_reasons
from gradatim.conduct.views.visits import window_days
from gradatim.conduct.voids import void_to_confirm
from gradatim.core.dates import on, parse_day
from gradatim.core.message import Label, Term, Text, clauses
from gradatim.core.truth import TRUE
from gradatim.core.verdict import Verdict
from gradatim.protocol.elements import COVERABLE
from gradatim.rules.context import Situation


def person(state: State, event: Event) -> Participant:
    """Give the participant whom an event is about; `unusable` has checked that there is one."""
    return state.participants[event.participant]  # type: ignore[attr-defined]


def the_trial_goes_on(state: State, event: Event) -> Verdict:
    """The trial has not been stopped, and its data are not locked.

    What was done, or signed on paper, was so when it was not stopped until then.
    """
    stopped = state.stopped is not None
    if not is_authorisation(event):
        stopped = stopped_by(state, happened_at(state, event))
    if stopped:
        return broken(Breach.STOPPED())
    return either(not state.locked, "the trial goes on", Breach.LOCKED())


def dosing_is_not_paused(state: State, event: Event) -> Verdict:
    """Dosing is not paused; or was not, when something was done or signed on paper."""
    pause = state.pauses[-1] if state.pauses else None
    if not is_authorisation(event):
        pause = paused_at(state, happened_at(state, event))
    if pause is None:
        return holds("dosing is not paused")
    reason = getattr(state.events[pause], "reason", "")
    return broken(Breach.PAUSED(entry=pause, reason=reason))


def the_site_is_open(state: State, event: Event) -> Verdict:
    """The site is open."""
    return either(
        state.sites.get(event.site) == "open",
        f"site {event.site} is open",
        f"site {event.site or '(none named)'} is not open",
    )


def the_number_is_new(state: State, event: ParticipantRegistered) -> Verdict:
    """No participant has that number."""
    return either(
        event.participant not in state.participants,
        "the number is new",
        f"there is a participant {event.participant}",
    )


def the_person_is_new(state: State, event: ParticipantRegistered) -> Verdict:
    """The same person is not registered twice, but to be screened again as the protocol allows.

    Who only looks alike is told apart by a signed statement. Where another site is concerned the
    one that asks is told to call the sponsor's office, and nothing more.
    """
    same, alike = who_it_may_be(state, event)
    if any(one.site != event.site for one in (*same, *alike)):
        return broken(CALL_THE_SPONSOR)
    told = "; where it is another person, an investigator states that first"
    if alike:
        numbers = ", ".join(one.id for one in alike)
        return broken(f"this may be the same person as participant {numbers}{told}")
    inside = [one for one in same if one.status != SCREEN_FAILED]
    if inside:
        return broken(f"the same person is participant {inside[0].id}{told}")
    allowed = state.study.schedule.rescreening.times
    return either(
        len(same) <= allowed,
        f"screened before as {', '.join(one.id for one in same)}" if same else "the person is new",
        f"the person was screened as {', '.join(one.id for one in same)}; the protocol allows "
        f"{allowed} more",
    )


CALL_THE_SPONSOR = "call the sponsor's office before you register this person"
"""What a site is told that registers whom another has, or may have."""
_People = list[Participant]


def who_it_may_be(state: State, event: ParticipantRegistered) -> tuple[_People, _People]:
    """Return which participants a person who is registered is, and which others they may be.

    Those left out of whom it is stated that this is somebody else, and numbers given up.
    """
    same, alike = _met(state, event)
    others = [
        one
        for one in state.participants.values()
        if not one.merged_into and (one.id, event.site) not in state.namesakes
    ]
    return (
        [one for one in others if one.id in same],
        [one for one in others if one.id in alike - same],
    )


def _met(state: State, event: ParticipantRegistered) -> tuple[set[str], set[str]]:
    """Return the numbers of who is met again, and of who may be.

    Who was erased is met no more, but by what earlier versions left in the ledger.
    """
    same, alike = _known_as(state, (event.person_token or "",)), _known_as(state, event.likeness)
    opens = state.recognised
    asked = opens(event.participant, event.identity) if opens else None
    if opens is None or asked is None:
        return same, alike
    for one in state.participants.values():
        held = not one.erased and state.counts(one.position)
        known = opens(one.id, one.identity) if held else None
        if known is not None and known.same == asked.same:
            same.add(one.id)
        if known is not None and {*known.alike} & {*asked.alike}:
            alike.add(one.id)
    return same, alike


def _known_as(state: State, tokens: Iterable[str]) -> set[str]:
    return {name for token in tokens for name in state.tokens.get(token, ())}


def told_apart(state: State, event: ParticipantRegistered) -> ParticipantRegistered:
    """Return a registration with what is worked out of who the person is.

    The number under which they were screened last, and the statements that tell them from others,
    each of which is of one registration.
    """
    same, _ = who_it_may_be(state, event)
    stated = (state.namesakes.get((name, event.site)) for name in set.union(*_met(state, event)))
    return msgspec.structs.replace(
        event,
        screened_as=same[-1].id if same else None,
        namesakes=tuple(sorted(at for at in stated if at is not None)),
    )


def another_person_signs(state: State, event: VoidConfirmed) -> Verdict:
    """Who confirms that an entry was made in error has not signed that before."""
    void = void_to_confirm(state, event)
    return either(
        void is None or event.recorded_by not in void.signers,
        "it is another person",
        f"{event.recorded_by} has signed that already",
    )


def the_duplicate_was_not_treated(state: State, event: ParticipantsMerged) -> Verdict:
    """The number that is given up has no place, and nothing ends under it that goes on."""
    one, other = person(state, event), state.participants[event.into]
    if one.site != other.site:
        return broken("they are of two sites: mark the registration as made in error instead")
    if other.merged_into:
        return broken(f"{other.id} is the number of {other.merged_into} as well")
    if one.level is not None or given(state, one):
        return broken(f"{one.id} has a place: give up the other number")
    ended = _ended(one, other)
    if ended:
        return broken(Breach.NOT_OF_OTHER(why=ended, participant=Term(other.id)))
    return holds(f"{one.id} has no place")


_WITHDRAWN = ("treatment withdrawn", "withdrawn")
"""How consent stands that was taken back, the most last."""


def _ended(one: Participant, other: Participant) -> Text:
    """Say what ended under one number and goes on under another; empty where nothing does."""
    if (
        one.consent in _WITHDRAWN
        and other.consent not in _WITHDRAWN[_WITHDRAWN.index(one.consent) :]
    ):
        return Breach.CONSENT(participant=Term(one.id), status=Term(one.consent))
    if one.status == DIED != other.status:
        return Breach.HAS_DIED(participant=Term(one.id))
    if one.status == "withdrawn" and other.status not in (DIED, one.status):
        return Breach.NOT_IN_TREATMENT(participant=Term(one.id), status=Term(one.status))
    return ""


def the_step_is_legal(state: State, event: Event) -> Verdict:
    """A participant goes only ways that the table of statuses has."""
    one = person(state, event)
    return either(
        (one.status, act(event)) in PARTICIPANT,
        f"{one.id} is {one.status}",
        Breach.NO_SUCH_STEP(
            participant=Term(one.id), status=Term(one.status), act=Term(act(event))
        ),
    )


def the_participant_lived(state: State, event: Event) -> Verdict:
    """What is done with a participant is done while they live."""
    one = person(state, event)
    died = died_on(state, one)
    collected = getattr(event, "collected_on", None)
    day = parse_day(collected).first if collected else event.occurred_on
    if died is None or day <= died:
        return holds("they lived")
    return broken(Breach.AFTER_DEATH(participant=Term(one.id), day=died))


def every_criterion_is_met(state: State, event: EligibilityConfirmed) -> Verdict:
    """Every criterion that can be known now passes; what the records leave open is attested."""
    one = person(state, event)
    return assessed(state, one, event.occurred_on, event.first_dose_on)


def an_investigator_signs(state: State, event: Event) -> Verdict:
    """Who signs is an investigator of the site."""
    signer: str = event.signer  # type: ignore[attr-defined]
    site = site_then(state, event)
    return either(
        "investigator" in roles_of(state, signer, site, event.recorded_at),
        f"{signer} is an investigator",
        f"{signer} is not an investigator at site {site}",
    )


def what_is_judged_has_a_history(state: State, event: RecordJudged) -> Verdict:
    """A record is judged to be a condition, a drug or a procedure; values are corrected instead."""
    known = all_elements(state)
    others = [known[name].label for name in event.answers if known[name].kind not in COVERABLE]
    why = f"{', '.join(others)}: a value or an answer is corrected, not judged"
    return either(not others, "it is judged of a history", why)


def eligibility_is_confirmed(state: State, event: Event) -> Verdict:
    """An investigator has confirmed that the person is eligible."""
    one = person(state, event)
    if one.eligible_at is None:
        return unknown(Breach.NOT_CONFIRMED(participant=Term(one.id)))
    first = min(day.occurred_on for _, day in entries_of(state, one, EligibilityConfirmed))
    if not is_authorisation(event) and event.occurred_on < first:
        return broken(Breach.CONFIRMED_LATER(participant=Term(one.id), day=first))
    changed = any(
        at > one.eligible_at
        for kind in (EntryCorrected, EntryVoided, VoidConfirmed, RecordJudged)
        for at in one.entries_of.get(kind, ())
    )
    if changed and first_dose_at(state, one) is not None:
        # before the first dose every criterion is asked anyway
        signed = state.events[one.eligible_at]
        assert isinstance(signed, EligibilityConfirmed)
        found = assessed(state, one, signed.occurred_on, signed.first_dose_on)
        if found.truth is not TRUE:
            return broken(Breach.CORRECTED_SINCE(why=clauses(*found.messages())))
    return holds(f"confirmed by entry {one.eligible_at}")


def the_criteria_still_hold(state: State, event: ParticipantEnrolled) -> Verdict:
    """What was recorded since eligibility was confirmed does not speak against it."""
    one = person(state, event)
    signed = None if one.eligible_at is None else state.events[one.eligible_at]
    if not isinstance(signed, EligibilityConfirmed):
        return unknown(Breach.NOT_CONFIRMED(participant=Term(one.id)))
    since = one.entries[-1] != one.eligible_at or event.occurred_on > signed.first_dose_on
    if not since:
        return holds("nothing was recorded since it was confirmed")
    day = max(signed.occurred_on, event.occurred_on)
    found = assessed(state, one, day, max(signed.first_dose_on, day))
    if found.truth is TRUE:
        return found
    why = "; ".join(found.clauses())
    return Verdict(
        found.truth, f"since it was confirmed, it has changed: {why}", (), found.children
    )


def the_level_is_open(state: State, event: ParticipantEnrolled) -> Verdict:
    """The committee has opened the level."""
    cohort = state.cohort
    if cohort is None:
        return broken("no level is open")
    return either(
        cohort.level == event.level,
        f"level {event.level} is open",
        f"level {event.level} is not open; level {cohort.level} is",
    )


def a_place_is_free(state: State, event: ParticipantEnrolled) -> Verdict:
    """The open cohort has a free place."""
    cohort = state.cohort
    if cohort is None:
        return broken("no cohort is open")
    free = state.free_places(cohort)
    return either(
        free > 0,
        f"{free} of {cohort.places} places are free",
        f"all {cohort.places} places of cohort {cohort.number} are taken",
    )


def nobody_has_waited_longer(state: State, event: ParticipantEnrolled) -> Verdict:
    """Who waits longest is enrolled first."""
    waiting = [one for one in state.participants.values() if one.status == "waiting"]
    first = min(waiting, key=lambda one: one.position, default=None)
    if first is None or first.id == event.participant:
        return holds("nobody has waited longer")
    return broken(f"{first.id} has been waiting longer")


def the_reason_is_unrelated(state: State, event: ParticipantReplaced) -> Verdict:
    """Only who left for reasons unrelated to the product, and had no DLT candidate, is replaced."""
    return place_can_be_freed(state, person(state, event))


def place_can_be_freed(state: State, one: Participant) -> Verdict:
    """Return whether a participant holds a place that could be given to another."""
    if one.cohort is None:
        return broken(f"{one.id} has no place")
    if one.replaced:
        return broken(f"{one.id} has been replaced already")
    return left_for_unrelated_reasons(state, one)


def no_visit_is_missed(state: State, event: EncounterMissed) -> Verdict:
    """Every visit of the schedule takes place."""
    ended = withdrawal(state, person(state, event))
    if ended is not None and event.occurred_on > ended.occurred_on:
        return holds("consent was withdrawn, and no visit is awaited")
    known = state.governing("schedule", person(state, event)).schedule.encounters
    label = known[event.encounter].label if event.encounter in known else event.encounter
    return broken(Breach.VISIT_MISSED(participant=Term(event.participant), visit=Label(label)))


def the_visit_is_in_its_window(state: State, event: EncounterDone) -> Verdict:
    """A visit takes place within its window."""
    one = person(state, event)
    study = state.governing("schedule", one)
    visit = study.schedule.encounters.get(event.encounter)
    if visit is None:
        missing = Term(event.encounter)
        return broken(Breach.NO_SUCH_VISIT(participant=Term(one.id), visit=missing))
    undosed = first_dose_at(state, one) is None
    if (
        undosed
        and is_screening(study, event.encounter)
        and (event.occurred_on >= screened_on(state, one, study))
    ):
        return holds(f"{visit.label} on {event.occurred_on}: that is now the day of screening")
    anchors = anchors_of(state, one, study, None)
    if anchors is None:
        return holds("its anchor has no date yet")
    window, day = visit.window, event.occurred_on
    situation = Situation(study, facts_of(state, one), anchors, day)
    first, last = window_days(window, situation)
    inside = situation.in_window(window, on(day), on(day))
    told = Breach.OUTSIDE_WINDOW(
        visit=Label(visit.label), day=day, first=first or Term("..."), last=last or Term("...")
    )
    return either(inside is TRUE, told, told)
