"""A participant's adverse events, each as all that is recorded of it says."""

from dataclasses import dataclass, field, replace
from datetime import datetime

import msgspec

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
from gradatim.conduct.views.doses import entries
from gradatim.safety.events import LIFE_THREATENING, AdverseEvent, fatal

FATAL_OUTCOME = "fatal"
_LED_TO = {DoseWithheld: "dose_withheld", Disposition: "withdrawal",
           InformedConsentWithdrawn: "withdrawal"}  # fmt: skip


@dataclass(frozen=True)
class Course:
    """An adverse event with its course.

    Args:
        event: what is known of it now.
        status: see `transitions.ADVERSE_EVENT`.
        position: of the entry that reported it.
        history: position and grade each time one was recorded.
        site_aware_at, sponsor_aware_at: when each first knew; None if not recorded.
        became_grave: whether it became fatal or life-threatening after it was first reported.
        upgraded_at: when the sponsor knew of that.
        sent: the reports of it.
        outcome: as last recorded.
    """

    event: AdverseEvent
    status: str
    position: int
    history: tuple[tuple[int, int | None], ...] = ()
    site_aware_at: datetime | None = None
    sponsor_aware_at: datetime | None = None
    became_grave: bool = False
    upgraded_at: datetime | None = None
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
    for position, event in entries(state, participant):
        name = getattr(event, "adverse_event", None)
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
    return Course(known, "ongoing", position, ((position, event.grade),), event.site_aware_at)


def _more(course: Course, position: int, event: object) -> Course:
    before = _grave(course.event)
    course = _with(course, position, event)
    if _grave(course.event) and not before:
        return replace(course, became_grave=True)
    return course


def _grave(event: AdverseEvent) -> bool:
    return fatal(event) or LIFE_THREATENING in event.serious


def _with(course: Course, position: int, event: object) -> Course:
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
    told = {"grade": event.grade, "serious": event.serious, "elements": event.elements,
            "investigator_relation": event.relation}  # fmt: skip
    known = {name: value for name, value in told.items() if value is not None}
    now = msgspec.structs.replace(course.event, **known)
    history = course.history if event.grade is None else (*course.history, (position, event.grade))
    aware = course.site_aware_at or event.site_aware_at
    return replace(course, event=now, history=history, site_aware_at=aware)


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
    return replace(course, event=now, sponsor_aware_at=course.sponsor_aware_at
                   or event.sponsor_aware_at)  # fmt: skip


def _sent(course: Course, event: SafetyReportSent) -> Course:
    aware, upgraded = course.sponsor_aware_at, course.upgraded_at
    if event.recipient == "sponsor":
        if aware is not None and course.became_grave:
            upgraded = upgraded or event.sent_at
        aware = min(aware, event.sent_at) if aware else event.sent_at
    return replace(course, sent=(*course.sent, event), sponsor_aware_at=aware,
                   upgraded_at=upgraded)  # fmt: skip
