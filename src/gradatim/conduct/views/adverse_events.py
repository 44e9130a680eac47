"""A participant's adverse events, each as all that is recorded of it says.

Every page, report, gate, stopping rule and clock takes them from here, so that a death is one
everywhere: who died of an event had it with grade 5, whatever grade was written.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import pairwise

import msgspec

from gradatim.clinical.ctcae.terms import folded
from gradatim.conduct.corrections import signings
from gradatim.conduct.events import EVENTS
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.logs import ConcomitantMedicationRecorded
from gradatim.conduct.events.participants import Disposition, InformedConsentWithdrawn
from gradatim.conduct.events.product import DoseAdministered, DoseWithheld
from gradatim.conduct.events.safety import (
    AdverseEventAssessed,
    AdverseEventClassified,
    AdverseEventReported,
    AdverseEventResolved,
    AdverseEventUpdated,
    PregnancyOutcomeReported,
    SafetyReportSent,
    TermCoded,
)
from gradatim.conduct.state import Participant, State
from gradatim.conduct.transitions import ADVERSE_EVENT, act
from gradatim.conduct.views.doses import entries_of, first_dose_on, given
from gradatim.conduct.views.judgements import (
    by_investigator,
    judged,
    lessened_by,
    signed_by_investigator,
)
from gradatim.conduct.views.term_lists import listed_as
from gradatim.core.dates import NEVER_ENDED, on, parse_day
from gradatim.core.truth import FALSE, TRUE
from gradatim.evidence.facts import GradeSpell
from gradatim.safety.clocks import is_susar
from gradatim.safety.events import (
    DEATH,
    FATAL_GRADE,
    FATAL_OUTCOME,
    AdverseEvent,
    causality_truth,
    fatal,
    graded,
    grave,
    is_serious,
    relation,
)

DIED = "died"
CAUSE_UNKNOWN = "death, cause not recorded"
ABOUT = tuple(
    kind
    for kind in EVENTS
    if "adverse_event" in kind.__struct_fields__
    and kind not in (ConcomitantMedicationRecorded, PregnancyOutcomeReported)
)
"""What an adverse event's course is read from."""
_LED_TO = {
    DoseWithheld: "dose_withheld",
    Disposition: "withdrawal",
    InformedConsentWithdrawn: "withdrawal",
}


@dataclass(frozen=True)
class Course:
    """An adverse event with its course.

    Args:
        event: what is known of it now; its grade is the worst it had, which only a correction of
            the entry makes less, and 5 where the participant died of it.
        status: see `transitions.ADVERSE_EVENT`.
        position: of the entry that reported it.
        history: position and grade each time one was recorded, as it was written.
        worse_at: the last entry that made it worse, the first report included.
        site_aware_at, sponsor_aware_at: when each first knew; None if not recorded.
        became_grave_at: when the site knew that it had become fatal or life-threatening, where it
            was not at first.
        upgraded_at: when the sponsor knew of that.
        qualified_at: when it was judged reportable, where it had first been judged not to be.
        sent: the reports of it.
        stood_since: when the entry was recorded since which it is serious, or the first report of
            it: the sponsor reads it there.
        grave_since: when the entry was recorded since which it is fatal or life-threatening, where
            it was not at first.
        lessened: it as it was before each entry that made it less to report, and when that was.
        outcome: as last recorded.
        signed: whether an investigator signed what was judged of it.
        coded: its codes of a dictionary; the last one stands.
        verbatim: the words in which it was told, where they are not the term.
        unsigned: updates that make it less than was judged, and do not count, for want of an
            investigator's signature.
    """

    event: AdverseEvent
    status: str
    position: int
    history: tuple[tuple[int, int | None], ...] = ()
    worse_at: int = 0
    site_aware_at: datetime | None = None
    sponsor_aware_at: datetime | None = None
    became_grave_at: datetime | None = None
    upgraded_at: datetime | None = None
    qualified_at: datetime | None = None
    sent: tuple[SafetyReportSent, ...] = field(default=())
    stood_since: datetime | None = None
    grave_since: datetime | None = None
    lessened: "tuple[tuple[datetime, Course], ...]" = ()
    outcome: str = ""
    signed: bool = False
    unsigned: tuple[int, ...] = ()
    verbatim: str = ""
    coded: tuple[TermCoded, ...] = ()


@dataclass(slots=True)
class _Followed:
    """The courses of a participant so far; it is added to in place.

    Args:
        as_told: by number, as the entries tell them.
        courses: the same as they count.
        fatal: those of them that the participant died of.
        early: whether an entry is about an event that was reported after it.
    """

    as_told: dict[str, Course]
    courses: dict[str, Course]
    fatal: dict[str, Course]
    early: bool


def courses(state: State, participant: Participant) -> dict[str, Course]:
    """Give a participant's adverse events by number, in the order they were reported."""
    return _followed(state, participant).courses


def _followed(state: State, participant: Participant) -> _Followed:
    return participant.grown(
        f"adverse events by version {len(state.versions)}",
        lambda: _courses(state, participant),
        lambda known, positions: _further(state, participant, known, positions),
    )


def _further(
    state: State, participant: Participant, known: _Followed, positions: Sequence[int]
) -> _Followed:
    """Follow the events on by entries that leave what the earlier ones say as it is."""
    told: dict[str, None] = {}  # in the order they were reported
    for position in positions:
        event = state.events[position]
        if isinstance(event, DoseAdministered) or known.early:
            return _courses(state, participant)  # what came after the first dose is told anew
        name: str | None = getattr(event, "adverse_event", None)
        if name is None:
            continue
        if isinstance(event, AdverseEventReported):
            known.as_told[name] = _reported(state, participant, position, event)
        elif name in known.as_told:
            known.as_told[name] = _more(state, known.as_told[name], position, event)
        else:
            return _courses(state, participant)
        told[name] = None
    if told:
        new = {name: _as_it_counts(state, participant, known.as_told[name]) for name in told}
        known.courses = {**known.courses, **new}
        for name, course in new.items():
            known.fatal.pop(name, None)
            if fatal(course.event):
                known.fatal[name] = course
    return known


def adverse_events(state: State, participant: Participant) -> list[AdverseEvent]:
    """Give a participant's adverse events as they are known now."""
    return [one.event for one in courses(state, participant).values()]


def _courses(state: State, participant: Participant) -> _Followed:
    found: dict[str, Course] = {}
    early: list[tuple[int, Event]] = []  # a correction may name an event that was reported later
    for position, event in entries_of(state, participant, *ABOUT):
        name: str | None = event.adverse_event  # type: ignore[attr-defined]  # each type has it
        if name is None:
            continue
        if isinstance(event, AdverseEventReported):
            found[name] = _reported(state, participant, position, event)
        elif name not in found:
            early.append((position, event))
        else:
            found[name] = _more(state, found[name], position, event)
    for position, event in early:
        name = event.adverse_event  # type: ignore[attr-defined]
        if name in found:
            found[name] = _more(state, found[name], position, event)
    counting = {name: _as_it_counts(state, participant, one) for name, one in found.items()}
    died_of = {name: one for name, one in counting.items() if fatal(one.event)}
    return _Followed(found, counting, died_of, bool(early))


def _as_it_counts(state: State, participant: Participant, course: Course) -> Course:
    """Count a fatal event as grade 5, known at the latest when the death was recorded."""
    course = replace(
        course,
        event=msgspec.structs.replace(
            course.event, outcome=course.outcome, spells=_spells(state, course)
        ),
    )
    if not fatal(course.event):
        return course
    now = msgspec.structs.replace(course.event, grade=FATAL_GRADE)
    death = _death(state, participant)
    aware = course.site_aware_at
    if death is not None and death[0] < course.position:
        told = death[1].recorded_at
        aware = told if aware is None else min(aware, told)
    return replace(course, event=now, site_aware_at=aware)


def _spells(state: State, course: Course) -> tuple[GradeSpell, ...]:
    """Return the grades that an event had, each from the day of the entry that says so."""
    if len(course.history) < 2:
        return ()
    first, *later = course.history
    later.sort(key=lambda one: state.events[one[0]].occurred_on)
    begins = [course.event.onset, *(on(state.events[at].occurred_on) for at, _ in later)]
    ends = [*begins[1:], course.event.resolved or NEVER_ENDED]
    return tuple(
        GradeSpell(grade, since, last)
        for (_, grade), since, last in zip([first, *later], begins, ends, strict=True)
    )


def _death(state: State, participant: Participant) -> tuple[int, Disposition] | None:
    """Return the entry that a participant died; the first, where there are several."""
    return next(
        (
            (position, event)
            for position, event in entries_of(state, participant, Disposition)
            if event.status == DIED
        ),
        None,
    )


def died_on(state: State, participant: Participant) -> date | None:
    """Return the day on which a participant died, by whichever entry says so; None if none does.

    It is the last day that it may have been, and where only the fact is recorded, the day of that.
    """
    death = _death(state, participant)
    days = [] if death is None else [death[1].occurred_on]
    for one in _followed(state, participant).fatal.values():
        over = one.event.resolved
        days.append(over.last if over else state.events[one.worse_at].occurred_on)
    return min(days, default=None)


def unexplained_death(state: State, participant: Participant) -> Course | None:
    """Return the death of a participant which no adverse event accounts for, as one that does.

    Nobody has judged it: it may be related to the product, may be unexpected, and may have any
    cause; of somebody who was never given the product, nor had a place, it is not related. It is
    known since it was recorded. Reporting the adverse event that the participant died of settles
    it; then that event counts.
    """
    if _followed(state, participant).fatal:
        return None
    return death_as_event(state, participant)


def death_as_event(state: State, participant: Participant) -> Course | None:
    """Return a death that was recorded without an adverse event as one; see `unexplained_death`."""
    death = _death(state, participant)
    if death is None or death[1].adverse_event in courses(state, participant):
        return None
    position, event = death
    untouched = participant.level is None and not given(state, participant)
    as_event = AdverseEvent(
        id=f"{DIED}-{position}",
        participant=participant.id,
        term=CAUSE_UNKNOWN,
        grade=FATAL_GRADE,
        onset=on(event.occurred_on),
        serious=(DEATH,),
        investigator_relation="unrelated" if untouched else "",
    )
    return Course(
        as_event,
        "fatal",
        position,
        ((position, FATAL_GRADE),),
        position,
        event.recorded_at,
        outcome=FATAL_OUTCOME,
    )


def _reported(
    state: State, participant: Participant, position: int, event: AdverseEventReported
) -> Course:
    dosed, onset = first_dose_on(state, participant), parse_day(event.onset)
    exposed = dosed is not None and onset.last >= dosed
    said = (event.relation or "") if judged(state, position) else ""
    also_called, codes = listed_as(state, participant, event.term, _termed_at(state, position))
    known = AdverseEvent(
        id=event.adverse_event,
        participant=event.participant,
        term=event.term,
        grade=event.grade,
        onset=onset,
        scale=event.scale,
        serious=event.serious,
        investigator_relation=said,
        elements=event.elements,
        doubted=causality_truth(said) is not FALSE,
        exposed=exposed,
        also_called=also_called,
        codes=codes,
    )
    return Course(
        known,
        "ongoing",
        position,
        ((position, event.grade),),
        position,
        event.site_aware_at,
        signed=bool(signings(state, position)),
        stood_since=_serious_since(state, position, event),
        verbatim=event.verbatim,
    )


def _termed_at(state: State, reported: int) -> int:
    """Return the entry that gave an adverse event its term: its report, or a correction of it."""
    return max((reported, *term_changes(state, reported)))


def _serious_since(state: State, position: int, event: Event) -> datetime:
    """Return when an entry was recorded, or corrected to say that the event is serious."""
    versions = [*state.earlier.get(position, []), event]
    corrections = state.corrected_by.get(position, [])
    at = len(corrections)
    while at and (not _says_serious(event) or _says_serious(versions[at - 1])):
        at -= 1
    return state.events[corrections[at - 1]].recorded_at if at else event.recorded_at


def _says_serious(event: Event) -> bool:
    return bool(getattr(event, "serious", ())) or getattr(event, "grade", None) == FATAL_GRADE


def _more(state: State, course: Course, position: int, event: Event) -> Course:
    before, was = course.event, course
    if isinstance(event, AdverseEventUpdated):
        course, event = _judged(state, course, position, event)
    course = _with(state, course, position, event)
    if is_serious(course.event) and not is_serious(before):
        # Who knew of it while it was not serious has to be told anew: the clocks begin now.
        since = _serious_since(state, position, event)
        course = replace(
            course, site_aware_at=_known_at(event), sponsor_aware_at=None, stood_since=since
        )
    if _badness(course.event) > _badness(before):
        course = replace(course, worse_at=position)
    if grave(course.event) and is_serious(before) and not grave(before):
        course = replace(course, became_grave_at=_known_at(event), grave_since=event.recorded_at)
    if (
        is_serious(before)
        and is_susar(before).truth is FALSE
        and (is_susar(course.event).truth is not FALSE)
    ):
        course = replace(course, qualified_at=_known_at(event))
    if _to_report(course.event) < _to_report(before):
        course = replace(course, lessened=(*course.lessened, (event.recorded_at, was)))
    return course


def _to_report(event: AdverseEvent) -> tuple[bool, bool, bool]:
    """Order what is known of an event by what there is to report of it."""
    expedited = is_susar(event).truth is not FALSE
    return is_serious(event), expedited, expedited and grave(event)


def _judged(
    state: State, course: Course, position: int, event: AdverseEventUpdated
) -> tuple[Course, AdverseEventUpdated]:
    """Return an update as it counts: what it makes less is an investigator's, or does not.

    A relation is an investigator's as well: that it may be more related, as somebody else has it,
    leaves it open.
    """
    if event.relation and not judged(state, position):
        worse = causality_truth(event.relation) > relation(course.event)
        event = msgspec.structs.replace(event, relation=None)
        if worse and course.event.investigator_relation:
            open_ = msgspec.structs.replace(course.event, investigator_relation="", doubted=True)
            course = replace(course, event=open_)
    if signed_by_investigator(state, position):
        return replace(course, signed=True, unsigned=()), event
    lesser = lessened_by(event, course.event)
    if not lesser or (by_investigator(state, position, event) and not course.signed):
        return course, event
    counts = msgspec.structs.replace(event, **dict.fromkeys(lesser))
    return replace(course, unsigned=(*course.unsigned, position)), counts


def _badness(event: AdverseEvent) -> tuple[int, bool, bool, bool, int]:
    """Order what is known of an event by how bad it is: grade, serious, grave, related, what."""
    return (
        graded(event) or 0,
        is_serious(event),
        grave(event),
        relation(event) is TRUE,
        len(event.elements),
    )


def _known_at(event: Event) -> datetime:
    """Give when somebody knew what an entry says: as it says, at the latest when it was recorded.

    Whoever is to know reads it here.
    """
    said = getattr(event, "site_aware_at", None) or getattr(event, "sponsor_aware_at", None)
    return event.recorded_at if said is None else min(said, event.recorded_at)


def _with(state: State, course: Course, position: int, event: Event) -> Course:
    match event:
        case AdverseEventUpdated():
            course = _updated(course, position, event)
        case AdverseEventResolved():
            course = _resolved(course, event)
        case TermCoded():
            return replace(course, coded=(*course.coded, event))
        case AdverseEventClassified():
            return _classified(state, course, position, event)
        case AdverseEventAssessed():
            course = _assessed(course, event)
        case SafetyReportSent():
            course = _sent(course, event)
        case Disposition(status="died"):
            course = _died(course, event)
        case DoseWithheld() | Disposition() | InformedConsentWithdrawn():
            led = (*course.event.led_to, _LED_TO[type(event)])
            return replace(course, event=msgspec.structs.replace(course.event, led_to=led))
        case _:
            return course
    step = (course.status, act(event))
    return replace(course, status=ADVERSE_EVENT.get(step, course.status))


def _updated(course: Course, position: int, event: AdverseEventUpdated) -> Course:
    worst = max(course.event.grade or 0, event.grade or 0) or None
    serious: tuple[str, ...] | None = event.serious
    if serious is not None and fatal(course.event):  # nobody who died of it comes back
        serious = tuple(dict.fromkeys((DEATH, *serious)))
    told = {
        "grade": worst,
        "serious": serious,
        "elements": event.elements,
        "investigator_relation": event.relation,
        "doubted": causality_truth(event.relation or "unrelated") is not FALSE or None,
    }
    known = {name: value for name, value in told.items() if value is not None}
    now = msgspec.structs.replace(course.event, **known)
    history = course.history if event.grade is None else (*course.history, (position, event.grade))
    return replace(
        course,
        event=now,
        history=history,
        site_aware_at=course.site_aware_at or event.site_aware_at,
    )


def _resolved(course: Course, event: AdverseEventResolved) -> Course:
    over = event.outcome.startswith("recovered") or event.outcome == FATAL_OUTCOME
    serious = course.event.serious
    if event.outcome == FATAL_OUTCOME:
        serious = tuple(dict.fromkeys((DEATH, *serious)))
    resolved = parse_day(event.resolved_on) if over else None
    now = msgspec.structs.replace(course.event, serious=serious, resolved=resolved)
    return replace(course, event=now, outcome=event.outcome)


def _died(course: Course, event: Disposition) -> Course:
    """Who died of an event had it until then, and its outcome is fatal."""
    now = msgspec.structs.replace(
        course.event,
        serious=tuple(dict.fromkeys((DEATH, *course.event.serious))),
        resolved=course.event.resolved or on(event.occurred_on),
        led_to=(*course.event.led_to, _LED_TO[Disposition]),
    )
    return replace(course, event=now, outcome=FATAL_OUTCOME)


def _classified(
    state: State, course: Course, position: int, event: AdverseEventClassified
) -> Course:
    """Take over an investigator's answers, which are to the term as it stood then."""
    if any(position < at for at in term_changes(state, course.position)):
        return course
    yes = [name for name, said in event.answers.items() if said == "yes"]
    no = [name for name, said in event.answers.items() if said == "no"]
    now = msgspec.structs.replace(
        course.event,
        elements=tuple(dict.fromkeys((*course.event.elements, *yes))),
        not_elements=tuple(dict.fromkeys((*course.event.not_elements, *no))),
    )
    return replace(course, event=now)


def term_changes(state: State, reported: int) -> list[int]:
    """Return the corrections that gave an adverse event another term, by where it was reported."""
    versions = [*state.earlier.get(reported, []), state.events[reported]]
    terms = [one.term if isinstance(one, AdverseEventReported) else "" for one in versions]
    corrections = zip(state.corrected_by.get(reported, []), pairwise(terms), strict=True)
    return [at for at, (was, now) in corrections if folded(was) != folded(now)]


def _assessed(course: Course, event: AdverseEventAssessed) -> Course:
    now = msgspec.structs.replace(
        course.event,
        sponsor_relation=event.relation,
        expected=event.expected,
        reference_safety_information=event.reference_safety_information,
    )
    aware, upgraded = course.sponsor_aware_at, course.upgraded_at
    if aware is not None and course.became_grave_at is not None:
        upgraded = upgraded or _known_at(event)
    return replace(
        course, event=now, sponsor_aware_at=aware or event.sponsor_aware_at, upgraded_at=upgraded
    )


def _sent(course: Course, event: SafetyReportSent) -> Course:
    aware, upgraded = course.sponsor_aware_at, course.upgraded_at
    if event.recipient == "sponsor":
        if aware is not None and course.became_grave_at is not None:
            upgraded = upgraded or event.sent_at
        aware = min(aware, event.sent_at) if aware else event.sent_at
    return replace(course, sent=(*course.sent, event), sponsor_aware_at=aware, upgraded_at=upgraded)
