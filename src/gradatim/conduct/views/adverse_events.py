"""A participant's adverse events, each as all that is recorded of it says."""

from dataclasses import dataclass, field, replace
from datetime import datetime

import msgspec

from gradatim.conduct.events import EVENTS
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.participants import Disposition, InformedConsentWithdrawn
from gradatim.conduct.events.product import DoseWithheld
from gradatim.conduct.events.safety import (
    AdverseEventAssessed,
    AdverseEventReported,
    AdverseEventResolved,
    AdverseEventUpdated,
    SafetyReportSent,
)
from gradatim.conduct.state import Participant, State
from gradatim.conduct.transitions import ADVERSE_EVENT, act
from gradatim.conduct.views.doses import entries_of
from gradatim.core.truth import FALSE, TRUE
from gradatim.safety.clocks import is_susar
from gradatim.safety.events import (
    LIFE_THREATENING,
    AdverseEvent,
    fatal,
    graded,
    is_serious,
    relation,
)

FATAL_OUTCOME = "fatal"
_ABOUT = tuple(kind for kind in EVENTS if "adverse_event" in kind.__struct_fields__)
_LED_TO = {DoseWithheld: "dose_withheld", Disposition: "withdrawal",
           InformedConsentWithdrawn: "withdrawal"}  # fmt: skip


@dataclass(frozen=True)
class Course:
    """An adverse event with its course.

    Args:
        event: what is known of it now; its grade is the worst it had, which only a correction of
            the entry makes less.
        status: see `transitions.ADVERSE_EVENT`.
        position: of the entry that reported it.
        history: position and grade each time one was recorded.
        worse_at: the last entry that made it worse, the first report included.
        site_aware_at, sponsor_aware_at: when each first knew; None if not recorded.
        became_grave_at: when the site knew that it had become fatal or life-threatening, where it
            was not at first.
        upgraded_at: when the sponsor knew of that.
        qualified_at: when it was judged reportable, where it had first been judged not to be.
        sent: the reports of it.
        outcome: as last recorded.
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
    outcome: str = ""


def courses(state: State, participant: Participant) -> dict[str, Course]:
    """Give a participant's adverse events by number, in the order they were reported."""
    return participant.remembered("adverse events", lambda: _courses(state, participant))


def adverse_events(state: State, participant: Participant) -> list[AdverseEvent]:
    """Give a participant's adverse events as they are known now."""
    return [one.event for one in courses(state, participant).values()]


def _courses(state: State, participant: Participant) -> dict[str, Course]:
    found: dict[str, Course] = {}
    for position, event in entries_of(state, participant, *_ABOUT):
        name: str | None = event.adverse_event  # type: ignore[attr-defined]  # each type has it
        if name is None:
            continue
        if isinstance(event, AdverseEventReported):
            found[name] = _reported(position, event)
        elif name in found:
            found[name] = _more(found[name], position, event)
    return found


def _reported(position: int, event: AdverseEventReported) -> Course:
    known = AdverseEvent(
        id=event.adverse_event, participant=event.participant, term=event.term, grade=event.grade,
        onset=event.onset, scale=event.scale, serious=event.serious,
        investigator_relation=event.relation or "", elements=event.elements,
    )  # fmt: skip
    return Course(known, "ongoing", position, ((position, event.grade),), position,
                  event.site_aware_at)  # fmt: skip


def _more(course: Course, position: int, event: Event) -> Course:
    before = course.event
    course = _with(course, position, event)
    if _badness(course.event) > _badness(before):
        course = replace(course, worse_at=position)
    if _grave(course.event) and is_serious(before) and not _grave(before):
        course = replace(course, became_grave_at=_known_at(event))
    if (
        is_serious(before)
        and is_susar(before).truth is FALSE
        and (is_susar(course.event).truth is not FALSE)
    ):
        course = replace(course, qualified_at=_known_at(event))
    return course


def _badness(event: AdverseEvent) -> tuple[int, bool, bool, bool]:
    """Order what is known of an event by how bad it is: grade, serious, grave, related."""
    return (graded(event) or 0, is_serious(event), _grave(event), relation(event) is TRUE)


def _known_at(event: Event) -> datetime:
    """Give when somebody knew what an entry says: as it says itself, or when it was recorded."""
    said = getattr(event, "site_aware_at", None) or getattr(event, "sponsor_aware_at", None)
    known: datetime = said or event.recorded_at
    return known


def _grave(event: AdverseEvent) -> bool:
    return fatal(event) or LIFE_THREATENING in event.serious


def _with(course: Course, position: int, event: Event) -> Course:
    match event:
        case AdverseEventUpdated():
            course = _updated(course, position, event)
        case AdverseEventResolved():
            course = _resolved(course, event)
        case AdverseEventAssessed():
            course = _assessed(course, event)
        case SafetyReportSent():
            course = _sent(course, event)
        case DoseWithheld() | Disposition() | InformedConsentWithdrawn():
            led = (*course.event.led_to, _LED_TO[type(event)])
            return replace(course, event=msgspec.structs.replace(course.event, led_to=led))
        case _:
            return course
    step = (course.status, act(event))
    return replace(course, status=ADVERSE_EVENT.get(step, course.status))


def _updated(course: Course, position: int, event: AdverseEventUpdated) -> Course:
    worst = max(course.event.grade or 0, event.grade or 0) or None
    told = {"grade": worst, "serious": event.serious, "elements": event.elements,
            "investigator_relation": event.relation}  # fmt: skip
    known = {name: value for name, value in told.items() if value is not None}
    now = msgspec.structs.replace(course.event, **known)
    history = course.history if event.grade is None else (*course.history, (position, event.grade))
    if is_serious(now) and not is_serious(course.event):
        return _became_serious(replace(course, event=now, history=history), event)
    return replace(course, event=now, history=history,
                   site_aware_at=course.site_aware_at or event.site_aware_at)  # fmt: skip


def _became_serious(course: Course, event: AdverseEventUpdated) -> Course:
    """Who knew of it while it was not serious has to be told anew: the clocks begin now."""
    return replace(course, site_aware_at=event.site_aware_at or event.recorded_at,
                   sponsor_aware_at=None)  # fmt: skip


def _resolved(course: Course, event: AdverseEventResolved) -> Course:
    over = event.outcome.startswith("recovered") or event.outcome == FATAL_OUTCOME
    serious = course.event.serious
    if event.outcome == FATAL_OUTCOME and "death" not in serious:
        serious = ("death", *serious)
    now = msgspec.structs.replace(course.event, serious=serious,
                                  resolved=event.resolved_on if over else "")  # fmt: skip
    return replace(course, event=now, outcome=event.outcome)


def _assessed(course: Course, event: AdverseEventAssessed) -> Course:
    now = msgspec.structs.replace(
        course.event, sponsor_relation=event.relation, expected=event.expected,
        reference_safety_information=event.reference_safety_information,
    )  # fmt: skip
    aware, upgraded = course.sponsor_aware_at, course.upgraded_at
    if aware is not None and course.became_grave_at is not None:
        upgraded = upgraded or event.sponsor_aware_at or event.recorded_at
    return replace(course, event=now, sponsor_aware_at=aware or event.sponsor_aware_at,
                   upgraded_at=upgraded)  # fmt: skip


def _sent(course: Course, event: SafetyReportSent) -> Course:
    aware, upgraded = course.sponsor_aware_at, course.upgraded_at
    if event.recipient == "sponsor":
        if aware is not None and course.became_grave_at is not None:
            upgraded = upgraded or event.sent_at
        aware = min(aware, event.sent_at) if aware else event.sent_at
    return replace(course, sent=(*course.sent, event), sponsor_aware_at=aware,
                   upgraded_at=upgraded)  # fmt: skip
